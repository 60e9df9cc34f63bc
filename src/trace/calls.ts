/** Calls: who speaks for the receiver (a client, a function that can be followed, a built-in), and what the call then means. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Call, Client } from '../clients/client.ts';
import { keyName, unwrap } from '../source/syntax.ts';
import { declaredType, superclassType } from '../source/types.ts';
import type { FunctionValue, HandleValue, Node, Value } from '../value/terms.ts';
import { builtinCall, builtinConstruct, globalCall } from './builtins.ts';
import { baseClass, classMember, classOf, fileOf } from './classes.ts';
import { evaluate } from './expressions.ts';
import { callFunction } from './functions.ts';
import { handledBy } from './handlers.ts';
import { importedValue } from './lookup.ts';
import { interpret } from './meanings.ts';
import { classFacts, elementsOf, makeObject, present, property } from './objects.ts';
import { memberKey } from './patterns.ts';
import { declaredValue } from './lookup.ts';
import { facetOf } from './results.ts';
import { fork, join } from './state.ts';
import { noteHelper, unresolved } from './unresolved.ts';
import type { Walk } from './walk.ts';

export function call(walk: Walk, node: TSESTree.CallExpression): Value {
  const callee = unwrap(node.callee);
  if (callee.type === 'Super') return superCall(walk, node, 'constructor');
  if (callee.type === 'MemberExpression') {
    if (callee.object.type === 'Super') return superCall(walk, node, keyName(callee.property, callee.computed) ?? '');
    const key = keyName(callee.property, callee.computed);
    if (key === 'catch' || (key === 'then' && node.arguments.length > 1)) return withRejection(walk, node, callee, key);
    const receiver = present(walk, evaluate(walk, callee.object), callee);
    const name = key ?? memberKey(walk, callee);
    const args = evaluateArguments(walk, node.arguments);
    if (name === undefined) return unresolved(walk, node, walk.file.slice(callee), [receiver, ...args], args);
    return method(walk, node, receiver, name, args, callee.object);
  }
  const required = callee.type === 'Identifier' && callee.name === 'require' ? requiredModule(walk, node) : undefined;
  if (required) return required;
  const fn = evaluate(walk, callee);
  const args = evaluateArguments(walk, node.arguments);
  return apply(walk, node, fn, args, callee);
}

/** `require('./user')` where a value is wanted: `module.exports = { User: require('./user') }`. */
function requiredModule(walk: Walk, node: TSESTree.CallExpression): Value | undefined {
  const [source] = node.arguments;
  if (source?.type !== 'Literal' || typeof source.value !== 'string' || (node.callee.type === 'Identifier' && walk.file.variable(node.callee)?.defs.length)) return undefined;
  walk.inert.add(node);
  return importedValue(walk, { source: source.value, name: '*', node }, walk.file);
}

/** A spread list whose elements are known gives them one by one; `argumentNodes` says where each came from. */
function evaluateArguments(walk: Walk, nodes: readonly Node[]): Value[] {
  const several = nodes.filter((one) => one.type === 'SpreadElement').length > 1;
  return nodes.flatMap((one) => {
    if (one.type !== 'SpreadElement') return [evaluate(walk, one)];
    const list = evaluate(walk, one.argument);
    const elements = elementsOf(walk, list);
    return !several && elements?.every((each) => !each.spread) ? elements.map((each) => each.value) : [walk.terms.unknown(one, [list])];
  });
}

/** The node of each argument: the elements of a spread list share that of the spread. */
function argumentNodes(nodes: readonly Node[], count: number): readonly Node[] {
  const extra = count - nodes.length;
  return extra === 0 ? nodes : nodes.flatMap((one) => (one.type === 'SpreadElement' ? Array<Node>(extra + 1).fill(one) : [one]));
}

