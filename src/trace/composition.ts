/**
 * What written values are made of at the moment of the write. Objects and arrays under construction live in a heap that moves
 * on; rules look at a write afterwards, so what went into its values is kept here as terms, which stay.
 */
import type { Operation } from '../model.ts';
import type { Formula } from '../value/formula.ts';
import { path, type Value } from '../value/terms.ts';
import { elementsOf } from './objects.ts';
import type { Walk } from './walk.ts';

/** A part of a saved row that code changed in place: `row.tags.push(tag)`, `row.settings.theme = 'dark'`. */
export interface Change { readonly column: string; readonly value: Value }

export interface Appended { readonly value: Value; readonly when: Formula }

export interface Composition {
  /** Written values whose parts stand in the heap, as expressions over those parts: 'object', 'array', 'map', 'changed', 'changed below'. */
  readonly made: ReadonlyMap<Value, Value>;
  /** Columns and relations of the saved row that were changed in place. */
  readonly changes: readonly Change[];
  /** Columns to which elements were pushed that the database appends, with what they are made of and when they are pushed. */
  readonly appended: ReadonlyMap<string, readonly Appended[]>;
}

const MAX_DEPTH = 6;

/** Undefined for operations that change no row that is there. */
export function compositionOf(walk: Walk, operation: Operation): Composition | undefined {
  if (operation.verb !== 'update' && operation.verb !== 'save' && operation.verb !== 'upsert') return undefined;
  const made = new Map<Value, Value>();
  for (const row of [...(operation.rows ?? []), ...(operation.conflict?.update ? [operation.conflict.update] : [])]) {
    for (const { value, how } of row.assignments) {
      if (operation.partial && how === 'carried') continue;
      const composed = compose(walk, value);
      if (composed !== value) made.set(value, composed);
    }
  }
  const { table } = operation.table;
  // What hangs on a row in memory alone is not stored with it.
  const isStored = ({ column }: Change): boolean => !table?.complete || table.columns.has(column) || table.relations.some((one) => one.name === column) || [...table.columns.keys()].some((one) => one.startsWith(`${column}.`));
  const changes = savedRows(operation.saved).flatMap((row) => (operation.partial ? setBelow(walk, row) : changesOf(walk, row))).filter(isStored);
  const appended = new Map(operation.partial ? savedRows(operation.saved).flatMap((row) => pushedTo(walk, row)) : []);
  return made.size || changes.length || appended.size ? { made, changes, appended } : undefined;
}

function pushedTo(walk: Walk, row: Value): [string, readonly Appended[]][] {
  return [...walk.touched].flatMap((touched): [string, readonly Appended[]][] => {
    const stored = touched.kind === 'member' && touched.object === row ? walk.state.object(touched.id) : undefined;
    return stored?.changed?.length ? [[(touched as Value & { kind: 'member' }).key, (stored.pushed ?? []).map((one) => ({ ...one, value: compose(walk, one.value) }))]] : [];
  });
}

function savedRows(saved: Value | undefined): Value[] {
  if (!saved) return [];
  if (saved.kind === 'choice') return saved.arms.flatMap((arm) => savedRows(arm.value));
  return saved.kind === 'literal' ? [] : [saved];
}

function changesOf(walk: Walk, row: Value): Change[] {
  const found = new Map<string, Change>();
  for (const touched of walk.touched) {
    const below = memberBelow(touched, row);
    if (below && isChanged(walk, touched) && !found.has(below.key)) found.set(below.key, { column: below.key, value: compose(walk, below) });
  }
  return [...found.values()];
}

/** Fields that were set somewhere below a column, each of which is sent by itself; elements that were pushed are appended by the database. */
function setBelow(walk: Walk, row: Value): Change[] {
  return [...walk.touched].flatMap((touched) => {
    const below = memberBelow(touched, row);
    const entries = below ? walk.state.object(touched.id)?.entries ?? [] : [];
    return entries.flatMap((one) => (one.kind === 'property' ? [{ column: below!.key, value: compose(walk, one.value) }] : []));
  });
}

/** The member of `row` in which `value` lies. */
function memberBelow(value: Value, row: Value): (Value & { kind: 'member' }) | undefined {
  for (let at = value; ;) {
    if (at.kind === 'member') { if (at.object === row) return at; at = at.object; }
    else if (at.kind === 'element' || at.kind === 'filtered') at = at.of;
    else return undefined;
  }
}

function isChanged(walk: Walk, value: Value): boolean {
  const stored = walk.state.object(value.id);
  return Boolean(stored?.entries?.length || stored?.changed?.length);
}

function compose(walk: Walk, value: Value, depth = 0): Value {
  if (depth > MAX_DEPTH) return value;
  const { terms } = walk;
  const inner = (one: Value): Value => compose(walk, one, depth + 1);
  const stored = walk.state.object(value.id);
  if (value.kind === 'object') {
    // Entries as they were written: a spread stays whole, so that what it holds is still known to come from one place.
    return stored?.entries ? terms.expression(stored.changed ? 'changed' : 'object', stored.entries.map((one) => inner(one.value))) : value;
  }
  if (value.kind === 'array') {
    if (stored?.mapped) return terms.expression('map', [inner(stored.mapped.of), inner(stored.mapped.element)]);
    const elements = elementsOf(walk, value);
    return elements ? terms.expression('array', elements.map((one) => inner(one.value))) : value;
  }
  const put = [...(stored?.entries ?? []).map((one) => one.value), ...(stored?.changed ?? [])].filter((one) => one !== value);
  if (put.length || stored?.changed) return terms.expression('changed', [value, ...put.map(inner)]);
  switch (value.kind) {
    case 'choice': return mapped(value.arms.map((arm) => arm.value), inner, (arms) => terms.choice(value.arms.map((arm, index) => ({ when: arm.when, value: arms[index]! })), walk.file.ast)) ?? value;
    case 'expression': return mapped(value.operands, inner, (operands) => terms.expression(value.operator, operands)) ?? value;
    case 'unknown': return value.parts.length ? mapped(value.parts, inner, (parts) => ({ ...terms.unknown(value.node, parts) })) ?? value : value;
    case 'member': case 'element': case 'filtered': {
      // Something below it was changed in place.
      if (path(value).root.kind !== 'result') return value;
      const below = [...walk.touched].some((one) => one !== value && isChanged(walk, one) && liesIn(one, value));
      return below ? terms.expression('changed below', [value]) : value;
    }
    default: return value;
  }
}

function liesIn(value: Value, whole: Value): boolean {
  for (let at = value; ;) {
    if (at === whole) return true;
    if (at.kind === 'member') at = at.object;
    else if (at.kind === 'element' || at.kind === 'filtered') at = at.of;
    else return false;
  }
}

/** The same object where no part changed. */
function mapped(parts: readonly Value[], inner: (one: Value) => Value, make: (parts: readonly Value[]) => Value): Value | undefined {
  const made = parts.map(inner);
  return made.every((one, index) => one === parts[index]) ? undefined : make(made);
}
