/**
 * Conditions as hash-consed formulas of few kinds of atoms. Negation is pushed to the atoms, `and` / `or` are flat, sorted and
 * free of duplicates, so that equal conditions are mostly the same object; nothing here searches for models.
 */
import type { Node, Value } from './terms.ts';

interface Base { readonly id: number }
export interface True extends Base { readonly kind: 'true' }
export interface False extends Base { readonly kind: 'false' }
/** At least one row: `of` is a row-or-nothing or a collection of rows that descends from a read. */
export interface Exists extends Base { readonly kind: 'exists'; readonly of: Value }
export type Comparator = '===' | '<' | '<=' | '>' | '>=';
export interface Compare extends Base { readonly kind: 'compare'; readonly operator: Comparator; readonly left: Value; readonly right: Value }
export interface Truthy extends Base { readonly kind: 'truthy'; readonly of: Value }
export interface Nullish extends Base { readonly kind: 'nullish'; readonly of: Value }
/** `value instanceof X`, `typeof`, type predicates …: a test with a name, on one value; `from` is the module that the name comes from. */
export interface Opaque extends Base { readonly kind: 'opaque'; readonly node: Node | undefined; readonly of: readonly Value[]; readonly name: string | undefined; readonly from?: string }
/** The region threw: holds inside its handler. */
export interface Thrown extends Base { readonly kind: 'thrown'; readonly region: number }
export type Atom = Exists | Compare | Truthy | Nullish | Opaque | Thrown;
export interface Not extends Base { readonly kind: 'not'; readonly of: Atom }
export interface And extends Base { readonly kind: 'and'; readonly parts: readonly Formula[] }
export interface Or extends Base { readonly kind: 'or'; readonly parts: readonly Formula[] }
export type Formula = True | False | Atom | Not | And | Or;

/**
 * Larger formulas lose detail: a conjunction forgets its largest parts, a disjunction becomes an opaque atom. Both say less than
 * the original, which makes reports less sure and never surer.
 */
const MAX_SIZE = 64;

/** Two ids as one number: both stay far below it within one run. */
const PAIR = 2 ** 26;

export class Formulas {
  #next = 3;
  #interned = new Map<string, Formula>();
  /** By id, as are the sizes: formulas are numbered without gaps. */
  #negations: (Formula | undefined)[] = [];
  #sizes: (number | undefined)[] = [];
  #pairs = { and: new Map<number, Formula>(), or: new Map<number, Formula>() };
  #beyond = new Map<number, Formula>();
  #joined = new Map<string, Formula>();
  /** `#marks[id] === #mark`: among the parts that are looked at right now. */
  #marks: number[] = [];
  #mark = 0;
  readonly true: True = { kind: 'true', id: 1 };
  readonly false: False = { kind: 'false', id: 2 };

  #intern<T extends Formula>(key: string, make: (id: number) => T): T {
    const found = this.#interned.get(key);
    if (found) return found as T;
    const made = make(this.#next++);
    this.#interned.set(key, made);
    return made;
  }

