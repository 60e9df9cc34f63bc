/**
 * Whether an expression can be undefined. A look-up that leaves such a comparison out finds any row, where an upsert would fail: the two
 * mean the same only for a value that is there.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { SourceFile } from '../source/file.ts';
import { keyName, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';

/** `never`: by what stands there, types included; `typed`: by a type that is declared elsewhere; `unknown`: nobody said. */
export type Definedness = 'never' | 'maybe' | 'typed' | 'unknown';

/** What a request brings is typed `any` or by hope. */
const REQUEST = /^(?:body|query|params|headers|cookies|searchParams|data|payload)$/;
const METHODS = /^(?:trim|toLowerCase|toUpperCase|toString|toISOString|slice|substring|replace|padStart|padEnd|normalize)$/;

export function undefinedness(node: Node, file: SourceFile, depth = 6): Definedness {
  if (depth === 0) return 'unknown';
  const again = (one: Node): Definedness => undefinedness(one, file, depth - 1);
  if (node.type === 'ChainExpression') return 'maybe';
  if (node.type === 'TSNonNullExpression') return 'maybe';
  const at = unwrap(node);
  switch (at.type) {
    case 'Literal': case 'TemplateLiteral': case 'BinaryExpression': case 'NewExpression': case 'ObjectExpression': case 'ArrayExpression': return 'never';
    case 'UnaryExpression': return at.operator === 'void' ? 'maybe' : 'never';
    case 'LogicalExpression': return at.operator === '&&' ? 'unknown' : again(at.right);
    case 'ConditionalExpression': return worse(again(at.consequent), again(at.alternate));
    case 'AwaitExpression': return again(at.argument);
    case 'CallExpression': {
      const callee = unwrap(at.callee);
      if (callee.type === 'Identifier') return /^(?:String|Number|BigInt|Boolean)$/.test(callee.name) && !file.variable(callee) ? 'never' : 'unknown';
      return callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier' && METHODS.test(callee.property.name) ? 'never' : 'unknown';
    }
    case 'MemberExpression': {
      const key = keyName(at.property, at.computed);
      if (at.optional || key === undefined) return at.optional ? 'maybe' : 'unknown';
      const parameter = parameterType(at.object, file);
      if (parameter?.type === 'TSTypeLiteral') return memberType(parameter, key);
      return REQUEST.test(key) ? 'unknown' : again(at.object) === 'typed' ? 'typed' : 'unknown';
    }
    case 'ThisExpression': return 'typed';
    case 'Identifier': return ofVariable(at, file, again);
    default: return 'unknown';
  }
}

function worse(one: Definedness, other: Definedness): Definedness {
  const order: readonly Definedness[] = ['never', 'typed', 'unknown', 'maybe'];
  return order[Math.max(order.indexOf(one), order.indexOf(other))]!;
}

function ofVariable(node: TSESTree.Identifier, file: SourceFile, again: (one: Node) => Definedness): Definedness {
  if (node.name === 'undefined') return 'maybe';
  const variable = file.variable(node);
  const [def] = variable?.defs ?? [];
  if (!variable || !def || variable.defs.length > 1) return 'unknown';
  const name = def.name as unknown as Node;
  // `{ email = 'none' }` has a value for undefined.
  if (name.parent?.type === 'AssignmentPattern' && name.parent.left === name) return again(name.parent.right);
  if (def.type === 'Parameter') {
    if (name.type === 'Identifier' && name.optional) return 'maybe';
    const annotation = annotated(name);
    if (!annotation) return 'unknown';
    if (annotation.pattern === name) return ofType(annotation.type);
    const key = name.parent?.type === 'Property' ? keyName(name.parent.key, name.parent.computed) : undefined;
    return annotation.type.type === 'TSTypeLiteral' && key !== undefined && name.parent?.parent === annotation.pattern ? memberType(annotation.type, key) : ofType(annotation.type);
  }
  if (def.type === 'ImportBinding') return 'typed';
  if (def.type !== 'Variable' || variable.references.some((one) => one.isWrite() && !one.init)) return 'unknown';
  const declarator = def.node as TSESTree.VariableDeclarator;
  const annotation = declarator.id.typeAnnotation?.typeAnnotation;
  if (annotation && declarator.id === name) return ofType(annotation);
  const loop = declarator.parent.parent;
  if (loop?.type === 'ForOfStatement' && loop.left === declarator.parent) return elementOf(loop.right, file) ?? (again(loop.right) === 'typed' ? 'typed' : 'unknown');
  if (!declarator.init) return 'unknown';
  if (declarator.id === name) return again(declarator.init);
  return REQUEST.test(lastName(declarator.init)) || again(declarator.init) !== 'typed' ? 'unknown' : 'typed';
}

/** `for (const name of names)` over a parameter `names: string[]`. */
function elementOf(list: Node, file: SourceFile): Definedness | undefined {
  const type = parameterType(list, file);
  const isList = type && unwrap(list).type === 'Identifier';
  return isList && type.type === 'TSArrayType' ? ofType(type.elementType) : undefined;
}

function lastName(node: Node): string {
  const at = unwrap(node);
  return at.type === 'MemberExpression' ? keyName(at.property, at.computed) ?? '' : at.type === 'Identifier' ? at.name : '';
}

/** The annotation of the parameter that a name stands in, and the pattern that carries it. */
function annotated(name: Node): { readonly pattern: Node; readonly type: TSESTree.TypeNode } | undefined {
  for (let at: Node | undefined = name; at && /^(?:Identifier|ObjectPattern|ArrayPattern|Property|AssignmentPattern|RestElement)$/.test(at.type); at = at.parent) {
    const annotation = 'typeAnnotation' in at ? (at.typeAnnotation as TSESTree.TSTypeAnnotation | undefined)?.typeAnnotation : undefined;
    if (annotation) return { pattern: at, type: annotation };
  }
  return undefined;
}

function parameterType(node: Node, file: SourceFile): TSESTree.TypeNode | undefined {
  const at = unwrap(node);
  const [def] = (at.type === 'Identifier' ? file.variable(at)?.defs : undefined) ?? [];
  const annotation = def?.type === 'Parameter' ? annotated(def.name as unknown as Node) : undefined;
  return annotation?.pattern === (def?.name as unknown as Node) ? annotation?.type : undefined;
}

function memberType(type: TSESTree.TSTypeLiteral, key: string): Definedness {
  const member = type.members.find((one) => one.type === 'TSPropertySignature' && keyName(one.key, one.computed) === key);
  if (member?.type !== 'TSPropertySignature') return 'unknown';
  return member.optional ? 'maybe' : member.typeAnnotation ? ofType(member.typeAnnotation.typeAnnotation) : 'unknown';
}

function ofType(type: TSESTree.TypeNode): Definedness {
  switch (type.type) {
    case 'TSAnyKeyword': case 'TSUnknownKeyword': return 'unknown';
    case 'TSUndefinedKeyword': case 'TSVoidKeyword': return 'maybe';
    case 'TSStringKeyword': case 'TSNumberKeyword': case 'TSBooleanKeyword': case 'TSBigIntKeyword': case 'TSLiteralType': case 'TSTemplateLiteralType': return 'never';
    case 'TSUnionType': return type.types.map(ofType).reduce(worse);
    case 'TSTypeReference': return type.typeName.type === 'Identifier' && /^(?:Partial|Request|NextRequest|FastifyRequest|Context|NextApiRequest)$/.test(type.typeName.name) ? 'unknown' : 'typed';
    default: return 'typed';
  }
}
