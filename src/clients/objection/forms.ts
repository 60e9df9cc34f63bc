/**
 * What Objection can write atomically. Measured on 3.1.5 with pg, mysql2 (MariaDB) and better-sqlite3: conflict clauses are Knex's, and one
 * statement. Of the model's hooks only those of the insert run; `merge` given an object writes it as `patch` would, but for `$beforeUpdate`,
 * and throws where all its values are undefined. What the call resolves to is the stored row on Postgres alone, and only when it is asked for
 * with `returning`: MySQL gives the id 0, and SQLite that of an earlier insert, by which `insertAndFetch` then fetches. So a row that code goes on to read is inserted first and looked up
 * on a violation, which leaves the result of either branch what it was.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Assignment, Dialect, Edit, Node, Operation, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { enclosingStatement, keyName, unwrap } from '../../source/syntax.ts';
import { namedKey, onDatabase, otherKeysOfSet, secondKey, unfitIsolation } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest } from '../forms.ts';
import { chainOf, givenTo, plainModel, validates, type Chain } from './chain.ts';
import { guardedWrite } from './forms-guarded.ts';
import { violationForm } from './forms-violation.ts';

export const forms: Forms = { ignoresOneKey: true, namesKeyOnly: true, upsert, insertMissing, violation: violationForm, claims: true, throwsThrough: ['postgres', 'mysql'], surely, guardedWrite };

interface Insert extends Chain { readonly insert: TSESTree.CallExpression; readonly dialect: Dialect; readonly fetches: boolean }

const INSERTING: ReadonlySet<string> = new Set(['insert', 'insertAndFetch', 'returning']);

/** The insert's chain as it stands at one place; or why there is no form for it. */
function insertOf({ insert, others }: Pick<UpsertRequest, 'insert' | 'others'>, context: FormContext): Insert | Refusal {
  const { dialect } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'What a conflict clause looks like depends on the database: name it in settings[\'db-race\'].dialect.');
  const second = secondKey(dialect, others);
  if (second) return second;
  const version = context.version('objection');
  if (version !== undefined && version < 3) return refusal('version', 'Conflict clauses were measured with Objection 3.');
  const unfit = unfitIsolation(insert, dialect);
  if (unfit) return unfit;
  const chain = chainOf(insert, INSERTING);
  const call = chain?.steps.get('insert') ?? chain?.steps.get('insertAndFetch');
  if (!chain || call?.arguments.length !== 1) return refusal('expression', 'The query of the insert does not stand at one place, or says more than what is inserted.');
  if (chain.own.related === 'other') return refusal('relation', 'What else an insert through this relation writes is not known here.');
  const hooks = plainModel(chain, ['insert', 'find', 'values'], 'an insert that meets the row');
  return hooks ?? { ...chain, insert: call, dialect, fetches: chain.steps.has('insertAndFetch') };
}

/** The insert, not fetched, with a clause behind it. */
function inserting(insert: Operation, call: Insert, clause: string, context: FormContext): string {
  const { callee } = call.insert;
  const plain: Edit[] = call.fetches && callee.type === 'MemberExpression' ? [{ start: callee.property.range[0], end: callee.property.range[1], text: 'insert' }] : [];
  return context.edited(insert.node, [...plain, { start: call.insert.range[1], end: call.insert.range[1], text: clause }]);
}

const versionOf = (context: FormContext): Requirement => ({ id: 'version', text: 'Objection is of version 3', state: context.version('objection') === 3 ? 'proven' : 'unknown' });
const SELF = 'Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.';

function changesOf(table: Table, call: Insert): readonly string[] {
  return [
    ...(call.dialect !== 'sqlite' && [...table.columns.values()].some((one) => one.default === 'generated-id') ? ['A conflict uses up a number of the id\'s sequence.'] : []),
    ...(validates(call.own.model) ? ['The row to insert is validated by the model\'s `jsonSchema` also where the row is there.'] : []),
  ];
}

