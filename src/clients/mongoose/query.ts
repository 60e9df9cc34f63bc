/** Mongoose queries: they change in place, and run when somebody awaits them (`exec`, `then`, `await`). */
import type { Node, OperationSpec, Value } from '../../model.ts';
import { contains } from '../../source/syntax.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { andPredicate } from '../common/rows.ts';
import { fieldPredicate, filterPredicate, idPredicate, logical, operator } from './filter.ts';
import { makeHandle, sessionOf, transactionIn, type Target } from './handles.ts';
import { READS, statement, WRITES, type Request } from './methods.ts';

interface QueryData extends Request {
  /** The call that says what is done. */
  readonly first: Node;
  /** The path that `where('email')` named, for the operator that follows. */
  readonly path?: string | undefined;
  readonly mutates?: true;
}

const dataOf = (handle: HandleValue): QueryData => handle.data as unknown as QueryData;

/** What the arguments of a model's method say; undefined where the method has none of its own. */
export function requestOf(call: Call, target: Target, context: ClientContext): Request | undefined {
  const [first, second, third] = call.args.map((one) => (one.kind === 'function' ? undefined : one));
  const [firstNode, secondNode] = call.argNodes;
  const { method } = call;
  const make = (predicate: Request['predicate'], options: Value | undefined, more: Partial<Request> = {}): Request => ({ target, method, predicate, options, transaction: transactionIn(options, context), ...optionsOf(options, context), ...more });
  const filter = () => filterPredicate(first, context, firstNode);
  const isDriver = target.on === 'collection';
  switch (method) {
    case 'find': case 'findOne': return isDriver ? make(filter(), second) : make(filter(), third, columnsOf(second, context));
    case 'findById': return make(idPredicate(first, context, firstNode), third, columnsOf(second, context));
    case 'countDocuments': case 'count': case 'exists': return make(filter(), second);
    case 'estimatedDocumentCount': return make(filterPredicate(undefined, context), first);
    case 'distinct': {
      const column = first && context.literal(first)?.value;
      return make(filterPredicate(second, context, secondNode), third, typeof column === 'string' ? { column } : {});
    }
    case 'updateOne': case 'updateMany': case 'update': case 'replaceOne': case 'findOneAndUpdate': case 'findOneAndReplace':
      return second && make(filter(), third, { update: { value: second, node: secondNode } });
    case 'findByIdAndUpdate': return second && make(idPredicate(first, context, firstNode), third, { update: { value: second, node: secondNode } });
    case 'deleteOne': case 'deleteMany': case 'remove': case 'findOneAndDelete': case 'findOneAndRemove': return make(filter(), second);
    case 'findByIdAndDelete': case 'findByIdAndRemove': return make(idPredicate(first, context, firstNode), second);
    default: return undefined;
  }
}

/** `{ sort, limit, lean, projection }` of an options object. */
function optionsOf(options: Value | undefined, context: ClientContext): Partial<Request> {
  const entries = options && context.entries(options);
  if (!entries) return {};
  const get = (key: string): Value | undefined => { const found = entries.findLast((one) => one.kind === 'property' && one.key === key); return found?.kind === 'property' ? found.value : undefined; };
  const projection = get('projection') ?? get('fields') ?? get('select');
  return { ...sorted(get('sort'), context), ...limited(get('limit'), context), ...lean(get('lean'), context), ...columnsOf(projection, context) };
}

function sorted(value: Value | undefined, context: ClientContext): Pick<Request, 'order'> {
  if (!value) return {};
  const text = context.literal(value)?.value;
  if (typeof text === 'string') return { order: text.split(/\s+/).filter(Boolean).map((one) => ({ column: one.replace(/^[-+]/, ''), descending: one.startsWith('-') })) };
  const entries = context.entries(value);
  if (!entries) return {};
  return { order: entries.flatMap((one) => (one.kind === 'property' ? [{ column: one.key, descending: ['-1', 'desc', 'descending'].includes(String(context.literal(one.value)?.value ?? '')) || isMinus(one.value) }] : [])) };
}

function isMinus(value: Value): boolean { return value.kind === 'expression' && value.operator === '-' && value.operands.length === 1; }

function limited(value: Value | undefined, context: ClientContext): Pick<Request, 'one'> {
  return value && context.literal(value)?.value === 1 ? { one: true } : {};
}

function lean(value: Value | undefined, context: ClientContext): Pick<Request, 'lean'> {
  const given = value && context.literal(value);
  return value && given?.value !== false && given?.value !== undefined ? { lean: true } : {};
}

/** `'name email'`, `{ name: 1 }`, `['name']`; a projection that leaves fields out fetches all others. */
function columnsOf(value: Value | undefined, context: ClientContext): Pick<Request, 'columns'> {
  if (!value) return {};
  const text = context.literal(value)?.value;
  const elements = context.elements(value)?.map((one) => String(context.literal(one.value)?.value ?? ''));
  const names = typeof text === 'string' ? text.split(/\s+/).filter(Boolean) : elements ?? context.entries(value)?.flatMap((one) => (one.kind === 'property' && ['1', 'true'].includes(String(context.literal(one.value)?.value)) ? [one.key] : []));
  // `+password` adds to what is fetched anyway.
  return names?.length && names.every((one) => one && !/^[-+$]/.test(one)) ? { columns: ['_id', ...names] } : {};
}

export function startQuery(call: Call, request: Request, context: ClientContext): Meaning | undefined {
  return queryMeaning({ ...request, first: call.node }, call.node, context);
}

