/** What a name stands for when the run itself has not bound it: imports, module-level variables, typed parameters. */
import type { TSESTree } from '@typescript-eslint/types';
import type { DeclaredType, DecoratorUse } from '../clients/client.ts';
import type { ImportedBinding, Node, SourceFile, Variable } from '../source/file.ts';
import { keyName } from '../source/syntax.ts';
import { declaredType, importOf } from '../source/types.ts';
import type { Value } from '../value/terms.ts';
import { classOf, classValue, selfOf } from './classes.ts';
import { evaluate } from './expressions.ts';
import { noteType } from './members.ts';
import { entriesOf, property, setProperty } from './objects.ts';
import { bind } from './patterns.ts';
import { abstractPort, behind, portOf, type Port } from './ports.ts';
import { mayBeTransaction, received } from './received.ts';
import type { Walk } from './walk.ts';

/** Evaluates on the side: in the module's own state, recording nothing. */
export function quietly(walk: Walk, file: SourceFile, run: () => Value): Value {
  const { state, file: before, region, activations, loops, jumps, handlers } = walk;
  walk.quiet++;
  walk.state = walk.statics;
  walk.file = file;
  walk.activations = [];
  walk.loops = [];
  walk.jumps = [];
  walk.handlers = [];
  try {
    return run();
  } finally {
    walk.quiet--;
    walk.statics.dead = false;
    Object.assign(walk, { state, file: before, region, activations, loops, jumps, handlers });
  }
}

export function lookup(walk: Walk, node: TSESTree.Identifier | TSESTree.JSXIdentifier): Value {
  if (node.name === 'undefined') return walk.terms.undefined;
  const variable = walk.file.variable(node);
  if (!variable) return node.name === 'Infinity' ? walk.terms.literal(Infinity) : walk.terms.global(node.name, node);
  const known = walk.state.variable(variable);
  if (known) return known;
  const value = define(walk, variable, node);
  walk.statics.variables.set(variable, value);
  return value;
}

function define(walk: Walk, variable: Variable, node: Node): Value {
  const input = walk.terms.input(variable.name, node, `variable:${variable.$id}:${walk.file.path}`);
  // Of overloads the one with the body.
  const definition = variable.defs.find((one) => (one.type as string) === 'FunctionName' && (one.node as { body?: unknown }).body != null) ?? variable.defs[0];
  if (!definition || walk.evaluating.has(variable)) return input;
  walk.evaluating.add(variable);
  try {
    const { file } = walk;
    const at = definition.node as Node;
    const imported = importOf(variable);
    if (imported) return importedValue(walk, imported, file) ?? input;
    switch (definition.type as string) {
      case 'FunctionName': return walk.terms.function(at, { file });
      case 'ClassName': return classValue(walk, at as TSESTree.ClassDeclaration, file);
      case 'Parameter': {
        const annotation = (definition.name as TSESTree.Identifier).typeAnnotation;
        const typed = parameterValue(walk, annotation, undefined);
        if (!typed) noteType(walk, input, annotation, file);
        return typed ?? input;
      }
      case 'Variable': return variableValue(walk, variable, at as TSESTree.VariableDeclarator, file) ?? input;
      default: return input;
    }
  } finally {
    walk.evaluating.delete(variable);
  }
}

/**
 * A variable of an outer scope. Where it is assigned in several places (`let prisma; if (…) prisma = global.prisma else
 * prisma = new PrismaClient()`), whatever turns out to be a database handle is what it holds.
 */
function variableValue(walk: Walk, variable: Variable, declarator: TSESTree.VariableDeclarator, file: SourceFile): Value | undefined {
  const typed = declarator.id.type === 'Identifier' ? parameterValue(walk, declarator.id.typeAnnotation, undefined) : undefined;
  if (typed) return typed;
  const writes = variable.references.flatMap((reference) => (reference.writeExpr && reference.identifier !== declarator.id ? [reference.writeExpr as Node] : []));
  let first: Value | undefined;
  if (declarator.init && declarator.id.type !== 'Identifier') {
    const init = declarator.init;
    quietly(walk, file, () => { bind(walk, declarator.id, evaluate(walk, init)); return walk.terms.undefined; });
    return walk.statics.variables.get(variable);
  }
  for (const expression of [declarator.init, ...writes]) {
    if (!expression) continue;
    const value = quietly(walk, file, () => evaluate(walk, expression));
    if (value.kind === 'handle') return withMembers(walk, variable, value, file);
    first ??= value;
  }
  // With several assignments and no handle among them, nothing is sure about the value.
  return writes.length ? undefined : first && withMembers(walk, variable, first, file);
}

