/** INSERT, REPLACE, UPDATE, DELETE and their conflict clauses. */
import type { Cursor } from './cursor.ts';
import { everyRow, readCondition } from './condition.ts';
import { readOperand, wholeOperand } from './expression.ts';
import type { CommonTable, ConflictClause, Delete, Insert, Operand, Predicate, SetColumn, TableName, Update } from './model.ts';
import { isQuery, readFrom, readQuery, readReturning, tableReference } from './select.ts';
import type { Token } from './tokens.ts';

const ARITHMETIC = new Set(['+', '-', '*', '/', '||']);

/** The predicate of a statement of which a part was not understood. */
function doubtful(predicate: Predicate, complete: boolean): Predicate { return complete ? predicate : { ...predicate, complete: false }; }

export function readInsert(cursor: Cursor, common: readonly CommonTable[]): Insert | undefined {
  const { start } = cursor;
  const replaces = cursor.take('REPLACE');
  let ignores = false;
  let action: ConflictClause['action'] = replaces ? 'replace' : 'ignore';
  let stated = replaces;
  if (!replaces) {
    cursor.take('INSERT');
    while (cursor.is('LOW_PRIORITY') || cursor.is('HIGH_PRIORITY') || cursor.is('DELAYED')) cursor.advance();
    if (cursor.take('IGNORE')) ignores = true;
    else if (cursor.take('OR')) {
      const how = cursor.advance().key;
      if (how === 'REPLACE') action = 'replace';
      // ABORT, FAIL and ROLLBACK all raise the violation.
      stated = how === 'REPLACE' || how === 'IGNORE';
    }
  }
  cursor.take('INTO');
  const named = cursor.table();
  if (!named) return undefined;
  const alias = cursor.take('AS') ? cursor.name() : undefined;
  const table: TableName = { ...named, alias };
  if (cursor.is('PARTITION')) { cursor.advance(); cursor.skip(); }
  let complete = true;
  let columns: readonly string[] | undefined;
  if (cursor.is('(') && !isQuery(cursor)) {
    const list = cursor.names()!;
    columns = list.names;
    complete &&= list.plain;
  }
  if (cursor.take('OVERRIDING')) { cursor.advance(); cursor.take('VALUE'); }
  let rows: Operand[][] | undefined;
  let rowsOperand: Operand | undefined;
  let select: Insert['select'];
  if (cursor.take('DEFAULT', 'VALUES')) { rows = [[]]; columns = []; } else if (cursor.take('SET')) {
    const assigned = cursor.until(cursor.find((token, at) => endsValues(token, at, cursor)));
    rowsOperand = wholeRow(assigned);
    const set = readSet(assigned);
    columns = rowsOperand ? undefined : set.columns.map((one) => one.column);
    rows = rowsOperand ? undefined : [set.columns.map((one) => one.operand)];
    complete &&= rowsOperand !== undefined || set.complete;
  } else if (cursor.take('VALUES') || cursor.take('VALUE')) {
    rows = [];
    do {
      cursor.take('ROW');
      const inner = cursor.inner();
      if (!inner) { rowsOperand = readOperand(cursor); complete &&= rowsOperand !== undefined; break; }
      rows.push([...inner.list()].map(wholeOperand));
    } while (cursor.take(','));
    // `VALUES ?` and `VALUES ${rows}`: one value stands for all rows.
    if (rowsOperand) { complete &&= !rows.length; rows = undefined; }
  } else if (isQuery(cursor)) {
    select = readQuery(cursor.until(cursor.find((token, at) => endsValues(token, at, cursor))));
    complete &&= select !== undefined;
  } else if (cursor.token.kind === 'hole') { rowsOperand = readOperand(cursor); } else complete = false;
  if (cursor.take('AS')) { cursor.name(); if (cursor.is('(')) cursor.skip(); }
  const conflicts: ConflictClause[] = [];
  while (cursor.is('ON')) {
    const clause = readConflict(cursor, table);
    if (!clause) { complete = false; break; }
    conflicts.push(clause);
  }
  const returning = cursor.take('RETURNING') ? readReturning(cursor) : undefined;
  complete &&= cursor.done && conflicts.length < 2;
  const implied: ConflictClause = { target: undefined, expression: false, constraint: undefined, targetWhere: undefined, action, set: [], predicate: undefined, complete: true, start, end: table.start };
  return { kind: 'insert', with: common, complete, table, columns, rows, rowsOperand, select, conflict: conflicts[0] ?? (ignores || stated ? implied : undefined), returning, ...cursor.since(start) };
}

function endsValues(token: Token, at: number, cursor: Cursor): boolean {
  const next = cursor.tokens[at + 1]?.key;
  return token.key === 'RETURNING' || (token.key === 'ON' && (next === 'CONFLICT' || next === 'DUPLICATE')) || (token.key === 'AS' && cursor.tokens.slice(at + 1, at + 4).some((one) => one.key === 'ON'));
}

