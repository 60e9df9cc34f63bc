/** Query operators: `{ $gte: 18 }`, `{ $in: ids }` → comparisons. */
import type { Comparison, Node, Operator, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { comparison } from '../common/rows.ts';

const SIMPLE: Readonly<Record<string, Operator>> = {
  $eq: '=', $ne: '!=', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=', $in: 'in', $nin: 'not in', $like: 'like', $ilike: 'like', $re: 'like', $contains: 'contains', $contained: 'other', $overlap: 'other', $fulltext: 'other',
};

const OPPOSITE: Readonly<Partial<Record<Operator, Operator>>> = { '=': '!=', '!=': '=', '<': '>=', '<=': '>', '>': '<=', '>=': '<', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null' };

/** An object all of whose keys are operators. */
export function isOperators(entries: readonly ObjectEntry[] | undefined): boolean {
  return entries !== undefined && entries.length > 0 && entries.every((entry) => entry.kind === 'property' && entry.key.startsWith('$') && !/^\$(?:and|or|some|none|every)$/.test(entry.key));
}

/** What a column is compared to: all comparisons hold; `complete` as in `Predicate`. */
export interface ColumnTest { readonly all: readonly Comparison[]; readonly complete: boolean }

export function columnTest(column: string, value: Value, node: Node, via: readonly string[], context: ClientContext): ColumnTest {
  const entries = context.entries(value);
  if (!isOperators(entries)) {
    if (isNull(value)) return { all: [comparison(column, 'is null', context.terms.null, node, via)], complete: true };
    return { all: [comparison(column, value.kind === 'array' ? 'in' : '=', value, node, via)], complete: true };
  }
  const tests = entries!.map((entry): ColumnTest => {
    if (entry.kind !== 'property') return { all: [], complete: false };
    const test = operatorTest(entry.key, column, entry.value, entry.node, via, context);
    return entry.conditional ? { ...test, all: test.all.map((one) => ({ ...one, conditional: true })) } : test;
  });
  return { all: tests.flatMap((one) => one.all), complete: tests.every((one) => one.complete) };
}

function operatorTest(operator: string, column: string, value: Value, node: Node, via: readonly string[], context: ClientContext): ColumnTest {
  const one = (kind: Operator, operand: Value = value, complete = true): ColumnTest => ({ all: [comparison(column, kind, operand, node, via)], complete });
  if (operator === '$exists') return one(context.literal(value)?.value === false ? 'is null' : 'is not null', context.terms.null);
  if (operator === '$not') {
    const inner = columnTest(column, value, node, via, context);
    const [only] = inner.all;
    const opposite = only && inner.all.length === 1 ? OPPOSITE[only.operator] : undefined;
    return only && opposite ? { all: [{ ...only, operator: opposite }], complete: inner.complete } : one('other', value, false);
  }
  const simple = SIMPLE[operator];
  if (!simple) return one('other', value, false);
  if (isNull(value) && (simple === '=' || simple === '!=')) return one(simple === '=' ? 'is null' : 'is not null', context.terms.null);
  return one(simple);
}

export function isNull(value: Value): boolean { return value.kind === 'literal' && value.value == null; }
