/**
 * SQL that is rewritten in place. Measured on Postgres with pg and postgres.js and on MariaDB with mysql2: a conflict clause on one key is
 * one statement, RETURNING gives the row that was written, and only the columns that are named are overwritten. MySQL takes any key for
 * the target, and INSERT IGNORE ignores more than conflicts, so that a row is left alone by writing a column to itself.
 */
import type { Operation, Refusal } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { enclosingStatement } from '../../source/syntax.ts';
import type { Insert, Operand, Select, SelectItem, Update } from '../../sql/index.ts';
import type { Value } from '../../value/terms.ts';
import { burnsIds, namedKey, onDatabase, otherKeysOfSet, secondKey, unfitIsolation } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, Forms, InsertMissingRequest, UpsertForm, UpsertRequest } from '../forms.ts';
import { guardedWrite } from './forms-guarded.ts';
import { violationForm } from './forms-violation.ts';
import { sqlOf } from './place.ts';
import { addedClause, isPlain, isRefused, nodeOf, ownName, slice, spelledColumns, spelledSet, Values, word, writtenBy } from './statement-text.ts';
import type { Written } from './statement-text.ts';

export const forms: Forms = { ignoresOneKey: true, upsert, insertMissing, violation: violationForm, guardedWrite };

interface Target { readonly written: Written<Insert>; spell(column: string): string | undefined }

function targetOf({ insert, table, others }: Pick<UpsertRequest, 'insert' | 'table' | 'others'>, context: FormContext): Target | Refusal {
  const written = writtenBy(insert, 'insert', context);
  if (isRefused(written)) return written;
  const { statement, dialect } = written;
  if (dialect === 'sqlite') return refusal('no-form', 'No form was proven through a driver for SQLite.');
  const second = secondKey(dialect, others);
  if (second) return second;
  if (!statement.complete || statement.conflict || statement.select || !(statement.rows ?? statement.rowsOperand)) return refusal('shape', 'The insert has a conflict clause, or does not give its rows as values.');
  const unfit = unfitIsolation(insert, dialect);
  if (unfit) return unfit;
  const spelled = spelledColumns(written);
  if (statement.columns && !spelled) return refusal('shape', 'The list of columns is one that the rewrite cannot read.');
  const names = new Map(insert.rows?.[0]?.assignments.map((one, index) => [one.column, statement.columns?.[index]] as const));
  return {
    written,
    spell(column) {
      const given = names.get(column);
      const own = given === undefined ? undefined : spelled?.get(given);
      // Without a list the database's own name must do, where it needs no quotes.
      const stored = table.columns.get(column)?.dbName ?? column;
      return own ?? (/^[a-z_][a-z0-9_]*$/.test(stored) ? stored : undefined);
    },
  };
}

const WRITES_KEY = 'Where the row is there, its key is written to itself: it is locked for a moment and update triggers run.';
const NO_NAME = refusal('shape', 'A column of the key has a name that the rewrite cannot spell.');

/** `ON CONFLICT (a, b)`, undefined where a column cannot be spelled. */
function conflictOn({ written, spell }: Target, key: UniqueKey): string | undefined {
  const columns = key.columns.map(spell);
  return columns.every((one) => one !== undefined) ? `${word(written, 'ON CONFLICT')} (${columns.join(', ')})` : undefined;
}

/** The first column of the key written to itself: its stored value may differ from the given one, where case is ignored. */
function keptKey({ written, spell }: Target, key: UniqueKey): string | undefined {
  const column = spell(key.columns[0]!);
  return column === undefined ? undefined : written.dialect === 'mysql' ? `${column} = ${column}` : `${column} = ${ownName(written)}.${column}`;
}

/** Everything behind the values: the clause that updates. */
function updating(target: Target, key: UniqueKey, set: string): string | undefined {
  const { written } = target;
  if (written.dialect === 'mysql') return `${word(written, 'ON DUPLICATE KEY UPDATE')} ${set}`;
  const on = conflictOn(target, key);
  return on && `${on} ${word(written, 'DO UPDATE SET')} ${set}`;
}

