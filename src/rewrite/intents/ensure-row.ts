/**
 * "The row is there afterwards": get-or-create and create-or-update. One upsert where the client has one for this shape; else the
 * insert first, and the look-up (or the update) in answer to a violation of that very key.
 */
import type { UpsertForm, UpsertRequest } from '../../clients/forms.ts';
import type { Edit, Operation, Refusal, Requirement, Rewrite, Row } from '../../model.ts';
import { contains, enclosingStatement, unwrap } from '../../source/syntax.ts';
import type { Variable } from '../../source/file.ts';
import { lineage, type Node } from '../../value/terms.ts';
import type { RewriteContext } from '../context.ts';
import { effectOf } from '../effects.ts';
import { decisionOf, spanOf, type Decision, type Step } from '../decision.ts';
import { isGivenValues, isInert } from '../inert.ts';
import { lookupKey, onlyRow, otherKeys, type ProvenKey } from '../keys.ts';
import { outcomeOf, variablesIn, type Outcome } from '../outcome.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, enclosingTry, leaves, withAwait, withParentheses, type Statement } from '../syntax.ts';
import { editedRange, indentAt, lostComments, reindent, removal, someNode, templateRanges } from '../text.ts';
import { insertFirst } from './insert-first.ts';

export interface EnsureRow { readonly read: Operation; readonly insert: Operation; readonly update: Operation | undefined }

/** Both branches understood, and what code wants of the row. */
export interface Ensured extends EnsureRow {
  readonly decision: Decision;
  readonly present: Outcome;
  readonly absent: Outcome;
  readonly key: ProvenKey;
  /** Variables that hold the row when the decision is over and that code goes on to read. */
  readonly readLater: readonly Variable[];
  readonly wants: 'row' | 'nothing';
}

export function ensureRow(intent: EnsureRow, context: RewriteContext): Rewrite | Refusal {
  const ensured = understand(intent, context);
  if (isRefusal(ensured)) return ensured;
  const form = context.client?.forms?.upsert?.({
    insert: intent.insert, read: intent.read, table: ensured.key.table, key: ensured.key.key, keyText: ensured.key.texts, update: intent.update, wants: ensured.wants,
    ...shared(ensured),
  }, context.forms);
  if (!form) return refuse('no-form', `There is no proven atomic form for ${context.client?.name ?? 'this library'} here.`);
  if (!isRefusal(form)) return assemble(ensured, form, context);
  const instead = insertFirst(ensured, context);
  // The reason why there is no single statement is the better one to tell, unless the other form failed on the code's own shape.
  return isRefusal(instead) && instead.id !== 'in-transaction' && instead.id !== 'several-keys' ? form : instead;
}

function shared(ensured: Ensured): Pick<UpsertRequest, 'others' | 'into' | 'freed'> {
  const { insert, key: { table, key }, decision: { found, lookup } } = ensured;
  const row = onlyRow(insert);
  return { others: isRefusal(row) ? 'unknown' : otherKeys(table, key, row), into: declaredBy(ensured), freed: found.declaration && found.row && !ensured.absent.rows.has(found.row) && !lookup ? found.row.name : undefined };
}

/** The variable that the statement with the insert declares: by itself, or because the look-up that declared it goes. */
function declaredBy({ absent: { holder, rows }, decision: { found, ...decision } }: Pick<Ensured, 'absent' | 'decision'>): string | undefined {
  if (!holder || holder.cut) return undefined;
  const { node } = holder;
  if (node.type === 'VariableDeclaration') return node.kind === 'const' && node.declarations[0]!.id.type === 'Identifier' ? node.declarations[0]!.id.name : undefined;
  if (node.type !== 'ExpressionStatement' || node.expression.type !== 'AssignmentExpression' || !found.row || !rows.has(found.row)) return undefined;
  const span = spanOf(decision);
  const isFinal = found.row.references.every((one) => !one.isWrite() || contains(span, one.identifier as unknown as Statement));
  return isFinal && node.expression.left.type === 'Identifier' && node.expression.left.name === found.row.name ? found.row.name : undefined;
}

