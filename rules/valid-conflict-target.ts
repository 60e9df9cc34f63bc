/**
 * A conflict target that no unique key stands behind.
 *
 * Postgres and SQLite reject such a statement every time it runs (42P10); MySQL has no conflict target, so that a library's list of
 * columns is silently ignored and the statement inserts again. A partial or expression index is no target either, unless the
 * client can name its condition.
 *
 * ```ts
 * // reported: the primary key is `id`, and nothing is unique on `email`
 * await supabase.from('users').upsert({ email, name }, { onConflict: 'email' });
 *
 * // reported: without `onConflict` the primary key is the target, and the row does not carry it
 * await supabase.from('users').upsert({ email, name });
 * ```
 *
 * Left alone: tables whose schema is not known, targets that are the primary key or a unique key in any order.
 */
import type { Operation } from '../src/model.ts';
import { defineRule } from '../src/rule.ts';
import { targetProblem } from '../src/trace/targets.ts';
import { list } from '../src/wording.ts';

const MESSAGES = {
  'no-key': 'No unique key of `{{table}}` is on {{columns}}, which `{{write}}` names as its conflict target: {{then}}. Add the unique key, or name one that is there{{known}}.',
  partial: 'The unique index of `{{table}}` on {{columns}} is partial, and the conflict target of `{{write}}` does not name its condition: {{then}}. Name the condition where the library can, use a full unique key, or insert and handle the violation.',
  expression: 'The unique index of `{{table}}` on {{columns}} is over an expression, which `{{write}}` cannot name as its conflict target: {{then}}. Use a plain unique key, or insert and handle the violation.',
  nullable: 'The conflict target {{columns}} of `{{write}}` can be NULL, and NULLs never collide: such a row is inserted again each time. Make the column NOT NULL, or leave rows without it out.',
  omitted: '`{{write}}` names no conflict target, so the primary key of `{{table}}` ({{columns}}) is meant, which the row does not carry: it is inserted again, or fails on another unique key. Name the key that is meant{{known}}.',
};

export default defineRule({
  name: 'valid-conflict-target',
  description: 'disallow conflict targets that are no unique key of the table',
  messages: MESSAGES,
  options: { schema: { type: 'object', properties: {}, additionalProperties: false }, defaults: {} },
  *find(trace) {
    for (const write of trace.operations) {
      const found = targetProblem(write);
      if (!found || write.file !== trace.file.path) continue;
      const { problem, columns, open } = found;
      yield {
        messageId: problem, node: write.verbNode ?? write.node,
        data: { write: write.label, table: write.table.table?.name ?? write.table.name, columns: list(columns), then: consequence(write), known: knownKeys(write) },
        race: { read: undefined, write, open, outcome: 'unknown', intent: { kind: 'upsert', write, problem: 'target', columns } },
      };
    }
  },
});

function consequence(write: Operation): string {
  if (write.dialect === 'mysql') return 'MySQL ignores the target and inserts again';
  return write.dialect ? 'the statement fails each time it runs' : 'the statement fails each time it runs, and on MySQL it inserts again';
}

function knownKeys(write: Operation): string {
  const keys = (write.table.table?.keys ?? []).filter((key) => !key.where && !key.expression && key.columns.length);
  return keys.length ? ` (${keys.map((key) => (key.columns.length > 1 ? `(${key.columns.map((one) => `\`${one}\``).join(', ')})` : `\`${key.columns[0]}\``)).join(', ')})` : '';
}
