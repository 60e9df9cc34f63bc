/** One statement: which it is, and who reads it. */
import { readControl } from './control.ts';
import { Cursor } from './cursor.ts';
import type { CommonTable, Opaque, Statement } from './model.ts';
import { isQuery, readQuery, readSelect } from './select.ts';
import type { Source } from './source.ts';
import { statementsOf } from './split.ts';
import type { RawStatement } from './split.ts';
import { readWith } from './with.ts';
import { readDelete, readInsert, readUpdate } from './write.ts';
import type { Dialect } from '../schema/model.ts';

/** Every statement of a text, in order. Never throws; what is not understood is opaque. */
export function readStatements(source: Source, dialect: Dialect | undefined): Statement[] {
  return [...statementsOf(source, dialect)].map((raw) => readStatement(source, raw));
}

export function readStatement(source: Source, raw: RawStatement): Statement {
  const cursor = new Cursor(source, raw.tokens);
  if (raw.broken) return opaque(cursor, 'a string, name or comment is not closed, or the statement has no end');
  return readOne(cursor);
}

/** All of `cursor` as one statement. */
export function readOne(cursor: Cursor): Statement {
  const { start, at } = cursor;
  let common: readonly CommonTable[] = [];
  if (cursor.is('WITH')) {
    const found = readWith(cursor);
    if (!found) { cursor.at = at; return opaque(cursor, 'WITH is not understood'); }
    common = found;
  }
  const statement = byVerb(cursor, common);
  if (!statement) { cursor.at = at; return opaque(cursor, 'not understood'); }
  return { ...statement, start };
}

function byVerb(cursor: Cursor, common: readonly CommonTable[]): Statement | undefined {
  switch (cursor.token.key) {
    case 'SELECT': return readSelect(cursor, common);
    case '(': return isQuery(cursor) ? readQuery(cursor) : undefined;
    case 'INSERT': return readInsert(cursor, common);
    case 'REPLACE': return cursor.peek().key === '(' ? undefined : readInsert(cursor, common);
    case 'UPDATE': return readUpdate(cursor, common);
    case 'DELETE': return readDelete(cursor, common);
    default: return common.length ? undefined : readControl(cursor);
  }
}

export function opaque(cursor: Cursor, reason: string): Opaque {
  const { start } = cursor;
  const word = cursor.token.key;
  cursor.at = cursor.end;
  return { kind: 'opaque', word, reason, ...cursor.since(start) };
}
