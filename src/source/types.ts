/** Types as written, with names resolved to the modules that they were imported from. */
import type { TSESTree } from '@typescript-eslint/types';
import type { ImportedBinding, Node, SourceFile, Variable } from './file.ts';
import { keyName } from './syntax.ts';

/** A type as written: `Repository<User>` is { name: 'Repository', from: 'typeorm', args: [{ name: 'User', … }] }. */
export interface DeclaredType {
  /** The exported name (`import { Repository as R }` gives 'Repository'), `Prisma.TransactionClient` dotted; '[]' for `T['key']` (args: T, key). */
  readonly name: string;
  /** The module it was imported from, as written; undefined: declared here or global. */
  readonly from: string | undefined;
  readonly args: readonly DeclaredType[];
  readonly node: Node;
  /** Declaring class or interface and package when typed linting resolved it; then `from` is the package. */
  readonly resolved?: boolean;
}

/** A class that an expression names: `UniqueViolationError`, `Prisma.PrismaClientKnownRequestError`. */
export function namedBy(node: Node, file: SourceFile): DeclaredType | undefined {
  return node.type === 'Identifier' || node.type === 'MemberExpression' ? named(node, [], node, file) : undefined;
}

/** What an imported variable stands for, `import` and `require` alike; undefined for everything else. */
export function importOf(variable: Variable): ImportedBinding | undefined {
  const definition = variable.defs[0];
  if (!definition) return undefined;
  const node = definition.node as Node;
  if ((definition.type as string) === 'ImportBinding') {
    const declaration = definition.parent as TSESTree.ImportDeclaration | TSESTree.TSImportEqualsDeclaration | null;
    if (declaration?.type === 'ImportDeclaration') {
      const source = declaration.source.value;
      if (node.type === 'ImportSpecifier') return { source, name: node.imported.type === 'Identifier' ? node.imported.name : node.imported.value, node };
      return { source, name: node.type === 'ImportDefaultSpecifier' ? 'default' : '*', node };
    }
    if (node.type === 'TSImportEqualsDeclaration' && node.moduleReference.type === 'TSExternalModuleReference' && node.moduleReference.expression.type === 'Literal') {
      return { source: String(node.moduleReference.expression.value), name: '*', node };
    }
    return undefined;
  }
  if (node.type === 'VariableDeclarator' && node.init) return requireOf(node, definition.name as Node);
  return undefined;
}

/** `const x = require('m')`, `const { a: x } = require('m')`, `const x = require('m').a`. */
function requireOf(declarator: TSESTree.VariableDeclarator, bound: Node): ImportedBinding | undefined {
  let init: Node = declarator.init!;
  let name = '*';
  if (init.type === 'MemberExpression' && !init.computed && init.property.type === 'Identifier') { name = init.property.name; init = init.object; }
  if (init.type !== 'CallExpression' || init.callee.type !== 'Identifier' || init.callee.name !== 'require') return undefined;
  const argument = init.arguments[0];
  if (argument?.type !== 'Literal' || typeof argument.value !== 'string') return undefined;
  if (declarator.id.type === 'ObjectPattern') {
    const property = declarator.id.properties.find((one) => one.type === 'Property' && (one.value === bound || (one.value.type === 'AssignmentPattern' && one.value.left === bound)));
    if (property?.type !== 'Property') return undefined;
    const key = keyName(property.key, property.computed);
    return key === undefined ? undefined : { source: argument.value, name: key, node: declarator };
  }
  return { source: argument.value, name, node: declarator };
}

