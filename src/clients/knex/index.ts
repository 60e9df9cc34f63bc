/**
 * Knex: lazy builders on Postgres, MySQL and SQLite. A statement is sent when its builder is awaited, and again for each await; steps
 * change the builder in place.
 */
import type { Isolation, Node, Transaction, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, Client, ClientContext, Meaning } from '../client.ts';
import { driverViolation } from '../common/driver-violation.ts';
import { rawOf, rawResult, rawStatement } from '../common/builder/raw.ts';
import { nextState, isStep } from '../common/builder/steps.ts';
import { NO_ORIGIN, dialectOf, derivedFrom, emptyState, originOf, tableOf } from '../common/builder/state.ts';
import type { BuilderState, Origin } from '../common/builder/state.ts';
import { built, connection, group, ID, make } from './handles.ts';
import { PACKAGES, continues, declaredValue, dialectOfConfig, importedValue, namesConnection } from './recognise.ts';
import { forms } from './forms.ts';
import { schemaSource } from './schema.ts';

/** `knex('users')`, `knex.from('users')`. */
function onTable(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const found = tableOf(ID, call.args[0], call.argNodes[0], context);
  if (!found) return undefined;
  const callee = call.node.type === 'CallExpression' ? context.text(call.node.callee).replace(/\s+/g, ' ') : call.receiverText;
  const label = call.method === '' ? `${callee || call.receiverText}(${context.text(call.argNodes[0]!)})` : `${call.receiverText}.${call.method}`;
  return built(emptyState(ID, origin, found.table, found.alias, label, call.node), call, context, false);
}

/** `knex.select('id').from('users')`, `knex.insert(row).into('users')`: the table comes later. */
function withoutTable(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const started = nextState(emptyState(ID, origin, { name: '?', table: undefined }, undefined, `${call.receiverText}.${call.method}`, call.node), call, context, { group: group(context) });
  return started && { kind: 'handle', handle: make(context, 'builder', { ...started, own: { calls: [call] } }) };
}

function onConnection(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  const [first] = call.args;
  switch (call.method) {
    case '': case 'from': case 'into': case 'table': case 'withSchema': return call.method === 'withSchema' ? { kind: 'handle', handle } : onTable(call, origin, context);
    case 'queryBuilder': return undefined;
    case 'raw': return raw(call, origin, context);
    case 'ref': return { kind: 'handle', handle: make(context, 'functions') };
    case 'transaction': return first?.kind === 'function' ? transaction(call, origin, context) : begun(call, origin, context);
    case 'transactionProvider': return { kind: 'handle', handle: make(context, 'provider', { ...origin, transaction: opened(call, origin, 'manual', 0, context) }) };
    case 'batchInsert': return batchInsert(call, origin, context);
    case 'savepoint': return first?.kind === 'function' ? transaction(call, origin, context) : undefined;
    case 'commit': case 'rollback': return origin.transaction ? { kind: 'end', handle, how: call.method } : undefined;
    default: return isStep(call.method) ? withoutTable(call, origin, context) : undefined;
  }
}

const LEVELS: ReadonlySet<string> = new Set<Isolation>(['read uncommitted', 'read committed', 'repeatable read', 'serializable']);

function opened(call: Call, origin: Origin, form: Transaction['form'], at: number, context: ClientContext): Transaction {
  const options = call.args[at];
  const given = options && context.property(options, 'isolationLevel');
  const level = given && context.literal(given);
  const isolation: Isolation = !options ? 'default' : level ? (level.value === undefined ? 'default' : LEVELS.has(String(level.value)) ? level.value as Isolation : 'unknown')
    : context.entries(options)?.every((one) => one.kind === 'property' && one.key !== 'isolationLevel') ? 'default' : 'unknown';
  const made = context.transaction(call.node, isolation, form, origin.transaction);
  return origin.dialect && made.dialect !== origin.dialect ? { ...made, dialect: origin.dialect } : made;
}

/** `knex.transaction(async (trx) => …, { isolationLevel })`; on a transaction's handle with a savepoint. */
function transaction(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [body] = call.args;
  if (!body) return undefined;
  const made = opened(call, origin, 'callback', 1, context);
  return { kind: 'transaction', transaction: made, body, args: [connection(context, { ...origin, transaction: made })] };
}

/** `const trx = await knex.transaction()`. */
function begun(call: Call, origin: Origin, context: ClientContext): Meaning {
  return { kind: 'handle', handle: connection(context, { ...origin, transaction: opened(call, origin, 'manual', 0, context) }) };
}

function raw(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [text, ...bindings] = call.args;
  if (!text) return undefined;
  const handle = make(context, 'raw', { ...origin, text, bindings });
  return rawMeaning(handle, call, origin, context);
}

