/** Transactions: callbacks with an isolation level or, on SQLite, a behaviour; batches. */
import type { Dialect, Isolation, Transaction } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { make } from './handles.ts';
import type { Origin } from './handles.ts';

const LEVELS = new Set<Isolation>(['read uncommitted', 'read committed', 'repeatable read', 'serializable']);

function isolationOf(call: Call, context: ClientContext): Isolation {
  const options = call.args[1];
  if (!options) return 'default';
  const given = context.property(options, 'isolationLevel');
  const level = context.literal(given);
  if (level && LEVELS.has(level.value as Isolation)) return level.value as Isolation;
  if (level ? level.value !== undefined : context.entries(options) !== undefined) return 'unknown';
  // `BEGIN IMMEDIATE`: the second one waits, or fails, before it reads.
  const behavior = context.literal(context.property(options, 'behavior'))?.value;
  if (behavior === 'immediate' || behavior === 'exclusive') return 'serializable';
  return context.entries(options) ? 'default' : 'unknown';
}

/** With the dialect of its own connection, where that is known better than the project's. */
function opened(call: Call, isolation: Isolation, form: Transaction['form'], origin: Origin, dialect: Dialect | undefined, context: ClientContext): Transaction {
  const made = context.transaction(call.node, isolation, form, origin.transaction);
  return dialect && made.dialect !== dialect ? { ...made, dialect } : made;
}

/** `db.transaction(async (tx) => …, config)`; on a transaction's handle with a savepoint. */
export function transaction(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [body] = call.args;
  if (!body) return undefined;
  const made = opened(call, isolationOf(call, context), 'callback', origin, origin.dialect, context);
  return { kind: 'transaction', transaction: made, body, args: [make(context, 'database', { ...origin, transaction: made } satisfies Origin)] };
}

/** `db.batch([db.insert(…), db.update(…)])`. */
export function batch(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [elements] = call.args;
  return elements && { kind: 'batch', transaction: opened(call, 'default', 'batch', origin, origin.dialect, context), elements };
}
