/** How code names the row that it read: by a variable, by variables of its columns, by constants made of them. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation } from '../../model.ts';
import type { SourceFile, Variable } from '../../source/file.ts';
import { contains, keyName, unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { foundBy } from '../found.ts';
import type { Found } from '../presence.ts';
import { awaited, type Statement } from '../syntax.ts';
import { eachNode } from '../text.ts';

/** A mention of the row: one of its columns, or the row as a whole (`column` undefined). */
export interface Mention { readonly node: Node; readonly column: string | undefined }

export class RowNames {
  readonly found: Found;
  readonly declaration: Statement;
  readonly #file: SourceFile;
  /** `const { status, uses: count } = await find()`. */
  readonly #columns: ReadonlyMap<Variable, string>;

  private constructor(found: Found, declaration: Statement, columns: ReadonlyMap<Variable, string>, file: SourceFile) {
    this.found = found;
    this.declaration = declaration;
    this.#columns = columns;
    this.#file = file;
  }

  /** Undefined where the statement does not bind one row. */
  static of(statement: Statement, read: Operation, file: SourceFile): RowNames | undefined {
    const found = foundBy(statement, read, file);
    if (found?.row && found.is === 'row') return new RowNames(found, statement, new Map(), file);
    if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return undefined;
    const { id, init } = statement.declarations[0]!;
    const isRow = read.result.some((one) => !one.path.length && one.is === 'row' && one.miss === 'throws');
    if (id.type !== 'ObjectPattern' || !init || !isRow || awaited(init) !== unwrap(read.node)) return undefined;
    const columns = new Map<Variable, string>();
    for (const one of id.properties) {
      const key = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
      const variable = one.type === 'Property' && one.value.type === 'Identifier' ? file.variable(one.value) : undefined;
      if (key === undefined || !variable) return undefined;
      columns.set(variable, key);
    }
    return new RowNames({ row: undefined, error: undefined, declaration: statement, is: 'row' }, statement, columns, file);
  }

  get variables(): readonly Variable[] { return [...(this.found.row ? [this.found.row] : []), ...this.#columns.keys()]; }

  /** The column that an expression is: `row.status`, `row?.status`, `status`. */
  columnOf(node: Node): string | undefined {
    const at = unwrap(node);
    if (at.type === 'Identifier') return this.#columns.get(this.#file.variable(at)!);
    return at.type === 'MemberExpression' && this.isRow(at.object) ? keyName(at.property, at.computed) : undefined;
  }

  isRow(node: Node): boolean {
    const at = unwrap(node);
    return at.type === 'Identifier' && this.found.row !== undefined && this.#file.variable(at) === this.found.row;
  }

  /** Whatever a piece of code says of the row, but for a bare test of its being there. */
  mentions(root: Node): Mention[] {
    const found: Mention[] = [];
    eachNode(root, (node) => {
      if (node.type !== 'Identifier') return;
      const variable = this.#file.variable(node);
      if (!variable) return;
      const own = this.#columns.get(variable);
      if (own !== undefined) found.push({ node, column: own });
      else if (variable === this.found.row) found.push({ node, column: columnRead(node) });
    });
    return found;
  }

  /** Mentions anywhere but in the look-up's own statement. */
  everywhere(): Mention[] {
    return this.variables.flatMap((variable) => variable.references.flatMap(({ identifier }): Mention[] => {
      const node = identifier as unknown as Node;
      return contains(this.declaration, node) ? [] : [{ node, column: this.#columns.get(variable) ?? columnRead(node) }];
    }));
  }

  /** Columns (or the row) are never assigned anew. */
  get isConstant(): boolean { return this.variables.every((one) => one.references.every((each) => !each.isWrite() || each.init === true)); }
}

/** `row.id`: 'id'; the row in any other place: undefined. */
function columnRead(node: Node): string | undefined {
  let at = node;
  while (at.parent?.type === 'TSNonNullExpression' || at.parent?.type === 'TSAsExpression') at = at.parent;
  const { parent } = at;
  return parent?.type === 'MemberExpression' && parent.object === at ? keyName(parent.property, parent.computed) : undefined;
}

/** A bare test of whether the row is there: `if (!row)`, `!row || …`, `row === null`, `row && …`. */
export function isPresenceTest(node: Node): boolean {
  const { parent } = node;
  if (parent?.type === 'UnaryExpression') return parent.operator === '!';
  if (parent?.type === 'LogicalExpression') return parent.left === node && parent.operator !== '??' ? true : parent.operator === '&&' && isCondition(parent);
  if (parent?.type === 'BinaryExpression') return /^[!=]==?$/.test(parent.operator) && isNothing(parent.left === node ? parent.right : parent.left);
  return parent !== undefined && isCondition(node);
}

function isCondition({ parent, ...node }: Node): boolean {
  return (parent?.type === 'IfStatement' || parent?.type === 'ConditionalExpression') && parent.test.range[0] === node.range[0] && parent.test.range[1] === node.range[1];
}

function isNothing(node: Node): boolean {
  return (node.type === 'Literal' && node.raw === 'null') || (node.type === 'Identifier' && node.name === 'undefined');
}

/** A constant's value behind its name, as often as it goes on. */
export function behind(node: Node, file: SourceFile, depth = 4): { readonly node: Node; readonly through: readonly Variable[] } {
  const at = unwrap(node);
  const variable = at.type === 'Identifier' && depth > 0 ? file.variable(at) : undefined;
  const [def, ...more] = variable?.defs ?? [];
  const declarator = def?.type === 'Variable' && !more.length ? (def.node as TSESTree.VariableDeclarator) : undefined;
  if (!variable || declarator?.id.type !== 'Identifier' || !declarator.init || declarator.parent.type !== 'VariableDeclaration' || declarator.parent.kind !== 'const') return { node: at, through: [] };
  const inner = behind(declarator.init, file, depth - 1);
  return { node: inner.node, through: [variable, ...inner.through] };
}