function describe(walk: Walk, node: TSESTree.CallExpression | TSESTree.NewExpression | TSESTree.TaggedTemplateExpression, receiver: Value, name: string, args: readonly Value[], argNodes: readonly Node[], receiverNode: Node): Call {
  const types = node.typeArguments?.params ?? [];
  walk.calling = node;
  return {
    receiver, method: name, args, argNodes: argumentNodes(argNodes, args.length), node, isNew: node.type === 'NewExpression',
    typeArgs: types.flatMap((one) => declaredType(one, walk.file) ?? []),
    receiverText: walk.file.slice(receiverNode).replace(/\s+/g, ' '),
  };
}

/** `receiver.name(args)`. */
export function method(walk: Walk, node: TSESTree.CallExpression, given: Value, name: string, args: Value[], receiverNode: Node): Value {
  const receiver = walk.newest(given);
  if (name === 'then' || name === 'finally') {
    const settled = walk.settle(receiver, node);
    const callback = args[0];
    if (callback?.kind === 'function') {
      const value = walk.settle(callFunction(walk, callback, name === 'then' ? [settled] : [], node), node);
      return name === 'then' ? value : settled;
    }
    if (receiver.kind !== 'object') return settled;
  }
  if (receiver.kind === 'choice') {
    // `(byId ? query.eq('id', id) : query.eq('email', email)).single()`: one request or the other.
    if (receiver.arms.every(({ value }) => value.kind === 'handle' && walk.pending.has(value.id))) return walk.eachArm(receiver, node, (arm) => method(walk, node, arm, name, args, receiverNode));
    const chosen = chooseReceiver(walk, receiver);
    if (chosen) return method(walk, node, chosen, name, args, receiverNode);
  }
  const description = describe(walk, node, receiver, name, args, node.arguments, receiverNode);
  for (const client of speakers(walk, receiver)) {
    const meaning = client.call(description, walk.context);
    if (meaning) return interpret(walk, client, meaning, description);
  }
  const builtin = builtinCall(walk, node, receiver, name, args);
  if (builtin) { walk.inert.add(node); return builtin; }
  if (receiver.kind === 'function' && (name === 'call' || name === 'apply' || name === 'bind')) {
    return name === 'bind' ? receiver : apply(walk, node, { ...receiver, self: args[0] } as FunctionValue, name === 'call' ? args.slice(1) : [], receiverNode);
  }
  if (receiver.kind !== 'handle') {
    const member = property(walk, receiver, name, node);
    if (member.kind === 'function' || member.kind === 'handle' || member.kind === 'choice') {
      const result = tryApply(walk, node, member, args, receiverNode);
      if (result) return result;
    }
  }
  const typed = typedReceiver(walk, receiver, name, receiverNode);
  if (typed) return method(walk, node, typed, name, args, receiverNode);
  for (const client of walk.surroundings.clients) {
    if (!client.shapeMethods?.has(name)) continue;
    const meaning = client.shape?.(description, walk.context);
    if (meaning) return interpret(walk, client, meaning, description);
  }
  return unresolved(walk, node, `${description.receiverText}.${name}`, [receiver, ...args], args);
}

/** The handle that a receiver's type stands for as typed linting resolved it; types as written are read with the value. Asked only for methods that some client has. */
function typedReceiver(walk: Walk, receiver: Value, name: string, node: Node): Value | undefined {
  if (receiver.kind === 'handle' || receiver.kind === 'result' || receiver.kind === 'literal') return undefined;
  if (!walk.surroundings.clients.some((one) => one.words.reads.includes(name) || one.words.writes.includes(name) || one.shapeMethods?.has(name) || one.opens?.includes(name))) return undefined;
  const type = walk.file.typeAt?.(node);
  const value = type && declaredValue(walk, type, walk.file);
  return value?.kind === 'handle' ? value : undefined;
}

