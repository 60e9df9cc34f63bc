/** One statement: what a method with its filter, update and options reads or writes, and how code gets at the result. */
import type { Conflict, Node, OperationSpec, Predicate, ResultPart, Table, Transaction, Tri, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { addressesOne } from '../common/rows.ts';
import { specFor, type Target } from './handles.ts';
import { updateOf, upsertedRow } from './update.ts';
import { VIOLATION } from './violation.ts';

/** Methods with a filter, on models, queries and collections alike. `ById` ones are read as the ones without. */
export const READS: ReadonlySet<string> = new Set(['find', 'findOne', 'findById', 'countDocuments', 'count', 'estimatedDocumentCount', 'exists', 'distinct']);
export const WRITES: ReadonlySet<string> = new Set([
  'updateOne', 'updateMany', 'update', 'replaceOne', 'findOneAndUpdate', 'findByIdAndUpdate', 'findOneAndReplace', 'deleteOne', 'deleteMany', 'remove',
  'findOneAndDelete', 'findByIdAndDelete', 'findOneAndRemove', 'findByIdAndRemove', 'findAndModify',
]);

export interface Request {
  readonly target: Target;
  readonly method: string;
  readonly predicate: Predicate;
  readonly update?: { readonly value: Value; readonly node: Node | undefined } | undefined;
  readonly options?: Value | undefined;
  readonly transaction?: Transaction | undefined;
  readonly order?: OperationSpec['order'];
  readonly columns?: readonly string[] | undefined;
  readonly includes?: readonly string[] | undefined;
  /** `limit(1)`. */
  readonly one?: boolean | undefined;
  readonly lean?: boolean | undefined;
  readonly orFail?: boolean | undefined;
  /** `distinct('email')`. */
  readonly column?: string | undefined;
}

const ROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'null' }];
const ROW_OR_THROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'throws' }];
const ROWS: readonly ResultPart[] = [{ path: [], is: 'rows' }];
const COUNT: readonly ResultPart[] = [{ path: [], is: 'count', numeric: 'number' }];
const FOUND: readonly ResultPart[] = [{ path: [], is: 'written' }];
/** `nModified` and `n` before Mongoose 6. */
const CHANGED: readonly ResultPart[] = ['modifiedCount', 'matchedCount', 'nModified', 'n'].map((key) => ({ path: [key], is: 'affected', numeric: 'number' }));
const REMOVED: readonly ResultPart[] = ['deletedCount', 'n'].map((key) => ({ path: [key], is: 'affected', numeric: 'number' }));

export function statement(request: Request, context: ClientContext): OperationSpec | undefined {
  const { target, predicate, transaction, order, columns, includes } = request;
  const { table } = target.table;
  const base = { predicate, transaction, ...(request.lean && { detail: { lean: true, method: request.method } }), ...(!request.lean && { detail: { method: request.method } }) };
  const read = { ...base, ...(order && { order }), ...(columns && { columns }), ...(includes && { includes }) };
  switch (request.method) {
    case 'find': return specFor(target, { ...read, verb: 'find', many: !request.one, result: ROWS });
    case 'findOne': case 'findById':
      return specFor(target, { ...read, verb: 'find', many: false, miss: request.orFail ? 'throws' : 'null', result: request.orFail ? ROW_OR_THROW : ROW });
    case 'exists': return specFor(target, { ...base, verb: 'find', many: false, miss: 'null', columns: ['_id'], result: ROW });
    case 'countDocuments': case 'count': case 'estimatedDocumentCount': return specFor(target, { ...base, verb: 'count', many: true, result: COUNT });
    case 'distinct': return specFor(target, { ...base, verb: 'find', many: true, result: ROWS, ...(request.column !== undefined && { columns: [request.column] }) });
    case 'updateOne': case 'updateMany': case 'update': case 'replaceOne': return written(request, CHANGED, context);
    case 'findOneAndUpdate': case 'findByIdAndUpdate': case 'findOneAndReplace': case 'findAndModify': return written(request, foundPart(request, context), context);
    case 'deleteOne': case 'deleteMany': case 'remove':
      return specFor(target, { ...base, verb: 'delete', many: request.method === 'deleteMany' || (request.method === 'remove' && !addressesOne(predicate, table)), miss: 'count', result: REMOVED });
    case 'findOneAndDelete': case 'findByIdAndDelete': case 'findOneAndRemove': case 'findByIdAndRemove':
      return specFor(target, { ...base, verb: 'delete', many: false, miss: request.orFail ? 'throws' : 'null', result: foundPart(request, context) });
    default: return undefined;
  }
}

