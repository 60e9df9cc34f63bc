/** Writes that are sent at once: `insert`, `nativeUpdate`, `nativeDelete`, `upsert`. What waits for a flush is in `unit.ts`. */
import type { Conflict, Node, Predicate, ResultPart, Row, Table, Value } from '../../model.ts';
import type { ClientContext, Meaning } from '../client.ts';
import { addressesOne } from '../common/rows.ts';
import { primaryKey } from './entities.ts';
import { dialectOf, specFor, type Target } from './handles.ts';
import { operation, type Arguments } from './reads.ts';
import { entityRow, entityRows } from './rows.ts';
import { violationOf } from './violation.ts';
import { wherePredicate } from './where.ts';

export const AFFECTED: readonly ResultPart[] = [{ path: [], is: 'affected', numeric: 'number' }];
export const WRITTEN: readonly ResultPart[] = [{ path: [], is: 'written' }];

export const WRITES: ReadonlySet<string> = new Set(['insert', 'nativeInsert', 'insertMany', 'nativeUpdate', 'nativeDelete', 'upsert', 'upsertMany']);

export function writeMeaning(method: string, target: Target, { values: [first, second], nodes }: Arguments, context: ClientContext): Meaning | undefined {
  const { table } = target.ref;
  switch (method) {
    case 'insert': case 'nativeInsert': case 'insertMany':
      return first && operation(specFor(target, context, {
        // The key of the new row comes back, not the row.
        verb: 'insert', ...entityRows(first, method === 'insertMany', table, context, nodes[0]), result: [], violation: violationOf(dialectOf(target.origin, context)), detail: { method },
      }));
    case 'nativeUpdate': return second && operation(update(target, wherePredicate(first, table, context, nodes[0]), entityRow(second, table, context, nodes[1]), context));
    case 'nativeDelete': {
      const predicate = wherePredicate(first, table, context, nodes[0]);
      return operation(specFor(target, context, { verb: 'delete', many: !addressesOne(predicate, table), predicate, miss: 'count', result: AFFECTED, detail: { method } }));
    }
    case 'upsert': case 'upsertMany': return first && upsert(method, target, first, second, nodes, context);
    default: return undefined;
  }
}

export function update(target: Target, predicate: Predicate, row: Row, context: ClientContext): ReturnType<typeof specFor> {
  return specFor(target, context, {
    verb: 'update', many: !addressesOne(predicate, target.ref.table), predicate, rows: [row], miss: 'count', result: AFFECTED, violation: violationOf(dialectOf(target.origin, context)), detail: { method: 'nativeUpdate' },
  });
}

/** One statement, but for a read-back of what the database made of the row. */
function upsert(method: string, target: Target, values: Value, options: Value | undefined, nodes: readonly Node[], context: ClientContext): Meaning {
  const { table } = target.ref;
  const written = entityRows(values, method === 'upsertMany', table, context, nodes[0]);
  const dialect = dialectOf(target.origin, context);
  const given = options && context.entries(options) ? options : undefined;
  const ignores = given !== undefined && context.literal(context.property(given, 'onConflictAction'))?.value === 'ignore';
  const row = written.rows[0];
  const chosen = given && namesOf(context.property(given, 'onConflictFields'), context);
  const found = chosen ? { columns: chosen } : row && inferred(row, table);
  const merged = given && namesOf(context.property(given, 'onConflictMergeFields'), context);
  const excluded = given && namesOf(context.property(given, 'onConflictExcludeFields'), context);
  const keeps = (column: string): boolean => (merged ? merged.includes(column) : !excluded?.includes(column) && !found?.columns?.includes(column));
  const narrowed: Row | undefined = row && !ignores && (merged ?? excluded ?? found?.columns) ? { ...row, assignments: row.assignments.filter((one) => keeps(one.column)) } : undefined;
  const conflict: Conflict = { target: found?.columns, action: ignores ? 'ignore' : 'update', update: narrowed, atomic: found?.why ? false : true, ...(found?.why && { why: found.why }) };
  const unknown = given && !context.entries(given)?.every((one) => one.kind === 'property');
  return operation(specFor(target, context, {
    verb: 'upsert', ...written, conflict: unknown ? { ...conflict, atomic: 'unknown' } : conflict, result: WRITTEN, violation: violationOf(dialect),
    detail: { method, ...(!found?.columns && { targetUnknown: true }), ...(dialect === 'mysql' && { targetIgnored: true }) },
  }));
}

/** The key that an upsert goes by when it names none: the primary key, else the first unique property in the data, else a compound key. */
function inferred(row: Row, table: Table | undefined): { readonly columns?: readonly string[]; readonly why?: string } | undefined {
  if (!table || row.spreads.length) return undefined;
  const isGiven = (column: string): boolean => row.assignments.some((one) => one.column === column && !(one.value.kind === 'literal' && one.value.value == null));
  const primary = primaryKey(table) ?? [];
  if (primary.length && primary.every(isGiven)) return { columns: primary };
  const keys = table.keys.filter((key) => !key.primary && !key.where && !key.expression);
  const order = [...table.columns.keys()];
  const single = keys.filter((key) => key.columns.length === 1).sort((one, other) => order.indexOf(one.columns[0]!) - order.indexOf(other.columns[0]!));
  const found = [...single, ...keys.filter((key) => key.columns.length > 1)].find((key) => key.columns.every(isGiven));
  if (found) return { columns: found.columns };
  return table.complete ? { why: 'none of the values belongs to a unique property, so that every call inserts a row of its own' } : undefined;
}

function namesOf(value: Value, context: ClientContext): readonly string[] | undefined {
  const names = context.elements(value)?.map((one) => context.literal(one.value)?.value);
  return names?.length && names.every((name): name is string => typeof name === 'string') ? names : undefined;
}