export function declaredType(node: Node | null | undefined, file: SourceFile): DeclaredType | undefined {
  if (node == null) return undefined;
  switch (node.type) {
    case 'TSTypeAnnotation': return declaredType(node.typeAnnotation, file);
    case 'TSTypeReference': return named(node.typeName, node.typeArguments?.params ?? [], node, file);
    case 'TSUnionType': case 'TSIntersectionType': {
      const args = node.types.flatMap((one) => declaredType(one, file) ?? []).filter((one) => one.name !== 'undefined' && one.name !== 'null');
      return args.length === 1 ? args[0] : { name: node.type === 'TSUnionType' ? '|' : '&', from: undefined, args, node };
    }
    case 'TSArrayType': return { name: 'Array', from: undefined, args: [declaredType(node.elementType, file)].flatMap((one) => one ?? []), node };
    case 'TSTypeOperator': return declaredType(node.typeAnnotation, file);
    case 'TSTypeQuery': return node.exprName.type === 'TSImportType' ? undefined : { name: 'typeof', from: undefined, args: [named(node.exprName, [], node, file)].flatMap((one) => one ?? []), node };
    case 'TSIndexedAccessType': {
      const args = [declaredType(node.objectType, file), declaredType(node.indexType, file)];
      return args[0] && args[1] ? { name: '[]', from: undefined, args: [args[0], args[1]], node } : undefined;
    }
    case 'TSLiteralType': return node.literal.type === 'Literal' ? { name: String(node.literal.value), from: undefined, args: [], node } : undefined;
    case 'TSImportType': return undefined;
    case 'TSUndefinedKeyword': return { name: 'undefined', from: undefined, args: [], node };
    case 'TSNullKeyword': return { name: 'null', from: undefined, args: [], node };
    default: return undefined;
  }
}

/** `extends Repository<User>`: an expression with type arguments. */
export function superclassType(node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, file: SourceFile): DeclaredType | undefined {
  const superclass = node.superClass;
  if (!superclass) return undefined;
  if (superclass.type === 'CallExpression') {
    // Mixins, `extends PrismaRepository(User)`: the callee names them, its arguments are values, not types.
    const args = superclass.arguments.flatMap((one) => (one.type === 'Identifier' ? named(one, [], one, file) ?? [] : []));
    const callee = named(superclass.callee, [], superclass, file);
    return callee && { ...callee, args };
  }
  return named(superclass, node.superTypeArguments?.params ?? [], superclass, file);
}

function named(nameNode: Node, params: readonly Node[], node: Node, file: SourceFile): DeclaredType | undefined {
  const parts: string[] = [];
  let at = nameNode;
  while (at.type === 'TSQualifiedName' || at.type === 'MemberExpression') {
    const right = at.type === 'TSQualifiedName' ? at.right : at.property;
    if (right.type !== 'Identifier') return undefined;
    parts.unshift(right.name);
    at = at.type === 'TSQualifiedName' ? at.left : at.object;
  }
  if (at.type !== 'Identifier') return undefined;
  const variable = file.variable(at);
  const imported = variable && importOf(variable);
  const args = params.flatMap((one) => declaredType(one, file) ?? []);
  if (!imported) return { name: [at.name, ...parts].join('.'), from: undefined, args, node };
  // A namespace import disappears from the name: `typeorm.Repository` is Repository from 'typeorm'.
  const first = imported.name === '*' && parts.length ? [] : [imported.name === 'default' ? at.name : imported.name === '*' ? at.name : imported.name];
  return { name: [...first, ...parts].join('.'), from: imported.source, args, node };
}

const PLAIN: ReadonlySet<string> = new Set(['TSStringKeyword', 'TSNumberKeyword', 'TSBooleanKeyword', 'TSBigIntKeyword']);

/**
 * The fields of a parameter that is declared with an object type on the spot (`key: { userId: string; documentId: string }`);
 * undefined where one of them is optional or no plain value, or the type is written elsewhere.
 */
export function plainFields(node: Node): readonly string[] | undefined {
  const type = node.type === 'Identifier' ? node.typeAnnotation?.typeAnnotation : undefined;
  if (type?.type !== 'TSTypeLiteral' || !type.members.length) return undefined;
  const names = type.members.map((one) => (one.type === 'TSPropertySignature' && !one.optional && one.typeAnnotation && PLAIN.has(one.typeAnnotation.typeAnnotation.type) ? keyName(one.key, one.computed) : undefined));
  return names.every((one) => one !== undefined) ? names : undefined;
}
