/**
 * A write inside the callback of a transaction. The check's answer, thrown there, ends the transaction, and so does the same answer thrown
 * instead of the violation: nothing is asked of the transaction in between, which Postgres would not answer.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal, Requirement } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { contains, eachNode, enclosingFunction, isFunction, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';
import type { RewriteContext } from './context.ts';
import { refuse } from './refusals.ts';
import { enclosingTry, type Statement } from './syntax.ts';
import { someNode } from './text.ts';

/** What stands for a write in the function of its look-up: the transaction that it runs in, where the look-up comes before that; else itself. */
export function siteOf(read: Operation, { node, transaction }: Operation): Node {
  const opened = transaction?.form === 'callback' ? transaction.node : undefined;
  return opened && contains(opened, node) && !contains(opened, read.node) ? opened : node;
}

/** That the answer may be thrown where the write fails, or why not. */
export function endsTransaction(read: Operation, write: Operation, steps: readonly Statement[], { client, file, forms: { dialect } }: RewriteContext): readonly Requirement[] | Refusal {
  const transaction = write.transaction!;
  const around = (why: string): Refusal => refuse('in-transaction', `\`${write.label}\` runs inside a transaction${why}: its violation is to be answered around the whole of it.`);
  const callback = enclosingFunction(write.node);
  if (transaction.form !== 'callback' || transaction.parent || !callback) return around('');
  const throws = client?.forms?.throwsThrough;
  if (!dialect || !throws?.includes(dialect)) return around(', and whether what is thrown out of it arrives as it is was not measured here');
  if (transaction.isolation !== 'default' && transaction.isolation !== 'read committed') return around(' of an isolation level at which other errors come first');
  const opening = transaction.node;
  if (opening.type !== 'CallExpression' || !opening.arguments.some((one) => one === callback)) return around(' that another function opens');
  const isWithin = contains(opening, read.node);
  if (isWithin ? read.transaction !== transaction : read.transaction !== undefined) return refuse('other-transaction', 'The look-up and the write do not run in the same transaction.');
  if (enclosingFunction(read.node) !== (isWithin ? callback : enclosingFunction(opening))) return around(' that the look-up is not made in');
  if (steps.at(-1)?.type !== 'ThrowStatement' || steps.some(returns)) return around(', which an answer that is not thrown would leave broken');
  const met = enclosingTry(write.node);
  if (met) return around(`, and the \`try\` at line ${file.line(met.range[0])} may go on in it`);
  if (steps.some((one) => asks(one, callback, file))) return refuse('answer-shape', 'The answer asks something of the transaction, which the violation has aborted.');
  return [{ id: 'ends-transaction', text: 'what is thrown ends the transaction, and arrives behind it as it is', state: 'proven' }];
}

function returns(step: Statement): boolean {
  let found = false;
  eachNode(step, (node) => { found ||= node.type === 'ReturnStatement'; return !found && !isFunction(node); });
  return found;
}

/** It names the handle, or calls what was made in the callback, which may do so. */
function asks(step: Statement, callback: Node, file: SourceFile): boolean {
  return someNode(step, (one) => {
    const name = one.type === 'Identifier' ? one : one.type === 'CallExpression' ? calledOf(one) : undefined;
    const variable = name && file.variable(name);
    return variable?.defs.some((each) => (one.type === 'CallExpression' ? contains(callback, each.node as unknown as Node) : each.type === 'Parameter' && (each.node as unknown) === callback)) === true;
  });
}

/** `fail` of `fail(…)`, `errors` of `errors.taken(…)`. */
function calledOf({ callee }: TSESTree.CallExpression): TSESTree.Identifier | undefined {
  let at = unwrap(callee);
  while (at.type === 'MemberExpression') at = unwrap(at.object);
  return at.type === 'Identifier' ? at : undefined;
}
