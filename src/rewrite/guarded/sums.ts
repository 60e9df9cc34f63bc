/** Values that code computed from the column that they are written into → sums that the database can work out. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Sum } from '../../clients/forms.ts';
import type { Assignment, Refusal, Requirement } from '../../model.ts';
import type { Column, Table } from '../../schema/model.ts';
import type { SourceFile, Variable } from '../../source/file.ts';
import { unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { valueNode } from '../keys.ts';
import { refuse } from '../refusals.ts';
import { isNumber, kindOf, type Kind } from './kinds.ts';
import { behind, type RowNames } from './row-names.ts';
import { isMovable } from './tests.ts';

export interface SumReader {
  readonly names: RowNames;
  readonly table: Table;
  readonly file: SourceFile;
  readonly place: Node;
}

export interface ReadSum {
  readonly sum: Sum;
  readonly requires: readonly Requirement[];
  /** Constants that hold parts of the computation, from the outermost on. */
  readonly through: readonly Variable[];
  /** A change of a field that is part of what a save writes: `row.count += 1`. */
  readonly change: TSESTree.ExpressionStatement | undefined;
}

/** What is written into a column of which the old value is used; refused where it is no sum of it. */
export function sumOf(assignment: Assignment, reader: SumReader): ReadSum | Refusal {
  const { table } = reader;
  const column = table.columns.get(assignment.column);
  if (!column) return refuse('schema-unknown', `\`${assignment.column}\` of \`${table.name}\` is not declared where it was looked for, so whether it can be NULL is not known.`);
  if (assignment.conditional) return refuse('computed-value', `\`${column.name}\` is not always written.`);
  const kind = kindOf(column, table);
  const field = changedField(assignment, reader);
  const written = field ?? (assignment.node && { operand: undefined, operator: undefined, change: undefined, value: valueNode(assignment.node) });
  if (!written) return noSum(column);
  let parsed: Parsed | undefined;
  const through: Variable[] = [];
  if (written.operator) parsed = { operator: written.operator, terms: [{ node: written.operand, minus: false }] };
  else if (written.value) {
    const { node, through: names } = behind(written.value, reader.file);
    through.push(...names);
    parsed = parse(node, column, kind, reader, through);
  }
  if (!parsed) return noSum(column);
  const operand = operandOf(parsed, column, kind, through.length > 0, reader);
  if ('kind' in operand) return operand;
  if (column.nullable === true) return refuse('nullable-column', `\`${column.name}\` can be NULL, and NULL plus a number is NULL: make it NOT NULL with a default first, then let the database add.`);
  const requires: Requirement[] = [
    ...(column.nullable === false ? [] : [{ id: 'column-not-null', text: `\`${column.name}\` is never NULL`, state: 'unknown' } as const]),
    ...(operand.isNumber ? [] : [{ id: 'number', text: `\`${operand.text}\` is a number`, state: 'unknown' } as const]),
  ];
  return { sum: { column: column.name, operator: operand.operator, text: operand.text, value: field ? undefined : written.value }, requires, through, change: written.change };
}

function noSum({ name }: Column): Refusal {
  return refuse('computed-value', `What is written into \`${name}\` is computed in code and is no sum of it: put the old value (or a version) into the WHERE clause, and repeat when no row was changed.`);
}

interface Term { readonly node: Node | undefined; readonly minus: boolean }
interface Parsed { readonly operator: '+' | '-' | '*'; readonly terms: readonly Term[] }

/** `row.count += n`, `row.count -= n`, `row.count++`, in front of a save. */
function changedField({ node }: Assignment, { names }: SumReader): { readonly operator: '+' | '-' | '*'; readonly operand: Node | undefined; readonly change: TSESTree.ExpressionStatement | undefined; readonly value: undefined } | { readonly operator: undefined; readonly operand: undefined; readonly change: TSESTree.ExpressionStatement; readonly value: Node } | undefined {
  const at = node && (node.type === 'MemberExpression' ? node.parent : node);
  const statement = at?.parent?.type === 'ExpressionStatement' ? at.parent : undefined;
  if (!at || !statement) return undefined;
  if (at.type === 'UpdateExpression' && names.columnOf(at.argument) !== undefined) return { operator: at.operator === '++' ? '+' : '-', operand: undefined, change: statement, value: undefined };
  if (at.type !== 'AssignmentExpression' || names.columnOf(at.left) === undefined) return undefined;
  if (at.operator === '=') return { operator: undefined, operand: undefined, change: statement, value: at.right };
  const operator = at.operator === '+=' ? '+' : at.operator === '-=' ? '-' : at.operator === '*=' ? '*' : undefined;
  return operator && { operator, operand: at.right, change: statement, value: undefined };
}

const PLUS = /^(?:add|plus)$/;
const MINUS = /^(?:sub|minus)$/;

