/**
 * What Sequelize can write atomically. Measured on 6.37 with pg and mysql2 (MariaDB): `upsert` is one statement, updates only what it is
 * told in `fields`, and gives the row on Postgres only. `findOrCreate` looks the row up first and catches the violation of its insert:
 * sound on Postgres with a unique key; on MySQL it fails where a value of the key holds a "-", and inside a transaction it looks for the
 * row in an old snapshot. There the insert goes first. The package for SQLite was not run.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Operation, Refusal } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { enclosingStatement, keyName } from '../../source/syntax.ts';
import { burnsIds, namedKey, onDatabase, secondKey } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest, ViolationForm, ViolationRequest } from '../forms.ts';
import { callText, methodText, provenOn, transactionText, version, type CallText, type Proven } from './call-text.ts';
import { guardedWrite } from './forms-guarded.ts';
import { ID } from './handles.ts';

export const forms: Forms = { upsert, violation, claims: true, throwsThrough: ['postgres', 'mysql'], surely, updateByKey, insertMissing, guardedWrite };


interface Insert { readonly call: CallText; readonly values: TSESTree.ObjectExpression; readonly transaction: string; readonly dialect: Proven }

function insertOf({ insert, table }: Pick<UpsertRequest, 'insert' | 'table'>, context: FormContext): Insert | Refusal {
  if (table.client !== ID) return refusal('schema-unknown', `\`${table.name}\` is declared elsewhere, so the names of its attributes are not known.`);
  const dialect = provenOn(context);
  if (typeof dialect !== 'string') return dialect;
  const call = callText(insert, context);
  if (!call || call.method.name !== 'create' || insert.detail?.['method'] !== 'create') return refusal('shape', 'The insert is no `create` of a model that stands at one place.');
  if (call.first?.type !== 'ObjectExpression') return refusal('argument', 'The values of the insert are no object literal.');
  const transaction = transactionText(call.options, context);
  if (transaction === undefined) return refusal('argument', 'The options of the insert say more than its transaction.');
  const isolation = insert.transaction?.isolation ?? 'default';
  if (isolation !== 'default' && isolation !== 'read committed') return refusal('isolation', 'At this isolation level the statement fails where it meets a row that the transaction\'s snapshot does not have.');
  return { call, values: call.first, transaction, dialect };
}

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const insert = insertOf(request, context);
  if ('kind' in insert) return insert;
  return request.update ? updating(request, request.update, insert, context) : finding(request, insert, context);
}

const keyObject = (key: UniqueKey, keyText: ReadonlyMap<string, string>): string => `{ ${key.columns.map((one) => (keyText.get(one) === one ? one : `${one}: ${keyText.get(one)}`)).join(', ')} }`;

/** What was looked up is an instance with all its attributes, as the insert gives one. */
function differentRow(read: Operation | undefined): Refusal | undefined {
  if (!read) return undefined;
  if (read.detail?.['raw'] === true) return refusal('projection-differs', 'The look-up gives a plain object, the insert an instance.');
  if (read.columns) return refusal('projection-differs', 'The look-up fetches some attributes only, the insert gives all.');
  return read.includes?.length ? refusal('relations', `The look-up fetches \`${read.includes[0]}\` along, which a new row comes without.`) : undefined;
}

/** `findOrCreate`, where the row stays as it is. */
function finding({ read, table, key, keyText, wants, into }: UpsertRequest, { call, values, transaction, dialect }: Insert, context: FormContext): UpsertForm | Refusal {
  if (dialect === 'mysql') return refusal('not-atomic', 'On MySQL `findOrCreate` fails where two calls meet and a value of the key holds a "-".');
  const odd = wants === 'row' ? differentRow(read) : undefined;
  if (odd) return odd;
  const isKeyOnly = values.properties.every((one) => one.type === 'Property' && key.columns.includes(keyName(one.key, one.computed) ?? ''));
  const parts = [`where: ${keyObject(key, keyText)}`, ...(isKeyOnly ? [] : [`defaults: ${context.text(values)}`]), ...(transaction ? [transaction] : [])];
  const name = into ?? `${table.name.charAt(0).toLowerCase()}${table.name.slice(1)}`;
  return {
    kind: 'form', id: 'sequelize-find-or-create', title: `Replace with \`findOrCreate\` on ${namedKey(key)}`, before: [],
    call: `${call.receiver}.findOrCreate({ ${parts.join(', ')} })${wants === 'row' ? `.then(([${name}]) => ${name})` : ''}`, row: undefined,
    requires: [onDatabase(dialect), version(context)],
    changes: ['Look-up and insert run in a transaction of their own; where another call was first, its row is looked up again.', ...burnsIds(table, dialect)],
  };
}

