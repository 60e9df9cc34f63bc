/** Elements that are put into a row's own list (a document's array) because they were not found in it: two calls put them in twice. */
import type { Operation } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { asLiteral, conjuncts, type Formula } from '../value/formula.ts';
import { mentions, type FilteredValue, type Value } from '../value/terms.ts';
import type { Check, RowRead } from './checked.ts';
import type { Appended } from './composition.ts';
import type { Trace } from './index.ts';
import { core, sameValue } from './matching.ts';
import { fieldOf, isOneTaken } from './rows.ts';

/**
 * `if (post.likes.includes(userId)) return; post.likes.push(userId); await post.save()`: the database appends, so nothing is lost, but nobody
 * asks once more whether the element is there. A filter that says so (`likes: { $ne: userId }`) ends it, and a set's own way to add.
 */
export function appendedTwice(row: RowRead, write: Operation, condition: Formula, trace: Trace, catalogue: Catalogue): Check[] {
  if (write.optimistic || (row.read.many && !isOneTaken(row.row))) return [];
  return [...appendedBy(write, trace)].flatMap(([column, elements]): Check[] => {
    const isAsked = (write.predicate?.arms ?? []).some((arm) => arm.some((one) => one.column === column || one.column.startsWith(`${column}.`)));
    const lacks = (part: Formula, element: Value): boolean => {
      const sought = soughtIn(part);
      const field = sought && fieldOf(sought.of, write.table, catalogue);
      return field?.row === row.row && field.column === column && field.whole && conjuncts(sought!.where).some((one) => comparesWith(one, element, sought!));
    };
    const isTwice = elements.some(({ value, when }) => conjuncts(trace.formulas.and(condition, when)).some((part) => lacks(part, value)));
    return isTwice && !isAsked ? [{ read: row.read, kind: 'state', columns: [column], open: [] }] : [];
  });
}

function appendedBy(write: Operation, trace: Trace): ReadonlyMap<string, readonly Appended[]> {
  const composition = trace.compositions.get(write);
  const found = new Map<string, readonly Appended[]>(composition?.appended ?? []);
  for (const one of write.rows?.[0]?.assignments ?? []) {
    if (one.how === 'append' && one.repeats) found.set(one.column, [{ value: composition?.made.get(one.value) ?? one.value, when: trace.formulas.true }]);
  }
  return found;
}

/** The elements of which a condition says that there are none. */
function soughtIn(part: Formula): FilteredValue | undefined {
  const literal = asLiteral(part);
  if (!literal) return undefined;
  const { atom, holds } = literal;
  const of = (atom.kind === 'exists' || atom.kind === 'truthy') && !holds ? atom.of : atom.kind === 'nullish' && holds ? atom.of : undefined;
  const list = of?.kind === 'member' && of.key === '0' ? of.object : of;
  return list?.kind === 'filtered' ? list : undefined;
}

/** `one === element`, `one.userId === userId` where `{ userId, … }` is put in. */
function comparesWith(part: Formula, element: Value, { of }: FilteredValue): boolean {
  const literal = asLiteral(part);
  if (!literal?.holds || literal.atom.kind !== 'compare' || literal.atom.operator !== '===') return false;
  const { left, right } = literal.atom;
  const sides = [left, right].map(core);
  const wanted = sides.filter((side) => !mentions(side, of));
  return wanted.length === 1 && wanted[0]!.kind !== 'literal' && (sameValue(element, wanted[0]!) || mentions(element, wanted[0]!));
}
