/**
 * What is known at one point of a run: variables, objects under construction, the conditions that hold. Forked at branches,
 * joined after them; a fork is a thin layer over its base, so that a join looks only at what a branch wrote.
 */
import type { ArrayEntry, ObjectEntry } from '../clients/client.ts';
import { joinKept, type Kept } from './kept.ts';
import type { Transaction } from '../model.ts';
import type { Variable } from '../source/file.ts';
import type { Formula, Formulas } from '../value/formula.ts';
import type { HandleValue, Node, Terms, Value } from '../value/terms.ts';

/** The contents of an object or array, or the fields assigned onto a value that came from elsewhere (an entity that was read). */
export interface HeapObject {
  readonly entries?: readonly ObjectEntry[];
  readonly elements?: readonly ArrayEntry[];
  /** A collection made from another one, element by element (`rows.map(f)`, `new Set(ids)`). */
  readonly mapped?: { readonly of: Value; readonly element: Value; readonly key?: Value };
  /** Filled in some branches only: how many elements there are is not known. */
  readonly varies?: boolean;
  /** Made here as a whole: a branch that does not know it cannot reach it. */
  readonly made?: boolean;
  /** Handed in whole, of a declared class: it holds more than is told here. */
  readonly given?: boolean;
  /** What was pushed into (or taken out of: nothing) a collection that came from elsewhere; its elements stay those it came with. */
  readonly changed?: readonly Value[];
  /** Of these, what was put at the end, and when. */
  readonly pushed?: readonly { readonly value: Value; readonly when: Formula }[];
  /** Of a row: where the fields were set that a unit of work has stored since, and how many of `changed`. */
  readonly stored?: { readonly nodes: ReadonlySet<Node>; readonly changed: number };
}

/** Under which statements run that name no transaction, where one was begun by hand for all of a library; `closed`: it ended. */
export type Begun = Transaction | 'closed';

interface Written {
  variables: Map<Variable, Value> | undefined;
  heap: Map<number, HeapObject> | undefined;
  versions: Map<number, HandleValue> | undefined;
  sessions: Map<number, Begun> | undefined;
  begun: Map<string, Begun> | undefined;
  kept: Map<number, Kept> | undefined;
}

export class State {
  readonly base: State | undefined;
  /** What was written in this layer, by kind; most forks write nothing of most kinds, so maps are made when first written to. */
  readonly written: Written = { variables: undefined, heap: undefined, versions: undefined, sessions: undefined, begun: undefined, kept: undefined };
  condition: Formula;
  /** Nothing after this point runs: returned, threw, or left the loop. */
  dead = false;

  constructor(base: State | undefined, condition: Formula) {
    this.base = base;
    this.condition = condition;
  }

  get variables(): Map<Variable, Value> { return (this.written.variables ??= new Map()); }
  get heap(): Map<number, HeapObject> { return (this.written.heap ??= new Map()); }
  /** The newest version of a builder that changes in place, by its first handle's id. */
  get versions(): Map<number, HandleValue> { return (this.written.versions ??= new Map()); }
  /** What runs on each connection that a library hands out: a way out that rolls back first says nothing of the others. */
  get sessions(): Map<number, Begun> { return (this.written.sessions ??= new Map()); }
  /** As `sessions`, by the library's id: for all its handles. */
  get begun(): Map<string, Begun> { return (this.written.begun ??= new Map()); }
  /** Rows that a unit of work has been given, by the value's id. */
  get kept(): Map<number, Kept> { return (this.written.kept ??= new Map()); }

