import type { Knex } from 'knex';
import { applicationName, type Address } from '../engines/engine.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

interface Client { _query(connection: object, query: { readonly sql: string }): Promise<unknown> }
type Dialect = new (config: Knex.Config) => Client;

/** Knex on pg, mysql2 and better-sqlite3. */
export async function knex(): Promise<Library> {
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      const { default: connect } = await need('knex', () => import('knex'));
      const database = connect({ client: gated(await dialectOf(address), gates), ...connectionOf(address, gates) });
      return { handle: database, close: () => database.destroy() };
    },
  };
}

async function dialectOf(address: Address): Promise<Dialect> {
  const { createRequire } = await import('node:module');
  const name = address.dialect === 'postgres' ? 'postgres' : address.dialect === 'mysql' ? 'mysql2' : 'better-sqlite3';
  return createRequire(import.meta.url)(`knex/lib/dialects/${name}/index.js`) as Dialect;
}

/** The class is what transactions make their own client from, so that their statements pass as well. */
function gated(dialect: Dialect, gates: GatedConnections): typeof Knex.Client {
  class Gated extends dialect {
    override _query(connection: object, query: { readonly sql: string }): Promise<unknown> {
      // Savepoints are numbered through the life of the process, and the same schedule is to send the same.
      return gates.statement(connection, query.sql.replace(/\btrx\d+\b/g, 'trx'), () => super._query(connection, query));
    }
  }
  return Gated as unknown as typeof Knex.Client;
}

function connectionOf(address: Address, gates: GatedConnections): Knex.Config {
  if (address.dialect === 'sqlite') {
    // Who finds the file locked is told at once.
    const afterCreate = (connection: { pragma(text: string): unknown }, done: (error: unknown, connection: unknown) => void): void => { connection.pragma('busy_timeout = 0'); done(null, connection); };
    return { connection: { filename: address.file }, useNullAsDefault: true, pool: { min: 0, max: 1, afterCreate } };
  }
  const { host, port, user, password, database } = address;
  return { connection: { host, port, user, password, database, ...(address.dialect === 'postgres' && { application_name: applicationName(gates.call) }) }, pool: { min: 0, max: 4 } };
}
