/** What the forms of several clients say alike. */
import type { Assignment, Dialect, Node, Requirement } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import type { FormContext } from '../forms.ts';

export const DATABASES: Readonly<Record<Dialect, string>> = { postgres: 'Postgres', mysql: 'MySQL', sqlite: 'SQLite' };

/** The form is that of this database, which is known. */
export const onDatabase = (dialect: Dialect): Requirement => ({ id: 'dialect', text: `the database is ${DATABASES[dialect]}`, state: 'proven' });

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