/** The document itself, or (driver before 6, `includeResultMetadata`) under `value`. */
function foundPart({ target, options, orFail }: Request, context: ClientContext): readonly ResultPart[] {
  const flag = (key: string): unknown => options && context.literal(context.property(options, key))?.value;
  const version = target.on === 'collection' ? context.version('mongodb') : undefined;
  const isWrapped = flag('includeResultMetadata') === true || flag('rawResult') === true || (version !== undefined && version < 6 && flag('includeResultMetadata') === undefined);
  return isWrapped ? [{ path: ['value'], is: 'written' }] : orFail ? [{ path: [], is: 'written' }] : FOUND;
}

function written(request: Request, result: readonly ResultPart[], context: ClientContext): OperationSpec | undefined {
  const { target, predicate, transaction, options, method } = request;
  if (!request.update) return undefined;
  const { value, node } = request.update;
  const replaces = method === 'replaceOne' || method === 'findOneAndReplace';
  const update = updateOf(value, context, node, target.on === 'collection' ? context.terms.null : undefined);
  const upserts = upsertOption(options, context);
  const many = method === 'updateMany' || (method === 'update' && options !== undefined && context.literal(context.property(options, 'multi'))?.value === true);
  const detail = { method, ...(replaces && { replaces: true }), ...(request.lean && { lean: true }), ...(isNew(options, context) && { after: true }) };
  const base = { transaction, predicate, result, violation: VIOLATION, many, detail, miss: result === CHANGED ? 'count' as const : request.orFail ? 'throws' as const : 'null' as const };
  if (upserts === false) return specFor(target, { ...base, verb: 'update', rows: [update.row] });
  const { miss: _none, ...upsert } = base;
  const atomicity = atomicityOf(predicate, target.table.table, upserts);
  const conflict: Conflict = {
    // Fields without a unique index are no target, they are what makes it two statements.
    target: atomicity.atomic === false ? undefined : equalities(predicate), action: update.row.assignments.length || update.row.spreads.length ? 'update' : 'ignore', update: update.row, ...atomicity,
  };
  // Whether it inserts at all is not known: then it is an update, of which a miss may be an insert.
  return specFor(target, { ...upsert, verb: 'upsert', rows: [upsertedRow(predicate, update, node)], conflict });
}

/** `new: true`, `returnDocument: 'after'`, `returnOriginal: false`. */
function isNew(options: Value | undefined, context: ClientContext): boolean {
  const flag = (key: string): unknown => options && context.literal(context.property(options, key))?.value;
  return flag('new') === true || flag('returnDocument') === 'after' || flag('returnOriginal') === false;
}

export function upsertOption(options: Value | undefined, context: ClientContext): Tri {
  if (!options || options.kind === 'literal') return false;
  const given = context.property(options, 'upsert');
  const literal = context.literal(given);
  if (literal) return literal.value === true;
  const entries = context.entries(options);
  if (entries?.every((one) => one.kind === 'property' && one.key !== 'upsert')) return false;
  return entries?.some((one) => one.kind === 'spread') === false ? 'unknown' : given.kind === 'member' ? false : 'unknown';
}

function equalities(predicate: Predicate): readonly string[] | undefined {
  if (predicate.arms.length !== 1 || !predicate.complete) return undefined;
  const columns = predicate.arms[0]!.filter((one) => one.operator === '=' && !one.conditional).map((one) => one.column);
  return columns.length ? columns : undefined;
}

/**
 * An upsert looks for its document and inserts where there is none; only a unique index makes the second of two concurrent ones
 * fail, after which the server itself runs it again as an update where the filter is an equality on that index's fields.
 */
function atomicityOf(predicate: Predicate, table: Table | undefined, upserts: Tri): Pick<Conflict, 'atomic' | 'why'> {
  const fields = equalities(predicate);
  const none = 'without a unique index on the filter\'s fields MongoDB looks for the document and inserts one where it finds none, so that two calls can both insert';
  if (upserts === 'unknown') return { atomic: 'unknown', why: none };
  const equal = new Set(fields ?? predicate.arms.flatMap((arm) => arm.filter((one) => one.operator === '=').map((one) => one.column)));
  const isKey = (columns: readonly string[]): boolean => columns.length > 0 && columns.every((column) => equal.has(column));
  if (isKey(['_id']) || table?.keys.some((key) => !key.expression && !key.where && isKey(key.columns))) return { atomic: true };
  if (!table?.complete || !predicate.complete) return { atomic: 'unknown', why: `${none}, and whether there is one is not known` };
  if (table.keys.some((key) => key.where && isKey(key.columns))) return { atomic: 'unknown', why: 'the unique index on the filter\'s fields holds for some documents only' };
  return { atomic: false, why: none };
}
