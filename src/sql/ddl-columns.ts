/** Column definitions and constraints, of CREATE TABLE and ALTER TABLE alike. */
import type { Cursor } from './cursor.ts';
import type { ColumnDefinition, Constraint, ForeignKeyConstraint, KeyConstraint } from './ddl-model.ts';
import { readOperand, readType } from './expression.ts';

const CONSTRAINTS = new Set(['CONSTRAINT', 'PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK', 'EXCLUDE', 'KEY', 'INDEX', 'FULLTEXT', 'SPATIAL']);
/** Words that go on with a column's definition behind its type or an option. */
const OPTIONS = new Set(['CONSTRAINT', 'NOT', 'NULL', 'DEFAULT', 'PRIMARY', 'UNIQUE', 'REFERENCES', 'CHECK', 'GENERATED', 'AS', 'AUTO_INCREMENT', 'AUTOINCREMENT', 'COLLATE', 'COMMENT', 'ON', 'DEFERRABLE', 'INITIALLY', 'CHARACTER', 'CHARSET',
  'STORED', 'VIRTUAL', 'KEY', 'FIRST', 'AFTER', 'COMPRESSION', 'STORAGE', 'INVISIBLE', 'VISIBLE', 'ENABLE', 'IDENTITY', 'USING', 'MATCH']);

/** An entry of CREATE TABLE's brackets is a constraint rather than a column. */
export function isConstraint(cursor: Cursor): boolean {
  if (!cursor.isAny(CONSTRAINTS)) return false;
  const next = cursor.peek();
  switch (cursor.token.key) {
    // `key text NOT NULL`, `index int`: columns with such names.
    case 'KEY': case 'INDEX': return next.key === '(' || ((next.kind === 'word' || next.kind === 'quoted') && (cursor.peek(2).key === '(' || cursor.peek(2).key === 'USING') && !/^(?:VARCHAR|CHAR|VARBINARY|BINARY|DECIMAL|NUMERIC|INT|BIGINT|CHARACTER|BIT|TIMESTAMP|DATETIME)$/.test(next.key));
    case 'PRIMARY': case 'FOREIGN': return next.key === 'KEY';
    case 'UNIQUE': case 'CHECK': case 'EXCLUDE': return next.key === '(' || next.key === 'USING' || next.key === 'KEY' || next.key === 'INDEX' || next.key === 'NULLS' || next.kind === 'quoted' || (next.kind === 'word' && cursor.peek(2).key === '(');
    default: return next.kind === 'word' || next.kind === 'quoted';
  }
}

const INTEGER = /^(?:(?:big|small)?serial[248]?)$/;