function targetText(insert: Operation, key: UniqueKey, { quote }: FormContext): string {
  const all = key.columns.map((one) => `${quote}${spelling(insert, one)}${quote}`);
  return all.length === 1 ? all[0]! : `[${all.join(', ')}]`;
}

/** A column as the inserted row spells it. */
function spelling(insert: Operation, column: string): string {
  const node = insert.rows?.[0]?.assignments.find((one) => one.column === column)?.node;
  return (node?.type === 'Property' ? keyName(node.key, node.computed) : undefined) ?? column;
}

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, read, update, table, key, wants } = request;
  const call = insertOf(request, context);
  if ('kind' in call) return call;
  if (wants === 'row') {
    const odd = call.dialect !== 'postgres' || !call.fetches ? refusal('no-row', 'What an insert with a conflict clause resolves to is not the stored row.') : fetchedAlike(read, update, call);
    if (odd) return odd;
  }
  if (!update && wants === 'nothing') return leaveAlone({ insert, table, key }, call, context);
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (!update && stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  const self = update ? undefined : selfText(insert, key, call, context);
  const set = update ? setText(request, update, call, context) : self;
  if (typeof set !== 'string') return set!;
  return {
    kind: 'form', id: update ? 'objection-merge' : 'objection-merge-self', title: `Replace with one insert that updates on a conflict of ${namedKey(key)}`, before: [],
    // One statement gives the row as it wrote it; fetched behind it, the row may be what another call has made of it.
    call: inserting(insert, call, `.onConflict(${targetText(insert, key, context)}).merge(${set})${wants === 'row' ? `.returning(${context.quote}*${context.quote})` : ''}`, context), row: undefined, requires: [onDatabase(call.dialect), versionOf(context)],
    changes: [...(update ? [] : [SELF]), ...changesOf(table, call)],
  };
}

/** Both branches hand out the row with the same columns: all of them. */
function fetchedAlike(read: Operation | undefined, update: Operation | undefined, call: Insert): Refusal | undefined {
  const hooks = plainModel(call, ['find'], 'a row that is inserted and fetched');
  if (hooks) return hooks;
  if (read && !wholeRow(read)) return refusal('projection-differs', 'The look-up fetches other columns or relations than the insert gives, and the rewrite would have one result.');
  const steps = update && [...chainOf(update, UPDATING)?.steps.keys() ?? []];
  return steps && !steps.some((one) => /AndFetch/.test(one)) ? refusal('projection-differs', 'The update does not fetch the row as the insert does, and the rewrite would have one result.') : undefined;
}

const FINDING: ReadonlySet<string> = new Set(['first']);
const UPDATING: ReadonlySet<string> = new Set(['patch', 'update', 'patchAndFetch', 'updateAndFetch', 'patchAndFetchById', 'updateAndFetchById', 'increment', 'decrement']);

/** A look-up of one row with all its columns and nothing fetched along. */
const wholeRow = (read: Operation): boolean => chainOf(read, FINDING) !== undefined && read.result.some((one) => !one.path.length && one.is === 'row') && !read.columns;

/** The insert, which does nothing where the row is there. */
function leaveAlone({ insert, table, key }: Pick<UpsertRequest, 'insert' | 'table' | 'key'>, call: Insert, context: FormContext): UpsertForm | Refusal {
  const shared = { kind: 'form' as const, before: [], row: undefined, requires: [onDatabase(call.dialect), versionOf(context)] };
  const target = targetText(insert, key, context);
  const clause = (text: string): string => inserting(insert, call, text, context);
  if (call.dialect !== 'mysql') {
    return { ...shared, id: 'objection-ignore', title: `Replace with one insert that ignores a conflict of ${namedKey(key)}`, call: clause(`.onConflict(${target}).ignore()`), changes: changesOf(table, call) };
  }
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  const self = selfText(insert, key, call, context);
  if (typeof self !== 'string') return self;
  return { ...shared, id: 'objection-duplicate-key-self', title: `Replace with one insert that leaves the row alone on a conflict of ${namedKey(key)}`, call: clause(`.onConflict(${target}).merge(${self})`), changes: [SELF, ...changesOf(table, call)] };
}

