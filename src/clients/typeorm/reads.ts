/** Reads of repositories, managers and Active Record classes. */
import type { Node, OperationSpec, Predicate, ResultPart, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { comparison } from '../common/rows.ts';
import { idColumn, primaryKey } from './entities.ts';
import { dialectOf, ID, transactionOf, type Target } from './handles.ts';
import { isFindOptions, readFindOptions, type FindOptions } from './options.ts';
import { criteriaPredicate, wherePredicate, withoutDeleted } from './where.ts';

export const ROW_OR_NULL: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'null' }];
export const ROW_OR_THROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'throws' }];
export const ROWS: readonly ResultPart[] = [{ path: [], is: 'rows' }];
export const COUNT: readonly ResultPart[] = [{ path: [], is: 'count', numeric: 'number' }];
export const EXISTS: readonly ResultPart[] = [{ path: [], is: 'exists' }];
export const ROWS_AND_COUNT: readonly ResultPart[] = [{ path: ['0'], is: 'rows' }, { path: ['1'], is: 'count', numeric: 'number' }];

/** The arguments behind the entity of a manager's call, or all of a repository's. */
export interface Arguments { readonly values: readonly Value[]; readonly nodes: readonly Node[] }

export function specFor(target: Target, context: ClientContext, spec: Pick<OperationSpec, 'verb' | 'many' | 'result'> & Partial<OperationSpec>): OperationSpec {
  return {
    client: ID,
    label: target.label,
    table: target.ref,
    dialect: dialectOf(target.origin, context),
    transaction: transactionOf(target.origin),
    evidence: target.origin.evidence,
    node: target.node,
    ...spec,
    detail: { ...spec.detail, on: target.on, entityNode: target.entityNode, borrowed: target.origin.borrowed },
  };
}

export function operation(spec: OperationSpec): Meaning { return { kind: 'operation', operation: spec, lazy: false }; }

export const READS: ReadonlySet<string> = new Set([
  'findOne', 'findOneOrFail', 'findOneBy', 'findOneByOrFail', 'find', 'findBy', 'findAndCount', 'findAndCountBy', 'findByIds', 'findOneById',
  'count', 'countBy', 'exists', 'exist', 'existsBy', 'sum', 'average', 'minimum', 'maximum', 'preload', 'findTrees', 'findRoots',
]);

const AGGREGATES: Readonly<Record<string, string>> = { sum: 'sum', average: 'avg', minimum: 'min', maximum: 'max' };

export function readMeaning(method: string, target: Target, args: Arguments, context: ClientContext): Meaning | undefined {
  const { table } = target.ref;
  const [first, second] = args.values;
  const by = (): FindOptions => ({ predicate: withoutDeleted(wherePredicate(first, table, context, args.nodes[0]), table, context), limitedToOne: false });
  const optioned = (): FindOptions => findOptions(target, args, context);
  switch (method) {
    case 'findOne': return find(target, optioned(), false, ROW_OR_NULL, context);
    case 'findOneOrFail': return find(target, optioned(), false, ROW_OR_THROW, context);
    case 'findOneBy': return find(target, by(), false, ROW_OR_NULL, context);
    case 'findOneByOrFail': return find(target, by(), false, ROW_OR_THROW, context);
    case 'findOneById': return find(target, { predicate: withoutDeleted(criteriaPredicate(first, table, context, args.nodes[0]), table, context), limitedToOne: false }, false, ROW_OR_NULL, context);
    case 'find': {
      const options = optioned();
      return find(target, options, !options.limitedToOne, ROWS, context);
    }
    case 'findBy': return find(target, by(), true, ROWS, context);
    case 'findByIds': return find(target, { predicate: withoutDeleted(criteriaPredicate(first, table, context, args.nodes[0]), table, context), limitedToOne: false }, true, ROWS, context);
    case 'findTrees': case 'findRoots': return find(target, { predicate: { arms: [], complete: false, node: undefined }, limitedToOne: false }, true, ROWS, context);
    case 'findAndCount': return find(target, optioned(), true, ROWS_AND_COUNT, context);
    case 'findAndCountBy': return find(target, by(), true, ROWS_AND_COUNT, context);
    case 'count': return count(target, optioned(), COUNT, context);
    case 'countBy': return count(target, by(), COUNT, context);
    case 'exists': case 'exist': return count(target, optioned(), EXISTS, context);
    case 'existsBy': return count(target, by(), EXISTS, context);
    case 'sum': case 'average': case 'minimum': case 'maximum': {
      const column = first && context.literal(first)?.value;
      const name = typeof column === 'string' ? column : undefined;
      const predicate = withoutDeleted(wherePredicate(second, table, context, args.nodes[1]), table, context);
      return operation(specFor(target, context, {
        verb: 'aggregate', many: true, predicate, aggregate: { function: AGGREGATES[method]!, column: name },
        result: [{ path: [], is: 'scalar', ...(name && { column: name }), numeric: 'number' }],
      }));
    }
    case 'preload': return preload(target, first, args.nodes[0], context);
    default: return undefined;
  }
}

