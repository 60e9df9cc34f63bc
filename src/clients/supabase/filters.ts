/**
 * Filter calls (`.eq`, `.in`, `.not`, `.match`, `.filter`, `.or` …) as predicates. Filters of one chain are joined by AND.
 */
import type { Comparison, Node, Operator, Predicate, Value } from '../../model.ts';
import type { Call, ClientContext } from '../client.ts';
import { andPredicate, comparison, single } from '../common/rows.ts';
import { readLogic } from './logic.ts';
import type { BuilderState } from './state.ts';

/** PostgREST operators by their names in `.filter(col, op, v)`, `.not(col, op, v)` and `.or('col.op.v')`. */
export const OPERATORS: Readonly<Record<string, Operator>> = {
  eq: '=', neq: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', ilike: 'like', in: 'in', is: 'is null', cs: 'contains',
};
const NEGATED: Readonly<Partial<Record<Operator, Operator>>> = {
  '=': '!=', '!=': '=', '>': '<=', '>=': '<', '<': '>=', '<=': '>', in: 'not in', 'is null': 'is not null',
};
/** Methods of two arguments that are one plain comparison. */
const PLAIN: Readonly<Record<string, Operator>> = {
  eq: '=', neq: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', ilike: 'like', in: 'in', notIn: 'not in', contains: 'contains',
};
/** Methods that narrow the rows by what the shared words cannot say: an `other` comparison, and the predicate stays incomplete. */
const OPAQUE = new Set([
  'textSearch', 'overlaps', 'containedBy', 'isDistinct', 'regexMatch', 'regexIMatch', 'rangeGt', 'rangeGte', 'rangeLt', 'rangeLte', 'rangeAdjacent',
  'likeAllOf', 'likeAnyOf', 'ilikeAllOf', 'ilikeAnyOf',
]);
export const FILTER_METHODS: ReadonlySet<string> = new Set([...Object.keys(PLAIN), ...OPAQUE, 'is', 'match', 'filter', 'not', 'or']);

/** One comparison of a logic string or of a filter call, before its column path is resolved. */
export interface RawComparison { readonly column: string; readonly operator: Operator; readonly value: Value; readonly opaque: boolean; readonly node: Node | undefined }

/** `operator` as PostgREST spells it, with `not.` in front when negated; `is` depends on its value. */
export function rawComparison(column: string, name: string, negated: boolean, value: Value, node: Node | undefined, context: ClientContext): RawComparison {
  let operator: Operator | undefined = OPERATORS[name];
  if (name === 'is') {
    const literal = context.literal(value)?.value;
    // `is.true` and `is.false` compare with a value; `is.unknown` is `is.null` for booleans.
    if (literal === true || literal === 'true') return rawComparison(column, 'eq', negated, context.terms.true, node, context);
    if (literal === false || literal === 'false') return rawComparison(column, 'eq', negated, context.terms.false, node, context);
    if (literal === 'not_null') return { column, operator: negated ? 'is null' : 'is not null', value: context.terms.null, opaque: false, node };
    if (literal !== null && literal !== 'null' && literal !== 'unknown') operator = undefined;
    else value = context.terms.null;
  }
  if (negated && operator) operator = NEGATED[operator];
  if (operator === 'in' || operator === 'not in') value = listOf(value, context);
  return { column, operator: operator ?? 'other', value, opaque: operator === undefined, node };
}

