/** What runs beside a write of a table and would run differently beside the statement that takes its place. */
import type { Operation } from '../model.ts';
import type { Table } from '../schema/model.ts';
import type { RewriteContext } from './context.ts';

/** A trigger that the database runs for each updated row, whichever column was updated. */
const ON_UPDATE = /^trigger \S+ (?:BEFORE|AFTER) UPDATE$/;

/**
 * The first side effect that stands in the way of an upsert. Triggers for each updated row do not: an upsert that updates runs
 * them as the update did, one that leaves the row alone runs none.
 */
export function effectOf(table: Table, update: Operation | undefined, { client }: RewriteContext): string | undefined {
  const isHarmless = update !== undefined || client?.forms?.leavesRows === true;
  return table.sideEffects.find((one) => !(isHarmless && ON_UPDATE.test(one)));
}
