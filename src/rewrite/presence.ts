/** Tests of a looked-up row, as syntax: whether a condition says that the row is there, that it is not, or anything more. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation } from '../model.ts';
import type { SourceFile, Variable } from '../source/file.ts';
import { keyName, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';
import { awaited } from './syntax.ts';

/** The variables that hold what was read. */
export interface Found {
  readonly row: Variable | undefined;
  /** The returned error, where the client returns it. */
  readonly error: Variable | undefined;
  /** The statement that declares them; undefined where the look-up stands in the decision itself. */
  readonly declaration: TSESTree.VariableDeclaration | undefined;
  readonly is: 'row' | 'rows' | 'exists' | 'count';
  /** Where the rows lie in what `row` holds, where it is the whole answer of a driver: `result.rows`. */
  readonly at?: readonly string[];
  /** What a miss leaves in `row`, where it differs from what the look-up itself gives: `const [row] = await rows()`. */
  readonly miss?: 'null' | 'undefined';
}

export const NOT_BOUND: Found = { row: undefined, error: undefined, declaration: undefined, is: 'row' };

export type Polarity = 'present' | 'absent';

export class RowTests {
  readonly #read: Operation;
  readonly #file: SourceFile;
  readonly #found: Found;

  constructor(read: Operation, found: Found, file: SourceFile) {
    this.#read = read;
    this.#found = found;
    this.#file = file;
  }

  /** What a test says of the row, when that is all it says. */
  polarity(test: Node): Polarity | undefined {
    const node = unwrap(test);
    const { is } = this.#found;
    if (node.type === 'UnaryExpression' && node.operator === '!') return flip(this.polarity(node.argument));
    if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'Boolean' && node.arguments[0]) return this.polarity(node.arguments[0]);
    // An array is there whether or not a row is: only its length tells.
    const part = this.#part(node);
    if (part) return part === 'rows' ? undefined : 'present';
    if (this.isRow(node)) return is === 'rows' ? undefined : 'present';
    if (this.#isLength(node) || this.#isKeyOfRow(node)) return 'present';
    if (node.type === 'LogicalExpression') return is === 'rows' ? this.#ofCollection(node) : undefined;
    return node.type === 'BinaryExpression' ? this.#comparison(node) : undefined;
  }

  /** Of a list of rows, or of an answer that holds one: the list, its first row, how many there are. */
  #part(node: Node): 'rows' | 'row' | 'count' | undefined {
    if (this.#found.is !== 'rows') return undefined;
    const keys: string[] = [];
    let base = unwrap(node);
    for (; base.type === 'MemberExpression'; base = unwrap(base.object)) {
      const key = keyName(base.property, base.computed) ?? (base.property.type === 'Literal' ? String(base.property.value) : undefined);
      if (key === undefined) return undefined;
      keys.unshift(key);
    }
    const isBase = base.type === 'Identifier' ? this.#found.row !== undefined && this.#file.variable(base) === this.#found.row : !this.#found.declaration && awaited(base) === unwrap(this.#read.node);
    if (!isBase || !keys.length) return undefined;
    const path = this.#found.at ?? [];
    const isCounted = this.#found.at !== undefined && this.#read.result.some((one) => one.is === 'count' && one.path.join('.') === keys.join('.'));
    if (isCounted) return 'count';
    if (path.some((key, index) => keys[index] !== key)) return undefined;
    const rest = keys.slice(path.length).join('.');
    return rest === '' ? 'rows' : rest === '0' ? 'row' : rest === 'length' ? 'count' : undefined;
  }

  /** The looked-up row itself: its variable, or the awaited look-up. */
  isRow(one: Node): boolean {
    const at = unwrap(one);
    if (this.#part(at) === 'row') return true;
    // The whole answer is there in any case.
    if (this.#found.at?.length) return this.#part(at) === 'rows';
    if (at.type === 'Identifier') return this.#found.row !== undefined && this.#file.variable(at) === this.#found.row;
    return !this.#found.declaration && awaited(at) === unwrap(this.#read.node);
  }

  #comparison(node: TSESTree.BinaryExpression): Polarity | undefined {
    const right = unwrap(node.right);
    const isEqual = node.operator === '===' || node.operator === '==';
    const isUnequal = node.operator === '!==' || node.operator === '!=';
    const isFirst = this.#part(node.left) === 'row';
    const isNumber = this.#part(node.left) === 'count' || this.#isLength(unwrap(node.left)) || (this.#found.is === 'count' && this.isRow(node.left));
    if (isNumber) {
      if (right.type !== 'Literal') return undefined;
      if (right.value === 0 && isEqual) return 'absent';
      if (right.value === 1 && node.operator === '<') return 'absent';
      return (right.value === 0 && (isUnequal || node.operator === '>')) || (right.value === 1 && node.operator === '>=') ? 'present' : undefined;
    }
    const nothing = right.type === 'Literal' && right.value === null && right.raw === 'null' ? 'null' : right.type === 'Identifier' && right.name === 'undefined' ? 'undefined' : undefined;
    if (!nothing || (!isFirst && (this.#found.is !== 'row' || !this.isRow(node.left)))) return undefined;
    // `=== null` does not see undefined, and the other way round.
    if (node.operator.length === 3 && nothing !== (isFirst ? 'undefined' : this.#miss())) return undefined;
    return isEqual ? 'absent' : isUnequal ? 'present' : undefined;
  }

  #miss(): string | undefined {
    return this.#found.miss ?? this.#read.result.find((one) => one.is === 'row')?.miss;
  }

  /** `!rows || rows.length === 0`, `rows && rows.length > 0`. */
  #ofCollection(node: TSESTree.LogicalExpression): Polarity | undefined {
    const left = unwrap(node.left);
    const right = this.polarity(node.right);
    if (node.operator === '||' && left.type === 'UnaryExpression' && left.operator === '!' && this.isRow(left.argument) && right === 'absent') return 'absent';
    return node.operator === '&&' && this.isRow(left) && right === 'present' ? 'present' : undefined;
  }

  #isLength(node: Node): boolean {
    return node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier' && node.property.name === 'length' && this.#found.is === 'rows' && this.isRow(node.object);
  }

  /** `row?.id`: a primary key that the database or the client makes is never falsy where there is a row. */
  #isKeyOfRow(node: Node): boolean {
    if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier' || this.#found.is !== 'row' || !this.isRow(node.object)) return false;
    const { name } = node.property;
    // 0 and '' are keys that a test would miss; generated ones never are.
    const isGenerated = /^(?:generated-id|client)$/.test(this.#read.table.table?.columns.get(name)?.default ?? '');
    return isGenerated && this.#read.table.table?.keys.some((key) => key.primary && key.columns.length === 1 && key.columns[0] === name) === true;
  }
}

function flip(one: Polarity | undefined): Polarity | undefined {
  return one === undefined ? undefined : one === 'present' ? 'absent' : 'present';
}
