/** The rows that a replacement inserts, as text: what the insert is given, how its emptiness is asked, and the values that stay. */
import type { TSESTree } from '@typescript-eslint/types';
import type { InsertFirstForm } from '../clients/forms.ts';
import type { Operation, Refusal } from '../model.ts';
import { boundIdentifiers } from '../source/file.ts';
import { contains, enclosingFunction, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';
import { definitionOf, isPath, mappedOf } from './collections.ts';
import type { RewriteContext } from './context.ts';
import { isInert } from './inert.ts';
import { valueNode } from './keys.ts';
import { refuse } from './refusals.ts';
import { eachOf, type Replacement } from './replacement.ts';
import { indentAt, reindent, someNode } from './text.ts';

export interface WantedRows {
  /** `const rows = …`, where they have no name yet. */
  readonly declaration: string | undefined;
  /** What the insert is given instead; undefined: as it was. */
  readonly argument: string | undefined;
  /** The list's name, for the question whether it is empty. */
  readonly text: string;
  /** `some`: there is always at least one. */
  readonly length: 'any' | 'some';
  /** The collection of the user's code that it is made of. */
  readonly source: Node | undefined;
  readonly values: Parameters<InsertFirstForm['prune']>[0];
}

export function wantedRows(replacement: Replacement, insert: Operation, element: string, context: RewriteContext): WantedRows | Refusal {
  const { file, trace } = context;
  const loop = loopOf(replacement, insert);
  if (loop) return looped(loop, insert, element, context);
  if (insert.rowsOf) {
    const given = insert.rows?.[0]?.node && valueNode(insert.rows[0].node);
    if (!given) return refuse('key-opaque', 'The inserted rows cannot be copied from the code.');
    const list = unwrap(given);
    if (list.type === 'Identifier') return { declaration: undefined, argument: undefined, text: list.name, length: 'any', source: list, values: valuesOf(list, list.name, element, insert, context) };
    if (!isInert(given, trace) && !isPath(list)) return refuse('work-between', 'Making the inserted rows does more than that, and would run before the delete.');
    const name = freshWithin('rows', context);
    return { declaration: `const ${name} = ${flat(given, context)}`, argument: name, text: name, length: 'any', source: list, values: valuesOf(list, name, element, insert, context) };
  }
  const rows = insert.rows ?? [];
  const [row] = rows;
  if (!row?.node) return refuse('key-opaque', 'The inserted rows cannot be copied from the code.');
  const array = row.node.parent?.type === 'ArrayExpression' ? row.node.parent : undefined;
  if (rows.length > 1 || array) {
    if (!array) return refuse('key-opaque', 'The inserted rows cannot be copied from the code.');
    if (!contains(insert.node, array)) {
      // Made before, in a variable; or by a function that was followed, where its names are not to be had.
      const declarator = array.parent?.type === 'VariableDeclarator' && enclosingFunction(array) === enclosingFunction(insert.node) ? array.parent : undefined;
      const named = declarator?.id;
      // Filled further on, it holds rows that were not looked at.
      if (named?.type !== 'Identifier' || !mentions(insert.node, named.name) || definitionOf(named, file) !== array) return refuse('key-opaque', 'The inserted rows cannot be copied from the code.');
      return { declaration: undefined, argument: undefined, text: named.name, length: 'some', source: named, values: members(named.name, element, context) };
    }
    if (!isInert(array, trace)) return refuse('work-between', 'Making the inserted rows does more than that, and would run before the delete.');
    const name = freshWithin('rows', context);
    return { declaration: `const ${name} = ${flat(array, context)}`, argument: name, text: name, length: 'some', source: undefined, values: members(name, element, context) };
  }
  const written = row.assignments.findLast((one) => one.column === element)?.node;
  const value = written && valueNode(written);
  if (value && contains(insert.node, value) && (isPath(value) || value.type === 'Literal')) return { declaration: undefined, argument: undefined, text: '', length: 'some', source: undefined, values: { value: file.slice(value) } };
  const name = freshWithin('row', context);
  const given = unwrap(row.node);
  if (given.type === 'Identifier') return { declaration: undefined, argument: undefined, text: '', length: 'some', source: undefined, values: { value: access(given.name, element, context) } };
  if (!isInert(given, trace) || !contains(insert.node, given)) return refuse('work-between', 'Making the inserted row does more than that.');
  return { declaration: `const ${name} = ${flat(given, context)}`, argument: name, text: '', length: 'some', source: undefined, values: { value: access(name, element, context) } };
}

function mentions(node: Node, name: string): boolean {
  return someNode(node, (one) => one.type === 'Identifier' && one.name === name);
}

/** The element's values straight from what the rows are made of, where each is an element of it; else from the rows. */
function valuesOf(list: Node, rows: string, element: string, insert: Operation, context: RewriteContext): WantedRows['values'] {
  const { file } = context;
  const mapped = mappedOf(definitionOf(list, file));
  const written = insert.rows?.[0]?.assignments.findLast((one) => one.column === element)?.node;
  const value = written && unwrap(valueNode(written));
  const [parameter, more] = mapped?.callback.params ?? [];
  const direct = mapped && !more && value && contains(mapped.callback, value) && parameter?.type === 'Identifier' && value?.type === 'Identifier' && value.name === parameter.name && isPath(mapped.list) && unwrap(list) === definitionOf(list, file);
  if (direct) return { list: file.slice(mapped.list), item: file.slice(parameter), value: parameter.name };
  return members(rows, element, context);
}

function members(rows: string, element: string, context: RewriteContext): WantedRows['values'] {
  const item = freshWithin('row', context);
  return { list: rows, item, value: access(item, element, context) };
}

function access(row: string, column: string, { forms: { quote } }: RewriteContext): string {
  return /^[A-Za-z_$][\w$]*$/.test(column) ? `${row}.${column}` : `${row}[${quote}${column}${quote}]`;
}

interface Loop { readonly list: Node; readonly pattern: Node; readonly index?: Node }

function loopOf({ outer, surrounded }: Replacement, insert: Operation): Loop | undefined {
  if (surrounded !== 'loop') return undefined;
  const each = eachOf(outer, insert);
  if (each) return { list: each.list, pattern: each.callback.params[0]! };
  const { left, right } = outer as TSESTree.ForOfStatement;
  return left.type === 'VariableDeclaration' ? { list: right, pattern: left.declarations[0]!.id } : undefined;
}

/** `for (const voice of voices) insert({ … voice … })` → all rows at once. */
function looped({ list, pattern }: Loop, insert: Operation, element: string, context: RewriteContext): WantedRows | Refusal {
  const { file, trace } = context;
  const row = insert.rows?.length === 1 && !insert.rowsOf ? insert.rows[0]!.node : undefined;
  const object = row && unwrap(row);
  if (object?.type !== 'ObjectExpression' || row?.parent?.type === 'ArrayExpression' || !contains(insert.node, object)) return refuse('loop', 'The rows of the loop are not written out as one object each.');
  if (!isInert(object, trace) || !isInert(list, trace)) return refuse('loop', 'The loop works out its rows with effects of its own.');
  const name = freshWithin('rows', context);
  const bound = pattern.type === 'Identifier' ? file.slice(pattern) : `(${file.slice(pattern)})`;
  const parameter = bound.startsWith('(') ? bound : `(${bound})`;
  const body = reindent(file.slice(object), indentAt(file.text, object.range[0]), '');
  const unwrapped = unwrap(list);
  const isArray = unwrapped.type === 'ArrayExpression' || (unwrapped.type === 'CallExpression' && /^Object\.(?:keys|values|entries)$/.test(file.slice(unwrapped.callee))) || mappedOf(list) !== undefined || isDeclaredArray(unwrapped, context);
  const declaration = isArray ? `const ${name} = ${file.slice(list)}.map(${parameter} => (${body}))` : `const ${name} = Array.from(${file.slice(list)}, ${parameter} => (${body}))`;
  if (boundIdentifiers(pattern).some((one) => one.name === name)) return refuse('loop', `The loop's variable is called \`${name}\`.`);
  const written = insert.rows![0]!.assignments.findLast((one) => one.column === element)?.node;
  const value = written && unwrap(valueNode(written));
  const direct = isArray && isPath(unwrapped) && pattern.type === 'Identifier' && value?.type === 'Identifier' && value.name === pattern.name;
  return { declaration, argument: name, text: name, length: 'any', source: unwrapped, values: direct ? { list: file.slice(unwrapped), item: pattern.name, value: pattern.name } : members(name, element, context) };
}

/** A parameter or variable of which the type is written as an array. */
function isDeclaredArray(node: Node, { file }: RewriteContext): boolean {
  const variable = node.type === 'Identifier' ? file.variable(node) : undefined;
  const identifier = variable?.identifiers[0] as unknown as Node | undefined;
  const type = identifier?.type === 'Identifier' ? identifier.typeAnnotation?.typeAnnotation : undefined;
  if (!type) return false;
  if (type.type === 'TSArrayType' || (type.type === 'TSTypeOperator' && type.typeAnnotation?.type === 'TSArrayType')) return true;
  return type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && /^(?:Array|ReadonlyArray)$/.test(type.typeName.name);
}

/**
 * A name that the function around the race has not yet, nor will have from the rewrite of another set in it: all of one pass are
 * written on the same text.
 */
export function freshWithin(name: string, { race, trace, file, forms }: RewriteContext): string {
  const owner = outermost(race.write.node);
  const text = owner ? file.slice(owner) : file.text;
  const start = race.read?.node.range[0] ?? 0;
  const earlier = new Set(trace.operations.filter((one) => one.verb === 'delete' && one.file === file.path && one.node.range[0] < start && outermost(one.node) === owner).map((one) => one.node));
  const numbered = earlier.size ? `${name}${earlier.size + 1}` : name;
  return new RegExp(`(?<![\\w$.])${numbered}(?![\\w$])`).test(text) ? forms.fresh(numbered) : numbered;
}

function outermost(node: Node): Node | undefined {
  let found: Node | undefined;
  for (let at = enclosingFunction(node); at; at = enclosingFunction(at)) found = at;
  return found;
}

function flat(node: Node, { file }: RewriteContext): string {
  return reindent(file.slice(node), indentAt(file.text, node.range[0]), '');
}
