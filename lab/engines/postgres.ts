import type { Client } from 'pg';
import type { EngineName, Row } from '../model.ts';
import { need } from '../need.ts';
import type { InnerGates } from '../schedule/stage.ts';
import { AT_GATE, placeInnerGates } from './inner-gates.ts';
import { applicationName, firstLine, MADE_UP, privateName, type Address, type Database, type Engine, type Inspected } from './engine.ts';

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Milliseconds after which PostgreSQL looks for a deadlock. Short, so that the call that closes the circle is the one that finds it. */
const DEADLOCK_TIMEOUT = 2;

/** A PostgreSQL server that already runs; `DB_RACE_POSTGRES_URL` names another than 127.0.0.1:5432. */
export function postgresServer(): Engine {
  const url = new URL(process.env['DB_RACE_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432');
  const server: Server = { host: url.hostname, port: Number(url.port || 5432), user: decodeURIComponent(url.username), password: decodeURIComponent(url.password) };
  return postgresEngine('postgres', async () => server, async () => undefined);
}

export function postgresEngine(name: EngineName, start: () => Promise<Server>, stop: () => Promise<void>): Engine {
  const asServer = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await connect(await start(), 'postgres');
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    name, dialect: 'postgres', stop,
    async missing() {
      try {
        await asServer((client) => client.query('select 1'));
        return undefined;
      } catch (error) {
        return firstLine(error);
      }
    },
    version: () => asServer(async (client) => `PostgreSQL ${String((await client.query('show server_version')).rows[0].server_version).split(' ')[0]}`),
    async create() {
      const database = privateName();
      await asServer(async (client) => {
        await client.query(`create database ${database} template template0`);
        await client.query(`alter database ${database} set deadlock_timeout = '${DEADLOCK_TIMEOUT}ms'`);
      });
      const server = await start();
      const control = await connect(server, database);
      return new PostgresDatabase({ dialect: 'postgres', ...server, database }, control, () => asServer((client) => client.query(`drop database if exists ${database} with (force)`)));
    },
  };
}

async function connect(server: Server, database: string): Promise<Client> {
  const pg = await need('pg', () => import('pg'));
  const client = new pg.default.Client({ ...server, database, application_name: 'db-race control', connectionTimeoutMillis: 5_000 });
  // A connection that the server ends (a dropped database) tells its queries; without a listener it would end the process too.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

class PostgresDatabase implements Database {
  readonly address: Address;
  readonly #control: Client;
  readonly #drop: () => Promise<unknown>;
  #reset = '';
  #rows = '';

  constructor(address: Address, control: Client, drop: () => Promise<unknown>) {
    this.address = address;
    this.#control = control;
    this.#drop = drop;
  }

  async exec(sql: string): Promise<void> {
    await this.#control.query(sql);
  }

  async inspect(): Promise<Inspected> {
    const list = async (sql: string) => (await this.#control.query<Record<string, string>>(sql)).rows;
    const named = await list(`select c.relname as name, c.oid::regclass::text as path from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema') and c.relname not in ('migrations', '_prisma_migrations') order by c.relname`);
    const columns = await list(`select column_name as name, coalesce(column_default, '') as made, is_identity as identity from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')`);
    const references = await list(`select lower(c.relname) as child, lower(p.relname) as parent from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class p on p.oid = k.confrelid where k.contype = 'f'`);
    const triggers = await list('select distinct lower(c.relname) as name from pg_trigger t join pg_class c on c.oid = t.tgrelid where not t.tgisinternal');
    // A policy that looks into other tables makes every statement on its table touch them.
    const policies = await list(`select distinct lower(tablename) as name from pg_policies where coalesce(qual, '') || coalesce(with_check, '') ~* '\\mselect\\M'`);
    const sequences = await list(`select c.oid::regclass::text as path, s.seqstart::text as start from pg_class c join pg_sequence s on s.seqrelid = c.oid`);
    const [level] = await list('show default_transaction_isolation');
    const tables = named.map((one) => one['path']!);
    this.#reset = ['set session_replication_role = replica', ...tables.map((one) => `delete from ${one}`), 'set session_replication_role = origin', ...sequences.map((one) => `select setval('${one['path']!.replaceAll("'", "''")}', ${one['start']}, false)`)].join(';\n');
    this.#rows = tables.map((one, at) => `select '${named[at]!['name']!}' as name, to_jsonb(t) as row from ${one} t`).join(' union all ');
    return {
      tables: named.map((one) => one['name']!),
      generated: new Set(columns.filter((one) => one['identity'] === 'YES' || MADE_UP.test(one['made']!)).map((one) => one['name']!)),
      linkage: {
        references: references.map((one) => ({ child: one['child']!, parent: one['parent']! })), triggers: new Set(triggers.map((one) => one['name']!)),
        tables: new Set(named.map((one) => one['name']!.toLowerCase()).filter((one) => !policies.some((policy) => policy['name'] === one))),
      },
      readCommitted: level?.['default_transaction_isolation'] === 'read committed',
    };
  }

  async reset(start: string): Promise<void> {
    await this.#control.query(`begin;\n${this.#reset};\n${start}\n;commit`);
  }

  async rows(): Promise<Record<string, Row[]>> {
    const tables: Record<string, Row[]> = {};
    if (!this.#rows) return tables;
    for (const { name, row } of (await this.#control.query<{ name: string; row: Row }>(this.#rows)).rows) (tables[name] ??= []).push(row);
    return tables;
  }

  /** A backend counts as blocked once it has waited longer than a deadlock would have lasted, and no circle leads back to it. */
  readonly blocked = async (calls: readonly number[], statements: number): Promise<ReadonlySet<number>> => {
    // Asked all the time: the functions behind the views answer several times faster than the views.
    const { rows } = await this.#control.query<{ pid: number; name: string; by: number[]; waited: number | null }>(`
      with waits as materialized (select pid, waitstart from pg_locks where not granted and not (${AT_GATE}))
      select w.pid, a.application_name as name, pg_blocking_pids(w.pid) as by, (extract(epoch from clock_timestamp() - w.waitstart) * 1000)::float8 as waited
      from waits w, lateral pg_stat_get_activity(w.pid) a
      where a.datid = (select oid from pg_database where datname = current_database()) and a.application_name like 'db-race call %' and a.state = 'active'`);
    const stable = rows.filter((one) => one.by.length && one.waited !== null && one.waited > 3 * DEADLOCK_TIMEOUT);
    const circular = (pid: number, seen: ReadonlySet<number>): boolean => (rows.find((one) => one.pid === pid)?.by ?? []).some((other) => seen.has(other) || circular(other, new Set([...seen, other])));
    const waiting = stable.filter((one) => !circular(one.pid, new Set([one.pid])));
    // As long as any statement still runs, nobody can be said to wait for good.
    return waiting.length < statements ? new Set() : new Set(calls.filter((call) => waiting.some((one) => one.name === applicationName(call))));
  };

  gatesInside(): Promise<InnerGates | undefined> {
    return placeInnerGates(this.#control);
  }

  async close(): Promise<void> {
    await this.#control.end();
    await this.#drop();
  }
}
