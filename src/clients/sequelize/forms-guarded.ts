/**
 * `Model.update`, `increment` and `decrement` with their condition in `where`. An instance's `save` or `update` becomes the
 * model's, which writes by the same key. Measured on 6.37 with pg and mysql2 (MariaDB): `update` gives `[count]`, `increment`
 * `[[rows, count]]`, whatever its type says. Sequelize has MySQL count the rows that were changed, not those that were found: there a
 * miss is told only where the write surely changes a row that it finds.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Operation, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { onDatabase, spelled } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Guard, GuardedWriteForm, GuardedWriteRequest } from '../forms.ts';
import { callText, provenOn, transactionText, version } from './call-text.ts';
import { ID } from './handles.ts';

const OPERATORS: Readonly<Partial<Record<Guard['operator'], string>>> = { '!=': 'ne', '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte', in: 'in', 'not in': 'notIn', 'is not null': 'ne' };
/** Options that leave the statement one and its answer a number. */
const KNOWN = new Set(['where', 'transaction', 'fields', 'silent', 'validate', 'logging']);

export function guardedWrite(request: GuardedWriteRequest, context: FormContext): GuardedWriteForm | Refusal {
  const { write, table, guards, sums, asksMiss, wants, intoFirst } = request;
  if (write.verb === 'delete') return refusal('no-form', 'A delete behind a check is not rewritten for Sequelize: put the condition into its `where`, and go by the number that it gives.');
  if (table.client !== ID) return refusal('schema-unknown', `\`${table.name}\` is declared elsewhere, so the names of its attributes are not known.`);
  const dialect = provenOn(context);
  if (typeof dialect !== 'string') return dialect;
  if (asksMiss && dialect === 'mysql' && !surelyChanges(request)) return refusal('rows-changed', 'On MySQL Sequelize counts the rows that were changed, so that a row written as it was would be taken for one that was not found.');
  const needsOp = guards.some((one) => one.operator in OPERATORS);
  const imports = needsOp ? context.importing(['Op'], 'sequelize') : { names: ['Op'], edits: [] };
  if (!imports) return refusal('imports', '`Op` of Sequelize, which compares otherwise than by equality, cannot be imported here.');
  const conditions = conditionTexts(guards, imports.names[0]!);
  if (!Array.isArray(conditions)) return conditions;
  const call = callText(write, context) ? onModel(request, conditions, context) : onRow(request, conditions, context);
  if (typeof call !== 'string') return call;
  const columns = [...new Set((guards.length ? guards : sums).map((one) => `\`${one.column}\``))].join(', ');
  const title = guards.length ? `Put the condition on ${columns} into the WHERE clause` : `Let the database add to ${columns}`;
  const shared = {
    kind: 'guarded-write' as const, title, call, edits: imports.edits, requires: [onDatabase(dialect), version(context)],
    changes: callText(write, context) ? [] : ['The row in memory is not refreshed, and only the columns that were changed are written.'],
  };
  if (!asksMiss) return { ...shared, id: guards.length ? 'sequelize-guarded' : 'sequelize-increment' };
  if (sums.length) {
    if (wants === 'result') return refusal('row-wanted', 'What the write gives is used, and an increment gives no row on every database.');
    const count = context.fresh('changed');
    // The types know the inner list alone.
    const cast = context.typescript ? ' as unknown as [[unknown, number]]' : '';
    return { ...shared, id: 'sequelize-guarded-increment', call: cast ? `${call}${cast}` : call, miss: { pattern: `[[, ${count}]]`, test: `${count} === 0` } };
  }
  if (wants === 'result' && intoFirst === undefined) return refusal('row-wanted', 'What the write gives is used as a whole, and the rewrite asks its first part for the number of rows.');
  const count = intoFirst ?? context.fresh('count');
  return { ...shared, id: 'sequelize-guarded', miss: { pattern: `[${count}]`, test: `${count} === 0` }, ...(wants === 'result' && { value: count }) };
}

