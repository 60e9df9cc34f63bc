/** Questions about where a call stands. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';

/** Whether `node` stands within a call of `….method(…)`, the library's way to open a transaction. */
export function isInsideCall(node: Node, method: string): boolean {
  for (let at = node.parent; at; at = at.parent) {
    const callee = at.type === 'CallExpression' ? unwrap(at.callee) : undefined;
    if (callee?.type === 'MemberExpression' && callee.property.type === 'Identifier' && callee.property.name === method) return true;
  }
  return false;
}

/** The calls of a builder's chain by their names, as they stand at one place: `insert`, `values`, `returning`. */
export function stepsOf(node: Node): ReadonlyMap<string, TSESTree.CallExpression> {
  const steps = new Map<string, TSESTree.CallExpression>();
  for (let at = unwrap(node); at.type === 'CallExpression' && at.callee.type === 'MemberExpression'; at = unwrap(at.callee.object)) {
    if (at.callee.property.type === 'Identifier') steps.set(at.callee.property.name, at);
  }
  return steps;
}

const isWrapper = (node: Node): boolean => node.type === 'TSNonNullExpression' || node.type === 'TSAsExpression' || node.type === 'ChainExpression';

/** The method that is called on what `node` gives. */
export function memberAfter(node: Node): TSESTree.MemberExpression | undefined {
  let at: Node = node;
  while (at.parent && isWrapper(at.parent)) at = at.parent;
  const member = at.parent;
  return member?.type === 'MemberExpression' && member.object === at && member.parent.type === 'CallExpression' && member.parent.callee === member ? member : undefined;
}

/** The names of the steps that follow a call. */
export function stepsAfter(node: Node): readonly string[] {
  const steps: string[] = [];
  for (let at = memberAfter(node); at; at = memberAfter(at.parent)) {
    const name = keyName(at.property, at.computed);
    if (name === undefined) break;
    steps.push(name);
  }
  return steps;
}

/** What stands in front of a step's dot. */
export function spaceBefore(step: TSESTree.CallExpression, { text }: { text(node: Node): string }): string {
  const { callee } = step;
  if (callee.type !== 'MemberExpression') return '';
  const start = step.range[0];
  return text(step).slice(callee.object.range[1] - start, callee.property.range[0] - start).replace(/\.\s*$/, '');
}
