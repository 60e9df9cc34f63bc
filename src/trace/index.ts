/**
 * The trace of a file: its functions followed as they run. Everything that rules know, they read from here.
 *
 * Roots are the module's own top level (route registrations and their handlers run from there), exported functions, methods of
 * classes, and whatever none of these reached. A private helper that callers of this file follow is judged in its callers.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { isFunction, type FunctionNode } from '../source/syntax.ts';
import type { Formula, Formulas } from '../value/formula.ts';
import type { Node, Terms } from '../value/terms.ts';
import { classValue, selfOf } from './classes.ts';
import { createContext } from './context.ts';
import { callFunction } from './functions.ts';
import { hookOf, runHook } from './hooks.ts';
import { quietly } from './lookup.ts';
import type { Composition } from './composition.ts';
import { statement } from './statements.ts';
import { Walk, type Answer, type Exit, type Helper, type Outside, type Surroundings } from './walk.ts';

export type { Answer, Exit, Helper, Outside, Surroundings } from './walk.ts';

/** One root, walked. */
export interface Trace {
  readonly file: SourceFile;
  /** The walked function; the program for the module's top level. */
  readonly root: FunctionNode | TSESTree.Program;
  readonly operations: readonly Operation[];
  readonly exits: readonly Exit[];
  readonly answers: readonly Answer[];
  readonly helpers: readonly Helper[];
  readonly outside: readonly Outside[];
  /** Every wait for something that was not followed; `name` is its text. */
  readonly pauses: readonly Outside[];
  /** What the values of writes were made of. */
  readonly compositions: ReadonlyMap<Operation, Composition>;
  /** What code asked: the conditions of its branches, wherever they stand. */
  readonly tests: ReadonlySet<Formula>;
  /** Calls that were understood and do nothing but give a value. */
  readonly inert: ReadonlySet<Node>;
  readonly terms: Terms;
  readonly formulas: Formulas;
  /** The budget ran out: what is here is true, but not all of it. */
  readonly cut: boolean;
}

interface Root { readonly node: FunctionNode; readonly owner: TSESTree.ClassDeclaration | TSESTree.ClassExpression | undefined; readonly exported: boolean }

/**
 * Walks every root of `file` that `worth` says may hold a read and a write, and of the functions inside that nobody calls those that
 * `touches` says may read or write at all.
 */
export function traceFile(file: SourceFile, surroundings: Surroundings, worth: (node: Node) => boolean = () => true, touches: (node: Node) => boolean = () => true): Trace[] {
  const traces: Trace[] = [];
  const visited: Set<Node> = new Set();
  const run = (root: Trace['root'], body: (walk: Walk) => void): void => {
    const walk = new Walk(file, surroundings);
    walk.context = createContext(walk);
    body(walk);
    for (const node of walk.visited) visited.add(node);
    if (walk.operations.length) {
      const { operations, exits, answers, helpers, outside, pauses, compositions, tests, inert, terms, formulas } = walk;
      traces.push({ file, root, operations, exits, answers, helpers, outside, pauses, compositions, tests, inert, terms, formulas, cut: walk.exhausted });
    }
  };
  const runFunction = (root: Root): void => {
    visited.add(root.node);
    run(root.node, (walk) => walkFunction(walk, root, touches));
  };

  const topLevel = file.ast.body.filter((one) => one.type !== 'ImportDeclaration' && one.type !== 'FunctionDeclaration' && one.type !== 'ClassDeclaration' && !/^TS/.test(one.type) && worth(one));
  if (topLevel.length) run(file.ast, (walk) => { for (const one of topLevel) statement(walk, one); });
  const roots = collectRoots(file.ast).filter((root) => worth(root.node));
  for (const root of roots) if (root.exported) runFunction(root);
  // Called by others of this file and followed there: their callers' locks and handlers count.
  for (const root of roots) if (!root.exported && !visited.has(root.node)) runFunction(root);
  return traces;
}