/** `name type options…`; undefined where no name stands. What it does not understand stays behind in `cursor`. */
export function readColumn(cursor: Cursor): ColumnDefinition | undefined {
  const { start } = cursor;
  const name = cursor.name();
  if (name === undefined) return undefined;
  let type: string | undefined;
  let array = false;
  if (!cursor.done && !(cursor.token.kind === 'word' && OPTIONS.has(cursor.token.key) && cursor.token.key !== 'CHARACTER')) {
    if (cursor.is('CHARACTER', 'VARYING')) { cursor.take('CHARACTER', 'VARYING'); type = 'character varying'; if (cursor.is('(')) cursor.skip(); while (cursor.is('[')) { cursor.skip(); array = true; } } else {
      if (cursor.is('SETOF')) cursor.advance();
      const read = readType(cursor);
      type = read?.name;
      array = read?.array ?? false;
      // SQLite takes any words for a type; MySQL's INT(10) UNSIGNED, DOUBLE PRECISION are read with it.
      while (cursor.token.kind === 'word' && !OPTIONS.has(cursor.token.key)) cursor.skip();
    }
  }
  const serial = type !== undefined && INTEGER.test(type);
  let nullable: boolean | undefined = serial ? false : undefined;
  let given: ColumnDefinition['default'] = serial ? { kind: 'identity' } : undefined;
  let onUpdate = false;
  const constraints: Constraint[] = [];
  while (!cursor.done) {
    const at = cursor.at;
    const named = cursor.take('CONSTRAINT') ? cursor.name() : undefined;
    if (cursor.take('NOT', 'NULL')) { nullable = false; if (cursor.is('ON', 'CONFLICT')) { cursor.take('ON', 'CONFLICT'); cursor.advance(); } } else if (cursor.take('NULL')) nullable = true;
    else if (cursor.take('DEFAULT')) given = readDefault(cursor);
    else if (cursor.take('PRIMARY', 'KEY')) {
      cursor.take('ASC');
      cursor.take('DESC');
      nullable = false;
      constraints.push(key(named, [name], true, cursor));
    } else if (cursor.take('UNIQUE')) { cursor.take('KEY'); constraints.push(key(named, [name], false, cursor)); } else if (cursor.take('KEY')) constraints.push(key(named, [name], true, cursor));
    else if (cursor.is('REFERENCES')) { const foreign = readReferences(cursor, named, [name]); if (foreign) constraints.push(foreign); } else if (cursor.take('CHECK')) { if (cursor.is('(')) cursor.skip(); cursor.take('NO', 'INHERIT'); } else if (cursor.take('GENERATED')) given = readGenerated(cursor);
    else if (cursor.is('AS', '(')) { cursor.advance(); cursor.skip(); given = { kind: 'generated' }; } else if (cursor.take('AUTO_INCREMENT') || cursor.take('AUTOINCREMENT') || cursor.take('IDENTITY')) given = { kind: 'identity' };
    else if (cursor.take('ON', 'UPDATE')) { onUpdate = true; readOperand(cursor); } else if (cursor.take('COLLATE') || cursor.take('CHARSET') || cursor.take('AFTER') || cursor.take('STORAGE') || cursor.take('COMPRESSION')) { cursor.take('='); if (!cursor.path()) cursor.advance(); } else if (cursor.take('CHARACTER', 'SET')) cursor.advance();
    else if (cursor.take('COMMENT')) { cursor.take('='); cursor.advance(); } else if (cursor.take('NOT', 'DEFERRABLE') || cursor.take('DEFERRABLE') || cursor.take('INITIALLY', 'DEFERRED') || cursor.take('INITIALLY', 'IMMEDIATE') || cursor.take('STORED') || cursor.take('VIRTUAL') || cursor.take('FIRST') || cursor.take('INVISIBLE') || cursor.take('VISIBLE') || cursor.take('NO', 'INHERIT')) continue;
    else break;
    if (cursor.at === at) break;
  }
  return { name, type: type?.toLowerCase(), array, nullable, default: given, onUpdate, constraints, ...cursor.since(start) };
}

/** The value behind DEFAULT. */
export function readDefault(cursor: Cursor): ColumnDefinition['default'] {
  const bracketed = cursor.is('(');
  const operand = readOperand(cursor);
  if (!operand) {
    // An expression that the value reader does not know; an option's word ends it.
    do cursor.skip(); while (!cursor.done && !(cursor.token.kind === 'word' && OPTIONS.has(cursor.token.key)) && cursor.token.key !== ',');
    return { kind: 'expression' };
  }
  if (operand.kind === 'literal' && !bracketed) return { kind: 'literal', value: operand.value };
  if (operand.kind === 'call' && operand.name === 'nextval') return { kind: 'identity' };
  return operand.kind === 'literal' ? { kind: 'literal', value: operand.value } : { kind: 'expression' };
}

/** `ALWAYS | BY DEFAULT AS IDENTITY [(…)]`, `ALWAYS AS (…) STORED`. */
export function readGenerated(cursor: Cursor): ColumnDefinition['default'] {
  if (!cursor.take('ALWAYS')) cursor.take('BY', 'DEFAULT');
  cursor.take('ON', 'NULL');
  cursor.take('AS');
  const identity = cursor.take('IDENTITY');
  if (cursor.is('(')) cursor.skip();
  return { kind: identity ? 'identity' : 'generated' };
}

/** A key with what may stand behind it. */
function key(name: string | undefined, columns: readonly string[], primary: boolean, cursor: Cursor, expression = false): KeyConstraint {
  let nullsNotDistinct = false;
  let deferrable = false;
  for (;;) {
    if (cursor.take('NULLS', 'NOT', 'DISTINCT')) nullsNotDistinct = true;
    else if (cursor.take('NOT', 'DEFERRABLE')) deferrable = false;
    else if (cursor.take('DEFERRABLE')) deferrable = true;
    else if (cursor.take('INITIALLY', 'DEFERRED')) deferrable = true;
    else if (cursor.take('NULLS', 'DISTINCT') || cursor.take('INITIALLY', 'IMMEDIATE') || cursor.take('USING', 'BTREE') || cursor.take('USING', 'HASH') || cursor.take('AUTOINCREMENT') || cursor.take('NOT', 'VALID')) continue;
    else if (cursor.take('INCLUDE') || cursor.take('WITH')) cursor.skip();
    else if (cursor.take('USING', 'INDEX', 'TABLESPACE')) cursor.advance();
    else if (cursor.take('ON', 'CONFLICT')) cursor.advance();
    else if (cursor.take('COMMENT') || cursor.take('KEY_BLOCK_SIZE')) { cursor.take('='); cursor.advance(); } else break;
  }
  return { kind: 'key', name, columns, primary, deferrable, nullsNotDistinct, expression };
}

