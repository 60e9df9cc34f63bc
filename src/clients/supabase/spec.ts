/**
 * A request as an `OperationSpec`: what it does, how code gets at its answer, and how a unique violation arrives.
 */
import type { Conflict, Miss, OperationSpec, ResultPart, TableRef, Verb, Violation } from '../../model.ts';
import type { Node } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';
import { ID } from './state.ts';
import { amongStrangers } from '../common/strangers.ts';
import type { BuilderState } from './state.ts';

/** Zero rows (or several) where `.single()` wants one. `.maybeSingle()` gives it for several rows only: never "absent". */
const NO_ROW = ['PGRST116'];

export function specOf(state: BuilderState, node: Node, context: ClientContext): OperationSpec {
  const verb = verbOf(state);
  const single = state.cardinality === 'single' || state.cardinality === 'maybeSingle';
  const writes = verb !== 'find' && verb !== 'count' && verb !== 'aggregate' && verb !== 'call';
  const table = tableOf(state, context);
  const miss = writes && (verb === 'update' || verb === 'delete') ? { miss: missOf(state) } : {};
  return {
    client: ID, verb, table, node,
    verbNode: state.start,
    label: labelOf(state),
    ...(verb === 'insert' || verb === 'upsert' ? {} : { predicate: state.predicate }),
    ...(state.rows ? { rows: state.rows } : {}),
    ...(state.rowsOf ? { rowsOf: state.rowsOf } : {}),
    ...(state.upsert ? { conflict: conflictOf(state, table) } : {}),
    ...miss,
    many: verb === 'insert' || verb === 'upsert' ? state.manyRows : !(single || state.limit === 1),
    ...(state.returning && state.columns ? { columns: state.columns } : {}),
    ...(verb === 'find' && state.mixed ? { mixed: true as const } : {}),
    ...(state.embedded.length ? { includes: state.embedded.map((one) => one.name) } : {}),
    ...(state.aggregate ? { aggregate: { function: state.aggregate.function, column: state.aggregate.column } } : {}),
    ...(state.order.length ? { order: state.order } : {}),
    result: resultOf(state, verb),
    ...(writes ? { violation: violationOf(state) } : {}),
    // PostgREST stands before Postgres and nothing else; each request is a transaction of its own.
    dialect: 'postgres', transaction: undefined,
    evidence: state.evidence,
    detail: {
      schema: state.schema, tableKnown: state.known, limit: state.limit, throws: state.throws, returning: state.returning, cardinality: state.cardinality,
      embedded: state.embedded, embeddedFilters: state.embeddedFilters, start: state.start, ...(state.rpcArgs ? { rpcArgs: state.rpcArgs } : {}),
      ...(state.upsert ? { targetOmitted: state.upsert.targetOmitted } : {}),
    },
  };
}

/** `supabase.from('users').insert`, `supabase.rpc('claim_seat')`. */
function labelOf(state: BuilderState): string {
  const table = state.known ? `'${state.table}'` : state.table;
  if (state.verb === 'call') return `${state.label}.rpc(${table})`;
  return `${state.label}.from(${table}).${state.verb === 'find' || state.verb === 'count' || state.verb === 'aggregate' ? 'select' : state.verb}`;
}

function verbOf(state: BuilderState): Verb {
  return state.verb === 'find' && state.head && state.counts ? 'count' : state.verb;
}

function tableOf(state: BuilderState, context: ClientContext): TableRef {
  if (!state.known || state.verb === 'call') return { name: state.table, table: undefined };
  const name = state.schema && state.schema !== 'public' ? `${state.schema}.${state.table}` : state.table;
  return { name, table: context.catalogue.find(ID, name) };
}

/** Without `.select()` or a count a write that matched no row looks like any other: 204, no error. */
function missOf(state: BuilderState): Miss {
  if (state.returning && state.cardinality === 'single') return state.throws ? 'throws' : 'null';
  if (state.returning && state.cardinality === 'maybeSingle') return 'null';
  return state.returning || state.counts ? 'count' : 'silent';
}

function conflictOf(state: BuilderState, table: TableRef): Conflict {
  const { target, targetOmitted, ignore } = state.upsert!;
  // Without `onConflict` PostgREST takes the primary key. A target that is given but not known is not the primary key.
  const primary = targetOmitted ? table.table?.keys.find((key) => key.primary)?.columns : undefined;
  return { target: target ?? primary, action: ignore ? 'ignore' : 'update', update: undefined, atomic: true };
}

function resultOf(state: BuilderState, verb: Verb): readonly ResultPart[] {
  const parts: ResultPart[] = [];
  const data = ['data'];
  const { cardinality } = state;
  const reads = verb === 'find' || verb === 'aggregate' || verb === 'call' || (verb === 'count' && !state.head);
  if (!state.head && cardinality !== 'text' && (reads || state.returning)) {
    const miss = cardinality === 'single' ? (state.throws ? 'throws' : 'error') : 'null';
    if (state.aggregate) {
      const path = cardinality === 'rows' ? [...data, '0', state.aggregate.name] : [...data, state.aggregate.name];
      parts.push(verb === 'count' ? { path, is: 'count', numeric: 'number' } : { path, is: 'scalar', ...(state.aggregate.column ? { column: state.aggregate.column } : {}) });
    } else if (verb === 'call') {
      // A function returns whatever it returns: only `.single()` and `.maybeSingle()` say that it is rows.
      if (cardinality !== 'rows') parts.push({ path: data, is: 'row', miss });
    } else if (verb === 'find') parts.push(cardinality === 'rows' ? { path: data, is: 'rows' } : { path: data, is: 'row', miss });
    else if (cardinality !== 'rows') parts.push({ path: data, is: 'written', miss });
    else if (state.manyRows || !state.rows || state.verb === 'update') parts.push({ path: data, is: 'written' });
    // One row was written, and an array of it comes back.
    else parts.push({ path: data, is: 'rows' }, { path: [...data, '0'], is: 'written' });
  }
  if (state.counts) parts.push({ path: ['count'], is: verb === 'find' || verb === 'count' || verb === 'call' ? 'count' : 'affected', numeric: 'number' });
  // With `.throwOnError()` the answer's `error` is always null, and what it would hold is thrown.
  if (!state.throws) parts.push({ path: ['error'], is: 'error', ...(cardinality === 'single' ? { absentCodes: NO_ROW } : {}) });
  return parts;
}

const MESSAGE = 'duplicate key';

function violationOf(state: BuilderState): Violation {
  return amongStrangers({
    arrives: state.throws ? 'thrown' : 'returned',
    tests: [
      { path: ['code'], values: ['23505'], fires: true },
      { path: ['code'], values: [23505], fires: false, why: 'the code is a string' },
      { path: ['message'], values: [MESSAGE, 'unique constraint'], contains: true, fires: true },
      { path: ['details'], values: ['already exists'], contains: true, fires: true },
      { path: ['status'], values: [409], fires: false, why: 'the status stands on the response, beside `error`' },
      { path: ['statusCode'], values: [409], fires: false, why: 'the status stands on the response, beside `error`' },
    ],
    classes: state.throws ? ['PostgrestError', 'Error'] : [],
    // "duplicate key value violates unique constraint "users_email_key"", "Key (email)=(a@x) already exists."
    tells: [
      { path: ['message'], what: 'text', fires: true },
      { path: ['details'], what: 'text', fires: true },
    ],
  }, 'driver', 'codes');
}
