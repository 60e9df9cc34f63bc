/** Transactions: callbacks on data sources and managers, manual control on query runners. */
import type { Isolation, Transaction, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { makeHandle, originOf, transactionOf, type Origin } from './handles.ts';

const LEVELS: Readonly<Record<string, Isolation>> = {
  'READ UNCOMMITTED': 'read uncommitted', 'READ COMMITTED': 'read committed', 'REPEATABLE READ': 'repeatable read', SERIALIZABLE: 'serializable',
};

export function isolationOf(value: Value | undefined, context: ClientContext): Isolation {
  if (!value) return 'default';
  const literal = context.literal(value);
  if (!literal) return 'unknown';
  if (literal.value == null) return 'default';
  return (typeof literal.value === 'string' ? LEVELS[literal.value.toUpperCase()] : undefined) ?? 'unknown';
}

/** The transaction with the dialect of its own data source, where that is known better than the project's. */
function begin(call: Call, isolation: Isolation, form: Transaction['form'], origin: Origin, context: ClientContext): Transaction {
  const made = context.transaction(call.node, isolation, form, transactionOf(origin));
  return origin.dialect && made.dialect !== origin.dialect ? { ...made, dialect: origin.dialect } : made;
}

/**
 * `ds.transaction(async (manager) => …)`, `ds.transaction('SERIALIZABLE', callback)`, also on managers, then with a savepoint.
 * Only what is made from the callback's manager is inside: a repository of the class keeps using the pool.
 */
export function callbackTransaction(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [first, second] = call.args;
  const body = second ?? first;
  if (!body) return undefined;
  const transaction = begin(call, isolationOf(second ? first : undefined, context), 'callback', origin, context);
  const manager = makeHandle(context, 'manager', { ...origin, session: undefined, runner: undefined, borrowed: undefined, transaction });
  return { kind: 'transaction', transaction, body, args: [manager] };
}

export function queryRunner(origin: Origin, context: ClientContext): HandleValue {
  return makeHandle(context, 'query-runner', { ...origin, transaction: undefined, session: context.session() });
}

/** `startTransaction`, `commitTransaction`, `rollbackTransaction`: the session that the runner shares with its managers changes. */
export function runnerCall(call: Call, runner: HandleValue, context: ClientContext): Meaning | undefined {
  const origin = originOf(runner);
  const session = origin.session;
  switch (call.method) {
    case 'startTransaction': {
      const transaction = begin(call, isolationOf(call.args[0], context), 'manual', origin, context);
      if (session) session.transaction = transaction;
      return { kind: 'begin', transaction, handle: runner };
    }
    case 'commitTransaction': case 'rollbackTransaction':
      // A savepoint inside the callback of a transaction ends with its parent still open.
      if (session) session.transaction = session.transaction?.parent;
      return { kind: 'end', handle: runner, how: call.method === 'commitTransaction' ? 'commit' : 'rollback' };
    case 'connect': case 'release': return { kind: 'value', value: context.terms.undefined };
    default: return undefined;
  }
}
