/**
 * Supabase JS (postgrest-js): lazy requests to PostgREST on Postgres. A request is sent when its builder is awaited, once for each
 * await; errors are returned beside `data`; every request is a transaction of its own, and there are no others.
 */
import type { Value } from '../../model.ts';
import type { Call, Client, ClientContext, Meaning } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { EVIDENCE } from './evidence.ts';
import { VERBS, nextStep, startRequest } from './builder.ts';
import { forms } from './forms.ts';
import { PACKAGES, declaredValue, importedValue, namesClient } from './recognise.ts';
import { SHAPE_METHODS, fromShape } from './shape.ts';
import { specOf } from './spec.ts';
import { ID, asBuilder, asClient, asTable, builderHandle, clientHandle, otherHandle, startOf, tableHandle } from './state.ts';
import type { BuilderState, ClientState } from './state.ts';

/** Parts of a client that are no tables although their methods are named alike (`storage.from(bucket).list()`). */
const NO_TABLES = new Set(['storage', 'auth', 'functions', 'realtime']);

function onClient(state: ClientState, call: Call, context: ClientContext): Meaning | undefined {
  const name = call.args[0] && context.literal(call.args[0])?.value;
  switch (call.method) {
    // `createClient(url, key, { db: { schema } })`, `await createClient()`, `new SupabaseClient(…)`.
    case '': {
      const options = call.args[2];
      const schema = options && context.literal(context.property(context.property(options, 'db'), 'schema'))?.value;
      return { kind: 'handle', handle: clientHandle(context, { ...state, schema: typeof schema === 'string' ? schema : state.schema }) };
    }
    case 'schema': return { kind: 'handle', handle: clientHandle(context, { ...state, schema: typeof name === 'string' ? name : '?' }) };
    case 'from': {
      const argument = call.argNodes[0];
      if (!argument) return undefined;
      const known = typeof name === 'string';
      const evidence = known ? sure(state) : state.evidence;
      return { kind: 'handle', handle: tableHandle(context, { ...state, evidence, table: known ? name : context.text(argument), known, label: call.receiverText }) };
    }
    case 'rpc': return rpc(state, call, context);
    case 'channel': return { kind: 'handle', handle: otherHandle(context) };
    default: return undefined;
  }
}

/** `.rpc('fn', args, { head, count })`: a builder like the others; what the function does is not known here. */
function rpc(state: ClientState, call: Call, context: ClientContext): Meaning | undefined {
  const argument = call.argNodes[0];
  if (!argument) return undefined;
  const name = context.literal(call.args[0]!)?.value;
  const table = { ...state, evidence: sure(state), table: typeof name === 'string' ? name : context.text(argument), known: typeof name === 'string', label: call.receiverText };
  const head = call.args[2] ? context.literal(context.property(call.args[2], 'head'))?.value === true : false;
  return request({ ...startOf(table, 'call', call.node), rpcArgs: call.args[1], head }, call, context);
}

const request = (state: BuilderState, call: Call, context: ClientContext): Meaning => (
  { kind: 'handle', handle: builderHandle(context, state), pending: specOf(state, call.node, context) });

/** A client known by its name only, on which `.from('t')` or `.rpc('f')` is called, has shown the distinctive shape as well. */
const sure = (state: ClientState) => (state.evidence === 'name' ? 'shape' as const : state.evidence);

export const supabase: Client = {
  id: ID,
  name: 'Supabase',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: { reads: ['select', 'rpc'], writes: ['insert', 'update', 'upsert', 'delete', 'rpc'] },
  forms,

  imported: importedValue,
  declared: declaredValue,
  root: (context) => clientHandle(context, { schema: undefined, evidence: 'declaration' }),

  member(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
    const state = asClient(handle);
    if (!state) return undefined;
    if (NO_TABLES.has(key)) return otherHandle(context);
    // `const { supabase } = useSupabase()`, `{ supabaseClient } = useSessionContext()`: the object around a client.
    return state.evidence === 'name' && namesClient(key) ? handle : undefined;
  },

  call(call: Call, context: ClientContext): Meaning | undefined {
    const client = asClient(call.receiver);
    if (client) return onClient(client, call, context);
    const table = asTable(call.receiver);
    if (table) {
      if (!VERBS.has(call.method)) return undefined;
      const started = startRequest(table, call, context);
      return started && request(started, call, context);
    }
    const builder = asBuilder(call.receiver);
    const next = builder && nextStep(builder, call, context);
    return next && request({ ...next, root: next.root ?? call.receiver.id }, call, context);
  },

  shapeMethods: SHAPE_METHODS,
  shape(call: Call, context: ClientContext): Meaning | undefined {
    // `ctx.supabase`, `event.locals.supabase`, `this.supabaseAdmin`: nobody says what it is, its name does.
    if (namesClient(call.receiverText)) return onClient({ schema: undefined, evidence: 'name' }, call, context);
    return call.method === 'from' ? fromShape(call, context) : undefined;
  },
};
