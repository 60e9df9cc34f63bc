/** Writes of repositories, managers, Active Record classes and entities. */
import type { Assignment, Conflict, Node, OperationSpec, Predicate, ResultPart, Row, Table, Value } from '../../model.ts';
import type { ClientContext, Meaning } from '../client.ts';
import { addressesOne, EVERYTHING, orPredicate } from '../common/rows.ts';
import { isRow, primaryKey, relationOf } from './entities.ts';
import { sqlCondition } from './fragments.ts';
import { dialectOf, type Target } from './handles.ts';
import { entityRow, entityRows, keyGiven, type Written } from './rows.ts';
import { operation, specFor, type Arguments } from './reads.ts';
import { violationOf } from './violation.ts';
import { criteriaPredicate, rowPredicate, wherePredicate } from './where.ts';

export const AFFECTED: readonly ResultPart[] = [{ path: ['affected'], is: 'affected', numeric: 'number' }];
export const WRITTEN: readonly ResultPart[] = [{ path: [], is: 'written' }];
/** `InsertResult`; ids of an upsert are wrong on SQLite and missing on MySQL, which is a matter of rewrites. */
export const INSERTED: readonly ResultPart[] = [{ path: ['identifiers'], is: 'rows' }, { path: ['generatedMaps'], is: 'rows' }, { path: ['raw'], is: 'rows' }];

export const WRITES: ReadonlySet<string> = new Set([
  'insert', 'save', 'update', 'updateAll', 'increment', 'decrement', 'delete', 'deleteAll', 'remove', 'softDelete', 'softRemove', 'restore', 'recover',
  'clear', 'upsert',
]);

export function writeMeaning(method: string, target: Target, args: Arguments, context: ClientContext): Meaning | undefined {
  const { table } = target.ref;
  const [first, second, third] = args.values;
  const [firstNode, secondNode] = args.nodes;
  switch (method) {
    case 'save': return first && save(target, first, firstNode, context);
    case 'insert': return first && operation(insertSpec(target, entityRows(first, table, context, firstNode), context));
    case 'upsert': return first && upsert(target, first, second, args.nodes, context);
    case 'update': return second && operation(updateSpec(target, criteriaPredicate(first, table, context, firstNode), entityRow(second, table, context, secondNode), context));
    case 'updateAll': return first && operation(updateSpec(target, EVERYTHING, entityRow(first, table, context, firstNode), context));
    case 'increment': case 'decrement': return first && second && step(method, target, first, second, third, args.nodes, context);
    case 'delete': return operation(deleteSpec(target, criteriaPredicate(first, table, context, firstNode), AFFECTED, context));
    case 'deleteAll': return operation(deleteSpec(target, EVERYTHING, AFFECTED, context));
    case 'clear': return operation(deleteSpec(target, EVERYTHING, [], context, { truncate: true }));
    case 'softDelete': return operation(deleteSpec(target, criteriaPredicate(first, table, context, firstNode), AFFECTED, context, { soft: true }));
    case 'remove': case 'softRemove': {
      if (!first) return undefined;
      const predicate = rowsPredicate(first, table, context, firstNode);
      return operation({ ...deleteSpec(target, predicate, WRITTEN, context, method === 'softRemove' ? { soft: true } : {}), many: isMany(first, table, context), miss: 'silent' });
    }
    case 'restore': case 'recover': {
      const predicate = method === 'restore' ? criteriaPredicate(first, table, context, firstNode) : first ? rowsPredicate(first, table, context, firstNode) : EVERYTHING;
      return operation({ ...updateSpec(target, predicate, restored(table, context, target.node), context), ...(method === 'recover' && { result: WRITTEN, miss: 'silent' as const }) });
    }
    default: return undefined;
  }
}

function restored(table: Table | undefined, context: ClientContext, node: Node): Row {
  const column = (table && [...table.columns.values()].find((one) => one.deletedAt)?.name) ?? 'deletedAt';
  return { assignments: [{ column, value: context.terms.null, how: 'set', node: undefined }], spreads: [], node };
}

function isMany(value: Value, table: Table | undefined, context: ClientContext): boolean {
  return entityRows(value, table, context).many;
}

/** The rows that `remove(entity | entities)` addresses, by primary key. */
function rowsPredicate(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  const elements = context.elements(value);
  if (elements && elements.every((one) => !one.spread)) return orPredicate(elements.map((one) => rowPredicate(one.value, table, context, one.node)), node);
  const { rowsOf } = entityRows(value, table, context, node);
  return rowPredicate(rowsOf ? context.element(rowsOf) : value, table, context, node);
}

export function insertSpec(target: Target, written: Written, context: ClientContext): OperationSpec {
  return specFor(target, context, { verb: 'insert', ...written, result: INSERTED, violation: violationOf(dialectOf(target.origin, context)) });
}

export function updateSpec(target: Target, predicate: Predicate, row: Row, context: ClientContext): OperationSpec {
  return specFor(target, context, {
    verb: 'update', predicate, rows: [row], many: !addressesOne(predicate, target.ref.table), miss: 'count', result: AFFECTED, violation: violationOf(dialectOf(target.origin, context)),
  });
}

export function deleteSpec(target: Target, predicate: Predicate, result: readonly ResultPart[], context: ClientContext, detail: Record<string, unknown> = {}): OperationSpec {
  return specFor(target, context, {
    verb: 'delete', predicate, many: !addressesOne(predicate, target.ref.table), miss: result === AFFECTED ? 'count' : 'silent', result, ...(Object.keys(detail).length && { detail }),
  });
}

