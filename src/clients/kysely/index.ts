/**
 * Kysely: typed SQL builders on Postgres, MySQL and SQLite. Builders never change and are no promises; `execute…` sends the statement.
 */
import type { Isolation, Transaction, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, Client, ClientContext, Meaning } from '../client.ts';
import { driverViolation } from '../common/driver-violation.ts';
import { rawOf, rawResult, rawStatement } from '../common/builder/raw.ts';
import { NO_ORIGIN, dialectOf, originOf } from '../common/builder/state.ts';
import type { Origin } from '../common/builder/state.ts';
import { EVIDENCE } from './evidence.ts';
import { STARTS, onBuilder, onConflictBuilder, startOf } from './builder.ts';
import { ebMember, onAggregate, onCondition, onExpression, onFunction } from './expressions.ts';
import { forms } from './forms.ts';
import { connection, ID, make } from './handles.ts';
import { PACKAGES, declaredValue, dialectOfConfig, importedValue } from './recognise.ts';
import { schemaSource } from './schema.ts';

function onConnection(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  if (call.method in STARTS) return startOf(call, origin, context);
  switch (call.method) {
    case 'transaction': return { kind: 'handle', handle: make(context, 'starter', { ...origin, isolation: 'default' }) };
    case 'startTransaction': return { kind: 'handle', handle: make(context, 'starter', { ...origin, isolation: 'default', controlled: true }) };
    case 'connection': return { kind: 'handle', handle: make(context, 'starter', { ...origin, plain: true }) };
    case 'withSchema': case 'with': case 'withRecursive': case 'withPlugin': case 'withoutPlugins': case 'withTables': case '$extendTables': return { kind: 'handle', handle };
    case 'commit': case 'rollback': return origin.transaction ? { kind: 'handle', handle: make(context, 'controlled', { ...origin, how: call.method }) } : undefined;
    case 'savepoint': case 'releaseSavepoint': case 'rollbackToSavepoint': return { kind: 'handle', handle: make(context, 'controlled', { ...origin, how: 'savepoint' }) };
    case 'executeQuery': return undefined;
    default: return undefined;
  }
}

const LEVELS: ReadonlySet<string> = new Set<Isolation>(['read uncommitted', 'read committed', 'repeatable read', 'serializable']);

function onStarter(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  const [first] = call.args;
  if (call.method === 'setIsolationLevel') {
    const level = first && context.literal(first)?.value;
    return { kind: 'handle', handle: make(context, 'starter', { ...handle.data, isolation: LEVELS.has(String(level)) ? level : 'unknown' }) };
  }
  if (call.method === 'setAccessMode') return { kind: 'handle', handle };
  if (call.method !== 'execute') return undefined;
  // `db.connection().execute(async (db) => …)`: one connection, no transaction.
  if (handle.data['plain']) return first && { kind: 'value', value: context.callback(first, [connection(context, origin)]) ?? context.terms.unknown(call.node) };
  const controlled = handle.data['controlled'] === true;
  const opened: Transaction = context.transaction(call.node, handle.data['isolation'] as Isolation, controlled ? 'manual' : 'callback', origin.transaction);
  const made = origin.dialect && opened.dialect !== origin.dialect ? { ...opened, dialect: origin.dialect } : opened;
  const inside = connection(context, { ...origin, transaction: made });
  if (controlled) return { kind: 'handle', handle: inside };
  return first && { kind: 'transaction', transaction: made, body: first, args: [inside] };
}

/** `sql`…`.execute(db)`. */
function onRaw(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  if (call.method === 'as' || call.method === '$castTo' || call.method === '$notNull' || call.method === 'withPlugin') {
    const alias = call.method === 'as' && call.args[0] ? context.literal(call.args[0])?.value : undefined;
    return { kind: 'handle', handle: make(context, 'raw', { ...handle.data, ...(typeof alias === 'string' && { alias }) }) };
  }
  if (call.method !== 'execute') return undefined;
  const [on] = call.args;
  const origin: Origin = on?.kind === 'handle' && on.client === ID ? originOf(on) : { ...NO_ORIGIN, evidence: 'declaration' };
  const told = rawStatement(ID, rawOf(handle)!, origin, call.node, context);
  if (!told) return undefined;
  const { answers: _answers, alias: _alias, numeric: _numeric, ...rest } = told;
  const dialect = dialectOf(origin, context);
  const writes = told.verb === 'insert' || told.verb === 'update' || told.verb === 'upsert';
  // Whatever the database: `rows`, and the number of them as a bigint.
  const result = rawResult(told, 'postgres').map((part) => (part.is === 'affected' ? { ...part, path: ['numAffectedRows'], numeric: 'bigint' as const } : part.is === 'count' ? { ...part, ...(dialect !== 'postgres' && { numeric: 'number' as const }) } : part));
  return {
    kind: 'operation', lazy: false,
    operation: {
      client: ID, ...rest, label: 'sql`…`.execute', node: call.node, dialect, transaction: origin.transaction, evidence: origin.evidence === 'shape' ? 'declaration' : origin.evidence, result,
      ...(writes && { violation: driverViolation(dialect) }), ...((told.verb === 'update' || told.verb === 'delete') && { miss: 'count' as const }),
    },
  };
}

