/**
 * Who stands behind an interface: classes that implement or extend it, functions and constants that are declared to give one, and what
 * a container binds for a token. Told by text and names alone, so that nothing is parsed in vain: whoever asks looks at the few files.
 */
import { dirname } from 'node:path';
import { TextIndex, type Listing } from './listing.ts';
import { rootsFor } from './roots.ts';

export interface Named { readonly path: string; readonly name: string; readonly abstract?: boolean }

/** What one package, or one workspace, holds for an interface. */
export interface Candidates {
  /** Classes whose head names the interface. */
  readonly classes: readonly Named[];
  /** Files with a function or constant that is declared to give one. */
  readonly makers: readonly string[];
  /** Classes that a container binds for the token, named as in the file that binds them. */
  readonly bound: readonly Named[];
}

interface Facts {
  readonly classes: readonly { readonly name: string; readonly abstract: boolean; readonly heads: readonly string[] }[];
  readonly made: readonly string[];
  readonly bindings: readonly { readonly token: string; readonly name: string }[];
}

interface Inverted { readonly version: number; readonly classes: Map<string, Named[]>; readonly makers: Map<string, string[]>; readonly bindings: Map<string, Named[]> }

/** Stand-ins for tests and local runs, wherever they lie. */
const STAND_IN = /^(?:InMemory|Fake|Mock|Stub|Dummy|Noop|NoOp|Null)|(?:Fake|Mock|Stub|InMemory)$/;
/** More files than this behind one name are no single one. */
const MAX_CANDIDATES = 12;
/** Abstract classes that extend one another. */
const MAX_ABSTRACT = 3;