/** `status: 'open'`, `stock: { [Op.gte]: amount }`, `usedAt: null`. */
function conditionTexts(guards: readonly Guard[], op: string): string[] | Refusal {
  const texts: string[] = [];
  for (const column of new Set(guards.map((one) => one.column))) {
    const own = guards.filter((one) => one.column === column);
    const [{ operator, texts: values }] = own as [Guard];
    if (own.length === 1 && (operator === '=' || operator === 'is null')) { texts.push(`${column}: ${operator === '=' ? values[0]! : 'null'}`); continue; }
    const names = own.map((one) => OPERATORS[one.operator]);
    if (names.includes(undefined) || new Set(names).size < names.length) return refusal('guard', `The conditions on \`${column}\` are too many for one object.`);
    const parts = own.map((one, index) => `[${op}.${names[index]!}]: ${one.operator === 'is not null' ? 'null' : one.operator === 'in' || one.operator === 'not in' ? `[${one.texts.join(', ')}]` : one.texts[0]!}`);
    texts.push(`${column}: { ${parts.join(', ')} }`);
  }
  return texts;
}

/** `User.update(values, { where })`: the conditions stand behind those that are there. */
function onModel(request: GuardedWriteRequest, conditions: readonly string[], context: FormContext): string | Refusal {
  const { write, guards, sums } = request;
  const call = callText(write, context)!;
  const { name } = call.method;
  const { options } = call;
  if (!/^(?:update|increment|decrement)$/.test(name) || write.detail?.['soft'] === true) return refusal('expression', `\`${write.label}\` is not rewritten.`);
  if (options?.type !== 'ObjectExpression' || options.properties.some((one) => one.type !== 'Property')) return refusal('argument', 'The options of the write are no object literal.');
  const names = options.properties.map((one) => (one.type === 'Property' ? keyName(one.key, one.computed) : undefined));
  const odd = names.find((one) => one === undefined || !(KNOWN.has(one) || (one === 'by' && name !== 'update')));
  if (odd !== undefined || names.includes(undefined)) return refusal('argument', `With the option \`${odd ?? '?'}\` the write is another one, or its answer is.`);
  const where = options.properties.find((one): one is TSESTree.Property => one.type === 'Property' && keyName(one.key, one.computed) === 'where');
  const object = where && unwrap(where.value);
  if (object?.type !== 'ObjectExpression' || object.properties.some((one) => one.type !== 'Property' || one.computed)) return refusal('argument', 'The `where` of the write is no plain object literal.');
  const asked = new Set(object.properties.map((one) => (one.type === 'Property' ? keyName(one.key, one.computed) : undefined)));
  const twice = guards.find((one) => asked.has(one.column));
  if (twice) return refusal('argument', `\`${twice.column}\` is asked for in the \`where\` of the write already.`);
  const last = object.properties.at(-1)!;
  const edits: Edit[] = conditions.length ? [{ start: last.range[1], end: last.range[1], text: conditions.map((one) => `, ${one}`).join('') }] : [];
  if (!sums.length) return context.edited(call.node, edits);
  if (name !== 'update' || names.length > (names.includes('transaction') ? 2 : 1)) return refusal('argument', 'The options of the write say more than `where` and its transaction.');
  return summed(request, call.receiver, `where: ${context.edited(object, edits)}`, transactionOf(options, context), context);
}

/** `row.update(values)`, `row.save()`: the model's own call, where nothing of the instance's work is left out. */
function onRow(request: GuardedWriteRequest, conditions: readonly string[], context: FormContext): string | Refusal {
  const { write, read, table, key, entity, sums, wants, readLater } = request;
  const node = unwrap(write.node);
  const model = callText(read, context)?.receiver;
  const callee = node.type === 'CallExpression' ? unwrap(node.callee) : undefined;
  if (node.type !== 'CallExpression' || callee?.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || unwrap(callee.object).type !== 'Identifier' || node.arguments.length > 2 || model === undefined) return refusal('expression', 'The write is no call on the row as it was read.');
  if (wants === 'result') return refusal('row-wanted', 'The written row is used, and the model\'s own call gives none on every database.');
  if (table.sideEffects.length || !table.complete) return refusal('side-effects', `\`${table.name}\` has ${table.sideEffects[0] ?? 'parts that were not read'}, which the model's own call would skip.`);
  if ([...table.columns.values()].some((one) => one.version || one.deletedAt)) return refusal('side-effects', `\`${table.name}\` has a version or soft delete, which the instance looks after.`);
  const assignments = (write.rows?.[0]?.assignments ?? []).filter((one) => one.how !== 'carried');
  const written = new Set(assignments.map((one) => one.column));
  const isKept = entity?.kept === true;
  const stamped = [...table.columns.values()].some((one) => one.updatedAt);
  if (readLater.some((one) => (one === undefined ? !isKept || stamped || sums.length > 0 : written.has(one) && !isKept))) return refusal('read-later', 'The row is used behind the write, where it would hold what it held before.');
  const { name } = callee.property;
  const options = name === 'update' ? node.arguments[1] : name === 'save' ? node.arguments[0] : undefined;
  const transaction = options && options.type !== 'SpreadElement' ? transactionText(unwrap(options), context) : '';
  if (!/^(?:update|save)$/.test(name) || transaction === undefined || write.detail?.['soft'] === true || (name === 'update' && node.arguments.length === 0)) return refusal('argument', 'What the write is given is not known to be a row and its transaction.');
  const row = context.text(callee.object);
  const where = `where: { ${[...key.columns.map((one) => `${one}: ${row}.${one}`), ...conditions].join(', ')} }`;
  if (sums.length) return summed(request, model, where, transaction, context);
  const given = name === 'update' ? node.arguments[0]! : undefined;
  const plain = assignments.every((one) => one.how === 'set' && /^[\w$]+$/.test(one.column));
  const values = given ? (unwrap(given).type === 'ObjectExpression' ? context.text(given) : undefined)
    : !plain || !assignments.length ? undefined : isKept ? `{ ${assignments.map((one) => `${one.column}: ${entity.name}.${one.column}`).join(', ')} }` : spelled(assignments, { table, within: write.node }, context);
  if (values === undefined) return refusal('update-unclear', 'What is written cannot be written out as columns.');
  return `${model}.update(${values}, { ${[where, ...(transaction ? [transaction] : [])].join(', ')} })`;
}

