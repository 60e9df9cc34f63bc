/** Calls whose body is not known: what may still be learnt from them, and their callbacks. */
import type { TSESTree } from '@typescript-eslint/types';
import type { FunctionValue, Node, Value } from '../value/terms.ts';
import { callFunction } from './functions.ts';
import { elementsOf, entriesOf } from './objects.ts';
import type { Walk } from './walk.ts';

/** `parts` are all values that went in, `args` the arguments alone. */
export function unresolved(walk: Walk, node: TSESTree.CallExpression, name: string, parts: readonly Value[], args: readonly Value[]): Value {
  // A lazy operation that is handed to a helper is awaited there (`throwIfError(supabase.from(…).insert(…))`).
  const settled = args.map((one) => walk.settle(one, node));
  if (!walk.quiet) {
    noteAnswer(walk, node, name, settled);
    if (args.some((one) => walk.newest(one).kind === 'handle')) {
      walk.helpers.push({ condition: walk.state.condition, node, order: walk.operations.length, transaction: walk.transactionOf(args), name });
    }
  }
  const callbacks = settled.flatMap((one) => functionsIn(walk, one));
  if (!callbacks.length) return walk.terms.unknown(node, [...parts, ...settled]);
  const isUsed = node.parent.type !== 'ExpressionStatement';
  walk.within.push(name);
  let result: Value | undefined;
  if (callbacks.length === 1 && isUsed) {
    // `await withRetry(async () => …)`: most wrappers run their callback and hand on its result.
    result = walk.settle(callFunction(walk, callbacks[0]!, [], node, 'callback'), node);
  } else {
    for (const callback of callbacks) {
      walk.maybe(node, walk.formulas.opaque(callback.node), () => callFunction(walk, callback, [], callback.node, 'callback'));
    }
  }
  walk.within.pop();
  return result && result.kind !== 'literal' ? result : walk.terms.unknown(node, [...parts, ...settled]);
}

/** Functions handed over, also inside an options object or an array of handlers. */
function functionsIn(walk: Walk, value: Value): FunctionValue[] {
  if (value.kind === 'function') return [value];
  if (value.kind === 'array') return (elementsOf(walk, value) ?? []).flatMap((one) => (one.value.kind === 'function' ? [one.value] : []));
  if (value.kind !== 'object') return [];
  return (entriesOf(walk, value) ?? []).flatMap((one) => (one.kind === 'property' && one.value.kind === 'function' ? [one.value] : []));
}

const ANSWERS = /(?:^|\.)(?:status|sendStatus|code|json|send|end|redirect|next|reply|badRequest|conflict|forbidden|unauthorized|notFound|internalServerError)$/;
const REFUSALS = /(?:^|\.)(?:badRequest|conflict|forbidden|unauthorized|notFound|internalServerError)$/;

/** `res.status(409)`, `reply.code(400)`, `next(error)`: the function answers, and may go on to return. */
function noteAnswer(walk: Walk, node: TSESTree.CallExpression, name: string, args: readonly Value[]): void {
  if (!ANSWERS.test(name)) return;
  const first = args[0];
  const status = first?.kind === 'literal' && typeof first.value === 'number' ? first.value : undefined;
  const isNext = /(?:^|\.)next$/.test(name);
  const failure = REFUSALS.test(name) || (status !== undefined && status >= 400) || (isNext && first !== undefined && !(first.kind === 'literal' && first.value === undefined));
  const text = failureText(walk, node);
  walk.answers.push({ condition: walk.state.condition, failure: failure || text, node, order: walk.operations.length });
}

/** A status of 400 or more anywhere in the answering chain: `res.status(409).json(…)`, `Response.json(…, { status: 409 })`. */
function failureText(walk: Walk, node: Node): boolean {
  return /\b(?:status|code|sendStatus|statusCode)\s*[(:]\s*(?:4\d\d|5\d\d)\b/.test(walk.file.slice(node));
}