/** `ON CONFLICT [(columns) [WHERE …] | ON CONSTRAINT name] DO NOTHING | UPDATE SET … [WHERE …]`, `ON DUPLICATE KEY UPDATE …`. */
function readConflict(cursor: Cursor, table: TableName): ConflictClause | undefined {
  const { start } = cursor;
  const none = { target: undefined, expression: false, constraint: undefined, targetWhere: undefined, predicate: undefined };
  if (cursor.take('ON', 'DUPLICATE', 'KEY', 'UPDATE')) {
    const set = readSet(cursor.until(cursor.find((token) => token.key === 'RETURNING')), table);
    return { ...none, action: 'update', set: set.columns, complete: set.complete, ...cursor.since(start) };
  }
  if (!cursor.take('ON', 'CONFLICT')) return undefined;
  let target: readonly string[] | undefined;
  let expression = false;
  let constraint: string | undefined;
  let targetWhere: ConflictClause['targetWhere'];
  if (cursor.is('(')) {
    const names: string[] = [];
    for (const part of cursor.inner()!.list()) {
      const path = part.path();
      // An operator class, a collation or an order leaves the column what it is.
      if (path && !part.is('(') && part.find((one) => one.kind === 'operator' && one.key !== '.') === part.end) names.push(path.at(-1)!);
      else expression = true;
    }
    target = names;
    if (cursor.take('WHERE')) {
      const from = cursor.at;
      const part = cursor.until(cursor.find((token, at) => token.key === 'DO' && ['NOTHING', 'UPDATE'].includes(cursor.tokens[at + 1]?.key ?? '')));
      targetWhere = { ...readCondition(part), text: cursor.text(from, cursor.at) };
    }
  } else if (cursor.take('ON', 'CONSTRAINT')) constraint = cursor.name();
  const base = { target, expression, constraint, targetWhere };
  if (cursor.take('DO', 'NOTHING')) return { ...base, action: 'ignore', set: [], predicate: undefined, complete: true, ...cursor.since(start) };
  if (!cursor.take('DO', 'UPDATE', 'SET')) return undefined;
  const set = readSet(cursor.until(cursor.find((token, at) => token.key === 'WHERE' || token.key === 'RETURNING' || (token.key === 'ON' && cursor.tokens[at + 1]?.key === 'CONFLICT'))), table);
  const predicate = cursor.take('WHERE') ? readCondition(cursor.until(cursor.find((token) => token.key === 'RETURNING' || token.key === 'ON'))) : undefined;
  return { ...base, action: 'update', set: set.columns, predicate, complete: set.complete, ...cursor.since(start) };
}

/** `SET ?`: one object that stands for all columns. A hole may hold any text. Leaves the cursor where it is. */
function wholeRow(cursor: Cursor): Operand | undefined {
  if (cursor.end - cursor.at !== 1 || cursor.is('(')) return undefined;
  const operand = wholeOperand(cursor.until(cursor.end));
  return operand.kind === 'parameter' ? operand : undefined;
}

/** `a = 1, b = b + ?, (c, d) = (1, 2)`; a hole for the whole list leaves it incomplete. */
export function readSet(cursor: Cursor, table?: TableName): { readonly columns: readonly SetColumn[]; readonly complete: boolean } {
  const columns: SetColumn[] = [];
  let complete = !cursor.done;
  for (const part of cursor.list()) {
    const { start } = part;
    if (part.is('(')) {
      const names = part.names()!;
      const row = part.take('=') ? wholeOperand(part) : undefined;
      const items = row?.kind === 'list' ? row.items : names.names.length === 1 && row ? [row] : [];
      if (!names.plain || !row) { complete = false; continue; }
      for (const [index, column] of names.names.entries()) columns.push({ column, operand: items[index] ?? { kind: 'text', columns: [], start: row.start, end: row.end }, ...part.since(start) });
      continue;
    }
    const path = part.path();
    // `tags[1] = …` writes a part of the column.
    const partial = part.is('[');
    if (partial) part.skip();
    if (!path || !(part.take('=') || part.take(':='))) { complete = false; continue; }
    const column = path.at(-1)!;
    const operand = wholeOperand(part);
    const span = part.since(start);
    const self = partial ? undefined : selfArithmetic(column, operand, table);
    columns.push({ column, operand: partial ? { kind: 'text', columns: [{ qualifier: undefined, name: column }], start: operand.start, end: operand.end } : operand, ...(self && { self }), ...span });
  }
  return { columns, complete: complete && cursor.done };
}

/** `x + 1` and `COALESCE(x, 0) + 1` written to `x`; of `+` also the other way round. */
export function selfArithmetic(column: string, operand: Operand, table?: TableName): SetColumn['self'] {
  if (operand.kind !== 'operation' || operand.operands.length !== 2 || !ARITHMETIC.has(operand.operator)) return undefined;
  const [left, right] = operand.operands as [Operand, Operand];
  const operator = operand.operator as '+' | '-' | '*' | '/' | '||';
  if (isColumn(column, left, table) && !names(column, right)) return { operator, amount: right };
  return (operator === '+' || operator === '*') && isColumn(column, right, table) && !names(column, left) ? { operator, amount: left } : undefined;
}

