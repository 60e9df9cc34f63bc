/** Where objects and criteria → `Predicate`. */
import type { Comparison, Node, Predicate, Table, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { comparison, EVERYTHING, orPredicate } from '../common/rows.ts';
import { columnTest, readOperator } from './operators.ts';
import { foreignKey, idColumn, isRow, isScalar, primaryKey, relationOf, tableOf } from './entities.ts';

type Arms = readonly (readonly Comparison[])[];
interface Partial { readonly arms: Arms; readonly complete: boolean }

const ALL: Partial = { arms: [[]], complete: true };
const UNKNOWN: Partial = { arms: [[]], complete: false };

/** Property entries of an object, later unconditional ones replacing earlier ones of their key. */
export function effectiveEntries(entries: readonly ObjectEntry[]): readonly ObjectEntry[] {
  return entries.filter((entry, index) => entry.kind === 'spread'
    || !entries.slice(index + 1).some((later) => later.kind === 'property' && later.key === entry.key && !later.conditional));
}

/** `{ email }`, `[{ a }, { b }]` (OR), or a variable that holds either. */
export function wherePredicate(value: Value | undefined, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value || isNothing(value)) return EVERYTHING;
  const elements = context.elements(value);
  if (elements) {
    const parts = elements.map((one) => (one.spread ? { arms: [], complete: false, node } : wherePredicate(one.value, table, context, one.node)));
    return elements.length ? orPredicate(parts, node) : { ...EVERYTHING, node };
  }
  return toPredicate(whereObject(value, table, [], context), node);
}

function toPredicate(given: Partial, node: Node | undefined): Predicate {
  const everything = given.arms.some((arm) => !arm.length);
  return { arms: everything ? [] : given.arms, complete: given.complete, node };
}

function whereObject(value: Value, table: Table | undefined, via: readonly string[], context: ClientContext): Partial {
  const entries = context.entries(value);
  if (!entries) {
    // `cond ? { a } : { b }` without a common reading: each arm is a way to qualify, of which one is in force.
    if (value.kind === 'choice') {
      const parts = value.arms.map((arm) => (isNothing(arm.value) ? ALL : whereObject(arm.value, table, via, context)));
      return { arms: parts.flatMap((part) => part.arms), complete: false };
    }
    return UNKNOWN;
  }
  return effectiveEntries(entries).reduce<Partial>((all, entry) => {
    if (entry.kind === 'spread') return isNothing(entry.value) ? all : { arms: all.arms, complete: false };
    const test = whereProperty(entry.key, entry.value, entry.node, table, via, context);
    const added = entry.conditional || maybeUndefined(entry.value) ? test.arms.map((arm) => arm.map((one) => ({ ...one, conditional: true }))) : test.arms;
    return { arms: all.arms.flatMap((a) => added.map((b) => [...a, ...b])), complete: all.complete && test.complete };
  }, ALL);
}

function whereProperty(key: string, value: Value, node: Node, table: Table | undefined, via: readonly string[], context: ClientContext): Partial {
  // 0.3 drops undefined and null from where objects; 1.x throws, so that nothing after the call depends on what it would match.
  if (value.kind === 'literal' && (value.value === undefined || value.value === null)) return ALL;
  const relation = relationOf(table, key);
  if (relation) {
    const operator = readOperator(value);
    const [first] = relation.columns;
    if (operator) return first ? columnTest(first, value, node, via, context) : { arms: [[comparison(key, 'other', value, node, via)]], complete: false };
    const entries = context.entries(value);
    if (entries && !isEntity(value, entries, context)) {
      const keys = entries.flatMap((entry) => (entry.kind === 'property' ? [entry.key] : []));
      const onlyKey = relation.columns.length > 0 && entries.length === keys.length && keys.length > 0 && keys.every((one) => relation.references.includes(one));
      if (!onlyKey) return whereObject(value, tableOf(relation.target, context), [...via, key], context);
      return keys.reduce<Partial>((all, one) => {
        const test = columnTest(relation.columns[relation.references.indexOf(one)]!, context.property(value, one), node, via, context);
        return { arms: all.arms.flatMap((a) => test.arms.map((b) => [...a, ...b])), complete: all.complete && test.complete };
      }, ALL);
    }
    // `roles: true` asks for related rows to exist.
    if (value.kind === 'literal' && typeof value.value === 'boolean') return { arms: [[]], complete: false };
    if (!relation.columns.length) {
      const reference = idColumn(tableOf(relation.target, context)) ?? 'id';
      return { arms: [[comparison(reference, '=', isScalar(value) ? value : context.property(value, reference), node, [...via, key])]], complete: true };
    }
    return { arms: [foreignKey(relation, value, context).map((one) => comparison(one.column, '=', one.value, node, via))], complete: true };
  }
  const entries = context.entries(value);
  if (entries && value.kind === 'object' && !table?.columns.has(key)) {
    // An embedded object is columns of this table under a dotted name; anything else is a relation that the schema did not show.
    const embedded = table && [...table.columns.keys()].some((name) => name.startsWith(`${key}.`));
    if (!embedded) return whereObject(value, undefined, [...via, key], context);
    return entries.reduce<Partial>((all, entry) => {
      if (entry.kind === 'spread') return { arms: all.arms, complete: false };
      const test = whereProperty(`${key}.${entry.key}`, entry.value, entry.node, table, via, context);
      return { arms: all.arms.flatMap((a) => test.arms.map((b) => [...a, ...b])), complete: all.complete && test.complete };
    }, ALL);
  }
  return columnTest(key, value, node, via, context);
}

