/** Rows that were found missing are inserted as a set: the same insert, told to leave rows alone that are there by now. */
import type { Operation, Refusal, Rewrite } from '../../model.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { tableOf, violableKeys } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';

export function insertMissing({ insert }: { readonly read: Operation; readonly insert: Operation }, context: RewriteContext): Rewrite | Refusal {
  const { race, client, forms, file } = context;
  if (insert.file !== file.path) return refuse('other-file', 'The insert stands in another file.');
  const table = tableOf(insert);
  if (isRefusal(table)) return table;
  const keys = violableKeys(table, insert.rows?.[0] ?? { assignments: [], spreads: [], node: undefined });
  const key = keys.find((one) => race.key?.length === one.columns.length && one.columns.every((column) => race.key!.includes(column)));
  if (!key) return refuse('no-unique-key', `No unique key of \`${table.name}\` keeps these rows apart; add one first.`);
  // Where the form cannot name the key, ignoring conflicts ignores those of every key.
  const ignoresAll = client?.forms?.ignoresOneKey !== true;
  const other = ignoresAll ? keys.find((one) => one !== key) : undefined;
  if (other) return refuse('several-keys', `\`${table.name}\` has a second unique key, ${list(other.columns)}, whose violations would be ignored as well.`);
  if (ignoresAll && !table.complete) return refuse('several-keys', `Not all keys of \`${table.name}\` are known, and violations of each would be ignored.`);
  const form = client?.forms?.insertMissing?.({ insert, table, key }, forms);
  if (!form) return refuse('no-form', `There is no proven form for ${client?.name ?? 'this library'} here.`);
  if (isRefusal(form)) return form;
  if (form.before.length || form.row !== undefined) return refuse('expression', 'The form is no single expression.');
  return { kind: 'rewrite', title: form.title, edits: [{ start: insert.node.range[0], end: insert.node.range[1], text: form.call }], requires: form.requires, changes: form.changes, form: form.id };
}
