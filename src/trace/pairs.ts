/**
 * Reads and writes of one trace that belong together, and whether another call can still come between them: worked out once,
 * for all rules. A pair with a definite answer to every question is proven; one that leaves a question open says which.
 */
import type { OpenQuestion, Operation } from '../model.ts';
import type { Catalogue } from '../schema/model.ts';
import { asLiteral, conjuncts, type Formula } from '../value/formula.ts';
import { lineage, type Node } from '../value/terms.ts';
import { decidedBy, effectiveCondition, guardsOf, insertedWhen, tableOf, type Guard } from './absence.ts';
import { answered, type AnsweredPair } from './answered.ts';
import { checked, type CheckedPair } from './checked.ts';
import { chosenBy } from './chosen.ts';
import { claimed, type ClaimPair } from './claimed.ts';
import { consequenceOf, identifies, type Consequence } from './consequence.ts';
import { asksForFlag, counted, type CountPair } from './counted.ts';
import { doubtsAbout } from './evidence.ts';
import { noticeOf } from './handled.ts';
import type { Trace } from './index.ts';
import { armsOf, matchRow, sameTable, type RowMatch } from './matching.ts';
import { precedes } from './order.ts';
import { modified, type ModifiedPair } from './modified.ts';
import { placeOf } from './place.ts';
import { presentSide, type PresentSide } from './present.ts';
import { protectionOf, type HelperNames } from './protection.ts';
import { relationArms } from './relations.ts';
import { replaced, type ReplacePair } from './replaced.ts';
import { facetOf } from './results.ts';
import { updatedFirst, type UpdatePair } from './updated.ts';

export type { AnsweredPair } from './answered.ts';
export type { CheckedPair } from './checked.ts';
export type { ClaimPair } from './claimed.ts';
export type { CountPair } from './counted.ts';
export type { ModifiedPair } from './modified.ts';
export type { ReplacePair } from './replaced.ts';

/** A row that is inserted only where a look-up found none. */
export interface AbsencePair extends Consequence {
  readonly read: Operation;
  readonly write: Operation;
  /** Columns by which the look-up and the new row are the same. */
  readonly columns: readonly string[];
  /** What happens where the row is there. */
  readonly present: PresentSide;
  /** The update that runs where the row is there. */
  readonly update: Operation | undefined;
  /** Several rows: those missing from a set that was read. */
  readonly missing: boolean;
  /** The parent's foreign key was empty, and is set to the new row afterwards. */
  readonly links: boolean;
  readonly open: readonly OpenQuestion[];
  readonly node: Node;
}

export class Pairs {
  readonly #trace: Trace;
  readonly #catalogue: Catalogue;
  readonly #names: HelperNames;
  #absences: readonly AbsencePair[] | undefined;
  #counted: readonly CountPair[] | undefined;
  #modified: readonly ModifiedPair[] | undefined;

  constructor(trace: Trace, catalogue: Catalogue, names: HelperNames) {
    this.#trace = trace;
    this.#catalogue = catalogue;
    this.#names = names;
  }

