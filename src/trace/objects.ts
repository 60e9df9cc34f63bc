/** Objects and arrays under construction, and fields of everything else. */
import type { TSESTree } from '@typescript-eslint/types';
import type { ArrayEntry, ClassFacts, ObjectEntry } from '../clients/client.ts';
import type { Operation } from '../model.ts';
import { superclassType } from '../source/types.ts';
import { conjuncts, type Formula } from '../value/formula.ts';
import type { ClassValue, Node, Value } from '../value/terms.ts';
import { baseClass, classMember, classOf, fileOf, membersOf } from './classes.ts';
import { declaredMember } from './members.ts';
import { facetOf } from './results.ts';
import type { HeapObject } from './state.ts';
import type { Walk } from './walk.ts';

/** Properties of a value as far as it was built here; undefined for values from elsewhere. */
export function entriesOf(walk: Walk, value: Value): readonly ObjectEntry[] | undefined {
  const object = walk.state.object(value.id);
  if (object?.given) {
    if (!object.entries?.length) return undefined;
    return [{ kind: 'spread', value, node: object.entries[0]!.node, conditional: false }, ...object.entries.map((entry) => settled(walk, entry))];
  }
  if (object?.entries && (value.kind === 'object' || object.entries.length)) {
    const entries = object.entries.map((entry) => settled(walk, entry));
    if (value.kind === 'object') return entries.flatMap((entry) => expandSpread(walk, entry));
    // Fields assigned onto a row: the row itself rides along as a spread, so that a save knows both.
    const own = value.kind === 'choice' ? choiceEntries(walk, value) : undefined;
    return [...(own ?? [{ kind: 'spread' as const, value, node: object.entries[0]!.node, conditional: false }]), ...entries];
  }
  if (value.kind === 'object') return [];
  return value.kind === 'choice' ? choiceEntries(walk, value) : undefined;
}

/** A property that one branch set is certain where that branch was taken: `if (valid) this.token = undefined; …; if (!valid) return`. */
function settled(walk: Walk, entry: ObjectEntry): ObjectEntry {
  if (entry.kind !== 'property' || !entry.only) return entry;
  const known = conjuncts(walk.state.condition);
  const { only, ...rest } = entry;
  return conjuncts(only.when).every((part) => known.includes(part)) ? { ...rest, value: only.value, conditional: false } : entry;
}

/** An object that is one of several: what all have stays, the rest is conditional. */
function choiceEntries(walk: Walk, value: Value & { kind: 'choice' }): readonly ObjectEntry[] | undefined {
  // Objects spread into one another over many branches multiply: they count as work, and end with the budget.
  walk.steps += value.arms.length * value.arms.length;
  if (walk.exhausted) return undefined;
  const known = value.arms.map((arm) => entriesOf(walk, arm.value));
  if (!known.some((one) => one)) return undefined;
  // `existing ?? new User()`: the row that was read rides along whole.
  const node = known.find((one) => one?.length)?.[0]?.node;
  const options = known.map((one, index) => {
    const arm = value.arms[index]!.value;
    return one ?? (node && walk.isRow(arm) ? [{ kind: 'spread' as const, value: arm, node, conditional: true }] : undefined);
  });
  if (options.some((one) => !one)) return undefined;
  const keys = [...new Set(options.flatMap((list) => list!.flatMap((entry) => (entry.kind === 'property' ? [entry.key] : []))))];
  const spreads = options.flatMap((list) => list!.filter((entry) => entry.kind === 'spread').map((entry) => ({ ...entry, conditional: true })));
  const properties = keys.map((key): ObjectEntry => {
    const found = options.map((list) => list!.findLast((entry) => entry.kind === 'property' && entry.key === key));
    const sample = found.find((one) => one?.kind === 'property')!;
    const arms = found.flatMap((one, index) => (one?.kind === 'property' ? [{ when: value.arms[index]!.when, value: one.value }] : []));
    const everywhere = found.every((one) => one?.kind === 'property' && !one.conditional);
    return { kind: 'property', key, value: walk.terms.choice(arms, sample.node), node: sample.node, conditional: !everywhere };
  });
  return [...spreads, ...properties];
}

/** There under a further condition, which is not kept. */
function asConditional(entry: ObjectEntry): ObjectEntry {
  if (entry.kind === 'spread') return { ...entry, conditional: true };
  const { only: _only, ...rest } = entry;
  return { ...rest, conditional: true };
}