/** The collection behind `` `(${ids.join(',')})` ``, the text form of a list; another value stays as it is. */
function listOf(value: Value, context: ClientContext): Value {
  if (value.kind !== 'expression') return value;
  if (value.operator === 'template' || value.operator === '+') {
    const inner = value.operands.filter((one) => !/^[()"\s]*$/.test(String(context.literal(one)?.value ?? 'x')));
    return inner.length === 1 ? listOf(inner[0]!, context) : value;
  }
  return value.operator === 'call:join' && value.operands[0] ? value.operands[0] : value;
}

/** `state` narrowed by one filter call. */
export function applyFilter(state: BuilderState, call: Call, context: ClientContext): BuilderState {
  const [first, second, third] = call.args;
  const opaque = () => ({ ...state, predicate: { ...state.predicate, complete: false } });
  if (call.method === 'match') return first ? applyMatch(state, first, context) : opaque();
  if (call.method === 'or') return first ? applyOr(state, call, first, second, context) : opaque();
  const column = first && context.literal(first)?.value;
  // A column that is computed (`.eq(field, value)`) may be any: the rows are narrower than what is listed.
  if (typeof column !== 'string' || !second) return opaque();
  const node = call.argNodes[1];
  if (call.method === 'filter' || call.method === 'not') {
    const name = context.literal(second)?.value;
    if (typeof name !== 'string' || !third) return opaque();
    const inner = /^(?<not>not\.)?(?<name>\w+)/.exec(name)?.groups;
    const negated = (call.method === 'not') !== Boolean(inner?.['not']);
    return addComparison(state, rawComparison(column, inner?.['name'] ?? '', negated, third, call.argNodes[2], context));
  }
  if (call.method === 'is') return addComparison(state, rawComparison(column, 'is', false, second, node, context));
  const operator = PLAIN[call.method];
  return addComparison(state, { column, operator: operator ?? 'other', value: second, opaque: !operator, node });
}

function applyMatch(state: BuilderState, query: Value, context: ClientContext): BuilderState {
  const entries = context.entries(query);
  if (!entries) return { ...state, predicate: { ...state.predicate, complete: false } };
  let next = state;
  for (const entry of entries) {
    if (entry.kind === 'spread') next = { ...next, predicate: { ...next.predicate, complete: false } };
    else if (entry.conditional) next = addComparison(next, { column: entry.key, operator: '=', value: entry.value, opaque: false, node: entry.node }, true);
    else next = addComparison(next, { column: entry.key, operator: '=', value: entry.value, opaque: false, node: entry.node });
  }
  return next;
}

function applyOr(state: BuilderState, call: Call, text: Value, options: Value | undefined, context: ClientContext): BuilderState {
  // On an embedded resource it narrows the embedded rows only; under `!inner` also the rows, in a way that is not followed.
  const resource = options && ['referencedTable', 'foreignTable'].map((key) => context.literal(context.property(options, key))?.value).find((one) => typeof one === 'string');
  if (typeof resource === 'string') {
    return isInner(state, resource) ? { ...state, predicate: { ...state.predicate, complete: false } } : state;
  }
  const logic = readLogic(text, call.argNodes[0], context);
  if (!logic) return { ...state, predicate: { ...state.predicate, complete: false } };
  const arms = logic.map((arm) => arm.map((raw) => ({ raw, resolved: resolve(state, raw) })));
  const complete = arms.every((arm) => arm.every(({ raw }) => !raw.opaque));
  const predicate: Predicate = { arms: arms.map((arm) => arm.map(({ resolved }) => resolved)), complete, node: call.argNodes[0] };
  return { ...state, predicate: andPredicate(state.predicate, predicate) };
}

const isInner = (state: BuilderState, resource: string) => state.embedded.some((one) => one.inner && (one.name === resource || one.resource === resource));

/** `author.email` is a column of an embedded resource, `data->>kind` a part of the column `data`. */
function resolve(state: BuilderState, raw: RawComparison): Comparison {
  const [path = '', json] = raw.column.split(/->>?/, 2);
  const via = path.split('.');
  const column = via.pop()!.replaceAll('"', '');
  const known = via.map((name) => state.embedded.find((one) => one.name === name)?.name ?? name);
  // The part of a json column is no column that a row is written with: any comparison on it is `other`, on the whole column.
  return comparison(column, json === undefined ? raw.operator : 'other', raw.value, raw.node, known);
}

function addComparison(state: BuilderState, raw: RawComparison, conditional = false): BuilderState {
  const resolved: Comparison = { ...resolve(state, raw), ...(conditional ? { conditional: true } : {}) };
  const resource = resolved.via[0];
  if (resource !== undefined && !isInner(state, resource)) {
    return { ...state, embeddedFilters: [...state.embeddedFilters, { resource, comparison: { ...resolved, via: [] } }] };
  }
  const predicate = andPredicate(state.predicate, single(resolved));
  return { ...state, predicate: { ...predicate, complete: predicate.complete && !raw.opaque } };
}
