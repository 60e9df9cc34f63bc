/** Files of a schema that are code. */
import { parseSource, ParseFailure } from '../../source/parse.ts';
import type { SourceFile } from '../../source/file.ts';
import type { Unread } from '../../schema/model.ts';

/** The file's tree; undefined where it could not be parsed, which `unread` then says. */
export function readSource(path: string, text: string, unread: Unread[]): SourceFile | undefined {
  try {
    return parseSource(path, text);
  } catch (error) {
    if (!(error instanceof ParseFailure)) throw error;
    unread.push({ place: { file: path, line: error.line }, what: path, reason: error.message });
    return undefined;
  }
}
