/** The query builder: Knex's steps, and those that models add. A query is sent when it is awaited. */
import type { OperationSpec, Predicate, ResultPart, Row, Value, Verb } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { specOf } from '../common/builder/spec.ts';
import { assignments, isStep, nextState } from '../common/builder/steps.ts';
import { emptyState } from '../common/builder/state.ts';
import type { BuilderState, Origin } from '../common/builder/state.ts';
import { joined, withCondition } from '../common/builder/where.ts';
import { comparison, rowFrom } from '../common/rows.ts';
import { make, transactionOf, type Model } from './handles.ts';
import { violationOf } from './violation.ts';

/** What this client keeps beside the builder's state. */
export interface Own {
  readonly model: Model;
  /** `User.query()`: how the chain starts, for labels. */
  readonly text: string;
  /** What the statement resolves to, where that is not what the plain builder's does. */
  readonly gives?: 'row' | 'size' | 'page';
  /** A builder that conditions of a group are collected on: it never runs. */
  readonly group?: boolean;
  /** The row that `$query()` was called on. */
  readonly row?: Value;
  /** Columns that an insert through a relation fills in. */
  readonly links?: readonly { readonly column: string; readonly value: Value }[];
  /** `User.relatedQuery('posts')`: the column that `.for(id)` compares. */
  readonly foreign?: string;
  /** What a query through a relation inserts belongs to a row: `links` ties it, or a way that is not told here does. */
  readonly related?: 'has' | 'other';
  readonly graph?: boolean;
  readonly [key: string]: unknown;
}

type State = BuilderState & { readonly own: Own };

export function startQuery(call: Call, model: Model, origin: Origin, context: ClientContext, more: { readonly predicate?: Predicate; readonly own?: Partial<Own>; readonly trx?: Value | undefined } = {}): Meaning {
  const transaction = transactionOf(more.trx, call.node, context) ?? origin.transaction;
  const text = `${call.receiverText}.${call.method}(${call.argNodes.map((one) => context.text(one)).join(', ')})`;
  const state = emptyState('objection', { ...origin, transaction }, model.table, undefined, text, call.node);
  return built({ ...state, ...(more.predicate && { predicate: more.predicate }), own: { model, text, ...more.own } }, call, context, false);
}

const group = (context: ClientContext) => (state: BuilderState): Value => make(context, 'builder', { ...state, root: undefined, mutates: undefined, own: { ...state.own, group: true } });

function built(state: BuilderState, call: Call, context: ClientContext, inPlace: boolean): Meaning {
  const { root: _root, mutates: _mutates, ...plain } = state as State & { readonly mutates?: boolean };
  const root = inPlace && call.receiver.kind === 'handle' ? { mutates: true, root: call.receiver.data['root'] } : {};
  const isGroup = plain.own.group === true;
  return { kind: 'handle', handle: make(context, 'builder', { ...plain, ...root }), ...(!isGroup && { pending: spec(plain, call, context) }) };
}

function spec(state: State, call: Call, context: ClientContext): OperationSpec {
  const made = specOf(state, call.node, context, { violation: (dialect) => violationOf(dialect, context), result: (one, verb) => resultOf(one as State, verb) });
  const { gives } = state.own;
  return {
    ...made,
    // `$query()` and `patchAndFetchById` address one row, whatever is known of the table's keys.
    ...((state.own.row || gives === 'row') && (made.verb === 'update' || made.verb === 'delete') && { many: false }),
    ...(made.verb === 'update' && gives === 'row' && { miss: state.throwsWhenMissing ? 'throws' as const : 'null' as const }),
    ...(gives === 'size' && { verb: 'count' as const, many: true }),
    ...(state.own.graph && made.conflict && { conflict: { ...made.conflict, atomic: false, why: '`upsertGraph` reads the graph first, and inserts what it did not find' } }),
  };
}

function resultOf({ own, returning, first }: State, verb: Verb): readonly ResultPart[] | undefined {
  if (own.gives === 'size') return [{ path: [], is: 'count', numeric: 'number' }];
  if (own.gives === 'page') return [{ path: ['results'], is: 'rows' }, { path: ['total'], is: 'count', numeric: 'number' }];
  const gives = verb === 'insert' || verb === 'upsert' || (verb === 'update' && own.gives === 'row') || ((verb === 'update' || verb === 'delete') && returning && first);
  return gives ? [{ path: [], is: 'written' }] : undefined;
}

