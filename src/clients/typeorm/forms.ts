/**
 * What TypeORM can write atomically. Measured on 0.3.31 and 1.1.1 with Postgres 15, MariaDB 10.11 and SQLite (better-sqlite3):
 * `upsert` and the conflict clauses of the query builder are one statement everywhere, but only given columns are written, the
 * result's ids are wrong on SQLite and missing on MySQL, MySQL takes any key for the target, and its INSERT IGNORE ignores more
 * than conflicts.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Assignment, Node, Operation, Refusal, Requirement, Row } from '../../model.ts';
import type { Column, Table, UniqueKey } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { FormContext, Forms, UpsertForm, UpsertRequest } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { callText, insertBuilder, invoke, keyObject, nameList, type CallText } from './call-text.ts';
import { alternativeKeys, parts } from './alternative-keys.ts';
import { ID } from './handles.ts';
import { guardedWrite } from './guarded-write.ts';
import { missingForm } from './forms-missing.ts';
import { violationForm } from './forms-violation.ts';
import { replaceSet } from './replace-set.ts';
import { rowAfterwards } from './forms-row.ts';
import { onDatabase, spelled } from '../common/forms.ts';
import { sameAssignment, surely } from './forms-values.ts';

export const forms: Forms = { upsert: upsertForm, violation: violationForm, claims: true, throwsThrough: ['postgres', 'mysql'], surely, updateByKey, insertMissing: missingForm, parts, alternativeKeys, replaceSet, guardedWrite };

/** What the statement does with a row that is there: the insert's columns, some of them, nothing (or its key, to itself). */
type Mode = { readonly kind: 'upsert' } | { readonly kind: 'columns'; readonly columns: readonly string[] } | { readonly kind: 'ignore' };

function upsertForm(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, table, key, update, read, wants, others } = request;
  const { dialect } = context;
  const hindrance = hindered(request, context);
  if (hindrance) return hindrance;
  const row = insert.rows![0]!;
  const call = callText(insert, table, context);
  if ('kind' in call) return call;
  const mode = modeOf(row, request, context);
  if ('id' in mode) return mode;
  const isBuilt = mode.kind !== 'upsert' || call.on === 'builder' || isFilledInWrongly(table, dialect);
  // Without a target every key's conflict would be ignored; INSERT IGNORE would ignore more than that.
  const isTargeted = mode.kind === 'columns' || (mode.kind === 'upsert' && update !== undefined) || others === 'unknown' || others.length > 0 || read?.lock !== undefined || dialect === 'mysql';
  const overwritten = mode.kind === 'columns' ? mode.columns : mode.kind === 'upsert' && update ? row.assignments.map((one) => one.column).filter((one) => !key.columns.includes(one)) : key.columns.slice(0, 1);
  const stamped = [...table.columns.values()].find((one) => one.updatedAt && !row.assignments.some((each) => each.column === one.name));
  const touches = !isBuilt || isTargeted;
  if (stamped && !update && touches && dialect !== 'sqlite') return refuseForm('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  if (stamped && update && dialect !== 'postgres' && dialect !== 'mysql') return refuseForm('updated-at', `\`${stamped.name}\` is not set by an upsert on SQLite.`);
  if (isBuilt && isTargeted && !databaseNames(table, [...overwritten, ...key.columns])) return refuseForm('names-unknown', `The database names of \`${table.name}\`'s columns come from a naming strategy that was not read.`);
  const afterwards = rowAfterwards({ request, call, writesAll: mode.kind === 'upsert', fillsIn: !isBuilt }, context);
  if (afterwards && 'id' in afterwards) return afterwards;
  const given = afterwards?.values ?? (call.values && context.text(call.values));
  if (!isBuilt && given === undefined) return refuseForm('expression', 'The call is given no values.');
  const clause = isTargeted ? `orUpdate(${nameList(dbNames(table, overwritten), context)}, ${nameList(dbNames(table, key.columns), context)})` : 'orIgnore()';
  const paths = nameList(propertyPaths(table, key), context);
  const plain = dialect !== 'postgres' && hasGeneratedId(table) ? ['updateEntity(false)'] : [];
  const text = !isBuilt ? upsertText(call, given!, paths, context) : call.on === 'builder' ? chained(call.node, [clause, ...plain], context) : `${insertBuilder(call)}.values(${given ?? ''}).${[clause, ...plain].join('.')}.execute()`;
  const named = key.columns.map((one) => `\`${one}\``).join(', ');
  return {
    kind: 'form', id: !isBuilt ? 'typeorm-upsert' : isTargeted ? 'typeorm-or-update' : 'typeorm-or-ignore',
    title: !isBuilt ? `Replace with one \`upsert\` on ${named}` : isTargeted ? `Replace with one insert that updates on a conflict of ${named}` : `Replace with one insert that ignores a conflict of ${named}`,
    before: afterwards?.before ?? [], call: text, row: afterwards?.row,
    requires: requirements(request, call, { isMysqlFit: !isBuilt, isTargeted }, context),
    changes: [
      ...(update ? [] : touches ? ['Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.'] : []),
      ...(stamped && update ? [dialect === 'postgres' ? `\`${stamped.name}\` is set on every call, also when nothing else changes.` : `\`${stamped.name}\` is set by the column's ON UPDATE.`] : []),
      ...(afterwards?.changes ?? []),
      ...(hasGeneratedId(table) && dialect !== 'sqlite' ? ['A conflict uses up a generated id.'] : []),
      ...(wants === 'nothing' && insert.verb === 'save' ? ['The saved object does not receive what the database fills in.'] : []),
    ],
  };
}

