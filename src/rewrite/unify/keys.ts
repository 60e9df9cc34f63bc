/** Keys by which rows are looked for, partial and nullable ones included, and what code reads of a row. */
import type { Operation, Refusal } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { Variable } from '../../source/file.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import { isRefusal, refuse } from '../refusals.ts';

/** The unique key on exactly these columns; a look-up can ask for a partial one, and never finds a NULL. */
export function keyOf(table: Table, columns: readonly string[]): UniqueKey | Refusal {
  const wanted = new Set(columns);
  const same = table.keys.filter((key) => key.columns.length === wanted.size && key.columns.every((one) => wanted.has(one)));
  const named = list([...wanted]);
  const key = same.find((one) => !one.where && !one.expression) ?? same.find((one) => !one.expression);
  if (!key) return table.keys.some((one) => one.expression && one.columns.every((column) => wanted.has(column))) ? refuse('expression-key', `The unique index on ${named} is over an expression.`) : refuse('no-unique-key', `No unique key of \`${table.name}\` is exactly ${named}.`);
  if (key.deferrable) return refuse('deferrable-key', `The unique constraint on ${named} is deferrable: its violation comes too late.`);
  if (key.nullsNotDistinct && key.columns.some((one) => table.columns.get(one)?.nullable !== false)) return refuse('nullable-key', `In the unique key on ${named} NULLs are values like others.`);
  if (key.primary) return refuse('writes-id', `${named} is the primary key, by which a row that another key finds cannot be changed.`);
  return key;
}

/** The key that a look-up or update asks for, with the values that the insert writes. */
export function comparedKey(operation: Operation, insert: Operation): UniqueKey | Refusal {
  const arm = operation.predicate?.complete && operation.predicate.arms.length === 1 ? operation.predicate.arms[0]! : undefined;
  if (!arm?.length) return refuse('predicate-not-a-key', `\`${operation.label}\` asks for more or less than a key.`);
  const odd = arm.find((one) => one.operator !== '=' || one.via.length || one.conditional);
  if (odd) return refuse('predicate-not-a-key', `\`${operation.label}\` asks for \`${odd.column}\` in a way that no unique key can.`);
  const key = keyOf(insert.table.table!, arm.map((one) => one.column));
  if (isRefusal(key)) return key;
  for (const { column, value } of arm) {
    const written = insert.rows?.[0]?.assignments.findLast((one) => one.column === column);
    if (!written || written.conditional || written.how !== 'set' || written.value !== value) return refuse('key-value-differs', `The insert does not write the \`${column}\` that \`${operation.label}\` asks for.`);
  }
  return key;
}

export interface Reads { readonly columns: ReadonlySet<string>; readonly whole: boolean }

/** Columns read of the variables that hold a row; `whole`: the row goes somewhere as it is. */
export function readsOf(rows: readonly Variable[]): Reads {
  const columns = new Set<string>();
  let whole = false;
  for (const { identifier } of rows.flatMap((one) => one.references)) {
    let at = identifier as unknown as Node;
    const { parent } = at;
    if (parent?.type === 'VariableDeclarator' && parent.id === at) continue;
    if (isPatternPart(at)) continue;
    while (at.parent?.type === 'TSNonNullExpression' || at.parent?.type === 'TSAsExpression') at = at.parent;
    const use = at.parent;
    if (use?.type === 'MemberExpression' && use.object === at && !use.computed && use.property.type === 'Identifier') columns.add(use.property.name);
    else if (use?.type !== 'UnaryExpression' && use?.type !== 'IfStatement' && use?.type !== 'ExpressionStatement') whole = true;
  }
  return { columns, whole };
}

/** `{ data }` of a declaration. */
function isPatternPart(node: Node): boolean {
  return node.parent?.type === 'Property' && node.parent.parent?.type === 'ObjectPattern' || node.parent?.type === 'ArrayPattern';
}
