/** The text scan: proves of most files, without parsing them, that they hold no race. */
import type { Client } from '../clients/client.ts';

export interface Words {
  readonly read: RegExp;
  readonly write: RegExp;
  readonly any: RegExp;
}

const cache = new WeakMap<readonly Client[], Words>();
const escape = (word: string): string => word.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');

export function wordsOf(clients: readonly Client[]): Words {
  const known = cache.get(clients);
  if (known) return known;
  const pattern = (words: readonly string[]): RegExp => new RegExp(`\\b(?:${[...new Set(words)].map(escape).join('|')})\\s*[(<\`]`);
  const made = {
    read: pattern(clients.flatMap((one) => one.words.reads)),
    write: pattern(clients.flatMap((one) => one.words.writes)),
    any: pattern(clients.flatMap((one) => [...one.words.reads, ...one.words.writes])),
  };
  cache.set(clients, made);
  return made;
}

/** A writing word is needed for every race; what it is paired with may stand in another file. */
export function mayRace(text: string, words: Words): boolean {
  return words.write.test(text);
}
