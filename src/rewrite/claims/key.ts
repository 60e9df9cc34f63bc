/** The unique keys of which an update takes a value: proven to be what was looked up, or the reason why it is none. */
import type { Comparison, Operation, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { addresses } from '../../trace/rows.ts';
import { sameTable } from '../../trace/matching.ts';
import { lineage } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { exactKey, isLastWord, nonNull, tableOf, together, wholeRowHas } from '../keys.ts';
import { isRefusal, refuse } from '../refusals.ts';

export interface ClaimedKey {
  readonly table: Table;
  /** One for each arm of the look-up. */
  readonly keys: readonly UniqueKey[];
  /** The comparisons with the value that is to be free. */
  readonly values: readonly Comparison[];
  /** The look-up passes over the row that is updated. */
  readonly excludesRow: boolean;
  readonly others: readonly UniqueKey[] | 'unknown';
  readonly requires: readonly Requirement[];
}

export function claimedKey(read: Operation, update: Operation, context: RewriteContext): ClaimedKey | Refusal {
  const table = tableOf(update);
  if (isRefusal(table)) return table;
  if (sameTable(read.table, update.table) !== true) return refuse('other-table', 'The look-up reads another table than the update writes.');
  const found: ClaimedArm[] = [];
  for (const arm of read.predicate?.complete ? read.predicate.arms : []) {
    const one = claimedArm(arm, table, read, update, context);
    if (isRefusal(one)) return one;
    found.push(one);
  }
  if (!found.length) return refuse('predicate-not-a-key', 'What the look-up asks for was not understood, so a violation does not tell what it would have found.');
  const keys = [...new Set(found.map((one) => one.key))];
  return {
    table, keys, values: found.flatMap((one) => one.values), excludesRow: found.every((one) => one.excludesRow), others: violated(update, table, keys), requires: together(found.map((one) => one.requires)),
  };
}

interface ClaimedArm extends Pick<ClaimedKey, 'values' | 'excludesRow' | 'requires'> { readonly key: UniqueKey }

function claimedArm(arm: readonly Comparison[], table: Table, read: Operation, update: Operation, context: RewriteContext): ClaimedArm | Refusal {
  const { trace, forms: { dialect } } = context;
  const excluded = arm.filter((one) => excludesRow(one, table, update));
  const values = arm.filter((one) => !excluded.includes(one));
  const odd = values.find((one) => one.operator !== '=' || one.via.length || one.conditional);
  if (odd) return refuse('predicate-not-a-key', `The look-up also asks for \`${[...odd.via, odd.column].join('.')}\` in a way that no unique key can.`);
  const key = exactKey(table, [...new Set(values.map((one) => one.column))], dialect);
  if (isRefusal(key)) return key;
  if (update.many && !isOneRow(update, table)) return refuse('several-rows', `\`${update.label}\` may write several rows, which can take the value from each other.`);
  const scope = writtenKey(read, update, key, values, context);
  if (isRefusal(scope)) return scope;
  const named = nonNull(table, key, (column) => values.find((one) => one.column === column)!.value, trace.formulas.and(read.condition, update.condition));
  return isRefusal(named) ? named : { key, values, excludesRow: excluded.length > 0, requires: [...named, ...scope] };
}

/** `id: { not: id }`: the row that is updated has the value itself, or may have it. */
function excludesRow({ operator, column, via, conditional }: Comparison, table: Table, update: Operation): boolean {
  const isKey = table.keys.some((one) => one.primary && one.columns.includes(column)) || update.predicate?.arms.some((each) => each.some((one) => one.column === column && one.operator === '=')) === true;
  return operator === '!=' && isKey && !via.length && !conditional;
}

function isOneRow({ predicate, verb }: Operation, table: Table): boolean {
  const arm = predicate?.arms.length === 1 ? predicate.arms[0]! : [];
  const asked = arm.filter((one) => one.operator === '=' && !one.via.length && !one.conditional).map((one) => one.column);
  return verb === 'save' || table.keys.some((one) => one.columns.length > 0 && !one.where && !one.expression && one.columns.every((column) => asked.includes(column)));
}

/** That the update writes what was looked up; what it leaves as it is has to be what was looked up as well. */
function writtenKey(read: Operation, update: Operation, key: UniqueKey, values: readonly Comparison[], { trace }: RewriteContext): readonly Requirement[] | Refusal {
  const row = update.rows?.length === 1 && !update.rowsOf ? update.rows[0]! : undefined;
  if (!row) return refuse('update-unclear', `What \`${update.label}\` writes was not understood.`);
  const unclear: string[] = [];
  let isWritten = false;
  for (const column of key.columns) {
    const comparison = values.find((one) => one.column === column)!;
    const written = row.assignments.findLast((one) => one.column === column && one.how !== 'carried');
    if (written) {
      if (written.how !== 'set' || written.value !== comparison.value) return refuse('key-value-differs', `The update writes another value into \`${column}\` than was looked up.`);
      if (row.spreads.length && !isLastWord(written.node, update.node)) return refuse('key-opaque', `Whether the updated row gets the looked-up \`${column}\` cannot be seen through the spread behind it.`);
      isWritten = true;
    } else if (row.spreads.length && wholeRowHas(row, comparison)) isWritten = true;
    else if (!isOwnValue(comparison)) unclear.push(column);
  }
  if (!isWritten) return refuse('key-opaque', `Whether the updated row gets the looked-up ${list(key.columns)} cannot be seen.`);
  return unclear.length ? [{ id: 'same-scope', text: `the updated row has the looked-up ${list(unclear)}`, state: 'unknown' }] : [];

  /** The row is found by it, or it was read from that row. */
  function isOwnValue({ column, value }: Comparison): boolean {
    if (update.predicate?.arms.length === 1 && update.predicate.arms[0]!.some((one) => one.column === column && one.operator === '=' && one.value === value)) return true;
    const from = lineage(value);
    return value.kind === 'member' && value.key === column && from !== undefined && from !== read && addresses(update, { read: from, row: value.object, table: from.table }, trace) === 'same';
  }
}

/** Keys beside these of which the update writes a column. */
function violated(update: Operation, table: Table, keys: readonly UniqueKey[]): readonly UniqueKey[] | 'unknown' {
  if (!table.complete) return 'unknown';
  const row = update.rows![0]!;
  const isWritten = (column: string): boolean => row.spreads.length > 0 || row.assignments.some((one) => one.column === column && one.how !== 'carried');
  return table.keys.filter((one) => !keys.includes(one) && (one.expression || one.columns.some(isWritten)));
}