/** Written through another name. */
const SAME: Readonly<Record<string, string>> = {
  patch: 'update', insertAndFetch: 'insert', insertWithRelated: 'insert', insertWithRelatedAndFetch: 'insert', insertGraph: 'insert', insertGraphAndFetch: 'insert', updateAndFetch: 'update', patchAndFetch: 'update',
};
const FETCHING = /AndFetch/;
/** Change nothing that is looked at here. */
const NEUTRAL: ReadonlySet<string> = new Set([
  'withGraphFetched', 'withGraphJoined', 'modifyGraph', 'eager', 'joinEager', 'naiveEager', 'mergeEager', 'mergeJoinEager', 'mergeNaiveEager', 'eagerAlgorithm', 'eagerOptions', 'modifyEager', 'filterEager', 'allowEager', 'mergeAllowEager',
  'allowGraph', 'clearEager', 'clearWithGraph', 'graphExpressionObject', 'context', 'clearContext', 'castTo', 'execute', 'onError', 'runBefore', 'runAfter', 'skipUndefined', 'tableNameFor', 'aliasFor', 'timeout', 'debug',
  'returningAll', 'leftJoinRelated', 'leftOuterJoinRelated', 'leftJoinRelation', 'leftOuterJoinRelation', 'traverse', 'traverseAsync', 'omit', 'withSchema', 'noDelete', 'concurrency',
]);
const NARROWING: ReadonlySet<string> = new Set(['onBuildKnex', 'joinRelated', 'innerJoinRelated', 'rightJoinRelated', 'fullOuterJoinRelated', 'joinRelation', 'innerJoinRelation', 'rightJoinRelation', 'findOptions']);
const OWN: ReadonlySet<string> = new Set([
  'findOne', 'findById', 'findByIds', 'whereComposite', 'whereInComposite', 'deleteById', 'patchAndFetchById', 'updateAndFetchById', 'upsertGraph', 'upsertGraphAndFetch', 'resultSize', 'page', 'range', 'throwIfNotFound', 'for', 'transacting', 'alias', 'relate', 'unrelate', 'onBuild',
  'toKnexQuery', 'toString', 'toSql', 'clone',
]);
/** Steps that no other library's builder has. */
export const TELLING: ReadonlySet<string> = new Set([...Object.keys(SAME).filter((one) => one !== 'insert'), 'findById', 'findByIds', 'deleteById', 'patchAndFetchById', 'updateAndFetchById', 'upsertGraph', 'upsertGraphAndFetch', 'resultSize', 'throwIfNotFound', 'withGraphFetched', 'withGraphJoined', 'joinRelated', 'joinEager', 'modifyGraph', 'insertGraph', 'findOne']);

export const isQueryStep = (method: string): boolean => method in SAME || NEUTRAL.has(method) || NARROWING.has(method) || OWN.has(method) || isStep(method);

export function onQuery(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const state = handle.data as unknown as State;
  switch (call.method) {
    case 'catch': case 'finally': case 'then': return undefined;
    case 'toString': case 'toSql': case 'toKnexQuery': case 'modelClass': case 'isFind': case 'isInsert': case 'hasWheres': case 'hasSelects': return { kind: 'value', value: context.terms.unknown(call.node) };
    case 'clone': return built(state, call, context, false);
    case 'transacting': return built({ ...state, transaction: transactionOf(call.args[0], call.node, context) ?? state.transaction }, call, context, true);
    default: {
      const next = step(state, call, context);
      if (!next) return undefined;
      const label = next.label === state.label ? state.label : `${state.own.text}.${call.method}`;
      return built({ ...next, label, own: { ...state.own, ...next.own } }, call, context, true);
    }
  }
}

