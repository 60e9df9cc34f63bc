/** Tests of a row's columns as they stand in code → comparisons of the same columns in SQL, which hold wherever the test let pass. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Guard } from '../../clients/forms.ts';
import type { Refusal, Requirement } from '../../model.ts';
import type { Column, Dialect, Table } from '../../schema/model.ts';
import type { SourceFile } from '../../source/file.ts';
import { contains, unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { isStable } from '../inert.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { someNode } from '../text.ts';
import { isNumber, kindOf, type Kind } from './kinds.ts';
import { behind, type RowNames } from './row-names.ts';

export interface TestReader {
  readonly names: RowNames;
  readonly table: Table;
  /** The columns that the write changes: only what is asked of these must be asked again. */
  readonly written: ReadonlySet<string>;
  readonly file: SourceFile;
  /** Where the comparison will stand. */
  readonly place: Node;
  readonly dialect: Dialect | undefined;
}

export interface Read { readonly guards: readonly Guard[]; readonly requires: readonly Requirement[] }

/** @param holds whether the test is true (or false) where the write runs. */
export function guardsIn(test: Node, holds: boolean, reader: TestReader): Read | Refusal {
  const node = unwrap(test);
  if (node.type === 'UnaryExpression' && node.operator === '!') return guardsIn(node.argument, !holds, reader);
  if (node.type === 'LogicalExpression' && node.operator === (holds ? '&&' : '||')) {
    const left = guardsIn(node.left, holds, reader);
    const right = isRefusal(left) ? left : guardsIn(node.right, holds, reader);
    return isRefusal(left) || isRefusal(right) ? right : { guards: [...left.guards, ...right.guards], requires: [...left.requires, ...right.requires] };
  }
  const { names, written, file } = reader;
  if (!saysOfWritten(node, reader)) return { guards: [], requires: [] };
  if (node.type === 'Identifier' && names.columnOf(node) === undefined) {
    const { node: of, through } = behind(node, file);
    if (through.length && of !== node) return guardsIn(of, holds, reader);
  }
  const one = guardOf(node, holds, reader);
  return one ?? refuse('guard', `The condition at line ${file.line(node.range[0])} asks \`${file.slice(node)}\`, which is more than a comparison of ${[...written].map((each) => `\`${each}\``).join(', ')} that a WHERE clause can surely repeat.`);
}

/** Whether a test asks a written column, or something that may look at the whole row. */
function saysOfWritten(node: Node, { names, written, file }: TestReader): boolean {
  const asks = (at: Node): boolean => names.mentions(at).some((one) => (one.column === undefined ? !names.isRow(at) && !isExistence(one.node, at) : written.has(one.column)));
  if (asks(node)) return true;
  // `const isUsed = row.usedAt !== null`.
  return someNode(node, (one) => {
    if (one.type !== 'Identifier') return false;
    const { node: of, through } = behind(one, file);
    return through.length > 0 && !through.some((variable) => names.variables.includes(variable)) && !contains(names.declaration, of) && asks(of);
  });
}

function isExistence(mention: Node, within: Node): boolean {
  const { parent } = mention;
  return parent?.type === 'BinaryExpression' && contains(within, parent) && /^[!=]==?$/.test(parent.operator) && [parent.left, parent.right].some((one) => (one.type === 'Literal' && one.raw === 'null') || (one.type === 'Identifier' && one.name === 'undefined'));
}

function guardOf(node: Node, holds: boolean, reader: TestReader): Read | undefined {
  const own = declared(node, reader);
  if (own) return truth(own.column, own.kind, holds);
  if (node.type === 'CallExpression') return membership(node, holds, reader);
  return node.type === 'BinaryExpression' ? comparison(node, holds, reader) : undefined;
}

function declared(node: Node, { names, table }: TestReader): { readonly column: Column; readonly kind: Kind } | undefined {
  const name = names.columnOf(node);
  const column = name === undefined ? undefined : table.columns.get(name);
  return column && { column, kind: kindOf(column, table) };
}

const only = (column: Column, operator: Guard['operator'], ...texts: readonly string[]): Read => ({ guards: [{ column: column.name, operator, texts }], requires: [] });

/** `if (row.usedAt)`: what counts as true depends on the column's sort; the empty text is as good as none, which NULL alone is not. */
function truth(column: Column, kind: Kind, holds: boolean): Read | undefined {
  switch (kind) {
    case 'moment': case 'reference': return only(column, holds ? 'is not null' : 'is null');
    case 'boolean': return holds ? only(column, '=', 'true') : column.nullable === false ? only(column, '=', 'false') : undefined;
    case 'integer': return column.nullable !== false ? undefined : holds ? only(column, '!=', '0') : only(column, '=', '0');
    default: return undefined;
  }
}

/** `['draft', 'review'].includes(row.status)`. */
function membership(node: TSESTree.CallExpression, holds: boolean, reader: TestReader): Read | undefined {
  const callee = unwrap(node.callee);
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier' || callee.property.name !== 'includes' || node.arguments.length !== 1) return undefined;
  const own = declared(node.arguments[0]!, reader);
  const list = behind(callee.object, reader.file).node;
  if (!own || list.type !== 'ArrayExpression' || !list.elements.length) return undefined;
  const texts = list.elements.map((one) => (one && isComparable(one, own.kind, reader) ? reader.file.slice(one) : undefined));
  if (!texts.every((one) => one !== undefined)) return undefined;
  if (holds) return only(own.column, 'in', ...texts);
  return own.column.nullable === false ? unequal(own, 'not in', texts, reader) : undefined;
}

/** MySQL's collations mostly take letters of either case for the same, and then a value that differs in case alone is not unequal. */
function unequal({ column, kind }: { readonly column: Column; readonly kind: Kind }, operator: '!=' | 'not in', texts: readonly string[], { dialect }: TestReader): Read {
  const isExact = kind !== 'text' || column.type === 'enum' || (column.type !== 'citext' && (dialect === 'postgres' || dialect === 'sqlite'));
  return { guards: [{ column: column.name, operator, texts }], requires: isExact ? [] : [{ id: 'collation', text: `\`${column.name}\` tells letters of either case apart`, state: 'unknown' }] };
}

