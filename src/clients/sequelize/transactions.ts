/**
 * Transactions. Version 6 runs in them what is given `{ transaction: t }`; version 7 also what runs inside the callback of a managed one and
 * names none.
 */
import type { Isolation, Transaction, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { makeHandle, transactionIn, type Origin } from './handles.ts';

const LEVELS: Readonly<Record<string, Isolation>> = {
  'READ UNCOMMITTED': 'read uncommitted', 'READ COMMITTED': 'read committed', 'REPEATABLE READ': 'repeatable read', SERIALIZABLE: 'serializable',
};

function isolationOf(options: Value | undefined, context: ClientContext): Isolation {
  if (!options || options.kind === 'literal') return 'default';
  if (!context.entries(options)) return 'unknown';
  const literal = context.literal(context.property(options, 'isolationLevel'));
  if (!literal) return 'unknown';
  if (literal.value == null) return 'default';
  return (typeof literal.value === 'string' ? LEVELS[literal.value.toUpperCase().replaceAll('_', ' ')] : undefined) ?? 'unknown';
}

export function transactionHandle(context: ClientContext, transaction: Transaction): HandleValue { return makeHandle(context, 'transaction', { transaction }); }

export function begin(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const unmanaged = call.method === 'startUnmanagedTransaction';
  const body = unmanaged ? undefined : call.args.find((one) => one.kind === 'function') ?? (call.args.length > 1 ? call.args[1] : undefined);
  const options = call.args.find((one) => one !== body);
  const isolation = isolationOf(options, context);
  const parent = options && context.entries(options) ? transactionIn(options, call.node, context) : undefined;
  const made = context.transaction(call.node, isolation, body ? 'callback' : 'manual', parent);
  const transaction = origin.dialect && made.dialect !== origin.dialect ? { ...made, dialect: origin.dialect } : made;
  const handle = transactionHandle(context, transaction);
  return body ? { kind: 'transaction', transaction, body, args: [handle], ambient: joins(context) } : { kind: 'handle', handle };
}

/** Version 7 hands the transaction on by AsyncLocalStorage; before it that has to be set up by hand, which is not seen. */
function joins(context: ClientContext): boolean { return context.version('@sequelize/core') !== undefined; }

export function onTransaction(call: Call, handle: HandleValue): Meaning | undefined {
  return call.method === 'commit' || call.method === 'rollback' ? { kind: 'end', handle, how: call.method } : undefined;
}
