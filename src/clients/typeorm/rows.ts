/** Written rows: values of inserts and updates, and the entities that `save` writes. */
import type { Assignment, How, Node, Row, Table, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { foreignKey, isRow, primaryKey, relationOf, tableOf } from './entities.ts';
import { sqlValue } from './fragments.ts';
import { effectiveEntries } from './where.ts';
import { lineage } from '../../value/terms.ts';

/** The row that a plain object, an instance or a loaded entity writes. */
export function entityRow(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Row {
  const entries = context.entries(value);
  if (!entries) return isRow(value, context) ? carriedRow(value, new Set(), table, context, node) : { assignments: [], spreads: [value], node };
  const assignments: Assignment[] = [];
  const spreads: Value[] = [];
  const loaded: Value[] = [];
  for (const entry of effectiveEntries(entries)) {
    if (entry.kind === 'spread') (isRow(entry.value, context) ? loaded : spreads).push(entry.value);
    else assignments.push(...assigned(entry, loaded, table, context));
  }
  const given = new Set(assignments.map((one) => one.column));
  for (const base of loaded) {
    const carried = carriedRow(base, given, table, context, node);
    assignments.unshift(...carried.assignments);
    spreads.push(...carried.spreads);
  }
  return { assignments, spreads, node };
}

/** Columns that a save of a loaded entity writes back as they were read; a spread where the columns are not known. */
function carriedRow(base: Value, given: ReadonlySet<string>, table: Table | undefined, context: ClientContext, node?: Node): Row {
  if (!table) return { assignments: [], spreads: [base], node };
  const selected = base.kind === 'member' || base.kind === 'element' || base.kind === 'result' ? lineage(base)?.columns : undefined;
  const names = [...table.columns.keys()].filter((name) => !given.has(name) && (!selected || selected.includes(name)));
  return {
    assignments: names.map((column) => ({ column, value: context.terms.member(base, column), how: 'carried' as const, node })),
    spreads: [],
    node,
  };
}

function assigned(entry: ObjectEntry & { kind: 'property' }, loaded: readonly Value[], table: Table | undefined, context: ClientContext): Assignment[] {
  const { key, value, node } = entry;
  // `undefined` leaves the column out.
  if (value.kind === 'literal' && value.value === undefined) return [];
  const conditional = entry.conditional ? { conditional: true } : {};
  const relation = relationOf(table, key);
  if (relation && relation.columns.length) {
    if (value.kind === 'literal' && value.value === null) return relation.columns.map((column) => ({ column, value, how: 'set' as const, node, ...conditional }));
    return foreignKey(relation, value, context).map((one) => ({ column: one.column, value: one.value, how: 'set' as const, node, ...conditional }));
  }
  if (value.kind === 'function') {
    const raw = context.callback(value, []);
    const read = raw && sqlValue(raw, key, table, context);
    // A function stands for SQL that is written in its place.
    return [{ column: key, value: read?.value ?? value, how: read?.how ?? 'atomic', node, ...conditional }];
  }
  const embedded = table && !table.columns.has(key) && [...table.columns.keys()].some((name) => name.startsWith(`${key}.`)) ? context.entries(value) : undefined;
  if (embedded) {
    return embedded.flatMap((inner) => (inner.kind === 'property' ? assigned({ ...inner, key: `${key}.${inner.key}`, conditional: inner.conditional || entry.conditional }, loaded, table, context) : []));
  }
  // `{ id: row.id, status: row.status, … }`: the same column of a row that was read is carried along, not computed.
  const carried = value.kind === 'member' && value.key === key && isRow(value.object, context) && !isRow(value, context);
  const how: How = carried ? 'carried' : 'set';
  return [{ column: key, value, how, node, ...conditional }];
}

export interface Written { readonly rows: readonly Row[]; readonly rowsOf?: Value; readonly many: boolean }

/** The rows of `insert(row | rows)` and `save(entity | entities)`: one for each known element, else one that stands for all. */
export function entityRows(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Written {
  const elements = context.elements(value);
  if (elements && elements.every((one) => !one.spread)) {
    return { rows: elements.map((one) => entityRow(one.value, table, context, one.node)), many: elements.length !== 1 };
  }
  if (context.entries(value) || isSingle(value, context)) return { rows: [entityRow(value, table, context, node)], many: false };
  const element = context.element(value);
  if (element.kind !== 'element' || isRow(element, context)) return { rows: [entityRow(element, table, context, node)], rowsOf: value, many: true };
  if (value.kind === 'array' || value.kind === 'filtered') return { rows: [{ assignments: [], spreads: [element], node }], rowsOf: value, many: true };
  // A parameter, a followed call …: one row or several. Its name is the only hint, and one row the common case.
  const many = /(s|List|Array|Entities)$/.test(nameOf(value)) && !/(ss|us|is)$/.test(nameOf(value));
  return { rows: [{ assignments: [], spreads: [value], node }], ...(many && { rowsOf: value }), many };
}

function nameOf(value: Value): string { return value.kind === 'input' ? value.name : value.kind === 'member' ? value.key : ''; }

/** A value that is one row although nothing of it is known: a row part of a result, not a rows part. */
function isSingle(value: Value, context: ClientContext): boolean {
  if (!isRow(value, context)) return value.kind === 'choice' && value.arms.every((arm) => arm.value.kind === 'literal' || isSingle(arm.value, context) || context.entries(arm.value) !== undefined);
  if (value.kind === 'element') return true;
  const operation = lineage(value)!;
  if (value.kind === 'result') return operation.result.some((part) => !part.path.length && (part.is === 'row' || (part.is === 'written' && !operation.many)));
  if (value.kind === 'member') {
    if (/^\d+$/.test(value.key)) return value.object.kind !== 'result' || operation.result.some((part) => part.path.join() === value.key ? part.is === 'row' : !part.path.length && part.is !== 'row');
    const owner = operation.table.table && relationOwner(value, context);
    return owner ? !owner.many : true;
  }
  return false;
}

function relationOwner(value: Value & { kind: 'member' }, context: ClientContext): { many: boolean } | undefined {
  const operation = lineage(value);
  let table = operation?.table.table;
  const keys: string[] = [];
  for (let at: Value = value; at.kind === 'member' || at.kind === 'element' || at.kind === 'filtered'; at = at.kind === 'member' ? at.object : at.of) {
    if (at.kind === 'member' && !/^\d+$/.test(at.key)) keys.unshift(at.key);
  }
  let found: { many: boolean } | undefined;
  for (const key of keys) {
    const relation = relationOf(table, key);
    if (!relation) continue;
    found = relation;
    table = tableOf(relation.target, context);
  }
  return found;
}

/**
 * Which columns of the primary key a row gives, and whether a save of it can only insert: TypeORM looks for the stored row
 * only when every part of the key is there.
 */
export function keyGiven(row: Row, table: Table | undefined): { given: readonly string[]; insertsOnly: boolean } {
  const keys = primaryKey(table);
  const isGiven = (column: string): boolean => row.assignments.some((one) => one.column === column && !(one.value.kind === 'literal' && one.value.value == null));
  if (!keys) return { given: row.assignments.some((one) => one.column === 'id' && isGiven('id')) ? ['id'] : [], insertsOnly: false };
  const given = keys.filter(isGiven);
  return { given, insertsOnly: row.spreads.length === 0 && given.length < keys.length };
}
