/** The source files of a project that may write a table by some key, by what their text mentions. */
import { TextIndex } from '../source/listing.ts';
import { rootsFor } from '../source/roots.ts';

/** Words without which no text writes "insert, or update what is there". */
const CONFLICT = /upsert|onConflict|on\s+(?:conflict|duplicate)|orUpdate|orIgnore|connectOrCreate|bulkWrite|\$setOnInsert|23505|P2002|\b1062\b|ER_DUP|E11000|UniqueConstraint|updateMany|\.update\s*[(<]/i;

/** The texts that hold such a word, in lower case. */
const texts = new TextIndex((text) => (mayHoldKeys(text) ? text.toLowerCase() : undefined));

/**
 * Paths of other files in the nearest package around `file` whose text holds a word of such a write and one of `names`, with the
 * stamp of what was read.
 */
export function filesMentioning(names: readonly string[], file: string, cwd: string): readonly { readonly path: string; readonly stamp: string }[] {
  const wanted = names.map((one) => one.toLowerCase());
  const found: { path: string; stamp: string }[] = [];
  for (const [path, { stamp, told }] of texts.below(rootsFor(file, cwd)[0]!).entries) {
    if (path !== file && told !== undefined && wanted.some((one) => told.includes(one))) found.push({ path, stamp });
  }
  return found;
}

/** Whether a text holds a word of such a write at all. */
export function mayHoldKeys(text: string): boolean { return CONFLICT.test(text); }
