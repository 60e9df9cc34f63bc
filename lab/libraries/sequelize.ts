import type { Sequelize } from 'sequelize';
import { applicationName, type Address } from '../engines/engine.ts';
import type { LibrarySetup } from '../model.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

/** Every statement of the library, of transactions too, is one run of its dialect's query on one connection. */
interface Query { readonly connection: object; run(sql: string, ...rest: unknown[]): Promise<unknown> }
type QueryClass = new (connection: object, ...rest: unknown[]) => Query;

/** Sequelize on pg and mysql2. Its package for SQLite is another driver than the lab's. */
export async function sequelize(setup: LibrarySetup & { name: 'sequelize' }): Promise<Library> {
  const { Sequelize: Connection } = await need('sequelize', () => import('sequelize'));
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      if (address.dialect === 'sqlite') throw new Error('scenarios with Sequelize run on Postgres and MariaDB.');
      const { dialect, host, port, user, password, database } = address;
      const connection = new Connection(database, user, password, {
        dialect, host, port, logging: false, ...(dialect === 'postgres' && { dialectOptions: { application_name: applicationName(gates.call) } }),
      });
      // The first connection asks the server for its version, which is no statement of the case.
      await connection.authenticate();
      gateQueries(connection, gates);
      return { handle: (setup.models as (own: Sequelize) => unknown)(connection), close: () => connection.close() };
    },
  };
}

/** Savepoints, and the function in which an insert is tried, have another name each time. */
const MADE_UP = /(?<=\$func_)[0-9a-f]+(?=\$)|(?<=")[0-9a-f-]{36}(?=-sp-)/g;

function gateQueries(connection: Sequelize, gates: GatedConnections): void {
  const { dialect } = connection as unknown as { dialect: { Query: QueryClass } };
  const Own = dialect.Query;
  dialect.Query = class extends Own {
    override run(sql: string, ...rest: unknown[]): Promise<unknown> {
      return gates.statement(this.connection, sql.replace(MADE_UP, 'own'), () => super.run(sql, ...rest));
    }
  };
}
