/** Static methods of models: reads and writes. */
import type { Assignment, Conflict, Node, OperationSpec, Predicate, ResultPart, Row, Table, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { addressesOne, comparison, EVERYTHING } from '../common/rows.ts';
import { dialectOf, specFor, transactionIn, type Target } from './handles.ts';
import { findOptions, withoutDeleted, type FindOptions } from './options.ts';
import { primaryKey, writtenRow, writtenRows } from './rows.ts';
import { uniqueWhere, upsertTarget } from './upserts.ts';
import { violationOf } from './violation.ts';
import { wherePredicate } from './where.ts';

export const READS: ReadonlySet<string> = new Set(['findOne', 'findByPk', 'findById', 'findByPrimary', 'find', 'findAll', 'all', 'findAndCountAll', 'findAndCount', 'count', 'max', 'min', 'sum', 'aggregate', 'findOrBuild', 'findOrInitialize', 'findAllWithTotals']);
export const WRITES: ReadonlySet<string> = new Set(['create', 'bulkCreate', 'update', 'destroy', 'restore', 'truncate', 'increment', 'decrement', 'upsert', 'insertOrUpdate', 'findOrCreate', 'findCreateFind']);

const ROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'null' }];
const ROW_OR_THROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'throws' }];
const ROWS: readonly ResultPart[] = [{ path: [], is: 'rows' }];
const ROWS_AND_COUNT: readonly ResultPart[] = [{ path: ['rows'], is: 'rows' }, { path: ['count'], is: 'count', numeric: 'number' }];
const COUNT: readonly ResultPart[] = [{ path: [], is: 'count', numeric: 'number' }];
const WRITTEN: readonly ResultPart[] = [{ path: [], is: 'written' }];
/** `[instance, created]`. */
const FIRST_WRITTEN: readonly ResultPart[] = [{ path: ['0'], is: 'written' }];
/** `update` answers with `[number, rows]`, of which the rows only where they were asked for. */
export const UPDATED: readonly ResultPart[] = [{ path: ['0'], is: 'affected', numeric: 'number' }, { path: ['1'], is: 'rows' }];
/** `[[rows, number]]` on Postgres; elsewhere rows stay out. */
const INCREMENTED: readonly ResultPart[] = [{ path: ['0', '0'], is: 'rows' }, { path: ['0', '1'], is: 'affected', numeric: 'number' }];
const AFFECTED: readonly ResultPart[] = [{ path: [], is: 'affected', numeric: 'number' }];

export function operation(spec: OperationSpec): Meaning { return { kind: 'operation', operation: spec, lazy: false }; }

export function onModel(call: Call, target: Target, context: ClientContext): Meaning | undefined {
  const spec = READS.has(call.method) ? read(call, target, context) : WRITES.has(call.method) ? written(call, target, context) : undefined;
  return spec && operation(spec);
}

function read(call: Call, target: Target, context: ClientContext): OperationSpec | undefined {
  const [first, second] = call.args;
  const [node, secondNode] = call.argNodes;
  const options = (): FindOptions => findOptions(target, first, context, node);
  switch (call.method) {
    case 'findOne': case 'find': { const given = options(); return find(target, given, false, given.throws ? ROW_OR_THROW : ROW, context); }
    case 'findByPk': case 'findById': case 'findByPrimary': {
      const [key, ...rest] = primaryKey(target.table.table);
      const given: Predicate = first && key !== undefined && !rest.length ? { arms: [[comparison(key, '=', first, node)]], complete: true, node } : { arms: [], complete: false, node };
      const found = findOptions(target, second, context, secondNode, given);
      return find(target, found, false, found.throws ? ROW_OR_THROW : ROW, context);
    }
    case 'findAll': case 'all': { const given = options(); return find(target, given, !given.limitedToOne, ROWS, context); }
    case 'findAndCountAll': case 'findAndCount': return find(target, options(), true, ROWS_AND_COUNT, context);
    case 'count': {
      // With `group` it is a list of counts.
      const grouped = first && context.entries(first) && !isUndefined(context.property(first, 'group'));
      return counted(target, options(), grouped ? [] : COUNT, context);
    }
    case 'max': case 'min': case 'sum': case 'aggregate': {
      const column = first && context.literal(first)?.value;
      const named = call.method === 'aggregate' ? second && context.literal(second)?.value : call.method;
      if (typeof column !== 'string' || typeof named !== 'string') return undefined;
      const given = findOptions(target, call.method === 'aggregate' ? call.args[2] : second, context, secondNode);
      if (named === 'count') return counted(target, given, COUNT, context);
      return specFor(target, context, {
        verb: 'aggregate', many: true, predicate: given.predicate, transaction: given.transaction, aggregate: { function: named, column }, result: [{ path: [], is: 'scalar', column, numeric: 'number' }],
      });
    }
    // It builds an instance where there is no row, and stores nothing.
    case 'findOrBuild': case 'findOrInitialize': return find(target, options(), false, [{ path: ['0'], is: 'row', miss: 'null' }], context);
    default: return undefined;
  }
}