  variable(variable: Variable): Value | undefined { return this.#look('variables', variable); }
  object(id: number): HeapObject | undefined { return this.#look('heap', id); }
  version(id: number): HandleValue | undefined { return this.#look('versions', id); }
  session(id: number): Begun | undefined { return this.#look('sessions', id); }
  ambient(client: string): Transaction | undefined { const found = this.#look<string, Begun>('begun', client); return found === 'closed' ? undefined : found; }
  keptOf(id: number): Kept | undefined { return this.#look('kept', id); }

  /** All that units of work were given, the newest word on each, in the order in which they were given. */
  allKept(): readonly Kept[] {
    const layers: State[] = [];
    for (let state: State | undefined = this; state; state = state.base) if (state.written.kept) layers.unshift(state);
    if (!layers.length) return [];
    const all = new Map<number, Kept>();
    for (const layer of layers) for (const [id, one] of layer.written.kept!) all.set(id, one);
    return [...all.values()];
  }

  #look<K, V>(kind: keyof Written, key: K): V | undefined {
    for (let state: State | undefined = this; state; state = state.base) {
      const found = (state.written[kind] as Map<K, V> | undefined)?.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

export function fork(base: State, condition: Formula, formulas: Formulas): State {
  const state = new State(base, formulas.and(base.condition, condition));
  state.dead = base.dead || state.condition.kind === 'false';
  return state;
}

/**
 * What is known now, kept as one layer over `base`: a way out of a loop or function is joined later, when the states that it is
 * forked from have gone on and hold other values.
 */
export function snapshot(state: State, base: State): State {
  const kept = new State(base, state.condition);
  for (const layer of layersDownTo(state, base).reverse()) {
    const { variables, heap, versions, sessions, begun, kept: units } = layer.written;
    if (variables) for (const [key, value] of variables) kept.variables.set(key, value);
    if (heap) for (const [key, value] of heap) kept.heap.set(key, value);
    if (versions) for (const [key, value] of versions) kept.versions.set(key, value);
    if (sessions) for (const [key, value] of sessions) kept.sessions.set(key, value);
    if (begun) for (const [key, value] of begun) kept.begun.set(key, value);
    if (units) for (const [key, value] of units) kept.kept.set(key, value);
  }
  return kept;
}

/**
 * Makes `base` the state after its `branches`, which are layers over it. Dead branches leave no trace but their conditions'
 * absence: what holds afterwards is what the living ones agree on, plus `or` of the rest.
 */
export function join(base: State, branches: readonly State[], terms: Terms, formulas: Formulas, node: Node): void {
  const living = branches.filter((one) => !one.dead);
  if (!living.length) { base.dead = true; return; }
  const layers = living.map((one) => layersDownTo(one, base));
  const relative = living.map((one) => formulas.beyond(one.condition, base.condition));

  const merge = <K, V>(kind: keyof Written, look: (state: State, key: K) => V | undefined, combine: (values: (V | undefined)[], key: K) => V | undefined): void => {
    let keys: Set<K> | undefined;
    for (const chain of layers) {
      for (const layer of chain) {
        const map = layer.written[kind] as Map<K, V> | undefined;
        if (!map) continue;
        keys ??= new Set<K>();
        for (const key of map.keys()) keys.add(key);
      }
    }
    if (!keys) return;
    const target = base[kind] as unknown as Map<K, V>;
    for (const key of keys) {
      const values = living.map((one) => look(one, key));
      const merged = values.every((one) => one === values[0]) ? values[0] : combine(values, key);
      if (merged !== undefined) target.set(key, merged);
    }
  };

  merge<Variable, Value>('variables', (state, key) => state.variable(key), (values) => (
    // A variable that only one branch knows is declared inside it and unreachable afterwards, unless it is a `var`.
    values.some((one) => one === undefined) ? values.find((one) => one !== undefined) : terms.choice(values.map((value, index) => ({ when: relative[index]!, value: value! })), node)
  ));
  merge<number, HeapObject>('heap', (state, key) => state.object(key), (values) => joinObjects(values, relative, terms, formulas, node));
  // A builder that only some branches extended: the longest one; its extra conditions hold on some paths only, which the
  // clients' builders cannot say, so the join prefers to know less about none of them.
  merge<number, HandleValue>('versions', (state, key) => state.version(key), (values) => values.at(-1) ?? values[0]);
  // Ended on some paths only: it is not known to be over.
  merge<number, Begun>('sessions', (state, key) => state.session(key), (values) => values.find((one) => one !== undefined && one !== 'closed') ?? 'closed');
  merge<string, Begun>('begun', (state, key) => state.ambient(key) ?? 'closed', (values) => values.find((one) => one !== 'closed') ?? 'closed');
  merge<number, Kept>('kept', (state, key) => state.keptOf(key), (values) => joinKept(values, relative, formulas));

  base.condition = living.length === 1 ? living[0]!.condition : formulas.or(...living.map((one) => one.condition));
  base.dead = false;
}

function layersDownTo(state: State, base: State): State[] {
  const layers: State[] = [];
  for (let at: State | undefined = state; at && at !== base; at = at.base) layers.push(at);
  return layers;
}

/** Properties that all branches agree on stay; others become choices; those that some branches lack become conditional. */
function joinObjects(given: readonly (HeapObject | undefined)[], conditions: readonly Formula[], terms: Terms, formulas: Formulas, node: Node): HeapObject | undefined {
  const known = given.filter((one) => one !== undefined);
  // Branches that did not make the object cannot reach it: they take nothing from its fields.
  const isMade = known.every((one) => one.made);
  const values = isMade ? known : given;
  const when = isMade ? conditions.filter((_, index) => given[index] !== undefined) : conditions;
  if (known.length === 1) return withAll(known[0]!, values.length > 1 ? when[values.indexOf(known[0]!)]! : undefined, formulas);
  const first = known[0]!;
  if (known.some((one) => !one.entries !== !first.entries)) return undefined;
  if (!first.entries) {
    // Filled in some branches: what an element is, is known from those.
    const mapped = known.find((one) => one.mapped);
    if (mapped) return mapped;
    const longest = known.reduce((a, b) => ((b.elements?.length ?? 0) > (a.elements?.length ?? 0) ? b : a));
    return known.some((one) => one.varies || one.elements?.length !== longest.elements?.length) ? { ...longest, varies: true } : longest;
  }
  const entries: ObjectEntry[] = [];
  const keys = new Set(known.flatMap((one) => one.entries!.flatMap((entry) => (entry.kind === 'property' ? [entry.key] : []))));
  for (const one of known) for (const entry of one.entries!) if (entry.kind === 'spread' && !entries.includes(entry)) entries.push(entry);
  for (const key of keys) {
    const found = values.map((one) => one?.entries?.findLast((entry) => entry.kind === 'property' && entry.key === key));
    const present = found.filter((one) => one?.kind === 'property');
    const sample = present[0]!;
    if (sample.kind !== 'property') continue;
    if (present.every((one) => one === sample) && present.length === values.length) { entries.push(sample); continue; }
    const arms = found.flatMap((one, index) => (one?.kind === 'property' ? [{ when: when[index]!, value: one.value }] : []));
    // A field that only some branches set: what the others leave is nothing, and the condition is kept.
    if (present.length < values.length && present.length === 1) arms.push({ when: formulas.not(arms[0]!.when), value: terms.undefined });
    const { only: _only, ...rest } = sample;
    entries.push({ ...rest, ...(present.length === 1 && values.length > 1 && onlyWhen(sample, arms[0]!.when, formulas)), value: terms.choice(arms, node), conditional: present.length < values.length || present.some((one) => one.kind === 'property' && one.conditional) });
  }
  return { entries, ...(isMade && { made: true }), ...storedInAll(known) };
}

/** What a unit of work has stored in each of the branches that set it. */
function storedInAll(known: readonly HeapObject[]): Pick<HeapObject, 'stored'> {
  if (!known.some((one) => one.stored)) return {};
  const nodes = new Set(known.flatMap((one) => [...(one.stored?.nodes ?? [])]).filter((node) => known.every((one) => one.stored?.nodes.has(node) === true || one.entries?.every((entry) => entry.node !== node) === true)));
  return { stored: { nodes, changed: Math.min(...known.map((one) => one.stored?.changed ?? 0)) } };
}

function withAll(object: HeapObject, when: Formula | undefined, formulas: Formulas): HeapObject {
  if (!when || !object.entries) return object;
  return { ...(object.stored && { stored: object.stored }), entries: object.entries.map((entry): ObjectEntry => (entry.kind === 'spread' ? { ...entry, conditional: true } : { ...entry, ...onlyWhen(entry, when, formulas), conditional: true })) };
}

/** Set in this branch alone; what was conditional already, under both conditions. */
function onlyWhen(entry: ObjectEntry & { kind: 'property' }, when: Formula, formulas: Formulas): Pick<typeof entry, 'only'> {
  if (!entry.conditional) return { only: { when, value: entry.value } };
  return entry.only ? { only: { when: formulas.and(entry.only.when, when), value: entry.only.value } } : {};
}
