/**
 * What stands behind an interface or an abstract class that code asks for (`private readonly users: UserRepository`): the one class of
 * the project that implements it, or the one that a container binds. Of several nobody can tell here which one runs.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node, SourceFile } from '../source/file.ts';
import { isFunction } from '../source/syntax.ts';
import type { ClassValue, Value } from '../value/terms.ts';
import { baseClass, fileOf, selfOf } from './classes.ts';
import { callFunction } from './functions.ts';
import { declarationsAt, lookup, quietly } from './lookup.ts';
import type { Walk } from './walk.ts';

type ClassNode = TSESTree.ClassDeclaration | TSESTree.ClassExpression;

/** An interface, a type that lists members, or an abstract class. */
export interface Port { readonly node: TSESTree.TSInterfaceDeclaration | TSESTree.TSTypeAliasDeclaration | ClassNode; readonly file: SourceFile; readonly name: string }

/** Interfaces that extend others, and abstract classes that implement them, up to here. */
const MAX_DEPTH = 3;

/** The interface that a list of declarations of one name is, if it has methods: plain data has nobody behind it. */
export function portOf(walk: Walk, declarations: readonly { readonly node: TSESTree.TSInterfaceDeclaration | TSESTree.TSTypeAliasDeclaration; readonly file: SourceFile }[]): Port | undefined {
  const [first] = declarations;
  return first && declarations.some((one) => hasMethods(walk, one.node, one.file)) ? { node: first.node, file: first.file, name: first.node.id.name } : undefined;
}

function hasMethods(walk: Walk, node: TSESTree.TSInterfaceDeclaration | TSESTree.TSTypeAliasDeclaration, file: SourceFile, depth = 0): boolean {
  const members = node.type === 'TSInterfaceDeclaration' ? node.body.body : node.typeAnnotation.type === 'TSTypeLiteral' ? node.typeAnnotation.members : [];
  if (members.some((one) => one.type === 'TSMethodSignature' || (one.type === 'TSPropertySignature' && one.typeAnnotation?.typeAnnotation.type === 'TSFunctionType'))) return true;
  if (node.type !== 'TSInterfaceDeclaration' || depth >= MAX_DEPTH) return false;
  return node.extends.some(({ expression }) => declarationsAt(walk, expression, file).some((one) => hasMethods(walk, one.node, one.file, depth + 1)));
}

/** The value that stands behind `port` where `from` asks for it; undefined when nothing does, or several things. */
export function behind(walk: Walk, port: Port, token: string | undefined, from: SourceFile): Value | undefined {
  const key = `${port.file.path}#${port.name}#${token ?? ''}`;
  const known = walk.behind.get(key);
  if (known !== undefined) return known ?? undefined;
  // Who asks for it while it is looked for gets no answer.
  walk.behind.set(key, null);
  const found = search(walk, port, token, from);
  walk.behind.set(key, found ?? null);
  return found;
}

function search(walk: Walk, port: Port, token: string | undefined, from: SourceFile): Value | undefined {
  for (const { classes, makers, bound } of walk.surroundings.behind?.(port.name, token, [port.file.path, from.path]) ?? []) {
    const implementing = distinct(classes.flatMap(({ path, name }) => classAt(walk, path, name) ?? []).filter((one) => isBehind(walk, one, port)));
    const named = distinct(bound.flatMap(({ path, name }) => classAt(walk, path, name) ?? []));
    // A token of two modules binds a class in each: the one that fits is meant.
    const fitting = named.filter((one) => implementing.some((other) => other.node === one.node));
    const chosen = fitting.length ? fitting : named;
    if (chosen.length) return chosen.length === 1 ? instanceOf(walk, chosen[0]!) : undefined;
    const made = makers.flatMap((path) => madeIn(walk, path, port));
    if (implementing.length + made.length > 1) return undefined;
    if (implementing[0]) return instanceOf(walk, implementing[0]);
    if (made[0]) return made[0];
  }
  return undefined;
}

