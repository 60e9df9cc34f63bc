/** The text that is read, and characters of it. */
/** Text with holes, each of which is one NUL character in `text`; holes are numbered from 0. */
export interface Source { readonly text: string; readonly holed: boolean }

export const HOLE = '\0';

/** The parts of a template between its holes, or one string. */
export function sqlSource(parts: string | readonly string[]): Source {
  if (typeof parts === 'string') return { text: parts.includes(HOLE) ? parts.replaceAll(HOLE, '\uFFFD') : parts, holed: false };
  return { text: parts.map((part) => part.replaceAll(HOLE, '\uFFFD')).join(HOLE), holed: parts.length > 1 };
}

export function isDigit(code: number): boolean { return code >= 48 && code <= 57; }
export function isWordStart(code: number): boolean { return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || (code >= 0x80 && code !== 0xA0 && code !== 0xFFFD); }

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '\0' };
/** The contents of a string: doubled quotes, and backslashes where the dialect has them. */
export function unescaped(body: string, quote: string, escapes: boolean): string {
  if (!escapes) return body.includes(quote) ? body.replaceAll(quote + quote, quote) : body;
  return body.includes('\\') || body.includes(quote) ? body.replace(/\\([\s\S])|''|""/g, (all, char: string | undefined) => (char === undefined ? (all[0] === quote ? quote : all) : ESCAPES[char] ?? char)) : body;
}

/** Postgres cuts names to 63 bytes, so a longer one in a migration is another name in the database and in its errors. */
export function cutName(name: string): string {
  if (name.length <= 21) return name;
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= 63) return name;
  // A character that is cut in two goes as a whole.
  return new TextDecoder().decode(bytes.subarray(0, 63)).replace(/\uFFFD+$/, '');
}
