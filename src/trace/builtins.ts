/** The language's own calls: promises, collections, pure functions. Nothing here talks to a database. */
import type { TSESTree } from '@typescript-eslint/types';
import { conjuncts, type Formula } from '../value/formula.ts';
import { formulaValues, lineage, mentions, path, type FunctionValue, type Node, type Value } from '../value/terms.ts';
import { compare, truthiness } from './conditions.ts';
import { callFunction } from './functions.ts';
import { assignFields, baseOf, change, collectionOf, elementOf, elementsOf, entriesOf, makeArray, makeObject, property } from './objects.ts';
import { isConstant } from './matching.ts';
import { facetOf } from './results.ts';
import { ASSIGNING, isUtility, utilityCall } from './utilities.ts';
import type { Walk } from './walk.ts';

const PURE_METHODS = new Set([
  'trim', 'trimStart', 'trimEnd', 'toLowerCase', 'toUpperCase', 'toLocaleLowerCase', 'toLocaleUpperCase', 'normalize', 'toString', 'valueOf', 'toFixed', 'padStart', 'padEnd',
  'replace', 'replaceAll', 'substring', 'substr', 'charAt', 'split', 'repeat', 'toISOString', 'getTime', 'toJSON', 'localeCompare', 'startsWith', 'endsWith', 'join', 'toObject', 'lean',
]);
const SAME_COLLECTION = new Set(['slice', 'sort', 'reverse', 'toSorted', 'toReversed', 'values', 'flat', 'concat']);
const PURE_GLOBALS = new Set(['Number', 'String', 'parseInt', 'parseFloat', 'BigInt', 'Symbol', 'encodeURIComponent', 'decodeURIComponent']);
const ITERATORS = new Set(['map', 'flatMap', 'filter', 'find', 'findLast', 'findIndex', 'some', 'every', 'forEach', 'reduce']);

/** `receiver.name(args)` for receivers that no client claims; undefined when the language does not say what it is. */
export function builtinCall(walk: Walk, node: TSESTree.CallExpression, given: Value, name: string, args: Value[]): Value | undefined {
  const { terms } = walk;
  const receiver = collectionOf(walk, given);
  if (receiver.kind === 'input' && receiver.node.type === 'Identifier' && walk.file.variable(receiver.node) === undefined) {
    const known = staticCall(walk, node, receiver.name, name, args);
    if (known) return known;
  }
  if (receiver.kind === 'handle') return undefined;
  if (isUtility(walk, receiver)) return ASSIGNING.has(name) ? staticCall(walk, node, 'Object', 'assign', args) : utilityCall(walk, node, name, args);
  const [first] = args;
  if (first?.kind === 'function' && ITERATORS.has(name)) return iterate(walk, node, receiver, name, first, args);
  // `one._id.equals(id)`, of values that are compared by what they hold.
  if (name === 'equals' && args.length === 1 && (receiver.kind === 'member' || receiver.kind === 'element' || receiver.kind === 'input')) return truth(walk, compare(walk, '===', receiver, first!), node);
  const joined = name === 'join' ? joinedTexts(walk, receiver, first) : undefined;
  if (joined) return joined;
  if ((receiver.kind === 'literal' || receiver.kind === 'expression' || receiver.kind === 'member' || receiver.kind === 'input' || receiver.kind === 'element') && PURE_METHODS.has(name)) {
    return terms.expression(`call:${name}`, [receiver, ...args]);
  }
  // Tests on an error's text: `error.message.includes('Unique constraint')`, `/duplicate/.test(error.message)`.
  if (name === 'includes' || name === 'match' || name === 'test') {
    const [text, pattern] = name === 'test' ? [first, receiver] : [receiver, first];
    if (text && pattern?.kind === 'literal' && path(text).root.kind === 'caught') return terms.expression('call:includes', [text, terms.literal(String(pattern.value).replace(/^\/|\/\w*$/g, ''))]);
    if (text && pattern?.kind === 'literal' && facetOf(text)?.part.is === 'error') return terms.expression('call:includes', [text, pattern]);
  }
  if (!isCollection(walk, receiver)) return PURE_METHODS.has(name) && receiver.kind === 'choice' ? terms.expression(`call:${name}`, [receiver, ...args]) : undefined;
  const same = (): Formula => compare(walk, '===', keyOf(walk, receiver), first!);
  switch (name) {
    case 'includes': case 'has': return first && (amongConstants(walk, receiver, first, node) ?? terms.expression('exists', [terms.filtered(baseOf(walk, receiver), same())]));
    case 'indexOf': return first && terms.expression('indexOf', [terms.filtered(baseOf(walk, receiver), same())]);
    case 'get': return first && terms.member(terms.filtered(baseOf(walk, receiver), same()), '0');
    case 'at': return property(walk, receiver, first?.kind === 'literal' && first.value !== -1 ? String(first.value) : '0', node);
    case 'pop': case 'shift': change(walk, receiver, []); return property(walk, receiver, '0', node);
    case 'push': append(walk, node, receiver, args, undefined, 'pushed'); return receiver;
    case 'add': case 'unshift': append(walk, node, receiver, args); return receiver;
    case 'set': if (args.length === 2) append(walk, node, receiver, [args[1]!], first); return receiver;
    case 'delete': case 'clear': case 'splice': change(walk, receiver, args); return terms.unknown(node, [receiver, ...args]);
    default:
  }
  if (SAME_COLLECTION.has(name)) return receiver;
  return undefined;
}

