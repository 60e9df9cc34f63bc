/** Which key stands behind an upsert or a `findOrCreate`, and whether it is one statement's business. */
import type { Conflict, Dialect, Predicate, Row, Table, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';

const NONE = 'no unique key stands behind the columns of `where`, so that it looks for the row and inserts one where it finds none: a transaction does not keep two calls from both inserting';

/**
 * `findOrCreate({ where, defaults })`: SELECT, INSERT, and on a violation SELECT again. With a unique key among the columns of `where` the
 * database decides; without one every one of several concurrent calls inserts.
 */
export function uniqueWhere(predicate: Predicate, table: Table | undefined): Conflict {
  const single = predicate.arms.length === 1 ? predicate.arms[0]! : undefined;
  const columns = single?.filter((one) => one.operator === '=' && !one.conditional && !one.via.length).map((one) => one.column) ?? [];
  const target = columns.length && predicate.complete ? columns : undefined;
  const base = { target, action: 'ignore' as const, update: undefined };
  const equal = new Set(columns);
  const covers = (key: { readonly columns: readonly string[] }): boolean => key.columns.length > 0 && key.columns.every((column) => equal.has(column));
  const key = table?.keys.find((one) => covers(one) && !one.expression && !one.where);
  if (key) return { ...base, target: key.columns, atomic: true };
  if (!table?.complete || !predicate.complete || table.keys.some(covers)) return { ...base, atomic: 'unknown', why: `unless a unique key stands behind the columns of \`where\`, it looks for the row and inserts one where it finds none, so that two calls can both insert` };
  return { ...base, atomic: false, why: NONE };
}

/**
 * The target of `upsert(values)`: the given one, else the primary key where its columns are given, else the first unique key of which
 * any column is given, a part of a compound key included. MySQL reacts to every unique key, whatever is written.
 */
export function upsertTarget(row: Row, fields: Value | undefined, table: Table | undefined, dialect: Dialect | undefined, context: ClientContext): Conflict {
  const base = { action: 'update' as const, update: undefined };
  const named = fields && context.elements(fields)?.map((one) => context.literal(one.value)?.value);
  if (named?.length && named.every((one): one is string => typeof one === 'string')) return { ...base, target: named, atomic: true };
  const given = new Set(row.assignments.map((one) => one.column));
  if (!table || row.spreads.length) return { ...base, target: undefined, atomic: true };
  const keys = table.keys.filter((one) => !one.expression);
  const primary = keys.find((one) => one.primary);
  const chosen = primary?.columns.every((column) => given.has(column)) ? primary : keys.find((one) => !one.primary && one.columns.some((column) => given.has(column)));
  if (chosen) {
    const missing = chosen.columns.filter((column) => !given.has(column));
    if (!missing.length || dialect === 'mysql') return { ...base, target: chosen.columns, atomic: true };
    return { ...base, target: chosen.columns, atomic: 'unknown', why: `its conflict target is the unique key on \`${chosen.columns.join('`, `')}\`, of which \`${missing.join('`, `')}\` is not given` };
  }
  return table.complete ? { ...base, target: primary?.columns, atomic: false, why: 'no unique key is among the given columns, so that every call inserts a new row' } : { ...base, target: undefined, atomic: true };
}
