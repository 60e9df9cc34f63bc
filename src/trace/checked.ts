/**
 * State, counts and one-time rows that were asked before a write which ends what was asked. With most care: a look-up and an update
 * of the same row stand in every program, and nearly all of them are harmless.
 */
import type { Assignment, Comparison, OpenQuestion, Operation } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { asLiteral, conjuncts, formulaLiterals, type Formula } from '../value/formula.ts';
import { formulaValues, lineage, mentions, type Value } from '../value/terms.ts';
import { effectiveCondition } from './absence.ts';
import { countChecks } from './bounds.ts';
import { effectsOf, FELT, isRefusing, isRejected, isTurnedAway } from './effects.ts';
import { doubtsAbout } from './evidence.ts';
import { afterWrite, comparisonAfter, type Written } from './flip.ts';
import { goneOnce } from './gone.ts';
import { idles, isOneTime, isSameForAll } from './idle.ts';
import type { Trace } from './index.ts';
import { isConstant, isStateColumn } from './matching.ts';
import { isModified, type ModifiedPair } from './modified.ts';
import { precedes } from './order.ts';
import { placeOf } from './place.ts';
import type { HelperNames } from './protection.ts';
import { facetOf } from './results.ts';
import { appendedTwice } from './twice.ts';
import { addresses, comparesOld, fieldOf, holdOf, isClaimed, isGoneColumn, isMissNoticed, isOneTaken, isPicked, MISS_UNNOTICED, rowOf, type Field } from './rows.ts';
import type { Node } from '../value/terms.ts';

/**
 * - `state`: the write changes the column that was asked, so that the answer would now be another; `consumed`: a row that is good
 *   for one use is deleted after that use was allowed; `taken`: the next row in line is deleted and handed out;
 * - `least`: rows are counted so that enough stay; `most`: so that there are not too many.
 */
export type CheckedKind = 'state' | 'consumed' | 'taken' | 'least' | 'most';