function expandSpread(walk: Walk, entry: ObjectEntry): readonly ObjectEntry[] {
  if (entry.kind === 'property') return [entry];
  if (entry.value.kind === 'literal') return [];
  const inner = entriesOf(walk, entry.value);
  if (inner && !(inner.length === 1 && inner[0]!.kind === 'spread' && inner[0]!.value === entry.value)) {
    return entry.conditional ? inner.map(asConditional) : inner;
  }
  // `...(condition && { a })`, `...(condition ? { a } : {})`: the empty arms vanish, the others become conditional.
  if (entry.value.kind === 'choice') {
    const lists = entry.value.arms.map((arm) => (arm.value.kind === 'literal' || !isObjectLike(walk, arm.value) ? (arm.value.kind === 'literal' || isPrimitive(arm.value) ? [] : undefined) : entriesOf(walk, arm.value)));
    const { arms } = entry.value;
    if (lists.every((list) => list)) return lists.flatMap((list, index) => list!.map((one) => ({ ...asConditional(one), ...whenOf(walk, one, arms[index]!.when) })));
  }
  return [entry];
}

/** A constant that is there under a condition carries it (`...(count === 0 && { isDefault: true })`): the condition is all that it depends on. */
function whenOf(walk: Walk, one: ObjectEntry, when: Formula): Partial<{ value: Value }> {
  if (one.kind !== 'property' || one.value.kind !== 'literal' || when.kind === 'true') return {};
  return { value: walk.terms.choice([{ when, value: one.value }, { when: walk.formulas.not(when), value: walk.terms.undefined }], one.node) };
}

function isObjectLike(walk: Walk, value: Value): boolean {
  return value.kind === 'object' || walk.state.object(value.id) !== undefined;
}

function isPrimitive(value: Value): boolean {
  return value.kind === 'literal' || value.kind === 'input' || value.kind === 'member' || value.kind === 'expression';
}

export function elementsOf(walk: Walk, value: Value): readonly ArrayEntry[] | undefined {
  const object = walk.state.object(value.id);
  return object?.mapped ? undefined : object?.elements;
}

/** Any element of a collection: what it was mapped to, else a term of its own. */
export function elementOf(walk: Walk, given: Value): Value {
  const value = collectionOf(walk, given);
  const object = walk.state.object(value.id);
  if (object?.mapped) return object.mapped.element;
  if (object?.elements) {
    const known = object.elements.map((one) => (one.spread ? elementOf(walk, one.value) : one.value));
    const first = known[0];
    if (first && known.every((one) => one === first)) return first;
  }
  if (value.kind === 'filtered') {
    const inner = walk.state.object(value.of.id);
    if (inner?.mapped) return inner.mapped.element;
  }
  return walk.terms.element(value);
}

/** A value of which a member is asked without `?.`: it is none of the nothings that it might have been. */
export function present(walk: Walk, value: Value, access: TSESTree.MemberExpression): Value {
  const isNothing = (one: Value): boolean => one.kind === 'literal' && one.value == null;
  if (value.kind !== 'choice' || !value.arms.some((arm) => isNothing(arm.value)) || isOptional(access)) return value;
  return walk.terms.choice(value.arms.filter((arm) => !isNothing(arm.value)), access);
}

function isOptional(access: Node): boolean {
  for (let at = access; ;) {
    if (at.type === 'MemberExpression') { if (at.optional) return true; at = at.object; }
    else if (at.type === 'CallExpression') { if (at.optional) return true; at = at.callee; }
    else if (at.type === 'TSNonNullExpression') at = at.expression;
    else return false;
  }
}

