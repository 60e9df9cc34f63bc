/**
 * The answer of a check, given once more where the database says that the value was taken meanwhile. Nothing is moved: the write gets a
 * rejection handler, or the error that it returns is asked before anything else is done with it.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { ViolationForm, ViolationRequest } from '../../clients/forms.ts';
import type { Edit, Operation, Refusal, Requirement, Rewrite } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { SourceFile, Variable } from '../../source/file.ts';
import { contains, enclosingFunction, enclosingStatement } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { endsTransaction, siteOf } from '../inside-transaction.ts';
import { together } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, enclosingTry, statementsOf, withAwait, type Statement } from '../syntax.ts';
import { indentAt, reindent, someNode } from '../text.ts';
import { merged } from './ensure-row.ts';

export interface AnswerAgain {
  readonly read: Operation;
  readonly write: Operation;
  /** What the check answers. */
  readonly steps: readonly Statement[];
  readonly table: Table;
  /** The look-up finds by any of these. */
  readonly keys: readonly UniqueKey[];
  /** Other keys that the write can violate. */
  readonly others: readonly UniqueKey[] | 'unknown';
  readonly requires: readonly Requirement[];
  readonly changes: readonly string[];
}

/** Where the violation is met, by the name that its error has there. */
interface Meeting { readonly error: string; edits(test: string): readonly Edit[] }

export function answerAgain({ read, write, steps, table, keys, others, requires, changes }: AnswerAgain, context: RewriteContext): Rewrite | Refusal {
  const { client } = context;
  const [answer] = steps;
  const last = steps.at(-1);
  if (!answer || (last?.type !== 'ThrowStatement' && last?.type !== 'ReturnStatement')) return refuse('answer-shape', 'Only an answer that is thrown or returned can be given again where the write fails.');
  const ending = write.transaction ? endsTransaction(read, write, steps, context) : [];
  if (isRefusal(ending)) return ending;
  const thrown = steps.length === 1 && answer.type === 'ThrowStatement' ? answer.argument : undefined;
  for (const one of thrown ? [thrown] : steps) {
    const unfit = unfitAnswer(one, write.node, enclosingStatement(read.node).range[0], context);
    if (unfit) return unfit;
  }
  const isReturned = steps.every((one) => one.type !== 'ThrowStatement');
  const site = siteOf(read, write);
  const handling = (site !== write.node ? waited(write.node, write, context) : undefined) ?? sameHandling(thrown ?? answer, site, write, isReturned, context);
  if (handling) return handling;

  const meeting = write.violation?.arrives === 'returned' ? returnedError(write, steps, context) : thrown ? rejection(write, thrown, nameFor(steps, context), context) : caught(write, steps, nameFor(steps, context), context);
  if (isRefusal(meeting)) return meeting;
  const violation = violationOf(keys, { write, updates: write.verb !== 'insert', table, others, error: meeting.error }, context);
  if (isRefusal(violation)) return violation;
  const taken = keys.map((one) => list(one.columns)).join(' or ');
  return {
    kind: 'rewrite', form: `${client!.id}-${write.verb === 'insert' ? 'insert' : 'update'}-${thrown ? 'reject' : 'answer'}`,
    title: `Give the same answer when ${taken} is taken meanwhile`,
    edits: meeting.edits(violation.test), requires: merged(requires, [...ending, ...violation.requires]),
    changes: [`A violation of ${taken} is answered as the look-up answers.`, ...changes, ...violation.changes],
    // What is thrown ends a transaction that is around it, whoever opened that; an answer would leave it broken.
    ...(!thrown && { onConnection: true as const }),
  };
}

