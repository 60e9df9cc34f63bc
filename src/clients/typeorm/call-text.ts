/** Calls of this library taken apart as text: what they are made on, what they are given. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, Operation, Refusal } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { FormContext } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import type { On } from './handles.ts';

export interface CallText {
  readonly on: Exclude<On, 'row' | 'raw'>;
  /** `this.tools`, `manager`, `Member`; for a builder the chain up to its last call. */
  readonly receiver: string;
  /** The entity's class, as a manager's methods take it first. */
  readonly entity: string | undefined;
  /** What is written, as given: the argument, the entity that is saved. */
  readonly values: Node | undefined;
  readonly node: TSESTree.CallExpression;
  readonly method: TSESTree.Identifier;
}

/** A handle that gives the same when it is named twice: `this.tools`, `dataSource.getRepository(Tool)`. */
const PLAIN = /^(?:this|[\w$]+)(?:\.[\w$]+)*(?:\.getRepository\([\w$.]+\))?$/;

/** A method call with a plain name: its node and that name. */
export function methodCall(node: Node): { node: TSESTree.CallExpression; callee: TSESTree.MemberExpression; method: TSESTree.Identifier } | undefined {
  const call = unwrap(node);
  if (call.type !== 'CallExpression' || call.optional || call.callee.type !== 'MemberExpression' || call.callee.optional) return undefined;
  const { callee } = call;
  return !callee.computed && callee.property.type === 'Identifier' ? { node: call, callee, method: callee.property } : undefined;
}

/** An insert, save or update taken apart, or why its text cannot be made into another call. */
export function callText(operation: Operation, table: Table, context: FormContext): CallText | Refusal {
  const shape = refuseForm('expression', 'The call has a shape that the rewrite does not know.');
  const call = methodCall(operation.node);
  const on = operation.detail?.['on'] as On | undefined;
  if (!call || !on || on === 'raw') return shape;
  const { node, callee, method } = call;
  const receiver = context.text(callee.object);
  if (on === 'builder') return { on, receiver, entity: undefined, values: undefined, node, method };
  if (node.arguments.some((one) => one.type === 'SpreadElement')) return shape;
  const args = node.arguments as TSESTree.Expression[];
  if (on === 'row') {
    const entity = context.imported(table.name);
    if (entity === undefined) return refuseForm('entity-not-imported', `\`${table.name}\` is not imported here as a value, and the upsert is a method of the class.`);
    return args.length ? refuseForm('save-options', `\`${method.name}\` is called with options, which an upsert does not take.`) : { on: 'class', receiver: entity, entity, values: callee.object, node, method };
  }
  if (!PLAIN.test(receiver.replace(/\s+/g, ''))) return refuseForm('expression', `\`${receiver}\` would be worked out twice; keep it in a variable.`);
  const named = operation.detail?.['entityNode'] as Node | undefined;
  const own = on === 'manager' && named ? args.slice(1) : args;
  const options = method.name === 'save' ? own[1] : undefined;
  if (options) return refuseForm('save-options', `\`${method.name}\` is called with options, which an upsert does not take.`);
  const entity = on !== 'manager' ? undefined : named ? context.text(named) : createdAs(own[0], context) ?? context.imported(table.name);
  if (on === 'manager' && entity === undefined) return refuseForm('entity-not-imported', `\`${table.name}\` is not imported here as a value, and the manager's upsert is given the class.`);
  return { on, receiver, entity, values: own[0], node, method };
}

/** The entity in `manager.create(Tool, { … })`. */
function createdAs(node: Node | undefined, context: FormContext): string | undefined {
  const call = node && methodCall(node);
  return call?.method.name === 'create' && call.node.arguments.length === 2 ? context.text(call.node.arguments[0]!) : undefined;
}

/** `repo.create({ … })`, `manager.create(Tool, { … })`, `Member.create({ … })`: an instance that is made in place. */
export function isCreate(node: Node): boolean {
  return methodCall(node)?.method.name === 'create';
}

/** A method of the handle, with the entity first where it is a manager's. */
export function invoke({ on, receiver, entity }: CallText, method: string, ...args: readonly string[]): string {
  return `${receiver}.${method}(${[...(on === 'manager' ? [entity!] : []), ...args].join(', ')})`;
}

/** The start of an insert by query builder on the same connection. */
export function insertBuilder({ on, receiver, entity }: CallText): string {
  return `${receiver}.createQueryBuilder().insert()${on === 'manager' ? `.into(${entity!})` : ''}`;
}

/** `['userId', 'orgId']`, in the file's quotes. */
export function nameList(names: readonly string[], { quote }: FormContext): string {
  return `[${names.map((one) => quote + one + quote).join(', ')}]`;
}

/** `{ userId, orgId: org.id }`: the key as a where object. */
export function keyObject(columns: readonly string[], texts: ReadonlyMap<string, string>): string {
  return `{ ${columns.map((one) => (texts.get(one) === one ? one : `${/^[\w$]+$/.test(one) ? one : `'${one}'`}: ${texts.get(one)!}`)).join(', ')} }`;
}

/** Lines below the first, moved left by the indentation of the node they were cut from. */
export function outdent(text: string, node: Node, context: FormContext): string {
  const indent = context.indent(node);
  return indent ? text.replaceAll(`\n${indent}`, '\n') : text;
}
