/** Values: literals, parameters, holes, columns, casts, calls, arithmetic. What is not understood is `text` with the columns it names. */
import type { Cursor } from './cursor.ts';
import type { ColumnName, Operand } from './model.ts';
import { isQuery, readQuery } from './select.ts';
import { HOLE } from './source.ts';
import type { Token } from './tokens.ts';

/** Deeper brackets are not read: no statement that people write has them, and the reader works by recursion. */
export const MAX_DEPTH = 48;

/** Words that are never a column's name where a value is expected. */
export const RESERVED: ReadonlySet<string> = new Set(['SELECT', 'FROM', 'WHERE', 'AND', 'OR', 'NOT', 'IN', 'IS', 'LIKE', 'ILIKE', 'BETWEEN', 'CASE', 'WHEN', 'THEN', 'ELSE', 'END', 'NULL', 'TRUE', 'FALSE',
  'DEFAULT', 'EXISTS', 'ON', 'AS', 'ORDER', 'GROUP', 'HAVING', 'LIMIT', 'OFFSET', 'UNION', 'EXCEPT', 'INTERSECT', 'RETURNING', 'ARRAY', 'ROW', 'DISTINCT', 'ALL', 'ANY', 'SOME', 'CAST', 'COLLATE', 'FOR', 'JOIN', 'INNER', 'LEFT',
  'RIGHT', 'CROSS', 'USING', 'WITH', 'INTO', 'SET', 'FETCH', 'WINDOW', 'BY', 'ASC', 'DESC', 'NULLS', 'SIMILAR', 'ESCAPE', 'ISNULL', 'NOTNULL', 'OVERLAPS']);
const TYPES = new Set(['DATE', 'TIME', 'TIMESTAMP', 'TIMESTAMPTZ', 'INTERVAL', 'JSON', 'JSONB', 'UUID', 'TEXT', 'BOOLEAN', 'BOOL', 'INET', 'BYTEA', 'NUMERIC', 'POINT']);
const BARE_CALLS = new Set(['CURRENT_TIMESTAMP', 'CURRENT_DATE', 'CURRENT_TIME', 'CURRENT_USER', 'SESSION_USER', 'CURRENT_ROLE', 'LOCALTIME', 'LOCALTIMESTAMP', 'UTC_TIMESTAMP', 'CURRENT_SCHEMA']);
const ADDING = new Set(['+', '-', '||', '||/', '|', '&', '<<', '>>', '#-']);
const MULTIPLYING = new Set(['*', '/', '%', '^']);
export const JSON_STEPS: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>']);
const DIVIDING = new Set(['DIV', 'MOD']);

/** The value that begins here; undefined when it is none that is understood. May stop before the end of what is written. */
export function readOperand(cursor: Cursor): Operand | undefined {
  if (cursor.depth > MAX_DEPTH) return undefined;
  const { start } = cursor;
  let left = multiplied(cursor);
  while (left && cursor.token.kind === 'operator' && ADDING.has(cursor.token.key)) {
    const operator = cursor.advance().key;
    const right = multiplied(cursor);
    if (!right) return undefined;
    left = { kind: 'operation', operator, operands: [left, right], ...cursor.since(start) };
  }
  return left;
}

/** All of `cursor` as one value; `text` when it is not understood to its end. */
export function wholeOperand(cursor: Cursor): Operand {
  const { at, start } = cursor;
  const operand = readOperand(cursor);
  if (operand && cursor.done) return operand;
  cursor.at = at;
  return textOperand(cursor, start);
}

/** The rest of `cursor`, with the columns that it names. */
export function textOperand(cursor: Cursor, start = cursor.start): Operand {
  const columns: ColumnName[] = [];
  for (; !cursor.done; cursor.advance()) {
    const { kind, key } = cursor.token;
    if (kind !== 'quoted' && (kind !== 'word' || RESERVED.has(key))) continue;
    if (cursor.tokens[cursor.at - 1]?.key === '::') continue;
    const { at } = cursor;
    const path = cursor.path();
    if (path && !cursor.is('(')) columns.push(columnName(path));
    cursor.at = path ? cursor.at - 1 : at;
  }
  return { kind: 'text', columns, ...cursor.since(start) };
}

function columnName(path: readonly string[]): ColumnName { return { qualifier: path.at(-2), name: path.at(-1)! }; }

function multiplied(cursor: Cursor): Operand | undefined {
  const { start } = cursor;
  let left = signed(cursor);
  while (left && ((cursor.token.kind === 'operator' && MULTIPLYING.has(cursor.token.key)) || cursor.isAny(DIVIDING))) {
    const operator = cursor.advance().key;
    const right = signed(cursor);
    if (!right) return undefined;
    left = { kind: 'operation', operator, operands: [left, right], ...cursor.since(start) };
  }
  return left;
}

