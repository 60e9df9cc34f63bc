/**
 * SQL given to drivers: pg and what speaks like it, postgres.js, Neon, Vercel Postgres, PGlite, mysql2, better-sqlite3, node:sqlite, sqlite3,
 * libSQL, Cloudflare D1, slonik. What a statement does is what its text says.
 */
import type { Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { Call, Client, ClientContext, Meaning } from '../client.ts';
import { EVIDENCE } from './evidence.ts';
import { onConnection, onStatement, onTag } from './calls.ts';
import { moduleNamed } from './drivers.ts';
import type { ExportKind } from './drivers.ts';
import { forms } from './forms.ts';
import { ID, make, originOf } from './handles.ts';
import { declaredValue, importedValue, ofKind, PACKAGES } from './recognise.ts';
import { runTransacted } from './sessions.ts';
import { fromShape, SHAPE_METHODS } from './shape.ts';

/** `new Pool()`, `mysql.createPool()`, `new Database(path)`, `postgres(url)`. */
function made(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  if (call.method !== '') return undefined;
  const kind = handle.data['kind'] as ExportKind | undefined;
  const value = ofKind(kind, originOf(handle), context);
  return value?.kind === 'handle' ? { kind: 'handle', handle: value } : undefined;
}

/** Members of a slonik `sql` that make queries: `sql.unsafe`…``, `sql.type(schema)`…``. */
function onSlonikSql(handle: HandleValue, call: Call, context: ClientContext): Meaning | undefined {
  const [text] = call.args;
  if (call.node.type === 'TaggedTemplateExpression') return text && { kind: 'handle', handle: make(context, call.method === 'fragment' ? 'fragment' : 'query', { ...originOf(handle), text, values: undefined, plucks: false }) };
  if (call.method === 'type' || call.method === 'typeAlias') return { kind: 'handle', handle };
  return undefined;
}

export const rawSql: Client = {
  id: ID,
  name: 'SQL',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: {
    reads: ['query', 'execute', 'prepare', 'sql', 'get', 'all', 'first', 'one', 'maybeOne', 'oneFirst', 'maybeOneFirst', 'any', 'exists', 'unsafe'],
    writes: ['query', 'execute', 'prepare', 'sql', 'exec', 'run', 'unsafe'],
    // A tag may have any name (`tx`…``), so its text tells.
    texts: { reads: '`\\s*(?:select|SELECT|with|WITH)\\s', writes: '`\\s*(?:insert|INSERT|update|UPDATE|delete|DELETE|replace|REPLACE|with|WITH|merge|MERGE)\\s' },
  },

  opens: ['connect', 'getConnection', 'beginTransaction', 'transaction', 'begin', 'batch', 'reserve', 'promise'],

  forms,

  imported: importedValue,
  declared: declaredValue,

  member(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
    if (handle.type === 'maker') {
      const source = handle.data['source'] as string;
      const module = moduleNamed(source);
      if (key === 'default' || key === 'native' || key === 'promises') return handle;
      const kind = module && Object.hasOwn(module.exports, key) ? module.exports[key] : undefined;
      return kind && key !== 'default' ? make(context, 'maker', { ...originOf(handle), kind, source }) : undefined;
    }
    if ((handle.type === 'pool' || handle.type === 'connection') && key === 'sql' && originOf(handle).driver.id === 'vercel') return make(context, 'tag', originOf(handle));
    // `transacted.immediate` is called on the handle itself; `pool.pool` leads nowhere.
    return undefined;
  },

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (receiver.kind !== 'handle') return undefined;
    switch (receiver.type) {
      case 'maker': {
        if (call.method === '') return made(receiver, call, context);
        // `require('sqlite3').verbose()`: the module itself.
        if (call.method === 'verbose') return { kind: 'handle', handle: receiver };
        const module = moduleNamed(receiver.data['source'] as string);
        const kind = module && Object.hasOwn(module.exports, call.method) ? module.exports[call.method] : undefined;
        const value = ofKind(kind, originOf(receiver), context);
        return value?.kind === 'handle' ? { kind: 'handle', handle: value } : undefined;
      }
      case 'tag-maker': return call.method === '' ? { kind: 'handle', handle: make(context, 'tag', originOf(receiver)) } : undefined;
      case 'tag': return onTag(receiver, call, context);
      case 'pool': case 'connection': return onConnection(receiver, call, context);
      case 'statement': return onStatement(receiver, call, context);
      case 'query': return call.method === 'values' || call.method === 'simple' || call.method === 'raw' || call.method === 'execute' ? { kind: 'handle', handle: receiver } : undefined;
      case 'slonik-sql': return onSlonikSql(receiver, call, context);
      case 'transacted': return runTransacted(call, receiver, context);
      default: return undefined;
    }
  },

  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
