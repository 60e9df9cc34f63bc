/** Conditions as steps: `where(…)` in its forms, `whereIn`, `orWhere`, groups in callbacks. */
import type { Comparison, Node, Operator, Predicate, Value } from '../../../model.ts';
import type { FunctionValue } from '../../../value/terms.ts';
import type { Call, ClientContext } from '../../client.ts';
import { EVERYTHING, andPredicate, orPredicate, single } from '../rows.ts';
import { boundText, rawCondition, rawOf, rawValue } from './raw.ts';
import { columnOf } from './state.ts';
import type { BuilderState } from './state.ts';

const SYMBOLS: Readonly<Record<string, Operator>> = {
  '=': '=', '==': '=', '!=': '!=', '<>': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=', like: 'like', ilike: 'like', in: 'in', 'not in': 'not in', is: 'is null', 'is not': 'is not null', '@>': 'contains',
};
const NEGATED: Readonly<Partial<Record<Operator, Operator>>> = {
  '=': '!=', '!=': '=', '>': '<=', '>=': '<', '<': '>=', '<=': '>', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null',
};

/** What a method name says: its connective, whether it negates, and the form of its arguments. */
const NAME = /^(?<or>or|and)?[wW]here(?<not>Not)?(?<form>In|Null|Like|ILike|Raw|Exists|Between|Column|Ref|Composite|Json\w*)?$/;
const EXTRA = new Set(['orWhereNot', 'andWhereNot', 'whereNotBetween', 'whereComposite', 'whereInComposite']);

export const isCondition = (method: string): boolean => NAME.test(method) || EXTRA.has(method);

/** The state with the condition of one call. */
export function withCondition(state: BuilderState, call: Call, context: ClientContext, group: (state: BuilderState) => Value): BuilderState {
  const { or, not, form } = NAME.exec(call.method)?.groups ?? {};
  const read = conditionOf(state, form, call, context, group);
  return joined(state, not ? negated(read, call.node) : read, or === 'or');
}

export function joined(state: BuilderState, part: Predicate, byOr: boolean): BuilderState {
  const fresh = !state.predicate.arms.length && state.predicate.complete && !state.closed;
  if (!byOr || fresh) return { ...state, predicate: andPredicate(state.predicate, part) };
  return { ...state, closed: whole(state), predicate: part };
}

/** All of the condition so far. */
export function whole({ closed, predicate }: Pick<BuilderState, 'closed' | 'predicate'>): Predicate {
  return closed ? orPredicate([closed, predicate], predicate.node ?? closed.node) : predicate;
}

const incomplete = (node: Node): Predicate => ({ arms: [], complete: false, node });

function conditionOf(state: BuilderState, form: string | undefined, call: Call, context: ClientContext, group: (state: BuilderState) => Value): Predicate {
  const [first, second] = call.args;
  const { node } = call;
  if (form === 'Raw') return first ? rawCondition(state, { text: first, bindings: call.args.slice(1) }, context, call.argNodes[0]) : incomplete(node);
  if (form === 'Null') return onColumn(state, first, 'is null', context.terms.null, call, context) ?? incomplete(node);
  if (form === 'In') return inList(state, call, context);
  if (form === 'Like' || form === 'ILike') return (second && onColumn(state, first, 'like', second, call, context)) ?? incomplete(node);
  // Between, exists, two columns, JSON: narrower in ways that no comparison says.
  if (form !== undefined || !first) return incomplete(node);
  if (call.args.length === 1) return alone(state, first, call, context, group);
  return comparisonOf(state, call, context);
}

/** `where('email', email)`, `where('hits', '>', 3)`. */
export function comparisonOf(state: BuilderState, call: Call, context: ClientContext): Predicate {
  const { node } = call;
  const [first, second] = call.args;
  const symbol = call.args.length > 2 ? context.literal(second!)?.value : '=';
  const operator = typeof symbol === 'string' ? SYMBOLS[symbol.toLowerCase()] : undefined;
  const value = call.args.length > 2 ? call.args[2]! : second!;
  if (!operator) return incomplete(node);
  // `where(sql`lower(name)`, '=', name)`: the column itself, whatever its case.
  const folded = first && (operator === '=' || operator === 'like') ? foldedColumn(first, context) : undefined;
  if (folded !== undefined) return onColumn(state, context.terms.literal(folded), 'like', value, call, context) ?? incomplete(node);
  return onColumn(state, first, operator, value, call, context) ?? incomplete(node);
}