const isUndefined = (value: Value): boolean => value.kind === 'literal' && value.value === undefined;

function find(target: Target, { predicate, transaction, lock, columns, mixed, includes, order, detail }: FindOptions, many: boolean, result: readonly ResultPart[], context: ClientContext): OperationSpec {
  const miss = result === ROW_OR_THROW ? 'throws' as const : result === ROW ? 'null' as const : undefined;
  return specFor(target, context, {
    verb: 'find', many, result, predicate, transaction,
    ...(miss && { miss }), ...(lock && { lock }), ...(columns && { columns }), ...(mixed && { mixed }), ...(includes && { includes }), ...(order && { order }), ...(detail && { detail }),
  });
}

function counted(target: Target, { predicate, transaction, lock }: FindOptions, result: readonly ResultPart[], context: ClientContext): OperationSpec {
  return specFor(target, context, { verb: 'count', many: true, result, predicate, transaction, ...(lock && { lock }) });
}

function written(call: Call, target: Target, context: ClientContext): OperationSpec | undefined {
  const { table } = target.table;
  const [first, second] = call.args;
  const [node, secondNode] = call.argNodes;
  const violation = violationOf(dialectOf(target.origin, context), context);
  const option = (options: Value | undefined, key: string): Value | undefined => {
    const entries = options && context.entries(options);
    const last = entries?.findLast((one) => one.kind === 'property' && one.key === key);
    return last?.kind === 'property' ? last.value : entries?.some((one) => one.kind === 'spread') && options ? context.property(options, key) : undefined;
  };
  const flag = (key: string, options = second): unknown => { const value = option(options, key); return value && context.literal(value)?.value; };
  /** The rows that `{ where }` selects; soft-deleted ones are among them only where that is asked for. */
  const selected = (options: Value | undefined, at: Node | undefined): Predicate => {
    if (options && options.kind !== 'literal' && !context.entries(options)) return { arms: [], complete: false, node: at };
    const predicate = wherePredicate(option(options, 'where'), table, context, at);
    return withoutDeleted(target.scoped ? { ...predicate, complete: false } : predicate, flag('paranoid', options) === false ? undefined : table, context);
  };
  switch (call.method) {
    case 'create': {
      if (!first) return undefined;
      const ignores = flag('ignoreDuplicates') === true;
      const row = writtenRow(first, context, node);
      return specFor(target, context, {
        verb: ignores ? 'upsert' : 'insert', many: false, rows: [row], transaction: transactionIn(second, target.node, context), violation, result: WRITTEN, ...(ignores && { conflict: ignoring }), detail: { method: 'create' },
      });
    }
    case 'bulkCreate': return first && bulk(target, first, second, node, context);
    case 'update': {
      if (!first || !second) return undefined;
      return updateSpec(target, selected(second, secondNode), writtenRow(first, context, node), second, context);
    }
    case 'increment': case 'decrement': {
      const assignments = first && steps(call.method, first, second, node, context);
      return assignments && { ...updateSpec(target, selected(second, secondNode), { assignments, spreads: [], node }, second, context), result: INCREMENTED };
    }
    case 'restore': return updateSpec(target, selectedDeleted(first, table, context, node), restored(table, context), first, context);
    case 'destroy': case 'truncate': {
      const truncates = call.method === 'truncate' || flag('truncate', first) === true;
      const predicate = truncates ? EVERYTHING : selected(first, node);
      const soft = table && [...table.columns.values()].some((one) => one.deletedAt) && flag('force', first) !== true;
      return specFor(target, context, {
        verb: 'delete', many: !addressesOne(predicate, table), predicate, miss: 'count', transaction: transactionIn(first, target.node, context), result: truncates ? [] : AFFECTED, detail: { method: call.method, ...(soft && { soft: true }) },
      });
    }
    case 'upsert': case 'insertOrUpdate': {
      if (!first) return undefined;
      const row = writtenRow(first, context, node);
      const conflictWhere = option(second, 'conflictWhere');
      return specFor(target, context, {
        verb: 'upsert', many: false, rows: [row], conflict: { ...upsertTarget(row, option(second, 'conflictFields'), table, dialectOf(target.origin, context), context), ...(conflictWhere && { partial: wherePredicate(conflictWhere, table, context, node) }) }, violation, transaction: transactionIn(second, target.node, context),
        result: FIRST_WRITTEN, detail: { method: 'upsert' },
      });
    }
    case 'findOrCreate': case 'findCreateFind': {
      if (!first || !context.entries(first)) return undefined;
      const predicate = wherePredicate(option(first, 'where'), table, context, node);
      const defaults = option(first, 'defaults');
      const given: Row = defaults && !isUndefined(defaults) ? writtenRow(defaults, context) : { assignments: [], spreads: [], node: undefined };
      const [arm = []] = predicate.arms;
      const fromWhere = arm.filter((one) => one.operator === '=' && !given.assignments.some((each) => each.column === one.column)).map((one): Assignment => ({ column: one.column, value: one.value, how: 'set', node: one.node }));
      const row: Row = { assignments: [...fromWhere, ...given.assignments], spreads: given.spreads, node };
      return specFor(target, context, {
        verb: 'upsert', many: false, predicate, rows: [row], conflict: uniqueWhere(predicate, table), violation, transaction: transactionIn(first, target.node, context), result: FIRST_WRITTEN, detail: { method: call.method },
      });
    }
    default: return undefined;
  }
}