/** Whether one of the keys was violated: a violation of any where no others are, else of one that the error tells. */
function violationOf(keys: readonly UniqueKey[], request: Omit<ViolationRequest, 'key'>, { client, forms }: RewriteContext): Pick<ViolationForm, 'test' | 'requires' | 'changes'> | Refusal {
  const form = client?.forms?.violation;
  if (!form) return refuse('no-form', `How ${client?.name ?? 'this library'} tells which key was violated is not known here.`);
  const tests = (beside: (key: UniqueKey) => ViolationRequest['others']): ViolationForm[] | Refusal => {
    const found: ViolationForm[] = [];
    for (const key of keys) {
      const one = form({ ...request, key, others: beside(key) }, forms);
      if (isRefusal(one)) return one;
      found.push(one);
    }
    return found;
  };
  const { others } = request;
  const alone = tests(() => others);
  if (isRefusal(alone)) return alone;
  const [first, ...rest] = alone;
  if (rest.every((one) => one.test === first!.test)) return first!;
  const each = tests((key) => (others === 'unknown' ? others : [...others, ...keys.filter((one) => one !== key)]));
  if (isRefusal(each)) return each;
  return { test: either(each.map((one) => one.test)), requires: together(each.map((one) => one.requires)), changes: [...new Set(each.flatMap((one) => one.changes))] };
}

/** `code === '23505' && (constraint === 'a' || constraint === 'b')`. */
function either(tests: readonly string[]): string {
  const parts = tests.map((one) => one.split(' && '));
  let shared = 0;
  // Half a pair of brackets is no part of its own.
  const isWhole = (part: string): boolean => part.split('(').length === part.split(')').length;
  while (parts.every((one) => shared < one.length - 1 && one[shared] === parts[0]![shared] && isWhole(one[shared]!))) shared++;
  const rest = parts.map((one) => one.slice(shared).join(' && ')).join(' || ');
  return shared ? `${parts[0]!.slice(0, shared).join(' && ')} && (${rest})` : rest;
}

/** `error`, unless the answer means something else by it. */
function nameFor(steps: readonly Statement[], { forms }: RewriteContext): string {
  return steps.some((step) => someNode(step, (one) => one.type === 'Identifier' && one.name === 'error')) ? forms.fresh('error') : 'error';
}

const caughtAs = (error: string, typescript: boolean): string => `(${error}${typescript ? ': unknown' : ''})`;

/** `await write().catch((error) => { if (…) throw …; throw error; })`. */
function rejection(write: Operation, thrown: Node, error: string, { file, forms, semicolon }: RewriteContext): Meeting {
  const indent = forms.indent(write.node);
  const { unit } = forms;
  const again = reindent(file.slice(thrown), indentAt(file.text, thrown.range[0]), `${indent}${unit}`);
  return {
    error,
    edits: (test) => [{
      start: write.node.range[0], end: write.node.range[1],
      text: [`${forms.text(write.node)}.catch(${caughtAs(error, forms.typescript)} => {`, `${unit}if (${test}) throw ${again}${semicolon}`, `${unit}throw ${error}${semicolon}`, '})'].join(`\n${indent}`),
    }],
  };
}

/** The answer as a statement at an indentation: from its first statement to the last as they stand, comments between them included. */
function answerText(steps: readonly Statement[], { file, forms: { unit } }: RewriteContext): (to: string) => string {
  const first = steps[0]!;
  const body = (to: string): string => reindent(file.text.slice(first.range[0], steps.at(-1)!.range[1]), indentAt(file.text, first.range[0]), to);
  return (to) => (steps.length === 1 ? body(to) : `{\n${to}${unit}${body(`${to}${unit}`)}\n${to}}`);
}

/**
 * An answer that leaves the function stands where the write's statement does: in a `catch` around it, or, where the result gets a name,
 * behind it, with nothing in the result's place when the key was taken.
 */
function caught(write: Operation, steps: readonly Statement[], error: string, context: RewriteContext): Meeting | Refusal {
  const { forms, semicolon, file } = context;
  const statement = enclosingStatement(write.node) as Statement;
  const { unit } = forms;
  const indent = forms.indent(statement);
  if (!statementsOf(statement.parent)) return noBlock(statement, context);
  const answerAt = answerText(steps, context);
  const replace = (lines: readonly string[]): readonly Edit[] => [{ start: statement.range[0], end: statement.range[1], text: lines.join(`\n${indent}`) }];
  const before = wholeStatement(statement, write, context);
  if (before !== undefined) {
    const run = reindent(forms.text(write.node), indentAt(file.text, write.node.range[0]), `${indent}${unit}`);
    return { error, edits: (test) => replace(['try {', `${unit}${before}await ${run}${semicolon}`, `} catch (${error}) {`, `${unit}if (${test}) ${answerAt(`${indent}${unit}`)}`, `${unit}throw ${error}${semicolon}`, '}']) };
  }
  const bound = boundResult(statement, write, context);
  if (!bound) return inPlace(statement, write, context);
  return {
    error,
    edits: (test) => replace([
      `const ${bound.name} = await ${forms.text(write.node)}.catch(${caughtAs(error, forms.typescript)} => {`,
      `${unit}if (${test}) return null${semicolon}`, `${unit}throw ${error}${semicolon}`, `})${semicolon}`, `if (${bound.isMissing}) ${answerAt(indent)}`, ...bound.behind,
    ]),
  };
}

