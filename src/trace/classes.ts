/** Members of classes whose bodies can be found: methods, fields, injected constructor parameters, base classes. */
import type { TSESTree } from '@typescript-eslint/types';
import type { ClassMembers } from '../clients/client.ts';
import type { SourceFile } from '../source/file.ts';
import { tokenName } from '../source/ports.ts';
import { keyName } from '../source/syntax.ts';
import { declaredType } from '../source/types.ts';
import type { ClassValue, FunctionValue, Node, Value } from '../value/terms.ts';
import { evaluate } from './expressions.ts';
import { callFunction } from './functions.ts';
import { declaredValue, decoratedValue, quietly } from './lookup.ts';
import { noteType } from './members.ts';
import type { Walk } from './walk.ts';

export interface ClassScope { readonly file: SourceFile }

export function fileOf(found: ClassValue): SourceFile {
  return (found.scope as ClassScope).file;
}

/** The class that an object under construction, or `this`, is an instance of. */
export function classOf(value: Value): ClassValue | undefined {
  return value.kind === 'object' && value.of?.kind === 'class' ? value.of : undefined;
}

/** A member of an instance (or of the class itself), looked up through base classes; undefined when there is none. */
export function classMember(walk: Walk, found: ClassValue, key: string, self: Value, isStatic: boolean, depth = 0): Value | undefined {
  const file = fileOf(found);
  for (const member of found.node.body.body) {
    if (member.type !== 'MethodDefinition' && member.type !== 'PropertyDefinition' && member.type !== 'AccessorProperty') continue;
    if (member.static !== isStatic || keyName(member.key, member.computed) !== key) continue;
    if (member.type === 'MethodDefinition') {
      if (member.kind === 'constructor' || member.value.type !== 'FunctionExpression') continue;
      const method = walk.terms.function(member.value, { file }, self);
      return member.kind === 'get' ? gotten(walk, file, method) : method;
    }
    return fieldValue(walk, file, member, self, key);
  }
  if (!isStatic) {
    const injected = constructorField(walk, found, file, key, self);
    if (injected) return injected;
  }
  const base = depth < 5 ? baseClass(walk, found) : undefined;
  return base && classMember(walk, base, key, self, isStatic, depth + 1);
}

/**
 * What a getter gives, where it only says what a thing is (`static get tableName()`, `get repository()`). A computed value is another
 * one each time, and stays the member that code names.
 */
function gotten(walk: Walk, file: SourceFile, getter: FunctionValue): Value | undefined {
  if (walk.evaluating.has(getter.node)) return undefined;
  walk.evaluating.add(getter.node);
  try {
    const value = quietly(walk, file, () => callFunction(walk, getter, [], getter.node));
    return SAYING.has(value.kind) ? value : undefined;
  } finally {
    walk.evaluating.delete(getter.node);
  }
}

const SAYING: ReadonlySet<Value['kind']> = new Set(['literal', 'object', 'array', 'class', 'function', 'handle']);

export function baseClass(walk: Walk, found: ClassValue): ClassValue | undefined {
  const superclass = found.node.superClass;
  if (!superclass || superclass.type === 'CallExpression') return undefined;
  const base = quietly(walk, fileOf(found), () => evaluate(walk, superclass));
  return base.kind === 'class' ? base : undefined;
}

/** The members of a class and its base classes: declared in their bodies, or assigned at the top of their modules (`User.jsonSchema = …`). */
export function membersOf(walk: Walk, found: ClassValue): ClassMembers {
  const statics = new Set<string>();
  const instance = new Set<string>();
  let more = false;
  for (let at: ClassValue | undefined = found, depth = 0; at && depth < 6; at = baseClass(walk, at), depth++) {
    more ||= (at.node.decorators ?? []).length > 0;
    for (const member of at.node.body.body) {
      if (member.type === 'StaticBlock') { more = true; continue; }
      if (member.type === 'TSIndexSignature' || (member.type === 'PropertyDefinition' && member.declare)) continue;
      const name = keyName(member.key, member.computed);
      if (name === undefined) more = true;
      else (member.static ? statics : instance).add(name);
    }
    const own = at.node.id?.name ?? (at.node.parent.type === 'VariableDeclarator' && at.node.parent.id.type === 'Identifier' ? at.node.parent.id.name : undefined);
    for (const [name, onPrototype] of own === undefined ? [] : assignedTo(own, fileOf(at))) (onPrototype ? instance : statics).add(name);
  }
  return { statics, instance, more };
}

/** `User.jsonSchema = …`, `User.prototype.$beforeInsert = …` as statements of the module. */
function assignedTo(owner: string, file: SourceFile): (readonly [name: string, onPrototype: boolean])[] {
  return file.ast.body.flatMap((statement): (readonly [string, boolean])[] => {
    const assigned = statement.type === 'ExpressionStatement' && statement.expression.type === 'AssignmentExpression' ? statement.expression.left : undefined;
    const name = assigned?.type === 'MemberExpression' ? keyName(assigned.property, assigned.computed) : undefined;
    if (assigned?.type !== 'MemberExpression' || name === undefined) return [];
    const { object } = assigned;
    if (object.type === 'Identifier' && object.name === owner) return [[name, false]];
    const isPrototype = object.type === 'MemberExpression' && keyName(object.property, object.computed) === 'prototype' && object.object.type === 'Identifier' && object.object.name === owner;
    return isPrototype ? [[name, true]] : [];
  });
}

