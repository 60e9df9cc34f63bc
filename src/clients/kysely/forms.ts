/**
 * What Kysely can write atomically. Measured on 0.28 with pg, mysql2 (MariaDB) and better-sqlite3: `onConflict` and
 * `onDuplicateKeyUpdate` are one statement, `returning` gives the row where something is written, and only columns that are named are
 * overwritten. Nothing is translated: `onConflict` is an error on MySQL, and `ignore()` there ignores more than conflicts.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Dialect, Edit, Node, Operation, Refusal } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { enclosingStatement, unwrap } from '../../source/syntax.ts';
import { burnsIds, namedKey, onDatabase, otherKeysOfSet, secondKey, unfitIsolation } from '../common/forms.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest } from '../forms.ts';
import { builderOf, builtObject, fieldsOf, isRefused, objectOf, refusal, spaceBefore, spelling, stepsOf, tableText } from './chain.ts';
import { guardedWrite } from './forms-guarded.ts';
import { violationForm } from './forms-violation.ts';

export const forms: Forms = { ignoresOneKey: true, upsert, insertMissing, violation: violationForm, claims: true, throwsThrough: ['postgres', 'mysql'], guardedWrite };

interface Insert { readonly values: TSESTree.CallExpression; readonly table: string; readonly dialect: Dialect; readonly steps: ReturnType<typeof stepsOf>; spell(column: string): string }

/** The insert's chain as it stands at one place; or why there is no form for it. */
function insertOf({ insert, table, others }: Pick<UpsertRequest, 'insert' | 'table' | 'others'>, context: FormContext): Insert | Refusal {
  const { dialect } = context;
  if (dialect === undefined) return refusal('dialect-unknown', 'What a conflict clause looks like depends on the database: name it in settings[\'db-race\'].dialect.');
  const second = secondKey(dialect, others);
  if (second) return second;
  const unfit = unfitIsolation(insert, dialect);
  if (unfit) return unfit;
  const steps = stepsOf(insert.node);
  const [values, name] = [steps.get('values'), tableText(steps.get('insertInto'))];
  if (!values || name === undefined || [...steps.keys()].some((one) => /^(?:on|ignore|or|\$|compile$|columns$|expression$|with|modify)/.test(one))) return refusal('expression', 'The builder of the insert does not stand at one place, or has a clause that the rewrite does not know.');
  return { values, table: name, dialect, steps, spell: spelling(table, insert) };
}

const WRITES_KEY = 'Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.';

/** Behind `values`, on a line of its own where that has one. */
const withClause = (insert: Operation, { values }: Insert, clause: string, context: FormContext): string => context.edited(insert.node, [{ start: values.range[1], end: values.range[1], text: `${spaceBefore(values, context)}${clause}` }]);

function targetText({ spell }: Insert, key: UniqueKey, { quote }: FormContext): string {
  const columns = key.columns.map((one) => `${quote}${spell(one)}${quote}`);
  return columns.length === 1 ? `column(${columns[0]!})` : `columns([${columns.join(', ')}])`;
}

/** A column of the key, written to itself. Its stored value may differ from the given one, where case is ignored. */
function storedKey({ table, spell }: Insert, key: UniqueKey, eb: string, { quote }: FormContext): string {
  const column = spell(key.columns[0]!);
  return `${/^[A-Za-z_$][\w$]*$/.test(column) ? column : `${quote}${column}${quote}`}: ${eb}.ref(${quote}${table}.${column}${quote})`;
}

function clauseOf(call: Insert, key: UniqueKey, set: string, context: FormContext): string {
  return call.dialect === 'mysql' ? `.onDuplicateKeyUpdate(${set})` : `.onConflict((oc) => oc.${targetText(call, key, context)}.doUpdateSet(${set}))`;
}

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, read, update, table, key, wants } = request;
  const call = insertOf(request, context);
  if (isRefused(call)) return call;
  if (!update && wants === 'nothing') return leaveAlone({ insert, table, key }, call, context);
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (!update && stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  if (wants === 'row' && call.dialect === 'mysql') return refusal('no-row', 'On MySQL an insert does not return the row.');
  const odd = wants === 'row' ? differentColumns(call, read, update, context) : undefined;
  if (odd) return odd;
  const set = update ? setText(update, insert, call, key, context) : `(eb) => ({ ${storedKey(call, key, 'eb', context)} })`;
  if (typeof set !== 'string') return set;
  return {
    kind: 'form', id: call.dialect === 'mysql' ? 'kysely-duplicate-key-update' : update ? 'kysely-do-update' : 'kysely-do-update-self',
    title: `Replace with one insert that updates on a conflict of ${namedKey(key)}`, before: [],
    call: withClause(insert, call, clauseOf(call, key, set, context), context), row: undefined, requires: [onDatabase(call.dialect)],
    changes: [...(update ? [] : [WRITES_KEY]), ...burnsIds(table, call.dialect)],
  };
}

/** The insert, which does nothing where the row is there. */
function leaveAlone({ insert, table, key }: Pick<UpsertRequest, 'insert' | 'table' | 'key'>, call: Insert, context: FormContext): UpsertForm | Refusal {
  const shared = { kind: 'form' as const, before: [], row: undefined, requires: [onDatabase(call.dialect)] };
  if (call.dialect !== 'mysql') {
    return {
      ...shared, id: 'kysely-do-nothing', title: `Replace with one insert that ignores a conflict of ${namedKey(key)}`,
      call: withClause(insert, call, `.onConflict((oc) => oc.${targetText(call, key, context)}.doNothing())`, context), changes: burnsIds(table, call.dialect),
    };
  }
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  return {
    ...shared, id: 'kysely-duplicate-key-self', title: `Replace with one insert that leaves the row alone on a conflict of ${namedKey(key)}`,
    call: withClause(insert, call, `.onDuplicateKeyUpdate((eb) => ({ ${storedKey(call, key, 'eb', context)} }))`, context), changes: [WRITES_KEY, ...burnsIds(table, call.dialect)],
  };
}

