import type { DatabaseConnection, Dialect, Driver, TransactionSettings } from 'kysely';
import { applicationName, type Address } from '../engines/engine.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

/** Kysely on pg, mysql2 and better-sqlite3. The gate stands at the dialect's driver, which runs every statement. */
export async function kysely(): Promise<Library> {
  const { Kysely } = await need('kysely', () => import('kysely'));
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      const dialect = await dialectOf(address, gates.call);
      const database = new Kysely<unknown>({
        dialect: {
          createAdapter: () => dialect.createAdapter(),
          createIntrospector: (db) => dialect.createIntrospector(db),
          createQueryCompiler: () => dialect.createQueryCompiler(),
          createDriver: () => gatedDriver(dialect.createDriver(), gates),
        },
      });
      return { handle: database, close: () => database.destroy() };
    },
  };
}

async function dialectOf(address: Address, call: number): Promise<Dialect> {
  const library = await need('kysely', () => import('kysely'));
  if (address.dialect === 'sqlite') {
    const { default: Database } = await need('better-sqlite3', () => import('better-sqlite3'));
    return new library.SqliteDialect({ database: new Database(address.file, { timeout: 0 }) });
  }
  const { host, port, user, password, database } = address;
  if (address.dialect === 'mysql') {
    // The callback interface is what the dialect takes.
    const { createPool } = await need('mysql2', () => import('mysql2'));
    return new library.MysqlDialect({ pool: createPool({ host, port, user, password, database }) });
  }
  const { default: pg } = await need('pg', () => import('pg'));
  return new library.PostgresDialect({ pool: new pg.Pool({ host, port, user, password, database, application_name: applicationName(call) }) });
}

/** The driver hands one connection out again and again: each time it is taken it is another one to the schedule. */
function gatedDriver(driver: Driver, gates: GatedConnections): Driver {
  const inner = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const real = (connection: DatabaseConnection): DatabaseConnection => inner.get(connection) ?? connection;
  // Only the first statement of a connection that is taken anew is sent by itself, so that BEGIN belongs to what follows.
  const passed = (connection: DatabaseConnection, sql: string, run: () => Promise<void>): Promise<void> => gates.statement(connection, sql, run);
  return {
    init: () => driver.init(),
    async acquireConnection() {
      const connection = await driver.acquireConnection();
      const gatedConnection: DatabaseConnection = {
        executeQuery: (query) => gates.statement(gatedConnection, query.sql, () => connection.executeQuery(query)),
        streamQuery: (query, size) => connection.streamQuery(query, size),
      };
      inner.set(gatedConnection, connection);
      return gatedConnection;
    },
    beginTransaction: (connection, settings: TransactionSettings) => passed(connection, 'BEGIN', () => driver.beginTransaction(real(connection), settings)),
    commitTransaction: (connection) => passed(connection, 'COMMIT', () => driver.commitTransaction(real(connection))),
    rollbackTransaction: (connection) => passed(connection, 'ROLLBACK', () => driver.rollbackTransaction(real(connection))),
    releaseConnection: (connection) => driver.releaseConnection(real(connection)),
    destroy: () => driver.destroy(),
  };
}
