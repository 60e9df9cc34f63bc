/** Rows that were read and written back: which row a field belongs to, whether a write addresses that row, what protects it in between. */
import type { Comparison, OpenQuestion, Operation, TableRef } from '../model.ts';
import { handlingOf } from './violations.ts';
import type { Catalogue, Table } from '../schema/model.ts';
import { conjuncts, formulaLiterals, type Formula } from '../value/formula.ts';
import { formulaValues, lineage, mentions, type Value } from '../value/terms.ts';
import { tableOf } from './absence.ts';
import type { Trace } from './index.ts';
import { core, isConstant, isStateColumn, sameTable, sameValue } from './matching.ts';
import { precedes } from './order.ts';
import { inTransaction, protectionOf, sharedTransaction, type HelperNames, type Protection } from './protection.ts';
import { isLockedByCaller } from './received.ts';
import { facetOf } from './results.ts';

/** `row.column`, or a part of it (`row.settings.theme`). */
export interface Field {
  readonly read: Operation;
  readonly row: Value;
  readonly table: TableRef;
  /** The table of the row that this one was fetched with. */
  readonly holder?: TableRef | undefined;
  readonly column: string;
  /** The column's own value, not a part of it. */
  readonly whole: boolean;
}

/** Every reading of `value` as (part of) a column of a row of `table`; a row that came back from an upsert or an update is read as well. */
export function fieldOf(value: Value, table: TableRef, catalogue: Catalogue): Field | undefined {
  const at = core(value);
  const read = lineage(at);
  if (!read || (read.verb !== 'find' && read.verb !== 'upsert' && read.verb !== 'update')) return undefined;
  for (let one: Value = at; ;) {
    if (one.kind === 'element' || one.kind === 'filtered') { one = one.of; continue; }
    if (one.kind !== 'member') return undefined;
    const owner = rowTable(one.object, catalogue);
    if (owner && sameTable(owner, table) === true && !isPosition(one.key)) return { read, row: one.object, table: owner, holder: holderOf(one.object, catalogue), column: one.key, whole: one === at };
    one = one.object;
  }
}

/** `value` as a row of `table` that was read. */
export function rowOf(value: Value, table: TableRef, catalogue: Catalogue): Omit<Field, 'column' | 'whole'> | undefined {
  const owner = value.kind === 'choice' ? undefined : rowTable(value, catalogue);
  const read = owner && lineage(value);
  return read?.verb === 'find' && sameTable(owner!, table) === true ? { read, row: value, table: owner!, holder: holderOf(value, catalogue) } : undefined;
}

function holderOf(row: Value, catalogue: Catalogue): TableRef | undefined {
  return row.kind === 'member' && facetOf(row)?.is === 'field' ? rowTable(row.object, catalogue) : undefined;
}

/** A row that is marked as deleted is no row: asking for the mark is asking whether there is one. */
export function isGoneColumn(column: string, table: Table | undefined): boolean {
  return table?.columns.get(column)?.deletedAt === true || /^(?:is_?)?(?:deleted|removed|trashed)(?:_?at)?$/i.test(column);
}

function isPosition(key: string): boolean { return /^\d+$/.test(key) || key === 'length'; }

/** The table whose row `value` is: the read's own, or that of a relation fetched along. */
function rowTable(value: Value, catalogue: Catalogue): TableRef | undefined {
  if (value.kind === 'choice') {
    const tables = value.arms.filter((arm) => arm.value.kind !== 'literal').map((arm) => rowTable(arm.value, catalogue));
    return tables.length && tables.every((one) => one && sameTable(one, tables[0]!) === true) ? tables[0] : undefined;
  }
  const facet = facetOf(value);
  if (!facet) return undefined;
  const { operation } = facet;
  if (facet.is === 'row') {
    if (facet.keys.every((key) => key === '*')) return operation.table;
    // What stands in a list of the row itself (a document's lines, a JSON column) is part of that row.
    const table = tableOf(operation, facet, catalogue);
    return table === operation.table && isListOf(facet.keys, table) ? undefined : table;
  }
  if (facet.is !== 'field') return undefined;
  const table = tableOf(operation, facet, catalogue);
  return table === operation.table ? undefined : table;
}

