/**
 * The rows of a scope become exactly the wanted ones: in one transaction behind a lock, or, where the client has none, the wanted
 * rows first and then the delete of the others.
 */
import type { ReplaceSetRequest } from '../../clients/forms.ts';
import type { Comparison, Operation, Refusal, Rewrite, Row } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { SourceFile } from '../../source/file.ts';
import { contains, enclosingFunction, unwrap } from '../../source/syntax.ts';
import type { Node, Value } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import { isPath } from '../collections.ts';
import type { RewriteContext } from '../context.ts';
import { nonNull, tableOf, valueNode } from '../keys.ts';
import { uniqueIndexMigration } from '../migration.ts';
import { variablesIn } from '../outcome.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { replacementOf } from '../replacement.ts';
import { insertFirstText } from '../replacement-first.ts';
import { transactionText } from '../replacement-transaction.ts';

export function replaceSet({ remove, insert }: { readonly remove: Operation; readonly insert: Operation }, context: RewriteContext): Rewrite | Refusal {
  const { client, forms } = context;
  const table = tableOf(insert);
  if (isRefusal(table)) return table;
  const [effect] = table.sideEffects;
  if (effect !== undefined) return refuse('side-effects', `\`${table.name}\` has ${effect}, which would run for other rows than now.`);
  const scope = scopeOf(remove, insert, context);
  if (isRefusal(scope)) return scope;
  if (!client?.forms?.replaceSet) return refuse('no-form', `There is no proven form for ${client?.name ?? 'this library'} here.`);
  const replacement = replacementOf(remove, insert, context.trace);
  if (isRefusal(replacement)) return replacement;
  const key = setKey(table, scope, insert, context);
  const request: ReplaceSetRequest = { remove, insert, table, scope: scope.texts, key, payload: payloadOf(insert, isRefusal(key) ? scope.columns : key.key.columns), parent: parentOf(table, scope, remove, context) };
  const form = client.forms.replaceSet(request, forms);
  if (isRefusal(form)) return form;
  const text = form.kind === 'insert-first' ? insertFirstText(replacement, form, request, context) : transactionText(replacement, form, insert, context);
  if (isRefusal(text)) return text;
  return { kind: 'rewrite', title: form.title, edits: [text], requires: form.requires, changes: form.changes, form: form.id, ...(form.kind === 'transaction' && { onConnection: true as const }) };
}

interface Scope { readonly columns: readonly string[]; readonly texts: ReadonlyMap<string, string>; readonly values: ReadonlyMap<string, Value> }

/** The delete is about exactly the rows with these values, and every inserted row has them. */
function scopeOf(remove: Operation, insert: Operation, { file }: RewriteContext): Scope | Refusal {
  const { predicate } = remove;
  if (!predicate?.complete) return refuse('predicate-unclear', 'What the delete covers was not understood completely.');
  const [arm, more] = predicate.arms;
  if (!arm) return refuse('whole-table', 'The whole table is replaced, which is no set of one owner that a key or a lock could stand for.');
  if (more) return refuse('predicate-unclear', 'The delete has alternatives, so the deleted rows are not one set.');
  const odd = arm.find((one) => one.operator !== '=' || one.via.length || one.conditional);
  if (odd) return refuse('predicate-unclear', `The delete also asks for \`${[...odd.via, odd.column].join('.')}\`, so the deleted rows are not the whole set of one owner.`);
  const texts = new Map<string, string>();
  const values = new Map<string, Value>();
  for (const comparison of arm) {
    const refusal = writesSame(comparison, insert);
    if (refusal) return refusal;
    const node = scopeNode(comparison, remove, insert, file);
    if (!node) return refuse('key-opaque', `The value of \`${comparison.column}\` cannot be copied from the code.`);
    if (values.has(comparison.column) && values.get(comparison.column) !== comparison.value) return refuse('predicate-unclear', `The delete compares \`${comparison.column}\` twice.`);
    texts.set(comparison.column, file.slice(node));
    values.set(comparison.column, comparison.value);
  }
  return { columns: [...texts.keys()], texts, values };
}

/** The value's expression: as the delete has it, or, where it stands in SQL with a parameter, as the rows have it. */
function scopeNode({ column, node }: Comparison, remove: Operation, insert: Operation, file: SourceFile): Node | undefined {
  const isHere = (one: Node): boolean => contains(remove.node, one) || enclosingFunction(one) === enclosingFunction(remove.node);
  if (node && node !== remove.predicate?.node) return isHere(node) ? valueNode(node) : undefined;
  const written = insert.rows?.[0]?.assignments.findLast((one) => one.column === column)?.node;
  const value = written && unwrap(valueNode(written));
  if (!value || !isPath(value)) return undefined;
  // Not a variable of the callback that makes the rows.
  return variablesIn(value, file).every((one) => !one.identifiers.some((each) => contains(insert.node, each as unknown as Node))) ? value : undefined;
}

