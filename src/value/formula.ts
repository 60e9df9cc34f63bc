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
/** `value instanceof X`, `typeof`, type predicates …: a test with a name, on one value. */
export interface Opaque extends Base { readonly kind: 'opaque'; readonly node: Node; readonly of: readonly Value[]; readonly name: string | undefined }
/** The region threw: holds inside its handler. */
export interface Thrown extends Base { readonly kind: 'thrown'; readonly region: number }
export type Atom = Exists | Compare | Truthy | Nullish | Opaque | Thrown;
export interface Not extends Base { readonly kind: 'not'; readonly of: Atom }
export interface And extends Base { readonly kind: 'and'; readonly parts: readonly Formula[] }
export interface Or extends Base { readonly kind: 'or'; readonly parts: readonly Formula[] }
export type Formula = True | False | Atom | Not | And | Or;

/** Larger formulas lose their middle: an opaque atom takes its place, which makes reports less sure and never surer. */
const MAX_PARTS = 24;

export class Formulas {
  #next = 3;
  #interned = new Map<string, Formula>();
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
  opaque(node: Node, of: readonly Value[] = [], name?: string): Formula {
    return this.#intern(`o${node.range[0]}-${node.range[1]}:${of.map((one) => one.id).join()}`, (id) => ({ kind: 'opaque', id, node, of, name }));
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
    switch (of.kind) {
      case 'true': return this.false;
      case 'false': return this.true;
      case 'not': return of.of;
      case 'and': return this.or(...of.parts.map((part) => this.not(part)));
      case 'or': return this.and(...of.parts.map((part) => this.not(part)));
      default: return this.#intern(`!${of.id}`, (id) => ({ kind: 'not', id, of }));
    }
  }
  and(...parts: readonly Formula[]): Formula { return this.#join('and', parts); }
  or(...parts: readonly Formula[]): Formula { return this.#join('or', parts); }

  #join(kind: 'and' | 'or', given: readonly Formula[]): Formula {
    const [unit, zero] = kind === 'and' ? [this.true, this.false] : [this.false, this.true];
    const parts = new Map<number, Formula>();
    for (const part of given.flatMap((one) => (one.kind === kind ? one.parts : [one]))) {
      if (part === zero) return zero;
      if (part !== unit) parts.set(part.id, part);
    }
    for (const part of parts.values()) if (parts.has(this.not(part).id)) return zero;
    // Absorption: a ∧ (a ∨ b) = a, and a ∧ (¬a ∨ b) = a ∧ b; dually for or. Joins after if/else make these all the time.
    const other = kind === 'and' ? 'or' : 'and';
    for (const part of [...parts.values()]) {
      if (part.kind !== other) continue;
      if (part.parts.some((one) => parts.has(one.id))) { parts.delete(part.id); continue; }
      const rest = part.parts.filter((one) => !parts.has(this.not(one).id));
      if (rest.length < part.parts.length) {
        parts.delete(part.id);
        return this.#join(kind, [...parts.values(), rest.length ? this.#join(other, rest) : zero]);
      }
    }
    const kept = [...parts.values()].sort((a, b) => a.id - b.id).slice(0, MAX_PARTS);
    if (kept.length === 0) return unit;
    if (kept.length === 1) return kept[0]!;
    const common = kind === 'or' ? this.#factor(kept) : undefined;
    if (common) return common;
    return this.#intern(`${kind === 'and' ? '&' : '|'}${kept.map((one) => one.id).join()}`, (id) => ({ kind, id, parts: kept }) as And | Or);
  }

  /** (a ∧ b) ∨ (a ∧ c) = a ∧ (b ∨ c): keeps what both branches of a join share as a plain condition. */
  #factor(parts: readonly Formula[]): Formula | undefined {
    const conjuncts = parts.map((part) => (part.kind === 'and' ? part.parts : [part]));
    const shared = conjuncts[0]!.filter((one) => conjuncts.every((list) => list.includes(one)));
    if (!shared.length) return undefined;
    const rests = conjuncts.map((list) => this.and(...list.filter((one) => !shared.includes(one))));
    return this.and(...shared, this.or(...rests));
  }
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
