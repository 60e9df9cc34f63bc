/** Updates that are followed by an insert where they changed nothing. */
import type { OpenQuestion, Operation } from '../model.ts';
import { asLiteral, conjuncts, needs } from '../value/formula.ts';
import type { Node } from '../value/terms.ts';
import { effectiveCondition, findingOf, insideRegion } from './absence.ts';
import { consequenceOf, type Consequence } from './consequence.ts';
import { doubtsAbout } from './evidence.ts';
import { noticeOf } from './handled.ts';
import type { Trace } from './index.ts';
import { matchRow, sameTable } from './matching.ts';
import { precedes } from './order.ts';
import { placeOf } from './place.ts';
import { protectionOf, type HelperNames } from './protection.ts';

export interface UpdatePair extends Consequence {
  readonly update: Operation;
  readonly insert: Operation;
  /** Columns by which the update looked for its row and that the insert writes with the same values. */
  readonly columns: readonly string[];
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

/** For each insert, the update whose miss decides about it: affected rows, a returned row, or an error that means "not found". */
export function updatedFirst(trace: Trace, names: HelperNames): UpdatePair[] {
  return trace.operations.flatMap((insert) => {
    if ((insert.verb !== 'insert' && insert.verb !== 'save') || insert.conflict) return [];
    const pairs = misses(insert, trace).flatMap(({ update, all }): UpdatePair[] => {
      if (sameTable(update.table, insert.table) !== true) return [];
      const match = matchRow(update.predicate?.arms ?? [], insert.rows ?? [], insert.table);
      if (match.verdict === 'different') return [];
      const protection = protectionOf(update, insert, match.matched.map((one) => one.comparison.value), trace, names);
      if (protection.closed) return [];
      const columns = [...new Set(match.matched.map(({ comparison, assignment }) => assignment?.column ?? comparison.column))];
      const consequence = consequenceOf(insert.table, columns, insert.rows ?? []);
      const notice = noticeOf(update, insert, consequence.outcome, trace);
      if (notice.handled) return [];
      const open = [...protection.open, ...doubtsAbout(update, insert), ...notice.open];
      if (match.verdict === 'open') open.push({ id: 'key-opaque', text: 'the inserted row is the one that was to be updated' });
      if (!all) open.push({ id: 'guard-arm', text: 'the update alone decides about the insert' });
      return [{ update, insert, columns, open, node: placeOf(update, insert, trace), ...consequence }];
    });
    return pairs.sort((a, b) => a.open.length - b.open.length || b.update.id - a.update.id).slice(0, 1);
  });
}

/** The updates before an insert that it needs to have missed their row. */
function misses(insert: Operation, trace: Trace): { update: Operation; all: boolean }[] {
  const found = new Map<Operation, boolean>();
  for (const part of conjuncts(effectiveCondition(insert, trace))) {
    const { how, found: literals } = needs(part, (literal) => { const one = findingOf(literal); return one?.read.verb === 'update' && one.presence === 'absent'; });
    for (const literal of literals) {
      const { read } = findingOf(literal)!;
      if (precedes(read, insert)) found.set(read, found.get(read) === true || how === 'all');
    }
    const literal = asLiteral(part);
    if (literal?.holds && literal.atom.kind === 'thrown') {
      const { region } = literal.atom;
      for (const one of trace.operations) if (one.verb === 'update' && one.miss === 'throws' && insideRegion(one, region) && precedes(one, insert)) found.set(one, true);
    }
  }
  return [...found].map(([update, all]) => ({ update, all }));
}
