/** Places that write one table by different keys, as one function that all of them call. The host puts files, imports and types together. */
import type { Edit, Refusal } from '../../model.ts';
import type { SourceFile } from '../../source/file.ts';
import { unusedImports } from '../imports.ts';
import { brokenNames } from '../names.ts';
import { quoteOf, indentUnit } from '../text.ts';

export { unify, type NamedKey, type Unified } from './chain.ts';
export { callText, helperName, helperText, type HelperStyle } from './helper.ts';
export type { Place } from './model.ts';
export { readPlace } from './place.ts';
export { isRefusal } from '../refusals.ts';
export { quoteOf, indentUnit };

/** All edits of one file, with the imports that nobody needs any more; or why a name would mean something else. */
export function finished(file: SourceFile, edits: readonly Edit[]): readonly Edit[] | Refusal {
  const unused = unusedImports(file, edits);
  // A line that is put behind an import which goes takes its place.
  const moved = edits.map((edit) => {
    const gone = edit.start === edit.end ? unused.find((one) => one.start < edit.start && edit.start < one.end) : undefined;
    return gone ? { start: gone.end, end: gone.end, text: `${edit.text.replace(/^\n/, '')}\n` } : edit;
  });
  const all = [...unused, ...moved].map((edit) => (file.text.includes('\r\n') ? { ...edit, text: edit.text.replace(/\r?\n/g, '\r\n') } : edit));
  return brokenNames(file, all) ?? all;
}
