/**
 * What MikroORM can write atomically. Measured on 6.6 with Postgres, MariaDB and SQLite: `em.upsert` is one statement on the key that
 * `onConflictFields` names, merges only the columns that it is told to, and reads back what it does not know. On MySQL the named key
 * is ignored, and ignoring a conflict ignores more than that. Rows that wait for a flush have no form: the flush writes whatever else
 * the unit of work holds, and after a violation still holds the row.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Dialect, Operation, Refusal } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import { onDatabase, secondKey } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Forms, UpsertForm, UpsertRequest, ViolationForm, ViolationRequest } from '../forms.ts';
import { ID } from './entities.ts';
import { guardedWrite } from './forms-guarded.ts';

export const forms: Forms = { leavesRows: true, sentElsewhere, upsert, violation, guardedWrite };

/** What a flush writes: the row may be changed up to then, and goes together with all others of the unit of work. */
function sentElsewhere({ verb, detail }: Operation): Refusal | undefined {
  if (detail?.['on'] !== 'unit') return undefined;
  const instead = verb === 'insert' || verb === 'save' ? 'use `em.upsert` in its place, or handle the `UniqueConstraintViolationException` of the flush and go on with a fork'
    : verb === 'update' ? 'set the field to `raw(…)`, which the database computes, use `em.nativeUpdate` with the condition in its WHERE, lock the row as it is read, or give the entity a version' : 'use `em.nativeDelete` in its place';
  return refusal('unit-of-work', `The row is written by a flush, together with whatever else the unit of work holds: ${instead}.`);
}

interface Insert { readonly call: TSESTree.CallExpression; readonly callee: TSESTree.MemberExpression; readonly values: TSESTree.ObjectExpression; readonly dialect: Dialect }

/** `em.insert(User, { … })`, `users.insert({ … })`, with its values written out; or why there is no form for it. */
function insertOf(insert: Operation, table: Table, context: FormContext): Insert | Refusal {
  const { dialect } = context;
  const version = context.version('@mikro-orm/core');
  if (table.client !== ID) return refusal('schema-unknown', `\`${table.name}\` is declared elsewhere, so the properties of its entity are not known.`);
  if (dialect === undefined) return refusal('dialect-unknown', 'What a conflict does depends on the database: name it in settings[\'db-race\'].dialect.');
  if (version === undefined || version < 6) return refusal('version', 'The form was proven on MikroORM 6; the version here is older, or not declared.');
  const isolation = insert.transaction?.isolation ?? 'default';
  if (isolation !== 'default' && isolation !== 'read committed') return refusal('isolation', 'At this isolation level an upsert fails where it meets a row that the transaction\'s snapshot does not have.');
  const { node: call } = insert;
  const method = insert.detail?.['method'];
  if (call.type !== 'CallExpression' || method !== 'insert') return refusal('expression', 'The insert is no plain `insert` of one row.');
  const callee = unwrap(call.callee);
  const given = call.arguments[insert.detail?.['on'] === 'manager' ? 1 : 0];
  const values = given && unwrap(given);
  if (callee.type !== 'MemberExpression' || callee.computed || call.optional || values?.type !== 'ObjectExpression' || call.arguments.at(-1) !== given) return refusal('expression', 'What the insert is given is no object literal, or it has options.');
  if (values.properties.some((one) => one.type !== 'Property')) return refusal('argument', 'The inserted values hold a spread, of which nobody knows what it leaves out.');
  return { call, callee, values, dialect };
}

const named = (columns: readonly string[]): string => columns.map((one) => `\`${one}\``).join(', ');
const listed = (columns: readonly string[], quote: string): string => `[${columns.map((one) => `${quote}${one}${quote}`).join(', ')}]`;

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, update, table, key, wants, others } = request;
  const call = insertOf(insert, table, context);
  if ('kind' in call) return call;
  const { dialect } = call;
  if (wants === 'row') return refusal('no-row', '`insert` gives the key of the new row and not the row, so that what follows reads it anyhow: `upsert` would give an entity.');
  const row = insert.rows?.[0];
  if (!row) return refusal('several-rows', 'What the insert writes was not understood.');
  const odd = hindrance(request, row.assignments.map((one) => one.column));
  if (odd) return odd;
  const second = secondKey(dialect, others);
  if (second) return second;
  if (dialect === 'mysql' && !update) return refusal('mysql-ignore', 'On MySQL an upsert that ignores conflicts ignores other errors as well.');
  const merged = update && mergedColumns(update, insert);
  if (merged && !('length' in merged)) return merged;
  const { quote } = context;
  const action = merged ? `onConflictMergeFields: ${listed(merged, quote)}` : `onConflictAction: ${quote}ignore${quote}`;
  const { range } = call.callee.property;
  const end = call.call.arguments.at(-1)!.range[1];
  const text = context.edited(call.call, [{ start: range[0], end: range[1], text: 'upsert' }, { start: end, end, text: `, { onConflictFields: ${listed(key.columns, quote)}, ${action} }` }]);
  const hasGenerated = [...table.columns.values()].some((one) => one.default === 'generated-id');
  return {
    kind: 'form', id: merged ? 'mikroorm-upsert-merge' : 'mikroorm-upsert-ignore',
    title: merged ? `Replace with one \`upsert\` on ${named(key.columns)}` : `Replace with one \`upsert\` that ignores a conflict of ${named(key.columns)}`,
    before: [], call: text, row: undefined,
    requires: [onDatabase(dialect)],
    changes: [
      'The row becomes an entity that the manager knows, and a second statement may read what the first one did not tell.',
      ...(hasGenerated && dialect !== 'sqlite' ? ['A conflict uses up a generated id.'] : []),
    ],
  };
}