/** `['email', 'name'].join(', ')`. */
function joinedTexts(walk: Walk, receiver: Value, separator: Value | undefined): Value | undefined {
  const elements = receiver.kind === 'array' ? elementsOf(walk, receiver) : undefined;
  const between = separator === undefined ? ',' : separator.kind === 'literal' ? separator.value : undefined;
  const texts = elements?.flatMap((one) => (one.value.kind === 'literal' && !one.spread ? [String(one.value.value ?? '')] : []));
  return texts && between !== undefined && texts.length === elements!.length ? walk.terms.literal(texts.join(String(between))) : undefined;
}

function isCollection(walk: Walk, value: Value): boolean {
  if (value.kind === 'array' || value.kind === 'filtered') return true;
  if (value.kind === 'choice') return value.arms.some((arm) => isCollection(walk, arm.value));
  const facet = facetOf(value);
  return facet?.is === 'rows' || facet?.is === 'field';
}

function truth(walk: Walk, when: Formula, node: Node): Value {
  return walk.terms.choice([{ when, value: walk.terms.true }, { when: walk.formulas.not(when), value: walk.terms.false }], node);
}

const MAX_CONSTANTS = 6;

/** `['draft', 'review'].includes(row.status)`: one comparison after the other. */
function amongConstants(walk: Walk, receiver: Value, value: Value, node: Node): Value | undefined {
  const elements = receiver.kind === 'array' ? elementsOf(walk, receiver) : undefined;
  if (!elements?.length || elements.length > MAX_CONSTANTS || elements.some((one) => one.spread || !isConstant(one.value))) return undefined;
  if (value.kind === 'literal' || value.kind === 'input') return undefined;
  return truth(walk, walk.formulas.or(...elements.map((one) => compare(walk, '===', value, one.value))), node);
}

/** What `has(x)` and `get(x)` compare x with. */
function keyOf(walk: Walk, value: Value): Value {
  const mapped = walk.state.object(value.id)?.mapped;
  return mapped ? mapped.key ?? mapped.element : elementOf(walk, value);
}

function iterate(walk: Walk, node: TSESTree.CallExpression, receiver: Value, name: string, callback: FunctionValue, args: readonly Value[]): Value {
  const { terms, formulas } = walk;
  const element = walk.settle(elementOf(walk, receiver), node);
  const index = terms.unknown(node);
  const parameters = name === 'reduce' ? [args[1] ?? terms.unknown(node), element, index, receiver] : [element, index, receiver];
  walk.loops.push(node);
  // The body may run for no element at all; a pure one has nothing to fork for.
  const result = walk.maybe(node, formulas.turns(node, [receiver, baseOf(walk, receiver)]), () => callFunction(walk, callback, parameters, callback.node));
  walk.loops.pop();
  const base = baseOf(walk, receiver);
  switch (name) {
    case 'map': return makeArray(walk, node, { mapped: { of: base, element: result } });
    case 'flatMap': return makeArray(walk, node, { mapped: { of: base, element: elementOf(walk, result) } });
    case 'filter': return withMapping(walk, receiver, terms.filtered(base, truthiness(walk, result)), node);
    case 'find': case 'findLast': {
      const found = terms.filtered(base, truthiness(walk, result));
      return terms.member(found, '0');
    }
    case 'some': return terms.expression('exists', [terms.filtered(base, truthiness(walk, result))]);
    case 'every': return terms.expression('none', [terms.filtered(base, formulas.not(truthiness(walk, result)))]);
    case 'findIndex': return terms.expression('indexOf', [terms.filtered(base, truthiness(walk, result))]);
    case 'forEach': return terms.undefined;
    default: return terms.unknown(node, [receiver, result]);
  }
}

