/**
 * What Drizzle can write atomically. Measured on 0.45 with node-postgres, mysql2 (MariaDB) and better-sqlite3: `onConflictDoUpdate`,
 * `onConflictDoNothing` and `onDuplicateKeyUpdate` are one statement, `.returning()` gives the row where something is written, and only
 * columns that `set` names are overwritten. MySQL takes any key for the target, has no `.returning()`, and its `.ignore()` ignores more
 * than conflicts, so that a row is left alone by writing a column to itself.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Dialect, Node, Operation, Refusal } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { enclosingStatement, unwrap } from '../../source/syntax.ts';
import { burnsIds, namedKey, onDatabase, otherKeysOfSet, secondKey, unfitIsolation } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest } from '../forms.ts';
import { alternativeKeys, parts } from './alternative-keys.ts';
import { builderOf, stepsOf } from './chain.ts';
import { guardedWrite } from './forms-guarded.ts';
import { violationForm } from './forms-violation.ts';
import { ID } from './handles.ts';

export const forms: Forms = { ignoresOneKey: true, upsert, insertMissing, violation: violationForm, claims: true, throwsThrough: ['postgres', 'mysql'], guardedWrite, parts, alternativeKeys };

interface Insert { readonly values: TSESTree.CallExpression; readonly table: string; readonly dialect: Dialect }

/** The insert's chain as it stands at one place; or why there is no form for it. */
function insertOf({ insert, table, others }: Pick<UpsertRequest, 'insert' | 'table' | 'others'>, context: FormContext): Insert | Refusal {
  const { dialect } = context;
  if (table.client !== ID) return refusal('schema-unknown', `\`${table.name}\` is declared elsewhere, so the names of its columns in code are not known.`);
  if (dialect === undefined) return refusal('dialect-unknown', 'What a conflict clause looks like depends on the database: name it in settings[\'db-race\'].dialect.');
  const second = secondKey(dialect, others);
  if (second) return second;
  const unfit = unfitIsolation(insert, dialect);
  if (unfit) return unfit;
  const steps = stepsOf(insert.node);
  const [values, start] = [steps.get('values'), steps.get('insert')];
  if (!values || !start?.arguments[0] || [...steps.keys()].some((name) => /^(?:on|ignore$|prepare$|select$)/.test(name))) return refusal('expression', 'The builder of the insert does not stand at one place, or has a conflict clause.');
  if (steps.has('$returningId')) return refusal('no-row', '`$returningId()` counts an updated row twice, and gives an id that is none.');
  return { values, table: context.text(start.arguments[0]), dialect };
}

const columnText = ({ table }: Insert, name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? `${table}.${name}` : `${table}['${name}']`);

function targetText(call: Insert, key: UniqueKey): string {
  const columns = key.columns.map((one) => columnText(call, one));
  return columns.length === 1 ? columns[0]! : `[${columns.join(', ')}]`;
}

const withClause = (insert: Operation, { values }: Insert, clause: string, context: FormContext): string => context.edited(insert.node, [{ start: values.range[1], end: values.range[1], text: clause }]);

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, read, update, table, key, keyText, wants } = request;
  const call = insertOf(request, context);
  if ('kind' in call) return call;
  if (!update && wants === 'nothing') return leaveAlone({ insert, table, key }, call, context);
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (!update && stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  if (wants === 'row' && call.dialect === 'mysql') return refusal('no-row', 'On MySQL an insert does not return the row.');
  const odd = wants === 'row' ? differentColumns(insert, read, update) : undefined;
  if (odd) return odd;
  const self = call.dialect === 'mysql' ? storedKey(call, key, context) : key.columns.slice(0, 1).map((one) => (keyText.get(one) === one ? one : `${one}: ${keyText.get(one)}`)).join();
  const set = update ? setText(update, insert, self, context) : `{ ${self} }`;
  if (typeof set !== 'string') return set;
  const clause = call.dialect === 'mysql' ? `.onDuplicateKeyUpdate({ set: ${set} })` : `.onConflictDoUpdate({ target: ${targetText(call, key)}, set: ${set} })`;
  const id = call.dialect === 'mysql' ? 'drizzle-duplicate-key-update' : update ? 'drizzle-do-update' : 'drizzle-do-update-self';
  return {
    kind: 'form', id, title: `Replace with one insert that updates on a conflict of ${namedKey(key)}`, before: [],
    call: withClause(insert, call, clause, context), row: undefined, requires: [onDatabase(call.dialect)],
    changes: [
      ...(update ? [] : ['Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.']),
      ...burnsIds(table, call.dialect),
    ],
  };
}

