/** Objects and arrays under construction, and fields of everything else. */
import type { ArrayEntry, ClassFacts, ObjectEntry } from '../clients/client.ts';
import { superclassType } from '../source/types.ts';
import type { ClassValue, Node, Value } from '../value/terms.ts';
import { classMember, classOf, fileOf } from './classes.ts';
import { facetOf } from './results.ts';
import type { HeapObject } from './state.ts';
import type { Walk } from './walk.ts';

/** Properties of a value as far as it was built here; undefined for values from elsewhere. */
export function entriesOf(walk: Walk, value: Value): readonly ObjectEntry[] | undefined {
  const object = walk.state.object(value.id);
  if (object?.entries && (value.kind === 'object' || object.entries.length)) {
    if (value.kind === 'object') return object.entries.flatMap((entry) => expandSpread(walk, entry));
    // Fields assigned onto a row: the row itself rides along as a spread, so that a save knows both.
    return [{ kind: 'spread', value, node: object.entries[0]!.node, conditional: false }, ...object.entries];
  }
  if (value.kind === 'object') return [];
  if (value.kind === 'choice') return choiceEntries(walk, value.arms.map((arm) => entriesOf(walk, arm.value)), value);
  return undefined;
}

/** An object that is one of several: what all have stays, the rest is conditional. */
function choiceEntries(walk: Walk, options: readonly (readonly ObjectEntry[] | undefined)[], value: Value & { kind: 'choice' }): readonly ObjectEntry[] | undefined {
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

function expandSpread(walk: Walk, entry: ObjectEntry): readonly ObjectEntry[] {
  if (entry.kind === 'property') return [entry];
  if (entry.value.kind === 'literal') return [];
  const inner = entriesOf(walk, entry.value);
  if (inner && !(inner.length === 1 && inner[0]!.kind === 'spread' && inner[0]!.value === entry.value)) {
    return entry.conditional ? inner.map((one) => ({ ...one, conditional: true })) : inner;
  }
  // `...(condition && { a })`, `...(condition ? { a } : {})`: the empty arms vanish, the others become conditional.
  if (entry.value.kind === 'choice') {
    const lists = entry.value.arms.map((arm) => (arm.value.kind === 'literal' || !isObjectLike(walk, arm.value) ? (arm.value.kind === 'literal' || isPrimitive(arm.value) ? [] : undefined) : entriesOf(walk, arm.value)));
    if (lists.every((list) => list)) return lists.flatMap((list) => list!.map((one) => ({ ...one, conditional: true })));
  }
  return [entry];
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
export function elementOf(walk: Walk, value: Value): Value {
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

/** `object.key`. */
export function property(walk: Walk, given: Value, key: string, node: Node): Value {
  const object = walk.newest(given);
  if (object.kind === 'choice') {
    const values = object.arms.map((arm) => ({ when: arm.when, value: property(walk, arm.value, key, node) }));
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
    if (last?.kind === 'spread') return property(walk, last.value, key, node);
    if (object.of?.kind === 'class') {
      const member = classMember(walk, object.of, key, object, false);
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
    if (stored?.elements && key === 'length' && !stored.elements.some((one) => one.spread)) return walk.terms.literal(stored.elements.length);
    // The length of a mapped collection is the length of what it was mapped from.
    if (stored?.mapped && (key === 'length' || key === 'size')) return walk.terms.member(stored.mapped.of, 'length');
    if (stored?.mapped && /^\d+$/.test(key)) return stored.mapped.element;
  }
  if (key === 'size') {
    const facet = facetOf(object);
    if (facet?.is === 'rows') return walk.terms.member(object, 'length');
  }
  return walk.terms.member(object, key);
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
  const entries = (stored?.entries ?? []).filter((one) => one.kind === 'spread' || one.key !== key);
  walk.state.heap.set(object.id, { ...stored, entries: [...entries, { kind: 'property', key, value, node, conditional: false }] });
}

export function makeArray(walk: Walk, node: Node, contents: HeapObject): Value {
  const array = walk.terms.array(node);
  walk.state.heap.set(array.id, contents);
  return array;
}

export function makeObject(walk: Walk, node: Node, entries: readonly ObjectEntry[], of?: Value): Value {
  const object = walk.terms.object(node, of);
  walk.state.heap.set(object.id, { entries });
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
  void walk;
  return { name: found.name, superclass: superclassType(found.node, file), decorators, isStatic: value.kind === 'class' };
}
