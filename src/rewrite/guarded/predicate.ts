/** What the look-up itself asked of columns that the write changes: `findFirst({ where: { token, usedAt: null } })`. */
import type { Guard } from '../../clients/forms.ts';
import type { Operation, Refusal } from '../../model.ts';
import { valueNode } from '../keys.ts';
import { refuse } from '../refusals.ts';
import { isMovable, type TestReader } from './tests.ts';

export function predicateGuards(read: Operation, { written, file, place }: TestReader): Guard[] | Refusal {
  const { predicate } = read;
  const unclear = (): Refusal => refuse('guard', `The look-up at line ${file.line(read.node.range[0])} asks in a way that the write's WHERE clause cannot surely repeat.`);
  if (!predicate) return [];
  const asked = predicate.arms.flat().filter((one) => written.has(one.column) && !one.via.length);
  if (!asked.length) return [];
  if (predicate.arms.length > 1) return unclear();
  const guards: Guard[] = [];
  for (const { column, operator, value, node, conditional } of asked) {
    if (conditional) return unclear();
    if (operator === 'is null' || operator === 'is not null') { guards.push({ column, operator, texts: [] }); continue; }
    if (value.kind === 'literal' && value.value === null && (operator === '=' || operator === '!=')) { guards.push({ column, operator: operator === '=' ? 'is null' : 'is not null', texts: [] }); continue; }
    const given = node && node !== predicate.node ? valueNode(node) : undefined;
    if (operator !== '=' || !given || !/^(?:Literal|MemberExpression|Identifier)$/.test(given.type) || !isMovable(given, { file, place })) return unclear();
    guards.push({ column, operator, texts: [file.slice(given)] });
  }
  return guards;
}
