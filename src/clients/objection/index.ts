/**
 * Objection: models over Knex's builder. A query is sent when it is awaited, errors are thrown in the library's own classes, and only what
 * is given a transaction runs inside it.
 */
import type { Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, Client, ClientContext, Meaning } from '../client.ts';
import { connectionHandle } from '../common/builder/connection.ts';
import { originOf } from '../common/builder/state.ts';
import { EVIDENCE } from './evidence.ts';
import { forms } from './forms.ts';
import { ID, isHandle, isModelClass, make, PACKAGES, rowModel, type ModelData } from './handles.ts';
import { HOOKS, hookMethod } from './hooks.ts';
import { DECLARED, onClass, onModel, onRow } from './models.ts';
import { onQuery } from './query.ts';
import { declaredValue, exported, fromShape, importedValue } from './recognise.ts';
import { modelSource } from './schema.ts';
import { begun, transaction } from './transactions.ts';

/** `transaction(User, fn)`, `raw('lower(email)')`, `ref('users.name')`. */
function onExport(call: Call, name: string, context: ClientContext): Meaning | undefined {
  const [first, ...rest] = call.args;
  switch (name) {
    case 'transaction': return call.method === 'start' ? begun(call, DECLARED, context) : transaction(call, call.args.filter((one) => one.kind !== 'function'), DECLARED, context);
    case 'raw': return first && { kind: 'handle', handle: make(context, 'raw', { ...DECLARED, text: first, bindings: rest }) };
    case 'ref': case 'fn': return { kind: 'handle', handle: make(context, 'functions') };
    case 'lit': case 'val': return first && { kind: 'value', value: first };
    default: return undefined;
  }
}

function onHandle(call: Call, receiver: HandleValue, context: ClientContext): Meaning | undefined {
  switch (receiver.type) {
    case 'module': return call.method === 'transaction' || exported(call.method, context)?.kind === 'handle' ? onExport(call, call.method, context) : undefined;
    case 'export': return onExport(call, String(receiver.data['name']), context);
    // The class that all models come from has no rows: transactions, fragments, the connection.
    case 'base': return call.method === 'query' ? undefined : onModel(call, { name: undefined, table: { name: 'Model', table: undefined }, ids: ['id'] }, DECLARED, context);
    case 'model': {
      const { model } = receiver.data as unknown as ModelData;
      if (call.method === '') return call.isNew ? { kind: 'instance', from: call.args[0], of: model.value ?? receiver, node: call.node } : undefined;
      const known = onModel(call, model, originOf(receiver), context);
      if (known) return known;
      // A static method of the class that this is a view of.
      const own = model.value && context.property(model.value, call.method);
      const result = own?.kind === 'function' ? context.callback({ ...own, self: receiver }, call.args) : undefined;
      return result && { kind: 'value', value: result };
    }
    case 'builder': return onQuery(receiver, call, context);
    case 'raw': return { kind: 'handle', handle: receiver };
    // `ref('name').castText()`, `fn.now()`: the database makes it.
    case 'functions': return call.method === 'now' || call.method === 'coalesce' ? { kind: 'value', value: context.terms.expression(`sql:${call.method}`, []) } : { kind: 'handle', handle: receiver };
    default: return undefined;
  }
}

export const objection: Client = {
  id: ID,
  name: 'Objection',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: {
    reads: ['query', '$query', 'relatedQuery', '$relatedQuery', 'findOne', 'findById', 'findByIds', 'first', 'resultSize', 'where'],
    writes: [
      'insert', 'insertAndFetch', 'insertGraph', 'insertGraphAndFetch', 'insertWithRelated', 'insertWithRelatedAndFetch', 'patch', 'patchAndFetch', 'patchAndFetchById', 'update', 'updateAndFetch', 'updateAndFetchById', 'upsertGraph',
      'upsertGraphAndFetch', 'delete', 'deleteById', 'increment', 'decrement',
    ],
    hooks: HOOKS.map((one) => one.slice(1)),
  },
  schema: modelSource,
  forms,

  imported: importedValue,
  declared: declaredValue,
  root: (context) => connectionHandle(context, DECLARED),
  // Whether a base class of the project's own, or a mixin of any make, leads to the library's is looked at when a method is called.
  claims: () => true,

  member(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
    if (handle.type === 'module') return key === 'default' ? handle : exported(key, context);
    if (handle.type === 'export') return handle;
    if (handle.type !== 'model') return undefined;
    const { model } = handle.data as unknown as ModelData;
    return model.value && context.property(model.value, key);
  },

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (isHandle(receiver)) return onHandle(call, receiver, context);
    const facts = context.classOf(receiver);
    if (facts?.isStatic) return isModelClass(facts, receiver, context) ? onClass(call, facts, context) : undefined;
    const row = rowModel(receiver, context);
    return row && onRow(call, row, context);
  },

  hook: (method, facts, context) => (isModelClass(facts, context.terms.undefined, context) ? hookMethod(method, facts) : undefined),
  shapeMethods: new Set(['query', '$relatedQuery']),
  shape: fromShape,
};