/** What stands in front of `await` where the write is all that its statement does: nothing, `return `, `row = `. */
function wholeStatement(statement: Statement, write: Operation, { file }: RewriteContext): string | undefined {
  const isWhole = (node: Node | null | undefined): boolean => node != null && (awaited(node) === write.node || node === write.node);
  if (statement.type === 'ReturnStatement' && isWhole(statement.argument)) return 'return ';
  if (statement.type !== 'ExpressionStatement') return undefined;
  const { expression } = statement;
  if (isWhole(expression)) return '';
  const isAssigned = expression.type === 'AssignmentExpression' && expression.operator === '=' && expression.left.type === 'Identifier' && expression.right.type === 'AwaitExpression' && isWhole(expression.right);
  return isAssigned ? `${file.slice(expression.left)} = ` : undefined;
}

/** `const row = await write()`; what an update gives is tested for the very value that the handler gives, since it may be 0. */
function boundResult(statement: Statement, write: Operation, { file, forms, semicolon }: RewriteContext): { readonly name: string; readonly isMissing: string; readonly behind: readonly string[] } | undefined {
  if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const' || statement.declarations.length !== 1) return undefined;
  const { id, init } = statement.declarations[0]!;
  if (init?.type !== 'AwaitExpression' || awaited(init) !== write.node) return undefined;
  const givesRow = write.result.some((one) => one.is === 'written' && !one.path.length && one.miss === undefined);
  if (id.type === 'Identifier') {
    if (id.typeAnnotation || (write.verb === 'insert' && !givesRow)) return undefined;
    return { name: id.name, isMissing: givesRow ? `!${id.name}` : `${id.name} === null`, behind: [] };
  }
  if (write.verb === 'insert' || id.typeAnnotation) return undefined;
  const name = forms.fresh('result');
  return { name, isMissing: `${name} === null`, behind: [`const ${file.slice(id)} = ${name}${semicolon}`] };
}

/** `const { error } = await write()`: asked for the violation in front of whatever is done with it. */
function returnedError(write: Operation, steps: readonly Statement[], context: RewriteContext): Meeting | Refusal {
  const { forms, file } = context;
  const statement = enclosingStatement(write.node) as Statement;
  const key = write.result.find((one) => one.is === 'error' && one.path.length === 1)?.path[0];
  if (key === undefined) return refuse('no-form', 'How this client hands out its error is not known here.');
  if (!statementsOf(statement.parent)) return noBlock(statement, context);
  const indent = forms.indent(statement);
  const answerAt = answerText(steps, context);
  const behind = (test: string): Edit => ({ start: statement.range[1], end: statement.range[1], text: `\n${indent}if (${test}) ${answerAt(indent)}` });
  const name = forms.fresh('error');
  const binding = name === key ? key : `${key}: ${name}`;
  if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AwaitExpression' && awaited(statement.expression) === write.node) {
    return { error: name, edits: (test) => [{ start: statement.range[0], end: statement.range[0], text: `const { ${binding} } = ` }, behind(test)] };
  }
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return inPlace(statement, write, context);
  const { id, init } = statement.declarations[0]!;
  if (init?.type !== 'AwaitExpression' || awaited(init) !== write.node) return inPlace(statement, write, context);
  if (id.type === 'Identifier') return { error: `${id.name}.${key}`, edits: (test) => [behind(test)] };
  const last = id.type === 'ObjectPattern' ? id.properties.at(-1) : undefined;
  if (id.type !== 'ObjectPattern' || !last || id.properties.some((one) => one.type !== 'Property' || one.computed) || id.typeAnnotation) return inPlace(statement, write, context);
  const own = id.properties.find((one): one is TSESTree.Property => one.type === 'Property' && file.slice(one.key) === key);
  if (!own) return { error: name, edits: (test) => [{ start: last.range[1], end: last.range[1], text: `, ${binding}` }, behind(test)] };
  return own.value.type === 'Identifier' ? { error: own.value.name, edits: (test) => [behind(test)] } : inPlace(statement, write, context);
}

