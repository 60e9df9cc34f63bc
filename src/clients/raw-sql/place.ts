/** Where a statement's text stands in its file: what rewrites of SQL in place start from. */
import type { Node, Operation } from '../../model.ts';
import { HOLE } from '../../sql/source.ts';
import type { Source, Statement } from '../../sql/index.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { DriverId, Form } from './drivers.ts';

export interface Place {
  /** The text as the statement was read from it, holes included. */
  readonly text: string;
  /** The expressions in its holes, in order. */
  readonly expressions: readonly Node[];
  /** The literal or template. */
  readonly node: Node;
  /** The list that the call is given beside the text. */
  readonly values: Node | undefined;
  /** The file's offset of one in `text`. */
  at(offset: number): number;
}

/** What operations of this client carry along for its forms. */
export interface SqlDetail { readonly statement: Statement; readonly driver: DriverId; readonly form: Form; readonly place: Place | undefined }

export const sqlOf = (operation: Operation | undefined): SqlDetail | undefined => operation?.detail?.['sql'] as SqlDetail | undefined;

/** The place of a text that was given as it stands; undefined where it was put together, kept elsewhere, or holds escapes. */
export function placeOf(given: Node, source: Source): Place | undefined {
  const { node, values } = parts(unwrap(given));
  if (node?.type === 'Literal' && typeof node.value === 'string') {
    const { raw } = node;
    const start = node.range[0] + 1;
    return raw.slice(1, -1) === source.text && node.value === source.text ? { text: source.text, expressions: [], node, values, at: (offset) => start + offset } : undefined;
  }
  if (node?.type !== 'TemplateLiteral') return undefined;
  // Constants that were put in stand in the source with their own text.
  if (node.quasis.some((one) => one.value.raw !== one.value.cooked) || node.quasis.map((one) => one.value.raw).join(HOLE) !== source.text) return undefined;
  const starts: { readonly from: number; readonly file: number }[] = [];
  let from = 0;
  node.quasis.forEach((one, index) => {
    const before = node.expressions[index - 1];
    // Parsers differ in whether a quasi's range has its delimiters: the hole's closing brace is what counts.
    starts.push({ from, file: before ? quasiStart(one, index) : node.range[0] + 1 });
    from += one.value.raw.length + 1;
  });
  return { text: source.text, expressions: node.expressions, node, values, at: (offset) => { const piece = starts.findLast((one) => one.from <= offset)!; return piece.file + offset - piece.from; } };
}

/** `range` of a quasi begins at its delimiter (ESTree of TypeScript) or behind it (other parsers). */
function quasiStart(quasi: { readonly range: readonly [number, number]; readonly tail: boolean; readonly value: { readonly raw: string } }, index: number): number {
  const extra = quasi.range[1] - quasi.range[0] - quasi.value.raw.length;
  return quasi.range[0] + (extra > 0 && index > 0 ? 1 : 0);
}

/** `query(text, values)`, `query({ text, values })`, a tag with its template. */
function parts(given: Node): { readonly node: Node | undefined; readonly values: Node | undefined } {
  if (given.type !== 'ObjectExpression') {
    const call = given.parent?.type === 'CallExpression' && given.parent.arguments[0] === given ? given.parent : undefined;
    const second = call?.arguments[1];
    return { node: given, values: second && unwrap(second) };
  }
  const value = (...names: readonly string[]): Node | undefined => {
    const found = given.properties.find((one) => one.type === 'Property' && names.includes(keyName(one.key, one.computed) ?? ''));
    return found?.type === 'Property' ? unwrap(found.value) : undefined;
  };
  return { node: value('text', 'sql'), values: value('values', 'args') };
}
