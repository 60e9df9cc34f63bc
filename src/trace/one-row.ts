/** `insert(input)`: one row or a list of them? Code that has read `input.email` says: one. */
import type { Operation, OperationSpec, Predicate } from '../model.ts';
import type { Value } from '../value/terms.ts';

/** What a list has too, so that reading it says nothing. */
const OF_LISTS = /^(?:length|\d+)$/;

/**
 * The spec with its one row, where what is written whole was asked a property in the look-up of an earlier operation; else as it is. Libraries
 * take a row and a list in the same place, and a value of which nothing is known may be either.
 */
export function withOneRow(spec: OperationSpec, earlier: readonly Operation[]): OperationSpec {
  const { rowsOf: whole, rows: [row, ...others] = [] } = spec;
  const [spread, ...more] = row?.spreads ?? [];
  if (!whole || !row || others.length || more.length || row.assignments.length || !(spread === whole || (spread?.kind === 'element' && spread.of === whole))) return spec;
  if (!earlier.some((one) => one.predicate && asksFor(one.predicate, whole))) return spec;
  const { rowsOf: _, ...single } = spec;
  return { ...single, rows: [{ ...row, spreads: [whole] }], many: false };
}

function asksFor({ arms }: Predicate, whole: Value): boolean {
  return arms.some((arm) => arm.some(({ value }) => value.kind === 'member' && value.object === whole && !OF_LISTS.test(value.key)));
}
