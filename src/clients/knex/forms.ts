/**
 * What Knex can write atomically. Measured on 3.3 with pg, mysql2 (MariaDB) and better-sqlite3: `.onConflict(…).merge(…)` and `.ignore()`
 * are one statement; `.merge([columns])` overwrites these alone, `.returning()` then gives the row as it is now. MySQL takes any key for
 * the target, has no `.returning()`, and its `.ignore()` ignores more than conflicts, so that a row is left alone by writing a column to
 * itself. In a conflict clause Postgres takes a bare column for ambiguous: it is qualified by its table.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Assignment, Dialect, Node, Operation, Refusal } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { enclosingStatement, keyName, unwrap } from '../../source/syntax.ts';
import { burnsIds, namedKey, onDatabase, otherKeysOfSet, secondKey, unfitIsolation } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest } from '../forms.ts';
import { chainOf, returnedBy, spelling, type Chain } from './chain.ts';
import { guardedWrite } from './forms-guarded.ts';
import { replaceSet } from './forms-replace.ts';
import { violationForm } from './forms-violation.ts';

export const forms: Forms = { ignoresOneKey: true, upsert, insertMissing, violation: violationForm, claims: true, throwsThrough: ['postgres', 'mysql'], guardedWrite, replaceSet };

interface Insert extends Chain { readonly insert: TSESTree.CallExpression; readonly dialect: Dialect }

/** The insert's chain as it stands at one place; or why there is no form for it. */
function insertOf({ insert, others }: Pick<UpsertRequest, 'insert' | 'others'>, context: FormContext): Insert | Refusal {
  const { dialect } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'What a conflict clause looks like depends on the database: name it in settings[\'db-race\'].dialect.');
  const second = secondKey(dialect, others);
  if (second) return second;
  if (context.version('knex') === 0) return refusal('version', 'Conflict clauses were measured with Knex 3, and are there since 1.0 as they are now.');
  const unfit = unfitIsolation(insert, dialect);
  if (unfit) return unfit;
  const chain = chainOf(insert.node, context);
  const call = chain?.steps.get('insert');
  if (!chain || !call?.arguments.length || ['onConflict', 'with', 'upsert', 'batchInsert'].some((name) => chain.steps.has(name))) return refusal('expression', 'The builder of the insert does not stand at one place, or has a conflict clause.');
  return { ...chain, insert: call, dialect };
}

const withClause = (insert: Operation, call: Insert, clause: string, context: FormContext): string => context.edited(insert.node, [{ start: call.insert.range[1], end: call.insert.range[1], text: clause }]);
const SELF = 'Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.';

function texts(names: readonly string[], { quote }: FormContext, isList = false): string {
  const all = names.map((one) => `${quote}${one}${quote}`);
  return all.length === 1 && !isList ? all[0]! : `[${all.join(', ')}]`;
}

const targetText = (insert: Operation, key: UniqueKey, context: FormContext): string => texts(key.columns.map((one) => spelling(insert, one)), context);

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, read, update, table, key, wants } = request;
  const call = insertOf(request, context);
  if ('kind' in call) return call;
  if (!update && wants === 'nothing') return leaveAlone({ insert, table, key }, call, context);
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (!update && stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  if (wants === 'row' && call.dialect === 'mysql') return refusal('no-row', 'On MySQL an insert does not return the row.');
  const odd = wants === 'row' ? differentColumns(insert, read, update) : undefined;
  if (odd) return odd;
  const set = update ? setText(request, update, call, context) : texts([spelling(insert, key.columns[0]!)], context, true);
  if (typeof set !== 'string') return set;
  return {
    kind: 'form', id: call.dialect === 'mysql' ? 'knex-duplicate-key-merge' : update ? 'knex-merge' : 'knex-merge-self', title: `Replace with one insert that updates on a conflict of ${namedKey(key)}`, before: [],
    call: withClause(insert, call, `.onConflict(${targetText(insert, key, context)}).merge(${set})`, context), row: undefined, requires: [onDatabase(call.dialect)],
    changes: [...(update ? [] : [SELF]), ...burnsIds(table, call.dialect)],
  };
}

/** The insert, which does nothing where the row is there. */
function leaveAlone({ insert, table, key }: Pick<UpsertRequest, 'insert' | 'table' | 'key'>, call: Insert, context: FormContext): UpsertForm | Refusal {
  const shared = { kind: 'form' as const, before: [], row: undefined, requires: [onDatabase(call.dialect)] };
  const target = targetText(insert, key, context);
  if (call.dialect !== 'mysql') {
    return { ...shared, id: 'knex-ignore', title: `Replace with one insert that ignores a conflict of ${namedKey(key)}`, call: withClause(insert, call, `.onConflict(${target}).ignore()`, context), changes: burnsIds(table, call.dialect) };
  }
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  const self = storedKey(insert, key, call, context);
  if (typeof self !== 'string') return self;
  return {
    ...shared, id: 'knex-duplicate-key-self', title: `Replace with one insert that leaves the row alone on a conflict of ${namedKey(key)}`,
    call: withClause(insert, call, `.onConflict(${target}).merge({ ${self} })`, context), changes: [SELF, ...burnsIds(table, call.dialect)],
  };
}

/** A column of the key, written to itself: the given value may differ from the stored one and still collide with it, where case is ignored. */
function storedKey(insert: Operation, key: UniqueKey, call: Insert, context: FormContext): string | Refusal {
  const column = spelling(insert, key.columns[0]!);
  if (call.table === undefined) return refusal('expression', 'The table is not named by a plain text, so its columns cannot be qualified.');
  return `${column}: ${call.handle}.raw(${context.quote}??${context.quote}, [${context.quote}${call.table}.${column}${context.quote}])`;
}

