/** Updates that take a value which a look-up found free: the write is an update, the rest as for an insert. */
import type { OpenQuestion, Operation } from '../model.ts';
import { formulaLiterals, type Formula, type FormulaLiteral } from '../value/formula.ts';
import type { Node } from '../value/terms.ts';
import { guardsOf } from './absence.ts';
import { consequenceOf, identifies, type Consequence } from './consequence.ts';
import { doubtsAbout } from './evidence.ts';
import { noticeOf } from './handled.ts';
import type { Trace } from './index.ts';
import { armsOf, matchRow, sameTable, sameValue } from './matching.ts';
import { placeOf } from './place.ts';
import { presentSide, type PresentSide } from './present.ts';
import { protectionOf, type HelperNames } from './protection.ts';
import { facetOf } from './results.ts';
import { addresses } from './rows.ts';

export interface ClaimPair extends Consequence {
  readonly read: Operation;
  readonly write: Operation;
  /** The columns that were looked up and are written with the same values. */
  readonly columns: readonly string[];
  readonly present: PresentSide;
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

/** The surest pair of each update; a look-up of the row's own key does not ask whether something is free. */
export function claimed(trace: Trace, names: HelperNames): ClaimPair[] {
  return trace.operations.flatMap((write) => {
    if (write.verb !== 'update' && !(write.verb === 'save' && write.predicate)) return [];
    const pairs = guardsOf(write, trace, elsewhere(write, trace)).flatMap((guard): ClaimPair[] => {
      const { read, facet } = guard;
      if (guard.presence !== 'absent' || sameTable(read.table, write.table) !== true) return [];
      const rows = (write.rows ?? []).map((row) => ({ ...row, assignments: row.assignments.filter((one) => one.how === 'set') }));
      const match = matchRow(armsOf(read, facet), rows, write.table);
      if (match.verdict !== 'same') return [];
      const columns = [...new Set(match.matched.map(({ comparison, assignment }) => assignment?.column ?? comparison.column))];
      if (!identifies(write.table, columns, rows)) return [];
      const protection = protectionOf(read, write, match.matched.map((one) => one.comparison.value), trace, names);
      if (protection.closed) return [];
      // What the scope of the key is (tenant, parent) stands in the look-up, and in the row that is updated.
      const consequence = consequenceOf(write.table, [...columns, ...match.missing.map((one) => one.column)], rows);
      const notice = noticeOf(read, write, consequence.outcome, trace);
      if (notice.handled) return [];
      const open = [...protection.open, ...doubtsAbout(read, write), ...notice.open];
      if (guard.how === 'some') open.push({ id: 'guard-arm', text: 'the look-up alone decides about the update' });
      return [{ read, write, columns, present: presentSide(read, write, trace), open, node: placeOf(read, write, trace), ...consequence }];
    });
    return pairs.sort((a, b) => a.open.length - b.open.length || b.read.id - a.read.id).slice(0, 1);
  });
}

/**
 * `if (holder && holder.id !== id) throw …`, `if (holder && holder.name !== row.name) throw …` of the row that is updated: that the row
 * which was found is the one that is updated says nothing of other callers.
 */
function elsewhere(write: Operation, trace: Trace): Formula {
  const keys = (write.predicate?.arms ?? []).flat().filter((one) => one.operator === '=');
  const isOwnRow = ({ atom, holds }: FormulaLiteral): boolean => {
    if (!holds || atom.kind !== 'compare' || atom.operator !== '===') return false;
    return [[atom.left, atom.right], [atom.right, atom.left]].some(([field, value]) => {
      const facet = facetOf(field!);
      if (facet?.is !== 'field' || sameTable(facet.operation.table, write.table) !== true) return false;
      const own = facetOf(value!);
      if (own?.is === 'field' && own.operation !== facet.operation && own.keys.length === 1 && own.keys[0] === facet.keys[0] && own.operation.verb === 'find') {
        const row = value!.kind === 'member' ? value!.object : undefined;
        return row !== undefined && sameTable(own.operation.table, write.table) === true && addresses(write, { read: own.operation, row, table: own.operation.table }, trace) === 'same';
      }
      return keys.some((key) => key.column === facet.keys[0] && sameValue(key.value, value!));
    });
  };
  const own = formulaLiterals(write.condition).filter(isOwnRow);
  return trace.formulas.and(...own.map(({ atom }) => trace.formulas.not(atom)));
}
