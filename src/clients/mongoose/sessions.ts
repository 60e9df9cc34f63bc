/**
 * Transactions. They read from one snapshot: two that change the same document conflict, and one of them is aborted and run again
 * by `withTransaction`; what is absent conflicts with nothing. Only calls that are given the session run inside.
 */
import type { Transaction, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { sessionHandle, sessionOf, type Origin } from './handles.ts';

function begin(call: Call, form: Transaction['form'], context: ClientContext): Transaction {
  return { ...context.transaction(call.node, 'default', form, undefined), dialect: undefined };
}

export function onSession(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const session = sessionOf(handle)!;
  switch (call.method) {
    case 'startTransaction': {
      session.transaction = begin(call, 'manual', context);
      return { kind: 'begin', transaction: session.transaction, handle };
    }
    case 'commitTransaction': case 'abortTransaction':
      session.transaction = undefined;
      return { kind: 'end', handle, how: call.method === 'commitTransaction' ? 'commit' : 'rollback' };
    case 'endSession': return { kind: 'value', value: context.terms.undefined };
    case 'withTransaction': {
      const [body] = call.args;
      if (!body) return undefined;
      session.transaction = begin(call, 'callback', context);
      return { kind: 'transaction', transaction: session.transaction, body, args: [handle] };
    }
    default: return undefined;
  }
}

/** `mongoose.startSession()`, `client.startSession()`, `client.withSession(callback)`, `connection.transaction(callback)`. */
export function sessionFrom(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const handle = sessionHandle(context, origin);
  const body: Value | undefined = call.args.find((one) => one.kind === 'function');
  switch (call.method) {
    case 'startSession': return { kind: 'handle', handle };
    case 'withSession': {
      const value = body && context.callback(body, [handle]);
      return value && { kind: 'value', value };
    }
    case 'transaction': {
      if (!body) return undefined;
      const transaction = begin(call, 'callback', context);
      sessionOf(handle)!.transaction = transaction;
      return { kind: 'transaction', transaction, body, args: [handle] };
    }
    default: return undefined;
  }
}