/** `(a, lower(b), c(10) DESC)`: plain columns, and whether there was anything else. */
export function readParts(cursor: Cursor): { readonly columns: readonly string[]; readonly expression: boolean } {
  const columns: string[] = [];
  let expression = false;
  for (const part of cursor.inner()?.list() ?? []) {
    const path = part.path();
    if (!path || part.is('(') || part.token.kind === 'operator') { expression = true; continue; }
    columns.push(path.at(-1)!);
  }
  return { columns, expression };
}

function readReferences(cursor: Cursor, name: string | undefined, columns: readonly string[]): ForeignKeyConstraint | undefined {
  cursor.take('REFERENCES');
  const target = cursor.table();
  if (!target) return undefined;
  const references = cursor.names()?.names ?? [];
  let cascades = false;
  for (;;) {
    if (cursor.take('ON', 'DELETE') || cursor.take('ON', 'UPDATE')) {
      if (cursor.take('CASCADE')) cascades = true;
      else if (cursor.take('SET')) { cursor.advance(); if (cursor.is('(')) cursor.skip(); } else if (!cursor.take('NO', 'ACTION')) cursor.advance();
    } else if (cursor.take('MATCH')) cursor.advance();
    else if (!(cursor.take('NOT', 'DEFERRABLE') || cursor.take('DEFERRABLE') || cursor.take('INITIALLY', 'DEFERRED') || cursor.take('INITIALLY', 'IMMEDIATE') || cursor.take('NOT', 'VALID') || cursor.take('NOT', 'ENFORCED'))) break;
  }
  return { kind: 'foreign key', name, columns, target, references, cascades };
}

/** A table constraint; undefined when it is none that is understood. */
export function readConstraint(cursor: Cursor): Constraint | undefined {
  let name: string | undefined;
  if (cursor.take('CONSTRAINT') && !['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'].includes(cursor.token.key)) {
    name = cursor.name();
    if (name === undefined) return undefined;
  // A constraint that is called like one (`CONSTRAINT unique UNIQUE (…)`).
  } else if (['PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'].includes(cursor.peek().key)) name = cursor.name();
  const own = (): string | undefined => (cursor.is('(') || cursor.is('USING') || cursor.is('NULLS') ? undefined : cursor.name());
  if (cursor.take('PRIMARY', 'KEY') || cursor.is('UNIQUE')) {
    const primary = !cursor.take('UNIQUE');
    if (!primary && !cursor.take('KEY')) cursor.take('INDEX');
    if (cursor.take('USING', 'INDEX')) { const index = cursor.name(); return { ...key(name ?? index, [], primary, cursor), ...(index !== undefined && { index }) }; }
    // MySQL's `UNIQUE KEY name (…)`: the name of the index is what violations tell.
    const index = primary ? undefined : own();
    if (cursor.take('USING')) cursor.advance();
    const nulls = cursor.take('NULLS', 'NOT', 'DISTINCT');
    cursor.take('NULLS', 'DISTINCT');
    if (!cursor.is('(')) return undefined;
    const { columns, expression } = readParts(cursor);
    const made = key(index ?? name, columns, primary, cursor, expression);
    return nulls ? { ...made, nullsNotDistinct: true } : made;
  }
  if (cursor.take('FOREIGN', 'KEY')) {
    const index = own();
    const columns = cursor.names();
    return columns && readReferences(cursor, name ?? index, columns.names);
  }
  if (cursor.take('CHECK')) { cursor.skip(); cursor.at = cursor.end; return { kind: 'other', name, excludes: false }; }
  if (cursor.take('EXCLUDE')) { cursor.at = cursor.end; return { kind: 'other', name, excludes: true }; }
  if (cursor.is('FULLTEXT') || cursor.is('SPATIAL') || cursor.is('KEY') || cursor.is('INDEX')) { cursor.at = cursor.end; return { kind: 'other', name, excludes: false }; }
  if (cursor.take('NOT', 'NULL')) { cursor.at = cursor.end; return { kind: 'other', name, excludes: false }; }
  return undefined;
}
