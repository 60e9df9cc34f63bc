/**
 * Insert first; in answer to a violation of that very key, read or update the row that is there: the form where no single
 * statement of the client is one statement in the database.
 */
import type { UpsertForm, ViolationForm } from '../../clients/forms.ts';
import type { Operation, Refusal, Rewrite } from '../../model.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { onlyRow, otherKeys } from '../keys.ts';
import { refuse, isRefusal } from '../refusals.ts';
import { reindent, someNode } from '../text.ts';
import { assemble, type Ensured } from './ensure-row.ts';

export function insertFirst(ensured: Ensured, context: RewriteContext): Rewrite | Refusal {
  const form = formOf(ensured, context);
  return isRefusal(form) ? form : assemble(ensured, form, context);
}

function formOf(ensured: Ensured, context: RewriteContext): UpsertForm | Refusal {
  const { insert, read, update, key: { key, table, texts }, wants } = ensured;
  const { client, forms } = context;
  const row = onlyRow(insert);
  if (isRefusal(row)) return row;
  if (insert.violation?.arrives !== 'thrown') return refuse('no-form', 'This client returns errors instead of throwing them.');
  // A row that is there may have the inserted values of both keys, and the database tells one of them only.
  const others = otherKeys(table, key, row);
  if (others === 'unknown') return refuse('several-keys', `Not all keys of \`${table.name}\` are known, and a violation of another one would hide the row that is there.`);
  const [other] = others;
  if (other) return refuse('several-keys', `The insert also gives ${list(other.columns)}: where the row that is there has that too, the database may report that key instead of ${list(key.columns)}.`);
  const error = caughtName(context, [insert, update ?? read]);
  const violation = client?.forms?.violation?.({ write: insert, table, key, others, error }, forms);
  if (!violation) return refuse('no-form', `How ${client?.name ?? 'this library'} tells which key was violated is not known here.`);
  if (isRefusal(violation)) return violation;
  const fallback = update ? client!.forms!.updateByKey?.(update, { key, table, keyText: texts, wants }, forms) : wants === 'row' ? client!.forms!.surely?.(read, forms) : '';
  if (fallback === undefined) return refuse('no-form', `The ${update ? 'update' : 'look-up'} cannot be written so that it stands after a failed insert.`);
  const moved = reindent(fallback, forms.indent((update ?? read).node), forms.indent(insert.node));
  const call = handledCall(insert, moved, { ...violation, error }, context);
  if (isRefusal(call)) return call;
  return {
    kind: 'form', id: `${client!.id}-insert-first${update ? '-update' : ''}`,
    title: `Insert first, and ${update ? 'update' : wants === 'row' ? 'read' : 'leave'} the row that is there on a violation of ${list(key.columns)}`,
    before: [], call, row: undefined,
    requires: violation.requires, onConnection: true,
    changes: ['The row is inserted before it is looked for: where it is there, the failed insert may use up an id.', ...violation.changes],
  };
}

/** The insert, with `fallback` (an expression, '' for nothing) in answer to a violation of that key and of no other. */
export function handledCall(insert: Operation, fallback: string, violation: ViolationForm & { readonly error: string }, context: RewriteContext): string | Refusal {
  const call = insideTransaction(insert, violation.savepoint, context);
  if (isRefusal(call)) return call;
  const { forms, semicolon } = context;
  const { unit, typescript } = forms;
  return [
    `${call}.catch((${violation.error}${typescript ? ': unknown' : ''}) => {`,
    `${unit}if (!(${violation.test})) throw ${violation.error}${semicolon}`,
    ...(fallback ? [`${unit}return ${fallback.replaceAll('\n', `\n${unit}`)}${semicolon}`] : []),
    '})',
  ].join(`\n${forms.indent(insert.node)}`);
}

/** `error`, unless the code that the handler runs has that name already. */
export function caughtName({ forms, file }: RewriteContext, inside: readonly Operation[]): string {
  const isTaken = inside.some(({ node }) => someNode(node, (one) => one.type === 'Identifier' && one.name === 'error' && file.variable(one) !== undefined));
  return isTaken ? forms.fresh('error') : 'error';
}

/** The text of the insert, inside a nested transaction where a violation would abort the one that it runs in. */
function insideTransaction(insert: Operation, savepoint: ((call: string) => string | undefined) | undefined, { forms, client }: RewriteContext): string | Refusal {
  const text = forms.text(insert.node);
  const { transaction } = insert;
  if (!transaction) return text;
  const isReadCommitted = transaction.isolation === 'default' || transaction.isolation === 'read committed';
  // MySQL's default level would read the row from a snapshot in which it is still absent.
  const nested = forms.dialect === 'postgres' && isReadCommitted ? savepoint?.(text) : undefined;
  return nested ?? refuse('in-transaction', `The insert runs inside a transaction, which its violation would ${forms.dialect === 'mysql' ? 'leave with an old snapshot' : 'abort'}; ${client!.name} ${forms.dialect === 'postgres' ? 'has no nested transaction here' : 'needs it outside'}.`);
}
