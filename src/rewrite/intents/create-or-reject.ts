/**
 * Create or reject: the look-up stays for its friendly answer, the unique key decides, and a violation of exactly that key gives the
 * same answer. Nothing is moved: the insert only gets a rejection handler.
 */
import type { Intent, Refusal, Rewrite } from '../../model.ts';
import { contains, enclosingStatement } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { decisionOf } from '../decision.ts';
import { lookupKey, onlyRow, otherKeys } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { enclosingTry, withAwait } from '../syntax.ts';
import { indentAt, reindent, someNode } from '../text.ts';
import { merged } from './ensure-row.ts';

export function createOrReject({ read, insert }: Extract<Intent, { kind: 'create-or-reject' }>, context: RewriteContext): Rewrite | Refusal {
  const { trace, file, client, forms, semicolon } = context;
  if (insert.verb !== 'insert') return refuse('no-form', 'An update that claims a value is not rewritten: catch the violation of its key around it, and answer as the check does.');
  const proven = lookupKey(read, insert, context);
  if (isRefusal(proven)) return proven;
  const row = onlyRow(insert);
  if (isRefusal(row)) return row;
  if (insert.transaction) return refuse('in-transaction', 'The insert runs inside a transaction: its violation is to be answered around the whole of it.');
  if (insert.violation?.arrives !== 'thrown') return refuse('no-form', 'This client returns errors instead of throwing them: ask the returned error for the violation in front of what handles it now.');

  const decision = decisionOf(read, insert, trace);
  if (isRefusal(decision)) return decision;
  const [answer, ...more] = decision.present;
  const thrown = answer && !answer.cut && more.length === 0 && answer.node.type === 'ThrowStatement' ? answer.node.argument : undefined;
  if (!thrown) return refuse('answer-shape', 'Only an answer that is thrown at once can be given again where the insert fails.');
  const unfit = unfitAnswer(thrown, insert.node, enclosingStatement(read.node).range[0], context);
  if (unfit) return unfit;
  const handling = sameHandling(thrown, insert.node, context);
  if (handling) return handling;

  const error = someNode(thrown, (one) => one.type === 'Identifier' && one.name === 'error') ? forms.fresh('error') : 'error';
  const { table, key } = proven;
  const violation = client?.forms?.violation?.({ insert, table, key, others: otherKeys(table, key, row), error }, forms);
  if (!violation) return refuse('no-form', `How ${client?.name ?? 'this library'} tells which key was violated is not known here.`);
  if (isRefusal(violation)) return violation;
  const indent = forms.indent(insert.node);
  const again = reindent(file.slice(thrown), indentAt(file.text, thrown.range[0]), `${indent}${forms.unit}`);
  const text = [
    `${forms.text(insert.node)}.catch((${error}${forms.typescript ? ': unknown' : ''}) => {`,
    `${forms.unit}if (${violation.test}) throw ${again}${semicolon}`,
    `${forms.unit}throw ${error}${semicolon}`,
    '})',
  ].join(`\n${indent}`);
  return {
    kind: 'rewrite', form: `${client!.id}-insert-reject`,
    title: `Give the same answer when ${list(key.columns)} is taken meanwhile`,
    edits: [{ start: insert.node.range[0], end: insert.node.range[1], text }],
    requires: merged(proven.requires, violation.requires),
    changes: [`A violation of ${list(key.columns)} is answered as the look-up answers.`, ...violation.changes],
  };
}

/**
 * The answer is worked out in the handler: every name in it must mean there what it means at the check. What was declared with the look-up
 * or behind it (from `since`) may come from the row that was found, which the insert's path does not have.
 */
function unfitAnswer(thrown: Node, insert: Node, since: number, { file }: RewriteContext): Refusal | undefined {
  if (someNode(thrown, (one) => one.type === 'AwaitExpression' || one.type === 'YieldExpression')) return refuse('answer-shape', 'The answer awaits something, which the handler does not.');
  const foreign = someNode(thrown, (one) => {
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    if (!variable) return false;
    const scope = variable.scope.block as unknown as Node;
    // A name of the answer's own (a callback's parameter) goes with it.
    if (contains(thrown, scope)) return false;
    return !contains(scope, insert) || variable.defs.some((each) => each.node.range[0] >= since && contains(scope, thrown) && each.type !== 'ImportBinding' && each.type !== 'FunctionName' && each.type !== 'ClassName') || variable.references.some((each) => each.isWrite() && !each.init);
  });
  return foreign ? refuse('answer-shape', 'The answer names something that the insert\'s place does not have, or that changes on the way.') : undefined;
}

/** What meets the check's answer meets the handler's as well. */
function sameHandling(thrown: Node, insert: Node, { file }: RewriteContext): Refusal | undefined {
  const [outer, own] = [enclosingTry(thrown), enclosingTry(insert)];
  if (outer !== own) return refuse('handling-differs', `The insert has another handler than the answer at line ${file.line(thrown.range[0])}.`);
  const awaiting = withAwait(insert);
  const isAwaited = awaiting.type === 'AwaitExpression';
  const statement = enclosingStatement(insert);
  const isReturned = statement.type === 'ReturnStatement' && statement.argument === insert;
  if (!isAwaited && !isReturned) return refuse('expression', 'Nobody waits for the insert where it stands.');
  return isReturned && own ? refuse('handling-differs', `The insert is returned without \`await\`, so the \`try\` at line ${file.line(own.range[0])} meets errors of the look-up only.`) : undefined;
}