function queryMeaning(data: QueryData, node: Node, context: ClientContext): Meaning | undefined {
  const spec = specAt(data, node, context);
  return spec && { kind: 'handle', handle: makeHandle(context, 'query', { ...data, transaction: data.transaction }), pending: spec };
}

function specAt(data: QueryData, node: Node, context: ClientContext): OperationSpec | undefined {
  const spec = statement({ ...data, target: { ...data.target, node } }, context);
  return spec && (contains(node, data.first) ? spec : { ...spec, verbNode: data.first });
}

const COMPARING: Readonly<Record<string, string>> = { equals: '$eq', eq: '$eq', ne: '$ne', gt: '$gt', gte: '$gte', lt: '$lt', lte: '$lte', in: '$in', nin: '$nin', regex: '$regex', exists: '$exists', all: '$all', size: '$size', elemMatch: '$elemMatch', mod: '$mod' };
/** They change how documents come, not which ones. */
const NEUTRAL: ReadonlySet<string> = new Set(['lean', 'hint', 'maxTimeMS', 'comment', 'read', 'readConcern', 'writeConcern', 'w', 'j', 'wtimeout', 'batchSize', 'allowDiskUse', 'cache', 'clone', 'toConstructor', 'setQuery', 'transform', 'collation', 'sanitizeProjection', 'pre', 'post', 'populate', 'select', 'sort', 'slice', 'tailable', 'snapshot', 'cacheQuery']);

/** A method of a query: one step of the chain, or the end of it. */
export function onQuery(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const data = dataOf(handle);
  const { method } = call;
  const [first, second] = call.args;
  const [node] = call.argNodes;
  const next = (changes: Partial<QueryData>): Meaning | undefined => queryMeaning({ ...data, ...changes, mutates: true }, call.node, context);
  const and = (added: Request['predicate'], path: string | undefined = data.path): Meaning | undefined => next({ predicate: andPredicate(data.predicate, added), path });
  const path = first && context.literal(first)?.value;
  switch (method) {
    case 'exec': {
      const spec = specAt(data, call.node, context);
      return spec && { kind: 'operation', operation: spec, lazy: false, ...(first?.kind === 'function' && { callback: first }) };
    }
    case 'where':
      if (typeof path !== 'string') return first ? and(filterPredicate(first, context, node)) : next({});
      return second ? and(fieldPredicate(path, second, call.argNodes[1], context), path) : next({ path });
    case 'and': case 'or': case 'nor': return first && and(logical(`$${method}`, first, node, context));
    case 'session': return next({ transaction: sessionOf(first)?.transaction });
    case 'setOptions': return next({ ...optionsOf(first, context), ...(transactionIn(first, context) && { transaction: transactionIn(first, context) }), ...(data.options === undefined && { options: first }) });
    case 'sort': return next(sorted(first, context));
    case 'limit': return next(limited(first, context));
    case 'lean': return next({ lean: context.literal(first ?? context.terms.true)?.value !== false });
    case 'select': return next(columnsOf(first, context));
    case 'populate': return next({ includes: [...data.includes ?? [], ...namesOf(first, context)] });
    case 'orFail': return next({ orFail: true });
    case 'skip': return next({ predicate: { ...data.predicate, complete: false } });
    case 'set': return first && data.update === undefined ? next({ update: { value: first, node } }) : next({});
    case 'then': case 'catch': case 'finally': return undefined;
    default:
  }
  const compares = COMPARING[method];
  if (compares !== undefined) {
    const [column, value, at] = second && typeof path === 'string' ? [path, second, call.argNodes[1]] : [data.path, first ?? context.terms.true, node];
    return column === undefined ? next({ predicate: { ...data.predicate, complete: false } }) : and(compares === '$eq' ? fieldPredicate(column, value, at, context) : operator(column, compares, value, at, context), column);
  }
  if (READS.has(method) || WRITES.has(method)) {
    // `User.find(filter).deleteMany()`, `User.where('a', 1).findOne()`, `User.findOne(filter).updateOne(update)`.
    const updates = WRITES.has(method) && !/delete|remove/i.test(method);
    const only = updates && call.args.length === 1;
    const request = requestOf(only ? { ...call, args: [context.terms.undefined, ...call.args], argNodes: [call.node, ...call.argNodes] } : call, data.target, context);
    if (!request) return undefined;
    const predicate = first && !only ? andPredicate(data.predicate, request.predicate) : data.predicate;
    return queryMeaning({ ...data, ...request, transaction: request.transaction ?? data.transaction, predicate, first: data.first, mutates: true }, call.node, context);
  }
  if (NEUTRAL.has(method)) return next({});
  // A query helper of the project's own, or a plugin's: it may narrow the filter.
  return next({ predicate: { ...data.predicate, complete: false } });
}

function namesOf(value: Value | undefined, context: ClientContext): readonly string[] {
  if (!value) return [];
  const text = context.literal(value)?.value;
  if (typeof text === 'string') return text.split(/\s+/).filter(Boolean);
  const elements = context.elements(value);
  if (elements) return elements.flatMap((one) => namesOf(one.value, context));
  const path = context.entries(value) && context.literal(context.property(value, 'path'))?.value;
  return typeof path === 'string' ? [path] : [];
}

/** `User.where('email', email)`, `User.where({ email })`: a find. */
export function startWhere(call: Call, target: Target, context: ClientContext): Meaning | undefined {
  const request: Request = { target, method: 'find', predicate: filterPredicate(undefined, context) };
  const started = queryMeaning({ ...request, first: call.node }, call.node, context);
  return started?.kind === 'handle' ? onQuery(call, started.handle, context) : undefined;
}
