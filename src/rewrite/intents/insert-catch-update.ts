/**
 * Insert, and answer a unique violation by an update (or a look-up) of the row that is there: one upsert on the key by which the
 * answer finds its row. The handler goes; what it did with other errors stays.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Intent, Operation, Refusal, Rewrite } from '../../model.ts';
import { contains, enclosingFunction, enclosingStatement, unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { effectOf } from '../effects.ts';
import { endOf, type Decision, type Step } from '../decision.ts';
import { isGivenValues, isInert } from '../inert.ts';
import { lookupKey, onlyRow, otherKeys as otherKeysOf, violableKeys, type ProvenKey } from '../keys.ts';
import { outcomeOf, type Outcome } from '../outcome.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, bodyOf, enclosingTry, leaves, statementsOf, type Statement } from '../syntax.ts';
import { editedRange, indentAt, lostComments, reindent, removal, someNode, templateRanges } from '../text.ts';
import { merged } from './ensure-row.ts';

type InsertCatchUpdate = Extract<Intent, { kind: 'insert-catch-update' }>;

/** The handler taken apart: the branch for the violation, what stays, and the edits that take the branch out. */
interface Handler {
  readonly tried: readonly Step[];
  readonly branch: readonly Step[];
  readonly end: Decision['end'];
  /** Set where the statements do not tell whether the row is used. */
  readonly wants?: 'row' | 'nothing';
  readonly edits: (inserted: string) => readonly Edit[] | Refusal;
}

export function insertCatchUpdate(intent: InsertCatchUpdate, context: RewriteContext): Rewrite | Refusal {
  const { insert, answer } = intent;
  const { trace, file, client, forms } = context;
  if (!answer) return refuse('handler', 'The handler never sees a unique violation, so what it should answer is for you to say.');
  if (answer.file !== file.path || insert.file !== file.path) return refuse('other-file', 'The insert and its handler stand in different files.');
  if (enclosingFunction(insert.node) !== enclosingFunction(answer.node) && !contains(handlerCall(insert) ?? insert.node, answer.node)) return refuse('other-function', 'The insert and its handler stand in different functions.');
  const answers = trace.operations.filter((one) => one !== insert && one.table.name === insert.table.name && one.id > insert.id && (one.verb === 'update' || one.verb === 'find') && sameHandler(one, answer, insert));
  if (answers.length > 1) return severalAnswers(answers, insert, context);
  const key = lookupKey(answer, insert, context);
  if (isRefusal(key)) return key;
  const effect = effectOf(key.table, answer.verb === 'update' ? answer : undefined, context);
  if (effect !== undefined) return refuse('side-effects', `\`${key.table.name}\` has ${effect}, which an upsert would skip or run differently.`);
  if (answer.transaction !== insert.transaction) return refuse('other-transaction', 'The insert and the answer to its violation do not run in the same transaction.');
  const update = answer.verb === 'update' ? answer : undefined;
  if (update && !isGivenValues(update.node, trace)) return refuse('work-between', `What \`${update.label}\` at line ${file.line(update.node.range[0])} is given would be worked out whether or not the row is there, and that may do more than give a value.`);
  const handler = handlerOf(insert, answer, context);
  if (isRefusal(handler)) return handler;
  const tried = outcomeOf(handler.tried, { call: insert, rows: [], end: handler.end }, trace);
  if (isRefusal(tried)) return tried;
  const branch = outcomeOf(handler.branch, { call: answer, rows: [], end: handler.end }, trace);
  if (isRefusal(branch)) return branch;
  const differs = compare(tried, branch);
  if (differs) return differs;
  const form = client?.forms?.upsert?.({ insert, read: update ? undefined : answer, table: key.table, key: key.key, keyText: key.texts, update, wants: handler.wants ?? (tried.readsRow ? 'row' : 'nothing'), others: othersThan(key, insert) }, forms);
  if (!form) return refuse('no-form', `There is no proven atomic form for ${client?.name ?? 'this library'} here.`);
  if (isRefusal(form)) return form;
  if (form.before.length || form.row !== undefined) return refuse('expression', 'The row afterwards cannot be given in the handler\'s place.');
  const edits = handler.edits(form.call);
  if (isRefusal(edits)) return edits;
  return { kind: 'rewrite', title: form.title, edits, requires: merged(key.requires, form.requires), changes: [...keysNoLongerAnswered(key.key.columns, insert), ...form.changes], form: form.id };
}

