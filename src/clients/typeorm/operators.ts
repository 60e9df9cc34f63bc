/** Find operators: `In(ids)`, `Not(IsNull())` … as terms, and back from terms to comparisons. */
import type { Comparison, Node, Operator, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { comparison } from '../common/rows.ts';

const PREFIX = 'typeorm:';

export const OPERATORS: ReadonlySet<string> = new Set([
  'In', 'Not', 'IsNull', 'LessThan', 'LessThanOrEqual', 'MoreThan', 'MoreThanOrEqual', 'Like', 'ILike', 'Between', 'Any', 'ArrayContains',
  'ArrayContainedBy', 'ArrayOverlap', 'JsonContains', 'Raw', 'Equal', 'And', 'Or',
]);

export function operatorTerm(name: string, args: readonly Value[], context: ClientContext): Value {
  return context.terms.expression(PREFIX + name, args);
}

/** The operator behind a value, also when its import was not followed and only the call's name tells. */
export function readOperator(value: Value): { name: string; operands: readonly Value[] } | undefined {
  if (value.kind === 'expression' && value.operator.startsWith(PREFIX)) return { name: value.operator.slice(PREFIX.length), operands: value.operands };
  if (value.kind === 'unknown' && value.node.type === 'CallExpression' && value.node.callee.type === 'Identifier' && OPERATORS.has(value.node.callee.name)) {
    return { name: value.node.callee.name, operands: value.parts };
  }
  return undefined;
}

const NEGATED: Partial<Record<Operator, Operator>> = {
  '=': '!=', '!=': '=', '<': '>=', '<=': '>', '>': '<=', '>=': '<', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null',
};

const SIMPLE: Readonly<Record<string, Operator>> = {
  Equal: '=', In: 'in', Any: 'in', LessThan: '<', LessThanOrEqual: '<=', MoreThan: '>', MoreThanOrEqual: '>=', Like: 'like', ILike: 'like',
  ArrayContains: 'contains', JsonContains: 'contains', ArrayContainedBy: 'other', ArrayOverlap: 'other',
};

/** What a column is compared to: arms of an OR, each a list of comparisons; `complete` as in `Predicate`. */
export interface ColumnTest { readonly arms: readonly (readonly Comparison[])[]; readonly complete: boolean }

export function columnTest(column: string, value: Value, node: Node, via: readonly string[], context: ClientContext): ColumnTest {
  const one = (operator: Operator, operand: Value, complete = true): ColumnTest => ({ arms: [[comparison(column, operator, operand, node, via)]], complete });
  const operator = readOperator(value);
  if (!operator) {
    // A plain array as the value means IN in where objects of query builders, and an array column's value elsewhere.
    return one('=', value);
  }
  const [first, second] = operator.operands;
  switch (operator.name) {
    case 'IsNull': return one('is null', context.terms.null);
    case 'Between': {
      if (!first || !second) return one('other', value, false);
      return { arms: [[comparison(column, '>=', first, node, via), comparison(column, '<=', second, node, via)]], complete: true };
    }
    case 'And': {
      const tests = operator.operands.map((operand) => columnTest(column, operand, node, via, context));
      return tests.reduce((all, test) => ({ arms: all.arms.flatMap((a) => test.arms.map((b) => [...a, ...b])), complete: all.complete && test.complete }), { arms: [[]], complete: true } as ColumnTest);
    }
    case 'Or': {
      const tests = operator.operands.map((operand) => columnTest(column, operand, node, via, context));
      return { arms: tests.flatMap((test) => test.arms), complete: tests.every((test) => test.complete) };
    }
    case 'Not': return first ? negated(column, first, node, via, context) : one('other', value, false);
    default: {
      const simple = SIMPLE[operator.name];
      // `Raw` is SQL around the column: which rows it leaves is not read.
      return simple && first ? one(simple, first) : one('other', first ?? value, false);
    }
  }
}

function negated(column: string, inner: Value, node: Node, via: readonly string[], context: ClientContext): ColumnTest {
  const test = columnTest(column, inner, node, via, context);
  const only = test.arms.length === 1 && test.arms[0]!.length === 1 ? test.arms[0]![0]! : undefined;
  const opposite = only && NEGATED[only.operator];
  if (only && opposite) return { arms: [[{ ...only, operator: opposite }]], complete: test.complete };
  // NOT (a AND b), NOT LIKE: a negative condition that no rule takes for an equality.
  return { arms: [[comparison(column, 'other', inner, node, via)]], complete: test.complete };
}
