/** The steps that Knex's builder has and others took over. */
import type { Row, Value } from '../../../model.ts';
import type { Call, ClientContext } from '../../client.ts';
import { rowFrom, rowsFrom } from '../rows.ts';
import type { AssignmentReader } from '../rows.ts';
import { rawAggregate, rawAssignment, rawOf } from './raw.ts';
import { columnOf, columnNamed, isMixed, namedAs } from './state.ts';
import type { BuilderState } from './state.ts';
import { isCondition, withCondition } from './where.ts';

const AGGREGATES: ReadonlySet<string> = new Set(['count', 'countDistinct', 'max', 'min', 'sum', 'sumDistinct', 'avg', 'avgDistinct']);
/** Change nothing that is looked at here. */
const NEUTRAL: ReadonlySet<string> = new Set([
  'as', 'on', 'timeout', 'debug', 'options', 'queryContext', 'hintComment', 'comment', 'offset', 'noWait', 'withSchema', 'clearSelect', 'clearOrder', 'with', 'withMaterialized', 'connection', 'asCallback',
  'leftJoin', 'leftOuterJoin', 'orderByRaw', 'context', 'onError', 'runBefore', 'runAfter', 'mergeContext', 'allowGraph', 'skipUndefined', 'jsonExtract', 'alias', 'usingReplica', 'useIndex', 'distinctOn', 'limitPerGroup', 'ref',
]);
/** Narrow the rows in a way that is not followed. */
const NARROWING: ReadonlySet<string> = new Set([
  'join', 'innerJoin', 'rightJoin', 'rightOuterJoin', 'fullOuterJoin', 'outerJoin', 'crossJoin', 'joinRaw', 'union', 'unionAll', 'intersect', 'except', 'having', 'havingRaw', 'havingIn', 'andHaving', 'orHaving', 'using', 'range', 'page',
  'joinRelated', 'innerJoinRelated', 'leftJoinRelated', 'whereSubquery',
]);
const OWN: ReadonlySet<string> = new Set([
  'select', 'first', 'columns', 'column', 'distinct', 'pluck', 'insert', 'update', 'increment', 'decrement', 'del', 'delete', 'truncate', 'upsert', 'onConflict', 'merge', 'ignore', 'returning', 'limit', 'orderBy', 'groupBy', 'groupByRaw',
  'forUpdate', 'forShare', 'forNoKeyUpdate', 'forKeyShare', 'skipLocked', 'modify', 'clone', 'clearWhere',
]);

export const isStep = (method: string): boolean => OWN.has(method) || NEUTRAL.has(method) || NARROWING.has(method) || AGGREGATES.has(method) || isCondition(method);

export interface StepTools {
  /** A builder on which conditions of a group, or steps of a callback, are collected. */
  group(state: BuilderState): Value;
}

/** The next state; undefined when the method is no step. */
export function nextState(state: BuilderState, call: Call, context: ClientContext, tools: StepTools): BuilderState | undefined {
  const { method, args, node } = call;
  const [first, second] = args;
  if (isCondition(method)) {
    // After `.merge(…)`: which rows the update part touches.
    return state.conflict?.action === 'update' ? state : withCondition(state, call, context, (one) => tools.group(one));
  }
  if (AGGREGATES.has(method)) return withAggregate(state, method, first, context);
  if (NARROWING.has(method)) return { ...state, joined: true };
  if (method === 'select' || method === 'columns' || method === 'column' || method === 'distinct') return withColumns(state, args, context);
  if (method === 'as') return namedAs(state, first, context);
  if (NEUTRAL.has(method)) return /join/i.test(method) ? { ...state, mixed: true } : state;
  const verb = { start: node, label: `${call.receiverText}.${method}` };
  switch (method) {
    case 'first': return { ...(args.length ? withColumns(state, args, context) : state), first: true };
    case 'pluck': return withColumns(state, args, context);
    case 'insert': {
      const { rows, rowsOf, many } = first ? rowsFrom(first, context, call.argNodes[0], assignments(state, context)) : { rows: undefined, rowsOf: undefined, many: false };
      return { ...state, ...verb, verb: 'insert', rows, rowsOf, manyRows: many, returning: state.returning || args.length > 1 };
    }
    // MySQL's REPLACE: a row of any key goes, a new one comes. Elsewhere it throws.
    case 'upsert': {
      const { rows, rowsOf, many } = first ? rowsFrom(first, context, call.argNodes[0], assignments(state, context)) : { rows: undefined, rowsOf: undefined, many: false };
      return { ...state, ...verb, verb: 'insert', rows, rowsOf, manyRows: many, conflict: { target: undefined, action: 'update', update: undefined } };
    }
    case 'update': return withUpdate(state, call, verb, context);
    case 'increment': case 'decrement': return withIncrement(state, call, verb, context);
    case 'del': case 'delete': return { ...state, ...verb, verb: 'delete', returning: state.returning || args.length > 0 };
    case 'truncate': return { ...state, ...verb, verb: 'delete', closed: undefined, predicate: { arms: [], complete: true, node } };
    case 'onConflict': return { ...state, conflict: { target: targetOf(state, first, context), action: undefined, update: undefined } };
    case 'ignore': return state.conflict ? { ...state, conflict: { ...state.conflict, action: 'ignore' } } : undefined;
    case 'merge': return state.conflict ? { ...state, conflict: { ...state.conflict, action: 'update', update: merged(state, first, call, context) } } : undefined;
    case 'returning': return { ...state, returning: true };
    case 'limit': {
      const limit = first && context.literal(first)?.value;
      return { ...state, limit: typeof limit === 'number' ? limit : undefined };
    }
    case 'orderBy': return withOrder(state, first, second, context);
    case 'groupBy': case 'groupByRaw': return { ...state, grouped: true };
    case 'forUpdate': case 'forNoKeyUpdate': return { ...state, lock: 'update' };
    case 'forShare': case 'forKeyShare': return { ...state, lock: 'share' };
    case 'skipLocked': return { ...state, skipLocked: true };
    case 'clone': return state;
    case 'clearWhere': return { ...state, closed: undefined, predicate: { arms: [], complete: true, node } };
    case 'modify': return modified(state, first, args.slice(1), context, tools);
    default: return undefined;
  }
}

