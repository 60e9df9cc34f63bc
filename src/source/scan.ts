/** The text scan: proves of most files, without parsing them, that they hold no race. */
import type { Client } from '../clients/client.ts';
import { CalledFamilies, CalledNames, type TextTest } from './called.ts';
import { withoutComments } from './comments.ts';
import type { Marks } from './shown.ts';

export interface Words {
  readonly read: TextTest;
  readonly write: TextTest;
  readonly any: TextTest;
  /** The name of a hook that a write follows; undefined where no client has any. */
  readonly hook: RegExp | undefined;
  /** A call of somebody's own function that is named after a writing word: `createWithCtx(`, `saveOrder(`. */
  readonly helper: TextTest;
  /** Likewise a call that may look something up: `findUserByEmail(`, `isTaken(`. */
  readonly lookup: TextTest;
}

const cache = new WeakMap<readonly Client[], Words>();
const escape = (word: string): string => word.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');

/** Writing words that start the names of people's own writing functions; `run`, `query` or `clear` start the names of too many others. */
const NAMING = /^(?:find\w*|bulk|batch|soft)?(?:create|insert|save|update|upsert|destroy|delete|restore|recover|increment|decrement|replace)/i;

/** What people name their own functions after, beside the words of libraries. */
const WRITING = ['add', 'register', 'remove', 'store', 'mark', 'consume'];
const LOOKING_UP = ['find', 'get', 'fetch', 'load', 'lookup', 'select', 'count', 'check', 'exists', 'is', 'has', 'by'];

export function wordsOf(clients: readonly Client[]): Words {
  const known = cache.get(clients);
  if (known) return known;
  // What is no part of a word for a text scan (`$`, `#`) is none of the name.
  const plain = (words: readonly string[]): string[] => words.map((one) => /\w+$/.exec(one)?.[0] ?? one);
  const reads = plain(clients.flatMap((one) => one.words.reads));
  const writes = plain(clients.flatMap((one) => one.words.writes));
  const texts = (which: 'reads' | 'writes'): string[] => clients.flatMap((one) => one.words.texts?.[which] ?? []);
  const hooks = clients.flatMap((one) => one.words.hooks ?? []);
  const made = {
    read: either(reads, texts('reads')), write: either(writes, texts('writes')), any: either([...reads, ...writes], [...texts('reads'), ...texts('writes')]),
    hook: hooks.length ? new RegExp(`\\b(?:${[...new Set(hooks)].map(escape).join('|')})\\b`) : undefined,
    helper: new CalledFamilies([...writes.filter((word) => NAMING.test(word)), ...WRITING]),
    lookup: new CalledFamilies([...reads.filter((word) => /^[a-z]+$/.test(word)), ...LOOKING_UP]),
  };
  cache.set(clients, made);
  return made;
}

function either(names: readonly string[], texts: readonly string[]): TextTest {
  const called = new CalledNames(names);
  const pattern = texts.length ? new RegExp(texts.join('|')) : undefined;
  return pattern ? { test: (text) => called.test(text) || pattern.test(text) } : called;
}

/**
 * A writing word is needed for every race; what it is paired with may stand in another file. A hook is followed by a write that stands
 * nowhere. Where imports are followed, both words may stand in another file, behind helpers named after what they do
 * (`findByEmail(email)`, `createUser(input)`): a controller or service often holds nothing else.
 */
export function mayRace(text: string, words: Words, followsImports: boolean): boolean {
  if (words.write.test(text)) return true;
  const reads = words.read.test(text);
  if (reads && words.hook?.test(text)) return true;
  return followsImports && words.helper.test(text) && (reads || words.lookup.test(text));
}

/** Whether text shows anything by which one of the clients could be recognised, and which of them, by their place in the list. */
export interface Evidence extends TextTest, Marks {}

const evidences = new WeakMap<readonly Client[], Map<string, Evidence>>();

/** @param installed ids of the clients that the project depends on or declares tables of */
export function evidenceOf(clients: readonly Client[], installed: ReadonlySet<string>): Evidence {
  const known = evidences.get(clients) ?? new Map<string, Evidence>();
  evidences.set(clients, known);
  const key = clients.filter((one) => installed.has(one.id)).map((one) => one.id).join();
  const before = known.get(key);
  if (before) return before;
  const parts = clients.map((one): TextTest => {
    const { always, installed: more } = one.evidence ?? defaultOf(one);
    return more && installed.has(one.id) ? { test: (text) => always.test(text) || more.test(text) } : always;
  });
  const made: Evidence = {
    test: (text) => { const code = withoutComments(text); return parts.some((one) => one.test(code)); },
    of: (text) => { const code = withoutComments(text); return parts.reduce((all, one, at) => (one.test(code) ? all | bitOf(at) : all), 0); },
  };
  known.set(key, made);
  return made;
}

/** Clients of the user's own beyond the thirtieth share a bit. */
const bitOf = (at: number): number => 1 << Math.min(at, 30);

const subsets = new WeakMap<readonly Client[], Map<number, readonly Client[]>>();

/** Those of the clients whose bits `marks` holds. The same list for the same bits: words are kept by it. */
export function clientsIn(clients: readonly Client[], marks: number): readonly Client[] {
  const known = subsets.get(clients) ?? new Map<number, readonly Client[]>();
  subsets.set(clients, known);
  const before = known.get(marks);
  if (before) return before;
  const made = clients.filter((_, at) => (marks & bitOf(at)) !== 0);
  const list = made.length === clients.length ? clients : made;
  known.set(marks, list);
  return list;
}

function defaultOf(client: Client): { readonly always: TextTest; readonly installed?: undefined } {
  const calls = new CalledNames([...client.shapeMethods ?? []].map((one) => /\w+$/.exec(one)?.[0] ?? one));
  const names = client.packages.map(escape).join('|');
  const packages = names ? new RegExp(`['"\`](?:${names})(?:/[^'"\`\\n]*)?['"\`]`) : undefined;
  return { always: { test: (text) => packages?.test(text) === true || calls.test(text) } };
}