/** `db[model.name] = model`, also in a callback: members that have no name here. */
function addsUnnamed(node: Node): boolean {
  const { parent } = node;
  if (parent?.type !== 'MemberExpression' || parent.object !== node || !parent.computed || keyName(parent.property, true) !== undefined) return false;
  return parent.parent.type === 'AssignmentExpression' && parent.parent.left === parent;
}

/** What the module adds to an object or handle after making it: `schema.statics.byEmail = function …`, `service.create = async () => …`. */
function withMembers(walk: Walk, variable: Variable, value: Value, file: SourceFile): Value {
  if (value.kind !== 'handle' && value.kind !== 'object') return value;
  const added = value.kind === 'object' ? variable.references.find((one) => addsUnnamed(one.identifier as Node)) : undefined;
  if (added) walk.statics.heap.set(value.id, { entries: [{ kind: 'spread', value: walk.terms.unknown(added.identifier as Node), node: added.identifier as Node, conditional: true }, ...(entriesOf(walk, value) ?? [])] });
  for (const reference of variable.references) {
    const keys: string[] = [];
    let at = reference.identifier as Node;
    for (; at.parent?.type === 'MemberExpression' && at.parent.object === at; at = at.parent) {
      const key = keyName(at.parent.property, at.parent.computed);
      if (key === undefined) break;
      keys.push(key);
    }
    const assignment = at.parent;
    const last = keys.pop();
    if (last === undefined || assignment?.type !== 'AssignmentExpression' || assignment.operator !== '=' || assignment.left !== at || assignment.parent.type !== 'ExpressionStatement' || assignment.parent.parent.type !== 'Program') continue;
    quietly(walk, file, () => {
      const owner = keys.reduce<Value>((object, key) => property(walk, object, key, at), value);
      const added = evaluate(walk, assignment.right);
      setProperty(walk, owner, last, added.kind === 'function' && !added.self && assignment.right.type === 'FunctionExpression' ? { ...added, self: owner } : added, assignment);
      return added;
    });
  }
  return value;
}

/** The value of an imported binding: what a client says of the package, else what the module exports. */
export function importedValue(walk: Walk, binding: ImportedBinding, from: SourceFile): Value | undefined {
  for (const client of walk.surroundings.clients) {
    const value = client.imported?.(binding.source, binding.name, walk.context);
    if (value) return value;
  }
  const target = walk.surroundings.resolve(binding, from);
  return target && exportedValue(walk, target, binding.name);
}

export function exportedValue(walk: Walk, file: SourceFile, name: string, depth = 0): Value | undefined {
  if (depth > 8) return undefined;
  const key = `${file.path}#${name}`;
  if (walk.evaluating.has(key)) return undefined;
  walk.evaluating.add(key);
  try {
    if (name === '*') return namespaceValue(walk, file);
    const binding = file.exports.get(name);
    if (binding?.kind === 'local') {
      return quietly(walk, file, () => (binding.node.type === 'FunctionDeclaration' ? walk.terms.function(binding.node, { file })
        : binding.node.type === 'ClassDeclaration' ? classValue(walk, binding.node, file) : evaluate(walk, binding.node)));
    }
    if (binding) return importedValue(walk, { source: binding.source, name: binding.name, node: file.ast }, file);
    for (const [exported, one] of file.exports) {
      if (!exported.startsWith('*') || one.kind !== 'from') continue;
      // `export * from` a library: its own names are the client's to know.
      const known = walk.surroundings.clients.map((client) => (client.packages.includes(one.source) ? client.imported?.(one.source, name, walk.context) : undefined)).find((each) => each);
      if (known) return known;
      const target = walk.surroundings.resolve({ source: one.source, name, node: file.ast }, file);
      const value = target && exportedValue(walk, target, name, depth + 1);
      if (value) return value;
    }
    // `module.exports = x` seen through `import x`, and `import { a }` of an object that was exported whole.
    const whole = file.exports.get('default');
    if (whole?.kind === 'local' && name !== 'default') {
      return quietly(walk, file, () => property(walk, evaluate(walk, whole.node), name, whole.node));
    }
    return undefined;
  } finally {
    walk.evaluating.delete(key);
  }
}