/** `object.key`. */
export function property(walk: Walk, given: Value, key: string, node: Node, seen: Map<Value, Value> = new Map()): Value {
  const object = walk.newest(given);
  if (object.kind === 'choice') {
    // Choices share their arms: each is asked once.
    const ask = (arm: Value): Value => {
      const value = seen.get(arm) ?? property(walk, arm, key, node, seen);
      seen.set(arm, value);
      return value;
    };
    const values = object.arms.map((arm) => ({ when: arm.when, value: ask(arm.value) }));
    if (values.some((arm) => arm.value.kind === 'handle' || arm.value.kind === 'literal' || arm.value.kind === 'function') || walk.state.object(object.id)) return walk.terms.choice(values, node);
    return walk.terms.choice(values, node);
  }
  if (object.kind === 'handle') {
    const made = walk.client(object.client)?.member?.(object, key, walk.context);
    if (made) return made;
  }
  const stored = walk.state.object(object.id);
  const entry = stored?.entries?.findLast((one) => one.kind === 'spread' || one.key === key);
  if (entry?.kind === 'property' && !entry.conditional) return entry.value;
  if (object.kind === 'object') {
    const entries = entriesOf(walk, object) ?? [];
    const last = entries.findLast((one) => one.kind === 'spread' || one.key === key);
    if (last?.kind === 'property') return last.value;
    if (last?.kind === 'spread' && last.value !== object) return property(walk, last.value, key, node);
    if (object.of?.kind === 'class') {
      const member = classMember(walk, object.of, key, object, false) ?? inheritedMember(walk, object.of, key);
      if (member) return member;
      return walk.terms.member(object, key);
    }
    return object.of || entries.length === 0 ? walk.terms.member(object, key) : walk.terms.undefined;
  }
  if (object.kind === 'class') {
    const member = classMember(walk, object, key, object, true);
    if (member) return member;
  }
  if (object.kind === 'array') {
    if (stored?.elements && /^\d+$/.test(key)) {
      const at = stored.elements[Number(key)];
      if (at && !stored.elements.slice(0, Number(key) + 1).some((one) => one.spread)) return at.value;
    }
    if (stored?.elements && key === 'length' && !stored.varies && !stored.elements.some((one) => one.spread)) return walk.terms.literal(stored.elements.length);
    // The length of a mapped collection is the length of what it was mapped from.
    if (stored?.mapped && (key === 'length' || key === 'size')) return walk.terms.member(stored.mapped.of, 'length');
    if (stored?.mapped && /^\d+$/.test(key)) return stored.mapped.element;
  }
  if (key === 'size') {
    const facet = facetOf(object);
    if (facet?.is === 'rows') return walk.terms.member(object, 'length');
  }
  return declaredMember(walk, object, key) ?? walk.terms.member(object, key);
}

/** A member that a class inherits from a library's own (`class Service extends Client`), through base classes of the project. */
function inheritedMember(walk: Walk, found: ClassValue, key: string): Value | undefined {
  for (let at: ClassValue | undefined = found, depth = 0; at && depth < 5; at = baseClass(walk, at), depth++) {
    const facts = classFacts(walk, at);
    for (const client of facts ? walk.surroundings.clients : []) {
      const handle = client.instance && client.claims?.(facts!) ? client.instance(facts!, walk.context) : undefined;
      if (handle) return client.member?.(handle, key, walk.context);
    }
  }
  return undefined;
}

/** `object.key = value`. */
export function setProperty(walk: Walk, given: Value, key: string, value: Value, node: Node): void {
  const object = walk.newest(given);
  if (object.kind === 'choice') {
    // The variable holds one of several objects: the field is set on whichever it is.
    for (const arm of object.arms) if (arm.value.kind !== 'literal') setProperty(walk, arm.value, key, value, node);
    return;
  }
  if (object.kind === 'literal') return;
  const stored = walk.state.object(object.id);
  if (object.kind !== 'object') walk.touched.add(object);
  const entries = (stored?.entries ?? []).filter((one) => one.kind === 'spread' || one.key !== key);
  walk.state.heap.set(object.id, { ...stored, entries: [...entries, { kind: 'property', key, value, node, conditional: false }] });
}

/** The fields of `source` are set on `target` (`Object.assign`). */
export function assignFields(walk: Walk, target: Value, source: Value, node: Node): void {
  for (const entry of entriesOf(walk, source) ?? [{ kind: 'spread' as const, value: source, node, conditional: false }]) assignEntry(walk, target, entry);
}

function assignEntry(walk: Walk, target: Value, entry: ObjectEntry): void {
  const current = walk.state.object(target.id);
  if (target.kind !== 'object') walk.touched.add(target);
  const kept = (current?.entries ?? []).filter((one) => entry.kind === 'spread' || one.kind === 'spread' || one.key !== entry.key);
  walk.state.heap.set(target.id, { ...current, entries: [...kept, entry] });
}

