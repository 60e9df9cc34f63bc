/** Calls on pools, connections, tags and statements. */
import type { OperationSpec, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import type { Form } from './drivers.ts';
import { connectionHandle, dataOf, make, originOf, session } from './handles.ts';
import type { Origin, QueryData } from './handles.ts';
import { operationOf, readOne, textOf } from './run.ts';
import type { Run } from './run.ts';
import { batch, callback, control, sessionMethod, transacted } from './sessions.ts';

/** Methods of slonik, by which part of the answer they give. */
const SLONIK: Readonly<Record<string, Form>> = {
  query: 'result', any: 'rows', many: 'rows-or-throw', one: 'row-or-throw', maybeOne: 'row', oneFirst: 'value-or-throw', maybeOneFirst: 'value', anyFirst: 'values', manyFirst: 'values', exists: 'exists',
};

function meaningOf(run: Run, call: Call, context: ClientContext, lazy = run.origin.driver.lazy === true): Meaning | undefined {
  const operation = operationOf(run, context);
  if (!operation) return undefined;
  const last = call.args.at(-1);
  return { kind: 'operation', operation, lazy, ...(run.form === 'callback' && last && { callback: last }) };
}

/** `query(text, values)`, `query({ text, values })`, `execute(sql)`, a tag with its template. */
export function queryCall(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  const given = argumentsOf(call, context);
  if (!given) return undefined;
  const text = textOf(given.text, context);
  const read = text && readOne(text, origin, context);
  if (read?.statement.kind === 'transaction') return control(read.statement, handle, call, context);
  const isCallback = call.args.length > 1 && call.args.at(-1)?.kind === 'function';
  const form: Form = isCallback ? 'callback' : 'result';
  const run: Run = { origin, ...given, form, label: call.method === '' ? call.receiverText : `${call.receiverText}.${call.method}`, node: call.node, textNode: call.argNodes[0] };
  if (call.node.type !== 'TaggedTemplateExpression') return meaningOf(run, call, context);
  // A tagged text may also be a part of another one, and is only sent when somebody awaits it.
  const pending = operationOf(run, context);
  return { kind: 'handle', handle: make(context, 'query', { ...origin, text: given.text, values: undefined, plucks: false } satisfies QueryData), ...(pending && { pending }) };
}

function argumentsOf(call: Call, context: ClientContext): Pick<Run, 'text' | 'values'> | undefined {
  const [first, second] = call.args;
  if (!first) return undefined;
  const query = dataOf<QueryData>(first, 'query');
  if (query) return { text: query.text, values: query.values };
  const values = second?.kind === 'function' ? undefined : second;
  const entries = context.entries(first);
  if (!entries) return { text: first, values };
  const text = entries.find((one) => one.kind === 'property' && (one.key === 'text' || one.key === 'sql'))?.value;
  const own = entries.find((one) => one.kind === 'property' && (one.key === 'values' || one.key === 'args'))?.value;
  return text && { text, values: own ?? values };
}

/** `db.prepare(sql)`: the values come with `.get(…)`, `.bind(…)`. */
export function statementCall(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const [text] = call.args;
  return text && statement(context, { ...originOf(handle), text, values: undefined, plucks: false });
}

/** A prepared statement; in a batch it runs as it is. */
function statement(context: ClientContext, data: QueryData, pending?: OperationSpec): Meaning {
  return { kind: 'handle', handle: make(context, 'statement', data), ...(pending && { pending }) };
}

const STATEMENT_FORMS: Readonly<Record<string, Form>> = { get: 'row', all: 'rows', iterate: 'rows', run: 'run', values: 'values', first: 'row', raw: 'rows' };

export function onStatement(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const data = handle.data as unknown as QueryData;
  const { driver } = data;
  const label = `${call.receiverText.replace(/\(.*$/s, '(…)')}.${call.method}`;
  const values = call.args.length ? (call.args.length === 1 ? single(call.args[0]!, context) : call.args) : data.values;
  if (call.method === 'bind') return statement(context, { ...data, values: call.args }, operationOf({ origin: data, text: data.text, values: call.args, form: 'result', label, node: call.node, textNode: undefined }, context));
  if (call.method === 'pluck') return statement(context, { ...data, plucks: true });
  if (call.method === 'safeIntegers' || call.method === 'expand' || call.method === 'finalize') return statement(context, data);
  const form = STATEMENT_FORMS[call.method];
  if (!form) return undefined;
  const d1 = driver.id === 'd1';
  // `.first('n')` gives one column; `.all()` and `.run()` of D1 give rows and counts in one object.
  const column = d1 && call.method === 'first' && call.args[0] ? context.literal(call.args[0])?.value : undefined;
  const given = d1 ? data.values : values;
  const text = textOf(data.text, context);
  const read = text && readOne(text, data, context);
  if (read?.statement.kind === 'transaction') return control(read.statement, handle, call, context);
  const shape: Form = d1 && (call.method === 'all' || call.method === 'run') ? 'result' : (data.plucks && form === 'row') || typeof column === 'string' ? 'value' : form;
  return meaningOf({ origin: data, text: data.text, values: given, form: shape, label, node: call.node, textNode: undefined }, call, context, false);
}

/** One argument: a list or object of values, or the only value. */
function single(value: Value, context: ClientContext): Value | readonly Value[] {
  return context.elements(value) || context.entries(value) ? value : [value];
}

export function onConnection(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  const { id } = origin.driver;
  const { method } = call;
  if (id === 'slonik') return onSlonik(handle, call, context);
  switch (method) {
    case 'query': case 'execute': case 'exec': return queryCall(handle, call, context);
    case 'unsafe': return queryCall(handle, call, context);
    case 'prepare': return statementCall(handle, call, context);
    case 'connect': case 'getConnection': case 'reserve': return acquired(handle, call, context);
    case 'promise': return { kind: 'handle', handle };
    case 'batch': return batch(call, handle, context);
    case 'transaction':
      if (id === 'better-sqlite3') return transacted(call, handle, context);
      if (id === 'libsql') return { kind: 'handle', handle: libsqlTransaction(call, origin, context) };
      return call.args[0]?.kind === 'function' ? callback(call, handle, 'connection', context) : batch(call, handle, context);
    case 'get': case 'all': case 'run': case 'each':
      // `db.get(sql, params, callback)` of sqlite3, or a promise of `sqlite`.
      return id === 'sqlite' ? direct(origin, call, method === 'get' ? 'row' : method === 'run' ? 'run' : 'rows', context) : undefined;
    case 'withSession': return { kind: 'handle', handle };
    default: return sessionMethod(call, handle, context);
  }
}

function direct(origin: Origin, call: Call, form: Form, context: ClientContext): Meaning | undefined {
  const last = call.args.at(-1);
  const isCallback = last?.kind === 'function' && call.args.length > 1;
  const values = call.args.slice(1, isCallback ? -1 : undefined);
  const [text] = call.args;
  if (!text) return undefined;
  const operation = operationOf({ origin, text, values: values.length === 1 ? single(values[0]!, context) : values, form, label: `${call.receiverText}.${call.method}`, node: call.node, textNode: call.argNodes[0] }, context);
  return operation && { kind: 'operation', operation, lazy: false, ...(isCallback && { callback: last }) };
}

/** `pool.connect()`, `pool.getConnection()`: a connection with a session of its own; of a connection itself nothing. */
function acquired(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  if (handle.type === 'connection') return { kind: 'value', value: handle };
  const origin = originOf(handle);
  const [given] = call.args;
  const connection = connectionHandle(context, { ...origin, session: session(context) });
  // `pool.getConnection((error, connection) => …)`.
  if (given?.kind === 'function') context.callback(given, [context.terms.null, connection]);
  return { kind: 'handle', handle: connection };
}

/** `await client.transaction('write')`: SQLite lets one such writer in at a time. */
function libsqlTransaction(call: Call, origin: Origin, context: ClientContext): HandleValue {
  const mode = call.args[0] && context.literal(call.args[0])?.value;
  const transaction = { ...context.transaction(call.node, mode === 'write' || mode === undefined ? 'serializable' : 'default', 'manual', origin.transaction), dialect: 'sqlite' as const };
  return connectionHandle(context, { ...origin, session: session(context, transaction) });
}

function onSlonik(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const form = Object.hasOwn(SLONIK, call.method) ? SLONIK[call.method] : undefined;
  if (form) {
    const query = dataOf<QueryData>(call.args[0], 'query');
    return query && meaningOf({ origin: originOf(handle), text: query.text, values: undefined, form, label: `${call.receiverText}.${call.method}`, node: call.node, textNode: call.argNodes[0] }, call, context);
  }
  if (call.method === 'transaction') return callback(call, handle, 'connection', context);
  if (call.method === 'connect' && call.args[0]?.kind === 'function') {
    context.callback(call.args[0], [connectionHandle(context, { ...originOf(handle), session: session(context) })]);
    return { kind: 'value', value: context.terms.unknown(call.node, call.args) };
  }
  return undefined;
}

/** Calls of a tag: `sql`…``, `sql.begin(…)`, `sql.unsafe(text, values)`, `sql(rows, 'a', 'b')`. */
export function onTag(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  switch (call.method) {
    case '': {
      if (call.node.type === 'TaggedTemplateExpression') return queryCall(handle, call, context);
      const name = call.args[0] && context.literal(call.args[0])?.value;
      // `sql('users')` is a name; an object or a list becomes columns and values.
      if (typeof name === 'string') return /\s/.test(name) ? queryCall(handle, call, context) : { kind: 'handle', handle: make(context, 'fragment', { text: context.terms.literal(`"${name}"`) }) };
      return { kind: 'value', value: call.args[0] ?? context.terms.unknown(call.node, call.args) };
    }
    case 'unsafe': case 'query': case 'execute': return queryCall(handle, call, context);
    case 'begin': case 'savepoint': return callback(call, handle, 'tag', context);
    case 'transaction': return call.args[0]?.kind === 'function' ? undefined : batch(call, handle, context);
    case 'reserve': return { kind: 'handle', handle: make(context, 'tag', { ...originOf(handle), session: session(context) }) };
    default: return undefined;
  }
}
