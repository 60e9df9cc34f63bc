/**
 * Values that a look-up found free: `if (await taken(slug)) slug = next(slug); await insert({ slug })`. The insert runs whatever was
 * found; that it takes *this* value was decided by the look-up.
 */
import type { Operation } from '../model.ts';
import type { Formula } from '../value/formula.ts';
import type { Value } from '../value/terms.ts';
import { guardsOf, isRead, type Guard } from './absence.ts';
import type { Trace } from './index.ts';
import { isConstant, sameValue } from './matching.ts';

/** Choices that are looked into: more than a column or two is never picked by a look-up. */
const MAX_CHOICES = 6;

export function chosenBy(write: Operation, trace: Trace): Guard[] {
  const found = new Map<Operation, Guard>();
  const choices = (write.rows ?? []).flatMap((row) => row.assignments).filter((one) => one.how === 'set' && one.value.kind === 'choice').slice(0, MAX_CHOICES);
  for (const { column, value } of choices) {
    // Choices are looked into only where some look-up asks for their column at all.
    if (!trace.operations.some((one) => one.id < write.id && isRead(one) && one.predicate?.arms.some((each) => each.some((compared) => compared.column === column && compared.operator === '=')))) continue;
    for (const arm of armsOf(value, trace.formulas.true, trace)) {
      if (isConstant(arm.value)) continue;
      for (const guard of guardsOf(write, trace, arm.when)) {
        const asks = guard.read.predicate?.arms.some((each) => each.some((one) => one.column === column && one.operator === '=' && sameValue(one.value, arm.value)));
        if (guard.presence === 'absent' && guard.how === 'all' && asks) found.set(guard.read, { ...guard, chosen: true });
      }
    }
  }
  return [...found.values()];
}

/** Arms of arms share theirs: below this depth there are more of them than any look-up picks from. */
const MAX_DEPTH = 3;

function armsOf(value: Value, when: Formula, trace: Trace, depth = 0): { value: Value; when: Formula }[] {
  if (value.kind !== 'choice') return [{ value, when }];
  return depth < MAX_DEPTH ? value.arms.flatMap((arm) => armsOf(arm.value, trace.formulas.and(when, arm.when), trace, depth + 1)) : [];
}
