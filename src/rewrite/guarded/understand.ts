/** A checked or computed write, understood: what it asks and adds, what answers when it comes too late, or why nobody can say. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Guard, GuardedWriteRequest } from '../../clients/forms.ts';
import type { Intent, Operation, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { contains, unwrap } from '../../source/syntax.ts';
import { lineage, type Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { undefinedness } from '../defined.ts';
import { answerFor, type Answer } from './answer.ts';
import { pathOf, type Path } from './path.ts';
import { predicateGuards } from './predicate.ts';
import { isPresenceTest, RowNames } from './row-names.ts';
import { sumOf, type ReadSum } from './sums.ts';
import { guardsIn } from './tests.ts';
import { isInert } from '../inert.ts';
import { tableOf, valueNode } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, type Statement } from '../syntax.ts';
import { merged } from '../intents/ensure-row.ts';

export type Guarded = Extract<Intent, { kind: 'read-modify-write' | 'check-then-update' }>;

/** No form of this library: what people are to write. */
export function byHand(intent: Guarded): Refusal {
  const { write } = intent;
  if (intent.kind === 'read-modify-write') {
    return refuse('computed-value', `What \`${write.label}\` writes into \`${intent.column}\` of \`${write.table.name}\` is computed in code: write a sum as an increment, and anything else with the old value (or a version) in the WHERE clause, repeated when no row was changed.`);
  }
  return refuse('checked-state', `Only people can say what follows when the ${write.verb === 'delete' ? 'delete' : 'update'} finds the row changed: put the condition on ${list(intent.columns)} into the WHERE clause of \`${write.label}\`, and go on only when it changed a row.`);
}

interface Key { readonly key: UniqueKey; readonly texts: ReadonlyMap<string, string>; readonly requires: readonly Requirement[] }

export interface Understood {
  readonly read: Operation;
  readonly write: Operation;
  readonly table: Table;
  readonly key: Key;
  readonly path: Path;
  readonly names: RowNames;
  readonly guards: readonly Guard[];
  readonly sums: readonly ReadSum[];
  /** What is done where no row was changed; undefined: nothing, so that nobody has to ask. */
  readonly answer: Answer | undefined;
  readonly wants: 'result' | 'nothing';
  readonly into: string | undefined;
  readonly intoFirst: string | undefined;
  readonly intoParts: GuardedWriteRequest['intoParts'];
  readonly readLater: GuardedWriteRequest['readLater'];
  readonly entity: GuardedWriteRequest['entity'];
  /** Changes of fields that a save writes. */
  readonly changes: readonly Statement[];
  readonly requires: readonly Requirement[];
}