/** `Model.decrement('stock', { by: 2, where })`, `Model.increment({ stock: -2, taken: 2 }, { where })`: the amount is a value of the statement. */
function summed({ sums, write }: GuardedWriteRequest, model: string, where: string, transaction: string, { quote }: FormContext): string | Refusal {
  const others = (write.rows?.[0]?.assignments ?? []).find((one) => one.how !== 'carried' && !sums.some((each) => each.column === one.column));
  if (others || write.rows?.[0]?.spreads.length) return refusal('no-form', `Beside a sum \`increment\` writes no \`${others?.column ?? 'spread'}\`: write the sum with \`literal\`, of numbers alone.`);
  if (sums.some((one) => one.operator === '*')) return refusal('no-form', '`increment` adds and multiplies nothing.');
  const rest = [where, ...(transaction ? [transaction] : [])].join(', ');
  const [first, ...more] = sums;
  if (!more.length) return `${model}.${first!.operator === '-' ? 'decrement' : 'increment'}(${quote}${first!.column}${quote}, { ${first!.text === '1' ? '' : `by: ${first!.text}, `}${rest} })`;
  const amount = (text: string): string => (/^[\w$.]+$/.test(text) ? `-${text}` : `-(${text})`);
  return `${model}.increment({ ${sums.map((one) => `${one.column}: ${one.operator === '-' ? amount(one.text) : one.text}`).join(', ')} }, { ${rest} })`;
}

function transactionOf(options: TSESTree.ObjectExpression, context: FormContext): string {
  const own = options.properties.find((one) => one.type === 'Property' && keyName(one.key, one.computed) === 'transaction');
  return own ? context.text(own) : '';
}

/** The write puts another value into a column than the condition found there. */
function surelyChanges({ write, guards, sums }: GuardedWriteRequest): boolean {
  if (write.verb === 'delete') return true;
  if (sums.some((one) => /^[1-9]\d*$/.test(one.text) && one.operator !== '*')) return true;
  return guards.some(({ column, operator, texts }) => {
    const value = written(write, column);
    if (!value) return false;
    if (operator === 'is null') return /^(?:Literal|NewExpression|TemplateLiteral)$/.test(value.type) && !(value.type === 'Literal' && value.value === null);
    return (operator === '=' || operator === 'in') && value.type === 'Literal' && texts.every((one) => /^(?:'[^'\\]*'|"[^"\\]*"|\d+|true|false)$/.test(one) && one.replaceAll('"', '\'') !== value.raw.replaceAll('"', '\''));
  });
}

function written(write: Operation, column: string): TSESTree.Node | undefined {
  const node = write.rows?.[0]?.assignments.findLast((one) => one.column === column && one.how === 'set' && !one.conditional)?.node;
  const value = node?.type === 'Property' ? node.value : node?.type === 'AssignmentExpression' ? node.right : node?.type === 'MemberExpression' && node.parent.type === 'AssignmentExpression' && node.parent.left === node && node.parent.operator === '=' ? node.parent.right : node;
  return value && unwrap(value);
}
