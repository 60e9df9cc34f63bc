/** Transactions: `User.transaction(fn)`, `transaction(User, Post, fn)`, `User.startTransaction()`. What is given the handle runs in it. */
import type { Transaction, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { connectionHandle } from '../common/builder/connection.ts';
import type { Origin } from '../common/builder/state.ts';
import { isHandle, isModelClass, make, modelOfClass, transactionOf, type ModelData } from './handles.ts';

function opened(call: Call, parent: Transaction | undefined, form: Transaction['form'], context: ClientContext): Transaction {
  return context.transaction(call.node, 'default', form, parent);
}

/** `given` come before the callback: models, which are bound to the transaction, or the connection that it is opened on. */
export function transaction(call: Call, given: readonly Value[], origin: Origin, context: ClientContext): Meaning | undefined {
  const body = call.args.find((one) => one.kind === 'function');
  if (!body) return undefined;
  const before = call.args.slice(0, call.args.indexOf(body));
  const outer = before.flatMap((one) => (one.kind === 'handle' && !isHandle(one, 'model') ? transactionOf(one, call.node, context) ?? [] : []))[0];
  const made = opened(call, outer ?? origin.transaction, 'callback', context);
  const inside = { ...origin, transaction: made };
  const models = given.flatMap((one) => boundTo(one, inside, context) ?? []);
  return { kind: 'transaction', transaction: made, body, args: [...models, connectionHandle(context, inside)] };
}

const CONNECTION = /(?:[kK]nex|[dD]b|[tT]rx)$/;

function boundTo(value: Value, origin: Origin, context: ClientContext): Value | undefined {
  if (isHandle(value, 'model')) return make(context, 'model', { ...(value.data as unknown as ModelData), ...origin });
  const facts = context.classOf(value);
  if (facts?.isStatic && isModelClass(facts, value, context)) return make(context, 'model', { ...origin, model: modelOfClass(value, facts.name, context) });
  // A class that was not found keeps its place among the arguments; what runs on it is not known to be in the transaction.
  return (value.kind === 'input' || value.kind === 'member') && !CONNECTION.test(value.kind === 'input' ? value.name : value.key) ? value : undefined;
}

/** `const trx = await User.startTransaction()`. */
export function begun(call: Call, origin: Origin, context: ClientContext): Meaning {
  const parent = transactionOf(call.args.find((one) => one.kind === 'handle' && !isHandle(one, 'model')), call.node, context);
  return { kind: 'handle', handle: connectionHandle(context, { ...origin, transaction: opened(call, parent, 'manual', context) }) };
}
