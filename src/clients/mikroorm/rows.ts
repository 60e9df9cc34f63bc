/** Written rows: values of inserts and updates, new entities, the changed fields of managed ones. */
import type { Assignment, Node, Row, Table, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { idColumn, isRow, referenceKey, relationOf, tableOf } from './entities.ts';
import { isNull } from './operators.ts';
import { fragmentValue, isFragment } from './raw.ts';
import { effectiveEntries } from './where.ts';

/** The row that a plain object or an entity writes. */
export function entityRow(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Row {
  const entries = context.entries(value);
  return entries ? rowOf(entries, table, context, node) : { assignments: [], spreads: [value], node };
}

export function rowOf(entries: readonly ObjectEntry[], table: Table | undefined, context: ClientContext, node?: Node): Row {
  const assignments: Assignment[] = [];
  const spreads: Value[] = [];
  for (const entry of effectiveEntries(entries)) {
    if (entry.kind === 'spread') spreads.push(entry.value);
    else assignments.push(...assigned(entry, table, context));
  }
  return { assignments, spreads, node };
}

function assigned(entry: ObjectEntry & { kind: 'property' }, table: Table | undefined, context: ClientContext): Assignment[] {
  const { key, value, node } = entry;
  if (value.kind === 'literal' && value.value === undefined) return [];
  const conditional = entry.conditional ? { conditional: true } : {};
  if (isFragment(value)) return [{ column: key, node, ...conditional, ...fragmentValue(value, key, table, context) }];
  const relation = relationOf(table, key);
  if (relation) {
    const [own] = relation.columns;
    // A collection is no column: its rows are written in their own table.
    if (!own) return [];
    return [{ column: own, value: isNull(value) ? value : referenceKey(relation, value, context), how: 'set', node, ...conditional }];
  }
  const embedded = table && !table.columns.has(key) && [...table.columns.keys()].some((name) => name.startsWith(`${key}.`)) ? context.entries(value) : undefined;
  if (embedded) return embedded.flatMap((inner) => (inner.kind === 'property' ? assigned({ ...inner, key: `${key}.${inner.key}`, conditional: inner.conditional || entry.conditional }, table, context) : []));
  // An entity under a name that the schema did not show is a reference to it.
  return [{ column: key, value: !table && isRow(value, context) ? context.property(value, 'id') : value, how: 'set', node, ...conditional }];
}

export interface Written { readonly rows: readonly Row[]; readonly rowsOf?: Value; readonly many: boolean }

/** The rows of `insert(row)`, `insertMany(rows)`, `persist(entity | entities)`: one for each known element, else one that stands for all. */
export function entityRows(value: Value, many: boolean, table: Table | undefined, context: ClientContext, node?: Node): Written {
  const elements = context.elements(value);
  if (elements && elements.every((one) => !one.spread)) return { rows: elements.map((one) => entityRow(one.value, table, context, one.node)), many: elements.length !== 1 };
  if (!many && value.kind !== 'array' && value.kind !== 'filtered') return { rows: [entityRow(value, table, context, node)], many: false };
  return { rows: [entityRow(context.element(value), table, context, node)], rowsOf: value, many: true };
}

/** Rows of a collection that code adds to: `author.books.add(book)` gives the book its author. */
export function ownerOf(collection: Value, context: ClientContext, tables: { readonly name: string; readonly table: Table | undefined } | undefined): { readonly column: string; readonly value: Value } | undefined {
  if (collection.kind !== 'member' || !tables) return undefined;
  const relation = relationOf(tables.table, collection.key);
  const back = relation?.inverse === undefined ? undefined : relationOf(tableOf(relation.target, context), relation.inverse);
  return back?.columns.length === 1 ? { column: back.columns[0]!, value: context.property(collection.object, idColumn(tables.table) ?? 'id') } : undefined;
}
