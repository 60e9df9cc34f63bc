/**
 * What a condition says about the rows of a read: that there is none ("absent"), or that there is one ("present").
 * All spellings end here: a row that is falsy, an empty list, a count of 0, an error that means "no row", a thrown "not found",
 * membership in rows that were read, the elements left over by a filter.
 */
import type { Operation, TableRef } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { asLiteral, conjuncts, needs, type Formula, type FormulaLiteral } from '../value/formula.ts';
import { lineage, type Value } from '../value/terms.ts';
import type { Trace } from './index.ts';
import { precedes } from './order.ts';
import { facetOf, type Facet } from './results.ts';

export type Presence = 'absent' | 'present';

/** A literal of a condition, read as a statement about rows. */
export interface Finding { readonly read: Operation; readonly facet: Facet | undefined; readonly presence: Presence }

/** A read that decides whether an operation runs. */
export interface Guard extends Finding {
  /** 'all': whenever the operation runs; 'some': only in one arm of an `or`. */
  readonly how: 'all' | 'some';
  /** The write runs either way; the read decides whether it takes the value that was looked up, or another one. */
  readonly chosen?: true;
}

const READS: ReadonlySet<string> = new Set(['find', 'count', 'aggregate']);

export function isRead(operation: Operation): boolean { return READS.has(operation.verb); }

/** What `literal` says of rows; undefined when it speaks of something else. */
export function findingOf(literal: FormulaLiteral): Finding | undefined {
  const { atom, holds } = literal;
  if (atom.kind === 'exists') {
    const facet = facetOf(atom.of);
    return facet && { read: facet.operation, facet, presence: holds ? 'present' : 'absent' };
  }
  if (atom.kind === 'truthy' || atom.kind === 'nullish') {
    const facet = facetOf(atom.of);
    if (!facet) return undefined;
    const there = atom.kind === 'truthy' ? holds : !holds;
    // Supabase's `.single()`: an error is how "no row" arrives.
    if (facet.is === 'error') return facet.operation.result.some((part) => part.miss === 'error') ? { read: facet.operation, facet: undefined, presence: there ? 'absent' : 'present' } : undefined;
    // A relation that was fetched along, or the number of its rows.
    if (facet.is === 'field' && isRelation(facet)) return { read: facet.operation, facet, presence: there ? 'present' : 'absent' };
    return undefined;
  }
  if (atom.kind === 'compare' && atom.operator === '===' && atom.right.kind === 'literal') {
    const facet = facetOf(atom.left);
    if (!facet) return undefined;
    const { value } = atom.right;
    if (facet.part.is === 'error' && facet.part.absentCodes?.includes(String(value))) {
      return holds ? { read: facet.operation, facet: undefined, presence: 'absent' } : undefined;
    }
    if (facet.is === 'field' && facet.keys.includes('_count') && value === 0) return { read: facet.operation, facet, presence: holds ? 'absent' : 'present' };
  }
  return undefined;
}

function isRelation(facet: Facet): boolean {
  const [first] = facet.keys;
  if (first === undefined) return false;
  return facet.keys.includes('_count') || facet.operation.includes?.includes(first) === true || facet.operation.table.table?.relations.some((one) => one.name === first) === true;
}

/**
 * The condition under which each written row is written: that of the operation, and of the selection that the rows come from
 * (`createMany({ data: wanted.filter((one) => !known.has(one)) })`, `for (const one of missing) await insert(one)`).
 */
export function effectiveCondition(operation: Operation, trace: Trace): Formula {
  const parts: Formula[] = [operation.condition, operation.rowsWhen];
  for (const part of conjuncts(operation.condition)) {
    const literal = asLiteral(part);
    if (literal?.holds && literal.atom.kind === 'opaque') for (const value of literal.atom.of) parts.push(...selections(value));
  }
  // `const row = (await find()) ?? new Row(); …; await save(row)`: a row is inserted where the value is the new one.
  if (operation.verb === 'save' && operation.saved?.kind === 'choice' && operation.saved.arms.some((arm) => lineage(arm.value))) {
    const made = operation.saved.arms.filter((arm) => arm.value.kind === 'object' && !lineage(arm.value));
    if (made.length) parts.push(trace.formulas.or(...made.map((arm) => arm.when)));
  }
  return trace.formulas.and(...parts);
}

function selections(value: Value): Formula[] {
  const found: Formula[] = [];
  for (let at: Value = value; at.kind === 'filtered'; at = at.of) found.push(at.where);
  return found;
}

/**
 * When a `save` makes a new row: where it got a value that was constructed here (`const entity = existing ?? new Entity();
 * entity.theme = theme; await repo.save(entity)`), or where the row whose key it carries was not found (`save({ id: existing?.id, … })`).
 */
