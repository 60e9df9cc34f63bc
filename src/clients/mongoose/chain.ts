/** A statement's chain as it stands in the file. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';

export interface Link { readonly call: TSESTree.CallExpression; readonly name: string }

/** The calls of a chain, the first one first, and what they are made on; undefined for any other expression. */
export function chainOf(operation: Operation): { readonly receiver: TSESTree.Expression; readonly links: readonly Link[] } | undefined {
  const links: Link[] = [];
  let at = unwrap(operation.node) as TSESTree.Expression;
  while (at.type === 'CallExpression' && at.callee.type === 'MemberExpression' && !at.callee.computed && !at.optional && !at.callee.optional && at.callee.property.type === 'Identifier') {
    links.unshift({ call: at, name: at.callee.property.name });
    at = unwrap(at.callee.object) as TSESTree.Expression;
  }
  return links.length && links.every(({ call }) => call.arguments.every((one) => one.type !== 'SpreadElement')) ? { receiver: at, links } : undefined;
}
