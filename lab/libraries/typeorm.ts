import type { DataSourceOptions, MixedList, QueryRunner } from 'typeorm';
import { applicationName, type Address } from '../engines/engine.ts';
import type { LibrarySetup, SchemaSetup } from '../model.ts';
import { need } from '../need.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

export async function typeorm(setup: LibrarySetup & { name: 'typeorm' }): Promise<Library> {
  const { DataSource } = await need('typeorm', () => import('typeorm'));
  const options = (address: Address, call: number | undefined): DataSourceOptions => ({
    ...connectionOf(address, call), entities: setup.entities as MixedList<Function>, migrations: (setup.migrations ?? []) as MixedList<Function>, logging: false,
  });
  return {
    async createTables(address: Address, schema: SchemaSetup) {
      if (schema !== 'migrations' && schema !== 'entities') return;
      const source = await new DataSource(options(address, undefined)).initialize();
      try {
        await (schema === 'migrations' ? source.runMigrations() : source.synchronize());
      } finally {
        await source.destroy();
      }
    },
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      const source = await new DataSource(options(address, gates.call)).initialize();
      // Every statement of TypeORM, of transactions too, goes through a query runner of the data source's driver.
      const create = source.driver.createQueryRunner.bind(source.driver);
      source.driver.createQueryRunner = (mode) => gated(create(mode), gates);
      return { handle: source, close: () => source.destroy() };
    },
  };
}

/** The driver may hand out one runner again and again (SQLite): it is wrapped once. */
const WRAPPED = new WeakSet<QueryRunner>();

function gated(runner: QueryRunner, gates: GatedConnections): QueryRunner {
  if (WRAPPED.has(runner)) return runner;
  WRAPPED.add(runner);
  const query = runner.query.bind(runner) as (sql: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;
  runner.query = ((sql: string, parameters?: unknown[], structured?: boolean) => gates.statement(runner, sql, () => query(sql, parameters, structured))) as QueryRunner['query'];
  return runner;
}

function connectionOf(address: Address, call: number | undefined): DataSourceOptions {
  if (address.dialect === 'sqlite') return { type: 'better-sqlite3', database: address.file, timeout: 0 };
  const { host, port, user, password, database } = address;
  if (address.dialect === 'mysql') return { type: 'mysql', host, port, username: user, password, database };
  return { type: 'postgres', host, port, username: user, password, database, ...(call === undefined ? {} : { applicationName: applicationName(call) }) };
}
