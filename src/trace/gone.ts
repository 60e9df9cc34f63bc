/** Rows that are marked as deleted only where they were not yet, together with what must not happen twice: goods and money that go back. */
import type { Assignment, Operation } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { conjuncts, type Formula } from '../value/formula.ts';
import { formulaValues, mentions } from '../value/terms.ts';
import type { Check, RowRead } from './checked.ts';
import { afterWrite, comparisonAfter, type Written } from './flip.ts';
import type { Trace } from './index.ts';
import { precedes } from './order.ts';
import { facetOf } from './results.ts';
import { addresses, fieldOf, isGoneColumn } from './rows.ts';

/** Tables in which each row moves goods or money. */
const MOVES = /stock|inventor|movement|payment|refund|credit|ledger|balance|wallet|payout|transaction/i;

/**
 * A mark of deletion says whether there is a row, and asking for it is harmless (`checked` leaves it alone) as long as nothing but the
 * mark depends on the answer. What is added to another row, or booked, is booked by both calls.
 */
export function goneOnce(row: RowRead, write: Operation, condition: Formula, trace: Trace, catalogue: Catalogue): Check[] {
  const marks = new Map<string, Assignment>();
  for (const one of write.rows?.[0]?.assignments ?? []) if (one.how === 'set' && isGoneColumn(one.column, row.table.table)) marks.set(one.column, one);
  if (!marks.size || write.predicate?.arms.some((arm) => arm.some((one) => marks.has(one.column)))) return [];
  const written: Written = { row: row.row, field: (value) => fieldOf(value, write.table, catalogue), assignment: (column) => marks.get(column) };
  const parts = conjuncts(condition);
  const ended = parts.filter((part) => afterWrite(part, written, 'unknown').result === false);
  const arms = row.read.predicate?.arms ?? [];
  const isOwn = facetOf(row.row)?.keys.every((key) => key === '*') === true && !row.read.many;
  // `findFirst({ where: { id, deletedAt: null } })`: what was found was not deleted.
  const asked = arms.length === 1 && isOwn ? arms[0]!.filter((one) => !one.via.length && marks.has(one.column) && comparisonAfter(one, marks.get(one.column)!) === false) : [];
  const guards = ended.length ? ended : asked.length ? parts.filter((part) => formulaValues(part).some((value) => mentions(row.row, value) || mentions(value, row.row))) : [];
  if (!guards.length || !trace.operations.some((one) => one !== write && precedes(row.read, one) && isBooking(one) && !addresses(one, row, trace) && guards.every((part) => conjuncts(one.condition).includes(part)))) return [];
  return [{ read: row.read, kind: 'state', columns: [...marks.keys()], open: [] }];
}

function isBooking(one: Operation): boolean {
  if (one.verb === 'insert') return MOVES.test(one.table.name);
  return one.verb === 'update' && (one.rows ?? []).some((row) => row.assignments.some((each) => each.how === 'atomic'));
}