/** The clients that may say what a call on this receiver is: the one that made the handle, or that claims class or row. */
function speakers(walk: Walk, receiver: Value): readonly Client[] {
  if (receiver.kind === 'handle') {
    const client = walk.client(receiver.client);
    return client ? [client] : [];
  }
  // An instance of what a client made (`new Model(values)`), which has no class of the project behind it.
  if (receiver.kind === 'object' && receiver.of?.kind === 'handle') return speakers(walk, receiver.of);
  const facts = receiver.kind === 'class' || receiver.kind === 'object' ? classFacts(walk, receiver) : undefined;
  if (facts) return walk.surroundings.clients.filter((one) => one.claims?.(facts));
  const facet = facetOf(receiver);
  if (facet?.is === 'row') {
    const client = walk.client(facet.operation.client);
    return client ? [client] : [];
  }
  // `let row = await find(); if (!row) row = await create();`: one of several rows, of whichever library all are.
  if (receiver.kind !== 'choice') return [];
  const [first, ...rest] = receiver.arms.filter((arm) => arm.value.kind !== 'literal').map((arm) => speakers(walk, arm.value));
  return first?.filter((client) => rest.every((others) => others.includes(client))) ?? [];
}

/**
 * One of several receivers (`tx ?? prisma`, `options.tx || this.db`): the plain connection where it is among them, since a caller
 * that passes no transaction gets no protection from one.
 */
function chooseReceiver(walk: Walk, receiver: Value & { kind: 'choice' }): Value | undefined {
  const handles = receiver.arms.map((arm) => walk.newest(arm.value)).filter((one): one is HandleValue => one.kind === 'handle');
  if (handles.length) return handles.find((one) => !one.data['transaction'] && one.client !== '') ?? handles[0];
  // A variable that holds a row or nothing: a method can only be called on the row.
  const rest = receiver.arms.filter((arm) => arm.value.kind !== 'literal');
  return rest.length === 1 ? rest[0]!.value : undefined;
}

/** `fn(args)`. */
export function apply(walk: Walk, node: TSESTree.CallExpression, fn: Value, args: Value[], calleeNode: Node): Value {
  const result = tryApply(walk, node, fn, args, calleeNode);
  if (result) return result;
  const name = walk.file.slice(calleeNode).replace(/\s+/g, ' ');
  const known = calleeNode.type === 'Identifier' ? globalCall(walk, node, fn, args) : undefined;
  if (known) { walk.inert.add(node); return known; }
  for (const client of walk.surroundings.clients) {
    if (!client.shapeMethods?.has(name)) continue;
    const description = describe(walk, node, fn, '', args, node.arguments, calleeNode);
    const meaning = client.shape?.({ ...description, method: name, receiver: fn }, walk.context);
    if (meaning) return interpret(walk, client, meaning, description);
  }
  return unresolved(walk, node, name, [fn, ...args], args);
}

function tryApply(walk: Walk, node: TSESTree.CallExpression, fn: Value, args: Value[], calleeNode: Node): Value | undefined {
  // A declaration without a body (`declare function`, an overload) says nothing of what it does.
  if (fn.kind === 'function') {
    if (!walk.mayFollow || walk.isFollowed(fn) || (fn.node as { body?: unknown }).body == null) return undefined;
    // What a wrapper of the project's own is called says as much of its callback as for one that is not followed.
    const wraps = args.some((one) => one.kind === 'function');
    if (wraps) walk.within.push(walk.file.slice(calleeNode.type === 'MemberExpression' ? calleeNode : node.callee).replace(/\s+/g, ' '));
    const before = walk.operations.length;
    const value = callFunction(walk, fn, args, node);
    // A helper that is named as a lock, and whose statement could not be read, counts as much as one that was not followed.
    if (walk.operations.length === before) noteHelper(walk, node, walk.file.slice(node.callee), []);
    // `catchAsync(async (req, res) => …)`: a wrapper that gives back a function, which runs its callback when it is called.
    if (wraps && value.kind === 'function' && !args.includes(value)) {
      for (const one of args) if (one.kind === 'function' && !walk.visited.has(one.node)) walk.deferred(one.node, () => callFunction(walk, one, [], one.node, 'callback'));
    }
    if (wraps) walk.within.pop();
    return value;
  }
  if (fn.kind === 'handle') {
    const client = walk.client(fn.client);
    const description = describe(walk, node, fn, '', args, node.arguments, calleeNode);
    const meaning = client?.call(description, walk.context);
    return meaning && client ? interpret(walk, client, meaning, description) : undefined;
  }
  if (fn.kind === 'choice') {
    const option = fn.arms.find((arm) => arm.value.kind === 'function' || arm.value.kind === 'handle');
    return option && tryApply(walk, node, option.value, args, calleeNode);
  }
  return undefined;
}

