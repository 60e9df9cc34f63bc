/** Rows that are counted before one of them goes ("the last owner stays") or one more comes in ("at most three are pinned"). */
import type { OpenQuestion, Operation } from '../model.ts';
import type { Catalogue, Tri } from '../schema/model.ts';
import { conjuncts, formulaLiterals, type Formula, type FormulaLiteral } from '../value/formula.ts';
import { lineage, type Value } from '../value/terms.ts';
import { isRead, effectiveCondition, tableOf } from './absence.ts';
import type { Check } from './checked.ts';
import { boundOf } from './counted.ts';
import { isRejected } from './effects.ts';
import { comparisonAfter } from './flip.ts';
import type { Trace } from './index.ts';
import { armsOf, isConstant, sameTable, sameValue } from './matching.ts';
import { precedes } from './order.ts';
import { relationArms } from './relations.ts';
import { facetOf, isRowCount, type Facet } from './results.ts';

export function countChecks(write: Operation, trace: Trace, catalogue: Catalogue): Check[] {
  // A save of what is no row yet is an insert, of which `no-count-then-insert` speaks: it has no key, or was built with a new one.
  if (write.verb === 'save' && !(write.saved && lineage(write.saved)) && (!write.predicate || isMadeWithKey(write))) return [];
  const condition = effectiveCondition(write, trace);
  return formulaLiterals(condition).flatMap((literal): Check[] => {
    const lower = lowerBound(literal) ?? otherRow(literal, write);
    const upper = lower ? undefined : upperBound(literal, write);
    const facet = lower ?? upper;
    if (!facet || !isRead(facet.operation) || !precedes(facet.operation, write)) return [];
    const read = facet.operation;
    const table = tableOf(read, facet, catalogue);
    const joined = joinedArms(read, write, catalogue);
    if (sameTable(table, write.table) !== true && !joined.length) return [];
    const arms = joined.length ? joined : table === read.table ? armsOf(read, facet) : relationArms(read, facet, table, trace.terms);
    const moves = movesRow(write, arms, lower ? 'out' : 'in', literal.atom.kind === 'compare');
    // Pruning what is too much also waits for a count; a rule about how many there are is told to whoever breaks it.
    if (moves === false || !isRejected([literal.holds ? literal.atom : trace.formulas.not(literal.atom)], { read }, trace)) return [];
    const open: OpenQuestion[] = moves === 'unknown' && !(lower && asksForCounted(literal, condition, write, arms)) ? [{ id: 'moves-unclear', text: `the write ${lower ? 'takes a row out of' : 'adds a row to'} those that were counted` }] : [];
    return [{ read, kind: lower ? 'least' : 'most', columns: [], open }];
  });
}

/** `Emoji.create({ id: newId(), … })`: an entity under construction, whose key no request and no row gave. */
function isMadeWithKey({ saved, predicate }: Operation): boolean {
  return saved?.kind === 'object' && saved.of !== undefined
    && predicate?.arms.every((arm) => arm.every(({ value }) => ['unknown', 'expression', 'choice'].includes(value.kind) && !lineage(value))) === true;
}

/** `if (owners <= 1) throw`, `if (owners === 1) throw`: the write runs only while there are more. */
function lowerBound({ atom, holds }: FormulaLiteral): Facet | undefined {
  if (atom.kind !== 'compare') return undefined;
  if (atom.operator === '===') return holds || (atom.right.kind === 'literal' && Number(atom.right.value) === 0) ? undefined : boundOf({ atom, holds });
  return boundOf({ atom, holds: !holds });
}

/** `if (!(await findFirst({ where: { teamId, role: 'OWNER', id: { not: id } } }))) throw`: some other one must be there. */
function otherRow({ atom, holds }: FormulaLiteral, write: Operation): Facet | undefined {
  if (atom.kind !== 'exists' || !holds) return undefined;
  const facet = facetOf(atom.of);
  const arms = facet ? armsOf(facet.operation, facet) : [];
  const own = (write.predicate?.arms ?? []).flat().filter((one) => one.operator === '=');
  const isOther = arms.some((arm) => arm.some((one) => (one.operator === '!=' || one.operator === 'not in') && own.some((each) => each.column === one.column && sameValue(each.value, one.value))));
  return facet && isOther ? facet : undefined;
}