/** `findOne(options)`; before 0.3 also `findOne(id, options?)` and `findOne(conditions, options?)`. */
function findOptions(target: Target, args: Arguments, context: ClientContext): FindOptions {
  const [first, second] = args.values;
  const { table } = target.ref;
  if (first && second && !isFindOptions(first, context)) {
    const predicate = context.entries(first) ? wherePredicate(first, table, context, args.nodes[0]) : criteriaPredicate(first, table, context, args.nodes[0]);
    const options = readFindOptions(second, table, context, args.nodes[1]);
    return { ...options, predicate: withoutDeleted(predicate, table, context) };
  }
  if (first && !context.entries(first) && !context.elements(first)) {
    const predicate = criteriaPredicate(first, table, context, args.nodes[0]);
    if (predicate.complete) return { predicate: withoutDeleted(predicate, table, context), limitedToOne: false };
  }
  return readFindOptions(first, table, context, args.nodes[0]);
}

function find(target: Target, options: FindOptions, many: boolean, result: readonly ResultPart[], context: ClientContext): Meaning {
  const { predicate, lock, columns, includes, order, detail } = options;
  const miss = result === ROW_OR_THROW ? 'throws' as const : result === ROW_OR_NULL ? 'null' as const : undefined;
  return operation(specFor(target, context, {
    verb: 'find', many, result, predicate,
    ...(miss && { miss }), ...(lock && { lock }), ...(columns && { columns }), ...(includes && { includes }), ...(order && { order }), ...(detail && { detail }),
  }));
}

function count(target: Target, options: FindOptions, result: readonly ResultPart[], context: ClientContext): Meaning {
  return operation(specFor(target, context, { verb: 'count', many: true, result, predicate: options.predicate, ...(options.lock && { lock: options.lock }) }));
}

/**
 * `preload({ id, …changes })`: a SELECT by primary key whose row then carries the given fields; the save that follows is the
 * write. The changes ride in `detail.assigns`, since a result cannot have fields of its own.
 */
function preload(target: Target, like: Value | undefined, node: Node | undefined, context: ClientContext): Meaning {
  const keys = primaryKey(target.ref.table) ?? [idColumn(target.ref.table) ?? 'id'];
  const predicate: Predicate = like
    ? { arms: [keys.map((key) => comparison(key, '=', context.property(like, key), node))], complete: true, node }
    : { arms: [], complete: false, node };
  return operation(specFor(target, context, {
    verb: 'find', many: false, miss: 'null', result: [{ path: [], is: 'row', miss: 'undefined' }], predicate, ...(like && { detail: { assigns: like } }),
  }));
}

/** `user.reload()`: the row is read again into the same object. */
export function reload(target: Target, call: Call, predicate: Predicate, context: ClientContext): Meaning {
  return operation(specFor({ ...target, node: call.node }, context, { verb: 'find', many: false, predicate, miss: 'throws', result: [] }));
}