function isColumn(column: string, operand: Operand, table: TableName | undefined): boolean {
  if (operand.kind === 'call' && (operand.name === 'coalesce' || operand.name === 'ifnull') && operand.arguments[1]?.kind === 'literal') return isColumn(column, operand.arguments[0]!, table);
  if (operand.kind !== 'column' || operand.column.name.toLowerCase() !== column.toLowerCase()) return false;
  const qualifier = operand.column.qualifier?.toLowerCase();
  // Another table's column of that name is a value like any other.
  return qualifier === undefined || table === undefined || qualifier === table.name.toLowerCase() || qualifier === table.alias?.toLowerCase();
}

/** Whether an operand reads the column, at any depth. */
export function names(column: string, operand: Operand): boolean {
  switch (operand.kind) {
    case 'column': return operand.column.name.toLowerCase() === column.toLowerCase();
    case 'text': return operand.columns.some((one) => one.name.toLowerCase() === column.toLowerCase());
    case 'call': return operand.arguments.some((one) => names(column, one));
    case 'operation': return operand.operands.some((one) => names(column, one));
    case 'list': return operand.items.some((one) => names(column, one));
    default: return false;
  }
}

const AFTER_SET = new Set(['FROM', 'WHERE', 'RETURNING', 'ORDER', 'LIMIT']);

export function readUpdate(cursor: Cursor, common: readonly CommonTable[]): Update | undefined {
  const { start } = cursor;
  cursor.take('UPDATE');
  while (cursor.is('LOW_PRIORITY') || cursor.is('IGNORE')) cursor.advance();
  if (cursor.take('OR')) cursor.advance();
  const head = cursor.until(cursor.find((token) => token.key === 'SET'));
  const first = tableReference(head);
  if (!first || !cursor.take('SET')) return undefined;
  // MySQL's `UPDATE a JOIN b ON … SET`: which rows is more than the condition says.
  let complete = head.done;
  const assigned = cursor.until(cursor.find((token) => token.kind === 'word' && AFTER_SET.has(token.key)));
  const setOperand = wholeRow(assigned);
  const set = readSet(assigned, first);
  complete &&= setOperand !== undefined || set.complete;
  let from: TableName[] = [];
  if (cursor.take('FROM')) {
    const read = readFrom(cursor.until(cursor.find((token) => token.kind === 'word' && AFTER_SET.has(token.key))));
    from = [...read.tables, ...read.joins.map((join) => join.table)].filter((table) => table !== undefined);
    complete &&= read.complete;
  }
  const tail = rest(cursor);
  return { kind: 'update', with: common, complete: complete && tail.complete, table: first, set: set.columns, ...(setOperand && { setOperand }), from, predicate: doubtful(tail.predicate, head.done && tail.complete), returning: tail.returning, ...cursor.since(start) };
}

export function readDelete(cursor: Cursor, common: readonly CommonTable[]): Delete | undefined {
  const { start } = cursor;
  cursor.take('DELETE');
  while (cursor.is('LOW_PRIORITY') || cursor.is('QUICK') || cursor.is('IGNORE')) cursor.advance();
  // MySQL's `DELETE a FROM a JOIN b`.
  const joined = !cursor.is('FROM') ? cursor.table() : undefined;
  if (!cursor.take('FROM') && !joined) return undefined;
  const table = tableReference(cursor);
  if (!table) return undefined;
  let complete = joined === undefined;
  const using: TableName[] = [];
  if (cursor.take('USING')) {
    const read = readFrom(cursor.until(cursor.find((token) => token.key === 'WHERE' || token.key === 'RETURNING')));
    using.push(...[...read.tables, ...read.joins.map((join) => join.table)].filter((one) => one !== undefined));
    complete &&= read.complete;
  }
  if (joined) cursor.skipTo((token) => token.key === 'WHERE');
  const tail = rest(cursor);
  return { kind: 'delete', with: common, complete: complete && tail.complete, table, using, predicate: doubtful(tail.predicate, complete && tail.complete), returning: tail.returning, ...cursor.since(start) };
}

/** `[WHERE …] [ORDER BY …] [LIMIT n] [RETURNING …]`; with a limit fewer rows than the condition selects are written. */
function rest(cursor: Cursor): { predicate: Predicate; complete: boolean; returning: Update['returning'] } {
  let predicate = everyRow(cursor.start);
  let limited = false;
  if (cursor.take('WHERE')) predicate = readCondition(cursor.until(cursor.find((token, at) => token.kind === 'word' && (token.key === 'RETURNING' || token.key === 'LIMIT' || (token.key === 'ORDER' && cursor.tokens[at + 1]?.key === 'BY')))));
  while (cursor.is('ORDER', 'BY') || cursor.is('LIMIT')) {
    limited ||= cursor.is('LIMIT');
    cursor.advance();
    cursor.skipTo((token) => token.kind === 'word' && (token.key === 'RETURNING' || token.key === 'LIMIT'));
  }
  const returning = cursor.take('RETURNING') ? readReturning(cursor) : undefined;
  return { predicate: limited ? { ...predicate, complete: false } : predicate, complete: cursor.done, returning };
}
