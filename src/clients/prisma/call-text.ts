/** The one object argument of a Prisma call, as text to cut and edit. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Node, Operation } from '../../model.ts';
import { keyName, unwrap } from '../../source/syntax.ts';
import type { FormContext } from '../forms.ts';

/** `model.create({ data, select })`, taken apart. */
export interface CallText {
  readonly call: TSESTree.CallExpression;
  readonly method: TSESTree.Identifier;
  readonly argument: TSESTree.ObjectExpression;
  readonly properties: ReadonlyMap<string, TSESTree.Property>;
  /** The outermost object that the call is made on: `tx` in `tx.user.create`, `this.prisma` in `this.prisma.user.create`. */
  readonly handle: Node;
}

/** Undefined when the argument is no object literal, or holds spreads or computed keys. */
export function callText(operation: Operation): CallText | undefined {
  const call = unwrap(operation.node);
  if (call.type !== 'CallExpression') return undefined;
  const callee = unwrap(call.callee);
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return undefined;
  const model = unwrap(callee.object);
  const argument = call.arguments[0] && unwrap(call.arguments[0]);
  if (model.type !== 'MemberExpression' || argument?.type !== 'ObjectExpression' || call.arguments.length > 1) return undefined;
  const properties = new Map<string, TSESTree.Property>();
  for (const one of argument.properties) {
    const key = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
    if (one.type !== 'Property' || key === undefined) return undefined;
    properties.set(key, one);
  }
  return { call, method: callee.property, argument, properties, handle: model.object };
}

/** What stands between two properties of the argument: a line each, or a space. */
export function separator({ argument, properties }: CallText, context: Pick<FormContext, 'text' | 'indent'>): string {
  const [first] = properties.values();
  const opening = first && context.text(argument).slice(0, first.range[0] - argument.range[0]);
  return first && opening?.includes('\n') ? `\n${context.indent(first)}` : ' ';
}

/** The method's name, replaced. */
export function renamed(text: CallText, name: string): Edit {
  return { start: text.method.range[0], end: text.method.range[1], text: name };
}

/** `data: …` under another key; a shorthand `data` gets its value spelt out. */
export function rekeyed(property: TSESTree.Property, key: string): Edit {
  return property.shorthand
    ? { start: property.range[0], end: property.range[0], text: `${key}: ` }
    : { start: property.key.range[0], end: property.key.range[1], text: key };
}

/** `{ email }`, `{ email: input.email }`, `{ userId_orgId: { userId, orgId } }`. */
export function whereText(key: { readonly alias?: string; readonly columns: readonly string[] }, texts: ReadonlyMap<string, string>): string {
  const object = objectText(key.columns, texts);
  return key.columns.length === 1 ? object : `{ ${key.alias ?? key.columns.join('_')}: ${object} }`;
}

export function objectText(columns: readonly string[], texts: ReadonlyMap<string, string>): string {
  return `{ ${columns.map((column) => (texts.get(column) === column ? column : `${column}: ${texts.get(column)}`)).join(', ')} }`;
}