function othersThan({ table, key }: ProvenKey, insert: Operation): ReturnType<typeof otherKeysOf> {
  const row = onlyRow(insert);
  return isRefusal(row) ? 'unknown' : otherKeysOf(table, key, row);
}

/** Which errors the handler answered by the wrong row, and which now reach the caller. */
function keysNoLongerAnswered(columns: readonly string[], insert: Operation): string[] {
  const row = onlyRow(insert);
  const table = insert.table.table;
  if (!table || isRefusal(row)) return [];
  const others = violableKeys(table, row).filter((one) => one.columns.join() !== columns.join());
  return others.length ? [`A violation of ${others.map((one) => list(one.columns)).join(' or ')} is no longer taken for this row: it reaches the caller as an error.`] : [];
}

function sameHandler(one: Operation, answer: Operation, insert: Operation): boolean {
  return one === answer || (one.region === answer.region && one.region !== insert.region) || (insert.violation?.arrives === 'returned' && one.node.range[0] > insert.node.range[0] && one.condition === answer.condition);
}

/** One upsert has one key; the first of the answers' keys that cannot be one is the reason. */
function severalAnswers(answers: readonly Operation[], insert: Operation, context: RewriteContext): Refusal {
  const keys = answers.map((one) => lookupKey(one, insert, context));
  return keys.find((one): one is Refusal => isRefusal(one) && one.id === 'partial-key') ?? keys.find(isRefusal) ?? refuse('several-answers', 'The handler answers by different keys in different cases, and an upsert has one.');
}

function compare(tried: Outcome, branch: Outcome): Refusal | undefined {
  if (tried.locals.length && tried.holder === undefined) return refuse('shape', 'The insert was not found in its place.');
  if (branch.locals.length) return refuse('branch-does-more', 'The answer to the violation works out values of its own.');
  if (tried.answers.join('\n') !== branch.answers.join('\n')) return refuse('answers-differ', 'The insert and the answer to its violation hand out different things.');
  if (branch.checks.length && branch.checks.join('\n') !== tried.checks.join('\n')) return refuse('handling-differs', 'Errors of the insert and of the answer are answered differently.');
  return undefined;
}

function handlerOf(insert: Operation, answer: Operation, context: RewriteContext): Handler | Refusal {
  const call = handlerCall(insert);
  if (call && contains(call, answer.node)) return caughtCall(call, answer, context);
  if (insert.violation?.arrives === 'returned') return returned(insert, answer, context);
  for (let at: Node | undefined = insert.node; at; at = at.parent) {
    if (at.type === 'TryStatement' && at.handler && contains(at.block, insert.node) && contains(at.handler, answer.node)) return tryCatch(at, at.handler, insert, answer, context);
  }
  return refuse('shape', 'The handler has a shape that the rewrite does not know.');
}

/** `insert(…).catch(handler)`. */
function handlerCall(insert: Operation): TSESTree.CallExpression | undefined {
  const member = insert.node.parent;
  const call = member?.type === 'MemberExpression' && member.object === insert.node && member.property.type === 'Identifier' && member.property.name === 'catch' ? member.parent : undefined;
  return call?.type === 'CallExpression' ? call : undefined;
}

const step = (node: Statement): Step => ({ node });

