/** Steps of a statement. Builders never change: each step gives a new one, and nothing is sent before `execute…`. */
import type { Predicate, ResultPart, Value, Verb } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { driverViolation } from '../common/driver-violation.ts';
import { andPredicate, EVERYTHING, rowsFrom } from '../common/rows.ts';
import { specOf } from '../common/builder/spec.ts';
import type { SpecOptions } from '../common/builder/spec.ts';
import { columnOf, derivedFrom, emptyState, isMixed, namedAs, tableOf } from '../common/builder/state.ts';
import type { BuilderState, Origin } from '../common/builder/state.ts';
import { comparisonOf, joined } from '../common/builder/where.ts';
import { aggregateOf, assignments, conditionOf, evaluated, incomplete, setRow } from './expressions.ts';
import { dataOf, ID, make } from './handles.ts';
import type { ConflictData } from './handles.ts';

export const STARTS: Readonly<Record<string, Verb>> = { selectFrom: 'find', insertInto: 'insert', replaceInto: 'insert', updateTable: 'update', deleteFrom: 'delete' };

export function startOf(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const verb = STARTS[call.method];
  const [given] = call.args;
  if (!verb || !given) return undefined;
  const listed = context.elements(given);
  const found = tableOf(ID, listed ? listed[0]?.value : given, call.argNodes[0], context);
  // `selectFrom(db.selectFrom('users').where(…).as('u'))`, and the same through a callback.
  const derived = call.method === 'selectFrom' ? derivedFrom(ID, evaluated(listed ? listed[0]?.value ?? given : given, undefined, context), context) : undefined;
  if (derived) return { kind: 'handle', handle: make(context, 'builder', { ...emptyState(ID, origin, derived.table, derived.alias, `${call.receiverText}.${call.method}`, call.node), verb, ...derived, joined: derived.joined || (listed?.length ?? 1) > 1 }) };
  // Any other subquery is part of another statement, which is not known by its table.
  const table = given.kind === 'function' || given.kind === 'handle' || !found ? { table: { name: '?', table: undefined }, alias: undefined } : found;
  const state = emptyState(ID, origin, table.table, table.alias, `${call.receiverText}.${call.method}`, call.node);
  const replaces = call.method === 'replaceInto' ? { conflict: { target: undefined, action: 'update' as const, update: undefined } } : {};
  return { kind: 'handle', handle: make(context, 'builder', { ...state, verb, joined: (listed?.length ?? 1) > 1, ...replaces }) };
}

const NARROWING = /^(?:innerJoin|rightJoin|fullJoin|crossJoin|innerJoinLateral|union|unionAll|intersect|except|having|havingRef|using|whereRef|from|whereExists)$/;
const NEUTRAL: ReadonlySet<string> = new Set([
  'leftJoin', 'leftJoinLateral', 'offset', '$castTo', '$narrowType', '$assertType', '$notNull', 'clearSelect', 'clearOrderBy', 'clearLimit', 'withSchema', 'noWait', 'modifyFront', 'modifyEnd', 'distinct', 'distinctOn', 'with', 'withPlugin', 'defaultValues', 'outputAll', 'top', 'fetch', 'explain', 'forNoKeyUpdate', 'forKeyShare',
]);
const ENDS: ReadonlySet<string> = new Set(['execute', 'executeTakeFirst', 'executeTakeFirstOrThrow', 'stream']);

export function onBuilder(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const state = handle.data as unknown as BuilderState;
  if (ENDS.has(call.method)) return { kind: 'operation', operation: executed(state, call, context), lazy: false };
  if (call.method === 'compile' || call.method === 'toOperationNode') return { kind: 'value', value: context.terms.unknown(call.node) };
  const next = nextState(state, call, context);
  return next && { kind: 'handle', handle: make(context, 'builder', next) };
}

/** `where('name', '=', name)`, `where((eb) => …)`. */
function conditionPart(state: BuilderState, call: Call, context: ClientContext): Predicate | undefined {
  const [first] = call.args;
  return call.args.length > 1 ? comparisonOf(state, call, context) : first ? conditionOf(first, state, context, call.argNodes[0]) : undefined;
}