function step(state: State, call: Call, context: ClientContext): BuilderState | undefined {
  const { method, args } = call;
  const [first, second] = args;
  const { own } = state;
  const steps = { group: group(context) };
  if (NEUTRAL.has(method)) return state;
  if (NARROWING.has(method)) return { ...state, joined: true };
  const by = (id: Value | undefined): BuilderState => joined(state, byId(state, id, call, context), false);
  switch (method) {
    case 'findOne': return { ...(args.length ? withCondition(state, { ...call, method: 'where' }, context, steps.group) : state), first: true, label: `${own.text}.${method}`, start: call.node };
    case 'findById': return { ...by(first), first: true, label: `${own.text}.${method}` };
    case 'findByIds': return withCondition(state, { ...call, method: 'whereIn', args: [context.terms.literal(own.model.ids[0] ?? 'id'), ...args] }, context, steps.group);
    case 'whereComposite': return { ...state, joined: true };
    case 'deleteById': return nextState(by(first) as State, { ...call, method: 'delete', args: [] }, context, steps);
    case 'patchAndFetchById': case 'updateAndFetchById': return written(by(first) as State, { ...call, method: 'update', args: args.slice(1), argNodes: call.argNodes.slice(1) }, context, { gives: 'row' });
    case 'upsertGraph': case 'upsertGraphAndFetch': return first && upsertGraph(state, call, first, second, context);
    case 'resultSize': return { ...state, own: { ...own, gives: 'size' }, label: `${own.text}.${method}`, start: call.node };
    case 'page': case 'range': return { ...state, own: { ...own, gives: 'page' } };
    case 'throwIfNotFound': return { ...state, throwsWhenMissing: true };
    case 'alias': { const name = first && context.literal(first)?.value; return { ...state, alias: typeof name === 'string' ? name : state.alias }; }
    case 'for': {
      if (own.foreign === undefined || !first) return { ...state, joined: true };
      return withCondition(state, { ...call, method: context.elements(first) ? 'whereIn' : 'where', args: [context.terms.literal(own.foreign), first] }, context, steps.group);
    }
    case 'onBuild': return nextState(state, { ...call, method: 'modify' }, context, steps);
    // Rows of another table, or a foreign key of a row that is named elsewhere.
    case 'relate': case 'unrelate': return { ...state, verb: 'update', rows: [{ assignments: [], spreads: [context.terms.unknown(call.node, args)], node: call.node }], joined: true };
    default: {
      const plain = SAME[method] ?? method;
      if (plain === 'insert' || plain === 'update') return written(state, { ...call, method: plain }, context, FETCHING.test(method) ? { gives: 'row' } : {});
      return nextState(state, call, context, steps);
    }
  }
}

/** `insert(row)`, `patch(row)`: of `$query()` without a row the instance itself; through a relation with the columns that tie it. */
function written(state: State, call: Call, context: ClientContext, own: Partial<Own>): BuilderState | undefined {
  const self = call.args.length || !state.own.row ? undefined : state.own.row;
  const next = nextState(state, self ? { ...call, args: [self], argNodes: [call.node] } : call, context, { group: group(context) });
  const links = call.method === 'insert' ? state.own.links ?? [] : [];
  const rows = next?.rows?.map((row): Row => ({ ...row, assignments: [...links.map((one) => ({ ...one, how: 'set' as const, node: undefined })), ...row.assignments] }));
  return next && { ...next, ...(rows && { rows }), own: { ...state.own, ...own } };
}

/** The rows of `findById(id)`, `findById([a, b])`. */
function byId({ own: { model } }: State, id: Value | undefined, call: Call, context: ClientContext): Predicate {
  const node = call.argNodes[0] ?? call.node;
  const values = id && (model.ids.length === 1 ? [{ value: id, node }] : context.elements(id));
  if (!values || values.length !== model.ids.length) return { arms: [], complete: false, node };
  return { arms: [model.ids.map((column, index) => comparison(column, '=', values[index]!.value, values[index]!.node))], complete: true, node };
}

/**
 * `upsertGraph({ id, … })`: the row and what hangs on it are read and compared, then inserted, updated and deleted one by one (measured
 * with 3.1.5); a root without its id is inserted, one with an id that is not found only with `insertMissing`.
 */
function upsertGraph(state: State, call: Call, graph: Value, options: Value | undefined, context: ClientContext): BuilderState {
  const { ids } = state.own.model;
  const row = rowFrom(graph, context, call.argNodes[0], assignments(state, context));
  const given = ids.map((id) => row.assignments.find((one) => one.column === id && !one.conditional));
  const inserts = options !== undefined && context.literal(context.property(options, 'insertMissing'))?.value !== false && context.literal(context.property(options, 'insertMissing'))?.value !== undefined;
  const rest: Row = { ...row, assignments: row.assignments.filter((one) => !ids.includes(one.column)) };
  const base = { ...state, start: call.node, label: `${state.own.text}.${call.method}`, own: { ...state.own, gives: 'row' as const, graph: true } };
  if (context.elements(graph) || row.spreads.length || given.some((one) => !one)) {
    const isNew = !row.spreads.length && given.every((one) => !one) && context.entries(graph) !== undefined;
    return isNew ? { ...base, verb: 'insert', rows: [row] } : { ...base, verb: 'update', rows: [row], joined: true };
  }
  const predicate: Predicate = { arms: [given.map((one) => comparison(one!.column, '=', one!.value, one!.node))], complete: true, node: call.node };
  if (!inserts) return { ...base, verb: 'update', rows: [rest], predicate };
  return { ...base, verb: 'insert', rows: [row], conflict: { target: ids, action: 'update', update: rest } };
}