function isListOf(keys: readonly string[], { table }: TableRef): boolean {
  return keys.some((key) => table?.columns.has(key) && !table.relations.some((one) => one.name === key));
}

/**
 * `same`: the write addresses the row that was read, by the row's own key or by the very key it was read with; `open`: by one of
 * its columns, of which nobody says that it is a key.
 */
export function addresses(write: Operation, { read, row, table, holder }: Pick<Field, 'read' | 'row' | 'table' | 'holder'>, trace: Trace): 'same' | 'open' | undefined {
  if (savesRow(write.saved, row)) return 'same';
  const keys = keysOf(table.table);
  const isKey = (columns: readonly string[]): boolean => keys.some((key) => key.every((column) => columns.includes(column)));
  const own = (column: string): Value => trace.terms.member(row, column);
  // What lies within a row (a document's list) is not what was asked for.
  const isOwn = facetOf(row)?.keys.every((key) => key === '*') === true;
  if (write.verb === 'save') {
    const carried = (write.rows ?? []).flatMap((one) => one.assignments.filter((each) => sameValue(each.value, own(each.column)) || (isOwn && isReadBy(read, each.column, each.value))).map((each) => each.column));
    if (isKey(carried)) return 'same';
  }
  const arms = write.predicate?.arms ?? [];
  if (arms.length !== 1) return undefined;
  const equal = arms[0]!.filter((one) => one.operator === '=' && !one.via.length);
  const byRow = equal.filter((one) => sameValue(one.value, own(one.column)) || isKeptFor(row, holder, one, trace));
  // The key that was read with: the row's own read must have asked for one row by it.
  const byRead = isOwn && read.verb !== 'update' ? equal.filter((one) => isReadBy(read, one.column, one.value)) : [];
  const columns = [...byRow, ...byRead].map((one) => one.column);
  if (isKey(columns)) return 'same';
  // The rows of a join relation: the foreign key of the row is the other row's id, which says as much as its own. And who takes the
  // one row of all that are there (`rows[0]`) and writes by what was asked for writes that row too, whichever columns are a key.
  if ((!read.many || (isOneTaken(row) && !facetOf(row)?.filters.length)) && byRead.length && coversRead(byRead, read)) return 'same';
  return byRow.length && !read.many ? 'open' : undefined;
}

/**
 * Another value that is the row's own: what it was picked by among those that were read (`rows.find((one) => one.id === id)`), or
 * the foreign key beside it in the row that it was fetched with (`line.productId` of `line.product`).
 */
function isKeptFor(row: Value, holder: TableRef | undefined, { column, value }: Comparison, { terms }: Trace): boolean {
  if (row.kind !== 'member') return false;
  if (row.object.kind === 'filtered') {
    const { of, where } = row.object;
    // A document's `id` is its `_id` as text.
    const own = (column === '_id' ? ['_id', 'id'] : [column]).map((key) => terms.member(terms.element(of), key));
    return conjuncts(where).some((one) => one.kind === 'compare' && one.operator === '===' && [[one.left, one.right], [one.right, one.left]].some(([field, other]) => own.some((each) => sameValue(field!, each)) && sameValue(other!, value)));
  }
  const relation = holder?.table?.relations.find((one) => one.name === row.key);
  const foreign = relation?.columns[relation.references.indexOf(column)];
  return foreign !== undefined && sameValue(value, terms.member(row.object, foreign));
}

/** `rows[0]`, `rows.find(…)`, `statement.first()`, not one turn of a loop over the rows. */
export function isOneTaken(row: Value): boolean {
  if (row.kind === 'choice') return row.arms.every((arm) => arm.value.kind === 'literal' || isOneTaken(arm.value));
  return facetOf(row)?.part.is === 'row' || (row.kind === 'member' && /^\d+$/.test(row.key));
}

/**
 * The next row in line was asked for, not one by its key, and is handed out once it is written: another call got the same. A write
 * says who took it, or takes from everybody's line; in a line of the caller's own nobody else stands.
 */
