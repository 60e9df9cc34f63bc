/** Functions that a library calls before it writes a row: a run of the function that does not throw is followed by that write. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Client, Hook } from '../clients/client.ts';
import { keyName } from '../source/syntax.ts';
import { importOf } from '../source/types.ts';
import type { ClassValue, FunctionValue, Node, Value } from '../value/terms.ts';
import { fileOf } from './classes.ts';
import { callFunction } from './functions.ts';
import { classFacts } from './objects.ts';
import type { Activation, Walk } from './walk.ts';

/** The hook that a method is, as one of the libraries says. */
export function hookOf(walk: Walk, method: TSESTree.MethodDefinition, owner: ClassValue): Hook | undefined {
  const name = keyName(method.key, method.computed);
  const facts = classFacts(walk, owner);
  if (name === undefined || !facts) return undefined;
  // Without a decorator the name alone tells: `$beforeInsert`.
  if (!method.decorators?.length && !walk.surroundings.clients.some((one) => one.words.hooks?.some((hook) => name === `$${hook}`))) return undefined;
  const file = fileOf(owner);
  const decorators = (method.decorators ?? []).flatMap(({ expression }) => {
    const callee = expression.type === 'CallExpression' ? expression.callee : expression;
    if (callee.type !== 'Identifier') return [];
    const variable = file.variable(callee);
    const imported = variable && importOf(variable);
    return [{ name: imported?.name ?? callee.name, from: imported?.source }];
  });
  for (const client of walk.surroundings.clients as readonly Client[]) {
    const hook = client.hook?.({ name, isStatic: method.static, decorators }, facts, walk.context);
    if (hook) return hook;
  }
  return undefined;
}

/** Runs `fn` on a row of `of` and then, on each way on which it does not throw, the write; `node` is where the write is reported. */
export function runHook(walk: Walk, hook: Hook, fn: FunctionValue, of: Value, node: Node, mode: Activation['mode']): void {
  const row = walk.terms.object(fn.node, of);
  const options = walk.terms.input('options', fn.node, `hook:${walk.file.path}:${fn.node.range[0]}`);
  const before = walk.exits.length;
  callFunction(walk, hook.row === 'this' ? { ...fn, self: row } : fn, hook.row === 'this' ? [options] : [row, options], fn.node, mode);
  const left = walk.exits.slice(before).filter((one) => one.within === fn.node && (one.kind === 'return' || one.kind === 'end'));
  const { state } = walk;
  const { condition, dead } = state;
  const spec = hook.written(row, options, node, walk.context);
  for (const exit of left) {
    state.condition = exit.condition;
    state.dead = exit.condition.kind === 'false';
    walk.execute(spec);
  }
  Object.assign(state, { condition, dead });
}
