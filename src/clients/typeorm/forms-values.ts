/** Values and calls spelled again in another place. */
import type { Assignment, Operation } from '../../model.ts';
import { rootOf, valueNode } from '../common/forms.ts';
import type { FormContext } from '../forms.ts';
import { methodCall } from './call-text.ts';

/** The clock: both branches mean the moment at which they run, and one of them runs. */
const NOW = /^(?:new Date\(\)|Date\.now\(\)|new Date\(Date\.now\(\)\))(?:\.\w+\(\))?$/;

/** Whether two assignments surely write the same value. */
export function sameAssignment(one: Assignment, other: Assignment, context: FormContext): boolean {
  if (one.how !== 'set' || other.how !== 'set') return false;
  if (one.value === other.value) return true;
  const [a, b] = [valueNode(one), valueNode(other)];
  if (!a || !b || one.value.kind !== other.value.kind || rootOf(a) !== rootOf(b)) return false;
  const text = context.text(a);
  return text === context.text(b) && NOW.test(text);
}

const SURE: Readonly<Record<string, string>> = {
  findOne: 'findOneOrFail', findOneBy: 'findOneByOrFail', getOne: 'getOneOrFail', findOneOrFail: 'findOneOrFail', findOneByOrFail: 'findOneByOrFail', getOneOrFail: 'getOneOrFail',
};

/** The same look-up in the variant that throws. A cached one may still say that there is no row. */
export function surely(read: Operation, context: FormContext): string | undefined {
  const call = methodCall(read.node);
  const name = call && SURE[call.method.name];
  if (!name || read.detail?.['on'] === 'raw' || /\bcache\b/.test(context.text(call.node))) return undefined;
  return context.edited(call.node, [{ start: call.method.range[0], end: call.method.range[1], text: name }]);
}