  exists(of: Value): Formula { return this.#intern(`e${of.id}`, (id) => ({ kind: 'exists', id, of })); }
  truthy(of: Value): Formula { return this.#intern(`t${of.id}`, (id) => ({ kind: 'truthy', id, of })); }
  nullish(of: Value): Formula { return this.#intern(`n${of.id}`, (id) => ({ kind: 'nullish', id, of })); }
  thrown(region: number): Formula { return this.#intern(`c${region}`, (id) => ({ kind: 'thrown', id, region })); }
  opaque(node: Node, of: readonly Value[] = [], name?: string, from?: string): Formula {
    return this.#intern(`o${node.range[0]}-${node.range[1]}:${of.map((one) => one.id).join()}`, (id) => ({ kind: 'opaque', id, node, of, name, ...(from !== undefined && { from }) }));
  }
  /**
   * A loop over `of` has turns: two loops over the same collection both have some or none, so that what the first one asked of each
   * element is known in the second. A list under construction may have grown in between.
   */
  turns(node: Node, of: readonly [Value, Value]): Formula {
    const base = of[1];
    return base.kind === 'array' || base.kind === 'object' ? this.opaque(node, of) : this.#intern(`u${base.id}`, (id) => ({ kind: 'opaque', id, node, of, name: undefined }));
  }
  compare(operator: Comparator | '!==', left: Value, right: Value): Formula {
    if (operator === '!==') return this.not(this.compare('===', left, right));
    if (left.kind === 'literal' && right.kind !== 'literal') {
      const flipped = ({ '===': '===', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const)[operator];
      return this.compare(flipped, right, left);
    }
    if (operator === '===' && left === right) return this.true;
    if (left.kind === 'literal' && right.kind === 'literal') {
      const [a, b] = [left.value, right.value] as [number, number];
      const holds = operator === '===' ? a === b : operator === '<' ? a < b : operator === '<=' ? a <= b : operator === '>' ? a > b : a >= b;
      return holds ? this.true : this.false;
    }
    return this.#intern(`k${left.id}${operator}${right.id}`, (id) => ({ kind: 'compare', id, operator, left, right }));
  }
  not(of: Formula): Formula {
    const known = this.#negations[of.id];
    if (known) return known;
    const made = this.#negate(of);
    this.#negations[of.id] = made;
    this.#negations[made.id] = of;
    return made;
  }
  #negate(of: Formula): Formula {
    switch (of.kind) {
      case 'true': return this.false;
      case 'false': return this.true;
      case 'not': return of.of;
      case 'and': return this.or(...of.parts.map((part) => this.not(part)));
      case 'or': return this.and(...of.parts.map((part) => this.not(part)));
      default: return this.#intern(`!${of.id}`, (id) => ({ kind: 'not', id, of }));
    }
  }
  and(...parts: readonly Formula[]): Formula { return parts.length === 2 ? this.#pair('and', parts[0]!, parts[1]!) : this.#join('and', parts); }
  or(...parts: readonly Formula[]): Formula { return parts.length === 2 ? this.#pair('or', parts[0]!, parts[1]!) : this.#join('or', parts); }

  /** What `formula` demands beyond what `base` demands already: its conjuncts that are none of `base`. */
  beyond(formula: Formula, base: Formula): Formula {
    if (formula === base) return this.true;
    const key = formula.id * PAIR + base.id;
    const known = this.#beyond.get(key);
    if (known) return known;
    const before = conjuncts(base);
    const made = this.#join('and', conjuncts(formula).filter((part) => !before.includes(part)));
    this.#beyond.set(key, made);
    return made;
  }

  #pair(kind: 'and' | 'or', one: Formula, other: Formula): Formula {
    if (one === other) return one;
    const [unit, zero] = kind === 'and' ? [this.true, this.false] : [this.false, this.true];
    if (one === unit) return other;
    if (other === unit) return one;
    if (one === zero || other === zero) return zero;
    const pairs = this.#pairs[kind];
    const key = one.id < other.id ? one.id * PAIR + other.id : other.id * PAIR + one.id;
    const known = pairs.get(key);
    if (known) return known;
    const made = this.#join(kind, [one, other]);
    pairs.set(key, made);
    return made;
  }

  #join(kind: 'and' | 'or', given: readonly Formula[]): Formula {
    const [unit, zero] = kind === 'and' ? [this.true, this.false] : [this.false, this.true];
    const mark = ++this.#mark;
    const sorted: Formula[] = [];
    let isSorted = true;
    const add = (part: Formula): void => {
      if (part === unit || this.#marks[part.id] === mark) return;
      this.#marks[part.id] = mark;
      if (sorted.length && sorted[sorted.length - 1]!.id > part.id) isSorted = false;
      sorted.push(part);
    };
    for (const one of given) {
      if (one === zero) return zero;
      if (one.kind === kind) for (const part of one.parts) add(part); else add(one);
    }
    if (sorted.length === 0) return unit;
    if (sorted.length === 1) return sorted[0]!;
    if (!isSorted) sorted.sort((a, b) => a.id - b.id);
    const key = keyOf(kind, sorted);
    const known = this.#joined.get(key);
    if (known) return known;
    const made = this.#simplified(kind, mark, sorted, key);
    this.#joined.set(key, made);
    return made;
  }

  /** `sorted`: the parts, each marked with `mark`. */
  #simplified(kind: 'and' | 'or', mark: number, sorted: readonly Formula[], key: string): Formula {
    const zero = kind === 'and' ? this.false : this.true;
    const isPart = (one: Formula): boolean => this.#marks[one.id] === mark;
    // A negation that was never made cannot be among the parts, so none is made for the question.
    const isDenied = (part: Formula): boolean => { const negation = part.kind === 'not' ? part.of : this.#negations[part.id]; return negation !== undefined && isPart(negation); };
    if (sorted.some(isDenied)) return zero;
    // Absorption: a ∧ (a ∨ b) = a, and a ∧ (¬a ∨ b) = a ∧ b; dually for or. Joins after if/else make these all the time.
    const other = kind === 'and' ? 'or' : 'and';
    for (const part of sorted) {
      if (part.kind !== other) continue;
      if (part.parts.some(isPart)) { this.#marks[part.id] = 0; continue; }
      const rest = part.parts.filter((one) => !isDenied(one));
      if (rest.length < part.parts.length) {
        const kept = sorted.filter((one) => one !== part && isPart(one));
        return this.#join(kind, [...kept, rest.length ? this.#join(other, rest) : zero]);
      }
    }
    let kept = sorted.filter(isPart);
    if (kept.length === 1) return kept[0]!;
    const common = kind === 'or' ? this.#factor(kept) : undefined;
    if (common) return common;
    let size = this.#sizeOf(kept);
    if (size > MAX_SIZE) {
      if (kind === 'or') return this.#intern(`…${kept.map((one) => one.id).join()}`, (id) => ({ kind: 'opaque', id, node: undefined, of: [], name: undefined }));
      kept = this.#smallest(kept);
      size = this.#sizeOf(kept);
    }
    const made = this.#intern(kept.length === sorted.length ? key : keyOf(kind, kept), (id) => ({ kind, id, parts: kept }) as And | Or);
    this.#sizes[made.id] = size;
    return made;
  }

  #sizeOf(parts: readonly Formula[]): number { return parts.reduce((sum, one) => sum + (this.#sizes[one.id] ?? 1), 0); }

  /** As many parts as fit, the small ones first: plain literals are what rules ask for. */
  #smallest(parts: readonly Formula[]): Formula[] {
    const kept: Formula[] = [];
    let size = 0;
    for (const part of [...parts].sort((a, b) => (this.#sizes[a.id] ?? 1) - (this.#sizes[b.id] ?? 1) || b.id - a.id)) {
      size += this.#sizes[part.id] ?? 1;
      if (size > MAX_SIZE) break;
      kept.push(part);
    }
    return kept.sort((a, b) => a.id - b.id);
  }

  /** (a ∧ b) ∨ (a ∧ c) = a ∧ (b ∨ c): keeps what both branches of a join share as a plain condition. */
  #factor(parts: readonly Formula[]): Formula | undefined {
    const lists = parts.map(conjuncts);
    let shared = lists[0]!;
    for (let at = 1; at < lists.length && shared.length; at++) shared = shared.filter((one) => lists[at]!.includes(one));
    if (!shared.length) return undefined;
    const rests = lists.map((list) => this.and(...list.filter((one) => !shared.includes(one))));
    return this.and(...shared, this.or(...rests));
  }
}

function keyOf(kind: 'and' | 'or', parts: readonly Formula[]): string {
  let key = kind === 'and' ? '&' : '|';
  for (const one of parts) key += `${one.id},`;
  return key;
}

/** The conditions that must hold for `formula` to hold: its top-level conjuncts. */
export function conjuncts(formula: Formula): readonly Formula[] {
  return formula.kind === 'and' ? formula.parts : formula.kind === 'true' ? [] : [formula];
}

/** A literal is an atom or its negation. */
export interface FormulaLiteral { readonly atom: Atom; readonly holds: boolean }

/** `formula` as a literal, or undefined when it is true, false or compound. */
export function asLiteral(formula: Formula): FormulaLiteral | undefined {
  switch (formula.kind) {
    case 'true': case 'false': case 'and': case 'or': return undefined;
    case 'not': return { atom: formula.of, holds: false };
    default: return { atom: formula, holds: true };
  }
}

/**
 * How surely a literal that satisfies `wanted` is needed for `formula`: 'all' when every way of making it true needs one,
 * 'some' when at least one arm of an `or` needs one, 'none' otherwise. Returns the literals found.
 */
export function needs(formula: Formula, wanted: (literal: FormulaLiteral) => boolean): { how: 'all' | 'some' | 'none'; found: FormulaLiteral[] } {
  const literal = asLiteral(formula);
  if (literal) return wanted(literal) ? { how: 'all', found: [literal] } : { how: 'none', found: [] };
  if (formula.kind === 'and') {
    const parts = formula.parts.map((part) => needs(part, wanted));
    const found = parts.flatMap((part) => part.found);
    return { how: parts.some((part) => part.how === 'all') ? 'all' : found.length ? 'some' : 'none', found };
  }
  if (formula.kind === 'or') {
    const parts = formula.parts.map((part) => needs(part, wanted));
    const found = parts.flatMap((part) => part.found);
    return { how: parts.every((part) => part.how === 'all') ? 'all' : found.length ? 'some' : 'none', found };
  }
  return { how: 'none', found: [] };
}

const literalsOf = new WeakMap<Formula, readonly FormulaLiteral[]>();

/** Every literal of `formula`, whatever stands around it. */
export function formulaLiterals(formula: Formula): readonly FormulaLiteral[] {
  const known = literalsOf.get(formula);
  if (known) return known;
  let made: readonly FormulaLiteral[];
  if (formula.kind === 'and' || formula.kind === 'or') made = formula.parts.flatMap(formulaLiterals);
  else { const literal = asLiteral(formula); made = literal ? [literal] : []; }
  literalsOf.set(formula, made);
  return made;
}