/** The statements of a handler without the violation's branch; undefined when they are no test and a rethrow. */
function takeBranch(body: readonly Statement[], answer: Operation, context: RewriteContext): { readonly branch: readonly Statement[]; readonly rest: readonly Statement[] } | undefined {
  const at = body.findIndex((one) => one.type === 'IfStatement');
  const test = body[at];
  if (test?.type !== 'IfStatement' || body.slice(0, at).some((one) => someNode(one, (node) => node.type === 'AwaitExpression'))) return undefined;
  const before = body.slice(0, at);
  // What runs in front of the branch would no longer run, and a test of anything but the error would no longer be asked.
  if (before.some((one) => one.type !== 'VariableDeclaration' || !isInert(one, context.trace)) || !asksErrorOnly(test.test, body, context)) return undefined;
  const behind = body.slice(at + 1);
  const branch = [test.consequent, test.alternate].find((one) => one != null && contains(one, answer.node));
  if (branch && behind.length && !leaves(branch)) return undefined;
  if (contains(test.consequent, answer.node)) {
    const others = test.alternate ? bodyOf(test.alternate) : [];
    return { branch: bodyOf(test.consequent), rest: [...before, ...others, ...body.slice(at + 1)] };
  }
  if (test.alternate && contains(test.alternate, answer.node)) return { branch: bodyOf(test.alternate), rest: [...before, ...bodyOf(test.consequent), ...body.slice(at + 1)] };
  // `if (!isViolation(error)) throw error;` and then the answer.
  return leaves(test.consequent) && !test.alternate ? { branch: body.slice(at + 1), rest: [...before, ...bodyOf(test.consequent)] } : undefined;
}

/** Every name in the test belongs to the handler or the insert's result, to the module or to nobody; none to the function around it. */
function asksErrorOnly(test: Node, body: readonly Statement[], { file, race }: RewriteContext): boolean {
  const handler = body[0]!.parent?.parent ?? body[0]!;
  const result = enclosingStatement(race.intent.kind === 'insert-catch-update' ? race.intent.insert.node : race.write.node);
  return !someNode(test, (one) => {
    if (one.type === 'ThisExpression') return one.parent.type !== 'MemberExpression' || one.parent.parent.type !== 'CallExpression' || one.parent.parent.callee !== one.parent;
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    const declared = variable?.identifiers[0] as Node | undefined;
    return declared !== undefined && !contains(handler, declared) && !contains(result, declared) && enclosingFunction(declared) !== undefined;
  });
}

function onlyRethrows(rest: readonly Statement[], parameter: Node | null | undefined): boolean {
  const [only] = rest;
  return rest.length === 1 && only?.type === 'ThrowStatement' && only.argument?.type === 'Identifier' && parameter?.type === 'Identifier' && only.argument.name === parameter.name;
}

function tryCatch(node: TSESTree.TryStatement, clause: TSESTree.CatchClause, insert: Operation, answer: Operation, context: RewriteContext): Handler | Refusal {
  const { file } = context;
  const taken = takeBranch(clause.body.body, answer, context);
  if (!taken) return refuse('handler', `The handler at line ${file.line(clause.range[0])} is no test for the violation and a rethrow.`);
  // A branch that goes on meets what follows the handler; one that leaves must hand out what the try block hands out.
  const edits = (inserted: string): Edit[] | Refusal => {
    const replaced: Edit = { start: insert.node.range[0], end: insert.node.range[1], text: inserted };
    if (!onlyRethrows(taken.rest, clause.param) || node.finalizer) {
      const kept = taken.rest.map((one) => reindent(file.slice(one), indentAt(file.text, one.range[0]), indentAt(file.text, clause.body.body[0]!.range[0]), templateRanges(one)));
      const body = clause.body.body;
      return [replaced, { start: body[0]!.range[0], end: body.at(-1)!.range[1], text: [...lostComments(file, body[0]!.range[0], body.at(-1)!.range[1], taken.rest), ...kept].join(`\n${indentAt(file.text, body[0]!.range[0])}`) }];
    }
    const target = indentAt(file.text, node.range[0]);
    const isTried = enclosingTry(node) !== undefined;
    const lines = node.block.body.map((one) => {
      const isHolder = contains(one, insert.node);
      const text = isHolder ? editedRange(file.text, one.range[0], one.range[1], [replaced]) : file.slice(one);
      return (isTried ? (same: string) => same : unawaited)(reindent(text, indentAt(file.text, one.range[0]), target, templateRanges(one)), one);
    });
    const comments = lostComments(file, node.range[0], node.range[1], node.block.body);
    return [{ start: node.range[0], end: node.range[1], text: [...comments, ...lines].join(`\n${target}`) }];
  };
  return { tried: node.block.body.map(step), branch: taken.branch.map(step), end: endOf(node), edits };
}