export function isPicked({ read, row, table }: Pick<Field, 'read' | 'row' | 'table'>, write: Operation, trace: Trace): boolean {
  const arms = read.predicate?.arms ?? [];
  const equal = arms.flat().filter((one) => one.operator === '=' && !isConstant(one.value));
  const isKeyed = arms.some((arm) => keysOf(table.table).some((key) => key.every((column) => arm.some((one) => one.column === column && one.operator === '='))));
  if (!isOneTaken(row) || isKeyed || !trace.exits.some((one) => one.kind === 'return' && one.order >= write.id && (one.sources.has(read) || one.sources.has(write)))) return false;
  const taken = (write.rows ?? []).flatMap((one) => one.assignments).filter((one) => one.how === 'set' && !isConstant(one.value) && /by$|user|owner|worker|assign|claim|lock|holder|account|customer|member/i.test(one.column));
  if (taken.length) return taken.some((one) => !equal.some((each) => sameValue(each.value, one.value)));
  // What is deleted is handed out once, in a line before one seat as well; in that of one person nobody else stands.
  if (write.verb === 'delete' && !equal.some((one) => PERSON.test(one.column))) return !!read.order?.length;
  return !!read.order?.length && equal.every((one) => isStateColumn(one.column) || /kind|type|queue|topic|channel|name/i.test(one.column));
}

const PERSON = /user|person|owner|account|customer|client|member|author|profile|student|employee|player|session|device/i;

function savesRow(saved: Value | undefined, row: Value): boolean {
  if (!saved) return false;
  if (saved === row) return true;
  if (row.kind === 'choice') return row.arms.some((arm) => savesRow(saved, arm.value));
  return saved.kind === 'choice' && saved.arms.some((arm) => arm.value.kind !== 'literal' && savesRow(arm.value, row));
}

function keysOf(table: Table | undefined): readonly (readonly string[])[] {
  const keys = (table?.keys ?? []).filter((key) => key.columns.length && !key.where && !key.expression).map((key) => key.columns);
  return keys.length ? keys : [['id'], ['_id'], ['uuid']];
}

function isReadBy(read: Operation, column: string, value: Value): boolean {
  const arms = read.predicate?.arms ?? [];
  return arms.length === 1 && arms[0]!.some((one) => one.column === column && one.operator === '=' && !one.via.length && sameValue(one.value, value));
}

/** All that the read asked for by value stands in the write's predicate too. */
function coversRead(matched: readonly Comparison[], read: Operation): boolean {
  const asked = read.predicate!.arms[0]!.filter((one) => (one.operator === '=' || one.operator === 'like') && !isConstant(one.value));
  return read.predicate!.complete && asked.length > 0 && asked.every((one) => !one.via.length && matched.some((each) => each.column === one.column));
}

// ------------------------------------------------------------------------------------------------------- protection

/** As `protectionOf`, for a row that is there: locks on the row itself count, and snapshot isolation ends lost updates on Postgres. */
export function holdOf(read: Operation, write: Operation, trace: Trace, names: HelperNames): Protection {
  const shared = sharedTransaction(read, write);
  if (!shared && isLockedByCaller(read)) return { closed: true, why: 'the row is locked as it is read, in the transaction of whoever calls' };
  if (shared) {
    if (read.lock && read.lock !== 'share') return { closed: true, why: 'the row is locked as it is read' };
    if (read.verb === 'update' || read.verb === 'upsert') return { closed: true, why: 'the row was written earlier in the same transaction' };
    const earlier = trace.operations.find((one) => precedes(one, read) && inTransaction(one, shared) && one.table.name === read.table.name
      && (one.verb === 'update' || one.verb === 'upsert' || one.verb === 'lock' || (one.lock !== undefined && one.lock !== 'share')) && alwaysRuns(one, read) && asksAlike(one, read, trace));
    if (earlier) return { closed: true, why: 'the row was written or locked earlier in the same transaction' };
    const again = trace.operations.find((one) => one.reloads !== undefined && lineage(one.reloads) === read && one.lock !== undefined && one.lock !== 'share' && precedes(read, one) && precedes(one, write)
      && inTransaction(one, shared) && alwaysRuns(one, write));
    if (again) return { closed: true, why: 'the row is locked as it is read once more' };
  }
  const keys = (read.predicate?.arms ?? []).flatMap((arm) => arm.filter((one) => one.operator === '=').map((one) => one.value));
  const found = protectionOf(read, write, keys, trace, names);
  if (found.closed || shared?.isolation !== 'repeatable read' || (shared.dialect ?? write.dialect) !== 'postgres') return found;
  return { closed: false, open: [...found.open, { id: 'serialization-failure', text: 'the serialization failure of the second transaction is repeated and does not reach the user' }] };
}

