/** Expressions: what callbacks with an expression builder make, as conditions, written values and aggregates. */
import type { Predicate, Row, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { EVERYTHING, andPredicate, orPredicate, rowFrom } from '../common/rows.ts';
import type { AssignmentReader } from '../common/rows.ts';
import { rawAggregate, rawAssignment, rawCondition, rawOf } from '../common/builder/raw.ts';
import { columnNamed, columnOf } from '../common/builder/state.ts';
import type { BuilderState } from '../common/builder/state.ts';
import { comparisonOf, negated, objectCondition } from '../common/builder/where.ts';
import { dataOf, make } from './handles.ts';
import type { AggregateData, ArithmeticData, ConditionData, EbData, ReferenceData } from './handles.ts';
import type { Node } from '../../model.ts';

const ARITHMETIC = /^(?:[-+*/%]|\|\|)$/;
const AGGREGATES: Readonly<Record<string, string>> = { countAll: 'count', count: 'count', max: 'max', min: 'min', sum: 'sum', avg: 'avg' };
const EB_METHODS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'exists', 'ref', 'val', 'lit', 'selectFrom', 'between', 'case', 'parens', 'cast', 'unary', 'tuple', 'refTuple', 'eb']);

export const incomplete = (node: Node | undefined): Predicate => ({ arms: [], complete: false, node });
const condition = (predicate: Predicate, context: ClientContext): Meaning => ({ kind: 'handle', handle: make(context, 'condition', { predicate } satisfies ConditionData) });

/** The value that a callback with an expression builder gives back; any other value as it is. */
export function evaluated(value: Value, state: BuilderState | undefined, context: ClientContext): Value {
  return value.kind === 'function' ? context.callback(value, [make(context, 'eb', { state } satisfies EbData)]) ?? value : value;
}

/** `({ eb, or, fn }) => …`: members of an expression builder. */
export function ebMember(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  if (key === 'eb') return handle;
  if (key === 'fn') return make(context, 'fn', handle.data);
  return EB_METHODS.has(key) ? make(context, 'eb-method', { ...handle.data, name: key }) : undefined;
}

/** `eb('email', '=', email)`, `eb.or([…])`. */
export function onExpression(handle: HandleValue, given: string, call: Call, context: ClientContext): Meaning | undefined {
  const { state } = handle.data as unknown as EbData;
  const [first, second, third] = call.args;
  switch (given) {
    case '': case 'eb': {
      const operator = second && context.literal(second)?.value;
      const column = first && context.literal(first)?.value;
      if (typeof operator === 'string' && ARITHMETIC.test(operator)) {
        return typeof column === 'string' && third ? { kind: 'handle', handle: make(context, 'arithmetic', { column, operator, value: third } satisfies ArithmeticData) } : { kind: 'handle', handle: make(context, 'other') };
      }
      return condition(state ? comparisonOf(state, call, context) : incomplete(call.node), context);
    }
    case 'and': case 'or': return condition(combined(given, first, state, call, context), context);
    case 'not': return condition(first ? negated(conditionOf(first, state, context, call.node), call.node) : incomplete(call.node), context);
    case 'exists': case 'between': return condition(incomplete(call.node), context);
    case 'parens': return call.args.length === 1 && first ? { kind: 'value', value: first } : condition(state ? comparisonOf(state, call, context) : incomplete(call.node), context);
    case 'ref': {
      const column = first && context.literal(first)?.value;
      if (typeof column !== 'string') return { kind: 'handle', handle: make(context, 'other') };
      const parts = column.split('.');
      return { kind: 'handle', handle: make(context, 'reference', { column: parts.at(-1)!, inserted: parts[0] === 'excluded' && parts.length > 1 } satisfies ReferenceData) };
    }
    case 'fn': return onFunction('', call, context);
    case 'val': case 'lit': case 'cast': return first && { kind: 'value', value: first };
    default: return { kind: 'handle', handle: make(context, 'other') };
  }
}

function combined(how: 'and' | 'or', given: Value | undefined, state: BuilderState | undefined, call: Call, context: ClientContext): Predicate {
  const listed = given && context.elements(given);
  if (listed) {
    const parts = listed.map((one) => (one.spread ? incomplete(one.node) : conditionOf(one.value, state, context, one.node)));
    return how === 'and' ? parts.reduce(andPredicate, EVERYTHING) : parts.length ? orPredicate(parts, call.node) : incomplete(call.node);
  }
  if (!given || !state) return incomplete(call.node);
  const read = objectCondition(state, given, context, call.argNodes[0] ?? call.node);
  return how === 'and' || !read.complete ? read : { ...read, arms: read.arms.flatMap((arm) => arm.map((one) => [one])) };
}

/** What a value given as a condition selects. */
export function conditionOf(given: Value, state: BuilderState | undefined, context: ClientContext, node: Node | undefined): Predicate {
  const value = evaluated(given, state, context);
  const known = dataOf<ConditionData>(value, 'condition');
  if (known) return { ...known.predicate, node };
  const raw = rawOf(value);
  return raw && state ? rawCondition(state, raw, context, node) : incomplete(node);
}

/** `condition.or('a', '=', x)`, `condition.and(eb(…))`: a condition that goes on. */
export function onCondition(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const { predicate } = handle.data as unknown as ConditionData;
  if (call.method !== 'and' && call.method !== 'or') return call.method === 'as' ? { kind: 'handle', handle: make(context, 'other') } : undefined;
  const part = call.args.length === 1 ? conditionOf(call.args[0]!, undefined, context, call.node) : incomplete(call.node);
  return condition(call.method === 'and' ? andPredicate(predicate, part) : orPredicate([predicate, part], call.node), context);
}