function understand({ read, insert, update }: EnsureRow, context: RewriteContext): Ensured | Refusal {
  const { trace, file } = context;
  const key = lookupKey(read, insert, context);
  if (isRefusal(key)) return key;
  const side = sideEffects(key, update, context);
  if (side) return side;
  const odd = differentSurroundings(read, insert, update, file);
  if (odd) return odd;
  const decision = decisionOf(read, insert, trace);
  if (isRefusal(decision)) return decision;
  const { found } = decision;
  const between = decision.between.find((one) => !isReadCheck(one, decision, context) && !onlyReads(one, context));
  if (between) return refuse('work-between', `Line ${file.line(between.range[0])} runs between look-up and insert, and would run whether or not the row is there.`);
  const effects = trace.operations.find((one) => one !== read && one !== insert && one !== update && one.file === file.path && contains(spanOf(decision), one.node) && !decision.between.some((each) => contains(each, one.node)));
  if (effects) return refuse('work-between', `\`${effects.label}\` at line ${file.line(effects.node.range[0])} belongs to one branch only.`);

  const noticed = [insert, ...(update ? [update] : [])].find((one) => !isGivenValues(one.node, trace));
  if (noticed) return refuse('work-between', `What \`${noticed.label}\` at line ${file.line(noticed.node.range[0])} is given would be worked out whether or not the row is there, and that may do more than give a value.`);
  const seen = readElsewhere(decision, context);
  if (seen) return seen;

  const rows = found.row && found.is === 'row' ? [found.row] : [];
  const present = outcomeOf(decision.present, { call: update, rows, end: decision.end }, trace);
  if (isRefusal(present)) return present;
  const absent = outcomeOf(decision.absent, { call: insert, rows: [], end: decision.end }, trace);
  if (isRefusal(absent)) return absent;
  if (!absent.holder) return refuse('shape', 'The insert does not stand in the branch for the absent row.');
  const changed = found.row && found.declaration && absent.rows.has(found.row) && assignedLater(found.row, decision, context);
  if (changed) return changed;
  const stale = found.row && mentioned(decision.absent, found.row, absent, context);
  if (stale) return stale;
  const updated = update && updateOf(update, read, present, context);
  if (updated) return updated;
  const answers = compareAnswers(present, absent, update, context);
  if (answers) return answers;
  const later = laterReaders(decision, present, absent, update, context);
  if ('kind' in later) return later;
  const wants = absent.readsRow || later.length ? 'row' : 'nothing';
  return { read, insert, update, decision, present, absent, key, readLater: later, wants };
}

/** One statement runs in one transaction, and its errors have one handler. */
function differentSurroundings(read: Operation, insert: Operation, update: Operation | undefined, file: RewriteContext['file']): Refusal | undefined {
  const along = [insert, ...(update ? [update] : [])].find(({ transaction, node }) => transaction?.form === 'batch' && contains(node, transaction.node));
  if (along) return refuse('nested-write', `\`${along.label}\` at line ${file.line(along.node.range[0])} writes related rows along, in a transaction of its own.`);
  const other = [read, ...(update ? [update] : [])].find((one) => one.transaction !== insert.transaction);
  if (other) return refuse('other-transaction', `\`${other.label}\` at line ${file.line(other.node.range[0])} and \`${insert.label}\` do not run in the same transaction.`);
  const statement = enclosingStatement(insert.node);
  const handled = statement.type === 'ReturnStatement' && withAwait(insert.node).type !== 'AwaitExpression' ? enclosingTry(insert.node) : undefined;
  return handled && refuse('handling-differs', `The insert is returned without \`await\`, so the \`try\` at line ${file.line(handled.range[0])} meets errors of the look-up only.`);
}

/** What was looked up is gone afterwards: nothing that stays may read it. */
function readElsewhere(decision: Decision, context: RewriteContext): Refusal | undefined {
  const { file } = context;
  const { found, lookup } = decision;
  const span = spanOf(decision);
  const kept = decision.between.filter((one) => !isReadCheck(one, decision, context));
  for (const variable of [found.row, found.error]) {
    const outside = variable?.references.find(({ identifier }) => {
      const node = identifier as unknown as Node;
      if (found.declaration && contains(found.declaration, node)) return false;
      return kept.some((one) => contains(one, node)) || (!contains(span, node) && (lookup !== undefined || node.range[0] < span.range[0] || variable === found.error));
    });
    if (outside) return refuse('read-later', `\`${variable!.name}\` is read again on line ${file.line(outside.identifier.range[0])}.`);
  }
  return undefined;
}

/** Other look-ups may stay where they are; whatever else is awaited or called belongs behind the claim, which is for people. */
function onlyReads(node: Statement, { trace }: RewriteContext): boolean {
  const reads = trace.operations.filter((one) => (one.verb === 'find' || one.verb === 'count' || one.verb === 'aggregate') && contains(node, one.node));
  if (!reads.length) return isInert(node, trace);
  return node.type === 'VariableDeclaration' && node.declarations.every((one) => one.init == null || reads.some((read) => awaited(one.init!) === unwrap(read.node)) || isInert(one.init, trace));
}