/** `import * as m`: an object with the exports that can be told by name. */
function namespaceValue(walk: Walk, file: SourceFile): Value | undefined {
  const whole = file.exports.get('default');
  if (whole?.kind === 'local' && (file.exports.size === 1 || isSpreadWhole(whole.node))) return quietly(walk, file, () => evaluate(walk, whole.node));
  const object = walk.terms.object(file.ast);
  const entries = [...file.exports.keys()].filter((name) => !name.startsWith('*')).flatMap((name) => {
    const value = exportedValue(walk, file, name, 1);
    return value ? [{ kind: 'property' as const, key: name, value, node: file.ast, conditional: false }] : [];
  });
  walk.statics.heap.set(object.id, { entries });
  return object;
}

/** `module.exports = { list, ...require('./more') }`: more names than stand here. */
function isSpreadWhole(node: Node): boolean {
  return node.type === 'ObjectExpression' && node.parent.type === 'AssignmentExpression' && node.properties.some((one) => one.type === 'SpreadElement');
}

/** What a parameter or variable with this annotation holds, when a client or a class of the project says so. */
export function parameterValue(walk: Walk, annotation: Node | null | undefined, decorators: readonly TSESTree.Decorator[] | undefined): Value | undefined {
  const type = declaredType(annotation, walk.file);
  const value = (decorators?.length ? decoratedValue(walk, decorators, type, walk.file) : undefined) ?? (type && declaredValue(walk, type, walk.file));
  return value && annotation ? givenInstance(walk, value, annotation) : value;
}

/**
 * An instance that came from elsewhere (`dto: CreateUserDto`) is its own for each place that declares one, and what it holds is not
 * known: unlike `this`, of which one stands for all, and unlike what was made here.
 */
function givenInstance(walk: Walk, value: Value, annotation: Node): Value {
  const found = classOf(value);
  if (!found) return value;
  const known = walk.instances.get(annotation);
  if (known) return known;
  const given = walk.terms.object(annotation, found);
  walk.instances.set(annotation, given);
  walk.statics.heap.set(given.id, { given: true });
  return given;
}

/** @param token what a container is asked for by, where that is no type: `@Inject(USER_REPOSITORY)` */
export function declaredValue(walk: Walk, type: DeclaredType, file: SourceFile, token?: string): Value | undefined {
  for (const client of walk.surroundings.clients) {
    const value = client.declared?.(type, walk.context);
    if (value) return value.kind === 'handle' && mayBeTransaction(type) ? walk.terms.handle(value.client, value.type, { ...value.data, lent: received(walk, type) ?? true }) : value;
  }
  const meant = aliased(walk, type, file);
  if (meant) return meant;
  // An injected class of the project: its methods can be followed.
  const name = type.node.type === 'TSTypeReference' ? type.node.typeName : undefined;
  if (name?.type !== 'Identifier' || type.name === '|' || walk.evaluating.has(type.node)) return undefined;
  walk.evaluating.add(type.node);
  try {
    const variable = file.variable(name);
    const imported = variable && importOf(variable);
    const found = imported
      ? exportedBy(walk, imported, file)
      : variable?.defs.some((one) => (one.type as string) === 'ClassName') ? quietly(walk, file, () => lookup(walk, name)) : undefined;
    // Behind an interface or an abstract class stands another one.
    const port = found?.kind === 'class' ? abstractPort(found) : interfaceOf(walk, name, file);
    const value = port && behind(walk, port, token, file);
    return value ?? (found?.kind === 'class' ? selfOf(walk, found.node, (found.scope as { file: SourceFile }).file) : undefined);
  } finally {
    walk.evaluating.delete(type.node);
  }
}

