/** Following calls: a function's body is walked in place, with its arguments, and its returns become one value. */
import type { Around } from '../clients/client.ts';
import type { SourceFile } from '../source/file.ts';
import { contains, functionName, type FunctionNode } from '../source/syntax.ts';
import type { FunctionValue, Node, Value } from '../value/terms.ts';
import { evaluate } from './expressions.ts';
import { decoratorUses } from './lookup.ts';
import { bind } from './patterns.ts';
import { block } from './statements.ts';
import { makeArray } from './objects.ts';
import { fork, join } from './state.ts';
import { flush } from './unit-of-work.ts';
import { noteOutside } from './unresolved.ts';
import type { Activation, Walk } from './walk.ts';

/** Walks `fn` with `args` inside what its decorators put around it. */
export function callFunction(walk: Walk, fn: FunctionValue, args: readonly Value[], node: Node, mode: Activation['mode'] = 'inline'): Value {
  const around = aroundOf(walk, fn);
  if (!around) return walkFunction(walk, fn, args, node, mode);
  const { client, transaction, unit } = around;
  walk.ambient.push({ client, transaction });
  const value = walkFunction(walk, fn, args, node, mode);
  if (unit) flush(walk, client, unit, mode === 'root' ? fn.node : node);
  walk.ambient.pop();
  return value;
}

function aroundOf(walk: Walk, fn: FunctionValue): (Around & { readonly client: string }) | undefined {
  const method = fn.node.parent?.type === 'MethodDefinition' ? fn.node.parent : undefined;
  if (!method?.decorators?.length || !walk.surroundings.clients.some((one) => one.around)) return undefined;
  for (const use of decoratorUses(walk, method.decorators, (fn.scope as { file: SourceFile }).file)) {
    for (const client of walk.surroundings.clients) {
      const around = client.around?.(use, fn.node, walk.context);
      if (around) return { ...around, client: client.id };
    }
  }
  return undefined;
}

/**
 * Walks `fn` with `args`. Afterwards the state is the join of its returns; when it always throws, the state is dead.
 * Recursion is cut, and so is following beyond the budget: the result is then unknown, made of the arguments.
 */
function walkFunction(walk: Walk, fn: FunctionValue, args: readonly Value[], node: Node, mode: Activation['mode']): Value {
  if (walk.isFollowed(fn) || !walk.mayFollow || (fn.node as { body?: unknown }).body == null) return walk.terms.unknown(node, args);
  const target = fn.node as FunctionNode;
  const { file: callerFile, state: base, jumps, region } = walk;
  const file = (fn.scope as { file: SourceFile }).file;
  if (!walk.quiet) walk.visited.add(target);
  const activation: Activation = { node: target, mode, self: fn.self ?? (target.type === 'ArrowFunctionExpression' ? walk.activation?.self : undefined), file, returns: [], base };
  // A callback written inside the caller's own text is no other place: its operations belong to the function around it.
  const isElsewhere = mode === 'inline' && !(file === callerFile && contains(node, target));
  if (isElsewhere) walk.frames.push({ call: node, callee: target, file: callerFile.path });
  if (!walk.quiet && isElsewhere && node.type === 'CallExpression') noteOutside(walk, node, callerFile.slice(node.callee));
  walk.activations.push(activation);
  walk.file = file;
  walk.jumps = [];
  walk.state = fork(base, walk.formulas.true, walk.formulas);

  // TypeScript's `this: Type` says what the receiver is and takes no argument.
  target.params.filter((one) => one.type !== 'Identifier' || one.name !== 'this').forEach((parameter, index) => {
    const given = parameter.type === 'RestElement' ? rest(walk, parameter, args.slice(index)) : args[index];
    bind(walk, parameter, given ?? parameterInput(walk, parameter, mode));
  });
  if (target.body.type === 'BlockStatement') {
    block(walk, target.body.body);
    walk.leave('end', target, undefined);
  } else {
    const value = evaluate(walk, target.body);
    walk.leave('return', target.body, target.async || mode !== 'inline' ? walk.settle(value, target.body) : value);
  }

  walk.activations.pop();
  if (isElsewhere) walk.frames.pop();
  walk.file = callerFile;
  walk.jumps = jumps;
  walk.region = region;
  walk.state = base;
  const { returns } = activation;
  const arms = returns.filter((one) => one.state.condition.kind !== 'false').map((one) => ({
    when: walk.formulas.beyond(one.state.condition, base.condition),
    value: one.value,
  }));
  for (const one of returns) one.state.dead = one.state.condition.kind === 'false';
  join(base, returns.map((one) => one.state), walk.terms, walk.formulas, node);
  return arms.length ? walk.terms.choice(arms, node) : walk.terms.unknown(node, args);
}

/** `...args`: in an inlined call the arguments that are left, to be handed on as they came (`(...args) => pool.query(...args)`). */
function rest(walk: Walk, parameter: Node, args: readonly Value[]): Value {
  return args.length ? makeArray(walk, parameter, { elements: args.map((value) => ({ value, node: parameter, spread: false })) }) : walk.terms.unknown(parameter, args);
}

function parameterInput(walk: Walk, parameter: Node, mode: Activation['mode']): Value {
  const target = parameter.type === 'AssignmentPattern' ? parameter.left : parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter;
  // An omitted argument of a followed call is undefined, so that `tx = prisma` and `if (!options)` come out right.
  if (mode === 'inline') return walk.terms.undefined;
  const name = target.type === 'Identifier' ? target.name : 'argument';
  return walk.terms.input(name, target, `parameter:${walk.file.path}:${target.range[0]}`);
}

/** The name of the function in which an operation stands, for messages. */
export function nameOf(node: Node): string | undefined {
  return functionName(node as FunctionNode);
}