/** What stands against any form of this insert. */
function hindered({ insert, table, update, key, others }: UpsertRequest, { dialect }: FormContext): Refusal | undefined {
  if (table.client !== ID) return refuseForm('schema-unknown', `\`${table.name}\` is declared elsewhere, so the properties of its entity are not known.`);
  const row = insert.rows?.[0];
  if (!row) return refuseForm('several-rows', 'What the insert writes was not understood.');
  const isolation = insert.transaction?.isolation;
  if (isolation !== undefined && isolation !== 'default' && isolation !== 'read committed') return refuseForm('isolation', 'At this isolation level an upsert fails where it meets a row that the transaction\'s snapshot does not have.');
  const relation = row.assignments.find((one) => table.relations.some((each) => each.name === one.column && !each.columns.length));
  if (relation) return refuseForm('relations', `\`${relation.column}\` is saved along, which an upsert does not do.`);
  const given = (insert.detail?.['primaryKey'] as readonly string[] | undefined) ?? [];
  if (insert.verb === 'save' && insert.detail?.['on'] !== undefined && given.some((column) => !key.columns.includes(column) && !isFresh(row.assignments.find((one) => one.column === column)))) {
    return refuseForm('save-by-id', `\`save\` looks for the row by ${given.map((one) => `\`${one}\``).join(', ')}, which is not the key of the look-up.`);
  }
  const pinned = update ? row.assignments.find((one) => one.conditional) : undefined;
  if (pinned) return refuseForm('update-differs', `\`${pinned.column}\` is not always inserted.`);
  if (dialect !== 'mysql') return undefined;
  if (hasGeneratedId(table)) return refuseForm('mysql-generated-id', `On MySQL an upsert of \`${table.name}\` throws where the row is there already, because its generated id does not come back.`);
  if (others === 'unknown' || others.length) return refuseForm('mysql-second-key', 'On MySQL an upsert takes a conflict of any unique key for this one.');
  return undefined;
}

function isFresh(assignment: Assignment | undefined): boolean {
  return assignment?.value.kind === 'unknown' && /(?:randomUUID|uuid\w*|v[47]|nanoid|ulid|cuid2?|createId)$/.test(calleeName(assignment.value.node));
}

function calleeName(node: Node): string {
  if (node.type !== 'CallExpression') return '';
  const callee = unwrap(node.callee);
  return callee.type === 'Identifier' ? callee.name : callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
}

/** Only given columns are written, and all of those: so the update must write the same, or say which of them. */
function modeOf(row: Row, { update, key, table }: UpsertRequest, context: FormContext): Mode | Refusal {
  const isPart = (one: Assignment): boolean => key.columns.includes(one.column);
  const own = row.assignments.filter((one) => !isPart(one));
  // A field with an initialiser is written along when an instance is inserted.
  const born = [...table.columns.values()].filter((one) => one.default === 'client' && !row.assignments.some((each) => each.column === one.name));
  const isWhole = own.length === 0 && row.spreads.length === 0 && born.length === 0;
  if (!update) return isWhole && ![...table.columns.values()].some((one) => one.updatedAt) ? { kind: 'upsert' } : context.dialect === 'mysql' ? refuseForm('no-form', 'On MySQL an insert that leaves a row alone ignores other errors as well.') : { kind: 'ignore' };
  if (row.spreads.length) return refuseForm('update-unclear', 'The insert writes an object whose columns are not known.');
  const written = update.rows![0]!.assignments.filter((one) => one.how !== 'carried');
  for (const one of written) {
    const twin = row.assignments.findLast((each) => each.column === one.column);
    if (!twin || !sameAssignment(one, twin, context)) return refuseForm('update-differs', `Where the row is there, \`${one.column}\` is written ${twin ? 'with another value' : 'and not inserted'}.`);
  }
  const columns = written.filter((one) => !isPart(one)).map((one) => one.column);
  if (own.every((one) => columns.includes(one.column)) && !born.length) return { kind: 'upsert' };
  const extra = own.find((one) => !columns.includes(one.column))?.column ?? born[0]!.name;
  if (context.dialect === 'mysql') return refuseForm('update-differs', `\`${extra}\` is written for a new row only.`);
  return columns.length ? { kind: 'columns', columns } : { kind: 'ignore' };
}

/** The user's own call, under another name and with the key behind its values, where it can be kept. */
function upsertText(call: CallText, given: string, paths: string, context: FormContext): string {
  const { node, method, values } = call;
  const args = node.arguments;
  const isKept = values !== undefined && given === context.text(values) && args.at(-1) === values && (call.on !== 'manager' || args.length === 2);
  if (!isKept) return invoke(call, 'upsert', given, paths);
  return context.edited(node, [{ start: method.range[0], end: method.range[1], text: 'upsert' }, { start: values.range[1], end: values.range[1], text: `, ${paths}` }]);
}