function rawMeaning(handle: HandleValue, call: Call, origin: Origin, context: ClientContext): Meaning {
  const told = rawStatement(ID, rawOf(handle)!, origin, call.argNodes[0] ?? call.node, context);
  if (!told) return { kind: 'handle', handle };
  const { answers: _answers, alias: _alias, numeric: _numeric, ...rest } = told;
  const dialect = dialectOf(origin, context);
  const writes = told.verb === 'insert' || told.verb === 'update' || told.verb === 'upsert';
  return {
    kind: 'handle', handle,
    pending: {
      client: ID, ...rest, label: `${call.receiverText}.raw`, node: call.node, dialect, transaction: origin.transaction, evidence: origin.evidence, result: rawResult(told, dialect),
      ...(writes && { violation: driverViolation(dialect) }), ...((told.verb === 'update' || told.verb === 'delete') && { miss: 'count' as const }),
    },
  };
}

/** `knex.batchInsert('users', rows, 100)`: chunks in a transaction of its own. */
function batchInsert(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const found = tableOf(ID, call.args[0], call.argNodes[0], context);
  const rows = call.args[1];
  if (!found || !rows) return undefined;
  const inserting = { ...call, method: 'insert', args: [rows], argNodes: call.argNodes.slice(1, 2) };
  const state = nextState(emptyState(ID, origin, found.table, found.alias, `${call.receiverText}.batchInsert`, call.node), inserting, context, { group: group(context) });
  return state && built({ ...state, label: `${call.receiverText}.batchInsert`, manyRows: true }, call, context, false);
}

function onBuilder(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const state = handle.data as unknown as BuilderState & { readonly own?: { readonly calls?: readonly Call[]; readonly group?: boolean } };
  const [first] = call.args;
  const calls = state.own?.calls;
  if (calls) {
    if (call.method !== 'from' && call.method !== 'into' && call.method !== 'table') {
      const next = nextState(state, call, context, { group: group(context) });
      return next && { kind: 'handle', handle: make(context, 'builder', { ...next, own: { calls: [...calls, call] } }) };
    }
    // Now that the table is known, its columns can be told: the steps so far are taken again.
    const derived = derivedFrom(ID, first, context);
    const found = derived ? { table: derived.table, alias: derived.alias } : tableOf(ID, first, call.argNodes[0], context);
    if (!found) return undefined;
    const empty = { ...emptyState(ID, originOf(handle), found.table, found.alias, state.label, state.start), ...derived };
    const again = calls.reduce<BuilderState | undefined>((at, one) => at && nextState(at, one, context, { group: group(context) }), empty);
    return again && built(again, call, context, false);
  }
  switch (call.method) {
    case 'transacting': {
      const trx = first?.kind === 'handle' ? context.newest(first) : first?.kind === 'choice' ? first.arms.find((arm) => arm.value.kind === 'handle')?.value : undefined;
      const transacted = first?.kind === 'choice' ? undefined : trx?.kind === 'handle' ? trx.data['transaction'] as Transaction | undefined : undefined;
      return built(transacted ? { ...state, transaction: transacted } : state, call, context, true);
    }
    case 'from': case 'into': case 'table': return { kind: 'handle', handle };
    case 'clone': return built(state, call, context, false);
    case 'catch': case 'finally': case 'then': return undefined;
    case 'toSQL': case 'toString': case 'toQuery': case 'toNative': case 'stream': case 'pipe': return { kind: 'value', value: context.terms.unknown(call.node) };
    default: {
      const next = nextState(state, call, context, { group: group(context) });
      return next && built(next, call, context, true);
    }
  }
}

