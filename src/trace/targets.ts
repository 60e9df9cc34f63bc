/** Conflict targets, held against the keys of the table. */
import type { OpenQuestion, Operation } from '../model.ts';
import { doubtsAbout } from './evidence.ts';

/**
 * - `no-key`: no unique key on these columns; `partial`, `expression`: only one that the client cannot name;
 * - `nullable`: a NULL in the key lets the row in again; `omitted`: no target, and the row carries no primary key.
 */
export interface TargetProblem { readonly problem: 'no-key' | 'partial' | 'expression' | 'nullable' | 'omitted'; readonly columns: readonly string[]; readonly open: readonly OpenQuestion[] }

export function targetProblem(write: Operation): TargetProblem | undefined {
  const { conflict } = write;
  const table = write.table.table;
  // More keys may exist than were read.
  if (!conflict || !table?.complete || (write.verb !== 'upsert' && write.verb !== 'insert')) return undefined;
  const open = doubtsAbout(undefined, write);
  if (write.detail?.['targetOmitted'] === true) {
    const primary = table.keys.find((key) => key.primary);
    if (!primary?.columns.length || !write.rows?.length) return undefined;
    const carries = write.rows.every((row) => row.spreads.length > 0 || primary.columns.every((column) => row.assignments.some((one) => one.column === column)));
    return carries ? undefined : { problem: 'omitted', columns: primary.columns, open };
  }
  const columns = conflict.target;
  // A column that the table does not have: the name was not understood.
  if (!columns?.length || columns.some((column) => !table.columns.has(column))) return undefined;
  const same = table.keys.filter((key) => key.columns.length === columns.length && columns.every((column) => key.columns.includes(column)));
  const plain = same.find((key) => !key.where && !key.expression && !key.deferrable);
  if (plain) {
    if (plain.primary || plain.nullsNotDistinct || conflict.action === 'ignore') return undefined;
    const written = (column: string) => write.rows?.every((row) => row.assignments.some((one) => one.column === column && one.value.kind === 'literal' && one.value.value === null));
    const nulls = columns.filter((column) => table.columns.get(column)?.nullable === true && written(column) === true);
    return nulls.length ? { problem: 'nullable', columns: nulls, open } : undefined;
  }
  if (same.some((key) => key.where)) return conflict.partial ? undefined : { problem: 'partial', columns, open };
  if (table.keys.some((key) => key.expression && key.columns.length > 0 && key.columns.every((column) => columns.includes(column)))) return { problem: 'expression', columns, open };
  return { problem: 'no-key', columns, open };
}
