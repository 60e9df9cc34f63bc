/** What the forms of several clients say alike. */
import type { Assignment, Dialect, Node, Operation, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { FormContext, UpsertRequest } from '../forms.ts';
import { refuseForm } from './refusal.ts';

export const DATABASES: Readonly<Record<Dialect, string>> = { postgres: 'Postgres', mysql: 'MySQL', sqlite: 'SQLite' };

/** The form is that of this database, which is known. */
export const onDatabase = (dialect: Dialect): Requirement => ({ id: 'dialect', text: `the database is ${DATABASES[dialect]}`, state: 'proven' });

/** A key's columns as titles name them. */
export const namedKey = (key: UniqueKey): string => key.columns.map((one) => `\`${one}\``).join(', ');

/** SQLite gives an id only to a row that is stored. */
export const burnsIds = (table: Table, dialect: Dialect): readonly string[] => (dialect !== 'sqlite' && [...table.columns.values()].some((one) => one.default === 'generated-id') ? ['A conflict uses up a number of the id\'s sequence.'] : []);

export function secondKey(dialect: Dialect | undefined, others: UpsertRequest['others']): Refusal | undefined {
  return dialect === 'mysql' && (others === 'unknown' || others.length) ? refuseForm('mysql-second-key', 'On MySQL an upsert takes a conflict of any unique key for this one.') : undefined;
}

/** MySQL's upsert looks past its own snapshot, up to REPEATABLE READ. */
export function unfitIsolation({ transaction }: Operation, dialect: Dialect): Refusal | undefined {
  const isolation = transaction?.isolation ?? 'default';
  const isFit = isolation === 'default' || isolation === 'read committed' || (dialect === 'mysql' && isolation === 'repeatable read');
  return isFit ? undefined : refuseForm('isolation', 'At this isolation level an upsert fails where it meets a row that the transaction\'s snapshot does not have.');
}

/** Which keys the rows of a set may violate beside `key`: they are not looked at one by one. */
export function otherKeysOfSet(table: Table, key: UniqueKey | undefined): UpsertRequest['others'] {
  return table.complete ? table.keys.filter((one) => one !== key && !(one.primary && one.columns.every((column) => table.columns.get(column)?.default === 'generated-id'))) : 'unknown';
}

/** The expression of a written value: of a property, of an assignment to a field, of which the field was kept. */
export function valueNode({ node }: Assignment): Node | undefined {
  if (node?.type === 'Property') return node.value;
  const assignment = node?.type === 'AssignmentExpression' ? node : node?.parent?.type === 'AssignmentExpression' && node.parent.left === node ? node.parent : undefined;
  if (assignment) return assignment.operator === '=' ? assignment.right : undefined;
  // `row.count++`: the field alone is no value.
  return node?.parent?.type === 'UpdateExpression' ? undefined : node;
}

export function rootOf(node: Node): Node {
  let at = node;
  while (at.parent) at = at.parent;
  return at;
}

/** `{ theme, seenAt: new Date() }`; undefined where a value is not written out in this file. */
export function spelled(assignments: readonly Assignment[], { table, within }: { table: Table; within: Node }, context: FormContext): string | undefined {
  const parts: string[] = [];
  for (const one of assignments) {
    const node = valueNode(one);
    const column = table.columns.get(one.column);
    // A foreign key that only its relation writes has no property of its own.
    const isProperty = column !== undefined && !/\./.test(one.column) && !(column.type === undefined && table.relations.some((each) => each.columns.includes(one.column)));
    if (one.how !== 'set' || !node || !isProperty || rootOf(node) !== rootOf(within)) return undefined;
    const text = context.text(node);
    parts.push(text === one.column ? text : `${one.column}: ${text}`);
  }
  return parts.length ? `{ ${parts.join(', ')} }` : undefined;
}
