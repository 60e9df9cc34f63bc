/** Counts, maxima, "latest" and "first" rows that decide whether a row may be inserted, its flag, or its number. */
import type { Assignment, Comparison, OpenQuestion, Operation, Row } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { formulaLiterals, needs, type Formula, type FormulaLiteral } from '../value/formula.ts';
import type { Node, Value } from '../value/terms.ts';
import { effectiveCondition, guardsOf, isRead, tableOf } from './absence.ts';
import { consequenceOf, identifies, type Consequence } from './consequence.ts';
import { doubtsAbout } from './evidence.ts';
import { noticeOf } from './handled.ts';
import type { Trace } from './index.ts';
import { armsOf, core, isConstant, isStateColumn, matchRow, sameTable, scopeFits } from './matching.ts';
import { precedes } from './order.ts';
import { placeOf } from './place.ts';
import { protectionOf, type HelperNames } from './protection.ts';
import { relationArms } from './relations.ts';
import { facetOf, isRowCount, type Facet } from './results.ts';

/**
 * - `first`: inserted only while there is none; `flag`: a column says whether there was one; `number`: a column continues a
 *   count or maximum; `quota`: inserted while there are fewer than a bound.
 */
export type CountKind = 'first' | 'flag' | 'number' | 'quota';

export interface CountPair extends Consequence {
  readonly read: Operation;
  readonly write: Operation;
  readonly kind: CountKind;
  /** The columns that carry the flag or the number; for `first` those written with a constant `true`. */
  readonly flags: readonly Assignment[];
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

/** At most one pair: the surest, and among equals the one whose written value depends on the read. */
export function counted(write: Operation, trace: Trace, catalogue: Catalogue, names: HelperNames): CountPair[] {
  const found: CountPair[] = [];
  const add = (read: Operation, facet: Facet | undefined, kind: CountKind, flags: readonly Assignment[], doubt?: OpenQuestion): void => {
    if (!isRead(read) || !precedes(read, write)) return;
    const table = tableOf(read, facet, catalogue);
    if (sameTable(table, write.table) !== true) return;
    const arms = table === read.table ? armsOf(read, facet) : relationArms(read, facet, table, trace.terms);
    const rows = write.rows ?? [];
    if (rows.length && !scopeFits(arms, rows, write.table)) return;
    const protection = protectionOf(read, write, arms.flatMap((arm) => arm.filter((one) => one.operator === '=' && !isConstant(one.value)).map((one) => one.value)), trace, names);
    if (protection.closed) return;
    const scope = matchRow(arms, rows, write.table).matched.map((one) => one.comparison.column);
    const columns = kind === 'number' || kind === 'flag' ? [...scope, ...flags.map((one) => one.column)] : scope;
    const consequence = kind === 'quota' ? { outcome: 'duplicate' as const } : consequenceOf(write.table, columns, rows);
    // No key counts rows: whatever violation is handled around the insert, it is not the quota's.
    const notice = kind === 'quota' ? { handled: false as const, open: [] } : noticeOf(read, write, consequence.outcome, trace);
    if (notice.handled) return;
    const open = [...protection.open, ...doubtsAbout(read, write), ...notice.open, ...(doubt ? [doubt] : [])];
    found.push({ read, write, kind, flags, open, node: placeOf(read, write, trace), ...consequence });
  };

  for (const row of write.rows ?? []) {
    for (const assignment of row.assignments) {
      const flow = flowOf(assignment.value);
      if (flow) add(flow.facet.operation, flow.facet, flow.kind, [assignment], flow.kind === 'number' && isStatistic(assignment) ? STATISTIC : undefined);
    }
  }
  firstRows(write, trace, catalogue, add);
  quotas(effectiveCondition(write, trace), (literal) => isPruned(literal, write, trace), add);
  const order: readonly CountKind[] = ['flag', 'number', 'first', 'quota'];
  return found.sort((a, b) => a.open.length - b.open.length || order.indexOf(a.kind) - order.indexOf(b.kind) || b.read.id - a.read.id).slice(0, 1);
}

type Add = (read: Operation, facet: Facet | undefined, kind: CountKind, flags: readonly Assignment[], doubt?: OpenQuestion) => void;

const STATISTIC: OpenQuestion = { id: 'statistic', text: 'the number tells the rows apart, and is no record of how many there were' };

/** `{ day, orderCount: count }`: how many there were when somebody asked. That the next row says the same is no mistake. */
function isStatistic({ column, value }: Assignment): boolean {
  const facet = facetOf(core(value));
  return facet !== undefined && isNumberOfRows(facet) && /(?:^|_)(?:total|count|size|amount|sum|quantity)(?:$|_)|(?:Total|Count|Size|Amount|Sum|Quantity)$/.test(column);
}

/** `if (count === 0) insert`: decided by a count of a scope, or by a look-up that no column of the new row identifies. */
function firstRows(write: Operation, trace: Trace, catalogue: Catalogue, add: Add): void {
  const rows = write.rows ?? [];
  for (const guard of guardsOf(write, trace)) {
    if (guard.presence !== 'absent') continue;
    const { read, facet } = guard;
    const table = tableOf(read, facet, catalogue);
    const arms = table === read.table ? armsOf(read, facet) : relationArms(read, facet, table, trace.terms);
    const match = matchRow(arms, rows, write.table);
    const columns = match.matched.map((one) => one.comparison.column);
    const flags = flagsOf(rows);
    const asked = asksForFlag(read, write) && !identifies(write.table, columns, rows);
    // `select exists(…)` is a look-up as well.
    const isCount = facet?.is === 'exists' ? false : read.verb !== 'find' || facet?.is === 'length' || facet?.keys.includes('_count') === true;
    // A look-up of one row is a look-up, whatever it finds: `no-find-then-insert` speaks of it.
    if (isCount ? match.verdict === 'same' && (identifies(write.table, columns, rows) || namesRow(arms, rows)) : match.verdict !== 'different' && !asked) continue;
    if (!isCount && !asked && hasIdentity(read)) continue;
    add(read, facet, 'first', flags, guard.how === 'some' ? { id: 'guard-arm', text: 'the count alone decides about the insert' } : undefined);
  }
}

function flagsOf(rows: readonly Row[]): Assignment[] {
  return rows.flatMap((row) => row.assignments.filter((one) => one.value.kind === 'literal' && one.value.value === true));
}

/** `findFirst({ where: { userId, isDefault: true } })`: is there one with the flag that the new row carries? */
export function asksForFlag(read: Operation, write: Operation): boolean {
  return flagsOf(write.rows ?? []).some((flag) => read.predicate?.arms.some((arm) => arm.some((one) => one.column === flag.column && one.value === flag.value)));
}

/** `count({ where: { teamId, key: 'locale' } })` before the insert of that key: a particular row of the scope is asked for, not how many it has. */
function namesRow(arms: readonly (readonly Comparison[])[], rows: readonly Row[]): boolean {
  return arms.some((arm) => arm.some((one) => one.operator === '=' && one.value.kind === 'literal' && typeof one.value.value === 'string' && !isStateColumn(one.column)
    && rows.some((row) => row.assignments.some((each) => each.column === one.column && each.value === one.value))));
}

/** The look-up asks for a particular value: it is about another row than the inserted one. */
function hasIdentity(read: Operation): boolean {
  // Constants, too, when they fill a unique key: `findUnique({ where: { name: 'default' } })`.
  const keys = read.table.table?.keys ?? [];
  if (read.predicate?.arms.some((arm) => keys.some((key) => key.columns.length > 0 && key.columns.every((column) => arm.some((one) => one.column === column && one.operator === '=' && !one.via.length))))) return true;
  return read.predicate === undefined || !read.predicate.complete || read.predicate.arms.some((arm) => arm.some((one) => !RANGE.has(one.operator) && !isConstant(one.value)));
}

const RANGE: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '!=', 'not in', 'is null', 'is not null']);

