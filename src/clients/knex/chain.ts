/** A statement's chain as it stands in the file: where it starts, what it returns, how code spells its columns. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, Operation } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { FormContext } from '../forms.ts';
import { columnNamed } from '../common/builder/state.ts';
import type { BuilderState } from '../common/builder/state.ts';
import { stepsOf } from '../common/nodes.ts';

export interface Chain {
  readonly steps: ReadonlyMap<string, TSESTree.CallExpression>;
  /** The connection or transaction, as code writes it: `knex`, `trx`, `this.db`. */
  readonly handle: string;
  /** The name of the table as text, by which a statement may qualify its columns; undefined: an alias, a schema, no text. */
  readonly table: string | undefined;
}

export const builderOf = (operation: Operation): BuilderState | undefined => operation.detail?.['builder'] as BuilderState | undefined;

/** `knex('users')…`, `trx.from('users')…`; undefined where the builder does not start in this expression. */
export function chainOf(node: Node, context: FormContext): Chain | undefined {
  const steps = stepsOf(node);
  let at = unwrap(node);
  let named: TSESTree.CallExpression | undefined;
  while (at.type === 'CallExpression') {
    const callee = unwrap(at.callee);
    if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
      const { name } = callee.property;
      const inner = unwrap(callee.object);
      if (inner.type !== 'CallExpression') {
        // `this.knex('users')`, where the connection is a property, and `knex.from('users')`, where a step is.
        const starts = name === 'from' || name === 'into' || name === 'table';
        return { steps, handle: context.text(starts ? callee.object : callee), table: tableText(named ?? at) };
      }
      if (name === 'from' || name === 'into' || name === 'table') named = at;
      at = inner;
    } else return callee.type === 'Identifier' || callee.type === 'CallExpression' ? { steps, handle: context.text(callee), table: tableText(at) } : undefined;
  }
  return undefined;
}

function tableText(call: TSESTree.CallExpression): string | undefined {
  const [first] = call.arguments;
  const node = first && unwrap(first);
  return node?.type === 'Literal' && typeof node.value === 'string' && /^\w+$/.test(node.value) ? node.value : undefined;
}

/** The columns that the rows have which a statement gives: '*', a list in order, or undefined where it returns none or they are not known. */
export function returnedBy(operation: Operation): string | undefined {
  const builder = builderOf(operation);
  const steps = stepsOf(operation.node);
  if (operation.verb === 'find') {
    if (!builder || steps.has('pluck') || builder.joined || builder.grouped || builder.aggregate) return undefined;
    return builder.columns?.toSorted().join() ?? (hasOther(steps) ? undefined : '*');
  }
  const write = steps.get('insert') ?? steps.get('update');
  const given = steps.get('returning')?.arguments[0] ?? write?.arguments[1];
  if (!given) return undefined;
  const node = unwrap(given);
  const texts = node.type === 'ArrayExpression' ? node.elements.map((one) => one && literal(one)) : [literal(node)];
  if (!texts.every((one) => typeof one === 'string')) return undefined;
  return texts.includes('*') ? '*' : texts.map((one) => columnNamed(operation.table.table, one)).toSorted().join();
}

/** Columns that the read computes or renames are not among those that are known. */
function hasOther(steps: ReadonlyMap<string, TSESTree.CallExpression>): boolean {
  return ['select', 'columns', 'column', 'distinct', 'first'].some((name) => steps.get(name)?.arguments.some((one) => { const text = literal(one); return text === undefined || !/^(?:\w+\.)?\*$/.test(text); }));
}

const literal = (node: Node): string | undefined => { const one = unwrap(node); return one.type === 'Literal' && typeof one.value === 'string' ? one.value : undefined; };

/** A column as the inserted row spells it, which a plugin may translate. */
export function spelling(insert: Operation, column: string): string {
  const node = insert.rows?.[0]?.assignments.find((one) => one.column === column)?.node;
  return (node?.type === 'Property' ? keyName(node.key, node.computed) : undefined) ?? column;
}
