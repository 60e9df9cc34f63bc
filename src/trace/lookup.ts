/** What a name stands for when the run itself has not bound it: imports, module-level variables, typed parameters. */
import type { TSESTree } from '@typescript-eslint/types';
import type { DeclaredType } from '../clients/client.ts';
import type { ImportedBinding, Node, SourceFile, Variable } from '../source/file.ts';
import { declaredType, importOf } from '../source/types.ts';
import type { Value } from '../value/terms.ts';
import { classValue, selfOf } from './classes.ts';
import { evaluate } from './expressions.ts';
import { property } from './objects.ts';
import { bind } from './patterns.ts';
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
  if (!variable) return walk.terms.input(node.name, node, `global:${node.name}`);
  const known = walk.state.variable(variable);
  if (known) return known;
  const value = define(walk, variable, node);
  walk.statics.variables.set(variable, value);
  return value;
}

function define(walk: Walk, variable: Variable, node: Node): Value {
  const input = walk.terms.input(variable.name, node, `variable:${variable.$id}:${walk.file.path}`);
  const definition = variable.defs[0];
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
      case 'Parameter': return parameterValue(walk, (definition.name as TSESTree.Identifier).typeAnnotation, undefined) ?? input;
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
    if (value.kind === 'handle') return value;
    first ??= value;
  }
  // With several assignments and no handle among them, nothing is sure about the value.
  return writes.length ? undefined : first;
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
  if (whole?.kind === 'local' && file.exports.size === 1) return quietly(walk, file, () => evaluate(walk, whole.node));
  const object = walk.terms.object(file.ast);
  const entries = [...file.exports.keys()].filter((name) => !name.startsWith('*')).flatMap((name) => {
    const value = exportedValue(walk, file, name, 1);
    return value ? [{ kind: 'property' as const, key: name, value, node: file.ast, conditional: false }] : [];
  });
  walk.statics.heap.set(object.id, { entries });
  return object;
}

/** What a parameter or variable with this annotation holds, when a client or a class of the project says so. */
export function parameterValue(walk: Walk, annotation: Node | null | undefined, decorators: readonly TSESTree.Decorator[] | undefined): Value | undefined {
  const type = declaredType(annotation, walk.file);
  return (decorators?.length ? decoratedValue(walk, decorators, type, walk.file) : undefined) ?? (type && declaredValue(walk, type, walk.file));
}

export function declaredValue(walk: Walk, type: DeclaredType, file: SourceFile): Value | undefined {
  for (const client of walk.surroundings.clients) {
    const value = client.declared?.(type, walk.context);
    if (value) return value;
  }
  // An injected class of the project: its methods can be followed.
  const name = type.node.type === 'TSTypeReference' ? type.node.typeName : undefined;
  if (name?.type !== 'Identifier' || type.name === '|' || walk.evaluating.has(type.node)) return undefined;
  walk.evaluating.add(type.node);
  try {
    const variable = file.variable(name);
    const imported = variable && importOf(variable);
    const found = imported
      ? importedClass(walk, imported, file)
      : variable?.defs.some((one) => (one.type as string) === 'ClassName') ? quietly(walk, file, () => lookup(walk, name)) : undefined;
    return found?.kind === 'class' ? selfOf(walk, found.node, (found.scope as { file: SourceFile }).file) : undefined;
  } finally {
    walk.evaluating.delete(type.node);
  }
}

function importedClass(walk: Walk, binding: ImportedBinding, file: SourceFile): Value | undefined {
  const target = walk.surroundings.resolve(binding, file);
  return target && exportedValue(walk, target, binding.name);
}

export function decoratedValue(walk: Walk, decorators: readonly TSESTree.Decorator[], type: DeclaredType | undefined, file: SourceFile): Value | undefined {
  for (const decorator of decorators) {
    const call = decorator.expression;
    const callee = call.type === 'CallExpression' ? call.callee : call;
    if (callee.type !== 'Identifier') continue;
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    const args = call.type === 'CallExpression' ? call.arguments.map((one) => quietly(walk, file, () => evaluate(walk, one))) : [];
    for (const client of walk.surroundings.clients) {
      const value = client.decorated?.({ name: imported?.name ?? callee.name, from: imported?.source, args }, type, walk.context);
      if (value) return value;
    }
  }
  return undefined;
}
