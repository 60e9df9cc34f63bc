/** Reads: the `find*` family, `count`, `aggregate`, `groupBy`. */
import type { OperationSpec, ResultPart, Value } from '../../model.ts';
import type { ClientContext, Meaning } from '../client.ts';
import { addressesOne } from '../common/rows.ts';
import { makeHandle, relationOf, specFor, tableNamed, type Target } from './handles.ts';
import { projectionOf } from './projection.ts';
import { wherePredicate } from './where.ts';

export const ROW_OR_NULL: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'null' }];
export const ROW_OR_THROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'throws' }];
export const ROWS: readonly ResultPart[] = [{ path: [], is: 'rows' }];

export const READS: ReadonlySet<string> = new Set([
  'findUnique', 'findUniqueOrThrow', 'findFirst', 'findFirstOrThrow', 'findMany', 'count', 'aggregate', 'groupBy',
]);

export function lazily(operation: OperationSpec): Meaning { return { kind: 'operation', operation, lazy: true }; }

export function readMeaning(method: string, target: Target, args: Value | undefined, context: ClientContext): Meaning | undefined {
  switch (method) {
    case 'findUnique': return one(find(target, args, true, ROW_OR_NULL, context), context);
    case 'findUniqueOrThrow': return one(find(target, args, true, ROW_OR_THROW, context), context);
    case 'findFirst': return one(find(target, args, false, ROW_OR_NULL, context), context);
    case 'findFirstOrThrow': return one(find(target, args, false, ROW_OR_THROW, context), context);
    case 'findMany': return lazily(find(target, args, false, ROWS, context));
    case 'count': return lazily(count(target, args, context));
    case 'aggregate': return lazily(aggregate(target, args, context));
    case 'groupBy': return lazily(grouped(target, args, context));
    default: return undefined;
  }
}

/** A read of one row is a handle as well: `prisma.user.findUnique(…).posts()` asks for related rows. */
function one(spec: OperationSpec, context: ClientContext): Meaning {
  return { kind: 'handle', handle: makeHandle(context, 'query', { spec, transaction: spec.transaction }), pending: spec };
}

/** `.posts({ where })` on a read that was not awaited: the related rows of that row, in one statement as far as a race is concerned. */
export function related(spec: OperationSpec, name: string, args: Value | undefined, target: Omit<Target, 'ref'>, context: ClientContext): Meaning | undefined {
  const relation = relationOf(spec.table.table, name);
  if (!relation) return undefined;
  const table = tableNamed(relation.target, context);
  const own = wherePredicate(args && context.property(args, 'where'), table, false, context);
  const inverse = relation.inverse ?? spec.table.name;
  const parent = (spec.predicate?.arms ?? []).map((arm) => arm.map((each) => ({ ...each, via: [inverse, ...each.via] })));
  const arms = parent.length === 1 ? (own.arms.length ? own.arms : [[]]).map((arm) => [...parent[0]!, ...arm]) : own.arms;
  const found = specFor({ ...target, ref: { name: relation.target, table } }, context, {
    verb: 'find', many: relation.many, result: relation.many ? ROWS : ROW_OR_NULL, ...(!relation.many && { miss: 'null' as const }),
    predicate: { arms, complete: own.complete && parent.length === 1, node: own.node },
  });
  return relation.many ? lazily(found) : one(found, context);
}

/** An option of the call's one argument; undefined where it is absent. */
export function option(args: Value | undefined, key: string, context: ClientContext): { readonly value: Value; readonly node: OperationSpec['node'] } | undefined {
  const entry = args && context.entries(args)?.findLast((each) => each.kind === 'property' && each.key === key);
  return entry?.kind === 'property' ? entry : undefined;
}

/** The argument is known to hold nothing beside what its entries tell. */
export function isRead(args: Value | undefined, context: ClientContext): boolean {
  if (!args || args.kind === 'literal') return true;
  const entries = context.entries(args);
  return entries !== undefined && entries.every((one) => one.kind === 'property');
}

export function predicateOf(target: Target, args: Value | undefined, unique: boolean, context: ClientContext): NonNullable<OperationSpec['predicate']> {
  const where = option(args, 'where', context);
  const read = wherePredicate(where?.value, target.ref.table, unique, context, where?.node);
  // An argument that was handed in may hold any condition.
  return where || isRead(args, context) ? read : { arms: [], complete: false, node: target.node };
}

