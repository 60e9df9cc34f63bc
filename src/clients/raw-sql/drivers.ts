/** What each driver's answers and errors look like. */
import type { Dialect, ResultPart } from '../../model.ts';

export type DriverId = 'pg' | 'postgres.js' | 'neon' | 'vercel' | 'mysql2' | 'better-sqlite3' | 'node:sqlite' | 'sqlite' | 'slonik' | 'd1' | 'libsql' | 'pglite' | 'unknown';

export interface Driver {
  readonly id: DriverId;
  readonly dialect: Dialect | undefined;
  /** Paths at which the rows lie, of which any may be the one where the driver is not known. */
  readonly rows: readonly (readonly string[])[];
  readonly affected: readonly (readonly string[])[];
  /** How `count(*)` arrives. */
  readonly numeric: 'number' | 'bigint' | 'string';
  /** Statements run on the spot, nothing is awaited. */
  readonly synchronous?: boolean;
  /** A statement is sent when its promise is awaited. */
  readonly lazy?: boolean;
}

const DRIVERS: Readonly<Record<DriverId, Omit<Driver, 'id'>>> = {
  pg: { dialect: 'postgres', rows: [['rows']], affected: [['rowCount']], numeric: 'string' },
  pglite: { dialect: 'postgres', rows: [['rows']], affected: [['affectedRows']], numeric: 'number' },
  vercel: { dialect: 'postgres', rows: [['rows']], affected: [['rowCount']], numeric: 'string' },
  'postgres.js': { dialect: 'postgres', rows: [[]], affected: [['count']], numeric: 'string', lazy: true },
  neon: { dialect: 'postgres', rows: [[], ['rows']], affected: [['rowCount']], numeric: 'string', lazy: true },
  mysql2: { dialect: 'mysql', rows: [['0']], affected: [['0', 'affectedRows']], numeric: 'number' },
  'better-sqlite3': { dialect: 'sqlite', rows: [[]], affected: [['changes']], numeric: 'number', synchronous: true },
  'node:sqlite': { dialect: 'sqlite', rows: [[]], affected: [['changes']], numeric: 'number', synchronous: true },
  sqlite: { dialect: 'sqlite', rows: [[]], affected: [['changes']], numeric: 'number' },
  d1: { dialect: 'sqlite', rows: [['results']], affected: [['meta', 'changes']], numeric: 'number', lazy: true },
  libsql: { dialect: 'sqlite', rows: [['rows']], affected: [['rowsAffected']], numeric: 'number' },
  slonik: { dialect: 'postgres', rows: [['rows']], affected: [['rowCount']], numeric: 'number' },
  unknown: { dialect: undefined, rows: [['rows'], []], affected: [['rowCount'], ['affectedRows'], ['changes'], ['0', 'affectedRows']], numeric: 'string' },
};

export const driver = (id: DriverId): Driver => ({ id, ...DRIVERS[id] });

/** Modules, their exports that make or are connections, and what they are. */
export type ExportKind = 'pool' | 'connection' | 'tag' | 'tag-maker' | 'slonik-sql';
interface Module { readonly driver: DriverId; readonly exports: Readonly<Record<string, ExportKind>>; readonly types: Readonly<Record<string, ExportKind>> }

const PG: Module = {
  driver: 'pg', exports: { Pool: 'pool', Client: 'connection', default: 'pool' },
  types: { Pool: 'pool', PoolClient: 'connection', Client: 'connection', ClientBase: 'connection', 'pg.Pool': 'pool', 'pg.PoolClient': 'connection', 'pg.Client': 'connection' },
};
const MYSQL: Module = {
  driver: 'mysql2', exports: { createPool: 'pool', createConnection: 'connection', createPoolCluster: 'pool' },
  types: { Pool: 'pool', PoolConnection: 'connection', Connection: 'connection', 'mysql.Pool': 'pool', 'mysql.PoolConnection': 'connection', 'mysql.Connection': 'connection' },
};
const SQLITE_TYPES: Readonly<Record<string, ExportKind>> = { Database: 'connection', 'Database.Database': 'connection', 'BetterSqlite3.Database': 'connection', DatabaseSync: 'connection' };

