/** Query builders. They change in place and run at `getOne`, `execute` and the like, of which each call is a statement. */
import type { Conflict, Node, OperationSpec, Predicate, ResultPart, Row, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { andPredicate, EVERYTHING, orPredicate } from '../common/rows.ts';
import type { HandleValue } from '../../value/terms.ts';
import { columnByDbName, tableOf } from './entities.ts';
import { sqlCondition, type Names } from './fragments.ts';
import { dialectOf, entityFrom, isHandle, makeHandle, targetOf, type EntityRef, type Origin } from './handles.ts';
import { lockOfMode } from './options.ts';
import { EXISTS, operation, ROWS, ROW_OR_NULL, ROW_OR_THROW, ROWS_AND_COUNT, COUNT, specFor } from './reads.ts';
import { entityRow, entityRows, type Written } from './rows.ts';
import { violationOf } from './violation.ts';
import { criteriaPredicate, wherePredicate, withoutDeleted } from './where.ts';
import { AFFECTED, deleteSpec, INSERTED, updateSpec } from './writes.ts';

type BuilderVerb = 'select' | 'insert' | 'update' | 'delete' | 'soft-delete' | 'restore';
interface Clause { readonly join: 'and' | 'or' | 'first'; readonly value: Value; readonly parameters: Value | undefined; readonly node: Node | undefined; readonly ids?: boolean }

interface BuilderData extends Origin {
  readonly verb: BuilderVerb;
  readonly entity: EntityRef | undefined;
  readonly alias?: string | undefined;
  readonly receiver?: string;
  readonly clauses?: readonly Clause[];
  readonly parameters?: readonly Value[];
  readonly joins?: ReadonlyMap<string, readonly string[]>;
  readonly values?: { readonly value: Value; readonly node: Node | undefined } | undefined;
  readonly conflict?: Conflict | undefined;
  readonly lock?: OperationSpec['lock'];
  readonly aggregate?: OperationSpec['aggregate'];
  readonly withDeleted?: boolean;
  /** The builder was received ready-made: it may have conditions that are not seen here. */
  readonly handed?: boolean;
  /** Something beside the conditions leaves rows out: an inner join, a HAVING, an offset. */
  readonly narrowed?: boolean;
  /** Conditions of `Brackets`, whose callback returns nothing. */
  readonly sink?: Clause[];
}

const dataOf = (handle: HandleValue): BuilderData => handle.data as unknown as BuilderData;

export function startBuilder(call: Call, origin: Origin, entity: EntityRef | undefined, alias: Value | undefined, context: ClientContext): Meaning {
  const name = alias && context.literal(alias)?.value;
  return { kind: 'handle', handle: makeHandle(context, 'builder', { ...origin, verb: 'select', entity, alias: typeof name === 'string' ? name : undefined, receiver: call.receiverText }) };
}

export function brackets(call: Call, context: ClientContext): Meaning {
  return { kind: 'handle', handle: makeHandle(context, 'brackets', { evidence: 'declaration', body: call.args[0] }) };
}

const JOINS = /^(left|inner)Join(AndSelect|AndMapOne|AndMapMany)?$/;

export function builderCall(call: Call, handle: HandleValue, context: ClientContext): Meaning | undefined {
  const data = dataOf(handle);
  const [first, second] = call.args;
  const next = (changes: Partial<BuilderData>): Meaning => ({ kind: 'handle', handle: makeHandle(context, 'builder', { ...data, mutates: true, ...changes }) });
  const clause = (join: Clause['join'], ids = false): Meaning => {
    if (!first) return next({});
    const added: Clause = { join, value: first, parameters: second, node: call.argNodes[0], ...(ids && { ids }) };
    data.sink?.push(added);
    return next({ clauses: [...(join === 'first' ? [] : data.clauses ?? []), added] });
  };
  const verb = (name: BuilderVerb): Meaning => next({ verb: name, entity: entityFrom(first, context) ?? data.entity, ...(second && { values: { value: second, node: call.argNodes[1] } }) });
  if (JOINS.test(call.method)) return next({ ...(call.method.startsWith('inner') && { narrowed: true }), joins: joined(data, first, call.args[call.method.includes('Map') ? 2 : 1], context) });
  switch (call.method) {
    case 'where': return clause('first');
    case 'andWhere': return clause('and');
    case 'orWhere': return clause('or');
    case 'whereInIds': return clause('first', true);
    case 'andWhereInIds': return clause('and', true);
    case 'insert': return next({ verb: 'insert' });
    case 'update': {
      const entity = entityFrom(first, context);
      const values = second ? { value: second, node: call.argNodes[1] } : !entity && first ? { value: first, node: call.argNodes[0] } : undefined;
      return next({ verb: 'update', entity: entity ?? data.entity, ...(values && { values }) });
    }
    case 'delete': return next({ verb: 'delete' });
    case 'softDelete': return verb('soft-delete');
    case 'restore': return verb('restore');
    case 'into': case 'from': {
      const alias = second && context.literal(second)?.value;
      return next({ entity: entityFrom(first, context) ?? data.entity, ...(typeof alias === 'string' && { alias }) });
    }
    case 'set': case 'values': return next({ values: first && { value: first, node: call.argNodes[0] } });
    case 'orIgnore': return next({ conflict: { target: undefined, action: 'ignore', update: undefined, atomic: true } });
    case 'orUpdate': return next({ conflict: updating(data, first, second, context) });
    case 'onConflict': return next({ conflict: conflictClause(data, first, context) });
    case 'setLock': return next({ lock: lockOfMode(first, context) });
    case 'setParameters': return next({ parameters: [...(data.parameters ?? []), ...(first ? [first] : [])] });
    case 'setParameter': {
      const name = first && context.literal(first)?.value;
      if (typeof name !== 'string' || !second) return next({});
      return next({ parameters: [...(data.parameters ?? []), context.terms.expression('parameter', [first!, second])] });
    }
    case 'withDeleted': return next({ withDeleted: true });
    case 'having': case 'andHaving': case 'orHaving': case 'skip': case 'offset': return next({ narrowed: true });
    case 'select': return next({ verb: 'select', aggregate: aggregateOf(data, first, context) });
    case 'clone': return { kind: 'handle', handle: makeHandle(context, 'builder', { ...data, mutates: false, root: undefined }) };
    case 'getQuery': case 'getSql': case 'getParameters': return undefined;
    default: return TERMINALS.has(call.method) ? terminal(call, data, context) : next({});
  }
}

/** `SELECT MAX(u.number)` and the like. */
function aggregateOf(data: BuilderData, value: Value | undefined, context: ClientContext): OperationSpec['aggregate'] {
  const text = value && context.literal(value)?.value;
  const match = typeof text === 'string' ? /^\s*(max|min|sum|avg|count)\s*\(\s*(?:[\w"`]+\.)?["`]?(\w+|\*)["`]?\s*\)/i.exec(text) : undefined;
  if (!match) return undefined;
  const table = data.entity && tableOf(data.entity.name, context);
  return { function: match[1]!.toLowerCase(), column: match[2] === '*' ? undefined : columnByDbName(table, match[2]!) };
}

function joined(data: BuilderData, relation: Value | undefined, alias: Value | undefined, context: ClientContext): ReadonlyMap<string, readonly string[]> {
  const joins = new Map(data.joins);
  const path = relation && context.literal(relation)?.value;
  const name = alias && context.literal(alias)?.value;
  if (typeof name !== 'string') return joins;
  const [owner, property] = typeof path === 'string' ? path.split('.') : [];
  joins.set(name, property ? [...(owner === data.alias ? [] : joins.get(owner!) ?? []), property] : [name]);
  return joins;
}

function literalNames(value: Value | undefined, context: ClientContext): readonly string[] | undefined {
  const elements = value && context.elements(value);
  const names = elements ? elements.map((one) => context.literal(one.value)?.value) : value ? [context.literal(value)?.value] : [];
  return names.length && names.every((name): name is string => typeof name === 'string') ? names : undefined;
}

/** `orUpdate(['name'], ['email'])`, and the older `orUpdate({ conflict_target, overwrite })`: database names. */
function updating(data: BuilderData, first: Value | undefined, second: Value | undefined, context: ClientContext): Conflict {
  const table = data.entity && tableOf(data.entity.name, context);
  const options = first && !context.elements(first) && context.entries(first) ? first : undefined;
  const overwrite = literalNames(options ? context.property(options, 'overwrite') : first, context);
  const target = literalNames(options ? context.property(options, 'conflict_target') : second, context)?.map((name) => columnByDbName(table, name));
  const rows = data.values && entityRows(data.values.value, table, context, data.values.node).rows;
  const columns = new Set(overwrite?.map((name) => columnByDbName(table, name)));
  const update: Row | undefined = overwrite && rows?.[0] && { ...rows[0], assignments: rows[0].assignments.filter((one) => columns.has(one.column)) };
  return { target, action: 'update', update, atomic: true };
}

/** `onConflict('("email") DO NOTHING')`: raw SQL behind ON CONFLICT. */
function conflictClause(data: BuilderData, value: Value | undefined, context: ClientContext): Conflict {
  const text = value && context.literal(value)?.value;
  const table = data.entity && tableOf(data.entity.name, context);
  const columns = typeof text === 'string' ? /^\s*\(([^()]*)\)/.exec(text)?.[1]?.split(',').map((name) => columnByDbName(table, name.trim().replace(/^["`]|["`]$/g, ''))) : undefined;
  const ignores = typeof text === 'string' && /\bDO\s+NOTHING\b/i.test(text);
  return { target: columns, action: ignores ? 'ignore' : 'update', update: undefined, atomic: typeof text === 'string' ? true : 'unknown' };
}

function predicateOf(data: BuilderData, clauses: readonly Clause[], context: ClientContext): Predicate {
  const table = data.entity && tableOf(data.entity.name, context);
  const parameter = (own: Value | undefined, name: string): Value | undefined => {
    for (const source of [own, ...(data.parameters ?? []).toReversed()]) {
      if (!source) continue;
      if (source.kind === 'expression' && source.operator === 'parameter') {
        if (context.literal(source.operands[0]!)?.value === name) return source.operands[1];
      } else if (context.entries(source)?.some((entry) => entry.kind === 'property' && entry.key === name)) return context.property(source, name);
    }
    return undefined;
  };
  const read = (clause: Clause): Predicate => {
    const { value, node } = clause;
    if (clause.ids) return criteriaPredicate(value, table, context, node);
    if (isHandle(value, 'brackets')) {
      const sink: Clause[] = [];
      context.callback(value.data['body'] as Value, [makeHandle(context, 'builder', { ...data, clauses: [], sink, mutates: true, root: undefined })]);
      return sink.length ? predicateOf({ ...data, parameters: [...(data.parameters ?? []), ...(clause.parameters ? [clause.parameters] : [])] }, sink, context) : { arms: [], complete: false, node };
    }
    if (context.entries(value) || context.elements(value)) return wherePredicate(value, table, context, node);
    const names: Names = { table, alias: data.alias, joins: data.joins ?? new Map(), parameter: (name) => parameter(clause.parameters, name) };
    return sqlCondition(value, names, context, node);
  };
  // AND binds tighter: `a AND b OR c AND d`, as the builder writes them one after the other.
  const groups: Predicate[][] = [];
  for (const clause of clauses) {
    if (clause.join === 'or' || !groups.length) groups.push([read(clause)]);
    else groups.at(-1)!.push(read(clause));
  }
  const parts = groups.map((group) => group.reduce((all, one) => andPredicate(all, one)));
  const predicate = parts.length > 1 ? orPredicate(parts) : parts[0] ?? EVERYTHING;
  return data.handed || data.narrowed ? { ...predicate, complete: false } : predicate;
}

const TERMINALS: ReadonlySet<string> = new Set(['getOne', 'getOneOrFail', 'getRawOne', 'getMany', 'getRawMany', 'getManyAndCount', 'getCount', 'getExists', 'execute']);
const RAW_ROW: readonly ResultPart[] = [{ path: [], is: 'row', miss: 'undefined' }];

function terminal(call: Call, data: BuilderData, context: ClientContext): Meaning | undefined {
  const target = targetOf(data, data.entity, 'builder', data.receiver ?? call.receiverText, call.method, call.node, context);
  const named = { ...target, label: `${data.receiver ?? 'queryBuilder'}.createQueryBuilder().${call.method}` };
  const { table } = target.ref;
  const predicate = predicateOf(data, data.clauses ?? [], context);
  const visible = data.withDeleted ? predicate : withoutDeleted(predicate, table, context);
  const find = (many: boolean, result: readonly ResultPart[]): Meaning => operation(specFor(named, context, { verb: 'find', many, result, predicate: visible, ...(data.lock && { lock: data.lock }) }));
  const count = (result: readonly ResultPart[]): Meaning => operation(specFor(named, context, { verb: 'count', many: true, result, predicate: visible }));
  switch (call.method) {
    case 'getOne': return find(false, ROW_OR_NULL);
    case 'getOneOrFail': return find(false, ROW_OR_THROW);
    case 'getRawOne': {
      if (!data.aggregate) return find(false, RAW_ROW);
      const { aggregate } = data;
      // The name of the raw column is an alias or made by the driver; any key below the row is the scalar's.
      return operation(specFor(named, context, { verb: 'aggregate', many: true, predicate: visible, aggregate, result: [{ path: [], is: 'scalar', ...(aggregate.column && { column: aggregate.column }) }] }));
    }
    case 'getMany': case 'getRawMany': return find(true, ROWS);
    case 'getManyAndCount': return find(true, ROWS_AND_COUNT);
    case 'getCount': return count(COUNT);
    case 'getExists': return count(EXISTS);
    case 'execute': return execute(named, data, predicate, context);
    default: return undefined;
  }
}

function execute(target: ReturnType<typeof targetOf>, data: BuilderData, predicate: Predicate, context: ClientContext): Meaning | undefined {
  const { table } = target.ref;
  const { values } = data;
  switch (data.verb) {
    case 'insert': {
      const written: Written = values ? entityRows(values.value, table, context, values.node) : { rows: [], many: false };
      return operation(specFor(target, context, {
        verb: data.conflict ? 'upsert' : 'insert', ...written, ...(data.conflict && { conflict: data.conflict }), result: INSERTED,
        violation: violationOf(dialectOf(data, context)),
      }));
    }
    case 'update': return operation(updateSpec(target, predicate, values ? entityRow(values.value, table, context, values.node) : { assignments: [], spreads: [], node: undefined }, context));
    case 'delete': return operation(deleteSpec(target, predicate, AFFECTED, context));
    case 'soft-delete': return operation(deleteSpec(target, predicate, AFFECTED, context, { soft: true }));
    default: return undefined;
  }
}