/** `upsert` that updates what the branch for the found row updates. */
function updating({ insert, table, key, wants, others, into, read }: UpsertRequest, update: Operation, { call, values, transaction, dialect }: Insert, context: FormContext): UpsertForm | Refusal {
  const second = secondKey(dialect, others);
  if (second) return second;
  if (wants === 'row' && dialect === 'mysql') return refusal('no-row', 'On MySQL `upsert` does not give the row as it is stored.');
  const odd = wants === 'row' ? differentRow(read) : undefined;
  if (odd) return odd;
  const row = insert.rows![0]!;
  if (row.spreads.length || values.properties.some((one) => one.type !== 'Property')) return refusal('argument', 'The values of the insert hold a spread, of which nobody knows what it leaves out.');
  const written = update.rows![0]!.assignments.filter((one) => one.how !== 'carried');
  for (const one of written) {
    const twin = row.assignments.findLast((each) => each.column === one.column);
    if (!twin || one.how !== 'set' || twin.value !== one.value) return refusal('update-differs', `Where the row is there, \`${one.column}\` is written ${twin ? 'with another value' : 'and not inserted'}.`);
  }
  const fields = written.map((one) => one.column).filter((one) => !key.columns.includes(one));
  if (!fields.length) return refusal('update-differs', 'The update writes the key alone.');
  const { quote } = context;
  const list = (names: readonly string[]): string => `[${names.map((one) => `${quote}${one}${quote}`).join(', ')}]`;
  const own = row.assignments.map((one) => one.column).filter((one) => !key.columns.includes(one));
  const options = [
    ...(dialect === 'postgres' ? [`conflictFields: ${list(key.columns.map((one) => table.columns.get(one)?.dbName ?? one))}`] : []),
    ...(own.every((one) => fields.includes(one)) ? [] : [`fields: ${list(fields)}`]),
    ...(transaction ? [transaction] : []),
  ];
  const name = into ?? `${table.name.charAt(0).toLowerCase()}${table.name.slice(1)}`;
  const edits: Edit[] = [
    { start: call.method.range[0], end: call.method.range[1], text: 'upsert' },
    call.options ? { start: call.options.range[0], end: call.options.range[1], text: `{ ${options.join(', ')} }` } : { start: values.range[1], end: values.range[1], text: options.length ? `, { ${options.join(', ')} }` : '' },
  ];
  return {
    kind: 'form', id: `sequelize-upsert-${dialect}`, title: `Replace with \`upsert\` on ${namedKey(key)}`, before: [],
    call: `${context.edited(call.node, edits)}${wants === 'row' ? `.then(([${name}]) => ${name})` : ''}`, row: undefined,
    requires: [onDatabase(dialect), version(context)],
    changes: [...burnsIds(table, dialect)],
  };
}

/** Rows of a set that are there already are left out: the same `bulkCreate`, told so. The caller has made sure that no other key is hidden. */
function insertMissing({ insert }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  const dialect = provenOn(context);
  if (typeof dialect !== 'string') return dialect;
  if (dialect === 'mysql') return refusal('no-form', 'On MySQL an insert that leaves rows alone ignores other errors as well.');
  const call = callText(insert, context);
  const { options } = call ?? {};
  if (!call?.first || call.method.name !== 'bulkCreate') return refusal('shape', 'The insert is no `bulkCreate` of a model that stands at one place.');
  if (enclosingStatement(insert.node).type !== 'ExpressionStatement') return refusal('expression', 'The inserted rows are used, and those that were there already have no id in it.');
  if (options && options.type !== 'ObjectExpression') return refusal('argument', 'The options of the insert are no object literal.');
  const last = options?.properties.at(-1);
  const edit: Edit = !options ? { start: call.first.range[1], end: call.first.range[1], text: ', { ignoreDuplicates: true }' }
    : last ? { start: last.range[1], end: last.range[1], text: ', ignoreDuplicates: true' } : { start: options.range[0], end: options.range[1], text: '{ ignoreDuplicates: true }' };
  return {
    kind: 'form', id: 'sequelize-ignore-duplicates', title: 'Insert the missing rows, and leave those alone that are there by now', before: [],
    call: context.edited(call.node, [edit]), row: undefined, requires: [onDatabase(dialect), version(context)], changes: ['Rows that are there by now are left as they are.'],
  };
}

