/** Upserts that are wrong as they stand: a target without a key, a shape that is no single statement, keys that differ by place. */
import type { Intent, Operation, Refusal, Rewrite } from '../../model.ts';
import { targetProblem } from '../../trace/targets.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { exactKey, tableOf } from '../keys.ts';
import { uniqueIndexMigration } from '../migration.ts';
import { isRefusal, refuse } from '../refusals.ts';

export function upsertShape({ write, problem }: Extract<Intent, { kind: 'upsert' }>, context: RewriteContext): Rewrite | Refusal {
  switch (problem) {
    case 'target': return withoutKey(write, context);
    case 'key': return refuse('keys-differ', 'Which key is the right one, and what it means for rows that were made by another, is for people to decide.');
    case 'shape': return oneStatement(write, context);
  }
}

function withoutKey(write: Operation, { forms: { dialect } }: RewriteContext): Refusal {
  const found = targetProblem(write);
  const table = write.table.table;
  const columns = list(found?.columns ?? []);
  switch (found?.problem) {
    case 'no-key': return refuse('no-unique-key', `No unique key covers ${columns} of \`${write.table.name}\`: add one, or name a key that is there.`, table && uniqueIndexMigration(table, found.columns, dialect));
    case 'partial': return refuse('partial-key', `The unique index on ${columns} is partial, which a conflict target cannot name here.`);
    case 'expression': return refuse('expression-key', `The unique index on ${columns} is over an expression, which a conflict target cannot name here.`);
    case 'nullable': return refuse('nullable-key', `${columns} can be NULL, and NULLs never collide.`);
    default: return refuse('target-omitted', 'Which key is meant is for people to say.');
  }
}

function oneStatement(write: Operation, { client, forms }: RewriteContext): Rewrite | Refusal {
  const refusal = refuse('no-form', 'There is no shape of this call that is one statement and does the same: insert first, and handle the violation of its key.');
  const table = tableOf(write);
  if (isRefusal(table)) return table;
  const columns = write.conflict?.target;
  if (write.nested || !columns?.length) return refusal;
  const key = exactKey(table, columns, forms.dialect);
  if (isRefusal(key)) return key;
  const form = client?.forms?.singleUpsert?.({ write, table, key }, forms);
  if (!form) return refusal;
  if (isRefusal(form)) return form;
  return { kind: 'rewrite', title: form.title, edits: [...form.edits], requires: [...form.requires], changes: [...form.changes], form: form.id };
}
