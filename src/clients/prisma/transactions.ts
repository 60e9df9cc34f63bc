/** `$transaction` with a callback or with a list, its isolation, and the handle that its callback receives. */
import type { Isolation, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { clientHandle, type Origin } from './handles.ts';

const LEVELS: Readonly<Record<string, Isolation>> = {
  readuncommitted: 'read uncommitted', readcommitted: 'read committed', repeatableread: 'repeatable read', serializable: 'serializable',
  // SQL Server's, whose guarantees are those of a snapshot.
  snapshot: 'repeatable read',
};

/** `{ isolationLevel: 'Serializable' }`, `Prisma.TransactionIsolationLevel.Serializable`. */
export function isolationOf(options: Value | undefined, context: ClientContext): Isolation {
  if (!options || options.kind === 'literal') return 'default';
  const entries = context.entries(options);
  if (!entries) return 'unknown';
  const entry = entries.findLast((one) => one.kind === 'spread' || one.key === 'isolationLevel');
  if (!entry) return 'default';
  if (entry.kind === 'spread' || entry.conditional) return 'unknown';
  const literal = context.literal(entry.value)?.value;
  if (literal === undefined && entry.value.kind === 'literal') return 'default';
  const name = typeof literal === 'string' ? literal : entry.value.kind === 'member' ? entry.value.key : '';
  return LEVELS[name.replace(/[\s_]/g, '').toLowerCase()] ?? 'unknown';
}

export function transactionMeaning(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [first, options] = call.args;
  if (!first) return undefined;
  const asked = isolationOf(options, context);
  const isolation = asked === 'default' ? origin.isolation ?? asked : asked;
  const isList = call.argNodes[0]?.type === 'ArrayExpression' || context.elements(first) !== undefined || first.kind === 'array';
  const form = isList ? 'batch' as const : 'callback' as const;
  const made = context.transaction(call.node, isolation, form, origin.transaction);
  const transaction = origin.dialect && made.dialect !== origin.dialect ? { ...made, dialect: origin.dialect } : made;
  if (isList) return { kind: 'batch', transaction, elements: first };
  return { kind: 'transaction', transaction, body: first, args: [clientHandle(context, { ...origin, transaction })] };
}
