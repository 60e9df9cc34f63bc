/** Calls on clients and models. */
import type { Call, ClientContext, Meaning } from '../client.ts';
import { clientHandle, tableRef, type Origin, type Target } from './handles.ts';
import { RAW, raw } from './raw.ts';
import { readMeaning, READS } from './reads.ts';
import { extensionMember } from './recognise.ts';
import { transactionMeaning } from './transactions.ts';
import { writeMeaning, WRITES } from './writes.ts';

export const CLIENT_METHODS: ReadonlySet<string> = new Set(['$transaction', '$extends', ...RAW]);
/** Start-up, logging and middleware: nothing that a rule looks at. */
const QUIET: ReadonlySet<string> = new Set(['$connect', '$disconnect', '$on', '$use']);

export function modelCall(call: Call, accessor: string | undefined, origin: Origin, context: ClientContext): Meaning | undefined {
  const added = extensionMember(origin.extensions, 'model', call.method, context, accessor);
  if (added) {
    const value = context.callback(added, call.args);
    if (value) return { kind: 'value', value };
  }
  const label = `${call.receiverText}.${call.method}`;
  const target: Target = { origin, ref: tableRef(accessor, call.receiverText, context), label, node: call.node };
  const [args] = call.args;
  if (READS.has(call.method)) return readMeaning(call.method, target, args, context);
  if (WRITES.has(call.method)) return writeMeaning(call.method, target, args, context);
  return undefined;
}

export function clientCall(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  if (call.method === '$transaction') return transactionMeaning(call, origin, context);
  if (call.method === '$extends') {
    const [extension] = call.args;
    return { kind: 'handle', handle: clientHandle(context, { ...origin, extensions: [...(extension ? [extension] : []), ...(origin.extensions ?? [])] }) };
  }
  if (RAW.has(call.method)) return raw(call, origin, context);
  if (QUIET.has(call.method)) return { kind: 'value', value: context.terms.undefined };
  const added = extensionMember(origin.extensions, 'client', call.method, context);
  const value = added && context.callback(added, call.args);
  return value && { kind: 'value', value };
}