export function understand(intent: Guarded, context: RewriteContext): Understood | Refusal {
  const { read, write } = intent;
  const { file, trace } = context;
  const table = tableOf(write);
  if (isRefusal(table)) return table;
  if (read.mixed) return refuse('projection', `What \`${read.label}\` gives holds more than columns of \`${table.name}\` under their own names, so which of them the checks and the written values are about is not told by name.`);
  const path = pathOf(read, write, file);
  if (isRefusal(path)) return path;
  const names = RowNames.of(path.lookup, read, file);
  if (!names?.isConstant) return refuse('shape', `What the look-up at line ${file.line(read.node.range[0])} gives is kept in a way that the rewrite does not know.`);
  const around = surroundings(read, write, path, names, context);
  if (around) return around;
  const rows = write.rows ?? [];
  if (rows.length > 1 || write.rowsOf) return refuse('several-rows', 'The write changes several rows.');
  const assignments = (rows[0]?.assignments ?? []).filter((one) => one.how !== 'carried');
  const written = new Set(assignments.map((one) => one.column));
  const key = keyOf(write, read, table, names, context);
  if (isRefusal(key)) return key;

  const reader = { names, table, file, place: write.node, written, dialect: context.forms.dialect };
  const below = trace.compositions.get(write);
  const inside = [...(below?.changes ?? []).map((one) => one.column), ...(below?.appended.keys() ?? [])].find((column) => !written.has(column));
  if (inside !== undefined) return refuse('computed-value', `\`${inside}\` of the saved row was changed in place, which an update by column does not write.`);
  if (write.verb === 'save' && rows[0]?.spreads.length) return refuse('update-unclear', 'The saved object holds more than is known here.');
  const sums: ReadSum[] = [];
  for (const one of assignments) {
    if (one.how !== 'set' || !trace.terms.sources(one.value).has(read)) continue;
    const node = one.node && valueNode(one.node);
    const isOther = node && one.column !== (intent.kind === 'read-modify-write' ? intent.column : undefined) && names.mentions(node).every((each) => each.column !== undefined && !written.has(each.column)) && names.mentions(node).length > 0;
    if (isOther) continue;
    const sum = sumOf(one, reader);
    if (isRefusal(sum)) return sum;
    const elsewhere = sum.sum.value && !contains(write.node, sum.sum.value) ? sharedObject(sum.sum.value, write, context) : undefined;
    if (elsewhere) return elsewhere;
    sums.push(sum);
  }
  if (intent.kind === 'read-modify-write' && !sums.some((one) => one.sum.column === intent.column)) return byHand(intent);

  const guards: Guard[] = [];
  const requires: Requirement[] = [];
  const failing: Path['checks'][number][] = [];
  const asked = predicateGuards(read, reader);
  if (isRefusal(asked)) return asked;
  guards.push(...asked);
  for (const check of path.checks) {
    const found = guardsIn(check.test, check.holds, reader);
    if (isRefusal(found)) return found;
    guards.push(...found.guards);
    requires.push(...found.requires);
    const isPresence = asked.length > 0 && names.mentions(check.test).some((one) => names.isRow(one.node) && isPresenceTest(one.node));
    if (found.guards.length || isPresence) failing.push(check);
  }
  if (intent.kind === 'check-then-update' && write.verb !== 'delete' && !intent.columns.every((column) => guards.some((one) => one.column === column))) return byHand(intent);
  const moves = sums.length > 0 || assignments.some((one) => one.how === 'atomic' || one.how === 'append');
  const late = readLate(names, path, sums, { written, moves, write }, context);
  if (late) return late;
  const asks = guards.length > 0 || write.verb === 'delete';
  const answer = asks ? answerFor(failing, path, names, written, write, context) : undefined;
  if (isRefusal(answer)) return answer;
  const used = usedResult(path.statement, write, answer !== undefined || sums.some((one) => one.change), context);
  if (isRefusal(used)) return used;
  const changes = path.between.filter((one) => isFieldChange(one, names));
  const early = changes.find((one) => path.checks.some(({ test }) => test.range[0] > one.range[0]));
  if (early) return refuse('shape', `The row is changed in memory at line ${file.line(early.range[0])}, in front of a check.`);
  const row = names.found.row;
  if (write.verb === 'save' && (!row || !write.saved || lineage(write.saved) !== read) && changes.length) return refuse('shape', 'The saved object is not the row that was read.');
  const later = names.everywhere().filter((one) => one.node.range[0] > write.node.range[1]);
  const kept = used.wants === 'result' || later.length > 0;
  const entity = write.verb === 'save' && row ? { name: row.name, kept } : undefined;
  return { read, write, table, key, path, names, guards: unique(guards), sums, answer: answer ?? undefined, ...used, readLater: later.map((one) => one.column), entity, changes, requires: merged([...requires, ...sums.flatMap((one) => one.requires)], key.requires) };
}

/** The object that holds the sum stands outside the call: nobody else may be given it, and its type must be its own. */
function sharedObject(value: Node, write: Operation, { file }: RewriteContext): Refusal | undefined {
  let declarator: Node | undefined = value;
  while (declarator && declarator.type !== 'VariableDeclarator') declarator = declarator.parent;
  const variable = declarator?.id.type === 'Identifier' && !declarator.id.typeAnnotation ? file.variable(declarator.id) : undefined;
  const uses = variable?.references.filter((one) => !one.init) ?? [];
  const isOwn = uses.length === 1 && contains(write.node, uses[0]!.identifier as unknown as Node);
  return isOwn ? undefined : refuse('argument', `The object at line ${file.line(value.range[0])} that holds the sum is used elsewhere too, or has a type of its own.`);
}

/** `row.status = 'done'`, `row.count++`: what a save writes. */
function isFieldChange(node: Statement, names: RowNames): node is TSESTree.ExpressionStatement & { expression: TSESTree.AssignmentExpression | TSESTree.UpdateExpression } {
  if (node.type !== 'ExpressionStatement') return false;
  const { expression } = node;
  return (expression.type === 'UpdateExpression' && names.columnOf(expression.argument) !== undefined) || (expression.type === 'AssignmentExpression' && names.columnOf(expression.left) !== undefined);
}

/** Each once; values that a column must not have as one list. */
function unique(guards: readonly Guard[]): Guard[] {
  const made: Guard[] = [];
  for (const one of guards) {
    if (made.some((each) => each.column === one.column && each.operator === one.operator && each.texts.join() === one.texts.join())) continue;
    const excludes = (guard: Guard): boolean => guard.operator === '!=' || guard.operator === 'not in';
    const twin = excludes(one) ? made.findIndex((each) => each.column === one.column && excludes(each)) : -1;
    if (twin < 0) made.push(one);
    else made[twin] = { column: one.column, operator: 'not in', texts: [...new Set([...made[twin]!.texts, ...one.texts])] };
  }
  return made;
}