/** `fn.count<number>('id')`, `fn.countAll<number>()`: whoever says so has a driver that parses big integers, since it is a text otherwise. */
function asNumber(node: Node): { readonly numeric?: 'number' } {
  const types = node.type === 'CallExpression' ? node.typeArguments?.params : undefined;
  return types?.length === 1 && types[0]!.type === 'TSNumberKeyword' ? { numeric: 'number' } : {};
}

/** `fn.countAll()`, `fn.count('id')`, `fn.max('position')`; `.as('n')` names it. */
export function onFunction(name: string, call: Call, context: ClientContext): Meaning {
  const fn = AGGREGATES[name];
  if (name === '') return { kind: 'handle', handle: callOf(call, context) ?? make(context, 'other') };
  if (!fn) return { kind: 'handle', handle: make(context, 'other') };
  const column = call.args[0] && context.literal(call.args[0])?.value;
  return { kind: 'handle', handle: make(context, 'aggregate', { function: fn, column: typeof column === 'string' ? column.split('.').at(-1) : undefined, name: fn, ...asNumber(call.node) } satisfies AggregateData) };
}

/** `eb.fn('lower', ['email'])`, `fn('lower', [eb.val(email)])`: a fragment of SQL, as `sql` would make it. */
function callOf(call: Call, context: ClientContext): HandleValue | undefined {
  const name = call.args[0] && context.literal(call.args[0])?.value;
  const listed = call.args[1] && context.elements(call.args[1]);
  if (typeof name !== 'string' || !listed || listed.some((one) => one.spread)) return undefined;
  const { terms } = context;
  const parts = listed.map(({ value }): readonly Value[] | undefined => {
    const column = context.literal(value)?.value ?? dataOf<ReferenceData>(value, 'reference')?.column;
    if (typeof column === 'string') return [terms.literal(column.split('.').map((one) => `"${one}"`).join('.'))];
    const raw = rawOf(value);
    if (raw) return raw.text.kind === 'expression' && raw.text.operator === 'template' ? raw.text.operands : [raw.text];
    return value.kind === 'handle' ? undefined : [terms.literal(''), value];
  });
  if (!parts.every((one) => one !== undefined)) return undefined;
  const text = parts.flatMap((one, index) => (index ? [terms.literal(', '), ...one] : one));
  return make(context, 'raw', { text: terms.expression('template', [terms.literal(`${name}(`), ...text, terms.literal(')')]), bindings: [] });
}

export function onAggregate(handle: HandleValue, call: Call, context: ClientContext): Meaning {
  const name = call.method === 'as' && call.args[0] ? context.literal(call.args[0])?.value : undefined;
  // `.distinct()`, `.filterWhere(…)`: which rows are counted is narrower then, which the condition of the statement does not say.
  return { kind: 'handle', handle: typeof name === 'string' ? make(context, 'aggregate', { ...handle.data, name }) : call.method === 'filterWhere' ? make(context, 'other') : handle };
}

/** An aggregate among what is selected, the one of a fragment included: `sql`count(*)`.as('n')`. */
export function aggregateOf(value: Value, context: ClientContext): AggregateData | undefined {
  const known = dataOf<AggregateData>(value, 'aggregate');
  if (known) return known;
  const raw = rawOf(value);
  const read = raw && rawAggregate(raw, context);
  const alias = value.kind === 'handle' ? value.data['alias'] : undefined;
  return read && { ...read, name: typeof alias === 'string' ? alias : read.name };
}

/** Values that the database makes. `excluded.name` is what the insert would have written. */
export const assignments = (state: BuilderState, inserted: Row | undefined, context: ClientContext): AssignmentReader => (key, given) => {
  const column = columnNamed(state.table.table, key);
  const value = evaluated(given, state, context);
  const raw = rawOf(value);
  if (raw) return { column, ...rawAssignment(state, column, raw, context) };
  const arithmetic = dataOf<ArithmeticData>(value, 'arithmetic');
  if (arithmetic) {
    const self = columnOf(state, arithmetic.column).name === column;
    const amount = self && arithmetic.operator === '-' ? context.terms.expression('-', [arithmetic.value]) : arithmetic.value;
    return { column, value: amount, how: arithmetic.operator === '||' ? 'append' : 'atomic' };
  }
  const reference = dataOf<ReferenceData>(value, 'reference');
  if (reference?.inserted) {
    const own = inserted?.assignments.find((one) => one.column === columnNamed(state.table.table, reference.column));
    return own ? { column, value: own.value, how: 'set' } : { column, value, how: 'atomic' };
  }
  if (value.kind === 'handle') return { column, value: context.terms.expression('sql', [value]), how: 'atomic' };
  return { column, value, how: 'set' };
};

/** The row that `set(…)` and `doUpdateSet(…)` write: an object, a callback that gives one, or a column and its value. */
export function setRow(state: BuilderState, inserted: Row | undefined, call: Call, context: ClientContext): Row | undefined {
  const [first, second] = call.args;
  if (!first) return undefined;
  const read = assignments(state, inserted, context);
  const name = context.literal(first)?.value;
  if (typeof name === 'string' && second) {
    const made = read(name, second, call.node);
    return typeof made === 'object' ? { assignments: [{ column: made.column ?? name, value: made.value, how: made.how, node: call.argNodes[1] }], spreads: [], node: call.node } : undefined;
  }
  return rowFrom(evaluated(first, state, context), context, call.argNodes[0], read);
}