export interface CheckedPair {
  readonly read: Operation;
  readonly write: Operation;
  readonly kind: CheckedKind;
  /** The columns that were asked; none where rows were counted. */
  readonly columns: readonly string[];
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

/**
 * At most one pair for each write: the surest. Where a value is computed from the row as well, `modified` has spoken; `linked` are
 * inserts made because a foreign key was empty, of which `no-find-then-insert` speaks.
 */
export function checked(trace: Trace, catalogue: Catalogue, names: HelperNames, modified: readonly ModifiedPair[], linked: ReadonlySet<Operation>): CheckedPair[] {
  return trace.operations.flatMap((write) => {
    if ((write.verb !== 'update' && write.verb !== 'delete' && write.verb !== 'save') || isModified(write, modified)) return [];
    if (write.rows?.some((row) => row.assignments.some((one) => linked.has(lineage(one.value)!)))) return [];
    const found = [...states(write, trace, catalogue), ...countChecks(write, trace, catalogue)].flatMap((one): CheckedPair[] => {
      const protection = holdOf(one.read, write, trace, names);
      if (protection.closed || isClaimed(write, trace)) return [];
      return [{ ...one, write, open: [...one.open, ...protection.open, ...doubtsAbout(one.read, write)], node: placeOf(one.read, write, trace) }];
    });
    return found.sort((a, b) => a.open.length - b.open.length || b.read.id - a.read.id).slice(0, 1);
  });
}

/** A check before its protection is asked for. */
export type Check = Pick<CheckedPair, 'read' | 'kind' | 'columns' | 'open'>;
export type RowRead = Omit<Field, 'column' | 'whole'>;

// ---------------------------------------------------------------------------------------------------- columns of a row

function states(write: Operation, trace: Trace, catalogue: Catalogue): Check[] {
  if ((write.rows?.length ?? 0) > 1 || (write.rowsOf && write.verb !== 'delete')) return [];
  const condition = effectiveCondition(write, trace);
  return rowsBehind(condition, write, catalogue).flatMap((row): Check[] => {
    if (!precedes(row.read, write)) return [];
    const where = addresses(write, row, trace);
    if (!where) return [];
    const checks = write.verb === 'delete' ? consumed(row, write, condition, trace, catalogue) : [changed, goneOnce, appendedTwice].flatMap((look) => look(row, write, condition, trace, catalogue));
    return where === 'open' ? checks.map((one) => ({ ...one, open: [...one.open, { id: 'row-unclear', text: 'the row that is written is the one that was checked' }] })) : checks;
  });
}

/** Rows of the written table that the condition speaks of, or by which the write finds its row. */
function rowsBehind(condition: Formula, write: Operation, catalogue: Catalogue): RowRead[] {
  const found = new Map<Value, RowRead>();
  const add = (row: RowRead | undefined): void => { if (row && row.read.verb === 'find') found.set(row.row, { read: row.read, row: row.row, table: row.table, holder: row.holder }); };
  const visit = (value: Value, depth: number): void => {
    if (depth > 6) return;
    if (value.kind === 'choice') { for (const arm of value.arms) visit(arm.value, depth + 1); return; }
    const field = fieldOf(value, write.table, catalogue);
    if (field) { add(field); return; }
    add(rowOf(value, write.table, catalogue));
    const parts = value.kind === 'expression' ? value.operands : value.kind === 'unknown' ? value.parts : value.kind === 'filtered' ? formulaValues(value.where) : value.kind === 'member' ? [value.object] : [];
    for (const one of parts) visit(one, depth + 1);
  };
  for (const { atom } of formulaLiterals(condition)) for (const value of formulaValues(atom)) visit(value, 0);
  for (const arm of write.predicate?.arms ?? []) for (const one of arm) visit(one.value, 0);
  if (write.saved) visit(write.saved, 0);
  return [...found.values()];
}

/** The write changes a column on whose value it was let through. */
function changed(row: RowRead, write: Operation, condition: Formula, trace: Trace, catalogue: Catalogue): Check[] {
  const data = write.rows?.[0];
  if (!data) return [];
  const assigned = new Map<string, Assignment>();
  for (const one of data.assignments) if (one.how !== 'carried' && one.how !== 'default') assigned.set(one.column, one);
  const written: Written = {
    row: row.row,
    field: (value) => fieldOf(value, write.table, catalogue),
    assignment: (column) => (isGoneColumn(column, row.table.table) ? undefined : assigned.get(column)),
  };
  const found: Check[] = [];
  for (const [whole, part] of conjuncts(condition).flatMap((one) => ofEach(one, row.row, trace).map((part) => [one, part] as const))) {
    const sure = afterWrite(part, written, 'unknown');
    const arm = sure.result === false ? sure : afterWrite(part, written, false);
    if (!sure.columns.length) { found.push(...otherState(part, row, write, trace, written)); continue; }
    const open: OpenQuestion[] = [];
    if (sure.result !== false) {
      if (sure.result === true || asksForElement(part, sure.columns, assigned)) continue;
      if (arm.result === false) open.push({ id: 'guard-arm', text: `the check of \`${sure.columns[0]!}\` alone lets the write through` });
      else if (isTransition(part, sure.columns, assigned)) { /* The old state allows the new one, which allows others. */ }
      else if (sure.columns.some((column) => !isMoment(column)) && isWritten(sure.columns, assigned)) open.push({ id: 'state-unclear', text: `the written \`${sure.columns[0]!}\` ends what was checked` });
      else continue;
    }
    found.push(...judged({ row, write, columns: sure.columns, parts: [whole], asks: (value) => speaksOf(value, written), idle: idles(part, written, data, keysOf(write)), fills: fillsFromOutside(sure.columns, assigned) }, open, trace));
  }
  const there = conjuncts(condition).filter((part) => formulaValues(part).some((value) => concerns(value, row.row)) || isTurnOf(part, row.row));
  // Of many rows one turn of a loop is written, unless one was picked.
  const open: OpenQuestion[] = row.read.many && !isOneTaken(row.row) ? [{ id: 'batch', text: 'two runs over the same rows overlap' }] : [];
  const foundBy = { row, write, parts: there, asks: () => true, fills: false };
  // What the look-up itself asked for: `findFirst({ where: { token, usedAt: null } })`.
  const arms = row.read.predicate?.arms ?? [];
  const isOwn = facetOf(row.row)?.keys.every((key) => key === '*') === true;
  for (const one of arms.length === 1 && isOwn ? arms[0]! : []) {
    const assignment = one.via.length ? undefined : written.assignment(one.column);
    if (!assignment || comparisonAfter(one, assignment) !== false) continue;
    found.push(...judged({ ...foundBy, columns: [one.column], idle: idles(one, written, data, keysOf(write)) }, open, trace));
  }
  // What code looked for among the rows: `passes.find((one) => one.left > 0)`.
  for (const part of picksOf(row.row)) {
    const element = formulaValues(part).map((value) => (value.kind === 'choice' ? undefined : written.field(value)?.row)).find((one) => one?.kind === 'element');
    const ended = element && afterWrite(part, { ...written, row: element }, 'unknown');
    if (ended?.result !== false || !ended.columns.length) continue;
    found.push(...judged({ ...foundBy, columns: ended.columns, idle: idles(part, { ...written, row: element! }, data, keysOf(write)) }, open, trace));
  }
  return found;
}

/** `if (lines.some((line) => line.item.stock < line.quantity)) throw`: what holds of none of a collection's elements does not hold of this one. */
function ofEach(part: Formula, row: Value, { terms, formulas }: Trace): readonly Formula[] {
  const literal = asLiteral(part);
  const asked = literal && !literal.holds && literal.atom.kind === 'exists' ? literal.atom.of : undefined;
  const none = asked?.kind === 'member' ? asked.object : asked;
  return none?.kind === 'filtered' && mentions(row, terms.element(none.of)) ? conjuncts(formulas.not(none.where)) : [part];
}

/** The value speaks of the row, or of how many there are where it was taken from. */
function concerns(value: Value, row: Value): boolean {
  if (mentions(row, value) || mentions(value, row)) return true;
  return value.kind === 'member' && /^(?:length|size)$/.test(value.key) && mentions(row, value.object);
}

/** The conditions on rows by which code picked this one. */
function picksOf(row: Value): Formula[] {
  return (facetOf(row)?.filters ?? []).flatMap((one) => conjuncts(one.where));
}

/** The values by which a write finds its one row. */
function keysOf({ predicate }: Operation): readonly Value[] {
  return predicate?.arms.length === 1 ? predicate.arms[0]!.filter((one) => one.operator === '=').map((one) => one.value) : [];
}

function isTurnOf(part: Formula, row: Value): boolean {
  return part.kind === 'opaque' && part.of.some((one) => mentions(row, one));
}

/** A check that one write ends. */
interface Ended {
  readonly row: RowRead;
  readonly write: Operation;
  readonly columns: readonly string[];
  /** The conditions that stand for the check, and which of the values in them are asked. */
  readonly parts: readonly Formula[];
  readonly asks: (value: Value) => boolean;
  /** Repeating the write changes nothing. */
  readonly idle: boolean;
  /** What is written was fetched or made by somebody else first. */
  readonly fills: boolean;
}

/** Only one of two calls should have passed; whether that matters depends on what else happens behind the check. */
function judged({ row, write, columns, parts, asks, idle, fills }: Ended, open: readonly OpenQuestion[], trace: Trace): Check[] {
  const effects = effectsOf(parts, row, write, idle, trace);
  const rejects = isRejected(parts, row, trace, asks);
  // An expired token is thrown away, and whoever brought it is told so: nothing was used.
  if (columns.every(isOneTime) && isRefusing(write, trace)) return [];
  const doubts = [...open, ...maybeClaimed(row, write)];
  if (formulaLiterals(write.condition).some(({ atom, holds }) => holds && atom.kind === 'thrown')) {
    if (idle) return [];
    doubts.push({ id: 'in-handler', text: 'a failure is recorded by both' });
  }
  const isGuarded = write.predicate?.arms.length && write.predicate.arms.every((arm) => arm.some((one) => columns.includes(one.column) || endsItself(one, write)));
  if (isGuarded || comparesOld(write, { ...row, column: columns[0]!, whole: true }, columns[0], trace)) {
    const isNoticed = isMissNoticed(write, trace);
    const before = isNoticed ? effects.lasting : effects.before;
    if (before) doubts.push({ id: 'acts-before', text: `\`${before}\`, which runs before the guarded write, may run twice` });
    else if (isNoticed || !effects.after) return [];
    // A statement that tells nobody how many rows it changed was asked by nobody.
    else if (write.miss !== 'silent' || !effects.adds) doubts.push(MISS_UNNOTICED);
  } else if (idle && (effects.before || effects.after) && isOfCaller(columns, write)) {
    // "Is already the owner": the second call asks for the same once more.
    doubts.push({ id: 'same-value', text: 'what else follows must not happen twice' });
  } else if ((!effects.before && !effects.after || idle && !rejects && effects.isOnlyTold) && !fills) {
    // Both write the same, and nothing else happens: whoever is told "done" is told the truth.
    if (idle && !isPicked(row, write, trace) && (!(rejects || effects.after) || isOfCaller(columns, write))) return [];
    // Two mails, two payments: what keeps the second call from them is the check alone.
    if (idle && effects.after !== undefined && FELT.test(effects.after)) return [{ read: row.read, kind: 'state', columns, open: doubts }];
    // To be let in once is all that a one-time secret is for.
    if (!isPicked(row, write, trace) && (idle || !rejects && !(columns.some(isOneTime) && isTurnedAway(parts, row, trace, asks)))) doubts.push({ id: 'no-effect', text: 'anything but this write depends on who comes first' });
  }
  return [{ read: row.read, kind: 'state', columns, open: doubts }];
}

/** `where status = 'pending' … set status = 'paid'`: whoever comes second finds no row, whatever else the check asked. */
function endsItself(one: Comparison, write: Operation): boolean {
  const assignment = one.via.length ? undefined : write.rows?.[0]?.assignments.findLast((each) => each.column === one.column);
  return assignment !== undefined && comparisonAfter(one, assignment) === false;
}

/** State that is asked and left as it is: another call may change it meanwhile. */
function otherState(part: Formula, row: RowRead, write: Operation, trace: Trace, written: Written): Check[] {
  const columns = [...new Set(formulaValues(part).flatMap((value) => { const field = value.kind === 'choice' ? undefined : written.field(value); return field?.row === row.row && field.whole ? [field.column] : []; }))];
  const states = columns.filter((column) => /status|state|stage|phase/i.test(column) || (isStateColumn(column) && !/^(?:type|kind|role)$/i.test(column) && !isGoneColumn(column, row.table.table)));
  if (!states.length || states.length < columns.length || !isRejected([part], row, trace)) return [];
  if (write.predicate?.arms.some((arm) => arm.some((one) => states.includes(one.column)))) return [];
  // A guarded write that is asked whether it changed a row decides by what it guards.
  if (write.predicate?.arms.every((arm) => arm.length > 1) && isMissNoticed(write, trace)) return [];
  return [{ read: row.read, kind: 'state', columns: states, open: [{ id: 'other-state', text: `another call changes \`${states[0]!}\` meanwhile` }] }];
}

const ONE_TIME = /token|invit|otp|verification|challenge|nonce|reset|magic|code|coupon|voucher|ticket|recovery/i;

/** A row that is good for one use, deleted after that use was allowed. A delete that fails without a row decides by itself. */
function consumed(row: RowRead, write: Operation, condition: Formula, trace: Trace, catalogue: Catalogue): Check[] {
  const written: Written = { row: row.row, field: (value) => fieldOf(value, write.table, catalogue), assignment: () => undefined };
  const parts = conjuncts(condition).filter((part) => formulaLiterals(part).some(({ atom }) => formulaValues(atom).some((value) => speaksOf(value, written))));
  const asked = (row.read.predicate?.arms ?? []).flat().filter((one) => /expir|valid|used|consumed/i.test(one.column));
  const columns = [...new Set([...parts.flatMap((part) => columnsOf(part, written)), ...asked.map((one) => one.column)])].filter((column) => /expir|valid|used|consumed|attempt|code|otp|token/i.test(column));
  const states = parts.flatMap((part) => otherState(part, row, write, trace, written));
  if (isPicked(row, write, trace) && !isMissNoticed(write, trace)) return [{ read: row.read, kind: 'taken', columns: (write.predicate?.arms ?? []).flat().map((one) => one.column), open: [] }];
  if (!columns.length || !ONE_TIME.test(row.table.name) || isMissNoticed(write, trace)) return states;
  const there = parts.length ? parts : conjuncts(condition).filter((part) => formulaValues(part).some((value) => mentions(row.row, value)));
  const effects = effectsOf(there, row, write, 'used', trace);
  return effects.before || effects.after ? [{ read: row.read, kind: 'consumed', columns, open: [] }] : states;
}

function speaksOf(value: Value, written: Written): boolean {
  if (value.kind === 'choice') return value.arms.some((arm) => speaksOf(arm.value, written));
  const field = written.field(value);
  if (field) return field.row === written.row;
  const parts = value.kind === 'expression' ? value.operands : value.kind === 'unknown' ? value.parts : value.kind === 'member' ? [value.object] : value.kind === 'filtered' ? formulaValues(value.where) : [];
  return parts.some((one) => speaksOf(one, written));
}

function columnsOf(part: Formula, written: Written): string[] {
  const visit = (value: Value): string[] => {
    const field = value.kind === 'choice' ? undefined : written.field(value);
    if (field) return field.row === written.row ? [field.column] : [];
    const parts = value.kind === 'expression' ? value.operands : value.kind === 'unknown' ? value.parts : value.kind === 'choice' ? value.arms.map((arm) => arm.value) : value.kind === 'member' ? [value.object] : [];
    return parts.flatMap(visit);
  };
  return formulaValues(part).flatMap(visit);
}

const isMoment = (column: string): boolean => /(?:_at|At|Date|_date|_on|Time|_time|until|expir\w*)$/.test(column);

/** `if (!NEXT[row.status].includes(status)) throw`: which state may follow was asked of the state that this write ends. */
function isTransition(part: Formula, columns: readonly string[], assigned: ReadonlyMap<string, Assignment>): boolean {
  return columns.every((column) => {
    const assignment = assigned.get(column);
    return assignment?.how === 'set' && /status|state|stage|phase/i.test(column) && !isConstant(assignment.value) && formulaValues(part).some((value) => mentions(value, assignment.value));
  });
}

/** Whether an element is in a list that the database adds to or takes from: of that `appendedTwice` speaks. */
function asksForElement(part: Formula, columns: readonly string[], assigned: ReadonlyMap<string, Assignment>): boolean {
  return asLiteral(part)?.atom.kind === 'exists' && columns.every((column) => assigned.get(column)?.how === 'append');
}

function isWritten(columns: readonly string[], assigned: ReadonlyMap<string, Assignment>): boolean {
  return columns.some((column) => assigned.has(column));
}

// ------------------------------------------------------------------------------------------- what depends on the check

/** The written value is the caller's, and the check asked for that very value. */
function isOfCaller(columns: readonly string[], write: Operation): boolean {
  return (write.rows ?? []).some((row) => row.assignments.some((one) => columns.includes(one.column) && one.how === 'set' && !isSameForAll(one.value)));
}

/** The written value came from a call that was awaited: what it made is lost when another call's takes its place. */
function fillsFromOutside(columns: readonly string[], assigned: ReadonlyMap<string, Assignment>): boolean {
  return columns.some((column) => { const value = assigned.get(column)?.value; return value !== undefined && isMadeOutside(value, 0); });
}

function isMadeOutside(value: Value, depth: number): boolean {
  if (depth > 4) return false;
  if (value.kind === 'member') return isMadeOutside(value.object, depth + 1);
  if (value.kind === 'unknown' && value.node.type === 'CallExpression' && value.node.parent.type === 'AwaitExpression') {
    const { callee } = value.node;
    return callee.type === 'MemberExpression' && callee.property.type === 'Identifier' && /^(?:create|register|issue|provision|open|start|subscribe)/.test(callee.property.name);
  }
  return false;
}

const CLAIMS = /claim|acquire|lock|reserve|mark|consume|take|begin|compareAndSet|tryStart|once/i;

/** `if (!(await markAsRunning(row.id))) return`: a call that was not followed, and that may have won the row. */
function maybeClaimed({ row }: RowRead, write: Operation): OpenQuestion[] {
  const found = formulaLiterals(write.condition).some(({ atom }) => formulaValues(atom).some((value) => {
    if (value.kind !== 'unknown' || !value.parts.some((part) => mentions(part, row))) return false;
    const call = value.node.type === 'AwaitExpression' ? value.node.argument : value.node;
    const callee = call.type === 'CallExpression' ? call.callee : undefined;
    const name = callee?.type === 'Identifier' ? callee.name : callee?.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
    return CLAIMS.test(name);
  }));
  return found ? [{ id: 'maybe-claimed', text: 'the call in between does not win the row for this run' }] : [];
}
