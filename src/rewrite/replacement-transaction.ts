/** The text of a replacement in one transaction: the lock, the delete and the insert inside, what only works out values before it. */
import type { TransactionForm } from '../clients/forms.ts';
import type { Edit, Operation, Refusal } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { contains, enclosingFunction, isFunction } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';
import { isPath } from './collections.ts';
import type { RewriteContext } from './context.ts';
import { isInert } from './inert.ts';
import { valueNode } from './keys.ts';
import { isRefusal, refuse } from './refusals.ts';
import type { Replacement } from './replacement.ts';
import { freshWithin } from './replacement-rows.ts';
import { bodyOf, type Statement } from './syntax.ts';
import { eachNode, editedRange, indentAt, lostComments, reindent, templateRanges } from './text.ts';

export function transactionText(replacement: Replacement, form: TransactionForm, insert: Operation, context: RewriteContext): Edit | Refusal {
  const { removal, removalChecks, between, exit, exitAt, outer, holder, check, first, last } = replacement;
  const { file, semicolon, forms: { unit } } = context;
  if (check || removalChecks.length) return refuse('returned-error', 'Errors are returned here, which roll no transaction back.');
  if (exit && !onlyLeaves(exit.consequent, last)) return refuse('early-exit', `Line ${file.line(exit.range[0])} leaves the function from what becomes a callback.`);
  const hoisted = hoistedRows(replacement, insert, context);
  if (isRefusal(hoisted)) return hoisted;
  const hoistedEdit = hoisted?.edit;
  const editsIn = (node: Node): Edit[] => [...form.edits, ...(hoistedEdit ? [hoistedEdit] : [])].filter((one) => one.start >= node.range[0] && one.end <= node.range[1]);
  const inside = (node: Statement): string => {
    const edits = editsIn(node);
    return reindent(editedRange(file.text, node.range[0], node.range[1], edits), indentAt(file.text, node.range[0]), '', edits.length ? [] : templateRanges(node));
  };
  const own = between.map(inside);
  const deeper = (lines: readonly string[]): string[] => lines.map((line) => unit + line.replaceAll('\n', `\n${unit}`));
  const body = [`${form.lock}${semicolon}`, inside(removal), ...(exit ? [inside(exit)] : [])];
  let opening = `await ${form.open}`;
  let inserted = inside(outer);
  if (holder === outer && holder.type === 'ReturnStatement') {
    opening = `return ${form.open}`;
  } else if (holder === outer && holder.type === 'VariableDeclaration') {
    const { id, init } = holder.declarations[0]!;
    opening = `${holder.kind} ${file.slice(id)} = await ${form.open}`;
    const edits = editsIn(init!);
    inserted = `return ${reindent(editedRange(file.text, init!.range[0], init!.range[1], edits), indentAt(file.text, holder.range[0]), '').replace(/^await /, '')}${semicolon}`;
  }
  const lines = [...own.slice(0, exit ? 0 : own.length), ...(hoisted ? [hoisted.declaration] : []), opening, ...deeper([...body, ...(exit ? own : []), inserted]), `${form.close}${semicolon}`];
  if (exit && exitAt > 0) return refuse('early-exit', `Line ${file.line(exit.range[0])} leaves the function from what becomes a callback.`);
  const indent = indentAt(file.text, first.range[0]);
  const comments = lostComments(file, first.range[0], last.range[1], [removal, ...between, outer, ...(exit ? [exit] : [])]);
  return { start: first.range[0], end: last.range[1], text: [...comments, ...lines].map((line) => line.replaceAll('\n', `\n${indent}`)).join(`\n${indent}`) };
}

/**
 * TypeScript forgets inside a callback what a condition told of a property (`if (input.tags) …`) or of a variable that is assigned
 * again. The rows are worked out before it then.
 */
function hoistedRows({ removal, outer, holder, exit }: Replacement, insert: Operation, context: RewriteContext): { readonly declaration: string; readonly edit: Edit } | Refusal | undefined {
  const { file, trace, semicolon, forms } = context;
  if (!forms.typescript) return undefined;
  const told = new Set<string>();
  const owner = enclosingFunction(outer);
  for (let at: Node | undefined = outer; at && at !== owner; at = at.parent) {
    for (const test of conditionsAt(at)) eachNode(test, (node) => { if (isNarrowed(node, file)) told.add(file.slice(node)); });
  }
  const forgotten = (node: Node): string | undefined => {
    let found: string | undefined;
    eachNode(node, (one) => { if (isNarrowed(one, file) && told.has(file.slice(one))) found ??= file.slice(one); });
    return found;
  };
  const [inRemoval, inOuter] = [forgotten(removal), forgotten(outer)];
  if (inRemoval === undefined && inOuter === undefined) return undefined;
  const row = insert.rows?.length === 1 && insert.rowsOf ? insert.rows[0]!.node : undefined;
  const given = row && valueNode(row);
  const rest = given && outer === holder && !exit ? outside(outer, given, forgotten) : inOuter;
  if (inRemoval !== undefined || rest !== undefined || !given || !isInert(given, trace)) {
    return refuse('narrowing', `Inside the transaction's callback TypeScript forgets what was asked of \`${inRemoval ?? inOuter!}\`; keep it in a constant first.`);
  }
  const name = freshWithin('rows', context);
  const shorthand = given.parent?.type === 'Property' && given.parent.shorthand ? `${file.slice(given)}: ` : '';
  return { declaration: `const ${name} = ${reindent(file.slice(given), indentAt(file.text, given.range[0]), '', templateRanges(given))}${semicolon}`, edit: { start: given.range[0], end: given.range[1], text: shorthand + name } };
}

/** What `forgotten` finds in `outer` beside `given`. */
function outside(outer: Node, given: Node, forgotten: (node: Node) => string | undefined): string | undefined {
  let found: string | undefined;
  eachNode(outer, (one) => {
    if (one === given) return false;
    if (!contains(one, given)) { found ??= forgotten(one); return false; }
    return true;
  });
  return found;
}

/** Conditions that hold where `at` runs: of the statement around it, and of the ones before it in its block. */
function conditionsAt(at: Node): Node[] {
  const { parent } = at;
  if (!parent) return [];
  if (parent.type === 'IfStatement' || parent.type === 'ConditionalExpression' || parent.type === 'WhileStatement') return at === parent.test ? [] : [parent.test];
  if (parent.type === 'LogicalExpression') return at === parent.right ? [parent.left] : [];
  const body = parent.type === 'BlockStatement' || parent.type === 'Program' ? parent.body : parent.type === 'SwitchCase' ? parent.consequent : [];
  const before = body.slice(0, Math.max(0, (body as readonly Node[]).indexOf(at)));
  return before.flatMap((one) => (one.type === 'IfStatement' ? [one.test] : []));
}

/** `input.tags`, or a variable that is assigned more than once. */
function isNarrowed(node: Node, file: SourceFile): boolean {
  if (node.type === 'MemberExpression') return !node.computed && isPath(node) && !(node.property.type === 'Identifier' && node.property.name === 'length');
  if (node.type !== 'Identifier') return false;
  const variable = file.variable(node);
  return variable !== undefined && variable.references.filter((one) => one.isWrite()).length > 1;
}

/** A bare `return`, after which the function would have ended anyway. */
function onlyLeaves(node: Statement, last: Statement): boolean {
  const body = bodyOf(node);
  const block = last.parent;
  return body.length === 1 && body[0]?.type === 'ReturnStatement' && !body[0].argument && last.type !== 'ReturnStatement'
    && block?.type === 'BlockStatement' && block.body.at(-1) === last && block.parent !== undefined && isFunction(block.parent);
}
