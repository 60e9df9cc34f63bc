import type { Connection } from 'mysql2/promise';
import type { Row } from '../model.ts';
import { need } from '../need.ts';
import { firstLine, MADE_UP, privateName, type Address, type Database, type Engine, type Inspected } from './engine.ts';

/** Seconds that a run waits for another process's to end. */
const TURN = 120;

/** A MariaDB server that already runs; `DB_RACE_MARIADB_URL` names another than root@127.0.0.1:3306. It is MariaDB, not MySQL, and is called so. */
export function mariadbServer(): Engine {
  const url = new URL(process.env['DB_RACE_MARIADB_URL'] ?? 'mariadb://root@127.0.0.1:3306');
  const server = { host: url.hostname, port: Number(url.port || 3306), user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  const connect = async (database?: string): Promise<Connection> => {
    const mysql = await need('mysql2', () => import('mysql2/promise'));
    return mysql.createConnection({ ...server, ...(database ? { database } : {}), multipleStatements: true, connectTimeout: 5_000, supportBigNumbers: true, dateStrings: true });
  };
  const asServer = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await connect();
    try {
      return await work(connection);
    } finally {
      await connection.end();
    }
  };
  return {
    name: 'mariadb', dialect: 'mysql', stop: async () => undefined,
    async missing() {
      try {
        return await asServer(async (connection) => {
          const version = await versionOf(connection);
          return /mariadb/i.test(version) ? undefined : `the server is not MariaDB but ${version}, whose lock waits the lab does not read`;
        });
      } catch (error) {
        return firstLine(error);
      }
    },
    version: () => asServer(async (connection) => `MariaDB ${(await versionOf(connection)).split('-')[0]}`),
    async create() {
      const database = privateName();
      const control = await connect();
      // Lock waits are counted for the whole server: runs of several processes would take one another's for their own.
      const [row] = (await control.query(`select get_lock('db-race lab', ${TURN}) as turn`))[0] as { turn: number | null }[];
      if (row?.turn !== 1) {
        await control.end();
        throw new Error(`another run of the lab has held this MariaDB server for ${TURN} s; the lab counts lock waits of the whole server and needs it for itself.`);
      }
      await control.query(`create database ${database} character set utf8mb4; use ${database}`);
      return new MariaDatabase({ dialect: 'mysql', ...server, database }, control);
    },
  };
}

async function versionOf(connection: Connection): Promise<string> {
  return String(((await connection.query('select version() as version'))[0] as { version: string }[])[0]!.version);
}

class MariaDatabase implements Database {
  readonly address: Address & { dialect: 'mysql' };
  readonly #control: Connection;
  #tables: readonly string[] = [];
  #empty: readonly string[] = [];

  constructor(address: Address & { dialect: 'mysql' }, control: Connection) {
    this.address = address;
    this.#control = control;
  }

  async #list(sql: string): Promise<Record<string, string>[]> {
    return (await this.#control.query(sql))[0] as Record<string, string>[];
  }

  async exec(sql: string): Promise<void> {
    await this.#control.query(sql);
  }

  async inspect(): Promise<Inspected> {
    const tables = await this.#list(`select table_name as name, auto_increment as next from information_schema.tables where table_schema = database() and table_type = 'BASE TABLE' and table_name not in ('migrations', '_prisma_migrations') order by table_name`);
    const columns = await this.#list('select column_name as name, coalesce(column_default, \'\') as made, extra from information_schema.columns where table_schema = database()');
    const references = await this.#list('select lower(table_name) as child, lower(referenced_table_name) as parent from information_schema.referential_constraints where constraint_schema = database()');
    const triggers = await this.#list('select distinct lower(event_object_table) as name from information_schema.triggers where trigger_schema = database()');
    // `tx_isolation` until MariaDB 11.1, `transaction_isolation` since.
    const [level] = await this.#list(`show variables where variable_name in ('tx_isolation', 'transaction_isolation')`);
    this.#tables = tables.map((one) => one['name']!);
    // TRUNCATE counts from 1 again, also where the scenario has its tables count from different numbers.
    this.#empty = tables.flatMap(({ name, next }) => [`truncate \`${name!}\``, ...(Number(next ?? 1) > 1 ? [`alter table \`${name!}\` auto_increment = ${Number(next)}`] : [])]);
    return {
      tables: this.#tables,
      generated: new Set(columns.filter((one) => MADE_UP.test(`${one['made']} ${one['extra']}`)).map((one) => one['name']!)),
      linkage: { references: references.map((one) => ({ child: one['child']!, parent: one['parent']! })), triggers: new Set(triggers.map((one) => one['name']!)), tables: new Set(this.#tables.map((one) => one.toLowerCase())) },
      readCommitted: level?.['Value'] === 'READ-COMMITTED',
    };
  }

  /**
   * A deleted row stays in its unique indexes until InnoDB purges it, up to seconds later, and inserts beside it meet locks that they do
   * not meet in an empty table: after DELETE the same schedule would block in one run and not in the next.
   */
  async reset(start: string): Promise<void> {
    await this.#control.query(['set foreign_key_checks = 0', ...this.#empty, 'set foreign_key_checks = 1', start].filter((one) => one.trim()).join(';\n'));
  }

  async rows(): Promise<Record<string, Row[]>> {
    const tables: Record<string, Row[]> = {};
    for (const table of this.#tables) {
      const rows = (await this.#control.query(`select * from \`${table}\``))[0] as Row[];
      if (rows.length) tables[table] = rows.map((one) => ({ ...one }));
    }
    return tables;
  }

  /**
   * InnoDB's own count of statements that wait for a row lock, then its monitor. The count is cheap and never too low, but a statement
   * that has been given its lock stays counted until its thread wakes, which a busy machine may delay past the end of the COMMIT that
   * gave it; the monitor prints the waits themselves, which the giver takes away. (`INNODB_TRX` and `INNODB_LOCK_WAITS` are copies that are
   * renewed only after nobody has read them for 100 ms: no use to someone who asks all the time.) Deadlocks are found by InnoDB in the
   * statement that closes the circle, so a wait that is printed is one that lasts.
   */
  readonly blocked = async (calls: readonly number[], statements: number): Promise<ReadonlySet<number>> => {
    const [row] = await this.#list(`show global status like 'Innodb_row_lock_current_waits'`);
    if (Number(row?.['Value'] ?? 0) !== statements) return new Set();
    const [monitor] = await this.#list('show engine innodb status');
    const waits = monitor?.['Status']?.match(/^-+ TRX HAS BEEN WAITING /gm)?.length ?? 0;
    return waits === statements ? new Set(calls) : new Set();
  };

  async close(): Promise<void> {
    await this.#control.query(`drop database if exists ${this.address.database}`);
    await this.#control.end();
  }
}
