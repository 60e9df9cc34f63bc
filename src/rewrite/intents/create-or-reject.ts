/**
 * Create or reject: the look-up stays for its friendly answer, the unique key decides, and a violation of exactly that key gives the
 * same answer. Nothing is moved: the insert only gets a rejection handler.
 */
import type { Edit, Intent, Operation, Refusal, Rewrite } from '../../model.ts';
import { contains, enclosingStatement } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { decisionOf } from '../decision.ts';
import { lookupKey, onlyRow, otherKeys } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, enclosingTry, withAwait, type Statement } from '../syntax.ts';
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
  const steps = decision.present.map((one) => one.node);
  const [answer] = steps;
  const last = steps.at(-1);
  if (!answer || decision.present.some((one) => one.cut) || (last?.type !== 'ThrowStatement' && last?.type !== 'ReturnStatement')) return refuse('answer-shape', 'Only an answer that is thrown or returned can be given again where the insert fails.');
  const thrown = steps.length === 1 && answer.type === 'ThrowStatement' ? answer.argument : undefined;
  for (const one of thrown ? [thrown] : steps) {
    const unfit = unfitAnswer(one, insert.node, enclosingStatement(read.node).range[0], context);
    if (unfit) return unfit;
  }
  const handling = sameHandling(thrown ?? answer, insert.node, context);
  if (handling) return handling;

  const error = steps.some((step) => someNode(step, (one) => one.type === 'Identifier' && one.name === 'error')) ? forms.fresh('error') : 'error';
  const { table, key } = proven;
  const violation = client?.forms?.violation?.({ insert, table, key, others: otherKeys(table, key, row), error }, forms);
  if (!violation) return refuse('no-form', `How ${client?.name ?? 'this library'} tells which key was violated is not known here.`);
  if (isRefusal(violation)) return violation;
  const indent = forms.indent(insert.node);
  const shared = {
    kind: 'rewrite' as const, title: `Give the same answer when ${list(key.columns)} is taken meanwhile`, requires: merged(proven.requires, violation.requires),
    changes: [`A violation of ${list(key.columns)} is answered as the look-up answers.`, ...violation.changes],
  };
  if (!thrown) {
    const edit = returned(insert, steps, { error, test: violation.test }, context);
    return isRefusal(edit) ? edit : { ...shared, form: `${client!.id}-insert-answer`, edits: [edit], onConnection: true };
  }
  const again = reindent(file.slice(thrown), indentAt(file.text, thrown.range[0]), `${indent}${forms.unit}`);
  const text = [
    `${forms.text(insert.node)}.catch((${error}${forms.typescript ? ': unknown' : ''}) => {`,
    `${forms.unit}if (${violation.test}) throw ${again}${semicolon}`,
    `${forms.unit}throw ${error}${semicolon}`,
    '})',
  ].join(`\n${indent}`);
  return { ...shared, form: `${client!.id}-insert-reject`, edits: [{ start: insert.node.range[0], end: insert.node.range[1], text }] };
}

/**
 * An answer that leaves the function stands where the insert's statement does: in a `catch` around it, or, where the row gets a name,
 * behind it, with nothing in the row's place when the key was taken.
 */
function returned(insert: Operation, steps: readonly Statement[], { error, test }: { readonly error: string; readonly test: string }, { file, forms, semicolon }: RewriteContext): Edit | Refusal {
  const statement = enclosingStatement(insert.node);
  const { unit } = forms;
  const indent = forms.indent(statement);
  const odd = refuse('expression', `The statement at line ${file.line(statement.range[0])} uses the inserted row in place; bind it to a constant first.`);
  if (!/^(?:BlockStatement|Program)$/.test(statement.parent?.type ?? '')) return refuse('shape', `The statement at line ${file.line(statement.range[0])} stands in no block.`);
  // From the first statement to the last as they stand, comments between them included.
  const first = steps[0]!;
  const body = (to: string): string => reindent(file.text.slice(first.range[0], steps.at(-1)!.range[1]), indentAt(file.text, first.range[0]), to);
  const answerAt = (to: string): string => (steps.length === 1 ? body(to) : `{\n${to}${unit}${body(`${to}${unit}`)}\n${to}}`);
  const isWhole = (node: Node | null | undefined): boolean => node != null && (awaited(node) === insert.node || node === insert.node);
  const replace = (lines: readonly string[]): Edit => ({ start: statement.range[0], end: statement.range[1], text: lines.join(`\n${indent}`) });
  if ((statement.type === 'ExpressionStatement' && isWhole(statement.expression)) || (statement.type === 'ReturnStatement' && isWhole(statement.argument))) {
    const run = reindent(forms.text(insert.node), indentAt(file.text, insert.node.range[0]), `${indent}${unit}`);
    return replace(['try {', `${unit}${statement.type === 'ReturnStatement' ? 'return ' : ''}await ${run}${semicolon}`, `} catch (${error}) {`, `${unit}if (${test}) ${answerAt(`${indent}${unit}`)}`, `${unit}throw ${error}${semicolon}`, '}']);
  }
  if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const' || statement.declarations.length !== 1) return odd;
  const { id, init } = statement.declarations[0]!;
  const givesRow = insert.result.some((one) => one.is === 'written' && !one.path.length && one.miss === undefined);
  if (id.type !== 'Identifier' || id.typeAnnotation || init?.type !== 'AwaitExpression' || awaited(init) !== insert.node || !givesRow) return odd;
  return replace([
    `const ${id.name} = await ${forms.text(insert.node)}.catch((${error}${forms.typescript ? ': unknown' : ''}) => {`,
    `${unit}if (${test}) return null${semicolon}`, `${unit}throw ${error}${semicolon}`, `})${semicolon}`, `if (!${id.name}) ${answerAt(indent)}`,
  ]);
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
