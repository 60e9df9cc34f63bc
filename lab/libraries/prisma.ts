import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQuery, Transaction } from '@prisma/driver-adapter-utils';
import { applicationName, type Address } from '../engines/engine.ts';
import { need } from '../need.ts';
import { cacheFolder } from '../load.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

interface Client {
  $disconnect(): Promise<void>;
}
type ClientClass = new (options: { adapter: SqlDriverAdapterFactory; errorFormat: 'minimal' }) => Client;

export async function prisma(schema: string): Promise<Library> {
  const { PrismaClient } = createRequire(import.meta.url)(await prismaClient(schema)) as { PrismaClient: ClientClass };
  return {
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      const factory = await adapterOf(address, gates.call);
      const client = new PrismaClient({ errorFormat: 'minimal', adapter: { provider: factory.provider, adapterName: factory.adapterName, connect: async () => gated(await factory.connect(), gates) } });
      return { handle: client, close: () => client.$disconnect() };
    },
  };
}

/**
 * Generates the client of a schema into the cache, once for each text, and gives the folder to load it from. Only the generator's output
 * is changed; nothing is downloaded: Prisma 7's client needs no engine, and the schema engine that its command asks for is not used.
 */
export async function prismaClient(schema: string): Promise<string> {
  // Scenarios of one schema are read side by side: the first one's run is everybody's.
  const running = generating.get(schema) ?? generate(schema).finally(() => generating.delete(schema));
  generating.set(schema, running);
  return running;
}

const generating = new Map<string, Promise<string>>();

async function generate(schema: string): Promise<string> {
  const text = await readFile(schema, 'utf8');
  const require = createRequire(import.meta.url);
  const { version } = require('@prisma/client/package.json') as { version: string };
  const folder = join(await cacheFolder(), 'prisma', createHash('sha256').update(`${version}\0${text}`).digest('hex').slice(0, 16));
  const client = join(folder, 'client');
  if (existsSync(join(client, 'index.js'))) return client;
  const work = `${folder}.${process.pid}.${randomUUID()}`;
  await mkdir(work, { recursive: true });
  const provider = /(generator\s+\w+\s*\{[^}]*?provider\s*=\s*)"[^"]*"/;
  if (!provider.test(text)) throw new Error(`${schema}: no generator with a provider stands in this schema.`);
  await writeFile(join(work, 'schema.prisma'), text.replace(/^\s*output\s*=.*$/m, '').replace(provider, '$1"prisma-client-js"\n  output = "./client"'));
  const command = join(dirname(require.resolve('prisma/package.json')), 'build/index.js');
  try {
    await promisify(execFile)(process.execPath, [command, 'generate', '--schema', join(work, 'schema.prisma')], {
      cwd: work, env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
    });
    await rename(work, folder).catch(async (error: unknown) => {
      // Another process was faster; its client is as good.
      if (!existsSync(join(client, 'index.js'))) throw error;
    });
  } catch (error) {
    throw new Error(`${schema}: \`prisma generate\` failed: ${String((error as { stderr?: string }).stderr || error).trim().split('\n').slice(0, 4).join(' ')}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return client;
}

async function adapterOf(address: Address, call: number): Promise<SqlDriverAdapterFactory> {
  if (address.dialect === 'sqlite') {
    const { PrismaBetterSqlite3 } = await need('@prisma/adapter-better-sqlite3', () => import('@prisma/adapter-better-sqlite3'));
    return new PrismaBetterSqlite3({ url: `file:${address.file}`, timeout: 0 });
  }
  const { host, port, user, password, database } = address;
  if (address.dialect === 'postgres') {
    const { PrismaPg } = await need('@prisma/adapter-pg', () => import('@prisma/adapter-pg'));
    return new PrismaPg({ host, port, user, password, database, application_name: applicationName(call) });
  }
  const { PrismaMariaDb } = await need('@prisma/adapter-mariadb', () => import('@prisma/adapter-mariadb'));
  return new PrismaMariaDb({ host, port, user, password, database, connectionLimit: 3 });
}

/** Outside a transaction each statement is its own; the adapter itself stands for all these connections. */
function gated(adapter: SqlDriverAdapter, gates: GatedConnections): SqlDriverAdapter {
  gateQueries(adapter, gates);
  const start = adapter.startTransaction.bind(adapter);
  adapter.startTransaction = async (isolation) => {
    // Both statements run before the transaction is handed out; what it then runs belongs to it.
    const opened = {};
    const level = isolation ? ` ISOLATION LEVEL ${isolation}` : '';
    const transaction = await gates.statement(opened, `BEGIN${level}`, () => start(isolation));
    return gatedTransaction(transaction, gates, opened);
  };
  return adapter;
}

function gatedTransaction(transaction: Transaction, gates: GatedConnections, opened: object): Transaction {
  let ended = false;
  gateQueries(transaction, gates, opened, (sql) => { ended ||= /^\s*(?:commit|rollback)\s*;?\s*$/i.test(sql); });
  for (const [method, sql] of [['commit', 'COMMIT'], ['rollback', 'ROLLBACK']] as const) {
    const end = transaction[method].bind(transaction);
    // Adapters differ in whether the engine sends COMMIT as a query first; then this only gives the connection back.
    transaction[method] = () => (ended ? end() : gates.statement(opened, sql, end));
  }
  return transaction;
}

function gateQueries(queryable: SqlDriverAdapter | Transaction, gates: GatedConnections, connection: object = queryable, sent: (sql: string) => void = () => undefined): void {
  const [read, write] = [queryable.queryRaw.bind(queryable), queryable.executeRaw.bind(queryable)];
  queryable.queryRaw = (query: SqlQuery) => { sent(query.sql); return gates.statement(connection, query.sql, () => read(query)); };
  queryable.executeRaw = (query: SqlQuery) => { sent(query.sql); return gates.statement(connection, query.sql, () => write(query)); };
}