/** `if (readError) throw readError;` behind the look-up goes with it. */
function isReadCheck(node: Statement, { found }: Decision, { file }: RewriteContext): boolean {
  if (node.type !== 'IfStatement' || node.alternate || !found.error || !leaves(node.consequent)) return false;
  const names = variablesIn(node.test, file);
  return names.length > 0 && names.every((one) => one === found.error || one === found.row);
}

function sideEffects({ table }: ProvenKey, update: Operation | undefined, context: RewriteContext): Refusal | undefined {
  const first = effectOf(table, update, context);
  if (first !== undefined) return refuse('side-effects', `\`${table.name}\` has ${first}, which an upsert would skip or run differently.`);
  const columns = [...table.columns.values()];
  if (columns.some((one) => one.deletedAt)) return refuse('soft-delete', `\`${table.name}\` is soft-deleted: an upsert would find deleted rows that the look-up does not.`);
  return update && columns.some((one) => one.version) ? refuse('version-column', `\`${table.name}\` has a version column, which an upsert does not count up.`) : undefined;
}

/** Its type was that of the row or nothing, and would be the row's alone. */
function assignedLater(row: Variable, decision: Decision, { file, forms }: RewriteContext): Refusal | undefined {
  const span = spanOf(decision);
  const again = row.references.find((one) => one.isWrite() && !contains(span, one.identifier as unknown as Node));
  return again && forms.typescript && !annotationOf(decision, file) ? refuse('assigned-later', `\`${row.name}\` is assigned again on line ${file.line(again.identifier.range[0])}, perhaps to nothing.`) : undefined;
}

/** `: User | null` behind the variable that the look-up declares. */
function annotationOf({ found: { declaration } }: Decision, file: RewriteContext['file']): string {
  const id = declaration?.declarations[0]?.id;
  return id?.type === 'Identifier' && id.typeAnnotation ? file.slice(id.typeAnnotation) : '';
}

/** The branch for the absent row must not read what was looked up: there is nothing. */
function mentioned(steps: readonly Step[], row: Variable, absent: Outcome, { file }: RewriteContext): Refusal | undefined {
  for (const { node, cut } of steps) {
    // The assignment `row = await insert()` names it without reading it.
    if (node === absent.holder?.node && (cut || absent.rows.has(row))) continue;
    if (!absent.rows.has(row) && variablesIn(node, file).includes(row)) return refuse('reads-found-row', `Line ${file.line(node.range[0])} reads \`${row.name}\`, which the rewrite would no longer look up.`);
  }
  return undefined;
}

/** The update must touch exactly the row that was found, with values that do not come from it. */
function updateOf(update: Operation, read: Operation, present: Outcome, context: RewriteContext): Refusal | undefined {
  const { file, trace } = context;
  if (!present.holder) return refuse('update-elsewhere', `The update at line ${file.line(update.node.range[0])} does not stand in the branch for the found row.`);
  if (present.locals.length) return refuse('branch-local', `Line ${file.line(present.locals[0]!.range[0])} belongs to the update alone.`);
  const arms = update.predicate?.arms ?? [];
  const byRow = update.predicate?.complete !== false && arms.length === 1 && arms[0]!.length > 0 && arms[0]!.every((one) => one.operator === '=' && !one.via.length && !one.conditional
    && (lineage(one.value) === read || read.predicate!.arms[0]!.some((each) => each.column === one.column && each.value === one.value)));
  const saves = update.verb === 'save' && update.saved !== undefined && lineage(update.saved) === read;
  if (!byRow && !saves) return refuse('update-other-row', `The update at line ${file.line(update.node.range[0])} asks for more than the row that was found.`);
  const [row] = update.rows ?? [];
  if (!row || update.rows!.length > 1) return refuse('update-unclear', 'What the update writes was not understood.');
  const carried = row.spreads.filter((one) => lineage(one) !== read);
  if (carried.length) return refuse('update-unclear', 'The update writes an object whose columns are not known.');
  const conditional = row.assignments.find((one) => one.conditional && one.how !== 'carried');
  if (conditional) return refuse('update-unclear', `\`${conditional.column}\` is not always updated.`);
  const before = [...present.previous].find((column) => !keepsColumn(update, row, column));
  if (before !== undefined) return refuse('previous-value', `The branch hands out ${before === '*' ? 'the row' : `\`${before}\``} as it was before the update at line ${file.line(update.node.range[0])}.`);
  const computed = row.assignments.find((one) => (one.how === 'set' || one.how === 'atomic') && trace.terms.sources(one.value).has(read));
  return computed && refuse('reads-found-row', `\`${computed.column}\` is computed from the row that was found, which the rewrite would no longer read.`);
}