const NO_SQL = refusal('import-missing', '`sql` of `drizzle-orm`, which writes a column to itself, is not imported here.');

/** A column of the key, written to itself: the given value may differ from the stored one and still collide with it, where case is ignored. */
function storedKey(call: Insert, key: UniqueKey, context: FormContext): string | undefined {
  const sql = context.imported('sql');
  const [column] = key.columns;
  return sql === undefined ? undefined : `${column!}: ${sql}\`\${${columnText(call, column!)}}\``;
}

/** The insert, which does nothing where the row is there. */
function leaveAlone({ insert, table, key }: Pick<UpsertRequest, 'insert' | 'table' | 'key'>, call: Insert, context: FormContext): UpsertForm | Refusal {
  const shared = { kind: 'form' as const, before: [], row: undefined, requires: [onDatabase(call.dialect)] };
  if (call.dialect !== 'mysql') {
    return {
      ...shared, id: 'drizzle-do-nothing', title: `Replace with one insert that ignores a conflict of ${namedKey(key)}`,
      call: withClause(insert, call, `.onConflictDoNothing({ target: ${targetText(call, key)} })`, context), changes: burnsIds(table, call.dialect),
    };
  }
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  const self = storedKey(call, key, context);
  if (self === undefined) return NO_SQL;
  return {
    ...shared, id: 'drizzle-duplicate-key-self', title: `Replace with one insert that leaves the row alone on a conflict of ${namedKey(key)}`,
    call: withClause(insert, call, `.onDuplicateKeyUpdate({ set: { ${self} } })`, context),
    changes: ['Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.', ...burnsIds(table, call.dialect)],
  };
}

/** The insert of a set, which leaves those rows alone that are there by now. */
function insertMissing({ insert, table, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  // Which keys the rows of a set may violate is not looked at one by one.
  const others = otherKeysOfSet(table, key);
  const call = insertOf({ insert, table, others }, context);
  if ('kind' in call) return call;
  if (enclosingStatement(insert.node).type !== 'ExpressionStatement') return refusal('expression', 'The inserted rows are used, and rows that were there already are not among them.');
  const form = leaveAlone({ insert, table, key }, call, context);
  return form.kind === 'refusal' ? form : { ...form, title: 'Insert the missing rows, and leave those alone that are there by now', changes: ['Rows that are there by now are left as they are.', ...form.changes] };
}

/** What is returned must hold the same columns, whichever branch it came from. */
function differentColumns(insert: Operation, read: Operation | undefined, update: Operation | undefined): Refusal | undefined {
  if (!builderOf(insert)?.returning) return refusal('no-row', 'The insert does not return the row.');
  const given = fieldsOf(insert);
  if (read && (fieldsOf(read) !== given || read.includes?.length || builderOf(read)?.joined.length)) return refusal('projection-differs', 'The look-up fetches other columns than the insert returns, and the rewrite would have one result.');
  return update && builderOf(update)?.returning && fieldsOf(update) !== given ? refusal('projection-differs', 'The update returns other columns than the insert, and the rewrite would have one result.') : undefined;
}

/** The names of the columns that the result has, in the order of the alphabet; '' for all of them. */
const fieldsOf = (operation: Operation): string => ((operation.detail?.['fields'] as readonly string[] | undefined) ?? []).toSorted().join();

/** The object of the update's `set`, as the user wrote it; behind the key itself where all its values may be undefined, which throws. */
function setText(update: Operation, insert: Operation, self: string | undefined, context: FormContext): string | Refusal {
  const steps = stepsOf(update.node);
  const given = steps.get('set')?.arguments[0];
  const object = given && unwrap(given);
  if (object?.type !== 'ObjectExpression') return refusal('argument', 'What `set` of the update is given is no object literal.');
  if (object.properties.some((one) => one.type !== 'Property')) return refusal('argument', 'What `set` of the update is given holds a spread, of which nobody knows what it leaves out.');
  if (steps.has('from')) return refusal('argument', 'The update reads another table.');
  const written = context.text(object).replaceAll(`\n${context.indent(update.node)}`, `\n${context.indent(insert.node)}`);
  const isDefined = object.properties.some((one) => one.type === 'Property' && isSurelyDefined(unwrap(one.value)));
  if (isDefined) return written;
  if (self === undefined) return NO_SQL;
  return object.properties.length ? written.replace(/^\{(\s*)/, (_, space: string) => `{${space}${self},${space.includes('\n') ? space : ' '}`) : `{ ${self} }`;
}

const isSurelyDefined = (node: Node): boolean => /^(?:Literal|TemplateLiteral|TaggedTemplateExpression|BinaryExpression|NewExpression)$/.test(node.type);
