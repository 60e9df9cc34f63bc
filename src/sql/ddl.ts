/** DDL, statement by statement. What concerns no table and no key is `ignored`; what does and is not understood is `unread`. */
import { Cursor } from './cursor.ts';
import { readAlterTable } from './ddl-alter.ts';
import { readBlock } from './ddl-block.ts';
import { isConstraint, readColumn, readConstraint, readParts } from './ddl-columns.ts';
import type { ColumnDefinition, Constraint, Definition, PolicyCommand } from './ddl-model.ts';
import type { TableName } from './model.ts';
import { isQuery } from './select.ts';
import type { Source } from './source.ts';
import { statementsOf } from './split.ts';
import type { RawStatement } from './split.ts';
import type { Dialect } from '../schema/model.ts';

/** Every definition of a text, in order. Never throws. */
export function* definitionsOf(source: Source, dialect: Dialect | undefined): Generator<Definition> {
  for (const raw of statementsOf(source, dialect)) yield readDefinition(source, raw, dialect);
}

export function readDefinition(source: Source, raw: RawStatement, dialect: Dialect | undefined): Definition {
  const cursor = new Cursor(source, raw.tokens);
  const span = { start: raw.start, end: raw.end };
  const definition = byVerb(cursor, dialect);
  if (definition) {
    // One that is not closed may have lost what follows; whatever was read of it is no whole statement.
    if (raw.broken && definition.kind !== 'ignored') return unread(cursor, 'the statement is not closed', tableOf(definition), span);
    return { ...definition, ...span };
  }
  return unread(cursor, raw.broken ? 'the statement is not closed' : 'not understood', undefined, span);
}

type Read = Definition extends infer T ? (T extends Definition ? Omit<T, 'start' | 'end'> : never) : never;

function unread(cursor: Cursor, reason: string, table: TableName | undefined, span: { start: number; end: number }): Definition {
  return { kind: 'unread', text: cursor.source.text.slice(span.start, span.end), reason, table, ...span };
}

function tableOf(definition: Read): TableName | undefined { return 'table' in definition ? definition.table : undefined; }

const IGNORED: Read = { kind: 'ignored' };

function byVerb(cursor: Cursor, dialect: Dialect | undefined): Read | undefined {
  switch (cursor.token.key) {
    case 'CREATE': return readCreate(cursor);
    case 'ALTER': return readAlter(cursor);
    case 'DROP': return readDrop(cursor);
    case 'DO': return readBlock(cursor, dialect);
    // MySQL: RENAME TABLE a TO b.
    case 'RENAME': {
      cursor.advance();
      if (!cursor.take('TABLE')) return undefined;
      const table = cursor.table();
      const to = cursor.take('TO') ? cursor.table() : undefined;
      return table && to && cursor.done ? { kind: 'alter table', table, actions: [{ kind: 'rename', to: to.name }] } : undefined;
    }
    // `SELECT … INTO newtable`, `SELECT create_hypertable(…)` and all that reads, writes, sets or grants.
    default: return IGNORED;
  }
}

const MODIFIERS = new Set(['OR', 'REPLACE', 'TEMP', 'TEMPORARY', 'UNLOGGED', 'GLOBAL', 'LOCAL', 'UNIQUE', 'FULLTEXT', 'SPATIAL', 'CONSTRAINT', 'MATERIALIZED', 'RECURSIVE', 'FOREIGN', 'VIRTUAL']);

function ifNotExists(cursor: Cursor): boolean { return cursor.take('IF', 'NOT', 'EXISTS'); }

function readCreate(cursor: Cursor): Read | undefined {
  cursor.advance();
  const modifiers = new Set<string>();
  while (cursor.isAny(MODIFIERS)) modifiers.add(cursor.advance().key);
  if (cursor.is('DEFINER') || cursor.is('ALGORITHM') || cursor.is('SQL')) cursor.skipTo((token) => ['VIEW', 'TRIGGER', 'FUNCTION', 'PROCEDURE', 'EVENT'].includes(token.key));
  switch (cursor.token.key) {
    case 'TABLE': return modifiers.has('VIRTUAL') || modifiers.has('FOREIGN') ? IGNORED : readCreateTable(cursor, modifiers.has('TEMP') || modifiers.has('TEMPORARY'));
    case 'INDEX': return readCreateIndex(cursor, modifiers.has('UNIQUE'));
    case 'TRIGGER': return readTrigger(cursor);
    case 'POLICY': return readPolicy(cursor);
    default: return IGNORED;
  }
}

function readCreateTable(cursor: Cursor, temporary: boolean): Read | undefined {
  cursor.advance();
  const exists = ifNotExists(cursor);
  const table = cursor.table();
  if (!table) return undefined;
  const columns: ColumnDefinition[] = [];
  const constraints: Constraint[] = [];
  const like: { table: TableName; keys: boolean }[] = [];
  const missing: string[] = [];
  const partitionOf = cursor.take('PARTITION', 'OF') ? cursor.table() : undefined;
  if (cursor.take('OF')) { missing.push('a table of a type'); cursor.path(); }
  // MySQL: CREATE TABLE a LIKE b.
  if (cursor.take('LIKE')) { const other = cursor.table(); if (other) like.push({ table: other, keys: true }); }
  if (cursor.is('(') && !isQuery(cursor)) {
    const inner = cursor.inner()!;
    for (const part of inner.list()) {
      if (part.done) continue;
      if (part.is('LIKE') && part.peek().kind !== 'operator') {
        part.advance();
        const other = part.table();
        const text = part.text().toUpperCase();
        if (other) like.push({ table: other, keys: /INCLUDING\s+(?:ALL|INDEXES)/.test(text) });
        continue;
      }
      const at = part.at;
      if (isConstraint(part)) {
        const constraint = readConstraint(part);
        if (constraint && part.done) { constraints.push(constraint); continue; }
      } else {
        const column = readColumn(part);
        if (column) columns.push(column);
        if (column && part.done) continue;
      }
      missing.push(part.text(at));
    }
  }
  if (cursor.take('INHERITS')) for (const part of cursor.inner()?.list() ?? []) { const parent = part.table(); if (parent) like.push({ table: parent, keys: false }); }
  if (cursor.find((token, at) => (token.key === 'AS' && ['SELECT', 'WITH', '(', 'TABLE', 'VALUES'].includes(cursor.tokens[at + 1]?.key ?? '')) || token.key === 'SELECT') < cursor.end) missing.push('columns of a query');
  cursor.at = cursor.end;
  return { kind: 'create table', table, ifNotExists: exists, temporary, columns, constraints, like, partitionOf, unread: missing };
}

