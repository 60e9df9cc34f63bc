/**
 * Whether row-level security lets an upsert through where it let an insert through (measured on Postgres): `ON CONFLICT` with a
 * target needs a SELECT policy always, and with `DO UPDATE` an UPDATE policy once a conflict happens.
 *
 * A table of which the migrations never speak of row-level security has none. One that has it and no INSERT policy is written by a
 * client that bypasses it (service role), or the insert could not work either.
 */
import type { Refusal, Requirement } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import { refuseForm } from '../common/refusal.ts';

type Command = 'select' | 'insert' | 'update' | 'delete';

export function rowSecurity(table: Table, needed: readonly Command[]): Requirement | Refusal {
  const { rowSecurity: declared, name } = table;
  const id = 'row-security';
  if (!declared?.enabled) {
    return table.complete
      ? { id, text: `Row-level security is not enabled on \`${name}\``, state: 'proven' }
      : { id, text: `Row-level security of \`${name}\` allows ${needed.join(', ')}`, state: 'unknown' };
  }
  const has = (command: Command): boolean => declared.commands.includes('all') || declared.commands.includes(command);
  if (!has('insert')) return { id, text: `\`${name}\` has no INSERT policy, so whoever inserts bypasses row-level security`, state: 'proven' };
  const missing = needed.filter((one) => !has(one));
  if (!missing.length) return { id, text: `Policies of \`${name}\` allow ${needed.join(', ')}`, state: 'proven' };
  const names = missing.map((one) => one.toUpperCase()).join(' and ');
  return refuseForm(id, `\`${name}\` has no ${names} policy, without which row-level security rejects an upsert that the plain insert was allowed.`);
}