/** `if (count >= LIMIT) throw`: the insert runs only while there are fewer. */
function quotas(condition: Formula, isOther: (literal: FormulaLiteral) => boolean, add: Add): void {
  for (const literal of formulaLiterals(condition)) {
    if (isOther(literal)) continue;
    const bounds = boundsOf(literal);
    if (!bounds.length) continue;
    const { how } = needs(condition, (one) => one.atom === literal.atom && one.holds === literal.holds);
    // One arm of an `or` still stands between the caller and the limit (`isAdmin || count < limit`): it is the limit that breaks.
    if (how !== 'none') for (const bound of bounds) add(bound.operation, bound, 'quota', []);
  }
}

/** `if (rows.length >= 5) for (const old of rows.slice(4)) await remove(old)`: where there are too many, the oldest go and the new one comes. */
function isPruned({ atom, holds }: FormulaLiteral, write: Operation, trace: Trace): boolean {
  return trace.operations.some((one) => one.verb === 'delete' && precedes(one, write) && sameTable(one.table, write.table) === true
    && formulaLiterals(one.condition).some((other) => other.atom === atom && other.holds !== holds));
}

/** A comparison that a growing count makes false. */
export function boundOf(literal: FormulaLiteral): Facet | undefined { return boundsOf(literal)[0]; }