function nextState(state: BuilderState, call: Call, context: ClientContext): BuilderState | undefined {
  const [first, second] = call.args;
  const { method } = call;
  if (NARROWING.test(method)) return { ...state, joined: true };
  switch (method) {
    case 'where': {
      if (state.conflict) return state;
      const part = conditionPart(state, call, context);
      return part && joined(state, part, false);
    }
    case 'select': return first && withSelected(state, first, context);
    case 'as': return namedAs(state, first, context);
    case 'selectAll': return { ...state, columns: undefined };
    case 'returning': case 'returningAll': case 'output': return { ...state, returning: true };
    case 'values': {
      if (!first) return undefined;
      const { rows, rowsOf, many } = rowsFrom(evaluated(first, state, context), context, call.argNodes[0], assignments(state, undefined, context));
      return { ...state, rows, rowsOf, manyRows: many };
    }
    case 'columns': return state;
    case 'expression': return { ...state, rows: [{ assignments: [], spreads: [context.terms.unknown(call.node)], node: call.node }], manyRows: true };
    case 'set': {
      const row = setRow(state, undefined, call, context);
      const before = state.rows?.[0];
      return row && { ...state, rows: [before ? { ...row, assignments: [...before.assignments, ...row.assignments], spreads: [...before.spreads, ...row.spreads] } : row] };
    }
    case 'onConflict': {
      const made = first?.kind === 'function' ? context.callback(first, [make(context, 'conflict', { state, target: undefined, action: undefined, update: undefined, partial: undefined } satisfies ConflictData)]) : undefined;
      const data = dataOf<ConflictData>(made, 'conflict');
      return { ...state, conflict: data ? { target: data.target, action: data.action ?? 'ignore', update: data.update, ...(data.partial && { partial: data.partial }) } : { target: undefined, action: 'update', update: { assignments: [], spreads: [context.terms.unknown(call.node)], node: call.node } } };
    }
    case 'onDuplicateKeyUpdate': return { ...state, conflict: { target: undefined, action: 'update', update: setRow(state, state.rows?.[0], call, context) } };
    case 'ignore': case 'orIgnore': return state.verb === 'insert' ? { ...state, conflict: { target: undefined, action: 'ignore', update: undefined } } : state;
    case 'orReplace': return { ...state, conflict: { target: undefined, action: 'update', update: undefined } };
    case 'limit': { const limit = first && context.literal(first)?.value; return { ...state, limit: typeof limit === 'number' ? limit : undefined }; }
    case 'orderBy': return withOrder(state, first, second, context);
    case 'groupBy': return { ...state, grouped: true };
    case 'forUpdate': return { ...state, lock: 'update' };
    case 'forShare': return { ...state, lock: 'share' };
    case 'forNoKeyUpdate': return { ...state, lock: 'update' };
    case 'forKeyShare': return { ...state, lock: 'share' };
    case 'skipLocked': return { ...state, skipLocked: true };
    // On some paths only.
    case '$if': {
      const applied = second && called(state, second, context);
      return applied && applied.conflict === state.conflict && applied.rows === state.rows ? { ...applied, ...(applied.predicate === state.predicate ? {} : { predicate: { ...state.predicate, complete: false } }) } : state;
    }
    case '$call': return first && (called(state, first, context) ?? { ...state, joined: true });
    case 'clearWhere': return { ...state, closed: undefined, predicate: { arms: [], complete: true, node: call.node } };
    default: return NEUTRAL.has(method) ? (/join/i.test(method) ? { ...state, mixed: true } : state) : undefined;
  }
}

/** The builder that a callback makes of this one. */
function called(state: BuilderState, callback: Value, context: ClientContext): BuilderState | undefined {
  const made = callback.kind === 'function' ? context.callback(callback, [make(context, 'builder', state)]) : undefined;
  return dataOf<BuilderState>(made, 'builder');
}