const CLASS = /\b(abstract\s+)?class\s+([A-Za-z_$][\w$]*)/g;
const MADE = /(?:\)\s*:\s*(?:Promise<\s*)?|\b(?:const|let)\s+[\w$]+\s*:\s*|\bsatisfies\s+)([A-Z][\w$]*)(?=\s*(?:<[^<>{}()]*>)?\s*>?\s*(?:=>|=\s*[{(a-z]|\{|[;,)\n]))/g;
const TOKEN = String.raw`((?:Symbol\.for\(\s*)?(?:[\w$.]+|'[^'\n]*'|"[^"\n]*"))\s*\)?`;
const BINDINGS = [
  new RegExp(String.raw`\bprovide\s*:\s*${TOKEN}\s*,(?:(?!\bprovide\s*:)[^]){0,200}?\buse(?:Class|Existing)\s*:\s*([\w$]+)(?=\s*[,}\n])`, 'g'),
  new RegExp(String.raw`\bprovide\s*:\s*${TOKEN}\s*,(?:(?!\bprovide\s*:)[^]){0,300}?\buse(?:Factory|Value)\s*:(?:(?!\bprovide\s*:)[^]){0,300}?\bnew\s+([\w$]+)\s*\(`, 'g'),
  new RegExp(String.raw`\.bind(?:<[^()\n]*>)?\(\s*${TOKEN}\s*\)\s*\.to(?:ConstantValue)?\(\s*(?:new\s+)?([\w$]+)`, 'g'),
  new RegExp(String.raw`\.register(?:Singleton|Type)?(?:<[^()\n]*>)?\(\s*${TOKEN}\s*,\s*(?:\{\s*use(?:Class|Token)\s*:\s*)?([\w$]+)(?=\s*[,})])`, 'g'),
  new RegExp(String.raw`\b[cC]ontainer\.set\(\s*${TOKEN}\s*,\s*new\s+([\w$]+)\s*\(`, 'g'),
];

const index = new TextIndex(factsOf);
const inverted = new WeakMap<Listing<Facts>, Inverted>();

function factsOf(text: string): Facts | undefined {
  const classes = /\b(?:implements|extends)\s/.test(text) ? classesIn(text) : [];
  const made = [...new Set([...text.matchAll(MADE)].map((one) => one[1]!))];
  const bindings = /\bprovide\s*:|\.bind\s*[(<]|\.register|ontainer\.set/.test(text)
    ? BINDINGS.flatMap((pattern) => [...text.matchAll(pattern)].map((one) => ({ token: tokenName(one[1]!), name: one[2]! }))) : [];
  return classes.length || made.length || bindings.length ? { classes, made, bindings } : undefined;
}

/** The classes of a text with the names that stand in their heads behind `extends` and `implements`. */
function classesIn(text: string): Facts['classes'] {
  const found: { name: string; abstract: boolean; heads: readonly string[] }[] = [];
  for (const match of text.matchAll(CLASS)) {
    const at = afterTypeParameters(text, match.index + match[0].length);
    const open = text.indexOf('{', at);
    if (open < 0 || open - at > 400) continue;
    const heads = text.slice(at, open).match(/[A-Z][\w$]*/g);
    if (heads) found.push({ name: match[2]!, abstract: match[1] !== undefined, heads });
  }
  return found;
}

function afterTypeParameters(text: string, from: number): number {
  if (text[from] !== '<') return from;
  let depth = 0;
  for (let at = from; at < text.length && at < from + 400; at++) {
    if (text[at] === '<') depth++;
    else if (text[at] === '>' && text[at - 1] !== '=' && --depth === 0) return at + 1;
  }
  return from;
}

/** A token as binding and injection both write it. */
export function tokenName(text: string): string {
  return text.replace(/^Symbol\.for\(\s*/, '').replace(/\s*\)$/, '').replaceAll(/^['"]|['"]$/g, '');
}

/**
 * What stands behind the interface `name`, package by package, those nearest to `files` first.
 * @param files the file that declares the interface, and the one that asks for it
 */
export function* candidatesFor(name: string, token: string | undefined, files: readonly string[]): Generator<Candidates> {
  for (const root of rootsAround(files)) {
    const { classes, makers, bindings } = namesOf(root);
    const real = concrete(name, classes);
    const made = makers.get(name) ?? [];
    const bound = bindings.get(token ?? name)?.filter((one) => !STAND_IN.test(one.name)) ?? [];
    if ((real.length || made.length || bound.length) && real.length <= MAX_CANDIDATES && made.length <= MAX_CANDIDATES) yield { classes: real, makers: made, bound };
  }
}

/** Classes that name `name` in their heads, or extend an abstract one that does. */
function concrete(name: string, classes: ReadonlyMap<string, readonly Named[]>, depth = 0): Named[] {
  return (classes.get(name) ?? []).flatMap((one) => {
    if (!one.abstract) return STAND_IN.test(one.name) ? [] : [one];
    return depth < MAX_ABSTRACT && one.name !== name ? concrete(one.name, classes, depth + 1) : [];
  });
}

/** Files that may hold what stands behind the interface, in the nearest package that has any. */
export function filesBehind(name: string, from: string): readonly string[] {
  for (const { classes, makers, bound } of candidatesFor(name, undefined, [from])) return [...new Set([...classes.map((one) => one.path), ...makers, ...bound.map((one) => one.path)])];
  return [];
}

function rootsAround(files: readonly string[]): string[] {
  return [...new Set(files.flatMap((one) => rootsFor(one, dirname(one))))].sort((one, other) => other.length - one.length);
}

function namesOf(root: string): Inverted {
  const listing = index.below(root);
  const known = inverted.get(listing);
  if (known?.version === listing.version) return known;
  const made: Inverted = { version: listing.version, classes: new Map(), makers: new Map(), bindings: new Map() };
  const add = <T>(map: Map<string, T[]>, key: string, value: T): void => { const list = map.get(key); if (list) list.push(value); else map.set(key, [value]); };
  for (const [path, { told }] of listing.entries) {
    for (const { name, abstract, heads } of told?.classes ?? []) for (const head of new Set(heads)) add(made.classes, head, { path, name, abstract });
    for (const name of told?.made ?? []) add(made.makers, name, path);
    for (const { token, name } of told?.bindings ?? []) add(made.bindings, token, { path, name });
  }
  inverted.set(listing, made);
  return made;
}

const DECLARED = /\b(?:interface|abstract\s+class)\s+([A-Z][\w$]*)|\btype\s+([A-Z][\w$]*)\s*=\s*\{/g;

/** Interfaces of a text that may stand for something that waits: a repository, a service. */
export function portsIn(text: string): readonly string[] {
  return text.includes('Promise<') ? [...text.matchAll(DECLARED)].map((one) => one[1] ?? one[2]!) : [];
}

const TYPED = /\b([\w$]+)\s*[?!]?\s*:\s*([A-Z][\w$]*)/g;
const AWAITED = /\bawait\s+(?:this\s*\.\s*)?(?:[\w$]+\s*\.\s*)??#?([\w$]+)\s*\.\s*[\w$]+\s*[(<]/g;

/** Names by which a text calls and awaits something, with the types that they are declared with: `constructor(private readonly users: UserRepository)`, `{ users }: Deps`'s `users: UserRepository`. */
export function typedCallees(text: string): readonly { readonly name: string; readonly type: string }[] {
  const called = new Set([...text.matchAll(AWAITED)].map((one) => one[1]!));
  return called.size ? [...text.matchAll(TYPED)].flatMap((one) => (called.has(one[1]!) ? [{ name: one[1]!, type: one[2]! }] : [])) : [];
}
