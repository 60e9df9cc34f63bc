/** Updates (`{ $set, $inc, $push, … }`) and documents to rows. */
import type { Assignment, How, Node, Predicate, Row, Table, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { rowFrom } from '../common/rows.ts';
import { effective, identity } from './filter.ts';
import { isDocument } from './handles.ts';

/** How each operator writes; the rest are unknown. */
const OPERATORS: Readonly<Record<string, How>> = {
  $set: 'set', $setOnInsert: 'set', $unset: 'set', $inc: 'atomic', $mul: 'atomic', $min: 'atomic', $max: 'atomic', $currentDate: 'atomic', $bit: 'atomic', $rename: 'atomic',
  $push: 'append', $addToSet: 'append', $pushAll: 'append', $pull: 'append', $pullAll: 'append', $pop: 'append',
};

/** These put in once more what is there already. */
const REPEATING: ReadonlySet<string> = new Set(['$push', '$pushAll']);

export interface Update {
  /** What an update of a stored document writes. */
  readonly row: Row;
  /** What an upsert writes only where it inserts (`$setOnInsert`). */
  readonly onInsert: readonly Assignment[];
}

/** @param written what is written for `undefined` in an operator: the driver stores null, Mongoose leaves the field out */
export function updateOf(value: Value, context: ClientContext, node?: Node, written?: Value): Update {
  // A pipeline computes from the stored document, in the database.
  const stages = context.elements(value);
  if (stages) {
    const assignments = stages.flatMap((stage) => {
      const set = context.entries(stage.value)?.find((one) => one.kind === 'property' && (one.key === '$set' || one.key === '$addFields'));
      return set?.kind === 'property' ? assigned(set.value, 'atomic', context).assignments : [];
    });
    return { row: { assignments, spreads: [], node }, onInsert: [] };
  }
  const entries = context.entries(value);
  if (!entries) return { row: { assignments: [], spreads: [value], node }, onInsert: [] };
  const assignments: Assignment[] = [];
  const spreads: Value[] = [];
  const onInsert: Assignment[] = [];
  for (const entry of effective(entries)) {
    if (entry.kind === 'spread') { if (entry.value.kind !== 'literal') spreads.push(entry.value); continue; }
    if (!entry.key.startsWith('$')) { if (!isUndefined(entry.value)) assignments.push(assignment(entry, 'set', context)); continue; }
    const how = OPERATORS[entry.key];
    if (!how) { spreads.push(entry.value); continue; }
    const part = assigned(entry.value, how, context, written);
    const conditional = entry.conditional ? { conditional: true } : {};
    if (entry.key === '$setOnInsert') { onInsert.push(...part.assignments.map((one) => ({ ...one, ...conditional }))); continue; }
    const unset = entry.key === '$unset';
    const repeats = REPEATING.has(entry.key) ? { repeats: true as const } : {};
    assignments.push(...part.assignments.map((one) => ({ ...one, ...(unset && { value: context.terms.null }), ...conditional, ...repeats })));
    spreads.push(...part.spreads);
  }
  return { row: { assignments, spreads, node }, onInsert };
}

function assigned(value: Value, how: How, context: ClientContext, written?: Value): Row {
  const entries = context.entries(value);
  if (!entries) return { assignments: [], spreads: [value], node: undefined };
  const kept = effective(entries);
  return {
    assignments: kept.flatMap((entry): Assignment[] => {
      if (entry.kind !== 'property') return [];
      if (!isUndefined(entry.value)) return [assignment(entry, how, context)];
      return written ? [{ ...assignment(entry, how, context), value: written }] : [];
    }),
    spreads: kept.flatMap((entry) => (entry.kind === 'spread' && entry.value.kind !== 'literal' ? [entry.value] : [])),
    node: undefined,
  };
}

function assignment(entry: ObjectEntry & { kind: 'property' }, how: How, context: ClientContext): Assignment {
  return { column: entry.key, value: identity(entry.value, context), how, node: entry.node, ...(entry.conditional && { conditional: true }) };
}

const isUndefined = (value: Value): boolean => value.kind === 'literal' && value.value === undefined;

/** The document that an upsert inserts: the filter's equalities, what is always written, and what is written on insert only. */
export function upsertedRow(predicate: Predicate, update: Update, node?: Node): Row {
  const arm = predicate.arms.length === 1 ? predicate.arms[0]! : [];
  const written = [...update.row.assignments, ...update.onInsert];
  const fromFilter = arm.filter((one) => one.operator === '=' && !written.some((each) => each.column === one.column))
    .map((one): Assignment => ({ column: one.column, value: one.value, how: 'set', node: one.node, ...(one.conditional && { conditional: true }) }));
  return { assignments: [...fromFilter, ...written], spreads: update.row.spreads, node };
}

/**
 * What `document.save()` writes: of a new document all fields; of a loaded one the changed paths, of which those that nobody
 * assigned ride along unsent.
 */
export function savedRow(value: Value, table: Table | undefined, context: ClientContext, node?: Node): Row {
  const entries = context.entries(value);
  if (!entries) return isDocument(value) ? { assignments: carried(value, [], table, context), spreads: [], node } : { assignments: [], spreads: [value], node };
  const row = rowFrom(value, context, node, (_key, each) => ({ value: identity(each, context), how: 'set' }));
  const loaded = row.spreads.filter(isDocument);
  const assignments = [...row.assignments, ...(loaded.length || isDocument(value) ? unset(entries, context) : [])];
  return {
    assignments: [...loaded.flatMap((one) => carried(one, assignments, table, context)), ...assignments],
    spreads: row.spreads.filter((one) => !loaded.includes(one)), node,
  };
}

/** `user.resetToken = undefined`: a field that a loaded document loses, not one that it never had. */
function unset(entries: readonly ObjectEntry[], context: ClientContext): Assignment[] {
  return effective(entries).flatMap((one): Assignment[] => (one.kind === 'property' && isUndefined(one.value)
    ? [{ column: one.key, value: context.terms.null, how: 'set', node: one.node, ...(one.conditional && { conditional: true }) }] : []));
}

function carried(value: Value, given: readonly Assignment[], table: Table | undefined, context: ClientContext): Assignment[] {
  return [...table?.columns.keys() ?? []].filter((column) => !column.includes('.') && !given.some((one) => one.column === column))
    .map((column) => ({ column, value: context.terms.member(value, column), how: 'carried', node: undefined }));
}
