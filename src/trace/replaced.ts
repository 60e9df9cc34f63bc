/** Sets replaced by deleting and inserting in separate statements. */
import type { Comparison, OpenQuestion, Operation, Predicate, Row, TableRef } from '../model.ts';
import { lineage, type Node } from '../value/terms.ts';
import { doubtsAbout } from './evidence.ts';
import type { Trace } from './index.ts';
import { core, isConstant, isFresh, isOpaque, sameTable, sameValue } from './matching.ts';
import { precedes } from './order.ts';
import { placeOf } from './place.ts';
import { protectionOf, sharedTransaction, type HelperNames } from './protection.ts';
import { mayBeCallers } from './received.ts';

export interface ReplacePair {
  readonly remove: Operation;
  readonly insert: Operation;
  /** The columns that both speak of; empty: everything is deleted. */
  readonly columns: readonly string[];
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

/** For each insert, the delete before it that clears the set it fills. */
export function replaced(trace: Trace, names: HelperNames): ReplacePair[] {
  return trace.operations.flatMap((insert) => {
    if ((insert.verb !== 'insert' && !(insert.verb === 'save' && insert.saved?.kind !== 'choice')) || insert.conflict) return [];
    const pairs = trace.operations.flatMap((remove) => (remove.verb === 'delete' && precedes(remove, insert) ? pairOf(remove, insert, trace, names) ?? [] : []));
    return pairs.sort((a, b) => a.open.length - b.open.length || b.remove.id - a.remove.id).slice(0, 1);
  });
}

function pairOf(remove: Operation, insert: Operation, trace: Trace, names: HelperNames): ReplacePair | undefined {
  if (sameTable(remove.table, insert.table) !== true) return undefined;
  // Exclusive branches (toggle).
  if (trace.formulas.and(remove.condition, insert.condition).kind === 'false') return undefined;
  // The insert puts a set back that it was not meant to replace when an upsert does the work beside it.
  if (trace.operations.some((one) => one.verb === 'upsert' && sameTable(one.table, insert.table) === true)) return undefined;
  const shared = sharedSet(remove, insert.rows ?? [], insert.table);
  if (!shared) return undefined;
  const protection = protectionOf(remove, insert, shared.comparisons.map((one) => one.value), trace, names);
  if (protection.closed) return undefined;
  const open = [...protection.open, ...shared.open, ...doubtsAbout(remove, insert)];
  if (remove.predicate && !remove.predicate.complete) open.push({ id: 'predicate-unclear', text: 'the delete covers the inserted rows' });
  const transaction = sharedTransaction(remove, insert);
  if (!transaction && mayBeCallers(remove) && mayBeCallers(insert)) open.push({ id: 'maybe-transaction', text: 'no transaction of the caller holds both' });
  // One transaction: nobody sees the gap. Two of them still leave both sets, or fail on each other's keys.
  if (transaction && !open.length) open.push({ id: 'transactional-replace', text: 'two of these transactions run at the same time' });
  else if (transaction) return undefined;
  return { remove, insert, columns: shared.comparisons.map((one) => one.column), open, node: placeOf(remove, insert, trace) };
}

interface SharedSet { readonly comparisons: readonly Comparison[]; readonly open: readonly OpenQuestion[] }

/** Undefined: the delete is about other rows than the insert. */
function sharedSet(remove: Operation, rows: readonly Row[], table: TableRef): SharedSet | undefined {
  const { predicate } = remove;
  if (!predicate) return undefined;
  if (!predicate.arms.length) return predicate.complete ? { comparisons: [], open: [] } : undefined;
  for (const arm of predicate.arms.flatMap((each) => loadedArms(each, table) ?? [each])) {
    const found = sharedByArm(arm, rows, table);
    if (found) return found;
  }
  return undefined;
}

/** `remove(await findBy({ orderId }))`: the rows of a look-up are deleted, whatever tells them apart. */
function loadedArms(arm: readonly Comparison[], table: TableRef): Predicate['arms'] | undefined {
  const [only] = arm;
  const read = arm.length === 1 && only && (only.operator === '=' || only.operator === 'in') && !only.via.length ? lineage(only.value) : undefined;
  return read?.verb === 'find' && read.many && sameTable(read.table, table) === true && read.predicate?.complete ? read.predicate.arms : undefined;
}

function sharedByArm(arm: readonly Comparison[], rows: readonly Row[], table: TableRef): SharedSet | undefined {
  const equalities = arm.filter((one) => one.operator === '=' && !one.via.length);
  // An expiry sweep deletes by range; it shares no set with what is inserted.
  if (!equalities.length) return undefined;
  // Nor does a sweep of somebody's old ones, below a bound that the new ones are above of.
  if (arm.some((one) => isSwept(one, arm))) return undefined;
  const primary = table.table?.keys.find((key) => key.primary)?.columns ?? ['id'];
  const shared: Comparison[] = [];
  let unclear = false;
  for (const comparison of equalities) {
    const written = rows.flatMap((row) => row.assignments.findLast((one) => one.column === comparison.column) ?? []);
    if (!written.length) {
      if (primary.includes(comparison.column) && primary.length === 1) return undefined;
      if (rows.some((row) => row.spreads.length)) unclear = true;
      continue;
    }
    const meets = written.every((one) => sameValue(one.value, comparison.value) || isSameConstant(one.value, comparison.value));
    if (meets) shared.push(comparison);
    // A new token in the place of the one that was named.
    else if (written.every((one) => isFresh(one.value))) return undefined;
    // One row is deleted by its key, and the new one's key was made some other way: a used token, and the next.
    else if (isUniqueAlone(comparison.column, table)) return undefined;
    else if (written.some((one) => isOpaque(one.value)) || isOpaque(comparison.value)) unclear = true;
    // One element goes, another comes: `move`, `swap`.
    else return undefined;
  }
  const named = shared.filter((one) => !isConstant(one.value));
  const open: OpenQuestion[] = [];
  if (arm.some((one) => (one.operator === 'in' || one.operator === 'not in' || one.operator === '!=') && !one.via.length)) open.push({ id: 'prune', text: 'the deleted rows are those that are inserted again' });
  if (!shared.length) return unclear ? { comparisons: [], open: [...open, { id: 'key-opaque', text: 'the inserted rows belong to the deleted set' }] } : undefined;
  return { comparisons: named.length ? named : shared, open };
}

/** `expiresAt < now`, `createdAt < monthAgo`: from the beginning of time. */
function isSwept(one: Comparison, arm: readonly Comparison[]): boolean {
  return (one.operator === '<' || one.operator === '<=') && MOMENT.test(one.column) && !arm.some((other) => other.column === one.column && other.operator.startsWith('>'));
}

const MOMENT = /(?:_at|At|_on|On|_until|Until|[eE]xpir\w*|[dD]ate|_time|Time|[tT]imestamp)$|^(?:expir|created|updated|until)/;

function isUniqueAlone(column: string, table: TableRef): boolean {
  return table.table?.keys.some((key) => key.columns.length === 1 && key.columns[0] === column && !key.where) ?? false;
}

function isSameConstant(one: Comparison['value'], other: Comparison['value']): boolean {
  const [a, b] = [core(one), core(other)];
  return a.kind === 'literal' && b.kind === 'literal' && a.value === b.value;
}
