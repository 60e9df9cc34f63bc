/**
 * Sequelize 6 and 7, and sequelize-typescript: models and their instances. Calls run at once, errors are thrown, and only what is given a
 * transaction runs inside it (version 7: also what its callback runs).
 */
import type { Call, Client, ClientContext, ClassFacts, Meaning } from '../client.ts';
import type { HandleValue, Value } from '../../value/terms.ts';
import { EVIDENCE } from './evidence.ts';
import { ID, isHandle, isModelClass, makeHandle, modelData, modelHandle, originOf, PACKAGES, targetOf, type Origin } from './handles.ts';
import { HOOKS, hookCall, hookMethod, hooksIn } from './hooks.ts';
import { onInstance } from './instances.ts';
import { onModel, READS, WRITES } from './methods.ts';
import { modelName } from './options.ts';
import { raw } from './raw.ts';
import { connectionFrom, declaredValue, decoratedValue, fragment, importedValue, memberValue } from './recognise.ts';
import { instanceOf } from './rows.ts';
import { forms } from './forms.ts';
import { fromShape, SHAPE_METHODS } from './shape.ts';
import { begin, onTransaction } from './transactions.ts';
import { modelSource } from './schema.ts';

const DECLARATION: Origin = { evidence: 'declaration' };
const VIEWS: ReadonlySet<string> = new Set(['scope', 'unscoped', 'schema', 'withScope', 'withoutScope', 'withInitialScope', 'withSchema']);

function onConnection(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  const [first] = call.args;
  switch (call.method) {
    case 'transaction': case 'startUnmanagedTransaction': return begin(call, origin, context);
    case 'query': case 'queryRaw': return raw(call, origin, context);
    case 'define': case 'model': {
      const name = first && modelName(first, context);
      if (name === undefined) return undefined;
      const made = modelHandle(context, name, origin);
      return hooksIn(call.args[2], name, origin, made, made, context) ?? { kind: 'handle', handle: made };
    }
    case 'getRepository': { const name = first && modelName(first, context); return { kind: 'handle', handle: modelHandle(context, name, origin, first?.kind === 'class' ? { value: first } : {}) }; }
    default: { const made = fragment(call.method, call.args, context); return made && { kind: 'handle', handle: made }; }
  }
}

function onExport(call: Call, name: string, context: ClientContext): Meaning | undefined {
  if (name === 'Sequelize') return call.isNew || call.args.length ? { kind: 'handle', handle: connectionFrom(call.args, context) } : undefined;
  const made = fragment(name, call.args, context);
  return made && { kind: 'handle', handle: made };
}

/** Methods of a model, however it was recognised: its views, `build`, reads and writes. */
function onModelValue(call: Call, name: string | undefined, origin: Origin, of: Value, scoped: boolean, context: ClientContext): Meaning | undefined {
  const classValue = of.kind === 'class' ? of : undefined;
  if (VIEWS.has(call.method)) {
    const narrows = call.method === 'scope' || call.method === 'withScope';
    return { kind: 'handle', handle: modelHandle(context, name, origin, { scoped: narrows || (scoped && !call.method.startsWith('uns')), ...(classValue && { value: classValue }) }) };
  }
  if (call.method === 'build') return { kind: 'instance', from: call.args[0], of, node: call.node };
  if (call.method === 'init') return (name === undefined ? undefined : hooksIn(call.args[1], name, origin, of, of, context)) ?? { kind: 'value', value: of };
  const hooked = name === undefined ? undefined : hookCall(call, name, origin, of, context);
  if (hooked) return hooked;
  return onModel(call, { ...targetOf(call, origin, name, 'model', context, scoped), model: classValue }, context);
}

function onHandle(call: Call, receiver: HandleValue, context: ClientContext): Meaning | undefined {
  switch (receiver.type) {
    case 'module': return call.method === '' ? onExport(call, 'Sequelize', context) : onExport(call, call.method, context);
    case 'export': return onExport(call, call.method === '' ? String(receiver.data['name']) : call.method, context);
    case 'connection': return onConnection(call, receiver, context);
    case 'transaction': return onTransaction(call, receiver);
    case 'model': {
      const { name, value, scoped } = modelData(receiver);
      if (call.method === '') return call.isNew ? { kind: 'instance', from: call.args[0], of: receiver, node: call.node } : undefined;
      const known = onModelValue(call, name, originOf(receiver), value ?? receiver, scoped === true, context);
      if (known) return known;
      // A static method of the class that this is a view of.
      const own = value && context.property(value, call.method);
      const result = own?.kind === 'function' ? context.callback({ ...own, self: receiver }, call.args) : undefined;
      return result && { kind: 'value', value: result };
    }
    default: return undefined;
  }
}

/** `User.findOne(…)`, `this.create(…)`, `user.save()` of a class of the project; its own methods go first. */
function onClass(call: Call, facts: ClassFacts, context: ClientContext): Meaning | undefined {
  const inherited = call.receiverText.startsWith('super');
  if (!inherited && context.property(call.receiver, call.method).kind === 'function') return undefined;
  if (facts.isStatic) return onModelValue(call, facts.name, DECLARATION, call.receiver, false, context);
  const instance = instanceOf(call.receiver, context);
  return instance && onInstance(call, instance, DECLARATION, context);
}

/** A method that the project's class has for its rows, with the row as its `this`. */
function ownMethod(call: Call, model: Value | undefined, context: ClientContext): Meaning | undefined {
  if (!model) return undefined;
  const own = context.property(context.terms.object(call.node, model), call.method);
  const value = own.kind === 'function' ? context.callback({ ...own, self: call.receiver }, call.args) : undefined;
  return value && { kind: 'value', value };
}

export const sequelize: Client = {
  id: ID,
  name: 'Sequelize',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: {
    reads: [...READS, 'query', 'reload'],
    writes: [...WRITES, 'save', 'query', 'updateAttributes'],
    hooks: HOOKS,
    // The methods that associations give a row: `await user.getPosts()`, `user.$create('post', …)`.
    texts: { reads: '\\bawait\\s+[\\w$.]+\\.\\$?(?:get|count)(?:[A-Z]\\w*)?\\s*[(<]', writes: '\\bawait\\s+[\\w$.]+\\.\\$?create(?:[A-Z]\\w*)?\\s*[(<]' },
  },
  schema: modelSource,
  forms,

  imported: importedValue,
  declared: declaredValue,
  decorated: decoratedValue,
  member: memberValue,
  // Whether a base class of the project's own leads to this library's is looked at when a method is called.
  claims: (facts) => facts.superclass !== undefined,
  root: (context) => makeHandle(context, 'connection', DECLARATION),

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (isHandle(receiver)) return onHandle(call, receiver, context);
    const facts = context.classOf(receiver);
    if (facts) return isModelClass(facts, context) ? onClass(call, facts, context) : undefined;
    const instance = instanceOf(receiver, context);
    return instance && (ownMethod(call, instance.model, context) ?? onInstance(call, instance, DECLARATION, context));
  },

  hook: hookMethod,
  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
