import type { Pool as MySqlPool, PoolConnection } from 'mysql2/promise';
import type { Pool, PoolClient } from 'pg';
import { applicationName, type Address } from '../engines/engine.ts';
import type { LibrarySetup } from '../model.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

type Send = (query: string | { readonly text?: string; readonly sql?: string }, values?: readonly unknown[]) => Promise<unknown>;
type Schema = Record<string, unknown>;
type Server = Exclude<Address, { dialect: 'sqlite' }>;

/** Drizzle on node-postgres, mysql2 and better-sqlite3. */
export async function drizzle(setup: LibrarySetup & { name: 'drizzle' }): Promise<Library> {
  const schema = setup.schema as Schema;
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      switch (address.dialect) {
        case 'postgres': return onPostgres(address, schema, gates);
        case 'mysql': return onMySql(address, schema, gates);
        case 'sqlite': return onSqlite(address.file, schema, gates);
      }
    },
  };
}

async function onPostgres(address: Server, schema: Schema, gates: GatedConnections): Promise<Instance> {
  const { drizzle: connect } = await need('drizzle-orm', () => import('drizzle-orm/node-postgres'));
  const { default: pg } = await need('pg', () => import('pg'));
  const { host, port, user, password, database } = address;
  const pool = gated(new pg.Pool({ host, port, user, password, database, application_name: applicationName(gates.call) }), gates);
  return { handle: connect(pool, { schema }), close: () => pool.end() };
}

/** Outside a transaction each statement is its own; a connection that is taken from the pool is that of a transaction. */
function gated(pool: Pool, gates: GatedConnections): Pool {
  const query = pool.query.bind(pool) as unknown as Send;
  const connect = pool.connect.bind(pool) as (callback?: unknown) => Promise<PoolClient>;
  pool.query = ((sent: Parameters<Send>[0], values?: readonly unknown[]) => gates.statement(pool, textOf(sent), () => query(sent, values))) as unknown as Pool['query'];
  // The pool itself takes connections with a callback, for statements that have passed the gate.
  pool.connect = ((callback?: unknown) => (callback === undefined ? connect().then((client) => gatedClient(client, gates)) : connect(callback))) as Pool['connect'];
  return pool;
}

async function onMySql(address: Server, schema: Schema, gates: GatedConnections): Promise<Instance> {
  const { drizzle: connect } = await need('drizzle-orm', () => import('drizzle-orm/mysql2'));
  const { createPool } = await need('mysql2', () => import('mysql2/promise'));
  const { host, port, user, password, database } = address;
  const pool: MySqlPool = createPool({ host, port, user, password, database });
  const query = pool.query.bind(pool) as unknown as Send;
  const take = pool.getConnection.bind(pool);
  pool.query = ((sent: Parameters<Send>[0], values?: readonly unknown[]) => gates.statement(pool, textOf(sent), () => query(sent, values))) as unknown as MySqlPool['query'];
  pool.getConnection = async (): Promise<PoolConnection> => gatedClient(await take(), gates);
  return { handle: connect(pool, { schema, mode: 'default' }), close: () => pool.end() };
}

/** A view of the client: the pool hands the client itself out again and again. */
function gatedClient<T extends object>(client: T, gates: GatedConnections): T {
  const connection = {};
  const send = (client as { query: Send }).query.bind(client);
  const query: Send = (sent, values) => gates.statement(connection, textOf(sent), () => send(sent, values));
  return new Proxy(client, {
    get(target, key) {
      if (key === 'query') return query;
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) as unknown : value;
    },
  });
}

const textOf = (query: Parameters<Send>[0]): string => (typeof query === 'string' ? query : query.text ?? query.sql ?? '');

interface Prepared { run(values?: unknown): unknown; all(values?: unknown): unknown; get(values?: unknown): unknown; values(values?: unknown): unknown }

/**
 * The driver is synchronous, so a statement runs at once when its builder is awaited; between two awaits others may run, in this process
 * and in every other. The gate stands where the statement runs, and answers with a promise: cases that use `.get()` or `.run()` without
 * `await` cannot be interleaved inside one process and have no scenario here.
 */
async function onSqlite(file: string, schema: Schema, gates: GatedConnections): Promise<Instance> {
  const { drizzle: connect } = await need('drizzle-orm', () => import('drizzle-orm/better-sqlite3'));
  const { default: Driver } = await need('better-sqlite3', () => import('better-sqlite3'));
  const client = new Driver(file, { timeout: 0 });
  const database = connect(client, { schema });
  const { session } = database as unknown as { session: { prepareQuery(query: { readonly sql: string }, ...rest: unknown[]): Prepared } };
  const prepare = session.prepareQuery.bind(session);
  session.prepareQuery = (query, ...rest) => {
    const prepared = prepare(query, ...rest);
    const own = { run: prepared.run.bind(prepared), all: prepared.all.bind(prepared), get: prepared.get.bind(prepared), values: prepared.values.bind(prepared) };
    return new Proxy(prepared, {
      get(target, key) {
        const run = Object.hasOwn(own, key) ? own[key as keyof Prepared] : undefined;
        if (run) return (values?: unknown) => gates.statement(database, query.sql, async () => run(values));
        return Reflect.get(target, key) as unknown;
      },
      // What the builder learns of joins it sets on the statement.
      set: (target, key, value) => Reflect.set(target, key, value),
    });
  };
  return { handle: database, close: async () => { client.close(); } };
}