/** The insert of a set, which leaves those rows alone that are there by now. */
function insertMissing({ insert, table, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  // Which keys the rows of a set may violate is not looked at one by one.
  const others = otherKeysOfSet(table, key);
  const call = insertOf({ insert, others }, context);
  if ('kind' in call) return call;
  if (enclosingStatement(insert.node).type !== 'ExpressionStatement') return refusal('expression', 'The inserted rows are used, and rows that were there already are not among them.');
  const form = leaveAlone({ insert, table, key }, call, context);
  return form.kind === 'refusal' ? form : { ...form, title: 'Insert the missing rows, and leave those alone that are there by now', changes: ['Rows that are there by now are left as they are.', ...form.changes] };
}

/** What is returned must hold the same columns, whichever branch it came from. */
function differentColumns(insert: Operation, read: Operation | undefined, update: Operation | undefined): Refusal | undefined {
  const given = returnedBy(insert);
  if (given === undefined) return refusal('no-row', 'The insert does not return the row, or not in columns that are known.');
  if (read && returnedBy(read) !== given) return refusal('projection-differs', 'The look-up fetches other columns than the insert returns, and the rewrite would have one result.');
  const updated = update && returnedBy(update);
  return updated !== undefined && updated !== given ? refusal('projection-differs', 'The update returns other columns than the insert, and the rewrite would have one result.') : undefined;
}

/** What the update writes, as an object: its own, with sums qualified by the table. */
function setText({ insert, key, keyText }: UpsertRequest, update: Operation, call: Insert, context: FormContext): string | Refusal {
  const chain = chainOf(update.node, context);
  if (!chain || ['from', 'join', 'increment', 'decrement'].some((name) => chain.steps.has(name) && chain.steps.get(name)!.arguments.length > 2)) return refusal('argument', 'The builder of the update does not stand at one place.');
  const given = chain.steps.get('update')?.arguments[0];
  const object = given && unwrap(given);
  if (object && object.type !== 'ObjectExpression') return refusal('argument', 'What `update` is given is no object literal.');
  if (object?.properties.some((one) => one.type !== 'Property' || one.computed)) return refusal('argument', 'What `update` is given holds a spread or a computed key, of which nobody knows what it leaves out.');
  const sums: string[] = [];
  const edits: { start: number; end: number; text: string }[] = [];
  for (const one of update.rows?.[0]?.assignments ?? []) {
    if (one.how !== 'atomic' && one.how !== 'append') continue;
    const sum = sumText(one, call, context);
    if (sum === undefined) return refusal('sum', `\`${one.column}\` is computed by SQL that a conflict clause may take for ambiguous.`);
    const property = object?.properties.find((each) => each.type === 'Property' && each === one.node);
    if (property?.type === 'Property') edits.push({ start: property.value.range[0], end: property.value.range[1], text: sum });
    else sums.push(`${one.column}: ${sum}`);
  }
  const isDefined = sums.length > 0 || object?.properties.some((one) => one.type === 'Property' && isSurelyDefined(unwrap(one.value)));
  const own = object ? context.edited(object, edits).replaceAll(`\n${context.indent(update.node)}`, `\n${context.indent(insert.node)}`) : '{}';
  let first: readonly string[] = sums;
  if (!isDefined) {
    // An object of which all values are undefined throws; the key is always there.
    const column = spelling(insert, key.columns[0]!);
    const self = call.dialect === 'mysql' ? storedKey(insert, key, call, context) : keyText.get(key.columns[0]!) === column ? column : `${column}: ${keyText.get(key.columns[0]!)}`;
    if (typeof self !== 'string') return self;
    first = [self];
  }
  if (!first.length) return own;
  if (!object?.properties.length) return `{ ${first.join(', ')} }`;
  return own.replace(/^\{(\s*)/, (_, space: string) => `{${space}${first.join(', ')},${space.includes('\n') ? space : ' '}`);
}

/** `increment('n', by)`, `n: knex.raw('n + 1')` as a sum over the stored row's own column. */
function sumText({ column, node, value }: Assignment, { handle, table }: Insert, context: FormContext): string | undefined {
  if (table === undefined || !node) return undefined;
  const { quote } = context;
  const sum = (operator: string, amount: string): string => `${handle}.raw(${quote}?? ${operator} ?${quote}, [${quote}${table}.${column}${quote}, ${amount}])`;
  if (node.type === 'CallExpression') {
    const method = node.callee.type === 'MemberExpression' ? keyName(node.callee.property, node.callee.computed) : undefined;
    const [name, by] = node.arguments;
    if ((method !== 'increment' && method !== 'decrement') || !name || unwrap(name).type !== 'Literal') return undefined;
    return sum(method === 'increment' ? '+' : '-', by ? context.text(by) : '1');
  }
  const isNegative = value.kind === 'expression' && value.operator === '-' && value.operands.length === 1;
  const amount = isNegative ? value.operands[0]! : value;
  return amount.kind === 'literal' && typeof amount.value === 'number' ? sum(isNegative ? '-' : '+', String(amount.value)) : undefined;
}

const isSurelyDefined = (node: Node): boolean => /^(?:Literal|TemplateLiteral|TaggedTemplateExpression|BinaryExpression|NewExpression)$/.test(node.type) || (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && /^(?:now|raw)$/.test(keyName(node.callee.property, node.callee.computed) ?? ''));
