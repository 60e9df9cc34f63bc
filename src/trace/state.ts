/**
 * What is known at one point of a run: variables, objects under construction, the conditions that hold. Forked at branches,
 * joined after them; a fork is a thin layer over its base, so that a join looks only at what a branch wrote.
 */
import type { ArrayEntry, ObjectEntry } from '../clients/client.ts';
import type { Transaction } from '../model.ts';
import type { Variable } from '../source/file.ts';
import { conjuncts, type Formula, type Formulas } from '../value/formula.ts';
import type { HandleValue, Node, Terms, Value } from '../value/terms.ts';

/** The contents of an object or array, or the fields assigned onto a value that came from elsewhere (an entity that was read). */
export interface HeapObject {
  readonly entries?: readonly ObjectEntry[];
  readonly elements?: readonly ArrayEntry[];
  /** A collection made from another one, element by element (`rows.map(f)`, `new Set(ids)`). */
  readonly mapped?: { readonly of: Value; readonly element: Value; readonly key?: Value };
}

export class State {
  readonly base: State | undefined;
  readonly variables = new Map<Variable, Value>();
  readonly heap = new Map<number, HeapObject>();
  /** The newest version of a builder that changes in place, by its first handle's id. */
  readonly versions = new Map<number, HandleValue>();
  /** Transactions that were begun by hand, by the handle's id. */
  readonly open = new Map<number, Transaction | undefined>();
  condition: Formula;
  /** Nothing after this point runs: returned, threw, or left the loop. */
  dead = false;

  constructor(base: State | undefined, condition: Formula) {
    this.base = base;
    this.condition = condition;
  }

  variable(variable: Variable): Value | undefined { return this.#look((state) => state.variables.get(variable)); }
  object(id: number): HeapObject | undefined { return this.#look((state) => state.heap.get(id)); }
  version(id: number): HandleValue | undefined { return this.#look((state) => state.versions.get(id)); }
  transaction(id: number): Transaction | undefined { return this.#look((state) => state.open.get(id)); }

  #look<T>(get: (state: State) => T | undefined): T | undefined {
    for (let state: State | undefined = this; state; state = state.base) {
      const found = get(state);
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
 * Makes `base` the state after its `branches`, which are layers over it. Dead branches leave no trace but their conditions'
 * absence: what holds afterwards is what the living ones agree on, plus `or` of the rest.
 */
export function join(base: State, branches: readonly State[], terms: Terms, formulas: Formulas, node: Node): void {
  const living = branches.filter((one) => !one.dead);
  if (!living.length) { base.dead = true; return; }
  const layers = living.map((one) => layersDownTo(one, base));
  const before = conjuncts(base.condition);
  const relative = living.map((one) => formulas.and(...conjuncts(one.condition).filter((part) => !before.includes(part))));

  const merge = <K, V>(pick: (state: State) => Map<K, V>, look: (state: State, key: K) => V | undefined, combine: (values: (V | undefined)[], key: K) => V | undefined): void => {
    const keys = new Set<K>();
    for (const chain of layers) for (const layer of chain) for (const key of pick(layer).keys()) keys.add(key);
    for (const key of keys) {
      const values = living.map((one) => look(one, key));
      const merged = values.every((one) => one === values[0]) ? values[0] : combine(values, key);
      if (merged !== undefined) pick(base).set(key, merged);
    }
  };

  merge((state) => state.variables, (state, key) => state.variable(key), (values) => (
    // A variable that only one branch knows is declared inside it and unreachable afterwards, unless it is a `var`.
    values.some((one) => one === undefined) ? values.find((one) => one !== undefined) : terms.choice(values.map((value, index) => ({ when: relative[index]!, value: value! })), node)
  ));
  merge((state) => state.heap, (state, key) => state.object(key), (values) => joinObjects(values, relative, terms, node));
  // A builder that only some branches extended: the longest one; its extra conditions hold on some paths only, which the
  // clients' builders cannot say, so the join prefers to know less about none of them.
  merge((state) => state.versions, (state, key) => state.version(key), (values) => values.at(-1) ?? values[0]);
  merge((state) => state.open, (state, key) => state.transaction(key), (values) => values.find((one) => one !== undefined));

  base.condition = living.length === 1 ? living[0]!.condition : formulas.or(...living.map((one) => one.condition));
  base.dead = false;
}

function layersDownTo(state: State, base: State): State[] {
  const layers: State[] = [];
  for (let at: State | undefined = state; at && at !== base; at = at.base) layers.push(at);
  return layers;
}

/** Properties that all branches agree on stay; others become choices; those that some branches lack become conditional. */
function joinObjects(values: readonly (HeapObject | undefined)[], when: readonly Formula[], terms: Terms, node: Node): HeapObject | undefined {
  const known = values.filter((one) => one !== undefined);
  if (known.length === 1) return withAll(known[0]!, values.length > 1);
  const first = known[0]!;
  if (known.some((one) => !one.entries !== !first.entries)) return undefined;
  if (!first.entries) {
    const longest = known.reduce((a, b) => ((b.elements?.length ?? 0) > (a.elements?.length ?? 0) ? b : a));
    return longest;
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
    entries.push({ ...sample, value: terms.choice(arms, node), conditional: present.length < values.length || present.some((one) => one.kind === 'property' && one.conditional) });
  }
  return { entries };
}

function withAll(object: HeapObject, conditional: boolean): HeapObject {
  if (!conditional || !object.entries) return object;
  return { entries: object.entries.map((entry) => ({ ...entry, conditional: true })) };
}
