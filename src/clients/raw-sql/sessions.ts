/** Transactions: statements (`BEGIN … COMMIT`), methods of a connection, callbacks. */
import type { Isolation, Transaction, Value } from '../../model.ts';
import type { TransactionControl } from '../../sql/index.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { connectionHandle, make, originOf, session } from './handles.ts';
import type { Origin } from './handles.ts';

const LEVELS = /\b(read uncommitted|read committed|repeatable read|serializable)\b/i;

export function opened(call: Call, isolation: Isolation, form: Transaction['form'], origin: Origin, context: ClientContext): Transaction {
  const made = context.transaction(call.node, isolation, form, origin.session?.transaction ?? origin.transaction);
  const { dialect } = origin.driver;
  return dialect && made.dialect !== dialect ? { ...made, dialect } : made;
}

/** `BEGIN`, `COMMIT`, `SET TRANSACTION …` as a statement. On a pool nothing is begun: the next statement may run on any connection. */
export function control(statement: TransactionControl, handle: HandleValue, call: Call, context: ClientContext): Meaning {
  const origin = originOf(handle);
  const own = origin.session;
  const nothing: Meaning = { kind: 'value', value: context.terms.undefined };
  if (!own) return nothing;
  switch (statement.action) {
    case 'begin': case 'savepoint': {
      // `BEGIN IMMEDIATE`: the second one waits, or fails, before it reads.
      const immediate = statement.mode === 'immediate' || statement.mode === 'exclusive';
      const transaction = opened(call, statement.isolation ?? (immediate ? 'serializable' : own.level ?? 'default'), 'manual', origin, context);
      own.transaction = transaction;
      own.level = undefined;
      return { kind: 'begin', transaction, handle };
    }
    case 'set':
      if (own.transaction && statement.isolation) own.transaction = { ...own.transaction, isolation: statement.isolation };
      else own.level = statement.isolation;
      return nothing;
    case 'rollback to': return nothing;
    default: return ended(handle, statement.action === 'rollback' ? 'rollback' : 'commit');
  }
}

function ended(handle: HandleValue, how: 'commit' | 'rollback'): Meaning {
  const own = originOf(handle).session;
  if (own) own.transaction = own.transaction?.parent;
  return { kind: 'end', handle, how };
}

/** `connection.beginTransaction()`, `.commit()`, `.rollback()` of mysql2; `tx.commit()` of libSQL. */
export function sessionMethod(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  switch (call.method) {
    case 'beginTransaction': {
      const transaction = opened(call, origin.session?.level ?? 'default', 'manual', origin, context);
      if (origin.session) origin.session.transaction = transaction;
      return { kind: 'begin', transaction, handle };
    }
    case 'commit': return ended(handle, 'commit');
    case 'rollback': return ended(handle, 'rollback');
    default: return undefined;
  }
}

/** `sql.begin('isolation level serializable', async (sql) => …)`, `pool.transaction(async (connection) => …)`. */
export function callback(call: Call, handle: HandleValue, type: 'tag' | 'connection', context: ClientContext): Meaning | undefined {
  const body = call.args.find((one) => one.kind === 'function');
  if (!body) return undefined;
  const origin = originOf(handle);
  const options = call.args[0] === body ? undefined : call.args[0];
  const given = options && context.literal(options)?.value;
  const level = typeof given === 'string' ? LEVELS.exec(given)?.[1]?.toLowerCase() as Isolation | undefined : undefined;
  const isolation = level ?? (options && typeof given !== 'string' ? 'unknown' : 'default');
  const transaction = opened(call, isolation, 'callback', origin, context);
  const inner = { ...origin, transaction, session: session(context, transaction) };
  return { kind: 'transaction', transaction, body, args: [type === 'tag' ? make(context, 'tag', inner) : connectionHandle(context, inner)] };
}

/** `db.transaction(fn)` of better-sqlite3: a function that runs `fn` in a transaction when it is called. */
export function transacted(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const [body] = call.args;
  return body && { kind: 'handle', handle: make(context, 'transacted', { ...originOf(handle), body }) };
}

export function runTransacted(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  if (!['', 'deferred', 'immediate', 'exclusive', 'default'].includes(call.method)) return undefined;
  const origin = originOf(handle);
  const transaction = opened(call, call.method === 'immediate' || call.method === 'exclusive' ? 'serializable' : 'default', 'callback', origin, context);
  const own = origin.session;
  const body = handle.data['body'] as Value;
  if (!own) return { kind: 'transaction', transaction, body, args: call.args };
  // Every statement of the connection is inside while the function runs, whichever handle it is run on.
  own.transaction = transaction;
  const value = context.callback(body, call.args);
  own.transaction = transaction.parent;
  return { kind: 'value', value: value ?? context.terms.unknown(call.node, call.args) };
}

/** `neon.transaction([…])`, `db.batch([…])`. */
export function batch(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const [elements] = call.args;
  return elements && { kind: 'batch', transaction: opened(call, 'default', 'batch', originOf(handle), context), elements };
}
