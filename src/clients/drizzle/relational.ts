/** Relational queries: `db.query.users.findFirst({ where, with, columns })`, and `db.$count(users, where)`. */
import type { Predicate, ResultPart, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { EVERYTHING, addressesOne } from '../common/rows.ts';
import { conditionOf, objectCondition, ownComparisons } from './conditions.ts';
import { asTable, dataOf, make } from './handles.ts';
import type { Origin, TableData } from './handles.ts';
import { orderOf, readSpec } from './spec.ts';

export const FINDS: ReadonlySet<string> = new Set(['findFirst', 'findMany']);

/** The table that `db.query.<key>` asks: the name under which the schema exports it. */
export function tableOfQuery(key: string, context: ClientContext): TableData {
  const table = context.catalogue.tables.find((one) => one.client === 'drizzle' && one.name === key);
  return { name: table?.name ?? key, table, dbName: table?.dbName, dialect: undefined, declared: table !== undefined };
}

export function find(call: Call, origin: Origin, table: TableData, context: ClientContext): Meaning | undefined {
  const [options] = call.args;
  const option = (key: string): Value | undefined => {
    const value = options && context.property(options, key);
    return value && !(value.kind === 'literal' && value.value === undefined) ? value : undefined;
  };
  const known = !options || context.entries(options) !== undefined;
  const where = option('where');
  const condition = where ? whereOf(where, table, call, context) : { ...EVERYTHING, complete: known };
  const limit = option('limit');
  const one = call.method === 'findFirst' || (limit !== undefined && context.literal(limit)?.value === 1);
  const result: readonly ResultPart[] = call.method === 'findFirst' ? [{ path: [], is: 'row', miss: 'undefined' }] : [{ path: [], is: 'rows' }];
  const order = option('orderBy');
  const related = withOf(option('with'), table, context);
  return {
    kind: 'operation', lazy: true,
    operation: readSpec(origin, table, {
      verb: 'find', label: `${call.receiverText}.${call.method}`, node: call.node, predicate: condition, result, many: !one && !addressesOne(ownComparisons(condition, table), table.table),
      ...columnsOf(option('columns'), context), ...related, ...(order && { order: ordered(order, table, context) }),
      detail: { relational: call.method, ...fieldNames(option('columns'), context) },
    }, context),
  };
}

/** A condition, a callback that makes one, or an object of the second generation. */
function whereOf(where: Value, table: TableData, call: Call, context: ClientContext): Predicate {
  const node = call.argNodes[0];
  if (where.kind === 'function') return conditionOf(context.callback(where, [make(context, 'table', table), make(context, 'operators', {})]), context, where.node);
  return context.entries(where) && where.kind === 'object' ? objectCondition(where, context, node) : conditionOf(where, context, node);
}

function ordered(order: Value, table: TableData, context: ClientContext) {
  const value = order.kind === 'function' ? context.callback(order, [make(context, 'table', table), make(context, 'operators', {})]) : order;
  if (!value) return [];
  return orderOf(context.elements(value)?.map((one) => one.value) ?? [value], context);
}

/** `columns: { id: true }`; a list of `false` leaves the rest. */
function columnsOf(columns: Value | undefined, context: ClientContext): { columns?: readonly string[] } {
  const entries = columns && context.entries(columns);
  const names = entries?.flatMap((one) => (one.kind === 'property' && context.literal(one.value)?.value === true ? [one.key] : []));
  return names?.length ? { columns: names } : {};
}

/** As `columnsOf`; a list that was not understood is like no other. */
function fieldNames(columns: Value | undefined, context: ClientContext): { fields?: readonly string[] } {
  return columns ? { fields: columnsOf(columns, context).columns ?? [`?${columns.id}`] } : {};
}

/** Relations that are fetched along, with the conditions on their rows. */
function withOf(value: Value | undefined, table: TableData, context: ClientContext): { includes?: readonly string[]; included?: Readonly<Record<string, Predicate>> } {
  const entries = value && context.entries(value);
  if (!entries?.length) return {};
  const includes: string[] = [];
  const included: Record<string, Predicate> = {};
  for (const one of entries) {
    if (one.kind !== 'property' || context.literal(one.value)?.value === false) continue;
    includes.push(one.key);
    const where = context.entries(one.value) && context.property(one.value, 'where');
    if (!where || (where.kind === 'literal' && where.value === undefined)) continue;
    const target = table.table?.relations.find((relation) => relation.name === one.key)?.target;
    const related = tableOfQuery(target ?? one.key, context);
    const predicate = where.kind === 'function' ? conditionOf(context.callback(where, [make(context, 'table', related), make(context, 'operators', {})]), context, one.node)
      : where.kind === 'object' ? objectCondition(where, context, one.node) : conditionOf(where, context, one.node);
    included[one.key] = ownComparisons(predicate, related);
  }
  return { includes, ...(Object.keys(included).length && { included }) };
}

export function count(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const table = asTable(call.args[0], context);
  if (!table) return undefined;
  const predicate = conditionOf(call.args[1], context, call.argNodes[1]);
  return { kind: 'operation', lazy: true, operation: readSpec(origin, table, { verb: 'count', label: `${call.receiverText}.$count`, node: call.node, predicate, many: true, result: [{ path: [], is: 'count', numeric: 'number' }] }, context) };
}

/** `db.query.users` of a connection that nobody recognised: the path says whose it is. */
export function queryPath(value: Value): string | undefined {
  return value.kind === 'member' && value.object.kind === 'member' && (value.object.key === 'query' || value.object.key === '_query') ? value.key : undefined;
}

export const relationalData = (value: Value): (Origin & { readonly table: TableData }) | undefined => dataOf(value, 'relational');
