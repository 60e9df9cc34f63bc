/** Numbers and quotas: no statement of a client gives them, so they are refused with what would. */
import type { Intent, Operation, Refusal } from '../../model.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { uniqueIndexMigration } from '../migration.ts';
import { refuse } from '../refusals.ts';

export function noNumberOrQuota(intent: Extract<Intent, { kind: 'number' | 'quota' }>, { forms }: RewriteContext): Refusal {
  const { table, name } = intent.insert.table;
  if (intent.kind === 'quota') {
    return refuse('quota', `A limit on \`${name}\` rows needs every caller to wait for the others: lock the parent row before counting, or keep a counter on it that is updated with the limit in its WHERE clause.`);
  }
  const columns = [...scopeOf(intent.read), intent.column];
  const isUnique = table?.keys.some((key) => !key.where && !key.expression && key.columns.length > 0 && key.columns.every((column) => columns.includes(column)));
  if (isUnique) return refuse('number', `A unique key covers ${list(columns)}, so the second of two calls fails: repeat the read and the insert on that violation, or let a sequence count.`);
  return refuse('number', `Make ${list(columns)} unique and repeat on a violation, or let a sequence or identity column count.`, table && uniqueIndexMigration(table, columns, forms.dialect));
}

/** The columns that a count or look-up is restricted to by equality. */
export function scopeOf(read: Operation): string[] {
  const arms = read.predicate?.arms ?? [];
  return arms.length === 1 ? [...new Set(arms[0]!.filter((one) => one.operator === '=' && !one.via.length).map((one) => one.column))] : [];
}