/** A filtered mapped collection keeps its mapping. */
function withMapping(walk: Walk, receiver: Value, filtered: Value, node: Node): Value {
  const mapped = walk.state.object(receiver.id)?.mapped;
  return mapped ? makeArray(walk, node, { mapped: { ...mapped, of: filtered } }) : filtered;
}

/** `push`, `add`, `set(key, value)`: inside a loop over a collection this builds a mapped one. */
function append(walk: Walk, node: Node, receiver: Value, values: readonly Value[], key?: Value, how?: 'pushed'): void {
  if (receiver.kind !== 'array') { change(walk, receiver, values, how); return; }
  const contents = walk.state.object(receiver.id);
  const source = values.map((one) => sourceOf(walk, one)).find((one) => one) ?? (key && collectionBehind(key));
  if (walk.loops.length && source) {
    // Pushed under a condition on this turn of the loop: the collection holds only the elements for which it held.
    const turn = walk.loops.at(-1)!;
    const isOfTurn = (value: Value): boolean => mentions(value, walk.terms.element(source)) || lineage(value)?.loops.includes(turn) === true;
    const when = walk.formulas.and(...conjuncts(walk.state.condition).filter((part) => formulaValues(part).some(isOfTurn)));
    const of = when.kind === 'true' ? source : walk.terms.filtered(source, when);
    walk.state.heap.set(receiver.id, { mapped: { of, element: values[0]!, ...(key && { key }) } });
    return;
  }
  const added = values.map((value) => ({ value, node, spread: walk.loops.length > 0 }));
  walk.state.heap.set(receiver.id, { ...(contents?.varies && { varies: true }), elements: [...(contents?.elements ?? []), ...added] });
}

/** The collection that one turn of a loop takes its element from: what is pushed is that element, or an object made from it. */
function sourceOf(walk: Walk, value: Value): Value | undefined {
  const direct = collectionBehind(value);
  if (direct || value.kind !== 'object') return direct;
  return (entriesOf(walk, value) ?? []).map((entry) => collectionBehind(entry.value)).find((one) => one);
}

function collectionBehind(value: Value): Value | undefined {
  for (let at = value; ;) {
    if (at.kind === 'element') return at.of;
    if (at.kind === 'member') at = at.object;
    else if (at.kind === 'expression' && at.operands[0]) at = at.operands[0];
    else return undefined;
  }
}

function staticCall(walk: Walk, node: TSESTree.CallExpression, owner: string, name: string, args: Value[]): Value | undefined {
  const { terms } = walk;
  const [first] = args;
  switch (owner) {
    case 'Promise':
      if (name === 'reject' && isHandedOut(node)) { walk.leave('throw', node, first); return first ?? terms.undefined; }
      return first ? promise(walk, node, name, first) : undefined;
    case 'Object':
      if (name === 'assign' && first) {
        const entries = args.map((value) => ({ kind: 'spread' as const, value, node, conditional: false }));
        if (first.kind !== 'object' || first.of) {
          for (const source of args.slice(1)) assignFields(walk, first, source, node);
          return first;
        }
        return makeObject(walk, node, entries);
      }
      if (name === 'freeze' || name === 'seal') return first;
      if (name === 'keys' || name === 'values' || name === 'entries' || name === 'fromEntries') return terms.unknown(node, args);
      return undefined;
    case 'Array': return name === 'from' && first ? (args[1]?.kind === 'function' ? iterate(walk, node, first, 'map', args[1], args) : first) : name === 'isArray' ? terms.unknown(node, args) : undefined;
    case 'Number': case 'String': case 'BigInt': return terms.expression(`call:${name}`, args);
    case 'Math': return name === 'random' ? terms.unknown(node) : terms.expression(`call:Math.${name}`, args);
    case 'JSON': return first && terms.expression(`call:JSON.${name}`, [first]);
    case 'Date': return terms.unknown(node, args);
    case 'console': return terms.undefined;
    default: return undefined;
  }
}