export const MODULES: Readonly<Record<string, Module>> = {
  pg: PG, 'pg-pool': PG,
  postgres: { driver: 'postgres.js', exports: { default: 'tag-maker', '*': 'tag-maker' }, types: { Sql: 'tag', 'postgres.Sql': 'tag', TransactionSql: 'tag', 'postgres.TransactionSql': 'tag', ReservedSql: 'tag' } },
  '@neondatabase/serverless': { driver: 'neon', exports: { neon: 'tag-maker', Pool: 'pool', Client: 'connection' }, types: { NeonQueryFunction: 'tag', Pool: 'pool', PoolClient: 'connection', Client: 'connection' } },
  '@vercel/postgres': { driver: 'vercel', exports: { sql: 'tag', db: 'pool', createPool: 'pool', createClient: 'connection' }, types: { VercelPool: 'pool', VercelClient: 'connection', VercelPoolClient: 'connection' } },
  '@electric-sql/pglite': { driver: 'pglite', exports: { PGlite: 'connection' }, types: { PGlite: 'connection' } },
  mysql2: MYSQL, 'mysql2/promise': MYSQL, mysql: MYSQL, 'promise-mysql': MYSQL, mariadb: MYSQL,
  'better-sqlite3': { driver: 'better-sqlite3', exports: { default: 'connection', '*': 'connection', Database: 'connection' }, types: SQLITE_TYPES },
  'bun:sqlite': { driver: 'better-sqlite3', exports: { Database: 'connection', default: 'connection' }, types: SQLITE_TYPES },
  'node:sqlite': { driver: 'node:sqlite', exports: { DatabaseSync: 'connection' }, types: SQLITE_TYPES },
  sqlite: { driver: 'sqlite', exports: { open: 'connection' }, types: SQLITE_TYPES },
  sqlite3: { driver: 'sqlite', exports: { Database: 'connection' }, types: SQLITE_TYPES },
  '@libsql/client': { driver: 'libsql', exports: { createClient: 'pool' }, types: { Client: 'pool', Transaction: 'connection' } },
  slonik: { driver: 'slonik', exports: { createPool: 'pool', sql: 'slonik-sql' }, types: { DatabasePool: 'pool', DatabasePoolConnection: 'connection', DatabaseTransactionConnection: 'connection', CommonQueryMethods: 'connection' } },
  '@cloudflare/workers-types': { driver: 'd1', exports: {}, types: { D1Database: 'pool', D1DatabaseSession: 'pool' } },
};
const WEB: Readonly<Record<string, string>> = { '@libsql/client/web': '@libsql/client', '@libsql/client/http': '@libsql/client', '@cloudflare/workers-types/experimental': '@cloudflare/workers-types' };

export const moduleNamed = (source: string): Module | undefined => (Object.hasOwn(MODULES, source) ? MODULES[source] : Object.hasOwn(WEB, source) ? MODULES[WEB[source]!] : undefined);

/** How one statement was run: which part of its answer code gets. */
export type Form = 'result' | 'rows' | 'row' | 'value' | 'values' | 'run' | 'exists' | 'callback' | 'row-or-throw' | 'value-or-throw' | 'rows-or-throw';

/** Callbacks get what promises resolve to, but for MySQL's, which get rows and columns one by one. */
export const rowPaths = (one: Driver, form: Form): readonly (readonly string[])[] => (form === 'result' || (form === 'callback' && one.id !== 'mysql2') ? one.rows : [[]]);

export function affectedParts(one: Driver, form: Form): readonly ResultPart[] {
  if (form !== 'result' && form !== 'run' && form !== 'callback') return [];
  const paths = form === 'callback' && one.id === 'mysql2' ? [['affectedRows']] : one.affected;
  return paths.map((path) => ({ path, is: 'affected', numeric: 'number' }));
}