/** `modify((builder) => { … })`: what the callback does to the builder; a named modifier may do anything. */
function modified(state: BuilderState, callback: Value | undefined, more: readonly Value[], context: ClientContext, tools: StepTools): BuilderState {
  const unknown = { ...state, joined: true };
  if (callback?.kind !== 'function') return unknown;
  const handle = tools.group(state);
  const returned = context.callback({ ...callback, self: handle }, [handle, ...more]);
  const newest = context.newest(handle);
  const after = newest !== handle ? newest : returned;
  if (after === undefined) return unknown;
  const { root: _root, own: _own, ...next } = (after.kind === 'handle' && after.type === 'builder' ? after.data : state) as unknown as BuilderState;
  return { ...next, ...(state.own && { own: state.own }) };
}

/** Values that the database makes: raw fragments; references to columns. */
export const assignments = (state: BuilderState, context: ClientContext): AssignmentReader => (key, value) => {
  const column = columnNamed(state.table.table, key.split('.').at(-1)!);
  const raw = rawOf(value);
  if (raw) return { column, ...rawAssignment(state, column, raw, context) };
  if (value.kind === 'handle') return { column, value: context.terms.expression('sql', [value]), how: 'atomic' };
  return { column, value, how: 'set' };
};

type Start = Pick<BuilderState, 'start' | 'label'>;

function withUpdate(state: BuilderState, call: Call, verb: Start, context: ClientContext): BuilderState {
  const [first, second] = call.args;
  const name = first && context.literal(first)?.value;
  const read = assignments(state, context);
  if (typeof name === 'string' && second) {
    const made = read(name, second, call.node) as Exclude<ReturnType<AssignmentReader>, 'skip' | undefined>;
    return updating(state, { assignments: [{ column: made.column ?? name, value: made.value, how: made.how, node: call.argNodes[1] }], spreads: [], node: call.node }, verb, call.args.length > 2);
  }
  return first ? updating(state, rowFrom(first, context, call.argNodes[0], read), verb, call.args.length > 1) : state;
}

function updating(state: BuilderState, row: Row, verb: Start, returning: boolean): BuilderState {
  const before = state.verb === 'update' ? state.rows?.[0] : undefined;
  const rows = [before ? { ...row, assignments: [...before.assignments, ...row.assignments], spreads: [...before.spreads, ...row.spreads] } : row];
  return { ...state, ...verb, verb: 'update', rows, returning: state.returning || returning };
}

/** `increment('hits', 2)`, `increment({ hits: 1 })`. */
function withIncrement(state: BuilderState, call: Call, verb: Start, context: ClientContext): BuilderState {
  const [first, second] = call.args;
  if (!first) return state;
  const signed = (value: Value): Value => (call.method === 'decrement' ? context.terms.expression('-', [value]) : value);
  const name = context.literal(first)?.value;
  if (typeof name === 'string') {
    const assignment = { column: columnNamed(state.table.table, name), value: signed(second ?? context.terms.literal(1)), how: 'atomic' as const, node: call.node };
    return updating(state, { assignments: [assignment], spreads: [], node: call.node }, verb, false);
  }
  return updating(state, rowFrom(first, context, call.argNodes[0], (key, value) => ({ column: columnNamed(state.table.table, key), value: signed(value), how: 'atomic' })), verb, false);
}

