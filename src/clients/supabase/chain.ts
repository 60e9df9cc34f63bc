/**
 * The builder chain of a request as its author wrote it: the call of the verb and what follows it, with the edits that turn one
 * request into another.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Edit, Node, Operation, Refusal } from '../../model.ts';
import type { UniqueKey } from '../../schema/model.ts';
import { contains, keyName, unwrap } from '../../source/syntax.ts';
import { refuseForm } from '../common/refusal.ts';
import type { FormContext } from '../forms.ts';

/** One call of the chain; `tail`: from the end of what it is called on to the end of the call, `.single()` with its dot. */
export interface Link {
  readonly name: string;
  readonly call: TSESTree.CallExpression;
  readonly property: Node;
  readonly tail: readonly [number, number];
}

export interface Chain {
  /** `.insert(rows)`, `.delete()`. */
  readonly verb: Link;
  /** What follows the verb, in order. */
  readonly rest: readonly Link[];
}

/** Undefined: the builder was kept in a variable and finished elsewhere, or is called in a way that is no plain chain. */
export function chainOf(operation: Operation): Chain | undefined {
  const start = operation.detail?.['start'] as Node | undefined;
  if (!start || !contains(operation.node, start)) return undefined;
  const links: Link[] = [];
  for (let at = unwrap(operation.node); ;) {
    if (at.type !== 'CallExpression') return undefined;
    const callee = unwrap(at.callee);
    if (callee.type !== 'MemberExpression') return undefined;
    const name = keyName(callee.property, callee.computed);
    if (name === undefined || callee.computed) return undefined;
    links.unshift({ name, call: at, property: callee.property, tail: [callee.object.range[1], at.range[1]] });
    if (at === start) break;
    at = unwrap(callee.object);
  }
  const [verb, ...rest] = links;
  return verb && { verb, rest };
}

export const rename = (link: Link, name: string): Edit => ({ start: link.property.range[0], end: link.property.range[1], text: name });
export const remove = (link: Link): Edit => ({ start: link.tail[0], end: link.tail[1], text: '' });

/** A line of its own for `.from(…)` and each step after it. */
export function lineBreaks({ verb, rest }: Chain, line: string): Edit[] {
  const base = unwrap(verb.call.callee);
  const from = base.type === 'MemberExpression' ? unwrap(base.object) : undefined;
  const receiver = from?.type === 'CallExpression' ? unwrap(from.callee) : undefined;
  const starts = [...(receiver?.type === 'MemberExpression' ? [receiver.object.range[1]] : []), ...[verb, ...rest].map((one) => one.tail[0])];
  return starts.map((start) => ({ start, end: start, text: line }));
}

/**
 * `.insert(rows)` → `.upsert(rows, options)`; undefined where the insert has options that mean something else in an upsert
 * (a count of the written rows), or options that are not written out.
 */
export function upsertEdits({ verb }: Chain, options: string, rows?: string): Edit[] | undefined {
  const [given, own] = verb.call.arguments;
  if (!given || given.type === 'SpreadElement' || verb.call.arguments.length > 2) return undefined;
  // A name in place of what stood on lines of its own needs none of them.
  if (rows !== undefined && !own && !verb.call.typeArguments) return [{ start: verb.property.range[0], end: verb.call.range[1], text: `upsert(${rows}, { ${options} })` }];
  const edits = [rename(verb, 'upsert'), ...(rows === undefined ? [] : [{ start: given.range[0], end: given.range[1], text: rows }])];
  if (!own) return [...edits, { start: given.range[1], end: given.range[1], text: `, { ${options} }` }];
  const object = own.type === 'SpreadElement' ? own : unwrap(own);
  if (object.type !== 'ObjectExpression') return undefined;
  const [first] = object.properties;
  if (!first) return [...edits, { start: object.range[0], end: object.range[1], text: `{ ${options} }` }];
  if (object.properties.some((one) => one.type !== 'Property' || keyName(one.key, one.computed) !== 'defaultToNull')) return undefined;
  return [...edits, { start: first.range[0], end: first.range[0], text: `${options}, ` }];
}

/** `onConflict: 'a,b'`: the names stand in the address, where a comma or a quote would mean something else. */
export function conflictTarget(key: UniqueKey): string | Refusal {
  const odd = key.columns.find((column) => !/^[\w$]+$/.test(column));
  return odd === undefined ? key.columns.join(',') : refuseForm('column-name', `\`${odd}\` cannot be written into \`onConflict\`.`);
}

export const onConflict = (target: string, { quote }: FormContext): string => `onConflict: ${quote}${target}${quote}`;
