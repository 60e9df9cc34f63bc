/** Calls whose body is not known: what may still be learnt from them, and their callbacks. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Frame } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { unwrap } from '../source/syntax.ts';
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
    noteOutside(walk, node, name);
    noteHelper(walk, node, name, args);
  }
  // What another file exports is walked there: nothing of it stands in this one, where it could be reported.
  const isHere = (fn: FunctionValue): boolean => walk.frames.length > 0 || (fn.scope as { file: SourceFile }).file === walk.file;
  const callbacks = settled.flatMap((one) => functionsIn(walk, one)).filter(isHere);
  if (!callbacks.length) return walk.terms.unknown(node, [...parts, ...settled]);
  walk.within.push(name);
  let result: Value | undefined;
  if (callbacks.length === 1 && runsNow(walk, node)) {
    // `await withRetry(async () => …)`: most wrappers run their callback and hand on its result.
    result = walk.settle(callFunction(walk, callbacks[0]!, [], node, 'callback'), node);
  } else {
    for (const callback of callbacks) {
      walk.deferred(callback.node, () => callFunction(walk, callback, [], callback.node, 'callback'));
    }
  }
  walk.within.pop();
  return result && result.kind !== 'literal' ? result : walk.terms.unknown(node, [...parts, ...settled]);
}

/** A helper that was handed a connection, or is named as a lock, may hold other calls up. */
export function noteHelper(walk: Walk, node: TSESTree.CallExpression, name: string, args: readonly Value[]): void {
  if (!walk.quiet && (args.some((one) => walk.newest(one).kind === 'handle') || isAwaitedLock(node, name))) {
    walk.helpers.push({ condition: walk.state.condition, node, order: walk.operations.length, transaction: walk.transactionOf(args), name });
  }
}

/**
 * `await withRetry(async () => …)`, `return cache(() => …)`: the callback runs before the caller goes on. A wrapper whose result is
 * kept (`export const create = action(async () => …)`) has it run later, once for each call, if at all.
 */
function runsNow(walk: Walk, node: TSESTree.CallExpression): boolean {
  if (!walk.activations.length) return false;
  const { parent } = node;
  return parent.type === 'AwaitExpression' || parent.type === 'ReturnStatement' || parent.type === 'MemberExpression' || (parent.type === 'ArrowFunctionExpression' && parent.body === node)
    || parent.type === 'ArrayExpression' || parent.type === 'CallExpression';
}

/** `await mutex.acquire()`, `await redlock.lock(key)`: a lock that is held from here on, as far as the name tells. */
function isAwaitedLock(node: TSESTree.CallExpression, name: string): boolean {
  return node.parent.type === 'AwaitExpression' && /(?:lock|mutex|semaphore)/i.test(name) && !/unlock|block|clock/i.test(name);
}

/** Functions handed over, also inside an options object or an array of handlers. */
function functionsIn(walk: Walk, value: Value): FunctionValue[] {
  if (value.kind === 'function') return [value];
  if (value.kind === 'array') return (elementsOf(walk, value) ?? []).flatMap((one) => (one.value.kind === 'function' ? [one.value] : []));
  if (value.kind !== 'object') return [];
  return (entriesOf(walk, value) ?? []).flatMap((one) => (one.kind === 'property' && one.value.kind === 'function' ? [one.value] : []));
}