function walkFunction(walk: Walk, root: Root, touches: (node: Node) => boolean): void {
  const { owner } = root;
  // `this` of a static method is the class.
  const self = owner && quietly(walk, walk.file, () => (isStatic(root.node) ? classValue(walk, owner, walk.file) : selfOf(walk, owner, walk.file)));
  const method = root.node.parent.type === 'MethodDefinition' ? root.node.parent : undefined;
  const of = method && owner ? classValue(walk, owner, walk.file) : undefined;
  const hook = method && of && hookOf(walk, method, of);
  const fn = walk.terms.function(root.node, { file: walk.file }, self);
  if (hook) runHook(walk, hook, fn, of, method.key, 'root');
  else callFunction(walk, fn, [], root.node, 'root');
  // Functions defined inside and called by nobody here (event handlers kept in variables, returned closures) run some time later.
  walk.state.dead = false;
  for (const inner of nestedFunctions(root.node)) {
    if (!walk.visited.has(inner) && !walk.exhausted && touches(inner)) {
      walk.deferred(inner, () => callFunction(walk, walk.terms.function(inner, { file: walk.file }, self), [], inner, 'callback'));
    }
  }
}

function isStatic({ parent }: Node): boolean { return (parent?.type === 'MethodDefinition' || parent?.type === 'PropertyDefinition') && parent.static; }

/** Functions and methods at the top of the file, in classes and in exported objects. */
function collectRoots(program: TSESTree.Program): Root[] {
  const roots: Root[] = [];
  const add = (node: Node | null | undefined, exported: boolean, owner?: Root['owner']): void => {
    if (!node) return;
    switch (node.type) {
      case 'FunctionDeclaration': case 'FunctionExpression': case 'ArrowFunctionExpression': roots.push({ node, owner, exported }); return;
      case 'ClassDeclaration': case 'ClassExpression':
        for (const member of node.body.body) {
          if (member.type === 'MethodDefinition' && member.value.type === 'FunctionExpression' && member.value.body) {
            const hidden = member.accessibility === 'private' || member.key.type === 'PrivateIdentifier' || (member.key.type === 'Identifier' && member.key.name.startsWith('_'));
            if (member.kind !== 'constructor') roots.push({ node: member.value, owner: node, exported: !hidden });
          } else if (member.type === 'PropertyDefinition' && member.value && isFunction(member.value)) roots.push({ node: member.value, owner: node, exported: member.accessibility !== 'private' });
        }
        return;
      case 'VariableDeclaration': for (const one of node.declarations) add(one.init, exported); return;
      case 'ObjectExpression': for (const one of node.properties) if (one.type === 'Property') add(one.value, exported); return;
      case 'TSAsExpression': case 'TSSatisfiesExpression': add(node.expression, exported); return;
      case 'AssignmentExpression': add(node.right, true); return;
      // `export const createUser = cache(async () => …)`: the wrapper runs it; the top level reaches it as a callback.
      default:
    }
  };
  const addAll = (statements: readonly Node[]): void => {
    for (const one of statements) {
      if (one.type === 'ExportNamedDeclaration' || one.type === 'ExportDefaultDeclaration') add(one.declaration, true);
      else if (one.type === 'ExpressionStatement') add(one.expression, true);
      // `if (config.push) { exports.subscribe = async () => … }`
      else if (one.type === 'IfStatement') addAll([one.consequent, ...(one.alternate ? [one.alternate] : [])]);
      else if (one.type === 'BlockStatement') addAll(one.body);
      else if (one.type === 'TryStatement') addAll([one.block, ...(one.handler ? [one.handler.body] : [])]);
      else add(one, false);
    }
  };
  addAll(program.body);
  const names = exportedNames(program);
  return roots.map((root) => (root.exported || !names.has(rootName(root.node)) ? root : { ...root, exported: true }));
}

function exportedNames(program: TSESTree.Program): Set<string | undefined> {
  const names = new Set<string | undefined>();
  for (const one of program.body) {
    if (one.type === 'ExportNamedDeclaration') for (const each of one.specifiers) if (each.local.type === 'Identifier') names.add(each.local.name);
    if (one.type === 'ExportDefaultDeclaration' && one.declaration.type === 'Identifier') names.add(one.declaration.name);
  }
  return names;
}

function rootName(node: FunctionNode): string | undefined {
  if (node.id) return node.id.name;
  return node.parent.type === 'VariableDeclarator' && node.parent.id.type === 'Identifier' ? node.parent.id.name : '';
}

function nestedFunctions(root: FunctionNode): FunctionNode[] {
  const found: FunctionNode[] = [];
  const pending: unknown[] = [root.body];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (Array.isArray(at)) { pending.push(...at); continue; }
    if (typeof at !== 'object' || at === null || typeof (at as Node).type !== 'string') continue;
    if (isFunction(at as Node)) found.push(at as FunctionNode);
    for (const key in at) if (key !== 'parent' && key !== 'loc' && key !== 'range') { const child = (at as Record<string, unknown>)[key]; if (child) pending.push(child); }
  }
  return found;
}
