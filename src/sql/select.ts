/** SELECT: tables, joins, condition, what is selected, order, limit, locks. */
import type { Cursor } from './cursor.ts';
import { everyRow, readCondition } from './condition.ts';
import { MAX_DEPTH, readOperand, wholeOperand } from './expression.ts';
import type { Aggregate, CommonTable, Join, Operand, Predicate, RowLock, Select, SelectItem, TableName } from './model.ts';
import { readWith } from './with.ts';
import type { Token } from './tokens.ts';

const CLAUSES = new Set(['FROM', 'WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'FOR', 'LOCK', 'UNION', 'INTERSECT', 'EXCEPT', 'INTO', 'RETURNING', 'ON']);
const JOINS = new Set(['JOIN', 'STRAIGHT_JOIN', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'NATURAL']);
/** What may follow a table without being its alias. */
const NO_ALIAS = new Set([...JOINS, ...CLAUSES, 'SET', 'VALUES', 'USING', 'USE', 'FORCE', 'IGNORE', 'TABLESAMPLE', 'PARTITION', 'SELECT', 'DEFAULT', 'WITH', 'AS', 'OVERRIDING', 'INDEXED', 'NOT', 'DO', 'WHEN']);
const AGGREGATES = new Set(['count', 'max', 'min', 'sum', 'avg']);

export function isQuery(cursor: Cursor): boolean {
  let at = cursor.at;
  while (at < cursor.end && cursor.tokens[at]!.key === '(') at++;
  const key = at < cursor.end ? cursor.tokens[at]!.key : '';
  return key === 'SELECT' || key === 'WITH';
}

/** A query in brackets or at the top; undefined when it is no SELECT. */
export function readQuery(cursor: Cursor): Select | undefined {
  if (cursor.depth > MAX_DEPTH) return undefined;
  const common = cursor.is('WITH') ? readWith(cursor) : [];
  return common && cursor.is('SELECT') ? readSelect(cursor, common) : cursor.is('(') ? bracketedSelect(cursor, common ?? []) : undefined;
}

/** `(SELECT …) UNION …`. */
function bracketedSelect(cursor: Cursor, common: readonly CommonTable[]): Select | undefined {
  const first = readQuery(cursor.inner()!);
  if (!first) return undefined;
  const compound = !cursor.done;
  cursor.at = cursor.end;
  return { ...first, with: [...common, ...first.with], compound: first.compound || compound };
}

function isClause(token: Token, at: number, cursor: Cursor): boolean {
  if (token.kind !== 'word' || !CLAUSES.has(token.key)) return false;
  const before = cursor.tokens[at - 1]?.key;
  const after = cursor.tokens[at + 1]?.key ?? '';
  switch (token.key) {
    case 'FROM': return before !== 'DISTINCT' || !['IS', 'NOT'].includes(cursor.tokens[at - 2]?.key ?? '');
    case 'FOR': return ['UPDATE', 'NO', 'SHARE', 'KEY'].includes(after);
    case 'GROUP': case 'ORDER': return after === 'BY' && before !== 'WITHIN';
    case 'LOCK': return after === 'IN';
    case 'ON': return after === 'CONFLICT' || after === 'DUPLICATE';
    case 'OFFSET': case 'LIMIT': case 'WINDOW': case 'FETCH': return before !== '.' && before !== 'AS' && before !== ',';
    default: return true;
  }
}

/** The part of `cursor` up to the next clause of this level. */
export function clause(cursor: Cursor): Cursor { return cursor.until(cursor.find((token, at) => isClause(token, at, cursor))); }

export function readSelect(cursor: Cursor, common: readonly CommonTable[]): Select {
  const { start } = cursor;
  cursor.take('SELECT');
  const distinct = cursor.take('DISTINCT');
  if (distinct && cursor.take('ON')) cursor.inner();
  while (cursor.take('ALL') || cursor.take('SQL_CALC_FOUND_ROWS') || cursor.take('STRAIGHT_JOIN'));
  const listed = clause(cursor);
  const parts = [...listed.list()];
  const exists = parts.length === 1 && parts[0]!.is('EXISTS', '(');
  if (exists && cursor.done) {
    const part = parts[0]!;
    part.advance();
    const inner = readQuery(part.inner()!);
    if (inner) return { ...inner, with: [...common, ...inner.with], aggregate: { function: 'exists', column: undefined, alias: alias(part) }, ...cursor.since(start) };
  }
  const items = parts.map(selectItem);
  const aggregate = parts.length === 1 && items[0] !== 'all' ? aggregateOf(items[0]!, parts[0]!) : undefined;
  let complete = true;
  let from: TableName | undefined;
  let joins: Join[] = [];
  let predicate: Predicate = everyRow(cursor.start);
  let grouped = false;
  let compound = false;
  let limit: Operand | undefined;
  let lock: RowLock | undefined;
  let order: Select['order'] = [];
  const calls = items.flatMap((item) => (item !== 'all' && item.operand.kind === 'call' ? [item.operand] : []));
  while (!cursor.done) {
    const before = cursor.at;
    if (cursor.take('FROM')) {
      const part = clause(cursor);
      const read = readFrom(part);
      from = read.tables[0];
      joins = [...read.tables.slice(1).map((table): Join => ({ kind: 'inner', table, on: undefined })), ...read.joins];
      calls.push(...read.calls);
      complete &&= read.complete;
      predicate = everyRow(cursor.start);
    } else if (cursor.take('WHERE')) predicate = readCondition(clause(cursor));
    else if (cursor.take('GROUP', 'BY')) { grouped = true; clause(cursor); } else if (cursor.take('HAVING')) { grouped = true; clause(cursor); } else if (cursor.take('ORDER', 'BY')) order = readOrder(clause(cursor));
    else if (cursor.take('LIMIT')) limit = readLimit(clause(cursor));
    else if (cursor.take('FETCH')) { const part = clause(cursor); part.advance(); limit = readOperand(part); } else if (cursor.is('UNION') || cursor.is('INTERSECT') || cursor.is('EXCEPT')) { compound = true; cursor.at = cursor.end; } else if (cursor.is('FOR') || cursor.is('LOCK')) {
      const found = readLock(cursor);
      if (found) lock ??= found;
      else complete = false;
    } else { cursor.advance(); clause(cursor); if (['RETURNING', 'ON'].includes(cursor.tokens[before]!.key)) complete = false; }
    if (cursor.at <= before) { complete = false; cursor.at = cursor.end; }
  }
  return {
    kind: 'select', with: common, complete, from, joins, predicate: complete ? predicate : { ...predicate, complete: false }, items: items.includes('all') ? undefined : items as SelectItem[],
    aggregate: grouped || compound ? undefined : aggregate, distinct, grouped, compound, order, limit, lock, calls, ...cursor.since(start),
  };
}

function alias(cursor: Cursor): string | undefined {
  const named = cursor.take('AS');
  if (!named && cursor.token.kind === 'word' && NO_ALIAS.has(cursor.token.key)) return undefined;
  return cursor.name();
}

function selectItem(part: Cursor): SelectItem | 'all' {
  const { start, at } = part;
  if (part.find((token, index) => token.key === '*' && index === part.end - 1 && (index === at || part.tokens[index - 1]!.key === '.')) < part.end) { part.at = part.end; return 'all'; }
  const operand = readOperand(part);
  if (operand) {
    const named = alias(part);
    if (part.done) return { operand, alias: named, ...part.since(start) };
  }
  part.at = at;
  // The alias of a value that is not understood is still the name under which code gets at it.
  const mark = part.find((token, index) => token.key === 'AS' && index === part.end - 2);
  const body = part.until(mark);
  const text = wholeOperand(body);
  return { operand: text, alias: mark < part.end ? alias(part) : undefined, ...part.since(start) };
}

/** RETURNING's list. */
export function readReturning(cursor: Cursor): readonly SelectItem[] | 'all' {
  const items = [...cursor.list()].map(selectItem);
  return items.includes('all') ? 'all' : items as SelectItem[];
}

/** `count(*)`, `max(n)`, also as `coalesce(max(n), 0) + 1`; `count(*) > 0` asks whether there are any. */
function aggregateOf(item: SelectItem, part: Cursor): Aggregate | undefined {
  let at = item.operand;
  const { cast } = at;
  while ((at.kind === 'call' && (at.name === 'coalesce' || at.name === 'ifnull')) || (at.kind === 'operation' && at.operands.slice(1).every((one) => one.kind === 'literal'))) {
    const inner: Operand | undefined = at.kind === 'call' ? at.arguments[0] : at.operands[0];
    if (!inner) return undefined;
    at = inner;
  }
  if (at.kind === 'text') {
    const keys = part.tokens.slice(part.end - 8 < 0 ? 0 : part.end - 8, part.end).map((token) => token.key || token.value);
    return /\bCOUNT \( .* \) > (?:AS .*)?$/.test(`${keys.join(' ')} `.replace(/> .*$/, '> ')) ? { function: 'exists', column: undefined, alias: item.alias } : undefined;
  }
  if (at.kind !== 'call' || !AGGREGATES.has(at.name)) return undefined;
  const [argument] = at.arguments;
  return { function: at.name as Aggregate['function'], column: argument?.kind === 'column' ? argument.column.name : undefined, alias: item.alias, ...(cast ?? at.cast) !== undefined && { cast: (cast ?? at.cast)! } };
}

/** `[ONLY] [schema.]name [AS] alias`; undefined for what is no plain table. */
export function tableReference(cursor: Cursor): TableName | undefined {
  cursor.take('ONLY');
  const table = cursor.table();
  if (!table) return undefined;
  cursor.take('*');
  const named = alias(cursor);
  if (named !== undefined && cursor.is('(')) cursor.skip();
  while (cursor.is('USE') || cursor.is('FORCE') || cursor.is('IGNORE') || cursor.is('PARTITION') || cursor.is('TABLESAMPLE')) {
    cursor.skipTo((token) => token.key === '(');
    cursor.skip();
  }
  if (cursor.take('INDEXED', 'BY')) cursor.name();
  else cursor.take('NOT', 'INDEXED');
  return { ...table, alias: named };
}

interface From { readonly tables: readonly (TableName | undefined)[]; readonly joins: readonly Join[]; readonly calls: Select['calls']; readonly complete: boolean }

export function readFrom(cursor: Cursor): From {
  const tables: (TableName | undefined)[] = [];
  const joins: Join[] = [];
  const calls: Extract<Operand, { kind: 'call' }>[] = [];
  let complete = true;
  for (const entry of cursor.list()) {
    let kind: Join['kind'] | undefined;
    while (!entry.done) {
      const part = entry.until(entry.find((token, at) => token.kind === 'word' && JOINS.has(token.key) && at > entry.at && entry.tokens[at + 1]?.key !== '('));
      const on = part.find((token) => token.key === 'ON' || token.key === 'USING');
      const head = part.until(on);
      const table = fromItem(head, calls);
      complete &&= head.done;
      if (kind === undefined) tables.push(table);
      else joins.push({ kind, table, on: part.take('ON') ? readCondition(part) : undefined });
      if (entry.done) break;
      kind = entry.is('LEFT') ? 'left' : entry.is('RIGHT') || entry.is('FULL') || entry.is('NATURAL') ? 'other' : 'inner';
      const before = entry.at;
      while (entry.isAny(JOINS) || entry.is('OUTER')) entry.advance();
      if (entry.at === before) { complete = false; break; }
    }
  }
  return { tables, joins, calls, complete: complete && cursor.done };
}

function fromItem(cursor: Cursor, calls: Extract<Operand, { kind: 'call' }>[]): TableName | undefined {
  cursor.take('LATERAL');
  if (cursor.is('(')) {
    cursor.skip();
    alias(cursor);
    if (cursor.is('(')) cursor.skip();
    return undefined;
  }
  const { at } = cursor;
  if (cursor.path() && cursor.is('(')) {
    cursor.at = at;
    const call = readOperand(cursor);
    if (call?.kind === 'call') calls.push(call);
    cursor.at = cursor.end;
    return undefined;
  }
  cursor.at = at;
  return tableReference(cursor);
}

function readOrder(cursor: Cursor): Select['order'] {
  return [...cursor.list()].map((part) => {
    const operand = readOperand(part);
    return { column: operand?.kind === 'column' ? operand.column : undefined, descending: part.is('DESC') };
  });
}

/** `LIMIT n`, MySQL's `LIMIT offset, n`. */
function readLimit(cursor: Cursor): Operand | undefined {
  const values = [...cursor.list()].map(wholeOperand);
  return values.at(-1);
}

/** `FOR [NO KEY] UPDATE | [KEY] SHARE [OF t] [NOWAIT | SKIP LOCKED]`, `LOCK IN SHARE MODE`. */
function readLock(cursor: Cursor): RowLock | undefined {
  let strength: RowLock['strength'];
  if (cursor.take('LOCK', 'IN', 'SHARE', 'MODE')) strength = 'share';
  else if (cursor.take('FOR', 'UPDATE')) strength = 'update';
  else if (cursor.take('FOR', 'NO', 'KEY', 'UPDATE')) strength = 'no key update';
  else if (cursor.take('FOR', 'SHARE')) strength = 'share';
  else if (cursor.take('FOR', 'KEY', 'SHARE')) strength = 'key share';
  else return undefined;
  const of: string[] = [];
  if (cursor.take('OF')) do { const path = cursor.path(); if (path) of.push(path.at(-1)!); } while (cursor.take(','));
  const noWait = cursor.take('NOWAIT');
  const skipLocked = cursor.take('SKIP', 'LOCKED');
  if (cursor.is('WAIT')) { cursor.advance(); readOperand(cursor); }
  return { strength, skipLocked, noWait, of };
}