/** `sql`…`` and `sql.raw(…)`, `sql.ref('n')`, `sql.val(x)`. */
function onSql(call: Call, context: ClientContext): Meaning | undefined {
  const [first] = call.args;
  switch (call.method) {
    case '': return first && { kind: 'handle', handle: make(context, 'raw', { text: inlined(first, context), bindings: [] }) };
    case 'raw': return first && { kind: 'handle', handle: make(context, 'raw', { text: first, bindings: [] }) };
    case 'ref': case 'table': case 'id': {
      const name = first && context.literal(first)?.value;
      return { kind: 'handle', handle: typeof name === 'string' ? make(context, 'raw', { text: context.terms.literal(name.split('.').map((one) => `"${one}"`).join('.')), bindings: [] }) : make(context, 'other') };
    }
    case 'val': case 'lit': case 'value': return first && { kind: 'value', value: first };
    default: return { kind: 'handle', handle: make(context, 'other') };
  }
}

/** Fragments that are put into a fragment, by their text. */
function inlined(text: Value, context: ClientContext): Value {
  if (text.kind === 'expression' && text.operator === 'template') return context.terms.expression('template', text.operands.map((one) => inlined(one, context)));
  return rawOf(text)?.text ?? text;
}

export const kysely: Client = {
  id: ID,
  name: 'Kysely',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: { reads: ['selectFrom', 'sql'], writes: ['insertInto', 'updateTable', 'deleteFrom', 'replaceInto', 'mergeInto', 'sql'] },
  opens: ['transaction', 'startTransaction', 'connection'],
  schema: schemaSource,
  forms,

  imported: importedValue,
  declared: declaredValue,
  decorated: (decorator, _type, context) => (decorator.name === 'InjectKysely' ? connection(context, { ...NO_ORIGIN, evidence: 'declaration' }) : undefined),
  root: (context) => connection(context, { ...NO_ORIGIN, evidence: 'declaration' }),

  member(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
    switch (handle.type) {
      case 'connection': return key === 'fn' ? make(context, 'fn', { state: undefined }) : key === 'schema' || key === 'introspection' || key === 'dynamic' ? make(context, 'other') : undefined;
      case 'eb': return ebMember(handle, key, context);
      case 'fn': return make(context, 'fn-method', { ...handle.data, name: key });
      case 'other': return handle.data['module'] === true ? importedValue('kysely', key, context) : undefined;
      default: return undefined;
    }
  },

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (receiver.kind !== 'handle') return undefined;
    switch (receiver.type) {
      case 'maker': return call.method === '' ? { kind: 'handle', handle: connection(context, { ...NO_ORIGIN, evidence: 'declaration', dialect: receiver.data['dialect'] as Origin['dialect'] ?? dialectOfConfig(call.args[0], context) }) } : undefined;
      case 'dialect-maker': return { kind: 'handle', handle: make(context, 'dialect', receiver.data) };
      case 'connection': return onConnection(receiver, call, context);
      case 'starter': return onStarter(receiver, call, context);
      case 'controlled': {
        const how = receiver.data['how'];
        return call.method === 'execute' && (how === 'commit' || how === 'rollback') ? { kind: 'end', handle: receiver, how } : call.method === 'execute' ? { kind: 'handle', handle: connection(context, originOf(receiver)) } : undefined;
      }
      case 'builder': return onBuilder(receiver, call, context);
      case 'eb': return call.method in STARTS ? startOf(call, NO_ORIGIN, context) : onExpression(receiver, call.method, call, context);
      case 'eb-method': return receiver.data['name'] === 'expressionBuilder' ? { kind: 'handle', handle: make(context, 'eb', { state: undefined }) } : call.method === '' ? onExpression(receiver, receiver.data['name'] as string, call, context) : undefined;
      case 'fn': return onFunction(call.method, call, context);
      case 'fn-method': return call.method === '' ? onFunction(receiver.data['name'] as string, call, context) : undefined;
      case 'aggregate': return onAggregate(receiver, call, context);
      case 'condition': return onCondition(receiver, call, context);
      case 'conflict': return onConflictBuilder(receiver, call, context);
      case 'sql': return onSql(call, context);
      case 'raw': return onRaw(receiver, call, context);
      case 'arithmetic': case 'reference': case 'other': return { kind: 'handle', handle: call.method === 'as' || receiver.type !== 'other' ? make(context, 'other') : receiver };
      default: return undefined;
    }
  },

  shapeMethods: new Set([...Object.keys(STARTS), 'transaction']),
  /** No other library has these words; a transaction is one when its builder goes on as this library's does. */
  shape(call: Call, context: ClientContext): Meaning | undefined {
    if (call.method in STARTS) {
      const [table] = call.args;
      const literal = table && context.literal(table);
      return call.args.length === 1 && (literal ? typeof literal.value === 'string' : table !== undefined) ? startOf(call, NO_ORIGIN, context) : undefined;
    }
    if (call.args.length > 0) return undefined;
    const member = call.node.parent;
    if (member?.type !== 'MemberExpression' || member.object !== call.node || member.property.type !== 'Identifier') return undefined;
    const next = member.property.name;
    return next === 'setIsolationLevel' || (next === 'execute' && member.parent.type === 'CallExpression' && member.parent.arguments.length === 1 && context.version('kysely') !== undefined) ? onConnection(connection(context, NO_ORIGIN), call, context) : undefined;
  },
};
