import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type DatabaseConstructor from 'better-sqlite3';
import type { Row } from '../model.ts';
import { need } from '../need.ts';
import { firstLine, MADE_UP, type Address, type Database, type Engine, type Inspected } from './engine.ts';

/**
 * SQLite through better-sqlite3. Every call opens the file itself, as two processes would, and waits for nobody: a locked file is the
 * outcome SQLITE_BUSY, never a wait.
 */
export function sqlite(): Engine {
  const load = async () => (await need('better-sqlite3', () => import('better-sqlite3'))).default;
  return {
    name: 'sqlite', dialect: 'sqlite', stop: async () => undefined,
    async missing() {
      try {
        // The package may be there and its native part not.
        new (await load())(':memory:').close();
        return undefined;
      } catch (error) {
        return firstLine(error);
      }
    },
    async version() {
      const database = new (await load())(':memory:');
      const { version } = database.prepare('select sqlite_version() as version').get() as { version: string };
      database.close();
      return `SQLite ${version}`;
    },
    async create() {
      const Driver = await load();
      const folder = await mkdtemp(join(tmpdir(), 'db-race-sqlite-'));
      const file = join(folder, 'lab.db');
      return new SqliteDatabase({ dialect: 'sqlite', file }, new Driver(file, { timeout: 0 }), folder);
    },
  };
}

class SqliteDatabase implements Database {
  readonly address: Address;
  readonly #control: DatabaseConstructor.Database;
  readonly #folder: string;
  #tables: readonly string[] = [];
  #counted = false;

  constructor(address: Address, control: DatabaseConstructor.Database, folder: string) {
    this.address = address;
    this.#control = control;
    this.#folder = folder;
  }

  async exec(sql: string): Promise<void> {
    this.#control.exec(sql);
  }

  async inspect(): Promise<Inspected> {
    const list = (sql: string) => this.#control.prepare(sql).all() as Record<string, string | number | null>[];
    const named = list(`select name from sqlite_master where type = 'table' and name not in ('migrations', '_prisma_migrations')`).map((one) => String(one['name']));
    this.#tables = named.filter((one) => !one.startsWith('sqlite_'));
    this.#counted = named.includes('sqlite_sequence');
    const generated = new Set<string>();
    const references: { child: string; parent: string }[] = [];
    for (const table of this.#tables) {
      for (const column of list(`pragma table_info("${table}")`)) {
        const rowid = column['pk'] === 1 && String(column['type']).toUpperCase() === 'INTEGER';
        if (rowid || MADE_UP.test(String(column['dflt_value'] ?? ''))) generated.add(String(column['name']));
      }
      for (const key of list(`pragma foreign_key_list("${table}")`)) references.push({ child: table.toLowerCase(), parent: String(key['table']).toLowerCase() });
    }
    const triggers = new Set(list(`select tbl_name as name from sqlite_master where type = 'trigger'`).map((one) => String(one['name']).toLowerCase()));
    return { tables: this.#tables, generated, linkage: { references, triggers, tables: new Set(this.#tables.map((one) => one.toLowerCase())) }, readCommitted: false };
  }

  async reset(start: string): Promise<void> {
    this.#control.exec(['pragma foreign_keys = off', 'begin immediate', ...this.#tables.map((one) => `delete from "${one}"`), ...(this.#counted ? ['delete from sqlite_sequence'] : []), start, 'commit'].filter((one) => one.trim()).join(';\n'));
  }

  async rows(): Promise<Record<string, Row[]>> {
    const tables: Record<string, Row[]> = {};
    for (const table of this.#tables) {
      const rows = this.#control.prepare(`select * from "${table}"`).all() as Row[];
      if (rows.length) tables[table] = rows;
    }
    return tables;
  }

  readonly blocked = async (): Promise<ReadonlySet<number>> => new Set();

  async close(): Promise<void> {
    this.#control.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