/**
 * `save(entity | entities)`. With a whole primary key: SELECT by it, then INSERT or UPDATE of the columns that differ, outside
 * any protection; without one: just an INSERT. `@VersionColumn` counts and never guards, so no save is optimistic.
 */
export function save(target: Target, value: Value, node: Node | undefined, context: ClientContext): Meaning {
  const { table } = target.ref;
  const written = entityRows(value, table, context, node);
  const keys = written.rows.map((row) => keyGiven(row, table));
  const insertsOnly = keys.length > 0 && keys.every((one) => one.insertsOnly);
  const given = keys[0]?.given ?? [];
  const knownKey = primaryKey(table);
  const single = !written.many && written.rows[0];
  const predicate = insertsOnly ? undefined : single && given.length > 0 && (!knownKey || given.length === knownKey.length) ? rowPredicate(value, table, context, node)
    : isRow(value, context) ? rowPredicate(value, table, context, node) : undefined;
  const cascades = single ? cascading(single, table) : [];
  const spec = specFor(target, context, {
    verb: insertsOnly ? 'insert' : 'save',
    ...written,
    ...(predicate && { predicate }),
    saved: value,
    miss: 'silent',
    result: WRITTEN,
    violation: violationOf(dialectOf(target.origin, context)),
    detail: {
      method: 'save',
      primaryKey: given,
      /** Whether `primaryKey` can be compared with the table's key, and whether the database makes that key. */
      keyKnown: knownKey !== undefined,
      generated: knownKey?.some((column) => table?.columns.get(column)?.default === 'generated-id') ?? undefined,
      ...(cascades.length && { cascades }),
    },
  });
  return operation(spec);
}

/** Relations that the saved object brings along: their rows, or the rows of the join table, are written from what is in memory. */
function cascading(row: Row, table: Table | undefined): string[] {
  return row.assignments.flatMap((one) => {
    const relation = relationOf(table, one.column);
    return relation && !relation.columns.length ? [one.column] : [];
  });
}

export function withDetail(spec: OperationSpec, detail: Record<string, unknown>): OperationSpec {
  return { ...spec, detail: { ...spec.detail, ...detail } };
}

/** `increment(where, 'hits', 1)`: `SET hits = hits + 1` in the database. */
function step(method: string, target: Target, where: Value, property: Value, by: Value | undefined, nodes: readonly Node[], context: ClientContext): Meaning | undefined {
  const column = context.literal(property)?.value;
  if (typeof column !== 'string') return undefined;
  const amount = by ?? context.terms.literal(1);
  const value = method === 'increment' ? amount : context.terms.expression('-', [amount]);
  const assignment: Assignment = { column, value, how: 'atomic', node: nodes[2] ?? nodes[1] };
  const predicate = wherePredicate(where, target.ref.table, context, nodes[0]);
  return operation(withDetail(updateSpec(target, predicate, { assignments: [assignment], spreads: [], node: nodes[1] }, context), { method }));
}

/** Property names of `conflictPaths`: an array, an object of trues; relations become their foreign key columns. */
export function conflictColumns(value: Value, table: Table | undefined, context: ClientContext): readonly string[] | undefined {
  const elements = context.elements(value);
  const names = elements
    ? elements.map((one) => context.literal(one.value)?.value)
    : context.entries(value)?.map((one) => (one.kind === 'property' ? one.key : undefined));
  if (!names?.length || !names.every((name): name is string => typeof name === 'string')) return undefined;
  return names.flatMap((name) => {
    const relation = relationOf(table, name);
    return relation?.columns.length ? relation.columns : [name];
  });
}

const UPSERT_OPTIONS = ['skipUpdateIfNoValuesChanged', 'upsertType', 'indexPredicate', 'returning'] as const;

/** `upsert(values, ['email'])`, `upsert(values, { conflictPaths, … })`: one statement in every dialect. */
function upsert(target: Target, values: Value, paths: Value | undefined, nodes: readonly Node[], context: ClientContext): Meaning {
  const { table } = target.ref;
  const written = entityRows(values, table, context, nodes[0]);
  const detail: Record<string, unknown> = { method: 'upsert' };
  let columns = paths && context.elements(paths) ? conflictColumns(paths, table, context) : undefined;
  if (paths && !columns && context.entries(paths)) {
    columns = conflictColumns(context.property(paths, 'conflictPaths'), table, context);
    for (const key of UPSERT_OPTIONS) {
      const option = context.literal(context.property(paths, key))?.value;
      if (option !== undefined) detail[key] = option;
    }
  }
  if (!columns) detail['targetUnknown'] = true;
  const predicate = paths && context.entries(paths) && context.property(paths, 'indexPredicate');
  const dialect = dialectOf(target.origin, context);
  if (dialect === 'mysql') detail['targetIgnored'] = true;
  const conflict: Conflict = { target: columns, action: 'update', update: undefined, atomic: true, ...(predicate && detail['indexPredicate'] !== undefined && { partial: sqlCondition(predicate, { table, alias: undefined, joins: new Map(), parameter: () => undefined }, context, nodes[1]) }) };
  return operation(specFor(target, context, { verb: 'upsert', ...written, conflict, result: INSERTED, violation: violationOf(dialect), detail }));
}