function noBlock(statement: Statement, { file }: RewriteContext): Refusal {
  return refuse('shape', `The statement at line ${file.line(statement.range[0])} stands in no block.`);
}

function inPlace(statement: Statement, { verb }: Operation, { file }: RewriteContext): Refusal {
  return refuse('expression', `The statement at line ${file.line(statement.range[0])} uses the ${verb === 'insert' ? 'inserted row' : 'result'} in place; bind it to a constant first.`);
}

/**
 * The answer is worked out in the handler: every name in it must mean there what it means at the check. What was declared with the look-up
 * or behind it (from `since`) may come from the row that was found, which the write's path does not have.
 */
function unfitAnswer(thrown: Node, write: Node, since: number, { file }: RewriteContext): Refusal | undefined {
  if (someNode(thrown, (one) => one.type === 'AwaitExpression' || one.type === 'YieldExpression')) return refuse('answer-shape', 'The answer awaits something, which the handler does not.');
  const foreign = someNode(thrown, (one) => {
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    if (!variable) return false;
    const scope = variable.scope.block as unknown as Node;
    // A name of the answer's own (a callback's parameter) goes with it.
    if (contains(thrown, scope)) return false;
    return !contains(scope, write) || isHidden(variable, write, file) || variable.defs.some((each) => each.node.range[0] >= since && contains(scope, thrown) && each.type !== 'ImportBinding' && each.type !== 'FunctionName' && each.type !== 'ClassName') || variable.references.some((each) => each.isWrite() && !each.init);
  });
  return foreign ? refuse('answer-shape', 'The answer names something that the write\'s place does not have, or that changes on the way.') : undefined;
}

/** Around the write, another variable has the name. */
function isHidden(variable: Variable, write: Node, file: SourceFile): boolean {
  const around = enclosingFunction(write);
  return around !== undefined && someNode(around, (one) => {
    const other = one.type === 'Identifier' && one.name === variable.name ? file.variable(one) : undefined;
    return other !== undefined && other !== variable && contains(other.scope.block as unknown as Node, write) && contains(variable.scope.block as unknown as Node, other.scope.block as unknown as Node);
  });
}

/**
 * What meets the check's answer meets the handler's as well. An answer that is returned passes every `catch`, and is only held up by
 * a `finally`.
 */
function sameHandling(answer: Node, site: Node, write: Operation, isReturnedAnswer: boolean, context: RewriteContext): Refusal | undefined {
  const outer = enclosingTry(answer);
  let own = enclosingTry(site);
  while (isReturnedAnswer && own && own !== outer && !own.finalizer) own = enclosingTry(own);
  if (outer !== own) return refuse('handling-differs', `\`${write.label}\` has another handler than the answer at line ${context.file.line(answer.range[0])}.`);
  return waited(site, write, context);
}

/** Whoever meets what the write, or the transaction around it, throws is the one who meets what is thrown where it stands. */
function waited(node: Node, { label }: Operation, { file }: RewriteContext): Refusal | undefined {
  const isAwaited = withAwait(node).type === 'AwaitExpression';
  const statement = enclosingStatement(node);
  const isReturned = statement.type === 'ReturnStatement' && statement.argument === node;
  if (!isAwaited && !isReturned) return refuse('expression', `Nobody waits for \`${label}\` where it stands.`);
  const around = isReturned ? enclosingTry(node) : undefined;
  return around && refuse('handling-differs', `\`${label}\` is returned without \`await\`, so the \`try\` at line ${file.line(around.range[0])} meets errors of the look-up only.`);
}
