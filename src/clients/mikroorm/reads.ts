/** Reads of entity managers and repositories. */
import type { Node, OperationSpec, ResultPart, Value } from '../../model.ts';
import type { ClientContext, Meaning } from '../client.ts';
import { specFor, type Target } from './handles.ts';
import { lockOf, readOptions, type FindOptions } from './options.ts';
import { rowPredicate, wherePredicate } from './where.ts';

export const ROW_OR_NULL: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'null' }];
export const ROW_OR_THROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'throws' }];
export const ROWS: readonly ResultPart[] = [{ path: [], is: 'rows' }];
export const COUNT: readonly ResultPart[] = [{ path: [], is: 'count', numeric: 'number' }];
export const ROWS_AND_COUNT: readonly ResultPart[] = [{ path: ['0'], is: 'rows' }, { path: ['1'], is: 'count', numeric: 'number' }];
const PAGE: readonly ResultPart[] = [{ path: ['items'], is: 'rows' }, { path: ['totalCount'], is: 'count', numeric: 'number' }];

export const READS: ReadonlySet<string> = new Set(['findOne', 'findOneOrFail', 'find', 'findAll', 'findAndCount', 'findByCursor', 'count', 'refresh', 'refreshOrFail', 'lock']);

/** The arguments behind the entity of a manager's call, or all of a repository's. */
export interface Arguments { readonly values: readonly Value[]; readonly nodes: readonly Node[] }

export function operation(spec: OperationSpec): Meaning { return { kind: 'operation', operation: spec, lazy: false }; }

export function readMeaning(method: string, target: Target, { values: [first, second], nodes }: Arguments, context: ClientContext): Meaning | undefined {
  const { table } = target.ref;
  const by = (options: FindOptions, many: boolean, result: readonly ResultPart[], where: Value | undefined = first): Meaning => {
    const { lock, columns, includes, order } = options;
    const miss = result === ROW_OR_THROW ? 'throws' as const : result === ROW_OR_NULL ? 'null' as const : undefined;
    return operation(specFor(target, context, {
      verb: 'find', many, result, predicate: wherePredicate(where, table, context, nodes[0]),
      ...(miss && { miss }), ...(lock && { lock }), ...(columns && { columns }), ...(includes && { includes }), ...(order && { order }),
    }));
  };
  const options = readOptions(second, context);
  switch (method) {
    case 'findOne': return by(options, false, ROW_OR_NULL);
    case 'findOneOrFail': return by(options, false, ROW_OR_THROW);
    case 'find': return by(options, !options.limitedToOne, ROWS);
    case 'findAndCount': return by(options, true, ROWS_AND_COUNT);
    // Everything is one options object, the conditions under `where`.
    case 'findAll': return findAll(first, ROWS);
    case 'findByCursor': return first && context.entries(first)?.some((one) => one.kind === 'property' && one.key === 'where') ? findAll(first, PAGE) : by(options, true, PAGE);
    case 'count': return operation(specFor(target, context, { verb: 'count', many: true, result: COUNT, predicate: wherePredicate(first, table, context, nodes[0]) }));
    default: return undefined;
  }
  function findAll(given: Value | undefined, result: readonly ResultPart[]): Meaning {
    const where = given && context.entries(given) ? context.property(given, 'where') : undefined;
    const own = readOptions(given, context);
    return by(own, !own.limitedToOne, result, where?.kind === 'literal' ? undefined : where);
  }
}

/** `em.lock(entity, mode)` locks the row and leaves the fields as they were read; `em.refresh(entity, { lockMode })` reads them again. */
export function ofRow(method: string, target: Target, [row, second]: readonly Value[], context: ClientContext): Meaning | undefined {
  if (!row) return undefined;
  const predicate = rowPredicate(row, target.ref.table, context, target.node);
  if (method === 'lock') {
    const lock = lockOf(second, context);
    return lock ? operation(specFor(target, context, { verb: 'lock', many: false, predicate, lock, result: [] })) : { kind: 'value', value: context.terms.undefined };
  }
  const { lock } = readOptions(second, context);
  return operation(specFor(target, context, { verb: 'find', many: false, predicate, reloads: row, ...(lock && { lock }), result: method === 'refresh' ? ROW_OR_NULL : ROW_OR_THROW, miss: method === 'refresh' ? 'null' : 'throws' }));
}