/** `super(…)` and `super.method(…)`: the base class's own, on the same instance. */
function superCall(walk: Walk, node: TSESTree.CallExpression, name: string): Value {
  const args = evaluateArguments(walk, node.arguments);
  const self = walk.activation?.self;
  const own = self && classOf(self);
  const base = own && baseClass(walk, own);
  const target = base && name !== 'constructor' ? classMember(walk, base, name, self, false) : undefined;
  if (target?.kind === 'function') return callFunction(walk, target, args, node);
  if (self && name !== 'constructor') {
    const description = describe(walk, node, self, name, args, node.arguments, node.callee);
    for (const client of speakers(walk, self)) {
      const meaning = client.call(description, walk.context);
      if (meaning) return interpret(walk, client, meaning, description);
    }
  }
  return walk.terms.unknown(node, args);
}

/** `promise.catch(handler)`, `promise.then(next, handler)`: the promise runs inside a region. */
function withRejection(walk: Walk, node: TSESTree.CallExpression, callee: TSESTree.MemberExpression, key: string): Value {
  const base = walk.state;
  const region = walk.openRegion(node);
  walk.state = fork(base, walk.formulas.true, walk.formulas);
  let value = walk.settle(evaluate(walk, callee.object), node);
  walk.region = region.parent;
  const args = evaluateArguments(walk, node.arguments);
  const next = key === 'then' ? args[0] : undefined;
  if (next?.kind === 'function') value = walk.settle(callFunction(walk, next, [value], node), node);
  const done = walk.state;
  const caught = walk.terms.caught(region.id);
  const handler = key === 'then' ? args[1] : args[0];
  let fallback: Value = walk.terms.unknown(node);
  const recovered = handledBy(walk, region, caught, node, base, () => {
    if (handler?.kind === 'function') fallback = walk.settle(callFunction(walk, handler, [caught], node, 'inline'), node);
  });
  walk.state = base;
  join(base, [done, recovered], walk.terms, walk.formulas, node);
  if (recovered.dead) return value;
  const thrown = walk.formulas.thrown(region.id);
  return walk.terms.choice([{ when: walk.formulas.not(thrown), value }, { when: thrown, value: fallback }], node);
}

export function construct(walk: Walk, node: TSESTree.NewExpression): Value {
  const given = walk.newest(evaluate(walk, node.callee));
  // `models.User || model('User', schema)`: whichever it is.
  const target = given.kind === 'choice' ? chooseReceiver(walk, given) ?? given : given;
  const args = evaluateArguments(walk, node.arguments);
  if (target.kind === 'handle') {
    const client = walk.client(target.client);
    const description = describe(walk, node, target, '', args, node.arguments, node.callee);
    const meaning = client?.call(description, walk.context);
    if (client && meaning) return interpret(walk, client, meaning, description);
  }
  if (target.kind === 'class') return newInstance(walk, node, target, args);
  const builtin = builtinConstruct(walk, node, args);
  if (builtin) { walk.inert.add(node); return builtin; }
  // An entity class from a file that was not read: its instance still collects the fields that code assigns.
  if (node.callee.type === 'Identifier') return makeObject(walk, node, argumentEntries(walk, node, args[0]), target);
  return walk.terms.unknown(node, args);
}

function argumentEntries(walk: Walk, node: Node, first: Value | undefined): Parameters<typeof makeObject>[2] {
  return first && (walk.context.entries(first) ?? first.kind !== 'literal') ? [{ kind: 'spread', value: first, node, conditional: false }] : [];
}