/** `return await x` needs its `await` inside a `try` only. */
function unawaited(text: string, node: Statement): string {
  return node.type === 'ReturnStatement' ? text.replace(/^return await /, 'return ') : text;
}

function caughtCall(call: TSESTree.CallExpression, answer: Operation, context: RewriteContext): Handler | Refusal {
  const { file } = context;
  const [callback] = call.arguments;
  const shape = refuse('handler', `The handler at line ${file.line(call.range[0])} is no test for the violation and a rethrow.`);
  if (callback?.type !== 'ArrowFunctionExpression' && callback?.type !== 'FunctionExpression') return shape;
  if (callback.body.type !== 'BlockStatement') return shape;
  const taken = takeBranch(callback.body.body, answer, context);
  if (!taken || !onlyRethrows(taken.rest, callback.params[0])) return shape;
  const returns = taken.branch.at(-1);
  // What the promise hands on is the row, whichever of both statements gave it.
  const handsOut = returns?.type === 'ReturnStatement' && returns.argument != null && awaited(returns.argument) === unwrap(answer.node);
  if (taken.branch.length !== 1 || !handsOut) return shape;
  const isUsed = enclosingStatement(call).type !== 'ExpressionStatement';
  return { tried: [], branch: [], end: undefined, wants: isUsed ? 'row' : 'nothing', edits: (inserted) => [{ start: call.range[0], end: call.range[1], text: inserted }] };
}

/** `const { data, error } = await insert(…); if (error?.code === '23505') { … }`. */
function returned(insert: Operation, answer: Operation, context: RewriteContext): Handler | Refusal {
  const { file } = context;
  const holder = enclosingStatement(insert.node);
  const siblings = statementsOf(holder.parent);
  const at = siblings?.indexOf(holder) ?? -1;
  const test = siblings?.slice(at + 1).find((one) => contains(one, answer.node));
  const shape = refuse('handler', 'The answer to the violation has a shape that the rewrite does not know.');
  if (!siblings || at < 0) return shape;
  const replaced = (inserted: string): Edit => ({ start: insert.node.range[0], end: insert.node.range[1], text: inserted });
  if (test?.type === 'IfStatement' && contains(test.consequent, answer.node)) {
    const inner = takeBranch(bodyOf(test.consequent), answer, context);
    const body = bodyOf(test.consequent);
    if (inner && inner.branch.some((one) => contains(one, answer.node))) {
      // `if (error) { if (error.code !== '23505') throw error; … }`: what other errors get stays.
      const tried = siblings.slice(at).filter((one) => one !== test).map(step);
      const kept = inner.rest;
      if (!kept.length || !leaves(kept.at(-1))) return shape;
      const first = body[0]!;
      return {
        tried, branch: inner.branch.map(step), end: endOf(siblings.at(-1)!),
        edits: (inserted) => [replaced(inserted), { start: first.range[0], end: body.at(-1)!.range[1], text: kept.map((one) => reindent(file.slice(one), indentAt(file.text, one.range[0]), indentAt(file.text, first.range[0]))).join(`\n${indentAt(file.text, first.range[0])}`) }],
      };
    }
    if (test.alternate || !asksErrorOnly(test.test, body, context)) return shape;
    const isLast = leaves(test.consequent);
    const tried = isLast ? siblings.slice(at).filter((one) => one !== test) : siblings.slice(at, siblings.indexOf(test));
    return { tried: tried.map(step), branch: body.map(step), end: isLast ? endOf(siblings.at(-1)!) : undefined, edits: (inserted) => [replaced(inserted), removal(test, file, lostComments(file, test.range[0], test.range[1], []))] };
  }
  return shape;
}
