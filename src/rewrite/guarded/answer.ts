/** What follows when the guarded write changes no row: the answer of the check that the change makes fail, given once more. */
import type { Operation, Refusal } from '../../model.ts';
import { contains, isFunction } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import type { RewriteContext } from '../context.ts';
import { refuse } from '../refusals.ts';
import { enclosingTry, leaves } from '../syntax.ts';
import { indentAt, someNode } from '../text.ts';
import { endOf } from '../decision.ts';
import type { Check, Path } from './path.ts';
import type { RowNames } from './row-names.ts';

/** A statement, with the indentation of the line that it was cut from. */
export interface Answer { readonly text: string; readonly indent: string }

/**
 * Undefined: nothing is to be done. `failing` are the checks that a change of the row can make fail; in a serial order the first of
 * them answers.
 */
export function answerFor(failing: readonly Check[], path: Path, names: RowNames, written: ReadonlySet<string>, write: Operation, context: RewriteContext): Answer | undefined | Refusal {
  const { file, semicolon } = context;
  const [check] = failing;
  if (!check) return refuse('guard', 'No check says what follows when another call was faster.');
  const { answer } = check;
  // The write stands in the branch where the check holds, and nothing is done in the other.
  if (!answer) {
    if (check.node !== path.branch) return refuse('answer-shape', `What follows the branch at line ${file.line(check.node.range[0])} would have to follow at once when no row was changed.`);
    if (!path.behind.length && path.statement.type === 'ExpressionStatement') return undefined;
    if (path.statement.type === 'ReturnStatement') return refuse('answer-shape', 'The result is returned in the branch, and another answer is given outside it.');
    return endOf(check.node) === 'return' ? { text: `return${semicolon}`, indent: '' } : refuse('answer-shape', `What follows the branch at line ${file.line(check.node.range[0])} would have to follow at once when no row was changed.`);
  }
  if (!leaves(answer)) return refuse('answer-shape', `Where the check at line ${file.line(check.node.range[0])} fails, the function goes on, which cannot be repeated behind the write.`);
  const others = new Set(failing.map((one) => (one.answer ? file.slice(one.answer).replace(/\s+/g, ' ') : '')));
  if (others.size > 1) return refuse('answers-differ', 'Several checks ask for what the write changes and answer differently: only people can say which answer the loser gets.');
  const stale = names.mentions(answer).find((one) => one.column === undefined || written.has(one.column));
  if (stale) return refuse('answer-shape', `The answer at line ${file.line(answer.range[0])} tells what was read, which is another value by then.`);
  if (enclosingTry(answer) !== enclosingTry(write.node)) return refuse('handling-differs', `The write has another handler than the answer at line ${file.line(answer.range[0])}.`);
  const leaving = someNode(answer, (one) => one.type === 'BreakStatement' || one.type === 'ContinueStatement' || /^(?:FunctionDeclaration|ClassDeclaration|VariableDeclaration)$/.test(one.type));
  if (leaving) return refuse('answer-shape', `The answer at line ${file.line(answer.range[0])} declares something or leaves a loop, which cannot be repeated elsewhere.`);
  const foreign = someNode(answer, (one) => {
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    if (!variable) return false;
    const scope = variable.scope.block as unknown as Node;
    return !contains(answer, scope) && (!contains(scope, write.node) || variable.references.some((each) => each.isWrite() && !each.init && sameFunction(each.identifier as unknown as Node, answer)));
  });
  if (foreign) return refuse('answer-shape', 'The answer names something that the write\'s place does not have, or that changes on the way.');
  return { text: file.slice(answer), indent: indentAt(file.text, check.node.range[0]) };
}

function sameFunction(one: Node, other: Node): boolean {
  const owner = (node: Node): Node | undefined => { for (let at: Node | undefined = node; at; at = at.parent) if (isFunction(at)) return at; return undefined; };
  return owner(one) === owner(other);
}