function newInstance(walk: Walk, node: TSESTree.NewExpression, target: Value & { kind: 'class' }, args: Value[]): Value {
  const constructor = target.node.body.body.find((one) => one.type === 'MethodDefinition' && one.kind === 'constructor');
  const instance = makeObject(walk, node, constructor ? [] : argumentEntries(walk, node, args[0]), target);
  if (!constructor && isPlainClass(target)) walk.inert.add(node);
  if (constructor?.type !== 'MethodDefinition' || constructor.value.type !== 'FunctionExpression') return instance;
  const file = fileOf(target);
  callFunction(walk, walk.terms.function(constructor.value, { file }, instance), args, node);
  constructor.value.params.forEach((parameter, index) => {
    if (parameter.type !== 'TSParameterProperty') return;
    const name = parameter.parameter.type === 'AssignmentPattern' ? parameter.parameter.left : parameter.parameter;
    const value = args[index];
    if (name.type === 'Identifier' && value) {
      const stored = walk.state.object(instance.id);
      const current = stored?.entries ?? [];
      walk.state.heap.set(instance.id, { ...stored, entries: [...current, { kind: 'property', key: name.name, value, node: parameter, conditional: false }] });
    }
  });
  return instance;
}

/** Making an instance runs no code of the project: no constructor, no computed field, a base class from a package at most. */
function isPlainClass(target: Value & { kind: 'class' }): boolean {
  const base = superclassType(target.node, fileOf(target));
  if (target.node.superClass && (base?.from === undefined || base.from.startsWith('.'))) return false;
  return target.node.body.body.every((one) => one.type !== 'PropertyDefinition' || one.static || one.value == null || /^(?:Literal|ArrayExpression|ObjectExpression|ArrowFunctionExpression|FunctionExpression|Identifier)$/.test(one.value.type));
}

/** `` tag`…` ``: a call whose one argument is the template, its literal parts and values alternating. */
export function taggedTemplate(walk: Walk, node: TSESTree.TaggedTemplateExpression): Value {
  const callee = unwrap(node.tag);
  const template = templateValue(walk, node.quasi);
  const speak = (receiver: Value, name: string, receiverNode: Node): Value | undefined => {
    const description = describe(walk, node, receiver, name, [template], [node.quasi], receiverNode);
    const candidates = speakers(walk, receiver);
    for (const client of candidates) {
      const meaning = client.call(description, walk.context);
      if (meaning) return interpret(walk, client, meaning, description);
    }
    for (const client of candidates.length ? [] : walk.surroundings.clients) {
      const meaning = client.shapeMethods?.has(name) ? client.shape?.(description, walk.context) : undefined;
      if (meaning) return interpret(walk, client, meaning, description);
    }
    return undefined;
  };
  if (callee.type === 'MemberExpression') {
    const receiver = evaluate(walk, callee.object);
    const name = memberKey(walk, callee);
    const result = name !== undefined ? speak(receiver, name, callee.object) : undefined;
    if (result || name === undefined) return result ?? walk.terms.unknown(node, [receiver, template]);
    // `client.sql`…``, `deps.sql`…``: a tag kept in a property.
    const member = property(walk, receiver, name, callee);
    return (member.kind === 'handle' ? speak(member, '', callee) : undefined) ?? walk.terms.unknown(node, [receiver, template]);
  }
  return speak(evaluate(walk, callee), '', callee) ?? walk.terms.unknown(node, [template]);
}

function templateValue(walk: Walk, node: TSESTree.TemplateLiteral): Value {
  const parts: Value[] = [];
  node.quasis.forEach((quasi, index) => {
    parts.push(walk.terms.literal(quasi.value.cooked ?? quasi.value.raw));
    const expression = node.expressions[index];
    if (expression) parts.push(evaluate(walk, expression));
  });
  return walk.terms.expression('template', parts);
}