function signed(cursor: Cursor): Operand | undefined {
  const { start } = cursor;
  let sign = 1;
  for (; cursor.is('-') || cursor.is('+'); cursor.advance()) if (cursor.is('-')) sign = -sign;
  const operand = stepped(cursor);
  if (!operand || sign > 0) return operand;
  if (operand.kind === 'literal' && typeof operand.value === 'number') return { ...operand, value: -operand.value, ...cursor.since(start) };
  return { kind: 'operation', operator: '-', operands: [operand], ...cursor.since(start) };
}

/** What may follow a value: casts, steps into json, subscripts, COLLATE, AT TIME ZONE. */
function stepped(cursor: Cursor): Operand | undefined {
  const { start } = cursor;
  let operand = primary(cursor);
  while (operand) {
    if (cursor.is('::')) {
      cursor.advance();
      const type = readType(cursor);
      if (!type) return undefined;
      operand = { ...operand, cast: type.name, ...cursor.since(start) };
    } else if (cursor.token.kind === 'operator' && JSON_STEPS.has(cursor.token.key)) {
      const operator = cursor.advance().key;
      const key = primary(cursor);
      if (!key) return undefined;
      operand = { kind: 'operation', operator, operands: [operand, key], ...cursor.since(start) };
    } else if (cursor.is('COLLATE')) {
      cursor.advance();
      if (!cursor.path()) return undefined;
    } else if (cursor.is('AT', 'TIME', 'ZONE')) {
      cursor.take('AT', 'TIME', 'ZONE');
      const zone = primary(cursor);
      if (!zone) return undefined;
      operand = { kind: 'call', name: 'timezone', arguments: [operand, zone], ...cursor.since(start) };
    } else if (cursor.is('[')) {
      cursor.skip();
      operand = { kind: 'text', columns: operand.kind === 'column' ? [operand.column] : [], ...cursor.since(start) };
    } else return operand;
  }
  return operand;
}

/** The name of a type, in lower case and without its arguments; undefined where none stands. */
export function readType(cursor: Cursor): { readonly name: string; readonly array: boolean } | undefined {
  const path = cursor.path();
  if (!path) return undefined;
  let name = path.at(-1)!.toLowerCase();
  if (cursor.take('PRECISION')) name += ' precision';
  else if (cursor.take('VARYING')) name += ' varying';
  if (cursor.is('(')) cursor.skip();
  if (cursor.take('WITH', 'TIME', 'ZONE')) name += 'tz';
  else cursor.take('WITHOUT', 'TIME', 'ZONE');
  while (cursor.take('UNSIGNED') || cursor.take('SIGNED') || cursor.take('ZEROFILL'));
  let array = false;
  while (cursor.is('[')) { cursor.skip(); array = true; }
  if (cursor.take('ARRAY')) { array = true; if (cursor.is('[')) cursor.skip(); }
  return { name, array };
}

function primary(cursor: Cursor): Operand | undefined {
  const { token, start } = cursor;
  switch (token.kind) {
    case 'number': cursor.advance(); return { kind: 'literal', value: Number(cursor.source.text.slice(token.start, token.end).replaceAll('_', '')), ...cursor.since(start) };
    case 'string': cursor.advance(); return token.holes ? quotedHole(token, cursor) ?? { kind: 'text', columns: [], ...cursor.since(start) } : { kind: 'literal', value: token.value, ...cursor.since(start) };
    case 'parameter': cursor.advance(); return parameter(token);
    case 'hole': return cursor.peek().key === '(' || cursor.peek().key === '.' ? undefined : (cursor.advance(), { kind: 'hole', index: token.index, ...cursor.since(start) });
    case 'operator': return token.key === '(' ? bracketed(cursor) : undefined;
    case 'quoted': return named(cursor);
    case 'word': return token.key === '' ? undefined : word(cursor);
    default: return undefined;
  }
}

/** `'${email}'`: the value alone between quotes. */
function quotedHole(token: Token, cursor: Cursor): Operand | undefined {
  const [index, ...more] = token.holes!;
  const isAlone = cursor.source.text.slice(token.start + 1, token.end - 1) === HOLE;
  return isAlone && !more.length ? { kind: 'hole', index: index!, start: token.start, end: token.end } : undefined;
}

function parameter(token: Token): Operand | undefined {
  // `??` stands for a name, `:pre_${x}` for nobody knows what.
  if (token.key === '??' || token.holes) return undefined;
  return { kind: 'parameter', name: token.value === '' ? undefined : token.value, index: token.index, spread: token.spread ?? false, start: token.start, end: token.end };
}

function bracketed(cursor: Cursor): Operand | undefined {
  const { start } = cursor;
  const inner = cursor.inner()!;
  if (isQuery(inner)) return { kind: 'query', select: readQuery(inner), ...cursor.since(start) };
  const items = [...inner.list()].map(wholeOperand);
  const span = cursor.since(start);
  return items.length === 1 ? { ...items[0]!, ...span } : { kind: 'list', items, ...span };
}