function fieldValue(walk: Walk, file: SourceFile, member: TSESTree.PropertyDefinition | TSESTree.AccessorProperty | TSESTree.PropertyDefinitionComputedName, self: Value, key: string): Value {
  const type = declaredType(member.typeAnnotation, file);
  const decorated = decoratedValue(walk, member.decorators, type, file);
  if (decorated) return decorated;
  const declared = type && declaredValue(walk, type, file, tokenOf(member.decorators, file));
  if (declared) return declared;
  if (member.value) {
    const initial = member.value;
    const cached = walk.instances.get(initial);
    if (cached) return cached;
    const value = initial.type === 'ArrowFunctionExpression' || initial.type === 'FunctionExpression'
      ? walk.terms.function(initial, { file }, self)
      : quietly(walk, file, () => evaluate(walk, initial));
    walk.instances.set(initial, value);
    return value;
  }
  return typedField(walk, self, key, member.typeAnnotation, file);
}

/** A field of which only the type is known. */
function typedField(walk: Walk, self: Value, key: string, annotation: Node | null | undefined, file: SourceFile): Value {
  const field = walk.terms.member(self, key);
  noteType(walk, field, annotation, file);
  return field;
}

/** `constructor(private readonly users: Repository<User>)`, or a parameter that the body assigns to `this.users`. */
function constructorField(walk: Walk, found: ClassValue, file: SourceFile, key: string, self: Value): Value | undefined {
  const constructor = found.node.body.body.find((one) => one.type === 'MethodDefinition' && one.kind === 'constructor');
  if (constructor?.type !== 'MethodDefinition' || constructor.value.type !== 'FunctionExpression') return undefined;
  for (const parameter of constructor.value.params) {
    if (parameter.type !== 'TSParameterProperty') continue;
    const target = parameter.parameter.type === 'AssignmentPattern' ? parameter.parameter.left : parameter.parameter;
    if (target.type !== 'Identifier' || target.name !== key) continue;
    return parameterOf(walk, target, parameter.decorators, file) ?? typedField(walk, self, key, target.typeAnnotation, file);
  }
  for (const statement of constructor.value.body.body) {
    if (statement.type !== 'ExpressionStatement' || statement.expression.type !== 'AssignmentExpression') continue;
    const { left, right } = statement.expression;
    if (left.type !== 'MemberExpression' || left.object.type !== 'ThisExpression' || keyName(left.property, left.computed) !== key) continue;
    return quietly(walk, file, () => evaluate(walk, right));
  }
  return undefined;
}

function parameterOf(walk: Walk, target: TSESTree.Identifier, decorators: readonly TSESTree.Decorator[], file: SourceFile): Value | undefined {
  const type = declaredType(target.typeAnnotation, file);
  const all = [...decorators, ...(target.decorators ?? [])];
  return decoratedValue(walk, all, type, file) ?? (type && declaredValue(walk, type, file, tokenOf(all, file)));
}

/** What a container is asked for: `@Inject(USER_REPOSITORY)`, `@inject(TYPES.Users)`, `@Inject(() => UserRepository)`. */
function tokenOf(decorators: readonly TSESTree.Decorator[], file: SourceFile): string | undefined {
  for (const { expression } of decorators) {
    if (expression.type !== 'CallExpression' || expression.callee.type !== 'Identifier' || !/^inject$/i.test(expression.callee.name)) continue;
    let [meant]: (Node | undefined)[] = expression.arguments;
    // `forwardRef(() => TOKEN)`, `new LazyServiceIdentifier(() => TOKEN)`, `() => TOKEN`.
    if ((meant?.type === 'CallExpression' || meant?.type === 'NewExpression') && meant.arguments[0]?.type === 'ArrowFunctionExpression') [meant] = meant.arguments;
    if (meant?.type === 'ArrowFunctionExpression') meant = meant.body;
    if (meant) return tokenName(file.slice(meant));
  }
  return undefined;
}

/** The one instance that stands for `this` in the methods of a class that is walked by itself. */
export function selfOf(walk: Walk, node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, file: SourceFile): Value {
  const known = walk.instances.get(node);
  if (known) return known;
  const self = walk.terms.object(node, classValue(walk, node, file));
  walk.instances.set(node, self);
  return self;
}

export function classValue(walk: Walk, node: TSESTree.ClassDeclaration | TSESTree.ClassExpression, file: SourceFile): ClassValue {
  const key = node.body as Node;
  const known = walk.instances.get(key);
  if (known?.kind === 'class') return known;
  const made = walk.terms.class(node, { file } satisfies ClassScope, node.id?.name ?? '');
  walk.instances.set(key, made);
  return made;
}