/** Something was pushed into, taken out of or reordered in a collection or object that came from elsewhere. */
export function change(walk: Walk, given: Value, values: readonly Value[], how?: 'pushed'): void {
  if (given.kind === 'choice') { for (const arm of given.arms) change(walk, arm.value, values, how); return; }
  if (given.kind !== 'member' && given.kind !== 'element' && given.kind !== 'expression' && given.kind !== 'object') return;
  const stored = walk.state.object(given.id);
  if (given.kind !== 'object') walk.touched.add(given);
  const pushed = how ? values.map((value) => ({ value, when: walk.state.condition })) : [];
  walk.state.heap.set(given.id, { ...stored, changed: [...(stored?.changed ?? []), ...values], ...(pushed.length && { pushed: [...(stored?.pushed ?? []), ...pushed] }) });
}

export function makeArray(walk: Walk, node: Node, contents: HeapObject): Value {
  const array = walk.terms.array(node);
  walk.state.heap.set(array.id, contents);
  return array;
}

export function makeObject(walk: Walk, node: Node, entries: readonly ObjectEntry[], of?: Value): Value {
  const object = walk.terms.object(node, of);
  walk.state.heap.set(object.id, { entries, made: true });
  return object;
}

/** What clients learn of a class or an instance of one. */
export function classFacts(walk: Walk, value: Value): ClassFacts | undefined {
  const found: ClassValue | undefined = value.kind === 'class' ? value : classOf(value);
  if (!found) return undefined;
  const file = fileOf(found);
  const decorators = (found.node.decorators ?? []).flatMap((one) => {
    const name = one.expression.type === 'CallExpression' ? one.expression.callee : one.expression;
    return name.type === 'Identifier' ? [name.name] : name.type === 'MemberExpression' && name.property.type === 'Identifier' ? [name.property.name] : [];
  });
  const superclass = superclassType(found.node, file);
  return { name: found.name, superclass, get root() { return rootOf(walk, found, superclass); }, decorators, isStatic: value.kind === 'class', get members() { return membersOf(walk, found); } };
}

function rootOf(walk: Walk, found: ClassValue, superclass: ClassFacts['superclass']): ClassFacts['root'] {
  let root = superclass;
  for (let at = baseClass(walk, found), depth = 0; at && depth < 5; at = baseClass(walk, at), depth++) root = superclassType(at.node, fileOf(at)) ?? root;
  return root;
}

/** `rows ?? []`, `ids || []`: the collection, without the empty one that stands in for it. */
export function collectionOf(walk: Walk, value: Value): Value {
  if (value.kind !== 'choice') return value;
  const arms = value.arms.filter((arm) => arm.value.kind !== 'literal' && !(arm.value.kind === 'array' && walk.state.object(arm.value.id)?.elements?.length === 0));
  return arms.length === 1 ? collectionOf(walk, arms[0]!.value) : value;
}

/** What a collection was made from: membership in mapped ids is membership of a row. */
export function baseOf(walk: Walk, given: Value): Value {
  const value = collectionOf(walk, given);
  return walk.state.object(value.id)?.mapped?.of ?? value;
}

const MAX_DEPTH = 5;

/** Every operation whose result is part of `value`, through the fields and elements of objects under construction. */
export function deepSources(walk: Walk, value: Value | undefined): ReadonlySet<Operation> {
  if (!value || value.kind === 'literal') return NOTHING;
  const direct = partsOf(walk, value);
  if (!direct.length) return walk.terms.sources(value);
  const found = new Set(walk.terms.sources(value));
  // Parts are shared: one that was visited as near the top gives nothing new.
  const seen = new Map<Value, number>();
  const visit = (parts: readonly Value[], depth: number): void => {
    for (const one of parts) {
      if (one.kind === 'literal' || (seen.get(one) ?? Infinity) <= depth) continue;
      seen.set(one, depth);
      for (const operation of walk.terms.sources(one)) found.add(operation);
      if (depth <= MAX_DEPTH) visit(partsOf(walk, one), depth + 1);
    }
  };
  visit(direct, 1);
  return found;
}

function partsOf(walk: Walk, value: Value): readonly Value[] {
  const object = walk.state.object(value.id);
  const within = value.kind === 'unknown' ? value.parts : value.kind === 'expression' ? value.operands : value.kind === 'choice' ? value.arms.map((arm) => arm.value) : [];
  if (!object) return within;
  return [...(object.entries ?? []).map((one) => one.value), ...(object.elements ?? []).map((one) => one.value), ...(object.mapped ? [object.mapped.of, object.mapped.element] : []), ...within];
}

const NOTHING: ReadonlySet<Operation> = new Set();