const TURNED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;
const NEGATED = { '<': '>=', '<=': '>', '>': '<=', '>=': '<' } as const;

function comparison(node: TSESTree.BinaryExpression, holds: boolean, reader: TestReader): Read | undefined {
  const left = declared(node.left, reader);
  const right = left ? undefined : declared(node.right, reader);
  const own = left ?? right;
  if (!own) return undefined;
  const { column, kind } = own;
  const other = unwrap(left ? node.right : node.left);
  const isEqual = /^===?$/.test(node.operator);
  if (isEqual || /^!==?$/.test(node.operator)) {
    const same = isEqual === holds;
    if (other.type === 'Literal' && other.raw === 'null') return only(column, same ? 'is null' : 'is not null');
    if (!isComparable(other, kind, reader)) return undefined;
    // In SQL a NULL is not unequal to anything.
    return same ? only(column, '=', reader.file.slice(other)) : column.nullable === false ? unequal(own, '!=', [reader.file.slice(other)], reader) : undefined;
  }
  if (!(node.operator in TURNED)) return undefined;
  const written = node.operator as keyof typeof TURNED;
  const plain = left ? written : TURNED[written];
  const isOrdered = kind === 'integer' || kind === 'float' || kind === 'decimal';
  const numeric = isNumber(other, reader.file);
  // NULL counts as 0 in code, and as nothing in SQL.
  if (!isOrdered || column.nullable !== false || numeric === false || !isMovable(other, reader)) return undefined;
  const isColumn = reader.names.columnOf(other) !== undefined;
  if (isColumn && !isOrderedColumn(other, reader)) return undefined;
  const text = reader.file.slice(other);
  return { guards: [{ column: column.name, operator: holds ? plain : NEGATED[plain], texts: [text] }], requires: numeric === true || isColumn ? [] : [{ id: 'number', text: `\`${text}\` is a number`, state: 'unknown' }] };
}

/** A limit that stands in the same row and that the write leaves as it is. */
function isOrderedColumn(node: Node, reader: TestReader): boolean {
  const bound = declared(node, reader);
  return bound !== undefined && bound.column.nullable === false && (bound.kind === 'integer' || bound.kind === 'float') && !reader.written.has(bound.column.name);
}

/** A constant of the column's sort. */
function isComparable(node: Node, kind: Kind, reader: TestReader): boolean {
  const at = unwrap(node);
  if (at.type === 'Literal') return kind === 'integer' ? typeof at.value === 'number' : kind === 'boolean' ? typeof at.value === 'boolean' : (kind === 'text' || kind === 'reference') && typeof at.value === 'string';
  if (kind !== 'text' && kind !== 'reference' && kind !== 'integer') return false;
  // `Status.Paid`, `PAID`: a name of the module's, which stays what it is.
  if (at.type === 'MemberExpression' && (at.computed || at.object.type !== 'Identifier')) return false;
  const root = at.type === 'MemberExpression' ? at.object : at;
  return root.type === 'Identifier' && isNamedConstant(root, at !== root, reader.file) && isMovable(at, reader);
}

/** Imported, an enum, or a constant of this file that is written out: what else a name holds may be nothing at all. */
function isNamedConstant(root: Node, hasMembers: boolean, file: SourceFile): boolean {
  const def = file.variable(root)?.defs[0];
  if (!def || def.type === 'ImportBinding' || def.type === 'TSEnumName') return def !== undefined;
  const { node } = behind(root, file);
  return hasMembers ? node.type === 'ObjectExpression' || (node.type === 'CallExpression' && file.slice(node.callee) === 'Object.freeze') : node.type === 'Literal' && node.value !== null;
}

/** Gives the same value where the write stands. */
export function isMovable(node: Node, { file, place }: Pick<TestReader, 'file' | 'place'>): boolean {
  if (!isStable(node)) return false;
  return !someNode(node, (one) => {
    const variable = one.type === 'Identifier' ? file.variable(one) : undefined;
    if (!variable) return false;
    return !contains(variable.scope.block as unknown as Node, place) || variable.references.some((each) => each.isWrite() && !each.init);
  });
}