/** `return Promise.reject(error)`, `await Promise.reject(error)`: thrown, in other words. */
function isHandedOut(node: Node): boolean {
  const { parent } = node;
  return parent?.type === 'ReturnStatement' || parent?.type === 'AwaitExpression' || (parent?.type === 'ArrowFunctionExpression' && parent.body === node);
}

function promise(walk: Walk, node: TSESTree.CallExpression, name: string, first: Value): Value | undefined {
  const { terms } = walk;
  switch (name) {
    case 'resolve': return walk.settle(first, node);
    case 'all': case 'allSettled': case 'race': case 'any': {
      const elements = elementsOf(walk, first);
      if (!elements) {
        const mapped = walk.state.object(first.id)?.mapped;
        if (!mapped) return walk.settle(first, node);
        // Lazy operations that a collection was mapped to run now, as often as it has elements.
        walk.loops.push(node);
        const element = walk.maybe(node, walk.formulas.turns(node, [first, mapped.of]), () => walk.settle(mapped.element, node));
        walk.loops.pop();
        return element === mapped.element ? first : makeArray(walk, node, { mapped: { ...mapped, element } });
      }
      const before = walk.concurrent;
      walk.concurrent = walk.nextGroup();
      const values = elements.map((one) => (one.spread ? promise(walk, node, 'all', one.value) ?? one.value : walk.settle(one.value, one.node)));
      walk.concurrent = before;
      if (name === 'race' || name === 'any') return terms.unknown(node, values);
      const settled = name === 'all' ? values : values.map((value, index) => makeObject(walk, node, [
        { kind: 'property', key: 'value', value, node: elements[index]!.node, conditional: false },
        // Which of the two it came to, and why, nobody knows beforehand.
        ...['status', 'reason'].map((key) => ({ kind: 'property' as const, key, value: terms.unknown(node), node: elements[index]!.node, conditional: false })),
      ]));
      return makeArray(walk, node, { elements: settled.map((value, index) => ({ value, node: elements[index]!.node, spread: elements[index]!.spread })) });
    }
    default: return undefined;
  }
}

/** Calls of global functions by name: `Number(x)`, `Boolean(x)`. */
export function globalCall(walk: Walk, node: TSESTree.CallExpression, fn: Value, args: readonly Value[]): Value | undefined {
  if (fn.kind !== 'input' || fn.node.type !== 'Identifier' || walk.file.variable(fn.node)) return undefined;
  if (fn.name === 'Boolean' && args[0]) return walk.terms.expression('call:Boolean', [args[0]]);
  if (PURE_GLOBALS.has(fn.name)) return walk.terms.expression(`call:${fn.name}`, args);
  if (fn.name === 'structuredClone') return args[0];
  void node;
  return undefined;
}

export function builtinConstruct(walk: Walk, node: TSESTree.NewExpression, args: readonly Value[]): Value | undefined {
  if (node.callee.type !== 'Identifier' || walk.file.variable(node.callee)) return undefined;
  const [first] = args;
  switch (node.callee.name) {
    case 'Set': return first ? collectionOf(walk, first) : makeArray(walk, node, { elements: [] });
    case 'Map': return first ? mapFromPairs(walk, node, first) : makeArray(walk, node, { elements: [] });
    case 'Array': return makeArray(walk, node, { elements: [] });
    case 'Promise': case 'Date': case 'Error': case 'URL': case 'RegExp': return walk.terms.unknown(node, args);
    default: return undefined;
  }
}

/** `new Map(rows.map((row) => [row.key, row]))`. */
function mapFromPairs(walk: Walk, node: Node, pairs: Value): Value {
  const mapped = walk.state.object(pairs.id)?.mapped;
  const pair = mapped && elementsOf(walk, mapped.element);
  if (!mapped || !pair || pair.length !== 2) return pairs;
  return makeArray(walk, node, { mapped: { of: mapped.of, key: pair[0]!.value, element: pair[1]!.value } });
}