/** `….orIgnore()` before `.execute()`, on a line of its own where the chain has such lines. */
function chained(node: TSESTree.CallExpression, clauses: readonly string[], context: FormContext): string {
  const { object, property } = node.callee as TSESTree.MemberExpression;
  const dot = context.text(node.callee).slice(object.range[1] - node.callee.range[0], property.range[0] - node.callee.range[0]);
  return context.edited(node, [{ start: object.range[1], end: object.range[1], text: clauses.map((one) => dot + one).join('') }]);
}

/**
 * Without RETURNING the call looks up what the database filled in, by the id that the driver reports for an insert: where the row was
 * there that id is another row's, or none, and then the call throws ("entity id is not set") although the statement succeeded.
 */
function isFilledInWrongly(table: Table, dialect: FormContext['dialect']): boolean {
  return dialect !== 'postgres' && hasGeneratedId(table) && [...table.columns.values()].some((one) => one.default === 'database' && one.defaultLiteral !== null);
}

function hasGeneratedId(table: Table): boolean {
  return [...table.columns.values()].some((one) => one.default === 'generated-id');
}

/** A foreign key column without a property of its own is addressed by its relation. */
function propertyPaths(table: Table, key: UniqueKey): string[] {
  return key.columns.map((name) => {
    const relation = table.columns.get(name)?.type === undefined ? table.relations.find((one) => one.columns.length === 1 && one.columns[0] === name) : undefined;
    return relation?.name ?? name;
  });
}

const columnOf = (table: Table, name: string): Column | undefined => table.columns.get(name);
const dbNames = (table: Table, names: readonly string[]): string[] => names.map((one) => columnOf(table, one)?.dbName ?? one);

/** Whether these names stand in the database as they are known here. */
function databaseNames(table: Table, names: readonly string[]): boolean {
  return names.every((name) => {
    const column = columnOf(table, name);
    return column !== undefined && (!table.namesUnknown || column.dbName !== column.name || !/[A-Z]/.test(name));
  });
}

function requirements({ insert, table, others }: UpsertRequest, call: CallText, { isMysqlFit, isTargeted }: { isMysqlFit: boolean; isTargeted: boolean }, { dialect, version }: FormContext): Requirement[] {
  const major = version('typeorm');
  const anywhere = isMysqlFit && !hasGeneratedId(table) && others !== 'unknown' && !others.length && !insert.transaction;
  return [
    dialect ? onDatabase(dialect) : { id: 'dialect', text: `the database is Postgres${anywhere ? ', MySQL' : ''} or SQLite`, state: 'unknown' },
    { id: 'version', text: 'TypeORM is of version 0.3 or 1', state: major === 0 || major === 1 ? 'proven' : 'unknown' },
    { id: 'no-side-effects', text: `\`${table.name}\` has no listener, cascade, soft delete or version column`, state: table.complete ? 'proven' : 'unknown' },
    ...(isTargeted || isMysqlFit ? [] : [{ id: 'only-key', text: 'no other unique key can be violated', state: 'proven' } as const]),
    ...(insert.evidence === 'shape' || insert.evidence === 'name' ? [{ id: 'receiver', text: `\`${call.receiver}\` is TypeORM's`, state: 'unknown' } as const] : []),
  ];
}

/** `repo.update({ key }, { … })`, from an update by the found row's id or from the fields that were assigned before a save. */
function updateByKey(update: Operation, { key, table, keyText, wants }: Pick<UpsertRequest, 'key' | 'table' | 'keyText' | 'wants'>, context: FormContext): string | undefined {
  const call = callText(update, table, context);
  const row = update.rows?.length === 1 ? update.rows[0]! : undefined;
  if ('kind' in call || call.on === 'builder' || !row || row.assignments.some((one) => one.conditional)) return undefined;
  const { name } = call.method;
  if (!['save', 'update', 'increment', 'decrement'].includes(name)) return undefined;
  const where = keyObject(propertyPaths(table, key), keyText);
  if (propertyPaths(table, key).some((one) => !keyText.has(one))) return undefined;
  const changes = name !== 'save' ? changesGiven(call, name === 'update' ? 1 : 2, context) : spelled(row.assignments.filter((one) => one.how !== 'carried'), { table, within: update.node }, context);
  if (changes === undefined) return undefined;
  const run = invoke(call, name === 'save' ? 'update' : name, where, changes);
  return wants === 'row' ? `${run}.then(() => ${invoke(call, 'findOneByOrFail', where)})` : run;
}

/** What stands behind the criteria of `update` and `increment`, and those behind the entity where a manager is told it. */
function changesGiven(call: CallText, count: number, context: FormContext): string | undefined {
  const args = call.node.arguments.slice(call.on === 'manager' ? 2 : 1);
  return args.length === count ? args.map((one) => context.text(one)).join(', ') : undefined;
}

