/**
 * Steps of a request: the verbs on a table, then filters, modifiers and the form of the answer.
 */
import type { Value } from '../../model.ts';
import type { Call, ClientContext } from '../client.ts';
import { rowsFrom } from '../common/rows.ts';
import { readSelect } from './columns.ts';
import { FILTER_METHODS, applyFilter } from './filters.ts';
import { startOf } from './state.ts';
import type { BuilderState, TableState } from './state.ts';

/** The five verbs that follow `.from('t')`. */
export const VERBS: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'upsert', 'delete']);
/** Steps that change nothing that is looked at here: types, headers, signals, retries. */
const NEUTRAL = new Set(['returns', 'overrideTypes', 'abortSignal', 'setHeader', 'retry', 'maxAffected', 'stripNulls', 'rollback']);
export const STEPS: ReadonlySet<string> = new Set([
  ...FILTER_METHODS, ...NEUTRAL, 'select', 'order', 'limit', 'range', 'single', 'maybeSingle', 'csv', 'geojson', 'explain', 'throwOnError',
]);

/** The request that `.from('t').select(…)` and its siblings start. */
export function startRequest(table: TableState, call: Call, context: ClientContext): BuilderState | undefined {
  const [first, second] = call.args;
  switch (call.method) {
    case 'select': return withSelect({ ...startOf(table, 'find', call.node), ...counting(second, context) }, first, context);
    case 'insert': return first && { ...startOf(table, 'insert', call.node), ...written(first, call, context), ...counting(second, context) };
    case 'update': return first && { ...startOf(table, 'update', call.node), ...written(first, call, context), ...counting(second, context) };
    case 'delete': return { ...startOf(table, 'delete', call.node), ...counting(first, context) };
    case 'upsert': return first && { ...startOf(table, 'upsert', call.node), ...written(first, call, context), ...counting(second, context), upsert: conflictOf(second, context) };
    default: return undefined;
  }
}

/** The next state, or undefined when the step is none of this client's. */
export function nextStep(state: BuilderState, call: Call, context: ClientContext): BuilderState | undefined {
  const [first, second] = call.args;
  if (FILTER_METHODS.has(call.method)) return applyFilter(state, call, context);
  if (NEUTRAL.has(call.method)) return state;
  switch (call.method) {
    // After a write: the written rows come back. After a call of a function: which columns.
    case 'select': return withSelect({ ...state, ...(second ? counting(second, context) : {}) }, first, context);
    case 'order': return onEmbedded(second, context) ? state : withOrder(state, first, second, context);
    case 'limit': return onEmbedded(second, context) ? state : { ...state, limit: numberOf(first, context) };
    case 'range': {
      const [from, to] = [numberOf(first, context), numberOf(second, context)];
      return onEmbedded(call.args[2], context) ? state : { ...state, limit: from !== undefined && to !== undefined ? to - from + 1 : undefined };
    }
    case 'single': return { ...state, cardinality: 'single' };
    case 'maybeSingle': return { ...state, cardinality: 'maybeSingle' };
    case 'csv': case 'geojson': case 'explain': return { ...state, cardinality: 'text' };
    case 'throwOnError': return { ...state, throws: first === undefined || context.literal(first)?.value !== false };
    default: return undefined;
  }
}

function withSelect(state: BuilderState, list: Value | undefined, context: ClientContext): BuilderState {
  const text = list && context.literal(list)?.value;
  if (list && typeof text !== 'string') return { ...state, returning: true, columns: undefined };
  const read = readSelect(text as string | undefined);
  const only = read.aggregates[0];
  // Beside columns an aggregate is grouped by them: several numbers, which stay a plain read.
  const alone = state.verb === 'find' && only && read.aggregates.length === 1 && read.columns?.length === 0 && !read.embedded.length;
  const verb = alone ? { verb: only.function === 'count' ? 'count' as const : 'aggregate' as const, aggregate: only } : {};
  return { ...state, returning: true, columns: read.columns, ...(read.mixed && { mixed: read.mixed }), embedded: read.embedded, ...verb };
}

/** `{ count, head }`: a count is asked for by any known algorithm; an unknown value may be one. */
function counting(options: Value | undefined, context: ClientContext): { counts: boolean; head: boolean } {
  if (!options) return { counts: false, head: false };
  const count = context.property(options, 'count');
  const known = context.literal(count);
  const counts = known ? typeof known.value === 'string' : context.entries(options)?.some((entry) => entry.kind === 'property' && entry.key === 'count') ?? false;
  return { counts, head: context.literal(context.property(options, 'head'))?.value === true };
}

function written(values: Value, call: Call, context: ClientContext): Pick<BuilderState, 'rows' | 'rowsOf' | 'manyRows'> {
  const { rows, rowsOf, many } = rowsFrom(values, context, call.argNodes[0]);
  return { rows, rowsOf, manyRows: many };
}

function conflictOf(options: Value | undefined, context: ClientContext): NonNullable<BuilderState['upsert']> {
  if (!options) return { target: undefined, targetOmitted: true, ignore: false };
  const given = context.literal(context.property(options, 'onConflict'));
  const target = typeof given?.value === 'string' ? given.value.split(',').map((one) => one.trim().replaceAll('"', '')).filter((one) => one !== '') : undefined;
  const entries = context.entries(options);
  const named = entries?.some((entry) => entry.kind === 'spread' || entry.key === 'onConflict') ?? true;
  return { target, targetOmitted: !named || (given !== undefined && given.value === undefined), ignore: context.literal(context.property(options, 'ignoreDuplicates'))?.value === true };
}

function withOrder(state: BuilderState, column: Value | undefined, options: Value | undefined, context: ClientContext): BuilderState {
  const name = column && context.literal(column)?.value;
  // An order by an unknown column hides which row comes first: nothing after it can be relied on.
  if (typeof name !== 'string') return state;
  const descending = options ? context.literal(context.property(options, 'ascending'))?.value === false : false;
  return { ...state, order: [...state.order, { column: name, descending }] };
}

function onEmbedded(options: Value | undefined, context: ClientContext): boolean {
  return options !== undefined && ['referencedTable', 'foreignTable'].some((key) => typeof context.literal(context.property(options, key))?.value === 'string');
}

function numberOf(value: Value | undefined, context: ClientContext): number | undefined {
  const known = value && context.literal(value)?.value;
  return typeof known === 'number' ? known : undefined;
}