const instanceOf = (walk: Walk, one: ClassValue): Value => selfOf(walk, one.node, fileOf(one));

function distinct(list: readonly ClassValue[]): ClassValue[] {
  return list.filter((one, index) => list.findIndex((other) => other.node === one.node) === index && !('abstract' in one.node && one.node.abstract));
}

/** A class that a file declares or imports under this name. */
function classAt(walk: Walk, path: string, name: string): ClassValue | undefined {
  const file = walk.surroundings.file?.(path);
  if (!file) return undefined;
  for (const statement of file.ast.body) {
    const node = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration' ? statement.declaration : statement;
    const id = node?.type === 'ClassDeclaration' ? node.id : node?.type === 'ImportDeclaration' ? node.specifiers.find((one) => one.local.name === name)?.local : undefined;
    if (id?.name !== name) continue;
    const value = quietly(walk, file, () => lookup(walk, id));
    if (value.kind === 'class') return value;
  }
  return undefined;
}

/** Whether a class, or one that it extends, names exactly this interface in its head. */
function isBehind(walk: Walk, one: ClassValue, port: Port, depth = 0): boolean {
  const file = fileOf(one);
  if (one.node.implements.some(({ expression }) => isSame(walk, expression, file, port))) return true;
  const base = depth < MAX_DEPTH ? baseClass(walk, one) : undefined;
  return base !== undefined && (isClass(base, port) || isBehind(walk, base, port, depth + 1));
}

const isClass = (one: ClassValue, port: Port): boolean => one.node.id?.name === port.name && fileOf(one).path === port.file.path;

function isSame(walk: Walk, name: Node, file: SourceFile, port: Port): boolean {
  if (declarationsAt(walk, name, file).some((one) => one.node.id.name === port.name && one.file.path === port.file.path)) return true;
  if (port.node.type !== 'ClassDeclaration' || name.type !== 'Identifier') return false;
  const value = quietly(walk, file, () => lookup(walk, name));
  return value.kind === 'class' && isClass(value, port);
}

/** What functions and constants of a file give that are declared to give the interface: `const users: UserRepository = { … }`. */
function madeIn(walk: Walk, path: string, port: Port): Value[] {
  const file = walk.surroundings.file?.(path);
  if (!file) return [];
  const means = (type: TSESTree.TypeNode | undefined): boolean => {
    const inner = type?.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'Promise' ? type.typeArguments?.params[0] : type;
    return inner?.type === 'TSTypeReference' && isSame(walk, inner.typeName, file, port);
  };
  return file.ast.body.flatMap((statement) => {
    const node = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration' ? statement.declaration : statement;
    if (node?.type === 'FunctionDeclaration') return node.id && means(node.returnType?.typeAnnotation) ? given(walk, file, node.id) : [];
    if (node?.type !== 'VariableDeclaration') return [];
    return node.declarations.flatMap(({ id, init }) => {
      if (id.type !== 'Identifier' || !init) return [];
      const type = id.typeAnnotation?.typeAnnotation ?? (isFunction(init) ? init.returnType?.typeAnnotation : init.type === 'TSSatisfiesExpression' ? init.typeAnnotation : undefined);
      return means(type) ? given(walk, file, id) : [];
    });
  });
}

/** An object with methods, or one that a function gives whoever calls it. */
function given(walk: Walk, file: SourceFile, id: TSESTree.Identifier): Value[] {
  const value = quietly(walk, file, () => {
    const found = lookup(walk, id);
    return found.kind === 'function' ? callFunction(walk, found, [], found.node, 'callback') : found;
  });
  return value.kind === 'object' ? [value] : [];
}

/** The abstract class that an import or a declaration of this file stands for. */
export function abstractPort(found: Value | undefined): Port | undefined {
  return found?.kind === 'class' && 'abstract' in found.node && found.node.abstract && found.node.id ? { node: found.node, file: fileOf(found), name: found.node.id.name } : undefined;
}