/** The library's own error, whatever the driver threw; on Postgres it names the columns, on MySQL perhaps the key. */
function violation({ write, updates, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const dialect = provenOn(context);
  if (typeof dialect !== 'string') return dialect;
  const call = methodText(write, updates ? 'update' : 'create', context);
  if (!call) return refusal('shape', `\`${write.label}\` is no \`${updates ? 'update' : 'create'}\` that stands at one place.`);
  const { quote, typescript } = context;
  const known = context.imported('UniqueConstraintError');
  const test = known ? `${error} instanceof ${known}` : `${typescript ? `(${error} as { name?: unknown })` : error}.name === ${quote}SequelizeUniqueConstraintError${quote}`;
  const isOnly = others !== 'unknown' && others.length === 0;
  if (!isOnly && dialect === 'mysql') return refusal('key-not-told', `Other unique keys of \`${table.name}\` can be violated as well, and the error does not surely tell which it was.`);
  const fields = known ? `${error}.fields` : typescript ? `(${error} as { fields?: object }).fields ?? {}` : `${error}.fields ?? {}`;
  const told = isOnly ? '' : ` && Object.keys(${fields}).join() === ${quote}${key.columns.map((one) => table.columns.get(one)?.dbName ?? one).join()}${quote}`;
  const isReceived = dialect === 'postgres' && call.options !== undefined && !write.transaction;
  return {
    kind: 'form', id: `sequelize-violation-${dialect}`, test: `${test}${told}`,
    requires: [onDatabase(dialect), version(context), told ? { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } : { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' }],
    changes: isReceived ? ['Where its options hold a Postgres transaction, the violation aborts that transaction.'] : [],
  };
}

/** The same look-up, which throws where nothing is found. */
function surely(read: Operation, context: FormContext): string | undefined {
  const call = callText(read, context);
  if (!call || differentRow(read) || !/^(?:findOne|findByPk)$/.test(call.method.name)) return undefined;
  const options = call.method.name === 'findOne' ? call.first : call.options;
  if (!options) return call.first && call.method.name === 'findByPk' ? context.edited(call.node, [{ start: call.first.range[1], end: call.first.range[1], text: ', { rejectOnEmpty: true }' }]) : undefined;
  const last = options.type === 'ObjectExpression' ? options.properties.at(-1) : undefined;
  if (options.type !== 'ObjectExpression' || !last || options.properties.some((one) => one.type !== 'Property' || keyName(one.key, one.computed) === 'rejectOnEmpty')) return undefined;
  return context.edited(call.node, [{ start: last.range[1], end: last.range[1], text: ', rejectOnEmpty: true' }]);
}

/** `User.update({ name }, { where: { email } })` in place of an update by the found row's id; it gives a number, no row. */
function updateByKey(update: Operation, { key, keyText, wants }: Pick<UpsertRequest, 'key' | 'table' | 'keyText' | 'wants'>, context: FormContext): string | undefined {
  const call = callText(update, context);
  const { options } = call ?? {};
  if (wants === 'row' || !call || !/^(?:update|increment|decrement)$/.test(call.method.name) || options?.type !== 'ObjectExpression') return undefined;
  const where = options.properties.find((one): one is TSESTree.Property => one.type === 'Property' && keyName(one.key, one.computed) === 'where');
  if (!where || options.properties.some((one) => one.type !== 'Property')) return undefined;
  return context.edited(call.node, [{ start: where.range[0], end: where.range[1], text: `where: ${keyObject(key, keyText)}` }]);
}
