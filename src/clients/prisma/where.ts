/** `where` objects → `Predicate`. */
import type { Comparison, Node, Operator, Predicate, Table, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { comparison, EVERYTHING } from '../common/rows.ts';
import { keyByAlias, relationOf, tableNamed } from './handles.ts';

type Arms = readonly (readonly Comparison[])[];
/** Arms as in `Predicate`, except that every row is `[[]]`: one arm without a condition. */
interface Reading { readonly arms: Arms; readonly complete: boolean }
interface Scope { readonly table: Table | undefined; readonly via: readonly string[]; readonly unique: boolean; readonly context: ClientContext }

const ALL: Reading = { arms: [[]], complete: true };
const UNCLEAR: Reading = { arms: [[]], complete: false };
/** More arms than this are no look-up of a row. */
const MAX_ARMS = 64;

/** `unique`: the argument of `findUnique`, `update` …, where a compound key may stand as one property. */
export function wherePredicate(value: Value | undefined, table: Table | undefined, unique: boolean, context: ClientContext, node?: Node): Predicate {
  if (!value || isUndefined(value)) return EVERYTHING;
  const { arms, complete } = whereObject(value, { table, via: [], unique, context });
  return { arms: arms.some((arm) => !arm.length) ? [] : arms, complete, node };
}

export function isUndefined(value: Value): boolean { return value.kind === 'literal' && value.value === undefined; }
function isNull(value: Value): boolean { return value.kind === 'literal' && value.value === null; }
/** `email || undefined`: on the paths where it is undefined the condition is not there. */
export function maybeUndefined(value: Value): boolean { return value.kind === 'choice' && value.arms.some((arm) => isUndefined(arm.value)); }

/** Entries without those that a later unconditional one of the same key replaces. */
export function effectiveEntries(entries: readonly ObjectEntry[]): readonly ObjectEntry[] {
  return entries.filter((entry, index) => entry.kind === 'spread'
    || !entries.slice(index + 1).some((later) => later.kind === 'property' && later.key === entry.key && !later.conditional));
}

function and(one: Reading, other: Reading): Reading {
  if (one.arms.length * other.arms.length > MAX_ARMS) return { arms: one.arms, complete: false };
  return { arms: one.arms.flatMap((a) => other.arms.map((b) => [...a, ...b])), complete: one.complete && other.complete };
}

function or(parts: readonly Reading[]): Reading {
  return { arms: parts.flatMap((part) => part.arms), complete: parts.every((part) => part.complete) };
}

function whereObject(value: Value, scope: Scope): Reading {
  if (isUndefined(value)) return ALL;
  const entries = scope.context.entries(value);
  if (!entries) {
    // One of several objects: each is a way to qualify, of which one is in force.
    if (value.kind === 'choice') return { ...or(value.arms.map((arm) => whereObject(arm.value, scope))), complete: false };
    return UNCLEAR;
  }
  return effectiveEntries(entries).reduce<Reading>((all, entry) => {
    if (entry.kind === 'spread') return entry.value.kind === 'literal' ? all : { arms: all.arms, complete: false };
    const read = whereProperty(entry.key, entry.value, entry.node, scope);
    return and(all, entry.conditional || maybeUndefined(entry.value) ? { ...read, arms: read.arms.map((arm) => arm.map((one) => ({ ...one, conditional: true }))) } : read);
  }, ALL);
}

function whereProperty(key: string, value: Value, node: Node, scope: Scope): Reading {
  if (isUndefined(value)) return ALL;
  const { table, via, unique, context } = scope;
  if (key === 'AND') return each(value, scope).reduce(and, ALL);
  if (key === 'OR') {
    const parts = each(value, scope);
    // `OR: []` matches nothing, which arms cannot say.
    return parts.length ? or(parts) : UNCLEAR;
  }
  if (key === 'NOT') return each(value, scope).map(negated).reduce(and, ALL);
  const relation = relationOf(table, key);
  if (relation) return relationFilter(key, value, node, scope);
  const entries = context.entries(value);
  if (!entries || (value.kind === 'object' && value.of !== undefined)) return columnTest(key, value, node, via, context);
  const compound = keyByAlias(table, key);
  const keys = entries.flatMap((entry) => (entry.kind === 'property' ? [entry.key] : []));
  // Without a schema: the default name of a compound key joins its fields; a unique look-up knows no operators but `equals`.
  const looksCompound = !table?.columns.has(key) && keys.length > 1 && (keys.join('_') === key || (unique && !keys.some(isOperator)));
  if (compound || looksCompound) {
    return entries.reduce<Reading>((all, entry) => (entry.kind === 'spread' ? { arms: all.arms, complete: false } : and(all, columnTest(entry.key, entry.value, entry.node, via, context))), ALL);
  }
  if (table?.columns.has(key) || keys.every(isOperator)) return columnTest(key, value, node, via, context);
  return relationFilter(key, value, node, scope);
}

/** The objects of an `AND`, `OR`, `NOT`: one object, or a list. */
function each(value: Value, scope: Scope): readonly Reading[] {
  const elements = scope.context.elements(value);
  if (elements) return elements.map((one) => (one.spread ? UNCLEAR : whereObject(one.value, { ...scope, unique: false })));
  if (scope.context.entries(value)) return [whereObject(value, { ...scope, unique: false })];
  // `OR: names.map((name) => ({ name }))`: the condition of any one element.
  const element = scope.context.element(value);
  return [scope.context.entries(element) ? { ...whereObject(element, { ...scope, unique: false }), complete: false } : UNCLEAR];
}

const NEGATED: Partial<Record<Operator, Operator>> = {
  '=': '!=', '!=': '=', '<': '>=', '<=': '>', '>': '<=', '>=': '<', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null',
};

function negated(reading: Reading): Reading {
  const only = reading.arms.length === 1 && reading.arms[0]!.length === 1 ? reading.arms[0]![0]! : undefined;
  const operator = only && only.via.length === 0 ? NEGATED[only.operator] : undefined;
  if (only && operator) return { arms: [[{ ...only, operator }]], complete: reading.complete };
  // Of NOT (a AND b), NOT LIKE and the like only the columns are kept, under no operator that a rule would take for a match.
  return { arms: [reading.arms.flat().map((one) => ({ ...one, operator: 'other' as const }))], complete: false };
}

/** `author: { email }`, `posts: { some: { … } }`: conditions on related rows; on the foreign key alone where that is all they say. */
function relationFilter(key: string, value: Value, node: Node, scope: Scope): Reading {
  const { table, via, context } = scope;
  const relation = relationOf(table, key);
  const columns = relation?.columns ?? [];
  if (isNull(value)) return columns.length ? { arms: [columns.map((column) => comparison(column, 'is null', context.terms.null, node, via))], complete: true } : UNCLEAR;
  const entries = context.entries(value);
  if (!entries) return { arms: [[comparison(key, 'other', value, node, via)]], complete: false };
  const inner: Scope = { table: relation && tableNamed(relation.target, context), via: [...via, key], unique: false, context };
  const quantified = entries.filter((entry) => entry.kind === 'property' && QUANTIFIERS.has(entry.key));
  if (quantified.length) {
    return quantified.reduce<Reading>((all, entry) => {
      if (entry.kind === 'spread') return all;
      switch (entry.key) {
        case 'is': case 'some': return and(all, isNull(entry.value) ? relationFilter(key, entry.value, node, scope) : related(entry.value));
        case 'isNot': if (isNull(entry.value) && columns.length) return and(all, { arms: [columns.map((column) => comparison(column, 'is not null', context.terms.null, node, via))], complete: true });
      }
      // `none`, `every`, `isNot`: about rows that are not there.
      return and(all, negated(whereObject(entry.value, inner)));
    }, { arms: [[]], complete: entries.length === quantified.length });
  }
  return related(value);

  function related(given: Value): Reading {
    const own = context.entries(given);
    const keys = own?.map((entry) => (entry.kind === 'property' ? entry.key : ''));
    // `user: { id: userId }` is the foreign key in other words.
    if (relation && own && keys?.length && columns.length && keys.every((one) => relation.references.includes(one)) && own.every((entry) => entry.kind === 'property' && !entry.conditional)) {
      return own.reduce<Reading>((all, entry) => (entry.kind === 'property' ? and(all, columnTest(columns[relation.references.indexOf(entry.key)]!, entry.value, node, via, context)) : all), ALL);
    }
    return whereObject(given, inner);
  }
}

const QUANTIFIERS: ReadonlySet<string> = new Set(['is', 'isNot', 'some', 'none', 'every']);
const OPERATORS: Readonly<Record<string, Operator>> = {
  equals: '=', in: 'in', notIn: 'not in', lt: '<', lte: '<=', gt: '>', gte: '>=', contains: 'like', startsWith: 'like', endsWith: 'like', search: 'like', has: 'contains',
};
const OTHER_OPERATORS: ReadonlySet<string> = new Set([
  'not', 'mode', 'hasSome', 'hasEvery', 'isEmpty', 'isSet', 'path', 'string_contains', 'string_starts_with', 'string_ends_with', 'array_contains', 'array_starts_with', 'array_ends_with',
]);
function isOperator(key: string): boolean { return key in OPERATORS || OTHER_OPERATORS.has(key); }

/** What one column is compared to. */
function columnTest(column: string, value: Value, node: Node, via: readonly string[], context: ClientContext): Reading {
  if (isUndefined(value)) return ALL;
  const one = (operator: Operator, operand: Value, complete = true): Reading => ({ arms: [[comparison(column, operator, operand, node, via)]], complete });
  if (isNull(value)) return one('is null', value);
  const entries = value.kind === 'object' && value.of !== undefined ? undefined : context.entries(value);
  const operators = entries?.flatMap((entry) => (entry.kind === 'property' ? [entry.key] : []));
  if (!entries || !operators?.length || !operators.every(isOperator)) return one('=', value);
  // Conditions inside a json document.
  if (operators.includes('path')) return one('other', value, false);
  const insensitive = entries.some((entry) => entry.kind === 'property' && entry.key === 'mode' && context.literal(entry.value)?.value !== 'default');
  return effectiveEntries(entries).reduce<Reading>((all, entry) => {
    if (entry.kind === 'spread') return { arms: all.arms, complete: false };
    const { key, value: operand } = entry;
    if (key === 'mode' || isUndefined(operand)) return all;
    const read = key === 'not' ? negated(columnTest(column, operand, node, via, context))
      : key === 'equals' && isNull(operand) ? one('is null', operand)
      // Equal but for case: a match for detection, never an equality to rewrite by.
      : key === 'equals' && insensitive ? one('like', operand)
      : key in OPERATORS ? one(OPERATORS[key]!, operand) : one('other', operand, false);
    return and(all, entry.conditional || maybeUndefined(operand) ? { ...read, arms: read.arms.map((arm) => arm.map((each) => ({ ...each, conditional: true }))) } : read);
  }, ALL);
}
