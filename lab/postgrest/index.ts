/**
 * A stand-in for PostgREST: a `fetch` that runs captured requests as SQL on PostgreSQL, one transaction a request, in the shapes that
 * PostgREST's documentation and its statement logs show. It is no PostgREST: whatever it does not know it refuses loudly.
 */
import type { PoolClient, Pool } from 'pg';
import { answer, failure, notSingle, type Answered } from './answer.ts';
import { Unsupported } from './filters.ts';
import { queryOf, type Captured, type Catalogue, type Query } from './request.ts';

export { Unsupported } from './filters.ts';

export interface StandIn {
  readonly pool: Pool;
  readonly catalogue: Catalogue;
  /** Requests run as this role with these claims, under row-level security; undefined: as the owner of the tables. */
  readonly identity: { readonly role: string; readonly claims: Readonly<Record<string, unknown>> } | undefined;
  /** Stands before every request's transaction. */
  pass(query: Query, label: string, run: () => Promise<Response>): Promise<Response>;
}

export function standIn({ pool, catalogue, identity, pass }: StandIn): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const captured = await capture(request);
    const query = await queryOf(captured, catalogue);
    return pass(query, labelOf(captured), () => run(pool, query, identity));
  };
}

async function capture(request: Request): Promise<Captured> {
  const url = new URL(request.url);
  const [, path] = /^\/rest\/v1\/(.+)$/.exec(url.pathname) ?? [];
  if (path === undefined) throw new Unsupported(`the address \`${url.pathname}\`: only the tables and functions of the database`);
  const text = await request.text();
  return { method: request.method, path: decodeURIComponent(path), parameters: [...url.searchParams], headers: request.headers, body: text ? JSON.parse(text) as unknown : undefined };
}

/** `PATCH users?id=eq.…`: values are left out, as they are in a statement with parameters. */
function labelOf({ method, path, parameters, headers }: Captured): string {
  const shown = parameters.map(([key, value]) => (['select', 'on_conflict', 'columns', 'order'].includes(key) ? `${key}=${value}` : `${key}=${/^(?:not\.)?\w+\./.exec(value)?.[0] ?? ''}…`));
  const resolution = /resolution=[\w-]+/.exec(headers.get('prefer') ?? '')?.[0];
  return `${method} ${path}${shown.length ? `?${shown.join('&')}` : ''}${resolution ? ` (${resolution})` : ''}`;
}

async function run(pool: Pool, query: Query, identity: StandIn['identity']): Promise<Response> {
  const client = await pool.connect();
  try {
    await client.query(`begin isolation level read committed ${query.writes ? 'read write' : 'read only'}`);
    if (identity) await assume(client, identity);
    const { rows: [row] } = await client.query<{ body: unknown; rows: number; total: number | null }>(query.sql, [...query.values]);
    const answered: Answered = row!;
    const response = answer(query, answered);
    await client.query(response ? 'commit' : 'rollback');
    return response ?? notSingle(answered.rows);
  } catch (error) {
    await client.query('rollback');
    const told = error as { code?: string; message: string };
    if (typeof told.code !== 'string' || !/^[0-9A-Z]{5}$/.test(told.code)) throw error;
    return failure({ ...told, code: told.code, message: told.message });
  } finally {
    client.release();
  }
}

async function assume(client: PoolClient, { role, claims }: NonNullable<StandIn['identity']>): Promise<void> {
  await client.query(`select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)`, [role, JSON.stringify(claims)]);
}

/** Reads primary keys and functions from the server, once each. */
export function catalogueOf(pool: Pool): Catalogue {
  const keys = new Map<string, Promise<readonly string[]>>();
  const routines = new Map<string, ReturnType<Catalogue['routine']>>();
  const once = <T>(known: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> => {
    const found = known.get(key) ?? ask();
    known.set(key, found);
    return found;
  };
  return {
    primaryKey: (schema, table) => once(keys, `${schema}.${table}`, async () => (await pool.query<{ name: string }>(
      `select a.attname as name from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey) where i.indisprimary and n.nspname = $1 and c.relname = $2 order by array_position(i.indkey, a.attnum)`, [schema, table])).rows.map((row) => row.name)),
    routine: (schema, name) => once(routines, `${schema}.${name}`, async () => {
      const { rows } = await pool.query<{ names: string[] | null; types: string[]; set: boolean; type: string; kind: string }>(
        `select p.proargnames as names, array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a (t, at) order by at) as types, p.proretset as set, r.typname as type, r.typtype as kind
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_type r on r.oid = p.prorettype where n.nspname = $1 and p.proname = $2`, [schema, name]);
      const [only] = rows;
      if (!only || rows.length > 1) return undefined;
      return { arguments: Object.fromEntries(only.types.map((type, at) => [only.names?.[at] ?? '', type])), returns: only.type === 'void' ? 'void' : only.set || only.kind === 'c' ? 'rows' : 'scalar' } as const;
    }),
  };
}