function upsert(request: UpsertRequest, context: FormContext): UpsertForm | Refusal {
  const { insert, read, update, table, key, wants } = request;
  const target = targetOf(request, context);
  if (isRefused(target)) return target;
  if (!update && wants === 'nothing') return leaveAlone({ insert, table, key }, target, context);
  const { written } = target;
  const stamped = [...table.columns.values()].find((one) => one.updatedAt);
  if (!update && stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  if (wants === 'row' && written.dialect === 'mysql') return refusal('no-row', 'On MySQL an insert does not return the row.');
  const odd = wants === 'row' ? differentColumns(written, read, update) : undefined;
  if (odd) return odd;
  const values = new Values(written, context);
  const set = update ? setText(update, insert, target, values, context) : keptKey(target, key);
  if (typeof set === 'object') return set;
  const clause = set === undefined ? undefined : updating(target, key, set);
  if (clause === undefined) return NO_NAME;
  return {
    kind: 'form', id: written.dialect === 'mysql' ? 'sql-duplicate-key-update' : update ? 'sql-do-update' : 'sql-do-update-self',
    title: `Replace with one insert that updates on a conflict of ${namedKey(key)}`, before: [],
    call: context.edited(insert.node, [addedClause(written, clause), ...values.edits()]), row: undefined, requires: [onDatabase(written.dialect)],
    changes: [...(update ? [] : [WRITES_KEY]), ...burnsIds(table, written.dialect)],
  };
}

/** The insert, which does nothing where the row is there. */
function leaveAlone({ insert, table, key }: Pick<UpsertRequest, 'insert' | 'table' | 'key'>, target: Target, context: FormContext): UpsertForm | Refusal {
  const { written } = target;
  const isMySql = written.dialect === 'mysql';
  const stamped = isMySql ? [...table.columns.values()].find((one) => one.updatedAt) : undefined;
  if (stamped) return refusal('updated-at', `\`${stamped.name}\` would change although the row stays as it is.`);
  const on = isMySql ? keptKey(target, key) : conflictOn(target, key);
  if (on === undefined) return NO_NAME;
  const clause = isMySql ? updating(target, key, on)! : `${on} ${word(written, 'DO NOTHING')}`;
  return {
    kind: 'form', id: isMySql ? 'sql-duplicate-key-self' : 'sql-do-nothing', title: `Replace with one insert that ${isMySql ? 'leaves the row alone on' : 'ignores'} a conflict of ${namedKey(key)}`,
    before: [], call: context.edited(insert.node, [addedClause(written, clause)]), row: undefined, requires: [onDatabase(written.dialect)], changes: [...(isMySql ? [WRITES_KEY] : []), ...burnsIds(table, written.dialect)],
  };
}

/** The insert of a set, which leaves those rows alone that are there by now. */
function insertMissing({ insert, table, key }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  const others = otherKeysOfSet(table, key);
  const target = targetOf({ insert, table, others }, context);
  if (isRefused(target)) return target;
  if (enclosingStatement(insert.node).type !== 'ExpressionStatement') return refusal('expression', 'The inserted rows are used, and rows that were there already are not among them.');
  const form = leaveAlone({ insert, table, key }, target, context);
  return form.kind === 'refusal' ? form : { ...form, title: 'Insert the missing rows, and leave those alone that are there by now', changes: ['Rows that are there by now are left as they are.', ...form.changes] };
}

/** What is returned must hold the same columns, whichever branch it came from. */
function differentColumns({ statement }: Written<Insert>, read: Operation | undefined, update: Operation | undefined): Refusal | undefined {
  if (!statement.returning) return refusal('no-row', 'The insert does not return the row.');
  const given = fieldsOf(statement.returning);
  const looked = sqlOf(read)?.statement as Select | undefined;
  if (read && (looked?.kind !== 'select' || looked.joins.length || fieldsOf(looked.items ?? 'all') !== given)) return refusal('projection-differs', 'The look-up fetches other columns than the insert returns, and the rewrite would have one result.');
  const updated = sqlOf(update)?.statement as Update | undefined;
  return updated?.returning && fieldsOf(updated.returning) !== given ? refusal('projection-differs', 'The update returns other columns than the insert, and the rewrite would have one result.') : undefined;
}

/** The names of the columns that the result has, in the order of the alphabet. */
function fieldsOf(items: readonly SelectItem[] | 'all'): string {
  return items === 'all' ? '*' : items.map(({ operand, alias }, index) => `${operand.kind === 'column' ? operand.column.name : `?${index}`} ${alias ?? ''}`).toSorted().join();
}

/** What the update sets, in words of the insert: its own values where they are the same, else values that it is given in addition. */
function setText(update: Operation, insert: Operation, target: Target, values: Values, context: FormContext): string | Refusal {
  const from = writtenBy(update, 'update', context);
  if (isRefused(from)) return from;
  const { written, spell } = target;
  if (from.statement.from.length || !from.statement.set.length) return refusal('shape', 'The update reads another table, or does not name its columns.');
  const assigned = (operation: Operation, column: string): Value | undefined => operation.rows?.[0]?.assignments.findLast((one) => one.column === column)?.value;
  const parts: string[] = [];
  for (const [index, one] of from.statement.set.entries()) {
    const column = update.rows?.[0]?.assignments[index]?.column;
    if (column === undefined) return refusal('shape', 'What the update sets was not understood.');
    const name = insert.rows?.[0]?.assignments.some((each) => each.column === column) ? spell(column) : spelledSet(from, one);
    if (name === undefined) return NO_NAME;
    const given = (operand: Operand): string | undefined => {
      if (isPlain(operand)) return slice(from, operand);
      const value = assigned(update, column);
      if (value !== undefined && value === assigned(insert, column)) return written.dialect === 'mysql' ? `${word(written, 'VALUES')}(${name})` : `${word(written, 'EXCLUDED')}.${name}`;
      const node = nodeOf(from, operand);
      return node && values.put(context.text(node));
    };
    const operand = one.self ? one.self.amount : one.operand;
    const text = given(operand);
    if (text === undefined || (one.self && operand.kind === 'default')) return refusal('argument', `What the update writes into \`${column}\` cannot be said in the insert.`);
    // In a conflict clause a bare column may be the stored row's or the new one's.
    const stored = written.dialect === 'mysql' ? name : `${ownName(written)}.${name}`;
    parts.push(`${name} = ${one.self ? `${stored} ${one.self.operator} ${text}` : text}`);
  }
  return parts.join(', ');
}
