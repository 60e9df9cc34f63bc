/** Values as conditions: what truth, equality and order of a value say about rows. */
import { conjuncts, type Formula } from '../value/formula.ts';
import type { Node, Value } from '../value/terms.ts';
import { facetOf, isRowCount, isRowLike, type Facet } from './results.ts';
import type { Walk } from './walk.ts';

type Comparison = '===' | '!==' | '==' | '!=' | '<' | '<=' | '>' | '>=';
export const COMPARISONS: ReadonlySet<string> = new Set<Comparison>(['===', '!==', '==', '!=', '<', '<=', '>', '>=']);

/** Columns that every row has: `if (existing?.id)` asks for the row, not for the column. */
const OWN_KEY = /^(?:_?id|uuid|pk)$/;
const KEY_LIKE = /^(?:_?id|uuid|pk|[a-z]\w*(?:Id|_id|ID|Uuid|_uuid))$/;

/**
 * What was worked out for a choice: its arms are choices themselves where a function has many ways out, and share theirs, so that
 * asking each arm anew takes time exponential in their depth. Values belong to one run, as do its formulas.
 */
const known = new WeakMap<Value, Map<string, Formula>>();

function once(value: Value, question: string, answer: () => Formula): Formula {
  if (value.kind !== 'choice') return answer();
  const answers = known.get(value) ?? new Map<string, Formula>();
  known.set(value, answers);
  const found = answers.get(question) ?? answer();
  answers.set(question, found);
  return found;
}

export function truthiness(walk: Walk, value: Value): Formula {
  return once(value, 'truthy', () => truthOf(walk, value));
}

function truthOf(walk: Walk, value: Value): Formula {
  const { formulas } = walk;
  switch (value.kind) {
    case 'literal': return value.value ? formulas.true : formulas.false;
    // Nobody throws nothing, or calls back with it as the error.
    case 'object': case 'array': case 'function': case 'class': case 'handle': case 'caught': return formulas.true;
    case 'choice': return formulas.or(...value.arms.map((arm) => formulas.and(arm.when, truthiness(walk, arm.value))));
    case 'expression': {
      const [first, second] = value.operands;
      if (value.operator === '!') return formulas.not(truthiness(walk, first!));
      if (value.operator === 'call:Boolean') return truthiness(walk, first!);
      if (value.operator === 'exists') return formulas.exists(first!);
      if (value.operator === 'none') return formulas.not(formulas.exists(first!));
      if (COMPARISONS.has(value.operator)) return compare(walk, value.operator as Comparison, first!, second!);
      break;
    }
    default:
  }
  const facet = facetOf(value);
  if (facet) {
    if (isRowLike(facet) || isRowCount(facet)) return formulas.exists(value);
    if (facet.is === 'rows') return formulas.true;
    if (facet.is === 'field' && facet.keys.length === 1 && value.kind === 'member') {
      // `row.id` without `?.` throws when there is no row, so it is asked for the column's sake only where the column may be falsy.
      const column = facet.operation.table.table?.columns.get(facet.keys[0]!);
      const row = formulas.exists(value.object);
      const always = KEY_LIKE.test(facet.keys[0]!) && column?.nullable !== true && !isForeignKey(facet.operation.table.table, facet.keys[0]!)
        && (column?.nullable === false || OWN_KEY.test(facet.keys[0]!) || !isKnown(walk, row, facet));
      return always ? row : formulas.and(row, formulas.truthy(value));
    }
  }
  return formulas.truthy(value);
}

/** Where the row is known to be there, `if (ticket.assigneeId)` can only ask for the column. */
function isKnown(walk: Walk, row: Formula, { operation }: Facet): boolean {
  return row.kind === 'true' || operation.result.some((part) => part.miss === 'throws') || conjuncts(walk.state.condition).includes(row);
}

function isForeignKey(table: { readonly relations: readonly { readonly columns: readonly string[] }[] } | undefined, column: string): boolean {
  return table?.relations.some((relation) => relation.columns.includes(column)) ?? false;
}

export function nullish(walk: Walk, value: Value): Formula {
  return once(value, 'nullish', () => nullishOf(walk, value));
}

function nullishOf(walk: Walk, value: Value): Formula {
  const { formulas } = walk;
  switch (value.kind) {
    case 'literal': return value.value === null || value.value === undefined ? formulas.true : formulas.false;
    case 'object': case 'array': case 'function': case 'class': case 'handle': case 'expression': case 'caught': return formulas.false;
    case 'choice': return formulas.or(...value.arms.map((arm) => formulas.and(arm.when, nullish(walk, arm.value))));
    default:
  }
  const facet = facetOf(value);
  if (facet) {
    if (isRowLike(facet) || facet.is === 'error') return formulas.not(truthiness(walk, value));
    if (facet.is === 'rows' && value.kind !== 'member') return formulas.false;
    if (isRowCount(facet)) return formulas.false;
    if (facet.is === 'field' && facet.keys.length === 1 && value.kind === 'member') {
      const without = formulas.not(formulas.exists(value.object));
      const column = facet.operation.table.table?.columns.get(facet.keys[0]!);
      if (column ? column.nullable === false : OWN_KEY.test(facet.keys[0]!)) return without;
      return formulas.or(without, formulas.nullish(value));
    }
  }
  return formulas.nullish(value);
}