const ACTS = /^(?:re)?(?:[sS]end|email|mail|notify|charge|pay|refund|capture|publish|emit|enqueue|queue|dispatch|transfer|deliver|deduct|grant|trigger|addJob|credit|debit|award|withdraw|deposit|mint|ship|purchase|createSession|createCharge|createPayment|createRefund|signIn|login|forward)(?![a-z])|\.(?:add|post)$/;
/** Services that are paid, written to or charged by whatever is called on them. */
const SERVICES = /(?:^|\.)(?:stripe|twilio|resend|paypal|razorpay|octokit|sendgrid|mailer|mollie|paddle|lemonsqueezy)\b[\w.]*\./i;
const LOOKS = /log|debug|warn|info|track|metric|span|cache|revalidate|invalidate|refresh|audit|(?:^|\.)(?:get|find|fetch|load|read|is|has|check|verify|validate|parse|require|ensure|assert|count|list|compare|hash|sleep|delay|json|text|formData|safeParse|parseAsync|translate|t)(?=[A-Z.(]|$)/;

/** A call whose name says that somebody notices when it is made twice; not one that carries a key by which its service tells repeats. */
export function noteOutside(walk: Walk, node: TSESTree.CallExpression, name: string): void {
  if (actsOutside(node, name) && !/idempoten/i.test(walk.file.slice(node)) && !walk.frames.some(isLogging)) walk.outside.push({ condition: walk.state.condition, node, order: walk.operations.length, name });
}

const LOGGER = /^_?(?:log|Log|\w*[lL]ogger|\w+Log|console)$/;

/** `Logger.debug(…)`: whom a logger of the project's own tells of it is nobody's concern. */
function isLogging({ call }: Frame): boolean {
  const callee = call.type === 'CallExpression' ? unwrap(call.callee) : undefined;
  if (callee?.type === 'Identifier') return LOGGER.test(callee.name);
  const owner = callee?.type === 'MemberExpression' ? unwrap(callee.object) : undefined;
  const name = owner?.type === 'Identifier' ? owner.name : owner?.type === 'MemberExpression' && owner.property.type === 'Identifier' ? owner.property.name : '';
  return LOGGER.test(name);
}

function actsOutside(node: TSESTree.CallExpression, name: string): boolean {
  const last = name.split('.').at(-1) ?? name;
  if (SERVICES.test(name)) return !/^(?:retrieve|list|get|find|search|constructEvent)/.test(last);
  if (name === 'fetch') return node.arguments[1]?.type === 'ObjectExpression' && node.arguments[1].properties.some((one) => one.type === 'Property' && one.key.type === 'Identifier' && one.key.name === 'method');
  return ACTS.test(last === 'add' || last === 'post' ? `.${last}` : last) && !LOOKS.test(last) && node.arguments.length > 0;
}

const ANSWERS = /(?:^|\.)(?:status|sendStatus|code|json|send|end|redirect|next|reply|badRequest|conflict|forbidden|unauthorized|notFound|internalServerError)$/;
const REFUSALS = /(?:^|\.)(?:badRequest|conflict|forbidden|unauthorized|notFound|internalServerError)$/;

/** `res.status(409)`, `reply.code(400)`, `next(error)`: the function answers, and may go on to return. */
function noteAnswer(walk: Walk, node: TSESTree.CallExpression, name: string, args: readonly Value[]): void {
  if (CALLBACKS.test(name) && isTurnedDown(node)) walk.answers.push({ condition: walk.state.condition, failure: true, node, order: walk.operations.length });
  if (!ANSWERS.test(name)) return;
  const first = args[0];
  const status = first?.kind === 'literal' && typeof first.value === 'number' ? first.value : undefined;
  const isNext = /(?:^|\.)next$/.test(name);
  const failure = REFUSALS.test(name) || (status !== undefined && status >= 400) || (isNext && first !== undefined && !(first.kind === 'literal' && first.value === undefined));
  const text = failureText(walk, node);
  walk.answers.push({ condition: walk.state.condition, failure: failure || text, node, order: walk.operations.length });
}

/** Functions that the caller is answered by, by the names that everybody gives them. */
const CALLBACKS = /^(?:done|cb|callback)$/i;

/** `done(new Error('taken'))`, `cb('taken')`, `done(null, false, { message })`. */
function isTurnedDown({ arguments: [first, second] }: TSESTree.CallExpression): boolean {
  const at = first && unwrap(first);
  if (at?.type === 'Literal' && at.value === null) return second?.type === 'Literal' && second.value === false;
  if (at?.type === 'Literal') return typeof at.value === 'string' && at.value !== '';
  const callee = at?.type === 'NewExpression' || at?.type === 'CallExpression' ? unwrap(at.callee) : undefined;
  const name = callee?.type === 'Identifier' ? callee.name : callee?.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
  return /(?:Error|Exception|^conflict|^badRequest)$/.test(name);
}

/** A status of 400 or more anywhere in the answering chain: `res.status(409).json(…)`, `Response.json(…, { status: 409 })`. */
function failureText(walk: Walk, node: Node): boolean {
  return /\b(?:status|code|sendStatus|statusCode)\s*[(:]\s*(?:4\d\d|5\d\d)\b/.test(walk.file.slice(node));
}