/** The column of `lower(name)`, `upper(u.name)`, `trim(name)`. */
function foldedColumn(value: Value, context: ClientContext): string | undefined {
  const raw = rawOf(value);
  const text = raw && boundText(raw, context);
  return text && !text.holes.length ? /^\s*(?:lower|upper|trim|btrim)\s*\(\s*["`]?(?<column>[\w."`]+?)["`]?\s*\)\s*$/i.exec(text.source.text)?.groups?.['column']?.replace(/["`]/g, '') : undefined;
}

function alone(state: BuilderState, first: Value, call: Call, context: ClientContext, group: (state: BuilderState) => Value): Predicate {
  const raw = rawOf(first);
  if (raw) return rawCondition(state, raw, context, call.argNodes[0]);
  if (first.kind === 'function') return grouped(state, first, context, group) ?? incomplete(call.node);
  return objectCondition(state, first, context, call.argNodes[0] ?? call.node);
}

/** `where({ email, teamId })`; a value that is null is compared with IS NULL. */
export function objectCondition(state: BuilderState, value: Value, context: ClientContext, node: Node): Predicate {
  const entries = context.entries(value);
  if (!entries) return incomplete(node);
  const comparisons = entries.flatMap((entry): Comparison[] => {
    if (entry.kind === 'spread' || isUndefined(entry.value)) return [];
    const { name, via } = columnOf(state, entry.key);
    const isNull = entry.value.kind === 'literal' && entry.value.value === null;
    return [{ column: name, operator: isNull ? 'is null' : '=', value: entry.value, via, node: entry.node, ...(entry.conditional && { conditional: true }) }];
  });
  const complete = entries.every((entry) => entry.kind !== 'spread');
  return { arms: comparisons.length ? [comparisons] : [], complete, node };
}

const isUndefined = (value: Value): boolean => value.kind === 'literal' && value.value === undefined;

/** `where((q) => q.where(…).orWhere(…))`, `where(function () { this.where(…) })`. */
function grouped(state: BuilderState, callback: FunctionValue, context: ClientContext, group: (state: BuilderState) => Value): Predicate | undefined {
  const handle = group({ ...state, closed: undefined, predicate: EVERYTHING });
  const returned = context.callback({ ...callback, self: handle } as FunctionValue, [handle]);
  const newest = context.newest(handle);
  const after = newest !== handle ? newest : returned;
  return after?.kind === 'handle' && after.type === 'builder' ? whole(after.data as unknown as BuilderState) : undefined;
}

function onColumn(state: BuilderState, column: Value | undefined, operator: Operator, value: Value, call: Call, context: ClientContext): Predicate | undefined {
  const text = column && context.literal(column)?.value;
  if (typeof text !== 'string') return undefined;
  const { name, via } = columnOf(state, text);
  // `where('deleted_at', null)`, `where('deleted_at', 'is', null)`.
  const isNull = value.kind === 'literal' && value.value === null;
  const known = isNull && operator === '=' ? 'is null' : isNull && operator === '!=' ? 'is not null' : operator;
  if ((known === 'is null' || known === 'is not null') && !isNull) return undefined;
  const raw = rawOf(value);
  const compared = raw ? rawValue(state, raw, context) : value;
  // Another statement, or another column, decides.
  if (!compared || compared.kind === 'handle' || compared.kind === 'function') return undefined;
  return single({ column: name, operator: known, value: compared, via, node: call.argNodes.at(-1) ?? call.node });
}

function inList(state: BuilderState, call: Call, context: ClientContext): Predicate {
  const [columns, list] = call.args;
  if (!columns || !list) return incomplete(call.node);
  if (context.elements(columns)) return incomplete(call.node);
  const elements = context.elements(list);
  // A list of one value is that value.
  if (elements?.length === 1 && !elements[0]!.spread) return onColumn(state, columns, '=', elements[0]!.value, call, context) ?? incomplete(call.node);
  return onColumn(state, columns, 'in', list, call, context) ?? incomplete(call.node);
}

export function negated(predicate: Predicate, node: Node): Predicate {
  const [arm] = predicate.arms;
  const operator = predicate.arms.length === 1 && arm?.length === 1 && predicate.complete ? NEGATED[arm[0]!.operator] : undefined;
  return operator ? { arms: [[{ ...arm![0]!, operator }]], complete: true, node } : incomplete(node);
}