const ignoring: Conflict = { target: undefined, action: 'ignore', update: undefined, atomic: true };

export function updateSpec(target: Target, predicate: Predicate, row: Row, options: Value | undefined, context: ClientContext): OperationSpec {
  return specFor(target, context, {
    verb: 'update', predicate, rows: [row], many: !addressesOne(predicate, target.table.table), miss: 'count', result: UPDATED, violation: violationOf(dialectOf(target.origin, context), context),
    transaction: transactionIn(options, target.node, context), detail: { method: 'update' },
  });
}

function selectedDeleted(options: Value | undefined, table: Table | undefined, context: ClientContext, node: Node | undefined): Predicate {
  return wherePredicate(options && context.entries(options) ? context.property(options, 'where') : undefined, table, context, node);
}

export function restored(table: Table | undefined, context: ClientContext): Row {
  const column = (table && [...table.columns.values()].find((one) => one.deletedAt)?.name) ?? 'deletedAt';
  return { assignments: [{ column, value: context.terms.null, how: 'set', node: undefined }], spreads: [], node: undefined };
}

/** `increment('hits', { by: 2 })`, `increment(['a', 'b'])`, `increment({ hits: 2 })`: computed in the database. */
export function steps(method: string, fields: Value, options: Value | undefined, node: Node | undefined, context: ClientContext): Assignment[] | undefined {
  const given = options && context.entries(options) ? context.property(options, 'by') : undefined;
  const by = given && !isUndefined(given) ? given : context.terms.literal(1);
  const make = (column: string, amount: Value): Assignment => ({ column, value: method === 'increment' ? amount : context.terms.expression('-', [amount]), how: 'atomic', node });
  const name = context.literal(fields)?.value;
  if (typeof name === 'string') return [make(name, by)];
  const names = context.elements(fields)?.map((one) => context.literal(one.value)?.value);
  if (names) return names.flatMap((one) => (typeof one === 'string' ? [make(one, by)] : []));
  return context.entries(fields)?.flatMap((one) => (one.kind === 'property' ? [make(one.key, one.value)] : []));
}

/** `bulkCreate(rows, { ignoreDuplicates, updateOnDuplicate: ['name'], conflictAttributes: ['email'] })`: one statement. */
function bulk(target: Target, rows: Value, options: Value | undefined, node: Node | undefined, context: ClientContext): OperationSpec {
  const get = (key: string): Value | undefined => { const value = options && context.entries(options) ? context.property(options, key) : undefined; return value && !isUndefined(value) ? value : undefined; };
  const names = (value: Value | undefined): readonly string[] | undefined => {
    const found = value && context.elements(value)?.map((one) => context.literal(one.value)?.value);
    return found?.every((one): one is string => typeof one === 'string') ? found : undefined;
  };
  const ignore = get('ignoreDuplicates');
  const update = get('updateOnDuplicate');
  const updated = names(update);
  const made = writtenRows(rows, context, node);
  const [row] = made.rows;
  const conflict: Conflict | undefined = update && context.literal(update)?.value !== false
    ? { target: names(get('conflictAttributes')), action: 'update', update: updated && row ? { ...row, assignments: row.assignments.filter((one) => updated.includes(one.column)), spreads: [] } : undefined, atomic: true }
    : ignore && context.literal(ignore)?.value !== false ? ignoring : undefined;
  return specFor(target, context, {
    verb: conflict ? 'upsert' : 'insert', ...made, ...(conflict && { conflict }), transaction: transactionIn(options, target.node, context), violation: violationOf(dialectOf(target.origin, context), context), result: WRITTEN,
    detail: { method: 'bulkCreate' },
  });
}
