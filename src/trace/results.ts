/** What a value is of an operation's result, in the words of `ResultPart`, whatever path led there. */
import type { Operation, ResultPart } from '../model.ts';
import type { FilteredValue, Value } from '../value/terms.ts';

/**
 * - `row`: one row or nothing; `rows`: a collection of rows; both with the filters applied in code on the way;
 * - `field`: `keys` below a row (a column, or a relation that was fetched along);
 * - the others as in `ResultPart`; `length` is the number of rows in a collection.
 */
export interface Facet {
  readonly operation: Operation;
  readonly is: ResultPart['is'] | 'field' | 'length' | 'member';
  readonly part: ResultPart;
  /** For `field`, `row`, `rows`: the keys below the operation's own rows; non-empty for fetched relations and columns. */
  readonly keys: readonly string[];
  readonly filters: readonly FilteredValue[];
}

type Step = { key: string } | { element: true } | { filter: FilteredValue };

const known = new WeakMap<Value, Facet | null>();

/** Asked of the same values by every rule, so each answer is kept. */
export function facetOf(value: Value): Facet | undefined {
  if (value.kind !== 'member' && value.kind !== 'element' && value.kind !== 'filtered' && value.kind !== 'choice' && value.kind !== 'result') return undefined;
  const found = known.get(value);
  if (found !== undefined) return found ?? undefined;
  const made = readFacet(value);
  known.set(value, made ?? null);
  return made;
}

function readFacet(value: Value): Facet | undefined {
  const steps: Step[] = [];
  let at: Value = value;
  for (; at.kind !== 'result';) {
    if (at.kind === 'member') { steps.unshift({ key: at.key }); at = at.object; }
    else if (at.kind === 'element') { steps.unshift({ element: true }); at = at.of; }
    else if (at.kind === 'filtered') { steps.unshift({ filter: at }); at = at.of; }
    else if (at.kind === 'choice') {
      // `rows ?? []`, `row || null`, `Array.isArray(rows) ? rows : []`: what is there is still the result.
      const arms = at.arms.filter((arm) => arm.value.kind !== 'literal' && arm.value.kind !== 'array');
      if (arms.length !== 1) return undefined;
      at = arms[0]!.value;
    } else return undefined;
  }
  const operation = at.operation;
  const part = longestPart(operation, steps);
  if (!part) return undefined;
  let is: Facet['is'] = part.is;
  const keys: string[] = [];
  const filters: FilteredValue[] = [];
  // `written` behaves as the rows that were written: one or many.
  if (is === 'written') is = operation.many ? 'rows' : 'row';
  for (const step of steps.slice(part.path.length)) {
    if ('filter' in step) { filters.push(step.filter); is = 'rows'; continue; }
    if ('element' in step) { if (is === 'field') keys.push('*'); is = 'row'; continue; }
    const { key } = step;
    if (is === 'rows') {
      if (key === 'length' || key === 'size') is = 'length';
      else if (/^\d+$/.test(key)) is = 'row';
      else is = 'member';
    } else if (is === 'row') { keys.push(key); is = 'field'; }
    else if (is === 'field') {
      if (key === 'length' || key === 'size') is = 'length';
      else if (/^\d+$/.test(key)) { keys.push('*'); is = 'field'; }
      else keys.push(key);
    } else if (is === 'error') { keys.push(key); is = 'member'; }
    else is = 'member';
  }
  return { operation, is, part, keys, filters };
}

function longestPart(operation: Operation, steps: readonly Step[]): ResultPart | undefined {
  let best: ResultPart | undefined;
  for (const part of operation.result) {
    const matches = part.path.every((key, index) => { const step = steps[index]; return step !== undefined && 'key' in step && step.key === key; });
    if (matches && (!best || part.path.length > best.path.length)) best = part;
  }
  return best;
}

/** A value whose truth means "there is (such) a row": a row, a fetched to-one relation, an `exists` result. */
export function isRowLike(facet: Facet): boolean {
  return facet.is === 'row' || facet.is === 'exists';
}

/** A number of rows: `count`, `rows.length`, rows affected. */
export function isRowCount(facet: Facet): boolean {
  return facet.is === 'count' || facet.is === 'length' || facet.is === 'affected';
}