/** `select('id')`, `select(['id', 'name as n'])`, `select((eb) => eb.fn.countAll().as('n'))`. */
function withSelected(state: BuilderState, given: Value, context: ClientContext): BuilderState {
  const value = evaluated(given, state, context);
  const listed = context.elements(value)?.map((one) => one.value) ?? [value];
  const aggregates = listed.flatMap((one) => aggregateOf(one, context) ?? []);
  const [only] = aggregates;
  if (only && listed.length === 1 && !state.columns?.length) return { ...state, aggregate: only };
  // Beside columns an aggregate is of groups.
  if (only) return { ...state, grouped: true, aggregate: state.aggregate ?? only };
  const names = listed.map((one) => context.literal(one)?.value);
  const mixed = isMixed(state, names) && { mixed: true as const };
  if (!names.every((one) => typeof one === 'string')) return { ...state, ...mixed, columns: undefined };
  return { ...state, ...mixed, columns: [...state.columns ?? [], ...(names as readonly string[]).map((one) => columnOf(state, one).name)] };
}

function withOrder(state: BuilderState, column: Value | undefined, direction: Value | undefined, context: ClientContext): BuilderState {
  const text = column && context.literal(column)?.value;
  if (typeof text !== 'string') return state;
  const [name = '', written] = text.split(' ');
  const way = direction && context.literal(direction)?.value;
  return { ...state, order: [...state.order, { column: columnOf(state, name).name, descending: (written ?? way) === 'desc' }] };
}

/** `oc.column('email').where(…).doUpdateSet({ … })`: a condition before the action names a partial index, after it the rows to update. */
export function onConflictBuilder(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const data = handle.data as unknown as ConflictData;
  const [first] = call.args;
  const next = (changes: Partial<ConflictData>): Meaning => ({ kind: 'handle', handle: make(context, 'conflict', { ...data, ...changes }) });
  switch (call.method) {
    case 'column': case 'columns': {
      const listed = first && (context.elements(first)?.map((one) => one.value) ?? [first]);
      const names = listed?.map((one) => context.literal(one)?.value);
      return next({ target: names?.every((one) => typeof one === 'string') ? [...data.target ?? [], ...(names as readonly string[]).map((one) => columnOf(data.state, one).name)] : undefined });
    }
    case 'constraint': {
      const name = first && context.literal(first)?.value;
      return next({ target: data.state.table.table?.keys.find((key) => key.name !== undefined && key.name === name)?.columns });
    }
    case 'expression': return next({ target: undefined });
    case 'where': case 'whereRef': {
      if (data.action) return next({});
      const part = call.method === 'where' ? conditionPart(data.state, call, context) : undefined;
      return next({ partial: andPredicate(data.partial ?? EVERYTHING, part ?? incomplete(call.node)) });
    }
    case 'doNothing': return next({ action: 'ignore' });
    case 'doUpdateSet': return next({ action: 'update', update: setRow(data.state, data.state.rows?.[0], call, context) });
    default: return undefined;
  }
}

const COUNTED: Readonly<Partial<Record<Verb, string>>> = { update: 'numUpdatedRows', delete: 'numDeletedRows', insert: 'numInsertedOrUpdatedRows', upsert: 'numInsertedOrUpdatedRows' };

function executed(state: BuilderState, call: Call, context: ClientContext) {
  const one = call.method === 'executeTakeFirst' || call.method === 'executeTakeFirstOrThrow';
  const throws = call.method === 'executeTakeFirstOrThrow';
  const options: SpecOptions = {
    violation: driverViolation,
    result(_state, verb, many): readonly ResultPart[] | undefined {
      const counted = COUNTED[verb];
      if (counted === undefined) return undefined;
      // Bigints: `=== 0` is never true.
      if (!state.returning) return [{ path: one ? [counted] : ['0', counted], is: 'affected', numeric: 'bigint' }];
      if (one) return [{ path: [], is: 'written', miss: throws ? 'throws' : 'undefined' }];
      return many ? [{ path: [], is: 'written' }] : [{ path: [], is: 'rows' }, { path: ['0'], is: 'written' }];
    },
  };
  const made = specOf({ ...state, first: one && state.verb === 'find', throwsWhenMissing: throws && (state.returning || state.verb === 'find') }, call.node, context, options);
  // `Miss` of a returned row: nothing comes back.
  return state.returning && one && !throws && (made.verb === 'update' || made.verb === 'delete') ? { ...made, miss: 'null' as const } : made;
}