/** The columns of `onConflict('email')` and `onConflict(['a', 'b'])`; undefined: any key, or one that was not read. */
function targetOf(state: BuilderState, value: Value | undefined, context: ClientContext): readonly string[] | undefined {
  if (!value) return undefined;
  const one = context.literal(value)?.value;
  if (typeof one === 'string') return [columnOf(state, one).name];
  const columns = context.elements(value)?.map((each) => context.literal(each.value)?.value);
  if (columns?.length && columns.every((each) => typeof each === 'string')) return columns.map((each) => columnOf(state, each as string).name);
  const raw = rawOf(value);
  const text = raw && context.literal(raw.text)?.value;
  const found = typeof text === 'string' ? /^\s*\((?<list>[\w",\s]+)\)\s*$/.exec(text)?.groups : undefined;
  return found ? found['list']!.split(',').map((each) => columnOf(state, each.trim().replaceAll('"', '')).name) : undefined;
}

/** `merge()`: all inserted columns; `merge(['name'])`: these; `merge({ name })`: these values. */
function merged(state: BuilderState, value: Value | undefined, call: Call, context: ClientContext): Row | undefined {
  if (!value) return undefined;
  const inserted = state.rows?.[0];
  const names = typeof context.literal(value)?.value === 'string' ? [context.literal(value)!.value as string] : context.elements(value)?.map((one) => context.literal(one.value)?.value);
  if (names?.every((one) => typeof one === 'string')) {
    return {
      assignments: (names as readonly string[]).map((name) => {
        const column = columnNamed(state.table.table, name);
        const own = inserted?.assignments.find((one) => one.column === column);
        return { column, value: own?.value ?? context.terms.unknown(call.node), how: 'set', node: call.node };
      }),
      spreads: [], node: call.node,
    };
  }
  return rowFrom(value, context, call.argNodes[0], assignments(state, context));
}

/** `count('* as n')`, `count({ n: '*' })`, `max('position')`; the name without an alias is the database's own. */
function withAggregate(state: BuilderState, method: string, given: Value | undefined, context: ClientContext): BuilderState {
  const fn = /^count/.test(method) ? 'count' : method.replace('Distinct', '');
  const raw = given && rawOf(given);
  const text = raw ? undefined : given && context.literal(given)?.value;
  const [entry] = given && text === undefined ? context.entries(given) ?? [] : [];
  const inner = entry?.kind === 'property' ? context.literal(entry.value)?.value : undefined;
  const [, column, alias] = /^\s*(\S+)(?:\s+as\s+(\S+))?\s*$/i.exec(String(inner ?? text ?? '*')) ?? [];
  const name = entry?.kind === 'property' ? entry.key : alias ?? (state.dialect === 'postgres' || context.dialect === 'postgres' ? fn : `${fn}(${column ?? '*'})`);
  const known = column && column !== '*' ? columnOf(state, column).name : undefined;
  // A second aggregate, or one beside columns: several values, which stay a plain read.
  if (state.aggregate || state.columns?.length) return { ...state, grouped: true, aggregate: state.aggregate ?? { function: fn, column: known, name } };
  return { ...state, aggregate: { function: fn, column: known, name } };
}

function withColumns(state: BuilderState, args: readonly Value[], context: ClientContext): BuilderState {
  const listed = args.flatMap((one) => context.elements(one)?.map((each) => each.value) ?? [one]);
  if (!listed.length) return state;
  const raws = listed.flatMap((one) => { const raw = rawOf(one); return raw ? [rawAggregate(raw, context)] : []; });
  if (raws.length === 1 && listed.length === 1 && raws[0]) return { ...state, aggregate: raws[0] };
  const names = listed.map((one) => context.literal(one)?.value);
  const mixed = isMixed(state, names) && { mixed: true as const };
  if (!names.every((one) => typeof one === 'string') || names.some((one) => (one as string).endsWith('*'))) return { ...state, ...mixed, columns: undefined };
  return { ...state, ...mixed, columns: [...state.columns ?? [], ...(names as readonly string[]).map((one) => columnOf(state, one).name)] };
}

function withOrder(state: BuilderState, column: Value | undefined, direction: Value | undefined, context: ClientContext): BuilderState {
  const listed = column && context.elements(column)?.map((one) => one.value);
  const added = (listed ?? (column ? [column] : [])).flatMap((one) => {
    const text = context.literal(one)?.value ?? context.literal(context.property(one, 'column'))?.value;
    if (typeof text !== 'string') return [];
    const way = listed ? context.literal(context.property(one, 'order'))?.value : direction && context.literal(direction)?.value;
    return [{ column: columnOf(state, text).name, descending: String(way ?? 'asc').toLowerCase() === 'desc' }];
  });
  return { ...state, order: [...state.order, ...added] };
}