export function compare(walk: Walk, operator: Comparison, left: Value, right: Value): Formula {
  const { formulas } = walk;
  if (operator === '!==') return formulas.not(compare(walk, '===', left, right));
  if (operator === '!=') return formulas.not(compare(walk, '==', left, right));
  if (left.kind === 'literal' && right.kind !== 'literal') {
    const flipped = ({ '===': '===', '==': '==', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const)[operator];
    return compare(walk, flipped, right, left);
  }
  if (left.kind === 'choice' && right.kind === 'literal') {
    return once(left, `${operator}${right.id}`, () => formulas.or(...left.arms.map((arm) => formulas.and(arm.when, compare(walk, operator, arm.value, right)))));
  }
  if (right.kind === 'literal') {
    const literal = right.value;
    if (operator === '===' || operator === '==') {
      if (literal === null || literal === undefined) {
        // `=== null` on a row that is undefined when missing (or the other way round) is never true in a careful client; what
        // people mean by it is "absent", and types usually keep them honest.
        return nullish(walk, left);
      }
      if (typeof literal === 'boolean') {
        const truth = truthiness(walk, left);
        if (isBoolean(left)) return literal ? truth : formulas.not(truth);
      }
      if (left.kind === 'expression' && left.operator === 'typeof' && literal === 'undefined') return nullish(walk, left.operands[0]!);
    }
    const count = countComparison(walk, operator, left, literal);
    if (count) return count;
    if (left.kind === 'expression' && left.operator === 'indexOf' && typeof literal === 'number') {
      const found = formulas.exists(left.operands[0]!);
      if ((operator === '===' || operator === '==' || operator === '<=') && literal === -1) return formulas.not(found);
      if ((operator === '>' && literal === -1) || (operator === '>=' && literal === 0)) return found;
      if (operator === '<' && literal === 0) return formulas.not(found);
    }
  }
  return formulas.compare(operator === '==' ? '===' : operator, left, right);
}

function isBoolean(value: Value): boolean {
  if (value.kind === 'choice') return value.arms.every((arm) => arm.value.kind === 'literal' ? typeof arm.value.value === 'boolean' : isBoolean(arm.value));
  if (value.kind === 'expression') return COMPARISONS.has(value.operator) || value.operator === '!' || value.operator === 'exists' || value.operator === 'none' || value.operator === 'call:Boolean';
  return facetOf(value)?.is === 'exists';
}

/** A count against 0 or 1 asks whether there are rows at all. */
function countComparison(walk: Walk, operator: Comparison, left: Value, literal: unknown): Formula | undefined {
  const inner = left.kind === 'expression' && /^call:(?:Number|parseInt|\+)$/.test(left.operator) ? left.operands[0]! : left;
  const facet = facetOf(inner);
  // The number of related rows that were counted along is one as well.
  if (!facet || !(isRowCount(facet) || (facet.is === 'field' && facet.keys[0] === '_count')) || (typeof literal !== 'number' && typeof literal !== 'string' && typeof literal !== 'bigint')) return undefined;
  const { formulas } = walk;
  const numeric = inner === left ? facet.part.numeric ?? 'number' : 'number';
  if (operator === '===' && numeric !== typeof literal && facet.is !== 'length' && facet.is !== 'field') return formulas.false;
  const exists = formulas.exists(inner);
  const number = Number(literal);
  if (number === 0) {
    if (operator === '===' || operator === '==' || operator === '<=') return formulas.not(exists);
    if (operator === '>') return exists;
  }
  if (number === 1) {
    if (operator === '<') return formulas.not(exists);
    if (operator === '>=') return exists;
    // Of a row that is alone under its key there is one, or none.
    if ((operator === '===' || operator === '==') && !facet.operation.many && facet.is !== 'field') return exists;
  }
  return undefined;
}

/** `left && right`, `||`, `??` as conditions on a value: which side the whole expression yields. */
export function shortCircuit(walk: Walk, operator: '&&' | '||' | '??', left: Value): Formula {
  const { formulas } = walk;
  if (operator === '&&') return truthiness(walk, left);
  if (operator === '||') return formulas.not(truthiness(walk, left));
  return nullish(walk, left);
}

/** `value instanceof X`, `isX(value)`: a named test. */
export function namedTest(walk: Walk, node: Node, name: string | undefined, of: readonly Value[], from?: string): Formula {
  return walk.formulas.opaque(node, of, name, from);
}