function find(target: Target, args: Value | undefined, unique: boolean, result: readonly ResultPart[], context: ClientContext): OperationSpec {
  const predicate = predicateOf(target, args, unique, context);
  const { columns, includes, included } = projectionOf(args, target.ref.table, context);
  const take = option(args, 'take', context);
  const limit = take && context.literal(take.value)?.value;
  const miss = result === ROW_OR_THROW ? 'throws' as const : result === ROW_OR_NULL ? 'null' as const : undefined;
  const order = orderOf(option(args, 'orderBy', context)?.value, context);
  const many = result === ROWS && !(limit === 1 || limit === -1) && !addressesOne(predicate, target.ref.table);
  return specFor(target, context, {
    verb: 'find', many, result, predicate, ...(miss && { miss }), ...(columns && { columns }), ...(includes && { includes }), ...(included && { included }), ...(order && { order }),
  });
}

/** `orderBy: { number: 'desc' }`, a list of such, `{ number: { sort: 'desc', nulls: 'last' } }`. */
function orderOf(value: Value | undefined, context: ClientContext): OperationSpec['order'] {
  if (!value) return undefined;
  const parts = context.elements(value)?.map((one) => one.value) ?? [value];
  const order = parts.flatMap((part) => (context.entries(part) ?? []).flatMap((entry) => {
    if (entry.kind === 'spread') return [];
    const direction = context.literal(entry.value)?.value ?? context.literal(context.property(entry.value, 'sort'))?.value;
    return direction === 'asc' || direction === 'desc' ? [{ column: entry.key, descending: direction === 'desc' }] : [];
  }));
  return order.length ? order : undefined;
}

function count(target: Target, args: Value | undefined, context: ClientContext): OperationSpec {
  const select = option(args, 'select', context);
  const parts = select && context.entries(select.value)?.flatMap((one) => (one.kind === 'property' ? [one.key] : []));
  const result: readonly ResultPart[] = parts ? parts.map((key) => ({ path: [key], is: 'count', numeric: 'number' })) : [{ path: [], is: 'count', numeric: 'number' }];
  return specFor(target, context, { verb: 'count', many: true, result, predicate: predicateOf(target, args, false, context) });
}

const AGGREGATES: Readonly<Record<string, string>> = { _max: 'max', _min: 'min', _sum: 'sum', _avg: 'avg', max: 'max', min: 'min', sum: 'sum', avg: 'avg' };

function aggregate(target: Target, args: Value | undefined, context: ClientContext): OperationSpec {
  const predicate = predicateOf(target, args, false, context);
  const result: ResultPart[] = [];
  let first: OperationSpec['aggregate'];
  for (const entry of (args && context.entries(args)) ?? []) {
    if (entry.kind === 'spread') continue;
    const columns = context.entries(entry.value)?.flatMap((one) => (one.kind === 'property' && !(one.value.kind === 'literal' && !one.value.value) ? [one.key] : []));
    if (entry.key === '_count' || entry.key === 'count') {
      if (columns) result.push(...columns.map((column): ResultPart => ({ path: [entry.key, column], is: 'count', numeric: 'number' })));
      else result.push({ path: [entry.key], is: 'count', numeric: 'number' });
      continue;
    }
    const fn = AGGREGATES[entry.key];
    if (!fn) continue;
    for (const column of columns ?? []) {
      first ??= { function: fn, column };
      result.push({ path: [entry.key, column], is: 'scalar', column });
    }
  }
  const onlyCounts = result.length > 0 && result.every((one) => one.is === 'count');
  return specFor(target, context, { verb: onlyCounts ? 'count' : 'aggregate', many: true, result, predicate, ...(first && { aggregate: first }) });
}

/** Groups are rows of their own: each holds the columns of `by` and aggregates below `_count`, `_max` …. */
function grouped(target: Target, args: Value | undefined, context: ClientContext): OperationSpec {
  const by = option(args, 'by', context)?.value;
  const columns = by && (context.elements(by)?.map((one) => context.literal(one.value)?.value) ?? [context.literal(by)?.value]).filter((one) => typeof one === 'string');
  return specFor(target, context, { verb: 'aggregate', many: true, result: ROWS, predicate: predicateOf(target, args, false, context), ...(columns?.length && { columns }) });
}
