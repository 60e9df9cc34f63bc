import type { Pool as MySqlPool, PoolConnection } from 'mysql2/promise';
import type { Pool, PoolClient } from 'pg';
import type { Sql } from 'postgres';
import { applicationName, type Address } from '../engines/engine.ts';
import type { LibrarySetup } from '../model.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

type Send = (query: string | { readonly text?: string; readonly sql?: string }, values?: readonly unknown[]) => Promise<unknown>;
type Server = Exclude<Address, { dialect: 'sqlite' }>;

/** The drivers themselves: calls get a pool of pg, a pool of mysql2 or the tag of postgres.js. */
export async function sql(setup: LibrarySetup & { name: 'sql' }): Promise<Library> {
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      const wanted = setup.driver === 'mysql2' ? 'mysql' : 'postgres';
      if (address.dialect !== wanted) throw new Error(`scenarios with ${setup.driver} run on ${wanted}.`);
      const server = address as Server;
      return setup.driver === 'pg' ? onPg(server, gates) : setup.driver === 'mysql2' ? onMySql(server, gates) : onPostgresJs(server, gates);
    },
  };
}

async function onPg({ host, port, user, password, database }: Server, gates: GatedConnections): Promise<Instance> {
  const { default: pg } = await need('pg', () => import('pg'));
  const pool = new pg.Pool({ host, port, user, password, database, application_name: applicationName(gates.call) });
  const query = pool.query.bind(pool) as unknown as Send;
  const connect = pool.connect.bind(pool) as (callback?: unknown) => Promise<PoolClient>;
  pool.query = ((sent: Parameters<Send>[0], values?: readonly unknown[]) => gates.statement(pool, textOf(sent), () => query(sent, values))) as unknown as Pool['query'];
  // The pool itself takes connections with a callback, for statements that have passed the gate.
  pool.connect = ((callback?: unknown) => (callback === undefined ? connect().then((client) => gatedClient(client, gates, ['query'])) : connect(callback))) as Pool['connect'];
  return { handle: pool, close: () => pool.end() };
}

async function onMySql({ host, port, user, password, database }: Server, gates: GatedConnections): Promise<Instance> {
  const { createPool } = await need('mysql2', () => import('mysql2/promise'));
  const pool: MySqlPool = createPool({ host, port, user, password, database });
  const take = pool.getConnection.bind(pool);
  for (const method of ['query', 'execute'] as const) {
    const send = pool[method].bind(pool) as unknown as Send;
    pool[method] = ((sent: Parameters<Send>[0], values?: readonly unknown[]) => gates.statement(pool, textOf(sent), () => send(sent, values))) as never;
  }
  pool.getConnection = async (): Promise<PoolConnection> => gatedClient(await take(), gates, ['query', 'execute', 'beginTransaction', 'commit', 'rollback']);
  return { handle: pool, close: () => pool.end() };
}

const CONTROL: Readonly<Record<string, string>> = { beginTransaction: 'BEGIN', commit: 'COMMIT', rollback: 'ROLLBACK' };

/** A view of the client: the pool hands the client itself out again and again. */
function gatedClient<T extends object>(client: T, gates: GatedConnections, methods: readonly string[]): T {
  const connection = {};
  return new Proxy(client, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      const send = value.bind(target) as Send;
      if (typeof key !== 'string' || !methods.includes(key)) return send;
      return (...given: Parameters<Send>) => gates.statement(connection, CONTROL[key] ?? textOf(given[0]), () => send(...given));
    },
  });
}

/** The tag sends what it was given when it is awaited; one connection a call, and no transactions. */
async function onPostgresJs({ host, port, user, password, database }: Server, gates: GatedConnections): Promise<Instance> {
  const { default: connect } = await need('postgres', () => import('postgres'));
  const tag = connect({ host, port, user, password, database, max: 1, connection: { application_name: applicationName(gates.call) }, onnotice: () => undefined });
  const gated = (first: unknown, ...rest: unknown[]): unknown => {
    const query = (tag as unknown as (...given: unknown[]) => PromiseLike<unknown>)(first, ...rest);
    // A name or a list of values is part of another statement.
    if (!Array.isArray(first) || !('raw' in first)) return query;
    let run: Promise<unknown> | undefined;
    const send = (): Promise<unknown> => (run ??= gates.statement(tag, (first as readonly string[]).join('$0'), async () => query));
    return {
      then: (done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown) => send().then(done, failed),
      catch: (failed: (error: unknown) => unknown) => send().catch(failed),
      finally: (ended: () => void) => send().finally(ended),
    };
  };
  return { handle: gated as unknown as Sql, close: () => tag.end() };
}

const textOf = (query: Parameters<Send>[0]): string => (typeof query === 'string' ? query : query.text ?? query.sql ?? '');
