/**
 * Mongoose and the MongoDB driver: models and their lazy queries, documents, collections and cursors. Errors are thrown; only calls that
 * are given a session run in its transaction; one document is written atomically, and nothing more.
 */
import type { Call, Client, ClientContext, ClassFacts, Meaning } from '../client.ts';
import type { FunctionValue, HandleValue } from '../../value/terms.ts';
import { EVIDENCE } from './evidence.ts';
import { onDocument } from './documents.ts';
import { forms } from './forms.ts';
import { collectionHandle, documentHandle, documentModel, ID, isHandle, makeHandle, modelData, modelHandle, originOf, type Origin } from './handles.ts';
import { READS, WRITES } from './methods.ts';
import { added, INSERTS, onCollection, onCursor, onModel, schemaStatic } from './models.ts';
import { onQuery } from './query.ts';
import { declaredValue, decoratedValue, exported, importedValue, memberValue, modelName, PACKAGES } from './recognise.ts';
import { schemaSource } from './schema.ts';
import { onSession, sessionFrom } from './sessions.ts';
import { fromShape, SHAPE_METHODS } from './shape.ts';

/** A call of an export: `model('User', schema)`, `new Schema({ … })`, `new ObjectId(id)`. */
function onExport(call: Call, name: string, context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'declaration' };
  const [first, second] = call.args;
  switch (name) {
    case 'model': return { kind: 'handle', handle: modelHandle(context, modelName(first, context), origin, isHandle(second, 'schema') ? second : undefined) };
    case 'getModelForClass': case 'getDiscriminatorModelForClass': {
      const target = name === 'getModelForClass' ? first : second;
      return { kind: 'handle', handle: modelHandle(context, modelName(target, context), origin) };
    }
    case 'Schema': {
      const option = (key: string) => (second && context.entries(second) ? context.property(second, key) : undefined);
      return { kind: 'handle', handle: makeHandle(context, 'schema', { statics: option('statics'), methods: option('methods') }) };
    }
    case 'createConnection': case 'connect': case 'MongoClient': case 'Mongoose': return { kind: 'handle', handle: makeHandle(context, 'connection', origin) };
    case 'startSession': return sessionFrom({ ...call, method: name }, origin, context);
    // The same key in another guise; without an argument a new one.
    case 'ObjectId': case 'ObjectID': return first ? { kind: 'value', value: context.terms.expression('call:String', [first]) } : { kind: 'value', value: context.terms.unknown(call.node) };
    default: return undefined;
  }
}

function onConnection(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  switch (call.method) {
    case 'model': return onExport(call, 'model', context);
    case 'collection': return { kind: 'handle', handle: collectionHandle(context, call.args[0], origin) };
    case 'db': case 'useDb': return { kind: 'handle', handle: makeHandle(context, call.method === 'db' ? 'db' : 'connection', origin) };
    case 'connect': case 'asPromise': case 'openUri': return { kind: 'handle', handle };
    default: return sessionFrom(call, origin, context);
  }
}

/** A function of the schema's, with the model or document as its `this`. */
function follow(fn: FunctionValue, call: Call, context: ClientContext): Meaning | undefined {
  const value = context.callback({ ...fn, self: call.receiver }, call.args);
  return value && { kind: 'value', value };
}

function onHandle(call: Call, receiver: HandleValue, context: ClientContext): Meaning | undefined {
  switch (receiver.type) {
    case 'module': return call.method === 'set' || call.method === 'plugin' ? { kind: 'value', value: receiver } : onExport(call, call.method, context);
    case 'export': {
      const name = String(receiver.data['name']);
      if (call.method === '') return onExport(call, name, context);
      // `MongoClient.connect(url)`, `ObjectId.createFromHexString(id)`, `Types.ObjectId(id)`.
      if (name === 'MongoClient' && call.method === 'connect') return onExport(call, name, context);
      if (name === 'Types' || name === 'Schema') { const inner = exported(call.method, context); return inner ? onExport(call, call.method, context) : undefined; }
      return /^ObjectI[dD]$/.test(name) && /^createFrom/.test(call.method) ? onExport(call, name, context) : undefined;
    }
    case 'models': return undefined;
    case 'connection': return onConnection(call, receiver, context);
    case 'db': return call.method === 'collection' ? { kind: 'handle', handle: collectionHandle(context, call.args[0], originOf(receiver)) } : undefined;
    case 'session': return onSession(call, receiver, context);
    case 'query': return receiver.data['lazy'] === true ? onAggregate(call, receiver) : onQuery(call, receiver, context);
    case 'cursor': return onCursor(call, receiver, context);
    case 'collection': return onCollection(call, receiver.data['name'] as string | undefined, originOf(receiver), context);
    case 'schema': return { kind: 'value', value: receiver };
    case 'model': {
      if (call.method === '') return call.isNew || call.args.length ? { kind: 'instance', from: call.args[0], of: receiver, node: call.node } : undefined;
      const own = schemaStatic(receiver, call.method, context);
      if (own?.kind === 'function') return follow(own, call, context);
      return onModel(call, modelData(receiver).name, originOf(receiver), context, receiver);
    }
    default: return undefined;
  }
}

/** `Model.aggregate([…]).session(s)`, `.exec()`: the pipeline was read when it was given. */
function onAggregate(call: Call, receiver: HandleValue): Meaning | undefined {
  return call.method === 'then' ? undefined : { kind: 'value', value: receiver };
}

export const mongoose: Client = {
  id: ID,
  name: 'Mongoose',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: {
    reads: [...READS, 'aggregate', 'where', 'toArray', 'hasNext', 'next'],
    writes: [...WRITES, ...INSERTS, 'save'],
  },
  schema: schemaSource,

  forms,

  imported: importedValue,
  declared: declaredValue,
  decorated: decoratedValue,
  member: memberValue,
  claims: (facts: ClassFacts) => facts.superclass?.from !== undefined && PACKAGES.includes(facts.superclass.from) && /^(?:TimeStamps|Base|Model|Document)$/.test(facts.superclass.name),

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (isHandle(receiver)) return onHandle(call, receiver, context);
    const model = documentHandle(receiver);
    const own = model && added(modelData(model).schema, 'methods', call.method, context);
    if (own?.kind === 'function') return follow(own, call, context);
    return documentModel(receiver) === undefined ? undefined : onDocument(call, context);
  },

  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
