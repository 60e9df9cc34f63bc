/** Where objects, keys and entities → `Predicate`. */
import type { Comparison, Node, Predicate, Table, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { comparison, EVERYTHING, orPredicate } from '../common/rows.ts';
import { idColumn, isRow, isScalar, primaryKey, referenceKey, relationOf, tableOf } from './entities.ts';
import { columnTest, isNull, isOperators } from './operators.ts';

type Arms = readonly (readonly Comparison[])[];
interface Part { readonly arms: Arms; readonly complete: boolean }

const ALL: Part = { arms: [[]], complete: true };
const UNKNOWN: Part = { arms: [[]], complete: false };

const both = (one: Part, other: Part): Part => ({ arms: one.arms.flatMap((a) => other.arms.map((b) => [...a, ...b])), complete: one.complete && other.complete });

/** Property entries of an object, later unconditional ones replacing earlier ones of their key. */
export function effectiveEntries(entries: readonly ObjectEntry[]): readonly ObjectEntry[] {
  return entries.filter((entry, index) => entry.kind === 'spread'
    || !entries.slice(index + 1).some((later) => later.kind === 'property' && later.key === entry.key && !later.conditional));
}

/** `{ email }`, a key, keys, an entity. A variable that could be any of these is left unread. */
export function wherePredicate(value: Value | undefined, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value || isNull(value)) return EVERYTHING;
  if (isRow(value, context)) return rowPredicate(value, table, context, node);
  const elements = context.elements(value);
  const id = idColumn(table);
  if (elements) {
    if (elements.length && elements.every((one) => !one.spread && context.entries(one.value))) return orPredicate(elements.map((one) => wherePredicate(one.value, table, context, one.node)), node);
    return id ? { arms: [[comparison(id, 'in', value, node)]], complete: true, node } : { arms: [], complete: false, node };
  }
  const entries = context.entries(value);
  if (!entries) {
    if (isScalar(value) && id) return { arms: [[comparison(id, '=', value, node)]], complete: true, node };
    if (value.kind === 'array' && id) return { arms: [[comparison(id, 'in', value, node)]], complete: true, node };
  }
  const { arms, complete } = whereObject(value, table, [], context);
  return { arms: arms.some((arm) => !arm.length) ? [] : arms, complete, node };
}

function whereObject(value: Value, table: Table | undefined, via: readonly string[], context: ClientContext): Part {
  const entries = context.entries(value);
  if (!entries) {
    // `cond ? { a } : { b }` without a common reading: each arm is a way to qualify, of which one is in force.
    if (value.kind === 'choice') {
      const parts = value.arms.map((arm) => (isNull(arm.value) ? ALL : whereObject(arm.value, table, via, context)));
      return { arms: parts.flatMap((part) => part.arms), complete: false };
    }
    return UNKNOWN;
  }
  return effectiveEntries(entries).reduce<Part>((all, entry) => {
    if (entry.kind === 'spread') return isNull(entry.value) ? all : { arms: all.arms, complete: false };
    const test = whereProperty(entry.key, entry.value, entry.node, table, via, context);
    return both(all, entry.conditional ? { ...test, arms: test.arms.map((arm) => arm.map((one) => ({ ...one, conditional: true }))) } : test);
  }, ALL);
}

function group(value: Value, table: Table | undefined, via: readonly string[], context: ClientContext): readonly Part[] {
  const elements = context.elements(value);
  if (!elements) return context.entries(value) ? [whereObject(value, table, via, context)] : [UNKNOWN];
  return elements.map((one) => (one.spread ? UNKNOWN : whereObject(one.value, table, via, context)));
}

function whereProperty(key: string, value: Value, node: Node, table: Table | undefined, via: readonly string[], context: ClientContext): Part {
  switch (key) {
    case '$and': return group(value, table, via, context).reduce(both, ALL);
    case '$or': {
      const parts = group(value, table, via, context);
      return { arms: parts.flatMap((part) => part.arms), complete: parts.every((part) => part.complete) };
    }
    case '$some': return whereObject(value, table, via, context);
    case '$not': case '$none': case '$every': return { arms: [[comparison(key, 'other', value, node, via)]], complete: false };
    default:
  }
  const entries = context.entries(value);
  const relation = relationOf(table, key);
  if (relation) {
    const [own] = relation.columns;
    if (own && isNull(value)) return { arms: [[comparison(own, 'is null', context.terms.null, node, via)]], complete: true };
    if (entries && !isEntity(value, entries, context)) {
      if (isOperators(entries)) {
        const operators = own ? columnTest(own, value, node, via, context) : { all: [comparison(idColumn(tableOf(relation.target, context)) ?? 'id', 'other', value, node, [...via, key])], complete: false };
        return { arms: [operators.all], complete: operators.complete };
      }
      const [only] = entries;
      if (own && entries.length === 1 && only?.kind === 'property' && relation.references.includes(only.key)) {
        const test = columnTest(own, only.value, node, via, context);
        return { arms: [test.all], complete: test.complete };
      }
      return whereObject(value, tableOf(relation.target, context), [...via, key], context);
    }
    if (own && context.elements(value)) return { arms: [[comparison(own, 'in', value, node, via)]], complete: true };
    const target = own ?? idColumn(tableOf(relation.target, context)) ?? 'id';
    return { arms: [[comparison(target, '=', referenceKey(relation, value, context), node, own ? via : [...via, key])]], complete: true };
  }
  if (entries && value.kind === 'object' && !isOperators(entries) && !table?.columns.has(key)) {
    // An embedded object is columns of this table under a dotted name; anything else is a relation that the schema did not show.
    const isEmbedded = table && [...table.columns.keys()].some((name) => name.startsWith(`${key}.`));
    if (!isEmbedded) return isEntity(value, entries, context) ? { arms: [[comparison(key, '=', context.property(value, 'id'), node, via)]], complete: true } : whereObject(value, undefined, [...via, key], context);
    return entries.reduce<Part>((all, entry) => (entry.kind === 'spread' ? { ...all, complete: false } : both(all, whereProperty(`${key}.${entry.key}`, entry.value, entry.node, table, via, context))), ALL);
  }
  const test = columnTest(key, isRow(value, context) ? context.property(value, 'id') : value, node, via, context);
  return { arms: [test.all], complete: test.complete };
}

/** An entity given where a where object could stand: a row that was read, possibly with fields assigned, or an instance. */
function isEntity(value: Value, entries: readonly ObjectEntry[], context: ClientContext): boolean {
  return isRow(value, context) || (value.kind === 'object' && value.of !== undefined && !entries.some((entry) => entry.kind === 'spread'));
}

/** The row that `value` is, by primary key: what the unit of work addresses. */
export function rowPredicate(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  const keys = primaryKey(table) ?? ['id'];
  const of = (key: string): Value => { const relation = relationOf(table, key); const held = context.property(value, key); return relation ? referenceKey(relation, held, context) : held; };
  return { arms: [keys.map((key) => comparison(key, '=', of(key), node))], complete: true, node };
}
