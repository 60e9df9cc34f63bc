/**
 * Members of values whose type the project wrote down: `{ accounts }: Deps`, `deps.accounts`, `this.context.db`. The type says what a
 * member holds where nothing else does.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../source/file.ts';
import { keyName } from '../source/syntax.ts';
import { declaredType, importOf } from '../source/types.ts';
import type { Value } from '../value/terms.ts';
import { evaluate } from './expressions.ts';
import { declaredValue, lookup, quietly, typeDeclarations } from './lookup.ts';
import { property } from './objects.ts';
import type { Walk } from './walk.ts';

/** A type and the file in whose scope its names stand. */
export interface TypeAt { readonly node: TSESTree.TypeNode; readonly file: SourceFile }

/** Types that keep the members of their first argument, or may lack some: TypeScript's own, and one that every other project has. */
const SAME_MEMBERS: ReadonlySet<string> = new Set(['Readonly', 'DeepReadonly', 'Required', 'Partial', 'NonNullable', 'Pick', 'Omit', 'Awaited', 'Promise']);
/** Aliases of aliases, and interfaces that extend others, up to here. */
const MAX_DEPTH = 6;

/** Notes that `value` was declared with this annotation; read when one of its members is asked for. */
export function noteType(walk: Walk, value: Value, annotation: Node | null | undefined, file: SourceFile): void {
  if (value.kind !== 'input' && value.kind !== 'member' && value.kind !== 'unknown' && value.kind !== 'element') return;
  const node = annotation?.type === 'TSTypeAnnotation' ? annotation.typeAnnotation : undefined;
  if (node && !walk.declared.has(value.id)) walk.declared.set(value.id, { node, file });
}

/** What the declared type of `object` says that its member holds; undefined where it says nothing that a client or class stands behind. */
export function declaredMember(walk: Walk, object: Value, key: string): Value | undefined {
  const type = walk.declared.get(object.id);
  if (!type) return undefined;
  const member = walk.terms.member(object, key);
  const known = walk.memberValues.get(member.id);
  if (known !== undefined) return known ?? undefined;
  // A type that asks for itself on the way has no answer.
  walk.memberValues.set(member.id, null);
  const found = memberOf(walk, type, key, 0);
  const value = found && ('kind' in found ? found : valueOf(walk, found, member));
  walk.memberValues.set(member.id, value ?? null);
  return value;
}

function valueOf(walk: Walk, type: TypeAt, member: Value): Value | undefined {
  const meant = type.node.type === 'TSIndexedAccessType' ? indexed(walk, type.node, type.file, 0) : undefined;
  if (meant) return 'kind' in meant ? meant : valueOf(walk, meant, member);
  const declared = declaredType(type.node, type.file);
  const value = declared && declaredValue(walk, declared, type.file);
  if (value) return value;
  if (!walk.declared.has(member.id)) walk.declared.set(member.id, type);
  return undefined;
}

/** The type of a member, or its value where the type is that of a value (`typeof services`). */
function memberOf(walk: Walk, { node, file }: TypeAt, key: string, depth: number): TypeAt | Value | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const within = (type: TSESTree.TypeNode | undefined, at = file): TypeAt | Value | undefined => (type ? memberOf(walk, { node: type, file: at }, key, depth + 1) : undefined);
  switch (node.type) {
    case 'TSTypeLiteral': return signature(node.members, key, file);
    case 'TSIntersectionType': case 'TSUnionType': return first(node.types, (one) => within(one));
    case 'TSIndexedAccessType': {
      const found = indexed(walk, node, file, depth);
      return found && !('kind' in found) ? within(found.node, found.file) : undefined;
    }
    case 'TSTypeQuery': return node.exprName.type === 'Identifier' ? storedMember(walk, node.exprName, key, file) : undefined;
    case 'TSTypeReference': break;
    default: return undefined;
  }
  const { typeName } = node;
  if (typeName.type !== 'Identifier') return undefined;
  const argument = node.typeArguments?.params[0];
  if (SAME_MEMBERS.has(typeName.name) && argument) return within(argument);
  const variable = file.variable(typeName);
  if (!variable?.defs.length) {
    return typeName.name === 'ReturnType' && argument?.type === 'TSTypeQuery' && argument.exprName.type === 'Identifier' ? returnedMember(walk, argument.exprName, key, file) : undefined;
  }
  const imported = importOf(variable);
  const target = imported ? walk.surroundings.resolve(imported, file) : file;
  const declarations = target ? typeDeclarations(walk, target, imported?.name ?? typeName.name) : [];
  return first(declarations, (one) => {
    if (one.node.type === 'TSTypeAliasDeclaration') return within(one.node.typeAnnotation, one.file);
    return signature(one.node.body.body, key, one.file) ?? first(one.node.extends, (base) => (base.expression.type === 'Identifier'
      ? within({ ...base, type: 'TSTypeReference', typeName: base.expression } as unknown as TSESTree.TSTypeReference, one.file) : undefined));
  });
}

/** `Deps['accounts']`. */
function indexed(walk: Walk, node: TSESTree.TSIndexedAccessType, file: SourceFile, depth: number): TypeAt | Value | undefined {
  const name = node.indexType.type === 'TSLiteralType' && node.indexType.literal.type === 'Literal' ? String(node.indexType.literal.value) : undefined;
  return name === undefined ? undefined : memberOf(walk, { node: node.objectType, file }, name, depth + 1);
}

function signature(members: readonly TSESTree.TypeElement[], key: string, file: SourceFile): TypeAt | undefined {
  const found = members.find((one) => one.type === 'TSPropertySignature' && keyName(one.key, one.computed) === key);
  return found?.type === 'TSPropertySignature' && found.typeAnnotation ? { node: found.typeAnnotation.typeAnnotation, file } : undefined;
}

/** A member of a value of the module: handles, functions and instances of classes, and never plain data, which may have changed since. */
function storedMember(walk: Walk, name: TSESTree.Identifier, key: string, file: SourceFile): Value | undefined {
  return stable(quietly(walk, file, () => property(walk, lookup(walk, name), key, name)));
}

/** What a function of the project gives back under this key: `Awaited<ReturnType<typeof createContext>>`. */
function returnedMember(walk: Walk, name: TSESTree.Identifier, key: string, file: SourceFile): Value | undefined {
  const fn = quietly(walk, file, () => lookup(walk, name));
  if (fn.kind !== 'function') return undefined;
  const { body } = fn.node as TSESTree.FunctionDeclaration | TSESTree.ArrowFunctionExpression;
  const returned = body?.type === 'BlockStatement' ? body.body.findLast((one) => one.type === 'ReturnStatement') : undefined;
  const object = body?.type === 'ObjectExpression' ? body : returned?.type === 'ReturnStatement' ? returned.argument : undefined;
  const entry = object?.type === 'ObjectExpression' ? object.properties.find((one) => one.type === 'Property' && keyName(one.key, one.computed) === key) : undefined;
  if (entry?.type !== 'Property') return undefined;
  return stable(quietly(walk, (fn.scope as { file: SourceFile }).file, () => evaluate(walk, entry.value)));
}

function stable(value: Value): Value | undefined {
  return value.kind === 'handle' || value.kind === 'function' || value.kind === 'class' || (value.kind === 'object' && value.of?.kind === 'class') ? value : undefined;
}

function first<T, R>(list: readonly T[], ask: (one: T) => R | undefined): R | undefined {
  for (const one of list) { const found = ask(one); if (found !== undefined) return found; }
  return undefined;
}