/** An entity given where a where object could stand: a row that was read, possibly with fields assigned, or an instance. */
function isEntity(value: Value, entries: readonly ObjectEntry[], context: ClientContext): boolean {
  if (isRow(value, context)) return true;
  return value.kind === 'object' && value.of !== undefined && !entries.some((entry) => entry.kind === 'spread');
}

/**
 * The criteria of `update`, `delete`, `softDelete`, `restore`: an id, ids, or a where object. A variable that could be
 * either is left unread: taking a where object for an id would invent a key.
 */
export function criteriaPredicate(value: Value | undefined, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value) return { arms: [], complete: false, node };
  const id = idColumn(table);
  const elements = context.elements(value);
  if (elements) {
    if (elements.some((one) => one.spread || context.entries(one.value))) {
      return elements.every((one) => !one.spread && context.entries(one.value)) ? orPredicate(elements.map((one) => criteriaPredicate(one.value, table, context, one.node)), node) : { arms: [], complete: false, node };
    }
    return id ? { arms: [[comparison(id, 'in', value, node)]], complete: true, node } : { arms: [], complete: false, node };
  }
  if (readOperator(value) && id) return { ...columnTest(id, value, node!, [], context), node };
  if (isRow(value, context)) return rowPredicate(value, table, context, node);
  if (context.entries(value)) return wherePredicate(value, table, context, node);
  if (isScalar(value) && id) return { arms: [[comparison(id, '=', value, node)]], complete: true, node };
  const element = context.element(value);
  if (id && isIds(value, element)) return { arms: [[comparison(id, 'in', value, node)]], complete: true, node };
  return { arms: [], complete: false, node };
}

/** `rows.map((row) => row.id)`, or a variable named `ids`, `userIds`. */
function isIds(value: Value, element: Value): boolean {
  if (element.kind !== 'element') return isScalar(element);
  const name = value.kind === 'input' ? value.name : value.kind === 'member' ? value.key : '';
  return /(^|_)(ids|uuids)$/i.test(name) || /(Ids|IDs|Uuids)$/.test(name);
}

/** The row that `value` is, by primary key: what `save`, `remove`, `reload` address. */
export function rowPredicate(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  const keys = primaryKey(table) ?? ['id'];
  return { arms: [keys.map((key) => comparison(key, '=', context.property(value, key), node))], complete: true, node };
}

/** `find*` leaves soft-deleted rows out unless `withDeleted`; updates and deletes do not. */
export function withoutDeleted(predicate: Predicate, table: Table | undefined, context: ClientContext): Predicate {
  const column = table && [...table.columns.values()].find((one) => one.deletedAt);
  if (!column) return predicate;
  const alive = comparison(column.name, 'is null', context.terms.null);
  const mentioned = predicate.arms.some((arm) => arm.some((one) => one.column === column.name && !one.via.length));
  if (mentioned) return predicate;
  return { ...predicate, arms: predicate.arms.length ? predicate.arms.map((arm) => [...arm, alive]) : [[alive]] };
}

function isNothing(value: Value): boolean {
  return value.kind === 'literal' && (value.value === undefined || value.value === null);
}

/** `email || undefined`: on the paths where it is undefined the condition is not there. */
function maybeUndefined(value: Value): boolean {
  return value.kind === 'choice' && value.arms.some((arm) => isNothing(arm.value));
}