/** What a type of the project's own stands for: `type Tx = …`, also of another file, and `typeof db`. */
function aliased(walk: Walk, type: DeclaredType, file: SourceFile): Value | undefined {
  const { node } = type;
  const name = node.type === 'TSTypeReference' ? node.typeName : node.type === 'TSTypeQuery' ? node.exprName : undefined;
  const key = `type:${file.path}:${node.range[0]}`;
  if (name?.type !== 'Identifier' || walk.evaluating.has(key)) return undefined;
  walk.evaluating.add(key);
  try {
    if (node.type === 'TSTypeQuery') {
      const value = quietly(walk, file, () => lookup(walk, name));
      return value.kind === 'handle' ? value : undefined;
    }
    const alias = declarationsAt(walk, name, file)[0];
    if (alias?.node.type !== 'TSTypeAliasDeclaration') return undefined;
    const meant = declaredType(alias.node.typeAnnotation, alias.file);
    return meant && declaredValue(walk, meant, alias.file);
  } finally {
    walk.evaluating.delete(key);
  }
}

/** The type alias or interface that a name in a type position stands for. */
export function declarationsAt(walk: Walk, name: Node, file: SourceFile): ReturnType<typeof typeDeclarations> {
  if (name.type !== 'Identifier') return [];
  const variable = file.variable(name);
  const imported = variable && importOf(variable);
  const target = imported ? walk.surroundings.resolve(imported, file) : file;
  return target ? typeDeclarations(walk, target, imported?.name ?? name.name) : [];
}

/** The declarations of a type alias, or of an interface (which may have several), re-exports followed. */
export function typeDeclarations(walk: Walk, file: SourceFile, name: string, depth = 0): { readonly node: TSESTree.TSTypeAliasDeclaration | TSESTree.TSInterfaceDeclaration; readonly file: SourceFile }[] {
  const found = file.ast.body.flatMap((statement) => {
    const node = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration' ? statement.declaration : statement;
    if (node?.type !== 'TSTypeAliasDeclaration' && node?.type !== 'TSInterfaceDeclaration') return [];
    return node.id.name === name || (name === 'default' && statement.type === 'ExportDefaultDeclaration') ? [{ node, file }] : [];
  });
  if (found.length || depth > 5) return found;
  // `import type { A } from './a'; export { A }`, `export { A as B }`.
  const local = file.exports.get(name);
  if (local?.kind === 'local' && local.node.type === 'Identifier' && (local.node.name !== name || file.variable(local.node))) {
    const variable = file.variable(local.node);
    const imported = variable && importOf(variable);
    const target = imported ? walk.surroundings.resolve(imported, file) : local.node.name === name ? undefined : file;
    return target ? typeDeclarations(walk, target, imported?.name ?? local.node.name, depth + 1) : [];
  }
  for (const [exported, one] of file.exports) {
    if (one.kind !== 'from' || (exported !== name && !exported.startsWith('*'))) continue;
    const target = walk.surroundings.resolve({ source: one.source, name, node: file.ast }, file);
    const behind = target ? typeDeclarations(walk, target, exported === name ? one.name : name, depth + 1) : [];
    if (behind.length) return behind;
  }
  return [];
}

function interfaceOf(walk: Walk, name: TSESTree.Identifier, file: SourceFile): Port | undefined {
  return portOf(walk, declarationsAt(walk, name, file));
}

function exportedBy(walk: Walk, binding: ImportedBinding, file: SourceFile): Value | undefined {
  const target = walk.surroundings.resolve(binding, file);
  return target && exportedValue(walk, target, binding.name);
}

export function decoratedValue(walk: Walk, decorators: readonly TSESTree.Decorator[], type: DeclaredType | undefined, file: SourceFile): Value | undefined {
  for (const use of decoratorUses(walk, decorators, file)) {
    for (const client of walk.surroundings.clients) {
      const value = client.decorated?.(use, type, walk.context);
      if (value) return value;
    }
  }
  return undefined;
}

export function decoratorUses(walk: Walk, decorators: readonly TSESTree.Decorator[], file: SourceFile): readonly DecoratorUse[] {
  return decorators.flatMap(({ expression: call }) => {
    const callee = call.type === 'CallExpression' ? call.callee : call;
    if (callee.type !== 'Identifier') return [];
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    const args = call.type === 'CallExpression' ? call.arguments.map((one) => quietly(walk, file, () => evaluate(walk, one))) : [];
    return [{ name: imported?.name ?? callee.name, from: imported?.source, args }];
  });
}