function upperBound(literal: FormulaLiteral, write: Operation): Facet | undefined {
  const { atom, holds } = literal;
  // None may be there yet: a constant is written by which the next look-up finds the row.
  if (atom.kind === 'exists' && !holds && write.verb !== 'delete') {
    const facet = facetOf(atom.of);
    return facet && (isRowCount(facet) || facet.is === 'exists' || (facet.is === 'row' && !isOwnRow(facet.operation, write))) ? facet : undefined;
  }
  return atom.kind === 'compare' && atom.operator !== '===' ? boundOf(literal) : undefined;
}

/** The look-up asks for the very row that is written: whether it is that already, not whether another one is. */
function isOwnRow(read: Operation, write: Operation): boolean {
  const own = (write.predicate?.arms ?? []).flat().filter((one) => one.operator === '=');
  return !read.predicate?.complete || read.predicate.arms.some((arm) => arm.some((one) => one.operator === '=' && own.some((each) => each.column === one.column && sameValue(each.value, one.value))));
}

/**
 * `if (member.role === 'OWNER' && owners === 1) throw`, `if (role !== 'OWNER' && owners === 1) throw`, and then the role that was asked for is
 * written: the rule is about a row that leaves those that were counted, which it does with every other value.
 */
function asksForCounted(literal: FormulaLiteral, condition: Formula, write: Operation, arms: ReturnType<typeof armsOf>): boolean {
  const free = (write.rows ?? []).flatMap((row) => row.assignments).filter((one) => one.how === 'set' && !isConstant(one.value));
  const isAsked = (value: Value, constant: Value): boolean => arms.some((arm) => arm.some((one) => one.operator === '=' && !one.via.length && sameValue(constant, one.value) && free.some((each) => each.column === one.column
    && (sameValue(value, each.value) || (value.kind === 'member' && value.key === one.column && sameTable(lineage(value)?.table ?? write.table, write.table) === true)))));
  return conjuncts(condition).some((part) => {
    const literals = formulaLiterals(part);
    return literals.some(({ atom }) => atom === literal.atom) && literals.some(({ atom }) => atom.kind === 'compare' && atom.operator === '===' && (isAsked(atom.left, atom.right) || isAsked(atom.right, atom.left)));
  });
}

/** Conditions of the count on the written table, to which it is joined: members whose circle is unlocked. */
function joinedArms(read: Operation, write: Operation, catalogue: Catalogue): ReturnType<typeof armsOf> {
  if (sameTable(read.table, write.table) === true) return [];
  return (read.predicate?.arms ?? []).map((arm) => arm.filter((one) => {
    if (one.via.length !== 1) return false;
    const relation = read.table.table?.relations.find((each) => each.name === one.via[0]);
    const target = relation?.target ?? one.via[0]!;
    return sameTable({ name: target, table: catalogue.find(read.client, target) }, write.table) === true || `${target}s` === write.table.name;
  }).map((one) => ({ ...one, via: [] }))).filter((arm) => arm.length);
}

/** Whether the write takes a row out of the counted set, or brings one in. */
function movesRow(write: Operation, arms: ReturnType<typeof armsOf>, way: 'in' | 'out', bounded: boolean): Tri {
  if (write.verb === 'delete') return way === 'out';
  const assignments = (write.rows ?? []).flatMap((row) => row.assignments).filter((one) => one.how === 'set');
  const results = arms.flatMap((arm) => arm.flatMap((one): Tri[] => {
    const assignment = one.via.length ? undefined : assignments.find((each) => each.column === one.column);
    return assignment ? [comparisonAfter(one, assignment)] : [];
  }));
  if (!results.length) return false;
  // A value from outside is looked for as any key is: that another row has it already is `no-check-then-reject`'s matter.
  if (way === 'in' && !arms.some((arm) => arm.some((one) => isConstant(one.value) && assignments.some((each) => each.column === one.column)))) return bounded && results.includes(true);
  if (way === 'out') return results.includes(false) ? true : results.includes('unknown') ? 'unknown' : false;
  return results.includes(false) ? false : results.includes('unknown') ? 'unknown' : true;
}