/** One statement runs in one transaction, behind nothing that has happened for nothing when it changes no row. */
function surroundings(read: Operation, write: Operation, path: Path, names: RowNames, { file, trace }: RewriteContext): Refusal | undefined {
  if (write.transaction?.form === 'batch' || write.nested) return refuse('batch', 'The write is sent together with others, so that nothing can be asked in between: run them in a callback transaction, the guarded write first.');
  if (read.transaction !== write.transaction) return refuse('other-transaction', 'The look-up and the write do not run in the same transaction.');
  if (write.transaction && write.transaction.isolation !== 'default' && write.transaction.isolation !== 'read committed') return refuse('isolation', 'At this isolation level the second of two writes fails where it meets a row that was changed meanwhile: repeat the transaction.');
  for (const one of path.between) if (!passes(one)) return refuse('work-between', `Line ${file.line(one.range[0])} runs between the look-up and the write, and would have been done for nothing when another call was faster: win the row first, with the condition in the WHERE clause, then do the work.`);
  for (const { test } of path.checks) if (!isInert(test, trace) && !reads(test)) return refuse('work-between', `The test at line ${file.line(test.range[0])} does more than look at values.`);
  return undefined;

  function reads(node: Node): boolean {
    return trace.operations.some((one) => /^(?:find|count|aggregate)$/.test(one.verb) && contains(node, one.node) && contains(node, unwrap(one.node)));
  }
  function passes(node: Statement): boolean {
    if (isInert(node, trace) || isTold(node)) return true;
    return node.type === 'VariableDeclaration' && node.declarations.every((one) => one.init == null || isInert(one.init, trace) || trace.operations.some((each) => /^(?:find|count|aggregate)$/.test(each.verb) && awaited(one.init!) === unwrap(each.node)))
      || (write.verb === 'save' && isFieldChange(node, names) && (node.expression.type === 'UpdateExpression' || isInert(node.expression.right, trace)));
  }
  /** A line in a log does no harm. */
  function isTold(node: Statement): boolean {
    return node.type === 'ExpressionStatement' && node.expression.type === 'CallExpression' && /^(?:console|(?:this\.|\w+\.)*_?log(?:ger)?)\.(?:log|info|warn|error|debug|trace|verbose)$/.test(file.slice(node.expression.callee)) && node.expression.arguments.every((one) => isInert(one, trace));
  }
}

/** The plain unique key by which the write finds its row; that its values are there, since a condition beside a missing one asks for any row. */
function keyOf(write: Operation, read: Operation, table: Table, names: RowNames, { file, client }: RewriteContext): Key | Refusal {
  const arm = write.predicate?.complete && write.predicate.arms.length === 1 ? write.predicate.arms[0]! : undefined;
  const isSave = write.verb === 'save';
  const equal = (arm ?? []).filter((one) => one.operator === '=' && !one.via.length && !one.conditional);
  const key = table.keys.find((one) => one.columns.length > 0 && !one.where && !one.expression && (isSave ? one.primary : one.columns.every((column) => equal.some((each) => each.column === column))));
  if (!key || (!isSave && equal.length !== arm!.length)) return refuse('row-unclear', `\`${write.label}\` does not find its row by a unique key alone.`);
  const asked = equal.find((one) => !key.columns.includes(one.column) && write.rows?.some((row) => row.assignments.some((each) => each.column === one.column && each.how === 'set')));
  if (asked && !isSave) return refuse('guarded-already', `\`${write.label}\` asks for \`${asked.column}\` already: look at whether it changed a row, and go on only then.`);
  const texts = new Map<string, string>();
  const unclear: string[] = [];
  for (const column of key.columns) {
    const comparison = equal.find((one) => one.column === column);
    const row = names.found.row;
    if (!comparison || isSave) {
      if (!row || (write.saved && lineage(write.saved) !== read)) return refuse('row-unclear', 'The saved object is not the row that was read.');
      texts.set(column, `${row.name}.${column}`);
      continue;
    }
    const node = comparison.node && valueNode(comparison.node);
    if (node) texts.set(column, file.slice(node));
    const isColumn = comparison.value.kind === 'member' && lineage(comparison.value) === read && (key.primary || table.columns.get(column)?.nullable === false);
    const isAskedFor = read.predicate?.complete && read.predicate.arms.length === 1 && read.predicate.arms[0]!.some((one) => one.column === column && one.value === comparison.value && !one.conditional) && client?.forms?.dropsUndefined?.(read) !== true;
    if (isColumn || isAskedFor) continue;
    const is = node ? undefinedness(node, file) : 'unknown';
    if (is === 'maybe') return refuse('key-undefined', `\`${file.slice(node!)}\` can be undefined, and then the guarded write asks for any row.`);
    if (is !== 'never') unclear.push(column);
  }
  return { key, texts, requires: unclear.length ? [{ id: 'key-defined', text: `${list(unclear)} is never undefined, with which the guarded write would change any row`, state: 'unknown' }] : [] };
}

