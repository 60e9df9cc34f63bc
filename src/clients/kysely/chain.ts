/** A statement's chain as it stands in the file. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, Operation, Refusal } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import { columnNamed } from '../common/builder/state.ts';
import type { BuilderState } from '../common/builder/state.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { Table } from '../../schema/model.ts';

/** The calls of a chain by their names, the last of each: `insertInto`, `values`, `returningAll`, `executeTakeFirst`. */
export function stepsOf(node: Node): ReadonlyMap<string, TSESTree.CallExpression> {
  const steps = new Map<string, TSESTree.CallExpression>();
  for (let at = unwrap(node); at.type === 'CallExpression' && at.callee.type === 'MemberExpression'; at = unwrap(at.callee.object)) {
    if (at.callee.property.type === 'Identifier' && !steps.has(at.callee.property.name)) steps.set(at.callee.property.name, at);
  }
  return steps;
}

export const builderOf = (operation: Operation): BuilderState | undefined => operation.detail?.['builder'] as BuilderState | undefined;

/** The name that the first step gives the table, where it is a plain one. */
export function tableText(start: TSESTree.CallExpression | undefined): string | undefined {
  const [given] = start?.arguments ?? [];
  return given?.type === 'Literal' && typeof given.value === 'string' && /^\w+$/.test(given.value) ? given.value : undefined;
}

/** How the code spells a column (a plugin may translate it), by the keys of an object that it writes. */
export function spelling(table: Table, operation: Operation): (column: string) => string {
  const spelled = new Map<string, string>();
  for (const { node } of operation.rows?.flatMap((row) => row.assignments) ?? []) {
    const property = node?.type === 'Property' ? node : node?.parent?.type === 'Property' ? node.parent : undefined;
    const key = property && keyName(property.key, property.computed);
    if (key !== undefined) spelled.set(columnNamed(table, key), key);
  }
  const named = (column: string): string => table.columns.get(column)?.dbName ?? column;
  const isTranslated = [...spelled].some(([column, key]) => key !== named(column));
  return (column) => spelled.get(column) ?? (isTranslated ? named(column).replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()) : named(column));
}

/** The object that a step is given, undefined for anything else. */
export function objectOf(step: TSESTree.CallExpression | undefined): TSESTree.ObjectExpression | undefined {
  const [given, ...more] = step?.arguments ?? [];
  const object = given && !more.length ? unwrap(given) : undefined;
  return object?.type === 'ObjectExpression' ? object : undefined;
}

/** The object that a callback with an expression builder gives back: `(eb) => ({ … })`, with the builder's name. */
export function builtObject(step: TSESTree.CallExpression | undefined): { readonly object: TSESTree.ObjectExpression; readonly eb: string } | undefined {
  const [given, ...more] = step?.arguments ?? [];
  if (given?.type !== 'ArrowFunctionExpression' || more.length) return undefined;
  const [parameter] = given.params;
  const object = unwrap(given.body);
  return given.params.length === 1 && parameter?.type === 'Identifier' && object.type === 'ObjectExpression' ? { object, eb: parameter.name } : undefined;
}

/** What a chain selects or returns, comparable: '*', or the columns in the order of the alphabet; undefined: nothing. */
export function fieldsOf(steps: ReadonlyMap<string, TSESTree.CallExpression>, text: (node: Node) => string): string | undefined {
  if (steps.has('selectAll') || steps.has('returningAll')) return '*';
  const step = steps.get('select') ?? steps.get('returning');
  const [given] = step?.arguments ?? [];
  if (!given) return undefined;
  const listed = given.type === 'ArrayExpression' ? given.elements : [given];
  return listed.map((one) => (one?.type === 'Literal' ? String(one.value) : one ? text(one) : '')).toSorted().join();
}

export const isRefused = (value: object): value is Refusal => 'kind' in value && value.kind === 'refusal';
export { refusal };
export { spaceBefore } from '../common/nodes.ts';