/** The insert of a set, which leaves those rows alone that are there by now. */
function insertMissing({ insert, table, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  // Which keys the rows of a set may violate is not looked at one by one.
  const others = otherKeysOfSet(table, key);
  const call = insertOf({ insert, table, others }, context);
  if (isRefused(call)) return call;
  if (enclosingStatement(insert.node).type !== 'ExpressionStatement') return refusal('expression', 'The inserted rows are used, and rows that were there already are not among them.');
  const form = leaveAlone({ insert, table, key }, call, context);
  return form.kind === 'refusal' ? form : { ...form, title: 'Insert the missing rows, and leave those alone that are there by now', changes: ['Rows that are there by now are left as they are.', ...form.changes] };
}

/** What is returned must hold the same columns, whichever branch it came from. */
function differentColumns({ steps }: Insert, read: Operation | undefined, update: Operation | undefined, { text }: FormContext): Refusal | undefined {
  const given = steps.has('returning') || steps.has('returningAll') ? fieldsOf(steps, text) : undefined;
  if (given === undefined) return refusal('no-row', 'The insert does not return the row.');
  const joins = read && builderOf(read)?.joined;
  if (read && (joins || fieldsOf(stepsOf(read.node), text) !== given)) return refusal('projection-differs', 'The look-up fetches other columns than the insert returns, and the rewrite would have one result.');
  const updated = update && stepsOf(update.node);
  return updated && (updated.has('returning') || updated.has('returningAll')) && fieldsOf(updated, text) !== given ? refusal('projection-differs', 'The update returns other columns than the insert, and the rewrite would have one result.') : undefined;
}

/** What the update sets, as the user wrote it; behind the key itself where all its values may be undefined, which is a syntax error. */
function setText(update: Operation, insert: Operation, call: Insert, key: UniqueKey, context: FormContext): string | Refusal {
  const steps = stepsOf(update.node);
  if (['from', 'innerJoin', 'leftJoin', 'limit', '$if', '$call'].some((one) => steps.has(one)) || tableText(steps.get('updateTable')) === undefined) return refusal('argument', 'The update reads another table, or has a clause that an upsert does not know.');
  const built = builtObject(steps.get('set'));
  const object = built?.object ?? objectOf(steps.get('set'));
  if (!object) return refusal('argument', 'What `set` of the update is given is no object literal.');
  if (object.properties.some((one) => one.type !== 'Property')) return refusal('argument', 'What `set` of the update is given holds a spread, of which nobody knows what it leaves out.');
  // In a conflict clause a bare column may be the stored row's or the new one's.
  const edits = built ? qualified(object, built.eb, call.table, context) : [];
  const raw = object.properties.find((one) => one.type === 'Property' && unwrap(one.value).type === 'TaggedTemplateExpression');
  if (raw || isRefused(edits)) return raw ? refusal('argument', 'What `set` of the update is given holds SQL, whose columns would be ambiguous.') : edits as Refusal;
  const written = context.edited(object, edits).replaceAll(`\n${context.indent(update.node)}`, `\n${context.indent(insert.node)}`);
  const isDefined = object.properties.some((one) => one.type === 'Property' && isSurelyDefined(unwrap(one.value), built?.eb));
  const eb = built?.eb ?? 'eb';
  const self = storedKey(call, key, eb, context);
  const filled = isDefined ? written : object.properties.length ? written.replace(/^\{(\s*)/, (_, space: string) => `{${space}${self},${space.includes('\n') ? space : ' '}`) : `{ ${self} }`;
  return built || !isDefined ? `(${eb}) => (${filled})` : filled;
}

const isSurelyDefined = (node: Node, eb: string | undefined): boolean => /^(?:Literal|TemplateLiteral|BinaryExpression|NewExpression)$/.test(node.type)
  || (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === eb);

/** `eb('n', '+', 1)` as `eb('members.n', '+', 1)`. */
function qualified(object: TSESTree.ObjectExpression, eb: string, table: string, context: FormContext): readonly Edit[] | Refusal {
  const edits: Edit[] = [];
  for (const one of object.properties) {
    const value = one.type === 'Property' ? unwrap(one.value) : one;
    if (!namesBuilder(value, eb, context)) continue;
    const [column, , amount] = value.type === 'CallExpression' && value.callee.type === 'Identifier' && value.callee.name === eb ? value.arguments : [];
    if (column?.type !== 'Literal' || typeof column.value !== 'string' || column.value.includes('.') || !amount || namesBuilder(amount, eb, context)) return refusal('argument', 'What `set` of the update computes would name columns that are ambiguous in a conflict clause.');
    edits.push({ start: column.range[0], end: column.range[1], text: `${context.quote}${table}.${column.value}${context.quote}` });
  }
  return edits;
}

const namesBuilder = (node: Node, eb: string, { text }: FormContext): boolean => new RegExp(`(?<![\\w$.])${eb.replaceAll('$', '\\$')}(?![\\w$])`).test(text(node));
