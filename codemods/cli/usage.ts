/** What cannot be meant, said so that the next try is right. Loads nothing: `--help` and a misspelt command should cost nothing. */

/** Ends the run with exit code 2; the message is for the user. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The allowed word that differs by few letters. */
export function nearest<T extends string>(word: string, allowed: readonly T[]): T | undefined {
  const ranked = allowed.map((one) => ({ one, far: distance(word, one) })).sort((a, b) => a.far - b.far);
  return ranked[0] && ranked[0].far <= Math.max(2, word.length / 3) ? ranked[0].one : undefined;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
