/** Values and calls spelled again in another place. */
import type { Assignment, Node, Operation } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
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

/** The expression of a written value: of a property, of an assignment to a field, of which the field was kept. */
export function valueNode({ node }: Assignment): Node | undefined {
  if (node?.type === 'Property') return node.value;
  const assignment = node?.type === 'AssignmentExpression' ? node : node?.parent?.type === 'AssignmentExpression' && node.parent.left === node ? node.parent : undefined;
  if (assignment) return assignment.operator === '=' ? assignment.right : undefined;
  // `row.count++`: the field alone is no value.
  return node?.parent?.type === 'UpdateExpression' ? undefined : node;
}

export function rootOf(node: Node): Node {
  let at = node;
  while (at.parent) at = at.parent;
  return at;
}

/** `{ theme, seenAt: new Date() }`; undefined where a value is not written out in this file. */
export function spelled(assignments: readonly Assignment[], { table, within }: { table: Table; within: Node }, context: FormContext): string | undefined {
  const parts: string[] = [];
  for (const one of assignments) {
    const node = valueNode(one);
    const column = table.columns.get(one.column);
    // A foreign key that only its relation writes has no property of its own.
    const isProperty = column !== undefined && !/\./.test(one.column) && !(column.type === undefined && table.relations.some((each) => each.columns.includes(one.column)));
    if (one.how !== 'set' || !node || !isProperty || rootOf(node) !== rootOf(within)) return undefined;
    const text = context.text(node);
    parts.push(text === one.column ? text : `${one.column}: ${text}`);
  }
  return parts.length ? `{ ${parts.join(', ')} }` : undefined;
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
