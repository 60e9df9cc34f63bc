/** Query builders: every step changes the builder in place; a terminal call, or awaiting it, is a statement. */
import type { Conflict, Node, OperationSpec, Predicate, ResultPart, Row, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { addressesOne, andPredicate, EVERYTHING, orPredicate } from '../common/rows.ts';
import type { HandleValue } from '../../value/terms.ts';
import { tableOf } from './entities.ts';
import { dialectOf, entityFrom, makeHandle, specFor, targetOf, type EntityRef, type Origin } from './handles.ts';
import { lockOf } from './options.ts';
import { COUNT, operation, ROW_OR_NULL, ROW_OR_THROW, ROWS, ROWS_AND_COUNT } from './reads.ts';
import { entityRow, entityRows } from './rows.ts';
import { violationOf } from './violation.ts';
import { wherePredicate } from './where.ts';

type BuilderVerb = 'select' | 'count' | 'insert' | 'update' | 'delete';
interface Clause { readonly join: 'and' | 'or'; readonly value: Value; readonly node: Node | undefined }
interface Given { readonly value: Value; readonly node: Node | undefined }

interface BuilderData extends Origin {
  readonly verb: BuilderVerb;
  readonly entity: EntityRef | undefined;
  readonly receiver?: string;
  readonly clauses?: readonly Clause[];
  readonly values?: Given | undefined;
  readonly conflict?: readonly string[] | 'unknown' | undefined;
  readonly action?: { readonly kind: Conflict['action']; readonly merge?: Value | undefined } | undefined;
  readonly lock?: OperationSpec['lock'];
  readonly limited?: boolean;
  /** Received ready-made, or narrowed by what is not read here: a join, a HAVING. */
  readonly narrowed?: boolean;
}

const dataOf = (handle: HandleValue): BuilderData => handle.data as unknown as BuilderData;

export function startBuilder(call: Call, origin: Origin, entity: EntityRef | undefined, context: ClientContext): Meaning {
  return { kind: 'handle', handle: makeHandle(context, 'builder', { ...origin, verb: 'select', entity, receiver: call.receiverText }) };
}

export function builderCall(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const data = dataOf(handle);
  const [first] = call.args;
  const next = (changes: Partial<BuilderData>): Meaning => {
    const changed = { ...data, mutates: true, ...changes };
    const writes = changed.verb === 'insert' || changed.verb === 'update' || changed.verb === 'delete';
    const pending = writes ? statement(call, changed, context) : undefined;
    return { kind: 'handle', handle: makeHandle(context, 'builder', changed), ...(pending && { pending }) };
  };
  const clause = (join: Clause['join'], value: Value | undefined = first): readonly Clause[] => (value ? [...(data.clauses ?? []), { join, value, node: call.argNodes[0] }] : data.clauses ?? []);
  const given: Given | undefined = first && { value: first, node: call.argNodes[0] };
  switch (call.method) {
    case 'where': return next({ clauses: first ? [{ join: 'and', value: first, node: call.argNodes[0] }] : [] });
    case 'andWhere': return next({ clauses: clause('and') });
    case 'orWhere': return next({ clauses: clause('or') });
    case 'insert': return next({ verb: 'insert', values: given });
    case 'update': return next({ verb: 'update', values: given });
    case 'delete': return next({ verb: 'delete', clauses: clause('and') });
    case 'truncate': return next({ verb: 'delete', clauses: [] });
    case 'count': return next({ verb: 'count' });
    case 'onConflict': return next({ conflict: fieldsOf(first, context) ?? 'unknown' });
    case 'merge': return next({ action: { kind: 'update', merge: first } });
    case 'ignore': return next({ action: { kind: 'ignore' } });
    case 'setLockMode': { const lock = lockOf(first, context); return next({ ...(lock && { lock }) }); }
    case 'limit': return next({ limited: first !== undefined && context.literal(first)?.value === 1 });
    case 'from': return next({ entity: entityFrom(first, context) ?? data.entity });
    case 'innerJoin': case 'innerJoinAndSelect': case 'having': case 'andHaving': case 'offset': case 'withSubQuery': return next({ narrowed: true });
    case 'clone': return { kind: 'handle', handle: makeHandle(context, 'builder', { ...data, mutates: false, root: undefined }) };
    case 'getQuery': case 'getKnexQuery': case 'getKnex': case 'getFormattedQuery': case 'getParams': case 'as': return undefined;
    default: return terminal(call, data, context) ?? next({});
  }
}

function fieldsOf(value: Value | undefined, context: ClientContext): readonly string[] | undefined {
  const names = value && (context.elements(value)?.map((one) => context.literal(one.value)?.value) ?? [context.literal(value)?.value]);
  return names?.length && names.every((name): name is string => typeof name === 'string') ? names : undefined;
}

function predicateOf(data: BuilderData, context: ClientContext): Predicate {
  const table = data.entity && tableOf(data.entity.name, context);
  const read = ({ value, node }: Clause): Predicate => (context.entries(value) || context.elements(value) ? wherePredicate(value, table, context, node) : { arms: [], complete: false, node });
  const groups: Predicate[][] = [];
  for (const clause of data.clauses ?? []) {
    if (clause.join === 'or' || !groups.length) groups.push([read(clause)]);
    else groups.at(-1)!.push(read(clause));
  }
  const parts = groups.map((group) => group.reduce((all, one) => andPredicate(all, one)));
  const predicate = parts.length > 1 ? orPredicate(parts) : parts[0] ?? EVERYTHING;
  return data.narrowed ? { ...predicate, complete: false } : predicate;
}

const RAW_ROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'undefined' }];
const RUN: readonly ResultPart[] = [{ path: ['affectedRows'], is: 'affected', numeric: 'number' }];

