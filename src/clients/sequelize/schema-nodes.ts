/** Questions about the syntax of model declarations and migrations. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../../source/file.ts';
import { keyName, unwrap } from '../../source/syntax.ts';

export type Literal = string | number | boolean | null;

export function literalOf(node: Node | undefined, file?: SourceFile): { readonly value: Literal } | undefined {
  const at = node && unwrap(node);
  if (at?.type === 'Literal' && (at.value === null || ['string', 'number', 'boolean'].includes(typeof at.value)) && !('regex' in at && at.regex)) return { value: at.value as Literal };
  if (at?.type === 'TemplateLiteral' && !at.expressions.length) return { value: at.quasis[0]!.value.cooked ?? '' };
  return at?.type === 'Identifier' && file ? literalOf(constantOf(at, file)) : undefined;
}

export function textOf(node: Node | undefined, file?: SourceFile): string | undefined {
  const value = literalOf(node, file)?.value;
  return typeof value === 'string' ? value : undefined;
}

/** What a constant of the file was initialised with. */
function constantOf(node: TSESTree.Identifier, file: SourceFile): Node | undefined {
  const definition = file.variable(node)?.defs[0]?.node as Node | undefined;
  return definition?.type === 'VariableDeclarator' && definition.init && definition.init !== node ? definition.init : undefined;
}

/** The object literal that an expression is, also through a constant of the file. */
export function objectOf(node: Node | undefined, file: SourceFile): TSESTree.ObjectExpression | undefined {
  const at = node && unwrap(node);
  if (at?.type === 'ObjectExpression') return at;
  return at?.type === 'Identifier' ? objectOf(constantOf(at, file), file) : undefined;
}

export function listOf(node: Node | undefined, file: SourceFile): readonly Node[] | undefined {
  const at = node && unwrap(node);
  if (at?.type === 'ArrayExpression') return at.elements.flatMap((one) => one ?? []);
  return at?.type === 'Identifier' ? listOf(constantOf(at, file), file) : undefined;
}

export function option(object: TSESTree.ObjectExpression | undefined, key: string): Node | undefined {
  for (const one of object?.properties ?? []) if (one.type === 'Property' && keyName(one.key, one.computed) === key) return one.value;
  return undefined;
}

/** The last name of `Sequelize.DataTypes.STRING(20)`, `models.Team`, `User`. */
export function lastName(node: Node | undefined): string | undefined {
  const at = node && unwrap(node);
  if (at?.type === 'CallExpression' || at?.type === 'NewExpression') return lastName(at.callee);
  if (at?.type === 'ArrowFunctionExpression') return lastName(at.body);
  if (at?.type === 'Identifier') return at.name;
  return at?.type === 'MemberExpression' ? keyName(at.property, at.computed) : undefined;
}

/** `['email', { name: 'org', order: 'DESC' }]`: names, or undefined where an expression stands among them. */
export function fieldNames(node: Node | undefined, file: SourceFile): { readonly names: readonly string[]; readonly expression: boolean } {
  const names: string[] = [];
  let expression = false;
  for (const one of listOf(node, file) ?? (node && textOf(node, file) !== undefined ? [node] : [])) {
    const object = objectOf(one, file);
    const name = textOf(one, file) ?? textOf(option(object, 'name') ?? option(object, 'attribute'), file);
    if (name === undefined) expression = true;
    else { names.push(name); if (option(object, 'collate')) expression = true; }
  }
  return { names, expression };
}

export const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2').toLowerCase();