/** What stays in the code and reads the row from before: it may only read what no other call of this kind changes. */
function readLate(names: RowNames, path: Path, sums: readonly ReadSum[], { written, moves, write }: { readonly written: ReadonlySet<string>; readonly moves: boolean; readonly write: Operation }, { file }: RewriteContext): Refusal | undefined {
  const gone = sums.flatMap((one) => [...(one.change ? [one.change as Node] : []), ...one.through.flatMap((variable) => variable.defs.map((def) => def.node as unknown as Node))]);
  for (const { sum, through } of sums) {
    const again = through.find((variable) => !names.variables.includes(variable) && variable.references.filter((each) => !each.init).length > 1);
    if (again && !names.variables.includes(again)) return refuse('read-later', `\`${again.name}\` is used once more beside the write of \`${sum.column}\`, and would be another number than the database stores.`);
  }
  // Whoever wins a row has read it as it was: nobody else changed these columns in between.
  if (!moves) return undefined;
  const late = names.everywhere().find(({ node, column }) => {
    if (gone.some((one) => contains(one, node)) || isPresenceTest(node) || path.between.some((one) => isFieldChange(one, names) && contains('left' in one.expression ? one.expression.left : one.expression.argument, node))) return false;
    if (contains(write.node, node)) return column === undefined && write.verb !== 'save';
    if (asksOnly(node)) return false;
    if (path.checks.some((one) => contains(one.test, node) || (one.answer && one.holds === false && contains(one.answer, node)))) return false;
    return column === undefined || written.has(column);
  });
  /** `const isEnough = row.stock >= wanted`, for the checks alone. */
  function asksOnly(node: Node): boolean {
    const declaration = path.between.find((one) => contains(one, node));
    if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') return false;
    return declaration.declarations.every(({ id }) => id.type === 'Identifier' && file.variable(id)?.references.every((one) => one.init || path.checks.some(({ test }) => contains(test, one.identifier as unknown as Node))));
  }
  return late && refuse('read-later', `\`${file.slice(late.node)}${late.column === undefined ? '' : `.${late.column}`}\` is read again on line ${file.line(late.node.range[0])}, and would not be what the database stores by then.`);
}

type Used = Pick<Understood, 'wants' | 'into' | 'intoFirst' | 'intoParts'>;

const UNNAMED = { into: undefined, intoFirst: undefined, intoParts: undefined };

/** Whether code uses what the write resolves to, and under which name. */
function usedResult(statement: Statement, write: Operation, takesApart: boolean, { file }: RewriteContext): Used | Refusal {
  const call = unwrap(write.node);
  const odd = refuse('expression', `The statement at line ${file.line(statement.range[0])} uses the result in place; bind it to a variable first.`);
  if (statement.type === 'ExpressionStatement' && statement.expression.type === 'AwaitExpression' && awaited(statement.expression) === call) return { wants: 'nothing', ...UNNAMED };
  if (!takesApart) return { wants: 'result', ...UNNAMED };
  if (statement.type === 'ReturnStatement' && statement.argument && awaited(statement.argument) === call) return { wants: 'result', ...UNNAMED };
  if (statement.type !== 'VariableDeclaration' || statement.kind !== 'const' || statement.declarations.length !== 1) return odd;
  const { id, init } = statement.declarations[0]!;
  if (!init || init.type !== 'AwaitExpression' || awaited(init) !== call || id.typeAnnotation) return odd;
  if (id.type === 'Identifier') return { wants: 'result', ...UNNAMED, into: id.name };
  if (id.type === 'ObjectPattern') {
    const parts = id.properties.flatMap((one) => (one.type === 'Property' && !one.computed && one.key.type === 'Identifier' && one.value.type === 'Identifier' ? [{ key: one.key.name, name: one.value.name, text: file.slice(one) }] : []));
    return parts.length && parts.length === id.properties.length ? { wants: 'result', ...UNNAMED, intoParts: parts } : odd;
  }
  if (id.type !== 'ArrayPattern') return odd;
  const [first] = id.elements;
  return id.elements.length === 1 && first?.type === 'Identifier' ? { wants: 'result', ...UNNAMED, intoFirst: first.name } : odd;
}

