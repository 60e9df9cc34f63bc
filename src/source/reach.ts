/**
 * Which parts of a file can get to a call of one of some words, judged by text and names alone: what a part mentions, of its own
 * file or of an imported one, counts as called. Errs towards "can".
 */
import { readFileSync, statSync } from 'node:fs';
import type { TSESTree } from '@typescript-eslint/types';
import { now as clock } from './clock.ts';
import { boundIdentifiers, type Node, type SourceFile } from './file.ts';
import type { TextTest } from './called.ts';
import { resolvePath } from './modules.ts';
import { filesBehind, portsIn, typedCallees } from './ports.ts';
import { keyName } from './syntax.ts';

const NAMES = /[A-Za-z_$][\w$]*/g;
const SPECIFIERS = /(?:\bfrom\s*|\b(?:import|require)\s*\(?\s*)(['"])([^'"\n]+)\1/g;
const PASSES = /\bexport\s+(?:type\s+)?(?:\*(?:\s*as\s+\w+)?|\{([^{}]*)\})\s*from\s*(['"])([^'"\n]+)\2/g;
/** Files that are looked into for one import; a larger web counts as reaching. */
const MAX_FILES = 300;
/** How long an answer about an imported file counts as fresh in a long-lived editor process, in milliseconds. */
const FRESH = 5000;

/**
 * The returned question is answered for functions and statements of `file`.
 * @param words what is looked for; a regular expression must not have the `g` flag
 * @param follows whether imported files count
 */
export function reachOf(file: SourceFile, words: TextTest, follows: boolean): (node: Node) => boolean {
  let reaching: ReadonlySet<string> | undefined;
  const isReaching = (text: string): boolean => words.test(text)
    || namesIn(text).some((name) => (reaching ??= reachingNames(file, words, follows)).has(name))
    || (follows && importsReach(text, file.path, words));
  return (node) => isReaching(file.slice(node)) || isReaching(heritageOf(node, file));
}

/** Whether a file that `text`, which stands at `path`, imports can get to one of `words`. */
export function importsReach(text: string, path: string, words: TextTest): boolean {
  return sourcesIn(text).some((one) => importReaches(one, path, words)) || portsIn(text).some((one) => portReaches(one, path, words));
}

/**
 * The names by which a text calls what is declared with an interface of another file, behind which somebody stands who gets to one of
 * `words` (`private readonly users: UserRepository`): its methods are called by nobody's vocabulary.
 * @param words asked for where there is such an interface
 */
export function portNames(text: string, path: string, words: () => TextTest): ReadonlySet<string> {
  const found = new Set<string>();
  const known = new Map<string, boolean>();
  let test: TextTest | undefined;
  for (const { name, type } of typedCallees(text)) {
    const isPort = known.get(type) ?? (declaresPort(text, path, type) && portReaches(type, path, test ??= words()));
    known.set(type, isPort);
    if (isPort) found.add(name);
  }
  return found;
}

/** Import statements of a text, with what they bring. */
const IMPORTS = /\bimport\s+(?:type\s+)?[\w$,\s]*\{([^{}]*)\}\s*from\s*(['"])([^'"\n]+)\2/g;
/** Files that pass on what others declare, up to here. */
const MAX_PASSED = 60;

/** Whether the file that `type` is imported from declares it as an interface, or passes on what one does. */
function declaresPort(text: string, path: string, type: string): boolean {
  for (const [, names, , source] of text.matchAll(IMPORTS)) {
    const name = names!.split(',').map((one) => one.trim().replace(/^type\s+/, '').split(/\s+as\s+/)).find((one) => one.at(-1) === type)?.[0];
    const first = name === undefined ? undefined : resolvePath(source!, path);
    if (first === undefined) continue;
    const seen = new Set([first]);
    for (const at of seen) {
      const facts = factsOf(at, NOTHING, clock());
      if (facts?.ports.includes(name!)) return true;
      if (seen.size > MAX_PASSED) return false;
      for (const { names: passed, source: from } of facts?.passes ?? []) {
        const next = passed === undefined || new RegExp(`\\b${name}\\b`).test(passed) ? resolvePath(from, at) : undefined;
        if (next !== undefined) seen.add(next);
      }
    }
  }
  return false;
}

const NOTHING: TextTest = { test: () => false };

function portReaches(name: string, from: string, words: TextTest): boolean {
  return filesBehind(name, from).some((path) => fileReaches(path, words));
}

/** The names of this file's declarations, members and imports through which a word can be reached. */
function reachingNames(file: SourceFile, words: TextTest, follows: boolean): ReadonlySet<string> {
  const reaching = new Set<string>();
  const mentionedBy = new Map<string, string[]>();
  for (const { name, text } of partsOf(file)) {
    if (words.test(text) || (follows && importsReach(text, file.path, words))) reaching.add(name);
    else for (const each of namesIn(text)) { const known = mentionedBy.get(each); if (known) known.push(name); else mentionedBy.set(each, [name]); }
  }
  for (const one of file.ast.body) {
    if (one.type !== 'ImportDeclaration' || !(words.test(file.slice(one)) || (follows && importReaches(one.source.value, file.path, words)))) continue;
    for (const specifier of one.specifiers) reaching.add(specifier.local.name);
  }
  const pending = [...reaching];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    for (const by of mentionedBy.get(name) ?? []) if (!reaching.has(by)) { reaching.add(by); pending.push(by); }
  }
  return reaching;
}

/** Everything in the file that code can name: declarations, members of classes, what is assigned to at the top. */
function partsOf(file: SourceFile): { readonly name: string; readonly text: string }[] {
  const found: { name: string; text: string }[] = [];
  const add = (name: string | undefined, node: Node): void => { if (name) found.push({ name: name.replace(/^#/, ''), text: file.slice(node) }); };
  const visit = (node: Node | null | undefined): void => {
    switch (node?.type) {
      case 'FunctionDeclaration': add(node.id?.name, node); return;
      case 'TSInterfaceDeclaration': case 'TSTypeAliasDeclaration': add(node.id.name, node); return;
      case 'VariableDeclaration': for (const one of node.declarations) { for (const id of boundIdentifiers(one.id)) add(id.name, one); visit(one.init); } return;
      case 'ClassDeclaration': case 'ClassExpression':
        add(node.id?.name, node);
        for (const member of node.body.body) {
          if (member.type === 'StaticBlock' || member.type === 'TSIndexSignature') continue;
          const key = keyName(member.key, member.computed);
          add(key, member);
          if (key === 'constructor' && member.type === 'MethodDefinition') for (const one of member.value.params) for (const id of boundIdentifiers(one)) add(id.name, one);
        }
        return;
      case 'ExportNamedDeclaration': case 'ExportDefaultDeclaration': visit(node.declaration); return;
      case 'ExpressionStatement': {
        if (node.expression.type !== 'AssignmentExpression') return;
        // `service.create = …`, `schema.statics.byEmail = …`: whoever names a part of it may run it.
        for (const name of namesIn(file.slice(node.expression.left))) add(name, node);
        visit(node.expression.right);
        return;
      }
      case 'IfStatement': case 'BlockStatement': case 'TryStatement': case 'TSModuleDeclaration':
        for (const name of namesIn(file.slice(node))) add(name, node);
        return;
      default:
    }
  };
  file.ast.body.forEach(visit);
  return found;
}

/** What a member of a class inherits from. */
function heritageOf(node: Node, file: SourceFile): string {
  const member = node.parent as TSESTree.Node | undefined;
  const owner = member?.parent?.parent;
  return (owner?.type === 'ClassDeclaration' || owner?.type === 'ClassExpression') && owner.superClass ? file.slice(owner.superClass) : '';
}

function namesIn(text: string): string[] {
  return text ? [...new Set(text.match(NAMES))] : [];
}

/** What a text imports, re-exports or requires, as written. */
export function sourcesIn(text: string): string[] {
  return text.includes('require') || text.includes('import') || text.includes('from') ? [...new Set(Array.from(text.matchAll(SPECIFIERS), (one) => one[2]!))] : [];
}

interface Facts {
  readonly stamp: string;
  readonly holds: boolean;
  readonly sources: readonly string[];
  /** Where names come from that it may pass on, and which where that is told: `export * from './users'`, `import type { User } from`. */
  readonly passes: readonly { readonly names: string | undefined; readonly source: string }[];
  readonly ports: readonly string[];
  checked: number;
}

const read = new WeakMap<TextTest, Map<string, Facts>>();
const answers = new WeakMap<TextTest, Map<string, { readonly reaches: boolean; readonly at: number }>>();

/** Whether the file that an import leads to reaches one of the words; packages hold none. */
function importReaches(source: string, from: string, words: TextTest): boolean {
  const path = resolvePath(source, from);
  return path !== undefined && fileReaches(path, words);
}

/** Whether a file, one that it imports, or one that stands behind an interface of any of these, holds one of the words. */
function fileReaches(path: string, words: TextTest): boolean {
  const known = answers.get(words) ?? new Map<string, { reaches: boolean; at: number }>();
  answers.set(words, known);
  const now = clock();
  const before = known.get(path);
  if (before && now - before.at < FRESH) return before.reaches;
  // Each file with the one that imports it, so that whoever leads to a word is known to.
  const seen = new Map<string, string | undefined>([[path, undefined]]);
  let hit: string | undefined;
  for (const at of seen.keys()) {
    const answer = known.get(at);
    const facts = answer && now - answer.at < FRESH ? undefined : factsOf(at, words, now);
    if (facts ? facts.holds : answer?.reaches ?? false) { hit = at; break; }
    if (seen.size > MAX_FILES) { known.set(path, { reaches: true, at: now }); return true; }
    for (const one of facts?.sources ?? []) { const next = resolvePath(one, at); if (next !== undefined && !seen.has(next)) seen.set(next, at); }
    for (const one of facts?.ports ?? []) for (const next of filesBehind(one, at)) if (!seen.has(next)) seen.set(next, at);
  }
  if (hit === undefined) {
    // Where nothing was found, nothing is behind any of them.
    for (const at of seen.keys()) known.set(at, { reaches: false, at: now });
    return false;
  }
  for (let at: string | undefined = hit; at !== undefined; at = seen.get(at)) known.set(at, { reaches: true, at: now });
  return true;
}

function factsOf(path: string, words: TextTest, now: number): Facts | undefined {
  const known = read.get(words) ?? new Map<string, Facts>();
  read.set(words, known);
  const before = known.get(path);
  if (before && now - before.checked < FRESH) return before;
  try {
    const stat = statSync(path);
    const stamp = `${stat.mtimeMs}:${stat.size}`;
    if (before?.stamp === stamp) { before.checked = now; return before; }
    const text = readFileSync(path, 'utf8');
    const made = { stamp, holds: words.test(text), sources: sourcesIn(text), passes: [...text.matchAll(PASSES), ...text.matchAll(IMPORTS)].map((one) => ({ names: one[1], source: one[3]! })), ports: portsIn(text), checked: now };
    known.set(path, made);
    return made;
  } catch {
    // An imported file that cannot be read is followed by nobody.
    return undefined;
  }
}
