/** A builder's state as the operation that it would run. */
import type { Conflict, Node, OperationSpec, Predicate, ResultPart, Verb } from '../../../model.ts';
import { contains } from '../../../source/syntax.ts';
import type { Violation } from '../../../model.ts';
import type { ClientContext } from '../../client.ts';
import { addressesOne } from '../rows.ts';
import { dialectOf } from './state.ts';
import type { BuilderState } from './state.ts';
import { whole } from './where.ts';

const READS: ReadonlySet<Verb> = new Set(['find', 'count', 'aggregate']);

/** What differs between libraries that share the steps. */
export interface SpecOptions {
  violation(dialect: OperationSpec['dialect']): Violation;
  /** What the call resolves to; undefined: as the plain builder's. */
  result?(state: BuilderState, verb: Verb, many: boolean): readonly ResultPart[] | undefined;
}

export function specOf(state: BuilderState, node: Node, context: ClientContext, options: SpecOptions): OperationSpec {
  const dialect = dialectOf(state, context);
  const acts = state.conflict?.action !== undefined;
  const verb: Verb = state.verb === 'find' && state.aggregate ? (state.aggregate.function === 'count' ? 'count' : 'aggregate') : state.verb === 'insert' && acts ? 'upsert' : state.verb;
  const reads = READS.has(verb);
  const predicate = predicateOf(state);
  const one = addressesOne(predicate, state.table.table);
  // However many are counted, the answer is one row.
  const many = verb === 'count' || verb === 'aggregate' ? !one : reads ? !(state.first || state.limit === 1 || one) : verb === 'update' || verb === 'delete' ? !one : state.manyRows;
  // SQLite has none.
  const locks = reads && state.lock !== undefined && dialect !== 'sqlite';
  return {
    client: state.client, verb, label: state.label, table: state.table, node, many,
    ...(contains(node, state.start) && node === state.start ? {} : { verbNode: state.start }),
    ...(verb === 'insert' || verb === 'upsert' ? {} : { predicate }),
    ...(state.rows && { rows: state.rows }), ...(state.rowsOf && { rowsOf: state.rowsOf }),
    ...(verb === 'upsert' && { conflict: conflictOf(state, dialect) }),
    ...((verb === 'update' || verb === 'delete') && { miss: state.throwsWhenMissing ? 'throws' as const : 'count' as const }),
    ...(locks && { lock: state.lock! }),
    ...(reads && state.columns && { columns: state.columns }),
    ...(verb === 'find' && (state.mixed || state.joined) && { mixed: true as const }),
    ...(state.aggregate && reads && { aggregate: { function: state.aggregate.function, column: state.aggregate.column } }),
    ...(state.order.length > 0 && { order: state.order }),
    result: options.result?.(state, verb, many) ?? resultOf(state, verb, many, dialect),
    ...(!reads && verb !== 'delete' && { violation: options.violation(dialect) }),
    dialect, transaction: state.transaction, ...(state.lent && { lent: state.lent }), evidence: state.evidence,
    detail: { builder: state, ...(state.skipLocked && { skipLocked: true }) },
  };
}

/** Joins may leave rows out, and a grouped read is about groups. */
function predicateOf(state: BuilderState): Predicate {
  const predicate = whole(state);
  return state.joined ? { ...predicate, complete: false } : predicate;
}

function conflictOf(state: BuilderState, dialect: OperationSpec['dialect']): Conflict {
  const { target, action, update, partial } = state.conflict!;
  // MySQL has no conflict target: any unique key fires, whatever the code names.
  return { target: dialect === 'mysql' ? undefined : target, action: action ?? 'ignore', update, atomic: true, ...(partial && { partial }) };
}

function resultOf(state: BuilderState, verb: Verb, many: boolean, dialect: OperationSpec['dialect']): readonly ResultPart[] {
  if (verb === 'count' || verb === 'aggregate') {
    if (state.grouped) return [{ path: [], is: 'rows' }];
    const path = state.first ? [state.aggregate!.name] : ['0', state.aggregate!.name];
    if (verb === 'count') return [{ path, is: 'count', ...(dialect && { numeric: dialect === 'postgres' ? state.aggregate!.numeric ?? 'string' as const : 'number' as const }) }];
    return [{ path, is: 'scalar', ...(state.aggregate!.column !== undefined && { column: state.aggregate!.column }) }];
  }
  if (verb === 'find') return state.first ? [{ path: [], is: 'row', miss: state.throwsWhenMissing ? 'throws' : 'undefined' }] : [{ path: [], is: 'rows' }];
  if (verb === 'insert' || verb === 'upsert') return state.returning && dialect !== 'mysql' ? (many ? [{ path: [], is: 'written' }] : [{ path: [], is: 'rows' }, { path: ['0'], is: 'written' }]) : [];
  if (!state.returning || dialect === 'mysql') return [{ path: [], is: 'affected', numeric: 'number' }];
  return many ? [{ path: [], is: 'written' }] : [{ path: [], is: 'rows' }, { path: ['0'], is: 'written' }];
}