/** A column that the update surely leaves as it is. */
function keepsColumn({ table: { table } }: Operation, row: Row, column: string): boolean {
  const declared = table?.columns.get(column);
  return declared !== undefined && !declared.updatedAt && !row.spreads.length && !row.assignments.some((one) => one.column === column);
}

function compareAnswers(present: Outcome, absent: Outcome, update: Operation | undefined, { file }: RewriteContext): Refusal | undefined {
  const line = absent.holder ? file.line(absent.holder.node.range[0]) : 0;
  if (present.answers.join('\n') !== absent.answers.join('\n')) {
    const first = absent.answers.slice(0, absent.before).find((one) => !present.answers.includes(one));
    if (first !== undefined) return refuse('work-between', `${shown([first])} runs before the insert, and only for a new row.`);
    return refuse('answers-differ', `The branches hand out different things: ${shown(present.answers)} where the row is there, ${shown(absent.answers)} after the insert at line ${line}.`);
  }
  if (update && present.before !== absent.before) return refuse('answers-differ', 'What else the branches do stands before the statement in one and behind it in the other.');
  if (update && present.checks.length && present.checks.join('\n') !== absent.checks.join('\n')) return refuse('handling-differs', 'Errors of the update and of the insert are answered differently.');
  return undefined;
}

function shown(answers: readonly string[]): string {
  return answers.length ? `\`${answers.join('; ').replaceAll('§ROW', 'row').replaceAll('§ERROR', 'error')}\`` : 'nothing';
}

/** Who reads the row behind the decision; each must be given it by the one statement that is left. */
function laterReaders(decision: Decision, present: Outcome, absent: Outcome, update: Operation | undefined, { file }: RewriteContext): readonly Variable[] | Refusal {
  const span = spanOf(decision);
  const held = new Set<Variable>([...(decision.found.row ? [decision.found.row] : []), ...present.rows, ...absent.rows]);
  const later: Variable[] = [];
  for (const variable of held) {
    // In a loop, code in front of the decision reads what the round before it left.
    const outside = variable.references.filter((one) => !contains(span, one.identifier as unknown as Statement) && (one.identifier.range[0] > span.range[1] || (one.isRead() && variable !== decision.found.row)));
    if (!outside.length) continue;
    const line = file.line(outside[0]!.identifier.range[0]);
    if (!absent.rows.has(variable)) return refuse('read-later', `\`${variable.name}\` is read again on line ${line}.`);
    // An update that does not give the variable a new value leaves the previous row in it; a save changes the row itself.
    const isCurrent = !update || assigns(present, variable, file) || (update.saved !== undefined && lineage(update.saved) !== undefined);
    if (!isCurrent) return refuse('previous-value', `\`${variable.name}\` holds the row from before the update on line ${line}.`);
    if (decision.found.row !== variable && !present.rows.has(variable)) return refuse('read-later', `\`${variable.name}\` is read again on line ${line}.`);
    later.push(variable);
  }
  return later;
}

function assigns(outcome: Outcome, variable: Variable, file: RewriteContext['file']): boolean {
  const node = outcome.holder?.node;
  return node !== undefined && someNode(node, (one) => one.type === 'AssignmentExpression' && one.left.type === 'Identifier' && file.variable(one.left) === variable);
}

// ---------------------------------------------------------------------------------------------------------- assembly

/** The decision, replaced by the branch for the absent row with the atomic call in the insert's place. */
export function assemble(ensured: Ensured, form: UpsertForm, context: RewriteContext): Rewrite {
  const lines = branchText(ensured, form, context);
  return { kind: 'rewrite', title: form.title, edits: replaceDecision(ensured, lines, context), requires: merged(ensured.key.requires, form.requires), changes: form.changes, form: form.id, ...(form.onConnection && { onConnection: true as const }) };
}

export function merged(...lists: readonly (readonly Requirement[])[]): Requirement[] {
  const found = new Map<string, Requirement>();
  for (const one of lists.flat()) if (found.get(one.id)?.state !== 'unknown') found.set(one.id, one);
  return [...found.values()];
}

