/**
 * Units of work: rows that code makes, changes and removes, all written together when it says so. The write happens at the flush, under
 * the conditions of both, in one transaction; it is reported where the row was made or changed, for that is what the code says of it.
 */
import type { ObjectEntry, UnitOfWork } from '../clients/client.ts';
import type { Transaction } from '../model.ts';
import { contains } from '../source/syntax.ts';
import type { Formula } from '../value/formula.ts';
import type { Node, Value } from '../value/terms.ts';
import type { Kept } from './kept.ts';
import { deepSources, elementsOf, entriesOf } from './objects.ts';
import { fork } from './state.ts';
import type { Walk } from './walk.ts';

/** Hands `of` to the unit: a row, several of them, or one of several. */
export function keep(walk: Walk, unit: UnitOfWork, how: Kept['how'], of: Value, node: Node, when: Formula = walk.formulas.true): void {
  if (walk.quiet || of.kind === 'literal') return;
  if (of.kind === 'choice') {
    for (const arm of of.arms) keep(walk, unit, how, arm.value, node, walk.formulas.and(when, arm.when));
    return;
  }
  const elements = elementsOf(walk, of);
  if (elements && elements.every((one) => !one.spread)) {
    for (const one of elements) keep(walk, unit, how, one.value, node, when);
    return;
  }
  if (how === 'insert' && isKnown(walk, unit, of)) return;
  const known = walk.state.keptOf(of.id);
  if (known && known.unit === unit && known.how === how) {
    if (!known.stored) walk.state.kept.set(of.id, { ...known, when: walk.formulas.or(known.when, when) });
    return;
  }
  // Made and thrown away again before anything was written.
  const pending = known?.how === 'insert' && how === 'delete' && !known.stored;
  const kept = { value: of, how, unit, node, origin: { file: walk.file, frames: [...walk.frames], loops: [...walk.loops] }, when: pending ? walk.formulas.false : when, stored: known?.stored ?? false };
  walk.state.kept.set(of.id, kept);
}

/** A row that was read, or a collection of such and of rows that the unit was given one by one. */
function isKnown(walk: Walk, unit: UnitOfWork, value: Value): boolean {
  if (value.kind === 'literal') return true;
  if (value.kind === 'choice') return value.arms.every((arm) => isKnown(walk, unit, arm.value));
  if (value.kind === 'object') return false;
  if (unit.row(value, walk.context) === value) return true;
  const object = walk.state.object(value.id);
  const parts = object?.elements?.map((one) => one.value) ?? (object?.mapped ? [object.mapped.element] : object?.changed);
  const isGiven = (one: Value): boolean => (one.kind === 'choice' ? one.arms.every((arm) => isGiven(arm.value)) : one.kind === 'object' ? walk.state.keptOf(one.id)?.unit === unit : isKnown(walk, unit, one));
  return parts !== undefined && parts.length > 0 && parts.every(isGiven);
}

/** Everything that `unit` has to write: removed rows go, new ones come, changed ones are stored. */
export function flush(walk: Walk, client: string, unit: UnitOfWork, node: Node): void {
  if (walk.quiet || walk.state.dead) return;
  const transaction = walk.ambientOf(client) ?? walk.context.transaction(node, 'default', 'batch', undefined);
  const kept = walk.state.allKept().filter((one) => one.unit === unit);
  const gone = new Set<Value>();
  for (const one of kept) if (one.how === 'delete') { gone.add(one.value); write(walk, one, 'delete', [], transaction); }
  for (const one of kept) if (one.how === 'insert') write(walk, one, 'insert', entriesOf(walk, one.value) ?? [], transaction);
  for (const one of kept) if (one.how === 'insert' && one.stored) change(walk, unit, one.value, [one.value], node, transaction);
  const changed = new Map<Value, Value[]>();
  for (const part of walk.touched) {
    const row = unit.row(part, walk.context);
    if (row) changed.set(row, [...(changed.get(row) ?? []), part]);
  }
  for (const [row, parts] of changed) if (!gone.has(row)) change(walk, unit, row, parts, node, transaction);
}

function write(walk: Walk, kept: Kept, how: Kept['how'], fresh: readonly ObjectEntry[], transaction: Transaction): void {
  if (kept.when.kind === 'false') return;
  under(walk, kept.when, () => {
    const spec = kept.unit.written(kept.value, how, fresh, kept.node, walk.context);
    if (spec) walk.execute({ ...spec, transaction: spec.transaction ?? transaction }, kept.origin);
  });
  walk.state.kept.set(kept.value.id, { ...kept, when: walk.formulas.false, stored: true });
  markStored(walk, kept.value);
}

/** Stores what was set on `row`, or changed in place in one of `parts` of it, since it was stored last. */
function change(walk: Walk, unit: UnitOfWork, row: Value, parts: readonly Value[], node: Node, transaction: Transaction): void {
  const fresh: ObjectEntry[] = [];
  const conditions: Formula[] = [];
  let isChanged = false;
  for (const part of parts) {
    const object = walk.state.object(part.id);
    const entries = object?.entries?.filter((one) => !object.stored?.nodes.has(one.node)) ?? [];
    if (part === row) fresh.push(...entries);
    isChanged ||= entries.length > 0;
    for (const one of entries) conditions.push(one.kind === 'property' && one.conditional && one.only ? one.only.when : walk.formulas.true);
    if ((object?.changed?.length ?? 0) > (object?.stored?.changed ?? 0)) { isChanged = true; conditions.push(walk.formulas.true); }
  }
  if (!isChanged) return;
  const isThere = row.kind === 'object' || row.kind === 'element' ? walk.formulas.true : walk.formulas.exists(row);
  under(walk, walk.formulas.and(isThere, walk.formulas.or(...conditions)), () => {
    const at = placeOf(walk, fresh, node);
    const settled = (entriesOf(walk, row) ?? []).filter((one) => one.kind === 'property' && fresh.some((each) => each.kind === 'property' && each.key === one.key));
    const spec = unit.written(row, 'update', settled, at, walk.context);
    if (spec) walk.execute({ ...spec, transaction: spec.transaction ?? transaction });
  });
  for (const part of parts) markStored(walk, part);
}

/**
 * Where a field was set from what had been read, or the first of them, as far as that stands in the text that is being walked; else where
 * they are written.
 */
function placeOf(walk: Walk, fresh: readonly ObjectEntry[], node: Node): Node {
  const here = fresh.filter((one) => contains(walk.file.ast, one.node));
  const last = (here.find((one) => deepSources(walk, one.value).size > 0) ?? here[0])?.node;
  if (!last) return node;
  for (let at: Node | undefined = last; at; at = at.parent) {
    if (at.type === 'AssignmentExpression' || at.type === 'UpdateExpression' || at.type === 'CallExpression' || at.type === 'NewExpression') return at;
    if (/Statement$|Declaration$/.test(at.type)) break;
  }
  return last;
}

function under(walk: Walk, when: Formula, run: () => void): void {
  const base = walk.state;
  walk.state = fork(base, when, walk.formulas);
  run();
  walk.state = base;
}

function markStored(walk: Walk, part: Value): void {
  const object = walk.state.object(part.id);
  if (!object) return;
  const nodes = new Set([...(object.stored?.nodes ?? []), ...(object.entries ?? []).map((one) => one.node)]);
  walk.state.heap.set(part.id, { ...object, stored: { nodes, changed: object.changed?.length ?? 0 } });
}