/** Every count that does: `members.length + invitations.length >= limit`. */
function boundsOf({ atom, holds }: FormulaLiteral): Facet[] {
  if (atom.kind === 'truthy') {
    // `const isFull = count >= limit` handed about as a value.
    const at = atom.of;
    return at.kind === 'expression' && /^(?:<|<=|>|>=|===|==)$/.test(at.operator) ? boundFacets(at.operator, at.operands[0]!, at.operands[1]!, holds) : [];
  }
  return atom.kind === 'compare' ? boundFacets(atom.operator, atom.left, atom.right, holds) : [];
}

function boundFacets(operator: string, left: Value, right: Value, holds: boolean): Facet[] {
  for (const [side, isLeft] of [[left, true], [right, false]] as const) {
    const facets = countsIn(side);
    if (!facets.length) continue;
    if (operator === '===' || operator === '==') return holds ? [] : facets;
    const below = operator.startsWith('<') === isLeft;
    // `limit - count > 0`: subtraction turns the comparison round.
    return facets.filter((facet) => (below !== isSubtracted(side, facet)) === holds);
  }
  return [];
}

function isSubtracted(value: Value, facet: Facet): boolean {
  const at = core(value);
  return at.kind === 'expression' && at.operator === '-' && at.operands[1] !== undefined && countsIn(at.operands[1]).some((one) => one.operation === facet.operation);
}

function countIn(value: Value): Facet | undefined { return countsIn(value)[0]; }

/** Counts of rows somewhere in arithmetic: `count`, `rows.length + added.length`, `user._count.posts`. */
function countsIn(value: Value, depth = 0): Facet[] {
  const at = core(value);
  const facet = facetOf(at);
  if (facet) return isNumberOfRows(facet) ? [facet] : [];
  if (depth > 3) return [];
  if (at.kind === 'expression' && /^(?:[+-]|call:Math\.\w+|call:Number)$/.test(at.operator)) return at.operands.flatMap((one) => countsIn(one, depth + 1));
  return at.kind === 'choice' ? at.arms.flatMap((arm) => countsIn(arm.value, depth + 1)) : [];
}

function isNumberOfRows(facet: Facet): boolean {
  return (isRowCount(facet) && facet.is !== 'affected') || (facet.is === 'field' && facet.keys.includes('_count'));
}

