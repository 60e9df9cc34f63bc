/** Steps of a statement: `select().from(t).where(…)`, `insert(t).values(…)`, `update(t).set(…)`, `delete(t)`. */
import type { Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { EVERYTHING } from '../common/rows.ts';
import { conditionOf } from './conditions.ts';
import { asTable, dataOf, make, originOf } from './handles.ts';
import type { BuilderData, Origin, TableData } from './handles.ts';
import { isSynchronous, orderOf, specOf } from './spec.ts';

/** `db.select(…)`: nothing is known of it before `.from`. */
interface StartData extends Origin { readonly fields: Value | undefined; readonly label: string; readonly start: Call['node'] }

export const STARTS: ReadonlySet<string> = new Set(['select', 'selectDistinct', 'selectDistinctOn', 'insert', 'update', 'delete', 'with']);

export function startOf(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const label = `${call.receiverText}.${call.method}`;
  if (call.method === 'with') return { kind: 'handle', handle: make(context, 'database', origin) };
  if (call.method.startsWith('select')) {
    const fields = call.args[call.method === 'selectDistinctOn' ? 1 : 0];
    return { kind: 'handle', handle: make(context, 'start', { ...origin, fields, label, start: call.node } satisfies StartData) };
  }
  const table = asTable(call.args[0], context);
  if (!table) return undefined;
  const data = emptyBuilder(origin, table, call.method as 'insert' | 'update' | 'delete', label, call);
  // Without values there is nothing to run yet; a delete without a condition empties the table.
  return builderMeaning(data, call, context, call.method === 'delete');
}

function emptyBuilder(origin: Origin, table: TableData, verb: BuilderData['verb'], label: string, call: Call): BuilderData {
  return {
    ...origin, verb, table, start: call.node, label, predicate: EVERYTHING, fields: undefined, values: undefined, whereNode: undefined, conflict: undefined,
    returning: false, limit: undefined, order: [], lock: undefined, joined: [], grouped: false, terminal: undefined,
  };
}

/** Steps on a builder change it in place, so that a variable that holds it sees them too. */
function builderMeaning(data: BuilderData, call: Call, context: ClientContext, pending = true, onBuilder = false): Meaning {
  const root = onBuilder && call.receiver.kind === 'handle' ? { mutates: true, root: call.receiver.data['root'] } : {};
  return { kind: 'handle', handle: make(context, 'builder', { ...data, ...root }), ...(pending && { pending: specOf(data, call.node, context) }) };
}

export function onStart(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  if (call.method !== 'from') return undefined;
  const start = handle.data as unknown as StartData;
  const table = asTable(call.args[0], context);
  if (!table) return undefined;
  const origin = originOf(handle);
  return builderMeaning({ ...emptyBuilder(origin, table, 'find', start.label, call), start: start.start, fields: start.fields }, call, context);
}

const JOINS = new Set(['leftJoin', 'innerJoin', 'rightJoin', 'fullJoin', 'crossJoin', 'leftJoinLateral', 'innerJoinLateral']);
const NEUTRAL = new Set(['offset', '$dynamic', '$withCache', 'comment', 'overridingSystemValue', 'useIndex']);
const TERMINALS = new Set(['get', 'all', 'run', 'values', 'execute', 'sync']);
const COMPOUND = new Set(['union', 'unionAll', 'intersect', 'intersectAll', 'except', 'exceptAll', 'having']);

export function onBuilder(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const data = handle.data as unknown as BuilderData;
  const [first] = call.args;
  const node = call.argNodes[0];
  const next = (changes: Partial<BuilderData>): Meaning => builderMeaning({ ...data, ...changes }, call, context, true, true);
  const { method } = call;
  if (data.verb === 'insert' && method === 'values' && first) return next({ values: { value: first, node } });
  if (data.verb === 'update' && method === 'set' && first) return next({ values: { value: first, node } });
  if (JOINS.has(method)) {
    const joined = asTable(first, context);
    // A left join leaves every row; what it is joined on narrows nothing.
    return method === 'leftJoin' ? next({ joins: true }) : next({ joins: true, joined: [...data.joined, joined?.name ?? '?'] });
  }
  if (NEUTRAL.has(method)) return next({});
  if (COMPOUND.has(method)) return next({ predicate: { ...data.predicate, complete: false } });
  if (TERMINALS.has(method)) return terminal(data, call, context);
  switch (method) {
    case 'where': return next({ predicate: data.verb === 'insert' ? data.predicate : conditionOf(first, context, node), whereNode: node });
    case 'select': return data.verb === 'insert' ? next({ values: { value: context.terms.unknown(call.node, call.args), node } }) : undefined;
    case 'from': return next({ predicate: { ...data.predicate, complete: false } });
    case 'limit': {
      const limit = first && context.literal(first)?.value;
      return next({ limit: typeof limit === 'number' ? limit : undefined });
    }
    case 'orderBy': return next({ order: [...data.order, ...orderOf(call.args, context)] });
    case 'groupBy': return next({ grouped: true });
    case 'for': return next({ lock: lockOf(call, context) });
    case 'returning': case '$returningId': return next({ returning: true, fields: first });
    case 'ignore': return next({ conflict: { kind: 'ignore', options: undefined, form: 'any-key', node: call.node } });
    case 'onConflictDoNothing': return next({ conflict: { kind: 'ignore', options: first, form: 'target', node: node ?? call.node } });
    case 'onConflictDoUpdate': return next({ conflict: { kind: 'update', options: first, form: 'target', node: node ?? call.node } });
    case 'onDuplicateKeyUpdate': return next({ conflict: { kind: 'update', options: first, form: 'any-key', node: node ?? call.node } });
    case 'prepare': return { kind: 'handle', handle: make(context, 'prepared', { data, node: call.node }) };
    // A subquery or common table is part of another statement, which is not known by its table.
    case 'as': return { kind: 'handle', handle: make(context, 'table', { name: '?', table: undefined, dbName: undefined, dialect: undefined, declared: true } satisfies TableData) };
    case 'getSQL': case 'toSQL': return { kind: 'value', value: context.terms.unknown(call.node) };
    default: return undefined;
  }
}

function lockOf(call: Call, context: ClientContext): BuilderData['lock'] {
  const strength = call.args[0] && context.literal(call.args[0])?.value;
  const skipLocked = call.args[1] ? context.literal(context.property(call.args[1], 'skipLocked'))?.value === true : false;
  return { strength: typeof strength === 'string' && strength.endsWith('share') ? 'share' : 'update', skipLocked };
}

/** `.get()`, `.all()`, `.run()`: the statement runs here, at once on a synchronous driver. */
function terminal(data: BuilderData, call: Call, context: ClientContext): Meaning {
  const form = call.method === 'execute' || call.method === 'sync' ? (call.method === 'sync' ? 'all' as const : undefined) : call.method as BuilderData['terminal'];
  const spec = specOf({ ...data, terminal: form }, call.node, context);
  return { kind: 'operation', operation: spec, lazy: !isSynchronous(data, form, call.node) && form === undefined };
}

/** `prepared.execute({ email })`: the statement with its placeholders filled in. */
export function onPrepared(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  if (!TERMINALS.has(call.method)) return undefined;
  const { data } = handle.data as unknown as { readonly data: BuilderData };
  const [given] = call.args;
  const fill = (value: Value): Value => {
    const placeholder = dataOf<{ readonly name: string }>(value, 'placeholder');
    return placeholder && given ? context.property(given, placeholder.name) : value;
  };
  const arms = data.predicate.arms.map((arm) => arm.map((one) => ({ ...one, value: fill(one.value) })));
  const form = call.method === 'execute' ? undefined : call.method as BuilderData['terminal'];
  const spec = specOf({ ...data, predicate: { ...data.predicate, arms: data.predicate.arms.length ? arms.map((arm) => [...arm]) : [] }, terminal: form }, call.node, context);
  const rows = spec.rows?.map((row) => ({ ...row, assignments: row.assignments.map((one) => ({ ...one, value: fill(one.value) })) }));
  return { kind: 'operation', operation: { ...spec, label: call.receiverText, ...(rows && { rows }) }, lazy: false };
}

