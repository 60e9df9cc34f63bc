/**
 * Comments that fill lines of their own; the lines of a block each start with a star. Text that merely looks like one stands in no
 * statement that anybody sends to a database.
 */
const COMMENTS = /^[ \t]*(?:\/\/.*|\/\*(?:[^*\n]|\*(?!\/)|\n[ \t]*(?=\*))*\*\/)/gm;

/** What a text says outside of such comments: prose speaks of "the repository's update" and of merging something "into" something. */
export function withoutComments(text: string): string {
  return text.includes('//') || text.includes('/*') ? text.replace(COMMENTS, '') : text;
}