/** `{ email: raw('??', 'users.email') }`: the stored key, which may be spelt otherwise than the given one and still collide with it. */
function selfText(insert: Operation, key: UniqueKey, call: Insert, context: FormContext): string | Refusal {
  const column = spelling(insert, key.columns[0]!);
  const raw = rawText(call, context);
  if (typeof raw !== 'string') return raw;
  const table = tableText(call);
  return table === undefined ? refusal('expression', 'The table\'s name is not told by the model, so its columns cannot be qualified.') : `{ ${column}: ${raw}(${context.quote}??${context.quote}, ${context.quote}${table}.${column}${context.quote}) }`;
}

/** The function that makes fragments, as the file has it. */
function rawText(call: Chain, context: FormContext): string | Refusal {
  const known = context.importing(['raw'], 'objection');
  if (known && !known.edits.length) return known.names[0]!;
  // A model that is queried without a connection has one, and makes fragments on it.
  if (call.method === 'query' && givenTo(call, context) === '') return `${context.text(call.root.callee.object)}.raw`;
  return refusal('imports', 'The conflict clause needs `raw` of objection: import it.');
}

/** The table as the model names it, where its columns can be qualified by that. */
function tableText({ own: { model } }: Chain): string | undefined {
  const { name, table } = model.table;
  return /^\w+$/.test(name) && table?.dbName === name ? name : undefined;
}

