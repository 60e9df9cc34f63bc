/** Calls on models and collections: the statements that are no query, and the start of those that are. */
import type { Node, OperationSpec, ResultPart, Transaction, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { rowsFrom } from '../common/rows.ts';
import { pipeline } from './aggregate.ts';
import { filterPredicate, identity } from './filter.ts';
import { makeHandle, modelData, modelHandle, specFor, targetOf, transactionIn, type Origin, type Target } from './handles.ts';
import { READS, statement, WRITES } from './methods.ts';
import { requestOf, startQuery, startWhere } from './query.ts';
import { sessionFrom } from './sessions.ts';
import { BULK_VIOLATION, VIOLATION } from './violation.ts';
import type { HandleValue } from '../../value/terms.ts';

const WRITTEN: readonly ResultPart[] = [{ path: [], is: 'written' }];

export const INSERTS: ReadonlySet<string> = new Set(['create', 'insertMany', 'insertOne', 'insert', 'bulkWrite', 'bulkSave']);

/** Methods of a model whose name is known, however it was recognised. */
export function onModel(call: Call, name: string | undefined, origin: Origin, context: ClientContext, self?: HandleValue): Meaning | undefined {
  const target = targetOf(call, origin, name, 'model', context, self);
  const callback = call.args.at(-1)?.kind === 'function' ? call.args.at(-1) : undefined;
  if (READS.has(call.method) || WRITES.has(call.method)) {
    const request = requestOf(call, target, context);
    if (!request) return undefined;
    if (!callback) return startQuery(call, request, context);
    // Before version 7 a callback as the last argument started the query.
    const spec = statement(request, context);
    return spec && { kind: 'operation', operation: spec, lazy: false, callback };
  }
  switch (call.method) {
    case 'create': return created(call, target, callback, context);
    case 'insertMany': return inserted(call, target, context);
    case 'bulkWrite': case 'bulkSave': return bulk(call, target, context);
    case 'aggregate': return { kind: 'handle', handle: makeHandle(context, 'query', { lazy: true }), pending: pipeline(target, call.args[0], transactionIn(call.args[1], context), context) };
    case 'where': return startWhere(call, { ...target, label: `${call.receiverText}.find` }, context);
    case 'startSession': return sessionFrom(call, origin, context);
    case 'discriminator': return { kind: 'handle', handle: modelHandle(context, name, origin) };
    case 'hydrate': return self && { kind: 'instance', from: undefined, of: self, node: call.node };
    default: return undefined;
  }
}

/** `create(values)`, `create([…], options)`, `create(a, b)`: one insert command for each document. */
function created(call: Call, target: Target, callback: Value | undefined, context: ClientContext): Meaning | undefined {
  const args = call.args.filter((one) => one.kind !== 'function');
  const [first, second] = args;
  if (!first) return undefined;
  const isList = context.elements(first) !== undefined || first.kind === 'array' || first.kind === 'filtered';
  // `create(values, done)`: a callback that is handed on.
  const several = !isList && args.length > 1 && !(args.length === 2 && second!.kind === 'input' && /^(?:cb|callback|done|next)$/i.test(second!.name));
  const given = several ? undefined : rowsFrom(first, context, call.argNodes[0], identified(context));
  const rows = several ? args.flatMap((one, index) => rowsFrom(one, context, call.argNodes[index], identified(context)).rows) : given!.rows;
  // A variable that is no list in sight is one document: lists are written as such, or mapped.
  const single = !several && !isList;
  const many = several || (isList && given!.many);
  const operation = specFor(target, {
    verb: 'insert', rows, many, ...(!single && given?.rowsOf && { rowsOf: given.rowsOf }), transaction: isList ? transactionIn(second, context) : undefined, violation: VIOLATION,
    result: isList && !many ? [{ path: ['0'], is: 'written' }] : WRITTEN, detail: { method: 'create', list: isList },
  });
  return { kind: 'operation', operation, lazy: false, ...(callback && { callback }) };
}

const identified = (context: ClientContext) => (_key: string, value: Value): { value: Value; how: 'set' } => ({ value: identity(value, context), how: 'set' });

function inserted(call: Call, target: Target, context: ClientContext): Meaning | undefined {
  const [first, options] = call.args;
  if (!first) return undefined;
  const isOrdered = options === undefined || context.literal(options) !== undefined || context.literal(context.property(options, 'ordered'))?.value !== false;
  const operation = specFor(target, {
    ...rowsFrom(first, context, call.argNodes[0], identified(context)), many: true, verb: 'insert', transaction: transactionIn(options, context), violation: BULK_VIOLATION, result: WRITTEN,
    detail: { method: 'insertMany', ordered: isOrdered },
  });
  return { kind: 'operation', operation, lazy: false };
}

/** `bulkWrite([{ insertOne: { document } }, { updateOne: { filter, update, upsert } }, …])`: each its own statement, in order. */
function bulk(call: Call, target: Target, context: ClientContext): Meaning | undefined {
  const [first, options] = call.args;
  const transaction = transactionIn(options, context);
  if (!first || call.method === 'bulkSave') return undefined;
  const elements = context.elements(first) ?? [{ value: context.element(first), node: call.argNodes[0]!, spread: false }];
  const operations = elements.flatMap(({ value, node }) => bulkStep(value, node, first, target, transaction, context) ?? []);
  return operations.length ? { kind: 'operations', operations, lazy: false } : undefined;
}

function bulkStep(given: Value, node: Node, list: Value, target: Target, transaction: Transaction | undefined, context: ClientContext): OperationSpec | undefined {
  const [step] = context.entries(given) ?? [];
  if (step?.kind !== 'property') return undefined;
  const get = (key: string): Value => context.property(step.value, key);
  const isListed = context.elements(list) === undefined;
  if (step.key === 'insertOne') {
    const written = rowsFrom(get('document'), context, node, identified(context));
    return specFor(target, { verb: 'insert', rows: written.rows, many: isListed, ...(isListed && { rowsOf: list }), transaction, violation: BULK_VIOLATION, result: [], detail: { method: 'bulkWrite' } });
  }
  const replacement = step.key === 'replaceOne' ? get('replacement') : undefined;
  const spec = statement({ target, method: step.key, predicate: filterPredicate(get('filter'), context, node), update: { value: replacement ?? get('update'), node }, options: step.value, transaction }, context);
  return spec && { ...spec, many: spec.many || isListed, ...(isListed && { each: list }), result: [], ...(spec.violation && { violation: BULK_VIOLATION }) };
}

/** The driver's collection: every call is sent at once, but for cursors. */
export function onCollection(call: Call, name: string | undefined, origin: Origin, context: ClientContext): Meaning | undefined {
  const target = targetOf(call, origin, name, 'collection', context);
  const [first, second] = call.args;
  const callback = callbackOf(call);
  switch (call.method) {
    case 'insertOne': case 'insert': {
      if (!first) return undefined;
      const written = rowsFrom(first, context, call.argNodes[0], identified(context));
      const single = call.method === 'insertOne';
      return { kind: 'operation', lazy: false, ...callback, operation: specFor(target, {
        verb: 'insert', rows: written.rows, many: single ? false : written.many, transaction: transactionIn(second, context), violation: VIOLATION,
        result: [{ path: ['insertedId'], is: 'scalar', column: '_id' }, { path: ['ops'], is: 'rows' }, { path: [], is: 'written' }], detail: { method: call.method },
      }) };
    }
    case 'insertMany': return inserted(call, target, context);
    case 'bulkWrite': return bulk(call, target, context);
    case 'find': {
      const request = requestOf(call, target, context);
      return request && { kind: 'handle', handle: makeHandle(context, 'cursor', { ...request }) };
    }
    case 'aggregate': return { kind: 'handle', handle: makeHandle(context, 'cursor', { pipeline: pipeline(target, first, transactionIn(second, context), context) }) };
    default: {
      if (!READS.has(call.method) && !WRITES.has(call.method)) return undefined;
      const request = requestOf(call, target, context);
      const operation = request && statement(request, context);
      return operation && { kind: 'operation', operation, lazy: false, ...callback };
    }
  }
}

/** Before version 5 the driver told a callback given as the last argument. */
function callbackOf(call: Call): { readonly callback?: Value } {
  const last = call.args.at(-1);
  return last?.kind === 'function' ? { callback: last } : {};
}

/** `find(filter).sort(…).limit(1).toArray()`. */
export function onCursor(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const fixed = handle.data['pipeline'] as OperationSpec | undefined;
  const request = handle.data as unknown as Parameters<typeof statement>[0];
  const [first] = call.args;
  const next = (changes: object): Meaning => ({ kind: 'handle', handle: makeHandle(context, 'cursor', { ...handle.data, ...changes }) });
  const run = (method: string, changes: Partial<OperationSpec> = {}): Meaning | undefined => {
    const spec = fixed ? { ...fixed, node: call.node } : statement({ ...request, method, target: { ...request.target, node: call.node } }, context);
    return spec && { kind: 'operation', operation: { ...spec, ...changes }, lazy: false, ...callbackOf(call) };
  };
  switch (call.method) {
    case 'toArray': return run('find');
    case 'next': case 'tryNext': return run('findOne', { many: false, result: [{ path: [], is: 'row', miss: 'null' }] });
    case 'hasNext': return run('countDocuments', { verb: 'count', result: [{ path: [], is: 'exists' }] });
    case 'count': return run('countDocuments');
    case 'limit': return next(context.literal(first ?? context.terms.undefined)?.value === 1 ? { one: true } : {});
    case 'sort': return fixed ? next({}) : next({ order: orderOf(first, call.args[1], context) });
    case 'filter': return first ? next({ predicate: filterPredicate(first, context, call.argNodes[0]) }) : next({});
    case 'skip': return fixed ? next({}) : next({ predicate: { ...request.predicate, complete: false } });
    case 'project': case 'batchSize': case 'hint': case 'maxTimeMS': case 'collation': case 'comment': return next({});
    case 'map': return undefined;
    default: return undefined;
  }
}

function orderOf(first: Value | undefined, direction: Value | undefined, context: ClientContext): OperationSpec['order'] {
  if (!first) return undefined;
  const isDown = (value: Value | undefined): boolean => ['-1', 'desc'].includes(String(value && context.literal(value)?.value));
  const name = context.literal(first)?.value;
  if (typeof name === 'string') return [{ column: name, descending: isDown(direction) }];
  return context.entries(first)?.flatMap((one) => (one.kind === 'property' ? [{ column: one.key, descending: isDown(one.value) }] : []));
}

/** A method that the schema adds: `statics` on the model. */
export function schemaStatic(handle: HandleValue, method: string, context: ClientContext): Value | undefined {
  return added(modelData(handle).schema, 'statics', method, context);
}

/** Given in the schema's options, or assigned to it afterwards (`schema.methods.touch = function …`). */
export function added(schema: HandleValue | undefined, kind: 'statics' | 'methods', method: string, context: ClientContext): Value | undefined {
  if (!schema) return undefined;
  const given = schema.data[kind] as Value | undefined;
  const candidates = [given, context.property(schema, kind)].flatMap((one) => (one ? [context.property(one, method)] : []));
  return candidates.find((one) => one.kind === 'function');
}
