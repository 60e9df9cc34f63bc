import type { Options } from '@mikro-orm/core';
import { applicationName, type Address } from '../engines/engine.ts';
import type { LibrarySetup } from '../model.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

interface Client { _query(connection: object, query: { readonly sql: string }): Promise<unknown> }
type Dialect = new (...args: never[]) => Client;
/** Called as a function of its own: the options that it takes differ in their types alone. */
type Init = (options: Options) => Promise<{ readonly em: { fork(): unknown }; close(force?: boolean): Promise<void> }>;

/** MikroORM on pg, mariadb and better-sqlite3, whose statements go through Knex. */
export async function mikroorm(setup: LibrarySetup & { name: 'mikroorm' }): Promise<Library> {
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      const { init, dialect } = await driverOf(address);
      const options = connectionOf(address, gates);
      const orm = await init({ ...options, entities: [...setup.entities] as NonNullable<Options['entities']>, debug: false, discovery: { warnWhenNoEntities: false }, driverOptions: { ...options.driverOptions, client: gated(dialect, gates) } });
      return { handle: orm.em.fork(), close: () => orm.close(true) };
    },
  };
}

async function driverOf(address: Address): Promise<{ init: Init; dialect: Dialect }> {
  const knex = await need('@mikro-orm/knex', () => import('@mikro-orm/knex'));
  const made = (orm: { readonly MikroORM: { init(options: never): Promise<unknown> } }, dialect: unknown) => ({ init: ((options: Options) => orm.MikroORM.init(options as never)) as Init, dialect: dialect as Dialect });
  switch (address.dialect) {
    case 'sqlite': return made(await need('@mikro-orm/better-sqlite', () => import('@mikro-orm/better-sqlite')), knex.BetterSqliteKnexDialect);
    case 'mysql': return made(await need('@mikro-orm/mariadb', () => import('@mikro-orm/mariadb')), knex.MariaDbKnexDialect);
    default: return made(await need('@mikro-orm/postgresql', () => import('@mikro-orm/postgresql')), knex.PostgreSqlKnexDialect);
  }
}

/** The class is what transactions make their own client from, so that their statements pass as well. */
function gated(dialect: Dialect, gates: GatedConnections): unknown {
  return class Gated extends dialect {
    override _query(connection: object, query: { readonly sql: string }): Promise<unknown> {
      return gates.statement(connection, query.sql, () => super._query(connection, query));
    }
  };
}

function connectionOf(address: Address, gates: GatedConnections): Options {
  if (address.dialect === 'sqlite') {
    // Who finds the file locked is told at once.
    const afterCreate = (connection: { pragma(text: string): unknown }, done: (error: unknown, connection: unknown) => void): void => { connection.pragma('busy_timeout = 0'); done(null, connection); };
    return { dbName: address.file, pool: { min: 0, max: 1, afterCreate } as never };
  }
  const { host, port, user, password, database } = address;
  return { host, port, user, password, dbName: database, pool: { min: 0, max: 4 }, ...(address.dialect === 'postgres' && { driverOptions: { connection: { application_name: applicationName(gates.call) } } }) };
}