/** The insert of a set, which leaves those rows alone that are there by now. */
function insertMissing({ insert, table, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  const others = otherKeysOfSet(table, key);
  const call = insertOf({ insert, others }, context);
  if ('kind' in call) return call;
  if (enclosingStatement(insert.node).type !== 'ExpressionStatement') return refusal('expression', 'The inserted rows are used, and rows that were there already are not among them.');
  const form = leaveAlone({ insert, table, key }, call, context);
  return form.kind === 'refusal' ? form : { ...form, title: 'Insert the missing rows, and leave those alone that are there by now', changes: ['Rows that are there by now are left as they are.', ...form.changes] };
}

/** What the update writes, as an object: its own, with sums qualified by the table. */
function setText({ insert, key, keyText }: UpsertRequest, update: Operation, call: Insert, context: FormContext): string | Refusal {
  const chain = chainOf(update, UPDATING);
  if (!chain) return refusal('argument', 'The query of the update does not stand at one place.');
  const hooks = plainModel(chain, ['update', 'values'], 'an insert that updates on a conflict');
  if (hooks) return hooks;
  const writing = [...chain.steps].filter(([name]) => UPDATING.has(name));
  const [name, step] = writing.length === 1 ? writing[0]! : [undefined, undefined];
  if (name === undefined) return refusal('argument', 'The update is said in several steps.');
  if (/^update/.test(name) && validates(call.own.model)) return refusal('validation', `\`${name}\` validates the values as those of a whole row, and a conflict clause does not.`);
  if (name === 'increment' || name === 'decrement') {
    const one = update.rows?.[0]?.assignments ?? [];
    const text = one.length === 1 ? stepSum(one[0]!, step!, call, context) : undefined;
    return text ?? refusal('sum', 'What the update adds cannot be said in a conflict clause.');
  }
  const given = step!.arguments[/ById$/.test(name) ? 1 : 0];
  const object = given && unwrap(given);
  if (object?.type !== 'ObjectExpression') return refusal('argument', `What \`${name}\` is given is no object literal.`);
  if (object.properties.some((one) => one.type !== 'Property' || one.computed)) return refusal('argument', `What \`${name}\` is given holds a spread or a computed key, of which nobody knows what it leaves out.`);
  const edits: Edit[] = [];
  for (const one of update.rows?.[0]?.assignments ?? []) {
    if (one.how !== 'atomic' && one.how !== 'append') continue;
    const property = object.properties.find((each) => each.type === 'Property' && each === one.node);
    const sum = property?.type === 'Property' ? valueSum(one, property.value, call, context) : undefined;
    if (property?.type !== 'Property' || sum === undefined) return refusal('sum', `\`${one.column}\` is computed by SQL that a conflict clause may take for ambiguous.`);
    edits.push({ start: property.value.range[0], end: property.value.range[1], text: sum });
  }
  const own = context.edited(object, edits).replaceAll(`\n${context.indent(update.node)}`, `\n${context.indent(insert.node)}`);
  if (object.properties.some((one) => one.type === 'Property' && isSurelyDefined(unwrap(one.value), one.value !== undefined && edits.some((edit) => edit.start === one.value.range[0])))) return own;
  if (!object.properties.length) return refusal('argument', 'The update writes nothing.');
  // An object of which all values are undefined throws; the key is always there.
  const column = spelling(insert, key.columns[0]!);
  if (call.dialect === 'mysql') {
    const self = selfText(insert, key, call, context);
    return typeof self === 'string' ? joined(self.slice(2, -2), own) : self;
  }
  const value = keyText.get(key.columns[0]!);
  if (value === undefined) return refusal('argument', 'Whether the update writes any value is not known, and a conflict clause without one fails.');
  return joined(value === column ? column : `${column}: ${value}`, own);
}

const joined = (first: string, own: string): string => own.replace(/^\{(\s*)/, (_, space: string) => `{${space}${first},${space.includes('\n') ? space : ' '}`);

/** `increment('hits', by)` as a sum over the stored row's own column. */
function stepSum({ column, value }: Assignment, step: TSESTree.CallExpression, call: Insert, context: FormContext): string | Refusal | undefined {
  const [name, by] = step.arguments;
  const table = tableText(call);
  if (table === undefined || !name || unwrap(name).type !== 'Literal') return undefined;
  const raw = rawText(call, context);
  if (typeof raw !== 'string') return raw;
  const isNegative = value.kind === 'expression' && value.operator === '-' && value.operands.length === 1;
  const { quote } = context;
  return `{ ${column}: ${raw}(${quote}?? ${isNegative ? '-' : '+'} ?${quote}, [${quote}${table}.${column}${quote}, ${by ? context.text(by) : '1'}]) }`;
}

/** `hits: raw('hits + 1')`, made by the same function. */
function valueSum({ column, value }: Assignment, node: Node, call: Insert, context: FormContext): string | undefined {
  const made = unwrap(node);
  const table = tableText(call);
  if (table === undefined || made.type !== 'CallExpression') return undefined;
  const isNegative = value.kind === 'expression' && value.operator === '-' && value.operands.length === 1;
  const amount = isNegative ? value.operands[0]! : value;
  const { quote } = context;
  return amount.kind === 'literal' && typeof amount.value === 'number' ? `${context.text(made.callee)}(${quote}?? ${isNegative ? '-' : '+'} ?${quote}, [${quote}${table}.${column}${quote}, ${amount.value}])` : undefined;
}

const isSurelyDefined = (node: Node, isSum: boolean): boolean => isSum || /^(?:Literal|TemplateLiteral|TaggedTemplateExpression|BinaryExpression|NewExpression)$/.test(node.type) || (node.type === 'CallExpression' && node.callee.type === 'MemberExpression' && /^(?:now|toISOString|toString)$/.test(keyName(node.callee.property, node.callee.computed) ?? ''));

/** The same look-up, which throws where nothing is found. */
function surely(read: Operation, context: FormContext): string | undefined {
  return wholeRow(read) && read.result.some((one) => one.is === 'row' && one.miss !== 'throws') ? `${context.text(read.node)}.throwIfNotFound()` : undefined;
}
