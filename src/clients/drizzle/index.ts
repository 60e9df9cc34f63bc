/**
 * Drizzle: lazy builders and relational queries on Postgres, MySQL and SQLite. A statement is sent when its builder is awaited; nothing
 * is sent for one that nobody awaits. SQLite's synchronous drivers run `.get()`, `.all()` and `.run()` on the spot.
 */
import type { Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, Client, ClientContext, Meaning } from '../client.ts';
import { EVIDENCE } from './evidence.ts';
import { onBuilder, onPrepared, onStart, startOf, STARTS } from './builder.ts';
import { operatorCall, OPERATORS } from './conditions.ts';
import { forms } from './forms.ts';
import { dataOf, ID, make, originOf } from './handles.ts';
import type { ColumnData, TableData } from './handles.ts';
import { raw, RAW } from './raw.ts';
import { declaredValue, importedValue, PACKAGES, tableCall } from './recognise.ts';
import { count, find, FINDS, relationalData } from './relational.ts';
import { tableSource } from './schema.ts';
import { fromShape, relationalHandle, SHAPE_METHODS } from './shape.ts';
import { batch, transaction } from './transactions.ts';

function onDatabase(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const origin = originOf(handle);
  if (STARTS.has(call.method)) return startOf(call, origin, context);
  if (RAW.has(call.method)) return raw(call, origin, context);
  switch (call.method) {
    case '$count': return count(call, origin, context);
    case 'transaction': return transaction(call, origin, context);
    case 'batch': return batch(call, origin, context);
    case '$with': return { kind: 'handle', handle: make(context, 'builder', {}) };
    // What makes a connection, where its type says so (`getDb()`), gives one.
    case '': case '$withAuth': return { kind: 'handle', handle };
    default: return undefined;
  }
}

/** `sql`…``, `sql.raw(text)`, `sql.join(parts, separator)`, `sql.placeholder(name)`. */
function onSql(call: Call, context: ClientContext): Meaning | undefined {
  const [first, second] = call.args;
  const fragment = (text: Value): Meaning => ({ kind: 'handle', handle: make(context, 'fragment', { text }) });
  switch (call.method) {
    case '': case 'raw': return first && fragment(first);
    case 'placeholder': {
      const name = first && context.literal(first)?.value;
      return typeof name === 'string' ? { kind: 'handle', handle: make(context, 'placeholder', { name }) } : undefined;
    }
    case 'join': {
      const parts = first && context.elements(first);
      if (!parts || parts.some((one) => one.spread)) return fragment(context.terms.unknown(call.node, call.args));
      const between = dataOf<{ readonly text: Value }>(second, 'fragment')?.text ?? context.terms.literal('');
      return fragment(context.terms.expression('template', parts.flatMap((one, index) => (index ? [between, one.value] : [one.value]))));
    }
    case 'identifier': {
      const name = first && context.literal(first)?.value;
      return fragment(typeof name === 'string' ? context.terms.literal(`"${name}"`) : context.terms.unknown(call.node, call.args));
    }
    case 'empty': return fragment(context.terms.literal(''));
    default: return undefined;
  }
}

function onOperator(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const name = handle.data['name'] as string;
  if (call.method !== '') return undefined;
  const [first] = call.args;
  if (name === 'alias') return first?.kind === 'handle' ? { kind: 'handle', handle: first } : undefined;
  if (name === 'withReplicas') return first?.kind === 'handle' ? { kind: 'handle', handle: first } : undefined;
  return operatorCall(name, call, context);
}

const CLOSE = new Set(['as', 'mapWith', 'append', 'inlineParams', 'if', 'getSQL']);

export const drizzle: Client = {
  id: ID,
  name: 'Drizzle',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: { reads: ['select', 'selectDistinct', 'findFirst', 'findMany', '$count', 'sql'], writes: ['insert', 'update', 'delete', 'sql'] },
  schema: tableSource,
  forms,

  imported: importedValue,
  declared: declaredValue,

  member(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
    switch (handle.type) {
      case 'module': return importedValue(handle.data['source'] as string, key, context);
      case 'operators': return key === 'sql' ? make(context, 'sql', {}) : OPERATORS.has(key) ? make(context, 'operator', { name: key }) : undefined;
      case 'database': return key === 'query' || key === '_query' ? make(context, 'query', originOf(handle)) : key === '$client' ? context.terms.member(handle, key) : undefined;
      case 'query': return relationalHandle(originOf(handle), key, context);
      case 'table': return key.startsWith('$') || key === '_' ? undefined : make(context, 'column', { table: handle.data as unknown as TableData, column: key });
      case 'column': {
        const { table, column } = handle.data as unknown as ColumnData;
        return key === 'name' ? context.terms.literal(table.table?.columns.get(column)?.dbName ?? column) : undefined;
      }
      default: return undefined;
    }
  },

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (receiver.kind !== 'handle') return undefined;
    switch (receiver.type) {
      case 'database': return onDatabase(receiver, call, context);
      case 'start': return onStart(receiver, call, context);
      case 'builder': return receiver.data['table'] ? onBuilder(receiver, call, context) : call.method === 'as' ? { kind: 'handle', handle: make(context, 'table', { name: '?', table: undefined, dbName: undefined, dialect: undefined, declared: true } satisfies TableData) } : undefined;
      case 'prepared': return onPrepared(receiver, call, context);
      case 'relational': {
        const data = relationalData(receiver);
        return data && FINDS.has(call.method) ? find(call, originOf(receiver), data.table, context) : undefined;
      }
      case 'maker': return call.method === '' || call.method === 'mock' ? { kind: 'handle', handle: make(context, 'database', originOf(receiver)) } : undefined;
      // `app.table('users', …)` of a named schema.
      case 'table-maker': return call.method === '' || call.method === 'table' ? tableCall(call, receiver.data['dialect'] as TableData['dialect'], receiver.data['schema'] as string | undefined, context) : undefined;
      case 'table-creator': return call.method === '' ? { kind: 'handle', handle: make(context, 'table-maker', { dialect: receiver.data['dialect'], schema: undefined }) } : undefined;
      case 'schema-maker': {
        const name = call.args[0] && context.literal(call.args[0])?.value;
        return call.method === '' ? { kind: 'handle', handle: make(context, 'table-maker', { dialect: receiver.data['dialect'], schema: typeof name === 'string' ? name : '?' }) } : undefined;
      }
      case 'operator': return onOperator(receiver, call, context);
      case 'sql': return onSql(call, context);
      case 'operators': return OPERATORS.has(call.method) ? operatorCall(call.method, call, context) : undefined;
      case 'fragment': case 'aggregate': return CLOSE.has(call.method) ? { kind: 'handle', handle: receiver } : undefined;
      default: return undefined;
    }
  },

  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
