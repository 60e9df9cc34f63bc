/** From a place that writes a table by some key to what it means there; or why a call of a function cannot take its place. */
import type { Refusal } from '../../model.ts';
import type { ConflictSite } from '../../trace/conflict-sites.ts';
import type { Surroundings, Trace } from '../../trace/index.ts';
import { contextFor } from '../context.ts';
import { effectOf } from '../effects.ts';
import { onlyRow, tableOf } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { mayBeTransaction } from './handle.ts';
import { insertPlace } from './insert-place.ts';
import type { Place } from './model.ts';
import { upsertPlace } from './upsert-place.ts';

export function readPlace(site: ConflictSite, trace: Trace, surroundings: Surroundings): Place | Refusal {
  const { write } = site;
  const context = contextFor({ write, read: undefined, open: [], outcome: 'unknown', intent: { kind: 'upsert', write, problem: 'key' } }, trace, surroundings);
  const { client, forms, file } = context;
  const table = tableOf(write);
  if (isRefusal(table)) return table;
  if (!table.complete) return refuse('schema-unknown', `Not all of \`${table.name}\` was understood: it may have more keys than those that were read.`);
  if (!client?.forms?.alternativeKeys || !client.forms.parts) return refuse('no-form', `There is no proven form for ${client?.name ?? 'this library'}.`);
  if (write.transaction) return refuse('in-transaction', 'It runs in a transaction, which a violation would end: the row cannot be looked for again in it.');
  if (write.loops.length && write.concurrent !== undefined) return refuse('shape', 'It runs for several rows at the same time.');
  if (write.within.length) return refuse('within-helper', `It runs within \`${write.within[0]}\`, which may hold a lock or a transaction.`);
  if (trace.operations.some((one) => one.nested && one.node === write.node && one !== write)) return refuse('nested-write', 'It writes related rows along.');
  const effect = effectOf(table, write, context);
  if (effect !== undefined) return refuse('side-effects', `\`${table.name}\` has ${effect}, which may run differently.`);
  const row = onlyRow(write);
  if (isRefusal(row)) return row;
  const parts = client.forms.parts(write, forms);
  if (isRefusal(parts)) return parts;
  if (mayBeTransaction(parts.handle, file)) return refuse('in-transaction', `\`${file.slice(parts.handle)}\` may be a transaction's handle, and a violation would end the transaction: the row cannot be looked for again in it.`);
  const primary = table.keys.find((one) => one.primary);
  if (primary?.columns.length !== 1) return refuse('no-id', `\`${table.name}\` has no primary key of one column, by which a row that was found can be updated.`);
  const written = new Map(row.assignments.map((one) => [one.column, one]));
  if (written.has(primary.columns[0]!)) return refuse('writes-id', `\`${primary.columns[0]}\` is written, which a row that is there has already.`);
  const isUpsert = write.conflict !== undefined && (write.verb === 'upsert' || write.verb === 'insert');
  const read = isUpsert ? upsertPlace(write, site.key, parts, context) : insertPlace(write, parts, context);
  if (isRefusal(read)) return read;
  return { ...read, write, file, line: file.line(site.node.range[0]), table, parts, written, opaque: row.spreads.length > 0, context };
}