function word(cursor: Cursor): Operand | undefined {
  const { token, start } = cursor;
  const literal = (value: boolean | null): Operand => { cursor.advance(); return { kind: 'literal', value, ...cursor.since(start) }; };
  switch (token.key) {
    case 'NULL': return literal(null);
    case 'TRUE': return literal(true);
    case 'FALSE': return literal(false);
    case 'DEFAULT': if (cursor.peek().key !== '(') { cursor.advance(); return { kind: 'default', ...cursor.since(start) }; } return undefined;
    case 'CAST': {
      cursor.advance();
      const inner = cursor.inner();
      const operand = inner && readOperand(inner);
      const type = operand && inner.take('AS') ? readType(inner) : undefined;
      return operand && type && { ...operand, cast: type.name, ...cursor.since(start) };
    }
    case 'ARRAY': {
      cursor.advance();
      if (!cursor.is('[')) return undefined;
      const inner = cursor.until(cursor.closing() + 1);
      inner.advance();
      const items = [...inner.until(inner.end - 1).list()].map(wholeOperand);
      return { kind: 'list', items, ...cursor.since(start) };
    }
    case 'ROW': if (cursor.peek().key === '(') { cursor.advance(); const row = bracketed(cursor); return row && (row.kind === 'list' ? row : { kind: 'list', items: [row], ...cursor.since(start) }); } return undefined;
    case 'INTERVAL': {
      if (cursor.peek().kind === 'string') break;
      cursor.advance();
      // MySQL: `INTERVAL ? DAY`.
      const amount = readOperand(cursor);
      if (!amount || !cursor.name()) return undefined;
      return { kind: 'call', name: 'interval', arguments: [amount], ...cursor.since(start) };
    }
    default:
  }
  if (TYPES.has(token.key) && cursor.peek().kind === 'string') {
    cursor.advance();
    const value = primary(cursor);
    return value && token.key === 'INTERVAL' ? { kind: 'call', name: 'interval', arguments: [value], ...cursor.since(start) } : value && { ...value, ...cursor.since(start) };
  }
  if (BARE_CALLS.has(token.key) && cursor.peek().key !== '(') { cursor.advance(); return { kind: 'call', name: token.key.toLowerCase(), arguments: [], ...cursor.since(start) }; }
  // MySQL's VALUES(x) of the row that could not be inserted; LEFT(x, 1) and the like are functions in spite of their names.
  if (token.key === 'VALUES' || RESERVED.has(token.key)) {
    if (cursor.peek().key !== '(' || !['VALUES', 'LEFT', 'RIGHT', 'ANY', 'ALL', 'SOME'].includes(token.key)) return undefined;
    if (token.key !== 'VALUES') return token.key === 'LEFT' || token.key === 'RIGHT' ? named(cursor) : undefined;
    cursor.advance();
    const path = cursor.inner()!.path();
    return path && { kind: 'inserted', column: path.at(-1)!, ...cursor.since(start) };
  }
  return named(cursor);
}

/** A column or a call. */
function named(cursor: Cursor): Operand | undefined {
  const { start } = cursor;
  const path = cursor.path();
  if (!path) return undefined;
  if (cursor.is('(')) {
    const inner = cursor.inner()!;
    const name = path.at(-1)!.toLowerCase();
    inner.take('DISTINCT');
    if (isQuery(inner)) return { kind: 'call', name, arguments: [{ kind: 'query', select: readQuery(inner), ...cursor.since(start) }], ...cursor.since(start) };
    const args = [...inner.list()].filter((part) => !part.done).map((part) => (part.is('*') ? textOperand(part) : wholeOperand(part)));
    // `count(*) FILTER (…)`, `row_number() OVER (…)` are other values than the call.
    if (cursor.is('FILTER', '(') || cursor.is('OVER') || cursor.is('WITHIN')) {
      cursor.advance();
      cursor.take('GROUP');
      cursor.skip();
      return { kind: 'text', columns: args.flatMap((one) => (one.kind === 'column' ? [one.column] : [])), ...cursor.since(start) };
    }
    return { kind: 'call', name, arguments: args, ...cursor.since(start) };
  }
  if (cursor.is('.')) return undefined;
  if (path.length > 1 && path.at(-2)!.toLowerCase() === 'excluded') return { kind: 'inserted', column: path.at(-1)!, ...cursor.since(start) };
  return { kind: 'column', column: columnName(path), ...cursor.since(start) };
}

/** The column that a value is, and what it goes through: `lower(email)`, `data->>'key'`. */
export function columnIn(operand: Operand): { readonly column: ColumnName; readonly through?: string } | undefined {
  if (operand.kind === 'column') return { column: operand.column };
  const parts = operand.kind === 'call' ? operand.arguments : operand.kind === 'operation' && JSON_STEPS.has(operand.operator) ? operand.operands : [];
  const [first, ...rest] = parts;
  const inner = first && columnIn(first);
  if (!inner || rest.some((one) => one.kind !== 'literal')) return undefined;
  return { column: inner.column, through: operand.kind === 'call' ? operand.name : (operand as { operator: string }).operator };
}