function alwaysRuns(earlier: Operation, later: Operation): boolean {
  const known = conjuncts(later.condition);
  return conjuncts(earlier.condition).every((part) => known.includes(part));
}

function asksAlike(one: Operation, read: Operation, trace: Trace): boolean {
  const asked = (read.predicate?.arms ?? []).flat();
  return (one.predicate?.arms ?? []).some((arm) => arm.some((each) => asked.some((other) => each.column === other.column && sameValue(each.value, other.value))))
    || asked.some((each) => lineage(each.value) === one || trace.terms.sources(each.value).has(one));
}

/**
 * The run has won the row before: a conditional write (or the insert of a claim) whose affected rows or returned row it looked at.
 * Whoever lost is gone by now.
 */
export function isClaimed(write: Operation, trace: Trace): boolean {
  if (trace.operations.some((claim) => claim !== write && precedes(claim, write) && claim.verb === 'insert' && alwaysRuns(claim, write) && handlingOf(claim, trace).how === 'handled')) return true;
  return formulaLiterals(write.condition).some(({ atom }) => formulaValues(atom).some((value) => {
    const facet = facetOf(value);
    const claim = facet?.operation;
    if (!claim || claim === write || !precedes(claim, write)) return false;
    // One written row that came back is no news, unless the write asked for more than its key.
    if (facet.part.is !== 'affected' && facet.part.is !== 'written' && facet.is !== 'length') return false;
    return (claim.verb === 'update' || claim.verb === 'delete') && (claim.predicate?.arms.some((arm) => arm.length > 1) === true || claim.verb === 'delete');
  })) || trace.operations.some((claim) => claim !== write && precedes(claim, write) && (claim.verb === 'update' || claim.verb === 'delete') && claim.miss === 'throws'
    && claim.table.name === write.table.name && alwaysRuns(claim, write) && (claim.verb === 'delete' || claim.predicate?.arms.some((arm) => arm.length > 1 && arm.some((one) => isConstant(one.value))) === true));
}

/** Somebody looks at whether the write met its row: an affected count, a returned row, an error that a miss throws. */
export function isMissNoticed(write: Operation, trace: Trace): boolean {
  if (write.miss === 'throws') return true;
  if (write.miss === 'silent') return false;
  const asks = (formula: Formula): boolean => formulaLiterals(formula).some(({ atom }) => formulaValues(atom).some((value) => mentions(value, write.value) && facetOf(value)?.is !== 'error'));
  return [...trace.tests].some(asks) || trace.operations.some((one) => one.id > write.id && asks(one.condition))
    || trace.exits.some((one) => one.order >= write.id && (one.sources.has(write) || asks(one.condition)));
}

/** The write states the old value or a version of the row that was read: it fails when another call was faster. */
export function comparesOld(write: Operation, { row }: Field, column: string | undefined, trace: Trace): boolean {
  if (write.optimistic) return true;
  return (write.predicate?.arms ?? []).some((arm) => arm.some((one) => (one.column === column || /version|revision|etag|updated_?at|lock/i.test(one.column)) && one.operator === '='
    && (sameValue(one.value, trace.terms.member(row, one.column)) || lineage(core(one.value)) !== undefined && mentions(one.value, row))));
}

export const MISS_UNNOTICED: OpenQuestion = { id: 'miss-unnoticed', text: 'somebody notices when the guarded write changes no row' };
