/**
 * Written rows and equality predicates from plain objects: the shape that most libraries share (`data: { … }`,
 * `where: { email }`, `insert({ … })`). What a library writes differently stays with its client.
 */
import type { Assignment, Comparison, How, Node, Operation, Operator, Predicate, Row, Table, Value } from '../../model.ts';
import { path } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';

/** How one property is written, where the library has objects with a meaning (`{ increment: 1 }`); undefined: plainly set. */
export type AssignmentReader = (key: string, value: Value, node: Node) => { column?: string; value: Value; how: How } | 'skip' | undefined;

/** The row that an object writes. An object that is not known becomes one spread: "whole object, columns not known". */
export function rowFrom(value: Value, context: ClientContext, node?: Node, read?: AssignmentReader): Row {
  const entries = context.entries(value);
  if (!entries) return { assignments: [], spreads: [value], node };
  const assignments: Assignment[] = [];
  const spreads: Value[] = [];
  for (const entry of entries) {
    if (entry.kind === 'spread') { spreads.push(entry.value); continue; }
    // `undefined` leaves the column out in every supported library.
    if (entry.value.kind === 'literal' && entry.value.value === undefined) continue;
    const special = read?.(entry.key, entry.value, entry.node);
    if (special === 'skip') continue;
    const conditional = entry.conditional ? { conditional: true } : {};
    assignments.push({ column: special?.column ?? entry.key, value: special?.value ?? entry.value, how: special?.how ?? 'set', node: entry.node, ...conditional });
  }
  return { assignments, spreads, node };
}

/**
 * The rows of `insert(row | rows)`: one per known element, or one that stands for every element of a mapped collection, then
 * with `rowsOf`, the collection.
 */
export function rowsFrom(value: Value, context: ClientContext, node?: Node, read?: AssignmentReader): { rows: readonly Row[]; rowsOf?: Value; many: boolean } {
  const elements = context.elements(value);
  if (elements && elements.every((one) => !one.spread)) {
    return { rows: elements.map((one) => rowFrom(one.value, context, one.node, read)), many: elements.length !== 1 };
  }
  if (context.entries(value)) return { rows: [rowFrom(value, context, node, read)], many: false };
  const element = context.element(value);
  // What a filter or map leaves is a collection whatever its elements are; any other value may be one row or several.
  if (context.entries(element) || value.kind === 'filtered') return { rows: [rowFrom(element, context, node, read)], rowsOf: value, many: true };
  return { rows: [rowFrom(value, context, node, read)], rowsOf: value, many: true };
}

export const EVERYTHING: Predicate = { arms: [], complete: true, node: undefined };

/** `arms ∧ more`, by distribution. */
export function andPredicate(one: Predicate, other: Predicate): Predicate {
  const left = one.arms.length ? one.arms : [[]];
  const right = other.arms.length ? other.arms : [[]];
  const arms = left.flatMap((a) => right.map((b) => [...a, ...b]));
  const empty = !one.arms.length && !other.arms.length;
  return { arms: empty ? [] : arms, complete: one.complete && other.complete, node: one.node ?? other.node };
}

export function orPredicate(parts: readonly Predicate[], node?: Node): Predicate {
  if (parts.some((part) => !part.arms.length)) return { arms: [], complete: parts.every((part) => part.complete), node };
  return { arms: parts.flatMap((part) => part.arms), complete: parts.every((part) => part.complete), node };
}

export function comparison(column: string, operator: Operator, value: Value, node?: Node, via: readonly string[] = []): Comparison {
  return { column, operator, value, via, node };
}

export function single(...comparisons: readonly Comparison[]): Predicate {
  return { arms: [comparisons], complete: true, node: undefined };
}

/** One row when every arm of the predicate fixes a whole primary or unique key. */
export function addressesOne(predicate: Predicate, table: Table | undefined): boolean {
  if (predicate.arms.length !== 1) return false;
  const equal = new Set(predicate.arms[0]!.filter((one) => one.operator === '=' && !one.via.length && !one.conditional).map((one) => one.column));
  const keys = table?.keys.filter((key) => !key.where && !key.expression).map((key) => key.columns) ?? [];
  return (keys.length ? keys : [['id']]).some((key) => key.every((column) => equal.has(column)));
}

/**
 * What an object of equalities selects (`{ email, orgId }`), the plainest `where` that libraries have: NULL is a test of its own, an
 * unknown object or spread leaves the predicate incomplete.
 */
export function equalities(value: Value | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value) return EVERYTHING;
  const entries = context.entries(value);
  if (!entries) return { arms: [], complete: false, node };
  const known = entries.filter((entry) => entry.kind === 'property' && !(entry.value.kind === 'literal' && entry.value.value === undefined));
  const arm = known.flatMap((entry) => (entry.kind !== 'property' ? [] : [{
    ...comparison(entry.key, entry.value.kind === 'literal' && entry.value.value === null ? 'is null' : '=', entry.value, entry.node), ...(entry.conditional && { conditional: true }),
  }]));
  return { arms: arm.length ? [arm] : [], complete: entries.every((entry) => entry.kind === 'property'), node };
}

/** Whose row `value` is, a part of what `operation` resolved to; relations are followed (`related`). Undefined for scalars and others. */
export function rowIn(value: Value, operation: Operation, tableOf: (name: string) => Table | undefined): { readonly name: string; readonly related: boolean } | undefined {
  const { keys } = path(value);
  const [part] = operation.result.filter((one) => (one.is === 'row' || one.is === 'rows' || one.is === 'written') && one.path.every((key, index) => keys[index] === key)).sort((a, b) => b.path.length - a.path.length);
  if (!part) return undefined;
  let { name, table } = operation.table;
  let related = false;
  for (const key of keys.slice(part.path.length)) {
    if (/^\d+$/.test(key)) continue;
    const relation = table?.relations.find((one) => one.name === key);
    if (!relation) return undefined;
    name = relation.target;
    table = tableOf(name);
    related = true;
  }
  return { name, related };
}