function writesSame({ column, value }: Comparison, insert: Operation): Refusal | undefined {
  for (const row of insert.rows ?? []) {
    const written = row.assignments.findLast((one) => one.column === column);
    if (!written || written.conditional || written.how !== 'set' || written.value !== value) return refuse('scope-differs', `The inserted rows do not all have the \`${column}\` of the deleted ones.`);
    if (row.spreads.length && !standsBehindSpreads(row, column)) return refuse('scope-differs', `An object spread behind \`${column}\` may hold another one.`);
  }
  return insert.rows?.length ? undefined : refuse('scope-differs', `Whether the inserted rows have the \`${column}\` of the deleted ones cannot be seen.`);
}

/** Written out as an object in which the column comes after every spread. */
function standsBehindSpreads(row: Row, column: string): boolean {
  const written = row.assignments.findLast((one) => one.column === column)?.node;
  const object = written?.parent && unwrap(written.parent);
  if (object?.type !== 'ObjectExpression') return false;
  const at = object.properties.findIndex((one) => one === written);
  return at >= 0 && !object.properties.slice(at).some((one) => one.type === 'SpreadElement');
}

/** The key of the scope's columns and exactly one more. */
function setKey(table: Table, scope: Scope, insert: Operation, context: RewriteContext): ReplaceSetRequest['key'] {
  const { forms: { dialect } } = context;
  const holds = (key: UniqueKey): boolean => scope.columns.every((column) => key.columns.includes(column));
  const candidates = table.keys.filter((key) => holds(key) && key.columns.length === scope.columns.length + 1 && !key.expression);
  const plain = candidates.find((key) => !key.where && !key.deferrable);
  if (!plain) {
    if (candidates.some((key) => key.where)) return refuse('partial-key', `The unique index on ${list(candidates[0]!.columns)} is partial, which a conflict target cannot name here.`);
    if (candidates.length) return refuse('deferrable-key', `The unique constraint on ${list(candidates[0]!.columns)} is deferrable, which no conflict target may be.`);
    const wider = table.keys.find((key) => holds(key) && key.columns.length > scope.columns.length + 1);
    if (wider) return refuse('wide-key', `The rows of a set are told apart by several columns (${list(wider.columns.filter((one) => !scope.columns.includes(one)))}), which one filter cannot list.`);
    const written = (insert.rows?.[0]?.assignments ?? []).map((one) => one.column).filter((one) => !scope.columns.includes(one));
    return refuse('no-unique-key', `No unique key of \`${table.name}\` tells the rows of one ${list(scope.columns)} apart; add one first.`, written.length === 1 ? uniqueIndexMigration(table, [...scope.columns, ...written], dialect) : undefined);
  }
  // A second key could be violated by a row that is about to be deleted.
  const other = table.keys.find((key) => key !== plain && !fillsItself(key, table, insert));
  if (other) return refuse('several-keys', `A wanted row can collide with an old one on ${list(other.columns)} as long as that is still there.`);
  if (!table.complete) return refuse('several-keys', `Not all keys of \`${table.name}\` are known, and a wanted row could collide with an old one on another.`);
  const element = plain.columns.find((column) => !scope.columns.includes(column))!;
  const rows = insert.rows ?? [];
  if (rows.some((row) => !row.assignments.some((one) => one.column === element && one.how === 'set' && !one.conditional))) return refuse('key-opaque', `Whether the inserted rows have a \`${element}\` cannot be seen.`);
  const requires = nonNull(table, plain, (column) => scope.values.get(column) ?? rows[0]?.assignments.findLast((one) => one.column === column)?.value, insert.condition);
  return isRefusal(requires) ? requires : { key: plain, element, requires };
}

/** Left out and filled by the database with a value of its own. */
function fillsItself(key: UniqueKey, table: Table, insert: Operation): boolean {
  return key.columns.some((column) => {
    const declared = table.columns.get(column);
    const isLeftOut = (insert.rows ?? []).every((row) => !row.spreads.length && !row.assignments.some((one) => one.column === column));
    return isLeftOut && (declared?.default === 'generated-id' || (declared?.default === 'database' && declared.defaultLiteral === undefined));
  });
}

function payloadOf(insert: Operation, key: readonly string[]): readonly string[] | undefined {
  const rows = insert.rows ?? [];
  if (!rows.length || rows.some((row) => row.spreads.length > 0 || row.assignments.some((one) => one.conditional))) return undefined;
  const columns = new Set(rows.flatMap((row) => row.assignments.map((one) => one.column)));
  // Rows of different columns in one array: those that one lacks become NULL in a plain insert and in an upsert alike.
  return [...columns].filter((column) => !key.includes(column));
}

function parentOf(table: Table, scope: Scope, remove: Operation, { surroundings }: RewriteContext): ReplaceSetRequest['parent'] {
  for (const relation of table.relations) {
    const [column] = relation.columns;
    const [reference] = relation.references;
    const text = column === undefined ? undefined : scope.texts.get(column);
    if (relation.columns.length !== 1 || relation.references.length !== 1 || reference === undefined || text === undefined) continue;
    const parent = surroundings.catalogue.find(remove.client, relation.target);
    if (parent) return { table: parent, column: reference, text };
  }
  return undefined;
}