export const knex: Client = {
  id: ID,
  name: 'Knex',
  packages: PACKAGES,
  // Everywhere its own name; where the project has it, whatever `shapeMethods` names.
  evidence: { always: /knex|\btrx[!?)]*\s*\??\.\s*raw\s*[(<]/i, installed: /(?:\b(?:\w*db|\w*[tT]r?x|database|conn|connection|t|pg|readOnly|transaction)|\.\s*(?:from|into|table|select|insert|batchInsert))\s*[(<`]/i },
  words: { reads: ['first', 'select', 'pluck', 'count', 'countDistinct', 'max', 'where', 'from', 'whereIn', 'raw', 'knex', 'db', 'trx', 'columns'], writes: ['insert', 'update', 'increment', 'decrement', 'del', 'delete', 'upsert', 'truncate', 'batchInsert', 'raw'] },
  schema: schemaSource,
  forms,

  imported: importedValue,
  declared: declaredValue,
  decorated(decorator, _type, context) {
    return (decorator.name === 'InjectKnex' || decorator.name === 'InjectModel' || decorator.name === 'InjectConnection') && PACKAGES.includes(decorator.from ?? '') ? connection(context, { ...NO_ORIGIN, evidence: 'declaration' }) : undefined;
  },
  root: (context) => connection(context, { ...NO_ORIGIN, evidence: 'declaration' }),

  member(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
    if (handle.type === 'maker') return key === 'default' || key === 'knex' || key === 'Knex' ? handle : undefined;
    if (handle.type !== 'connection') return undefined;
    if (key === 'fn') return make(context, 'functions');
    return key === 'schema' || key === 'migrate' || key === 'seed' || key === 'client' ? make(context, 'other') : undefined;
  },

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (receiver.kind !== 'handle') return undefined;
    switch (receiver.type) {
      case 'maker': return call.method === '' || call.method === 'default' || call.method === 'knex' ? { kind: 'handle', handle: connection(context, { ...NO_ORIGIN, evidence: 'declaration', dialect: dialectOfConfig(call.args[0], context) }) } : undefined;
      case 'connection': return onConnection(receiver, call, context);
      case 'provider': return call.method === '' ? { kind: 'handle', handle: connection(context, originOf(receiver)) } : undefined;
      case 'builder': return onBuilder(receiver, call, context);
      case 'raw': return call.method === 'transacting' || call.method === 'wrap' || call.method === 'timeout' ? rawMeaning(receiver, call, originOf(receiver), context) : undefined;
      // `knex.fn.now()`, `knex.fn.uuid()`: the database makes it.
      case 'functions': return { kind: 'value', value: context.terms.expression(`sql:${call.method}`, []) };
      // `knex.schema.createTable(…)` concerns no rows.
      case 'other': return { kind: 'handle', handle: receiver };
      default: return undefined;
    }
  },

  shapeMethods: new Set(['knex', 'db', 'trx', 'tx', 'database', 'conn', 't', 'connection', 'transaction', 'from', 'into', 'table', 'select', 'insert', 'raw', 'knexInstance', 'getKnex', 'batchInsert', 'this.knex', 'this.db', 'DB', 'readOnly', 'pg']),
  shape(call: Call, context: ClientContext): Meaning | undefined {
    const origin = NO_ORIGIN;
    const direct = call.argNodes[0] !== undefined && call.node.type === 'CallExpression' && (call.receiverText === call.method || call.node.callee.type === 'MemberExpression');
    switch (call.method) {
      case 'transaction': {
        const [body] = call.args;
        if (call.receiverText === call.method || !namesConnection(call.receiverText, context)) return undefined;
        return body?.kind === 'function' || call.args.length === 0 || context.entries(call.args[0]!) ? onConnection(connection(context, origin), call, context) : undefined;
      }
      case 'raw': return call.receiverText !== call.method && /(?:^|[._])(?:\w*[kK]nex|trx)$/.test(call.receiverText) ? raw(call, origin, context) : undefined;
      case 'select': case 'insert': case 'from': case 'into': case 'table': case 'batchInsert': {
        if (call.receiverText === call.method || !namesConnection(call.receiverText, context)) return undefined;
        if (call.method === 'batchInsert') return batchInsert(call, origin, context);
        const starts = call.method === 'select' || call.method === 'insert';
        if (starts) return /^(?:from|into)$/.test(textStep(call)) ? withoutTable(call, origin, context) : undefined;
        return names(call, context) && continues(call) ? onTable(call, origin, context) : undefined;
      }
      default: {
        // `db('users').where(…)`, `this.knex('users').insert(…)`: a table's name, then steps of the builder.
        if (!direct || call.args.length > 2 || !names(call, context) || !continues(call)) return undefined;
        const text = call.receiverText === call.method || call.receiverText === 'this' ? call.method : `${call.receiverText}.${call.method}`;
        if (!namesConnection(text, context)) return undefined;
        return onTable({ ...call, method: '', receiverText: text }, origin, context);
      }
    }
  },
};

/** A text, or a name that a constant table name may stand behind. */
function names(call: Call, context: ClientContext): boolean {
  const [first] = call.args;
  if (!first) return false;
  const literal = context.literal(first);
  if (literal) return typeof literal.value === 'string' && /^[\w."` -]+$/.test(literal.value);
  return call.argNodes[0]!.type === 'Identifier' || call.argNodes[0]!.type === 'MemberExpression' || call.argNodes[0]!.type === 'TemplateLiteral' || call.argNodes[0]!.type === 'ObjectExpression';
}

/** The first of the steps that names the table, where all before it are the builder's. */
function textStep(call: Call): string {
  let at: Node = call.node;
  for (let depth = 0; depth < 8; depth++) {
    const member = at.parent;
    if (member?.type !== 'MemberExpression' || member.object !== at || member.property.type !== 'Identifier' || member.parent.type !== 'CallExpression') return '';
    const name = member.property.name;
    if (name === 'from' || name === 'into' || name === 'table') {
      // A table that is no text belongs to another builder.
      const argument = member.parent.arguments[0];
      return argument?.type === 'Literal' || argument?.type === 'TemplateLiteral' || argument?.type === 'ObjectExpression' ? (name === 'table' ? 'from' : name) : '';
    }
    at = member.parent;
  }
  return '';
}