function parse(node: Node, column: Column, kind: Kind, reader: SumReader, through: Variable[]): Parsed | undefined {
  const isOld = (one: Node): boolean => isOldValue(one, column, kind, reader, through);
  const at = unwrap(node);
  // `row.balance.plus(amount)` of a decimal type.
  if (at.type === 'CallExpression' && at.arguments.length === 1 && at.arguments[0]!.type !== 'SpreadElement') {
    const callee = unwrap(at.callee);
    if (kind !== 'decimal' || callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier' || !isOldValue(callee.object, column, kind, reader, through, true)) return undefined;
    const { name } = callee.property;
    return PLUS.test(name) || MINUS.test(name) ? { operator: '+', terms: [{ node: at.arguments[0]!, minus: MINUS.test(name) }] } : undefined;
  }
  if (at.type !== 'BinaryExpression') return undefined;
  if (at.operator === '*') {
    const other = isOld(at.left) ? at.right : isOld(at.right) ? at.left : undefined;
    // A fraction of a whole number is rounded by nobody here as the database would.
    const isWhole = other?.type === 'Literal' && Number.isInteger(other.value);
    return other && (kind === 'float' || isWhole) ? { operator: '*', terms: [{ node: other, minus: false }] } : undefined;
  }
  const terms = signed(at, false);
  const old = terms?.findIndex((one) => one.node && !one.minus && isOld(one.node)) ?? -1;
  if (!terms || old < 0) return undefined;
  const rest = terms.filter((_, index) => index !== old);
  // In another order, fractions are rounded otherwise.
  return rest.length === 1 || kind === 'integer' ? { operator: '+', terms: rest } : undefined;
}

function signed(node: Node, minus: boolean): Term[] | undefined {
  const at = unwrap(node);
  if (at.type !== 'BinaryExpression' || (at.operator !== '+' && at.operator !== '-')) return [{ node: at, minus }];
  const [left, right] = [signed(at.left, minus), signed(at.right, at.operator === '-' ? !minus : minus)];
  return left && right && [...left, ...right];
}

/** `row.count`, `(row.count ?? 0)`, `Number(row.count)`, a constant that holds it. */
function isOldValue(node: Node, column: Column, kind: Kind, reader: SumReader, through: Variable[], wrapped = false): boolean {
  // A decimal is an object or a text in code: what `+` makes of it is no sum.
  const isPlain = (one: Node): boolean => reader.names.columnOf(one) === column.name && (kind !== 'decimal' || wrapped);
  if (isPlain(node)) return true;
  const { node: at, through: names } = behind(node, reader.file);
  let found = false;
  if (isPlain(at)) found = true;
  else if (at.type === 'LogicalExpression' && at.operator !== '&&') found = at.right.type === 'Literal' && at.right.value === 0 && isOldValue(at.left, column, kind, reader, through, wrapped);
  else if (at.type === 'CallExpression' && at.arguments.length === 1 && /^(?:Number|parseFloat)$/.test(reader.file.slice(at.callee)) && (kind === 'integer' || kind === 'decimal')) found = isOldValue(at.arguments[0]!, column, kind, reader, through, true);
  if (found) through.push(...names);
  return found;
}

function operandOf({ operator, terms }: Parsed, column: Column, kind: Kind, isMoved: boolean, reader: SumReader): { readonly operator: Sum['operator']; readonly text: string; readonly isNumber: boolean } | Refusal {
  if (kind === 'text') return noSum(column);
  if (kind !== 'integer' && kind !== 'float' && kind !== 'decimal') return refuse('column-type', `Whether \`${column.name}\` holds plain numbers in code is not known from its type \`${column.type ?? '?'}\`, so a sum in the database may be another.`);
  const nodes = terms.flatMap((one) => one.node ?? []);
  if (nodes.some((one) => reader.names.mentions(one).some((each) => each.column === undefined || each.column === column.name))) return noSum(column);
  const unfit = isMoved ? nodes.find((one) => !isMovable(one, reader)) : undefined;
  if (unfit) return refuse('computed-value', `\`${reader.file.slice(unfit)}\` in the sum for \`${column.name}\` may be another value where the row is written.`);
  const numeric = nodes.map((one) => (kind === 'decimal' ? 'unknown' : isNumber(one, reader.file)));
  if (numeric.includes(false)) return noSum(column);
  const isNegative = terms.every((one) => one.minus);
  const ordered = isNegative ? terms : [...terms.filter((one) => !one.minus), ...terms.filter((one) => one.minus)];
  const text = ordered.map(({ node, minus }, index) => {
    const own = node ? reader.file.slice(node) : '1';
    const part = ordered.length > 1 && node && /^(?:ConditionalExpression|LogicalExpression|AssignmentExpression)$/.test(node.type) ? `(${own})` : own;
    return index === 0 ? part : `${minus && !isNegative ? '-' : '+'} ${part}`;
  }).join(' ');
  return { operator: operator === '+' && isNegative ? '-' : operator, text, isNumber: numeric.every((one) => one === true) || kind === 'decimal' };
}