/** What is left of a statement: the decision in it becomes one side. */
function keptOf({ node, cut }: Step): readonly { readonly range: readonly [number, number] }[] {
  return cut ? [{ range: [node.range[0], cut.start] }, cut.side, { range: [cut.end, node.range[1]] }] : [node];
}

/** One edit from the look-up to the end of the decision; comments that would be lost come first, in their order. */
function replaceDecision({ decision }: Ensured, lines: readonly string[], context: RewriteContext): Edit[] {
  const { file } = context;
  const [start, end] = spanOf(decision).range;
  const kept = decision.between.filter((one) => !isReadCheck(one, decision, context));
  const indent = indentAt(file.text, start);
  const comments = lostComments(file, start, end, [...kept, ...decision.absent.flatMap(keptOf)]).filter((one) => !lines.some((line) => line.includes(one)));
  const texts = [...comments, ...kept.map((one) => file.slice(one)), ...lines];
  const edit: Edit = { start, end, text: texts.join(`\n${indent}`) };
  return decision.lookup ? [removal(decision.lookup, file), edit] : [edit];
}

/** The statements of the branch for the absent row, moved to the decision's own indentation. */
function branchText(ensured: Ensured, form: UpsertForm, context: RewriteContext): string[] {
  const { decision, absent } = ensured;
  const { file, semicolon } = context;
  const target = indentAt(file.text, decision.first.range[0]);
  const lines: string[] = [];
  for (const one of decision.absent) {
    // At the end of the decision a bare `return` says nothing more.
    if (one === decision.absent.at(-1) && one !== absent.holder && isBare(one.node, decision.end)) continue;
    if (one !== absent.holder) {
      lines.push(moved(one.node, file.slice(one.node), target, context));
      continue;
    }
    lines.push(...form.before.map((each) => each.replaceAll('\n', `\n${target}`) + semicolon), ...holderText(one, ensured, form, context));
  }
  return lines;
}

function isBare(node: Statement, end: Decision['end']): boolean {
  return end === 'return' ? node.type === 'ReturnStatement' && !node.argument : end === 'continue' && node.type === 'ContinueStatement' && !node.label;
}

function moved(node: Statement, text: string, target: string, { file }: RewriteContext): string {
  return reindent(text, indentAt(file.text, node.range[0]), target, templateRanges(node));
}

/** The statement with the insert, the atomic call in its place. */
function holderText({ node, cut }: Step, ensured: Ensured, form: UpsertForm, context: RewriteContext): string[] {
  const { file, semicolon } = context;
  const target = indentAt(file.text, ensured.decision.first.range[0]);
  const insert = ensured.insert.node;
  const own = indentAt(file.text, node.range[0]);
  const at = (edit: Edit): string => declared(reindent(editedRange(file.text, node.range[0], node.range[1], [edit]), own, target, templateRanges(node)), node, ensured, file);
  const call = reindent(form.call, indentAt(file.text, insert.range[0]), own, []);
  const inserted: Edit = { start: insert.range[0], end: insert.range[1], text: call };
  // The parentheses around `found ?? (await insert())` were for the operator.
  if (form.row === undefined) return [at(cut ? { start: cut.start, end: cut.end, text: editedRange(file.text, cut.side.range[0], cut.side.range[1], [inserted]) } : inserted)];
  const run = `await ${reindent(call, own, target, [])}${semicolon}`;
  const isAlone = node.type === 'ExpressionStatement' && (cut ? !ensured.absent.answers.length : awaited(node.expression) === unwrap(insert));
  // A statement in front has declared the variable already.
  const isDeclared = form.before.length > 0 && form.row === declaredBy(ensured);
  if (isAlone || isDeclared) return [run];
  const [start, end] = cut ? [cut.start, cut.end] : withParentheses(withAwait(insert), file.text);
  return [run, at({ start, end, text: form.row })];
}

/** The variable that held what was found was declared with the look-up; the assignment that is left declares it now. */
function declared(text: string, node: Statement, { decision, absent }: Ensured, file: RewriteContext['file']): string {
  const row = decision.found.row;
  if (!row || node.type !== 'ExpressionStatement' || !absent.rows.has(row)) return text;
  const span = spanOf(decision);
  const writesLater = row.references.some((one) => one.isWrite() && !contains(span, one.identifier as unknown as Statement));
  const annotation = annotationOf(decision, file);
  return `${writesLater ? 'let' : 'const'} ${text.startsWith(row.name) ? `${row.name}${annotation}${text.slice(row.name.length)}` : text}`;
}