/** What an upsert would do otherwise than the insert, of the columns that it writes or leaves out. */
function hindrance({ insert, update, table, key }: UpsertRequest, written: readonly string[]): Refusal | undefined {
  const primary = table.keys.find((one) => one.primary)?.columns ?? [];
  if (primary.some((one) => written.includes(one))) return refusal('managed-entity', 'With the primary key among its values an upsert changes an entity that the manager knows already, and writes nothing.');
  const relation = key.columns.find((one) => table.relations.some((each) => each.name === one));
  if (relation !== undefined) return refusal('relation-key', `\`${relation}\` is a relation, and an upsert on the key of one was not proven.`);
  const made = [...table.columns.values()].find((one) => one.default === 'client' && !written.includes(one.name) && one.defaultLiteral === undefined);
  if (made) return refusal('client-default', `\`${made.name}\` is made by the entity, and whether an upsert makes it was not proven.`);
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (stamped && update) return refusal('updated-at', `\`${stamped.name}\` is not set by an upsert.`);
  if (table.sideEffects.length) return refusal('side-effects', `\`${table.name}\` has ${table.sideEffects[0]!}, which an upsert does not run as an insert does.`);
  // A value that is undefined is left out of an insert, and NULL in an upsert.
  const vague = insert.rows![0]!.assignments.find((one) => { const column = table.columns.get(one.column); return column && column.default !== 'none' && !isSurelyGiven(one.value.kind); });
  return vague && refusal('undefined-value', `\`${vague.column}\` has a default, and its value may be undefined: an upsert would write NULL.`);
}

const isSurelyGiven = (kind: string): boolean => kind === 'literal';

/** The columns of an update that writes what the insert writes; or why it is another one. */
function mergedColumns(update: Operation, insert: Operation): readonly string[] | Refusal {
  if (update.detail?.['method'] !== 'nativeUpdate') return refusal('argument', 'The row is not updated by a statement of its own.');
  const changes = update.rows?.length === 1 && !update.rows[0]!.spreads.length ? update.rows[0]!.assignments : undefined;
  const inserted = insert.rows![0]!.assignments;
  if (!changes?.length || changes.some((one) => one.how !== 'set' || one.conditional)) return refusal('argument', 'What the update writes is not known column by column.');
  const other = changes.find((one) => !inserted.some((each) => each.column === one.column && each.value === one.value && !each.conditional));
  return other ? refusal('values-differ', `The update writes another value into \`${other.column}\` than the insert, and an upsert has one for both.`) : changes.map((one) => one.column);
}

/** By its class where the file knows it, else by the driver's code; which key it was, only Postgres says. */
function violation({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const call = insertOf(write, table, context);
  if ('kind' in call) return call;
  const { dialect } = call;
  const { quote, typescript } = context;
  const property = (name: string): string => (typescript ? `(${error} as { ${name}?: unknown } | null)?.${name}` : `${error}?.${name}`);
  const known = context.imported('UniqueConstraintViolationException');
  const isOnly = others !== 'unknown' && others.length === 0;
  if (!isOnly && (dialect !== 'postgres' || key.name === undefined)) return refusal('key-not-told', `Other unique keys of \`${table.name}\` can be violated as well, and the error does not tell which it was.`);
  const codes: Readonly<Record<Dialect, string>> = { postgres: '23505', mysql: 'ER_DUP_ENTRY', sqlite: 'SQLITE_CONSTRAINT_UNIQUE' };
  if (dialect === 'sqlite' && !known && context.version('@mikro-orm/better-sqlite') === undefined) return refusal('driver-unknown', 'What a violation is called depends on the driver for SQLite: import `UniqueConstraintViolationException`.');
  const test = known ? `${error} instanceof ${known}` : `${property('code')} === ${quote}${codes[dialect]}${quote}`;
  return {
    kind: 'form', id: `mikroorm-violation-${dialect}`, test: isOnly ? test : `${test} && ${property('constraint')} === ${quote}${key.name!}${quote}`,
    requires: [
      onDatabase(dialect),
      isOnly ? { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' } : { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' },
    ],
    changes: dialect === 'postgres' && !write.transaction ? ['Where it is called inside a Postgres transaction, the violation aborts that transaction.'] : [],
    savepoint: () => undefined,
  };
}