export function insertedWhen(operation: Operation, trace: Trace): Formula {
  const { saved } = operation;
  if (operation.verb !== 'save' || !saved) return trace.formulas.true;
  const choices = [saved, ...(operation.rows ?? []).flatMap((row) => row.spreads)].filter((one) => one.kind === 'choice');
  for (const choice of choices) {
    const { made, other } = constructed(choice, trace.formulas.true, trace);
    if (made.length && other) return trace.formulas.or(...made);
  }
  const keys = saved.kind === 'object' ? operation.predicate?.arms[0] ?? [] : [];
  for (const { column, value } of keys) {
    const assignment = operation.rows?.[0]?.assignments.findLast((one) => one.column === column);
    // `existing.id` without `?.` has thrown by then.
    const isOptional = assignment?.node?.type === 'Property' && assignment.node.value.type === 'ChainExpression';
    if (isOptional && value.kind === 'member' && facetOf(value)?.is === 'field' && facetOf(value.object)?.is === 'row') return trace.formulas.not(trace.formulas.exists(value.object));
  }
  return trace.formulas.true;
}

function constructed(value: Value, when: Formula, trace: Trace): { made: readonly Formula[]; other: boolean } {
  if (value.kind === 'object') return { made: [when], other: false };
  if (value.kind !== 'choice') return { made: [], other: true };
  const arms = value.arms.map((arm) => constructed(arm.value, trace.formulas.and(when, arm.when), trace));
  return { made: arms.flatMap((one) => one.made), other: arms.some((one) => one.other) };
}

/** The reads whose absence (or presence) decides whether `operation` runs (under the further condition `when`), the nearest first. */
export function guardsOf(operation: Operation, trace: Trace, when: Formula = trace.formulas.true): Guard[] {
  const condition = trace.formulas.and(effectiveCondition(operation, trace), when);
  const found = new Map<Operation, Map<Presence, Guard>>();
  const note = (finding: Finding, how: Guard['how']): void => {
    if (!isRead(finding.read) || !precedes(finding.read, operation)) return;
    const known = found.get(finding.read) ?? new Map<Presence, Guard>();
    const before = known.get(finding.presence);
    // Two literals of one read: the one that was narrowed in code tells more.
    const facet = before?.facet && (!finding.facet || before.facet.filters.length > finding.facet.filters.length) ? before.facet : finding.facet;
    known.set(finding.presence, { ...finding, facet, how: before?.how === 'all' ? 'all' : how });
    found.set(finding.read, known);
  };
  for (const part of conjuncts(condition)) {
    const all = new Map<string, FormulaLiteral>();
    const { found: literals } = needs(part, (literal) => { const one = findingOf(literal); if (one) all.set(`${one.read.id}:${one.presence}`, literal); return one !== undefined; });
    for (const literal of literals) {
      const one = findingOf(literal)!;
      const { how } = needs(whileReading(part, one.read, trace), (other) => { const each = findingOf(other); return each?.read === one.read && each.presence === one.presence; });
      note(one, how === 'all' ? 'all' : 'some');
    }
    // A lookup that throws when nothing is found, and a handler that goes on.
    const literal = asLiteral(part);
    if (literal?.holds && literal.atom.kind === 'thrown') {
      const { region } = literal.atom;
      for (const read of trace.operations) {
        if (read.result.some((each) => each.miss === 'throws') && insideRegion(read, region)) note({ read, facet: undefined, presence: 'absent' }, 'all');
      }
    }
  }
  return [...found.values()].flatMap((one) => [...one.values()]).sort((a, b) => b.read.id - a.read.id);
}

/**
 * The part of a condition that is left where the read runs at all: `if (input.email) { if (await find()) throw … }` lets whatever
 * follows run without a check too, but whoever was checked goes on only when nothing was found.
 */
function whileReading(part: Formula, read: Operation, trace: Trace): Formula {
  if (part.kind !== 'or') return part;
  return part.parts.filter((arm) => trace.formulas.and(arm, read.condition).kind !== 'false').reduce((left, arm) => trace.formulas.or(left, arm), trace.formulas.false as Formula);
}

export function insideRegion(operation: Operation, region: number): boolean {
  for (let at = operation.region; at; at = at.parent) if (at.id === region) return true;
  return false;
}

/** Whether `condition` needs `read` to have found (or not found) a row, as far as its literals say. */
export function decidedBy(condition: Formula, read: Operation, presence: Presence): boolean {
  return needs(condition, (literal) => { const one = findingOf(literal); return one?.read === read && one.presence === presence; }).how === 'all';
}

/** Whether the condition holds where the rows that a read fetched along are there, be it for one of several reasons. */
export function decidedByRelated(condition: Formula, { operation, keys }: Facet): boolean {
  return needs(condition, (literal) => { const one = findingOf(literal); return one?.read === operation && one.presence === 'present' && one.facet?.keys.join() === keys.join(); }).how !== 'none';
}

/** The table whose rows a facet speaks of: the read's own, or that of a relation fetched along. */
export function tableOf(read: Operation, facet: Facet | undefined, catalogue: Catalogue): TableRef {
  let { table } = read;
  for (const key of facet?.keys ?? []) {
    if (key === '*' || key === '_count') continue;
    const relation = table.table?.relations.find((one) => one.name === key);
    if (relation) table = { name: relation.target, table: catalogue.find(read.client, relation.target) };
    else if (table.table?.columns.has(key) || (!read.includes?.includes(key) && !facet?.keys.includes('_count'))) return table;
    else table = { name: key, table: catalogue.find(read.client, key) };
  }
  return table;
}
