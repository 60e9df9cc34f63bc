/**
 * Nested writes: `data: { links: { deleteMany: {}, create: [ … ] } }`. Each is a statement of its own on the related table, in one
 * transaction with the call's own statement. Measured: `connectOrCreate` and nested `upsert` are a SELECT and then a write.
 */
import type { Assignment, Comparison, Conflict, Node, OperationSpec, Predicate, Row, Table, TableRef, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { andPredicate, comparison } from '../common/rows.ts';
import { childLinks, readData, readRows, type EntryWrites, type Parent } from './data.ts';
import { dialectOf, modelName, relationOf, specFor, tableNamed, type Target } from './handles.ts';
import { violationOf } from './violation.ts';
import { effectiveEntries, isUndefined, wherePredicate } from './where.ts';

type Link = { readonly column: string; readonly value: Value };

/** What is removed is removed before anything is added, as the idiom `{ deleteMany: {}, create: [ … ] }` counts on. */
const ORDER = ['set', 'disconnect', 'delete', 'deleteMany'];

export function nestedWrites(entry: ObjectEntry & { kind: 'property' }, parent: Parent, context: ClientContext, depth: number): EntryWrites {
  const relation = relationOf(parent.target.ref.table, entry.key);
  const table = relation && tableNamed(relation.target, context);
  const ref: TableRef = { name: relation?.target ?? modelName(entry.key), table };
  const target: Target = { ...parent.target, ref, label: `${parent.target.label} (${entry.key})` };
  const inner = context.entries(entry.value);
  if (!inner) return { assignments: [], before: [], after: [] };
  const writes = effectiveEntries(inner).flatMap((one) => (one.kind === 'property' && !isUndefined(one.value) ? [one] : []));
  const rank = (key: string): number => { const at = ORDER.indexOf(key); return at < 0 ? ORDER.length : at; };
  const ordered = [...writes].sort((a, b) => rank(a.key) - rank(b.key));
  // The foreign key lies here, or (unknown schema) one row is connected.
  const owns = relation ? relation.columns.length > 0 : writes.length === 1 && (writes[0]!.key === 'connect' || writes[0]!.key === 'disconnect') && !context.elements(writes[0]!.value);
  if (owns) return owned(ordered, relation?.columns ?? [`${entry.key}Id`], relation?.references ?? ['id'], target, parent, context, depth);
  const inverse = relation && (relation.inverse ? relationOf(table, relation.inverse) : table?.relations.find((one) => one.columns.length && one.target === parent.target.ref.name));
  const links = childLinks(relation, inverse, parent);
  return { assignments: [], before: [], after: ordered.flatMap((one) => childWrites(one, links, target, context, depth)) };
}

/** A to-one relation whose foreign key is a column of the written row. */
function owned(writes: readonly (ObjectEntry & { kind: 'property' })[], columns: readonly string[], references: readonly string[], target: Target, parent: Parent, context: ClientContext, depth: number): EntryWrites {
  const assignments: Assignment[] = [];
  const before: OperationSpec[] = [];
  const after: OperationSpec[] = [];
  const set = (from: (reference: string) => Value, node: Node): void => {
    columns.forEach((column, index) => { assignments.push({ column, value: from(references[index] ?? 'id'), how: 'set', node }); });
  };
  const there = (): Predicate => ({ arms: [columns.map((column, index) => comparison(references[index] ?? 'id', '=', parent.value(column)))], complete: true, node: undefined });
  for (const { key, value, node } of writes) {
    switch (key) {
      case 'connect': set((reference) => given(value, reference, node, context), node); break;
      case 'disconnect': if (!(value.kind === 'literal' && value.value === false)) set(() => context.terms.null, node); break;
      case 'create': {
        const written = readRows(value, target, context, node, [], depth + 1);
        before.push(...written.before, insertOf(target, written.rows, undefined, false, context), ...written.after);
        const row = written.rows[0];
        set((reference) => row?.assignments.find((one) => one.column === reference)?.value ?? context.terms.unknown(node), node);
        break;
      }
      case 'connectOrCreate':
        before.push(...connectOrCreate(value, node, target, [], context, depth));
        set((reference) => given(context.property(value, 'where'), reference, node, context), node);
        break;
      default: after.push(...changes(key, value, node, there(), [], target, context, depth));
    }
  }
  return { assignments, before, after };
}

/** The key of the row that is connected: `{ id }` tells it, another unique key leaves it open. */
function given(where: Value, reference: string, node: Node, context: ClientContext): Value {
  const entry = context.entries(where)?.findLast((one) => one.kind === 'property' && one.key === reference);
  if (entry?.kind === 'property') return entry.value;
  return context.entries(where) ? context.terms.unknown(node, [where]) : context.property(where, reference);
}

/** A relation whose foreign key lies in the related table; `links` undefined: in a table between. */
function childWrites({ key, value, node }: ObjectEntry & { kind: 'property' }, links: readonly Link[] | undefined, target: Target, context: ClientContext, depth: number): readonly OperationSpec[] {
  const assignments = (links ?? []).map((link): Assignment => ({ ...link, how: 'set', node }));
  const own = linked(links);
  switch (key) {
    case 'create': {
      const written = readRows(value, target, context, node, assignments, depth + 1);
      return [...written.before, insertOf(target, written.rows, written.rowsOf, written.many, context), ...written.after];
    }
    case 'createMany': {
      const written = readRows(context.property(value, 'data'), target, context, node, assignments, depth + 1);
      const skips = context.literal(context.property(value, 'skipDuplicates'))?.value === true;
      return [{ ...insertOf(target, written.rows, written.rowsOf, true, context), ...(skips && { verb: 'upsert' as const, conflict: { target: undefined, action: 'ignore' as const, update: undefined, atomic: true as const } }) }];
    }
    case 'connectOrCreate': return connectOrCreate(value, node, target, assignments, context, depth);
    // Links of a table between are added and taken away by the database without a race.
    case 'connect': return links ? listed(value, context).map((one) => relink(one.value, one.node ?? node, links, target, context)) : [];
    case 'set': return links ? [relinkAll(own, links, target, node, context), ...listed(value, context).map((one) => relink(one.value, one.node ?? node, links, target, context))] : [];
    case 'disconnect': return links ? [relinkAll(own, links, target, node, context)] : [];
    default: return changes(key, value, node, own, assignments, target, context, depth);
  }
}

function linked(links: readonly Link[] | undefined): Predicate {
  const comparisons: readonly Comparison[] = (links ?? []).map((link) => comparison(link.column, '=', link.value));
  return links ? { arms: [comparisons], complete: true, node: undefined } : { arms: [], complete: false, node: undefined };
}

/** `update`, `updateMany`, `upsert`, `delete`, `deleteMany` of rows that hang on the parent by `own`. */
function changes(key: string, value: Value, node: Node, own: Predicate, links: readonly Assignment[], target: Target, context: ClientContext, depth: number): readonly OperationSpec[] {
  const { table } = target.ref;
  const within = (where: Value | undefined, unique: boolean): Predicate => andPredicate(own, wherePredicate(where, table, unique, context, node));
  const isEmpty = value.kind === 'literal';
  return listed(value, context).flatMap((one): readonly OperationSpec[] => {
    const at = one.node ?? node;
    switch (key) {
      case 'delete': return [deleteOf(target, isEmpty ? own : within(one.value, true), false, context)];
      case 'deleteMany': return [deleteOf(target, isEmpty ? own : within(one.value, false), true, context)];
      case 'update': case 'updateMany': {
        const keys = (context.entries(one.value) ?? []).map((each) => (each.kind === 'property' ? each.key : ''));
        const wrapped = keys.includes('data') && keys.every((each) => each === 'data' || each === 'where');
        const predicate = wrapped ? within(property(one.value, 'where', context), key === 'update') : own;
        const written = readData(wrapped ? context.property(one.value, 'data') : one.value, target, context, at, predicate, [], depth + 1);
        return [...written.before, updateOf(target, predicate, written.row, key === 'updateMany', context), ...written.after];
      }
      case 'upsert': {
        const where = property(one.value, 'where', context);
        const predicate = within(where, true);
        const created = readData(context.property(one.value, 'create'), target, context, at, undefined, links, depth + 1);
        const updated = readData(context.property(one.value, 'update'), target, context, at, predicate, [], depth + 1);
        const conflict: Conflict = {
          target: columnsOf(predicate, target.ref.table), action: 'update', update: updated.row, atomic: false, why: 'a nested `upsert` is a SELECT and then an INSERT or UPDATE',
        };
        return [upsertOf(target, predicate, created.row, conflict, context)];
      }
      default: return [];
    }
  });
}

function connectOrCreate(value: Value, node: Node, target: Target, links: readonly Assignment[], context: ClientContext, depth: number): readonly OperationSpec[] {
  return listed(value, context).flatMap((one): readonly OperationSpec[] => {
    const predicate = wherePredicate(property(one.value, 'where', context), target.ref.table, true, context, node);
    const created = readData(context.property(one.value, 'create'), target, context, one.node ?? node, undefined, links, depth + 1);
    const conflict: Conflict = { target: columnsOf(predicate, target.ref.table), action: 'ignore', update: undefined, atomic: false, why: '`connectOrCreate` is a SELECT and then an INSERT' };
    return [...created.before, upsertOf(target, predicate, created.row, conflict, context), ...created.after];
  });
}

function property(value: Value, key: string, context: ClientContext): Value | undefined {
  const entries = context.entries(value);
  if (!entries) return context.property(value, key);
  const entry = entries.findLast((one) => one.kind === 'property' && one.key === key);
  return entry?.kind === 'property' ? entry.value : undefined;
}

/** The elements of a list, any one of a collection, or the one object. */
function listed(value: Value, context: ClientContext): readonly { readonly value: Value; readonly node: Node | undefined }[] {
  const elements = context.elements(value);
  if (elements) return elements.map((one) => ({ value: one.spread ? context.element(one.value) : one.value, node: one.node }));
  if (context.entries(value) || value.kind === 'literal') return [{ value, node: undefined }];
  const element = context.element(value);
  return [{ value: context.entries(element) ? element : value, node: undefined }];
}

/** The key that an upsert goes by: the one unique key in `where`, of which further conditions are no part; undefined where several are named. */
export function columnsOf(predicate: Predicate, table: Table | undefined): readonly string[] | undefined {
  if (predicate.arms.length !== 1) return undefined;
  const columns = [...new Set(predicate.arms[0]!.filter((one) => one.operator === '=' && !one.via.length).map((one) => one.column))];
  if (!table) return columns;
  const keys = table.keys.filter((key) => key.columns.length > 0 && key.columns.every((column) => columns.includes(column)));
  return keys.length > 1 ? undefined : keys[0]?.columns ?? columns;
}

function insertOf(target: Target, rows: readonly Row[], rowsOf: Value | undefined, many: boolean, context: ClientContext): OperationSpec {
  return specFor(target, context, { verb: 'insert', nested: true, rows, ...(rowsOf && { rowsOf }), many, result: [], violation: violationOf(context, dialectOf(target, context)) });
}
function updateOf(target: Target, predicate: Predicate, row: Row, many: boolean, context: ClientContext): OperationSpec {
  return specFor(target, context, { verb: 'update', nested: true, predicate, rows: [row], many, result: [], miss: many ? 'silent' : 'throws', violation: violationOf(context, dialectOf(target, context)) });
}
function deleteOf(target: Target, predicate: Predicate, many: boolean, context: ClientContext): OperationSpec {
  return specFor(target, context, { verb: 'delete', nested: true, predicate, many, result: [], miss: many ? 'silent' : 'throws' });
}
function upsertOf(target: Target, predicate: Predicate, row: Row, conflict: Conflict, context: ClientContext): OperationSpec {
  return specFor(target, context, { verb: 'upsert', nested: true, predicate, rows: [row], conflict, many: false, result: [], violation: violationOf(context, dialectOf(target, context)) });
}
function relink(where: Value, node: Node, links: readonly Link[], target: Target, context: ClientContext): OperationSpec {
  const row: Row = { assignments: links.map((link) => ({ ...link, how: 'set', node })), spreads: [], node };
  return updateOf(target, wherePredicate(where, target.ref.table, true, context, node), row, false, context);
}
function relinkAll(own: Predicate, links: readonly Link[], target: Target, node: Node, context: ClientContext): OperationSpec {
  const row: Row = { assignments: links.map((link) => ({ column: link.column, value: context.terms.null, how: 'set', node })), spreads: [], node };
  return updateOf(target, own, row, true, context);
}