function readCreateIndex(cursor: Cursor, unique: boolean): Read | undefined {
  cursor.advance();
  cursor.take('CONCURRENTLY');
  const exists = ifNotExists(cursor);
  const name = cursor.is('ON') ? undefined : cursor.path()?.at(-1);
  if (cursor.take('USING')) cursor.advance();
  if (!cursor.take('ON')) return undefined;
  cursor.take('ONLY');
  const table = cursor.table();
  if (!table) return undefined;
  if (cursor.take('USING')) cursor.advance();
  if (!cursor.is('(')) return unique ? undefined : IGNORED;
  const { columns, expression } = readParts(cursor);
  let nullsNotDistinct = false;
  let where: string | undefined;
  while (!cursor.done) {
    if (cursor.take('INCLUDE') || cursor.take('WITH')) cursor.skip();
    else if (cursor.take('NULLS', 'NOT', 'DISTINCT')) nullsNotDistinct = true;
    else if (cursor.take('WHERE')) { where = cursor.text(); cursor.at = cursor.end; } else cursor.advance();
  }
  return { kind: 'create index', table, name, unique, ifNotExists: exists, columns, expression, where, nullsNotDistinct };
}

/** `TRIGGER name BEFORE INSERT … ON table …`. */
function readTrigger(cursor: Cursor): Read | undefined {
  cursor.advance();
  ifNotExists(cursor);
  const name = cursor.path()?.at(-1);
  const from = cursor.at;
  cursor.skipTo((token) => token.key === 'ON');
  const when = cursor.text(from, cursor.at).replace(/\s+/g, ' ').toUpperCase();
  if (name === undefined || !cursor.take('ON')) return undefined;
  const table = cursor.table();
  cursor.skipTo((token) => token.key === 'EACH');
  cursor.take('EACH');
  // Without a word a trigger runs once a statement, also when that changes no row.
  const each = cursor.is('ROW') ? '' : ' FOR EACH STATEMENT';
  return table && { kind: 'create trigger', name, table, text: `trigger ${name} ${when}${each}`.trim() };
}

function readPolicy(cursor: Cursor): Read | undefined {
  cursor.advance();
  const name = cursor.name();
  if (name === undefined || !cursor.take('ON')) return undefined;
  const table = cursor.table();
  if (!table) return undefined;
  const mark = cursor.find((token) => token.key === 'FOR');
  const word = cursor.tokens[mark + 1]?.key.toLowerCase();
  const command = mark < cursor.end && word !== undefined && ['select', 'insert', 'update', 'delete'].includes(word) ? word as PolicyCommand : 'all';
  return { kind: 'create policy', name, table, command };
}

function readAlter(cursor: Cursor): Read | undefined {
  cursor.advance();
  if (cursor.take('TABLE')) return readAlterTable(cursor);
  if (cursor.take('INDEX')) {
    cursor.take('IF', 'EXISTS');
    const from = cursor.table();
    if (!from || !cursor.take('RENAME', 'TO')) return IGNORED;
    const to = cursor.name();
    return to === undefined ? undefined : { kind: 'rename index', from: from.name, to };
  }
  return IGNORED;
}

function readDrop(cursor: Cursor): Read | undefined {
  cursor.advance();
  cursor.take('TEMPORARY');
  const what = cursor.advance().key;
  cursor.take('CONCURRENTLY');
  cursor.take('IF', 'EXISTS');
  const names = (): TableName[] => { const found: TableName[] = []; do { const one = cursor.table(); if (one) found.push(one); } while (cursor.take(',')); return found; };
  switch (what) {
    case 'TABLE': { const tables = names(); return tables.length ? { kind: 'drop table', tables } : undefined; }
    case 'INDEX': { const indexes = names(); const table = cursor.take('ON') ? cursor.table() : undefined; return indexes.length ? { kind: 'drop index', indexes, table } : undefined; }
    case 'TRIGGER': { const name = cursor.path()?.at(-1); const table = cursor.take('ON') ? cursor.table() : undefined; return name === undefined ? undefined : { kind: 'drop trigger', name, table }; }
    case 'POLICY': { const name = cursor.name(); const table = cursor.take('ON') ? cursor.table() : undefined; return name !== undefined && table ? { kind: 'drop policy', name, table } : undefined; }
    // All that lies in the schema goes with it; which tables that are is known only where names have schemas.
    case 'SCHEMA': case 'DATABASE': return { kind: 'unread', text: cursor.text(0), reason: `DROP ${what} takes its tables along`, table: undefined };
    default: return IGNORED;
  }
}