/** How a written value comes from a count, a maximum or the latest row. */
function flowOf(value: Value): { kind: 'flag' | 'number'; facet: Facet } | undefined {
  const flag = flagIn(value);
  if (flag) return { kind: 'flag', facet: flag };
  const number = numberIn(value, false, 0);
  return number && { kind: 'number', facet: number };
}

/** Whether there are rows, as a value: `count === 0`, `!existing`, `rows.length ? 'member' : 'owner'`. */
function flagIn(value: Value, depth = 0): Facet | undefined {
  const at = core(value);
  if (depth > 4) return undefined;
  if (at.kind === 'expression') {
    if (/^(?:===|!==|==|!=|<|<=|>|>=)$/.test(at.operator)) {
      const [left, right] = at.operands;
      // `any === null`
      if (right?.kind === 'literal' && right.value == null) return left && scopeRow(left);
      const isSmall = right?.kind === 'literal' && Number(right.value) <= 1;
      return isSmall && left ? countIn(left) : undefined;
    }
    if (at.operator === '!' || at.operator === 'call:Boolean' || at.operator === 'exists' || at.operator === 'none') {
      const inner = at.operands[0]!;
      return scopeRow(inner) ?? countIn(inner) ?? flagIn(inner, depth + 1);
    }
    return undefined;
  }
  if (at.kind !== 'choice') return undefined;
  // Constants by condition, or `input.isDefault ?? count === 0`.
  if (at.arms.every((arm) => isConstant(arm.value))) return at.arms.flatMap((arm) => formulaLiterals(arm.when)).map(firstRowLiteral).find((one) => one);
  return at.arms.map((arm) => flagIn(arm.value, depth + 1)).find((one) => one);
}

function firstRowLiteral(literal: FormulaLiteral): Facet | undefined {
  const { atom } = literal;
  if (atom.kind === 'exists') { const facet = facetOf(atom.of); return facet && (isNumberOfRows(facet) || facet.is === 'exists') ? facet : scopeRow(atom.of); }
  if (atom.kind === 'compare' && atom.right.kind === 'literal' && Number(atom.right.value) <= 1) return countIn(atom.left);
  return undefined;
}

/** A row (or list) that was looked for by its scope alone: not this row, but "is there any". */
function scopeRow(value: Value): Facet | undefined {
  const facet = facetOf(core(value));
  return facet && (facet.is === 'row' || facet.is === 'rows' || facet.is === 'exists') && facet.operation.verb !== 'insert' ? facet : undefined;
}

/** `count + 1`, `(last?.position ?? 0) + 1`, `max + 1`, `INV-${count + 1}`, `rows.length` as an index. */
function numberIn(value: Value, inArithmetic: boolean, depth: number): Facet | undefined {
  const at = core(value);
  if (depth > 8) return undefined;
  const facet = facetOf(at);
  if (facet) {
    if (isNumberOfRows(facet)) return facet;
    if (facet.part.is === 'scalar') return inArithmetic ? facet : undefined;
    // The latest row's number: an ordered look-up, continued.
    return inArithmetic && facet.is === 'field' && facet.operation.verb === 'find' && facet.operation.order?.length ? facet : undefined;
  }
  if (at.kind === 'expression') {
    if (/^(?:===|!==|==|!=|<|<=|>|>=|!|exists|none)$/.test(at.operator)) return undefined;
    const adds = /^[+-]$/.test(at.operator) && at.operands.some((one) => one.kind === 'literal' && typeof one.value === 'number');
    const passes = at.operator === 'template' || at.operator.startsWith('call:') || /^[+*%-]$/.test(at.operator);
    return adds || passes ? at.operands.map((one) => numberIn(one, inArithmetic || adds, depth + 1)).find((one) => one) : undefined;
  }
  // `last ? last.number + 1 : 1`
  if (at.kind === 'choice') return at.arms.map((arm) => numberIn(arm.value, inArithmetic, depth + 1)).find((one) => one);
  return undefined;
}