  /** Look-up, then insert where nothing was found; at most one pair for each write and kind of answer. */
  absences(): readonly AbsencePair[] {
    return (this.#absences ??= inserts(this.#trace).flatMap((write) => best([...this.#absent(write), ...this.#unlinked(write)])));
  }

  /** Counts, maxima and latest rows that decide an insert or flow into it. */
  counted(): readonly CountPair[] {
    // "No row yet" of the very look-up that a row is looked for with is one race, which its own rule tells better.
    const isAbsence = (pair: CountPair): boolean => pair.kind === 'first' && this.absences().some((one) => one.read === pair.read && one.write === pair.write && one.open.length <= pair.open.length);
    return (this.#counted ??= inserts(this.#trace).flatMap((write) => counted(write, this.#trace, this.#catalogue, this.#names)).filter((one) => !isAbsence(one)));
  }

  /** Look-up, then an update to the value that was found free. */
  claims(): readonly ClaimPair[] { return claimed(this.#trace, this.#names); }

  /** Update, then an insert where it changed nothing. */
  updatedFirst(): readonly UpdatePair[] { return updatedFirst(this.#trace, this.#names); }

  /** Values computed from a row and written back into it. */
  modified(): readonly ModifiedPair[] { return (this.#modified ??= modified(this.#trace, this.#catalogue, this.#names)); }

  /** State or counts that were asked before an update or delete which changes them. */
  checked(): readonly CheckedPair[] {
    const linked = new Set(this.absences().flatMap((one) => (one.links ? [one.write] : [])));
    // Whether a value is free is asked once, however often the row's own value is compared with it.
    const claims = this.claims();
    const isClaim = ({ kind, write, columns }: CheckedPair): boolean => kind === 'state' && claims.some((one) => one.write === write && columns.every((column) => one.columns.includes(column)));
    return checked(this.#trace, this.#catalogue, this.#names, this.modified(), linked).filter((one) => !isClaim(one));
  }

  /** Sets that are deleted, then inserted anew. */
  replaced(): readonly ReplacePair[] { return replaced(this.#trace, this.#names); }

  /** Answers to unique violations of an insert. */
  answered(): readonly AnsweredPair[] { return this.#trace.operations.flatMap((write) => answered(write, this.#trace)); }

  #absent(write: Operation): AbsencePair[] {
    const guards = guardsOf(write, this.#trace, insertedWhen(write, this.#trace)).filter((guard) => guard.presence === 'absent');
    const chosen = chosenBy(write, this.#trace).filter(({ read }) => !guards.some((guard) => guard.read === read && guard.how === 'all'));
    return [...guards.filter(({ read }) => !chosen.some((one) => one.read === read)), ...chosen].flatMap((guard) => this.#absence(guard, write) ?? []);
  }

  #absence(guard: Guard, write: Operation): AbsencePair | undefined {
    const { read, facet } = guard;
    const table = tableOf(read, facet, this.#catalogue);
    if (sameTable(table, write.table) !== true) return undefined;
    const arms = table === read.table ? armsOf(read, facet) : relationArms(read, facet, table, this.#trace.terms);
    const match = matchRow(arms, write.rows ?? [], write.table);
    if (match.verdict === 'different') return undefined;
    const columns = columnsOf(match);
    // Whether a scope has rows (with this flag) is a count's question, which `counted` asks.
    if (((read.verb === 'count' && facet?.is !== 'exists') || asksForFlag(read, write)) && match.verdict === 'same' && !identifies(write.table, columns, write.rows ?? [])) return undefined;
    const protection = protectionOf(read, write, match.matched.map((one) => one.comparison.value), this.#trace, this.#names);
    if (protection.closed) return undefined;
    const consequence = consequenceOf(write.table, columns, write.rows ?? []);
    const notice = noticeOf(read, write, consequence.outcome, this.#trace);
    if (notice.handled) return undefined;
    const open = [...protection.open, ...doubtsAbout(read, write), ...notice.open];
    if (match.verdict === 'open') open.push({ id: 'key-opaque', text: 'the inserted row is the one that was looked for' });
    if (guard.how === 'some') open.push({ id: 'guard-arm', text: 'the look-up alone decides about the insert' });
    if (read.predicate && !read.predicate.complete) open.push({ id: 'predicate-unclear', text: 'the rest of the look-up\'s condition lets this row through' });
    return {
      read, write, columns, open, missing: isMissing(guard, write), links: false, present: guard.chosen ? 'rejects' : presentSide(read, write, this.#trace, table === read.table ? undefined : facet),
      update: this.#trace.operations.find((one) => (one.verb === 'update' || one.verb === 'save') && one.id !== write.id && sameTable(one.table, write.table) === true && decidedBy(one.condition, read, 'present')),
      node: placeOf(read, write, this.#trace), ...consequence,
    };
  }

  /** `if (!user.profileId) { const profile = await create(); await update(user, { profileId: profile.id }) }`. */
  #unlinked(write: Operation): AbsencePair[] {
    return conjuncts(effectiveCondition(write, this.#trace)).flatMap((part): AbsencePair[] => {
      const literal = asLiteral(part);
      if (!literal || (literal.atom.kind !== 'nullish' && literal.atom.kind !== 'truthy') || literal.holds !== (literal.atom.kind === 'nullish')) return [];
      const facet = facetOf(literal.atom.of);
      const read = facet?.operation;
      if (!facet || !read || read.verb !== 'find' || facet.is !== 'field' || facet.keys.length !== 1) return [];
      const column = facet.keys[0]!;
      const link = this.#trace.operations.find((one) => precedes(write, one) && (one.verb === 'update' || one.verb === 'save') && sameTable(one.table, read.table) === true
        && one.rows?.some((row) => row.assignments.some((each) => each.column === column && (lineage(each.value) === write || this.#trace.terms.sources(each.value).has(write)))));
      if (!link || sameTable(write.table, read.table) === true) return [];
      // The link says itself that it must still be missing: the second call's update finds no row.
      if (link.predicate?.arms.some((arm) => arm.some((one) => one.column === column))) return [];
      const protection = protectionOf(read, write, [], this.#trace, this.#names);
      const notice = noticeOf(read, write, 'unknown', this.#trace);
      if (protection.closed || notice.handled) return [];
      return [{ read, write, columns: [column], open: [...protection.open, ...doubtsAbout(read, write), ...notice.open], missing: false, links: true, present: 'gives', update: undefined, node: placeOf(read, write, this.#trace), outcome: 'duplicate' }];
    });
  }
}

/** Writes that make new rows, without a conflict clause of their own. */
function inserts(trace: Trace): Operation[] {
  return trace.operations.filter((one) => (one.verb === 'insert' || one.verb === 'save') && !one.conflict && !isSavedBefore(one, trace) && !isLoaded(one));
}

/** The saved row is one that was found: `claimed` speaks of the values that it takes. */
function isLoaded({ verb, saved, predicate }: Operation): boolean {
  return verb === 'save' && predicate !== undefined && saved !== undefined && lineage(saved)?.verb === 'find';
}

/** `const saved = await repo.save(row); saved.link = link; await repo.save(saved)`: the second one finds the row of the first. */
function isSavedBefore(write: Operation, trace: Trace): boolean {
  const { saved } = write;
  if (write.verb !== 'save' || !saved) return false;
  // `save(pick(saved, ['id', 'extra']))`: whatever is made of the saved row carries its key.
  const before = saved.kind === 'unknown' ? [...trace.terms.sources(saved)] : [lineage(saved)];
  const isBehind = (condition: Formula, isIt: (one: Operation) => boolean): boolean => {
    const known = conjuncts(condition);
    return trace.operations.some((one) => (one.verb === 'insert' || one.verb === 'save') && precedes(one, write) && isIt(one) && conjuncts(one.condition).every((part) => known.includes(part)));
  };
  if (isBehind(write.condition, (one) => before.includes(one) || (one.saved === saved && saved.kind === 'object'))) return true;
  // `if (!cart) { cart = new Cart(); await cart.save(); } cart.lines.push(line); await cart.save()`: whichever it is, it is there by now.
  const made = saved.kind === 'choice' ? saved.arms.filter((arm) => arm.value.kind === 'object' && !lineage(arm.value)) : [];
  return made.length > 0 && made.every((arm) => isBehind(trace.formulas.and(arm.when, write.condition), (one) => one.saved === arm.value));
}

function columnsOf(match: RowMatch): string[] {
  return [...new Set(match.matched.map(({ comparison, assignment }) => assignment?.column ?? comparison.column))];
}

function isMissing(guard: Guard, write: Operation): boolean {
  return write.rowsOf !== undefined || (guard.facet?.filters.length ?? 0) > 0 && write.loops.length > guard.read.loops.length;
}

/** The surest pair of each kind, then the one with most in common, then the nearest read. */
function best(pairs: readonly AbsencePair[]): AbsencePair[] {
  return (['gives', 'rejects'] as const).flatMap((side) => pairs.filter((one) => one.present === side)
    .sort((a, b) => a.open.length - b.open.length || b.columns.length - a.columns.length || b.read.id - a.read.id).slice(0, 1));
}