function terminal(call: Call, data: BuilderData, context: ClientContext): Meaning | undefined {
  const target = targetOf({ ...call, receiverText: `${data.receiver ?? 'em'}.createQueryBuilder()` }, data, data.entity, 'builder', context);
  const predicate = predicateOf(data, context);
  const find = (many: boolean, result: readonly ResultPart[]): Meaning => operation(specFor(target, context, {
    verb: 'find', many, result, predicate, ...(data.lock && { lock: data.lock }), ...(result === ROW_OR_NULL && { miss: 'null' as const }), ...(result === ROW_OR_THROW && { miss: 'throws' as const }),
  }));
  switch (call.method) {
    case 'getSingleResult': return find(false, ROW_OR_NULL);
    case 'getSingleResultOrFail': return find(false, ROW_OR_THROW);
    case 'getResult': case 'getResultList': return find(!data.limited, ROWS);
    case 'getResultAndCount': return find(true, ROWS_AND_COUNT);
    case 'getCount': return operation(specFor(target, context, { verb: 'count', many: true, result: COUNT, predicate }));
    case 'execute': {
      const written = statement(call, data, context);
      if (written) return operation({ ...written, node: call.node });
      const how = call.args[0] && context.literal(call.args[0])?.value;
      if (data.verb === 'count') return operation(specFor(target, context, { verb: 'count', many: true, result: how === 'get' ? [{ path: ['count'], is: 'count' }] : [{ path: ['0', 'count'], is: 'count' }], predicate }));
      return how === 'get' ? find(false, RAW_ROW) : find(!data.limited, ROWS);
    }
    default: return undefined;
  }
}

function statement(call: Call, data: BuilderData, context: ClientContext): OperationSpec | undefined {
  const target = targetOf({ ...call, receiverText: `${data.receiver ?? 'em'}.createQueryBuilder()`, method: data.verb }, data, data.entity, 'builder', context);
  const { table } = target.ref;
  const violation = violationOf(dialectOf(data, context));
  const predicate = predicateOf(data, context);
  switch (data.verb) {
    case 'insert': {
      if (!data.values) return undefined;
      const written = entityRows(data.values.value, context.elements(data.values.value) !== undefined, table, context, data.values.node);
      const conflict = data.conflict && data.action ? conflictOf(data, written.rows[0], context) : undefined;
      return specFor(target, context, { verb: conflict ? 'upsert' : 'insert', ...written, ...(conflict && { conflict }), result: RUN, violation, ...(dialectOf(data, context) === 'mysql' && conflict && { detail: { targetIgnored: true } }) });
    }
    case 'update': return specFor(target, context, { verb: 'update', many: !addressesOne(predicate, table), predicate, rows: data.values ? [entityRow(data.values.value, table, context, data.values.node)] : [], miss: 'count', result: RUN, violation });
    case 'delete': return specFor(target, context, { verb: 'delete', many: !addressesOne(predicate, table), predicate, miss: 'count', result: RUN });
    default: return undefined;
  }
}

function conflictOf(data: BuilderData, row: Row | undefined, context: ClientContext): Conflict {
  const target = data.conflict === 'unknown' ? undefined : data.conflict;
  const merge = data.action?.merge;
  const names = fieldsOf(merge, context);
  const table = data.entity && tableOf(data.entity.name, context);
  const update = merge && !names && context.entries(merge) ? entityRow(merge, table, context) : names && row ? { ...row, assignments: row.assignments.filter((one) => names.includes(one.column)) } : undefined;
  return { target, action: data.action!.kind, update, atomic: true };
}
