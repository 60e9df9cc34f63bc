/** Transactions, locks and calls. */
import type { Cursor } from './cursor.ts';
import { wholeOperand } from './expression.ts';
import type { Call, Isolation, LockTable, Select, Statement, TableName, TransactionControl } from './model.ts';
import { tableReference } from './select.ts';

export function readControl(cursor: Cursor): Statement | undefined {
  const { start } = cursor;
  const transaction = (action: TransactionControl['action'], more: Partial<TransactionControl> = {}): TransactionControl => {
    const isolation = isolationIn(cursor);
    cursor.at = cursor.end;
    return { kind: 'transaction', action, isolation, mode: undefined, name: undefined, ...more, ...cursor.since(start) };
  };
  switch (cursor.token.key) {
    case 'BEGIN': case 'START': {
      if (cursor.advance().key === 'START' && !cursor.is('TRANSACTION')) return undefined;
      const mode = cursor.is('IMMEDIATE') ? 'immediate' as const : cursor.is('EXCLUSIVE') ? 'exclusive' as const : cursor.is('DEFERRED') ? 'deferred' as const : undefined;
      return transaction('begin', { mode });
    }
    case 'COMMIT': case 'END': return transaction('commit');
    case 'ABORT': return transaction('rollback');
    case 'ROLLBACK': {
      cursor.advance();
      if (!cursor.take('TRANSACTION')) cursor.take('WORK');
      if (!cursor.take('TO')) return transaction('rollback');
      cursor.take('SAVEPOINT');
      return transaction('rollback to', { name: cursor.name() });
    }
    case 'SAVEPOINT': cursor.advance(); return transaction('savepoint', { name: cursor.name() });
    case 'RELEASE': cursor.advance(); cursor.take('SAVEPOINT'); return transaction('release', { name: cursor.name() });
    case 'SET': {
      const level = cursor.find((token) => token.key === 'ISOLATION');
      const sets = cursor.find((token) => token.key === 'TRANSACTION') < cursor.end;
      return level < cursor.end && sets ? transaction('set') : undefined;
    }
    case 'LOCK': return readLockTable(cursor, start);
    case 'CALL': case 'EXEC': {
      cursor.advance();
      const path = cursor.path();
      if (!path) return undefined;
      const args = cursor.is('(') ? [...cursor.inner()!.list()].map(wholeOperand) : [];
      return { kind: 'call', name: path.at(-1)!.toLowerCase(), arguments: args, ...cursor.since(start) };
    }
    case 'TRUNCATE': {
      cursor.advance();
      cursor.take('TABLE');
      const tables = tableList(cursor);
      cursor.at = cursor.end;
      return tables.length ? { kind: 'truncate', tables, ...cursor.since(start) } : undefined;
    }
    default: return undefined;
  }
}

function tableList(cursor: Cursor): TableName[] {
  const tables: TableName[] = [];
  do { const table = tableReference(cursor); if (!table) break; tables.push(table); } while (cursor.take(','));
  return tables;
}

/** `LOCK [TABLE] t [, …] IN … MODE [NOWAIT]`; MySQL's `LOCK TABLES t WRITE`. */
function readLockTable(cursor: Cursor, start: number): LockTable | undefined {
  cursor.advance();
  const several = cursor.take('TABLES');
  if (!several) cursor.take('TABLE');
  const tables: TableName[] = [];
  let mode = 'access exclusive';
  do {
    cursor.take('ONLY');
    const table = cursor.table();
    if (!table) return undefined;
    tables.push(table);
    if (several) { if (cursor.take('AS')) cursor.name(); mode = cursor.advance().key.toLowerCase(); }
  } while (cursor.take(','));
  if (cursor.take('IN')) { const from = cursor.at; cursor.skipTo((token) => token.key === 'MODE'); mode = cursor.text(from, cursor.at).toLowerCase().replace(/\s+/g, ' '); }
  cursor.at = cursor.end;
  return { kind: 'lock table', tables, mode, ...cursor.since(start) };
}

function isolationIn(cursor: Cursor): Isolation | undefined {
  const level = cursor.find((token) => token.key === 'LEVEL');
  const words = [cursor.tokens[level + 1]?.key, cursor.tokens[level + 2]?.key];
  if (level >= cursor.end) return undefined;
  if (words[0] === 'SERIALIZABLE') return 'serializable';
  if (words[0] === 'REPEATABLE') return 'repeatable read';
  return words[0] === 'READ' ? (words[1] === 'UNCOMMITTED' ? 'read uncommitted' : words[1] === 'COMMITTED' ? 'read committed' : undefined) : undefined;
}

const ADVISORY = /^(?:pg_(?:try_)?advisory_(?:xact_)?lock(?:_shared)?|get_lock)$/;

/** The advisory lock that a statement takes; `tries`: it may come back without it. */
export function advisoryLock(statement: Statement): { readonly call: Select['calls'][number]; readonly tries: boolean; readonly shared: boolean } | undefined {
  if (statement.kind !== 'select') return undefined;
  const inner = statement.with.map((one) => advisoryLock(one.statement)).find((one) => one !== undefined);
  const call = statement.calls.find((one) => ADVISORY.test(one.name));
  return call ? { call, tries: /try|get_lock/.test(call.name), shared: call.name.endsWith('_shared') } : inner;
}

/** `CALL f(…)` and `SELECT f(…)` without a table: a database function. */
export function calledFunction(statement: Statement): Pick<Call, 'name' | 'arguments'> | undefined {
  if (statement.kind === 'call') return statement;
  if (statement.kind !== 'select' || statement.from || statement.joins.length || statement.calls.length !== 1) return undefined;
  return statement.calls[0];
}
