import { createRequire } from 'node:module';
import { applicationName, type Address } from '../engines/engine.ts';
import type { LibrarySetup } from '../model.ts';
import { need } from '../need.ts';
import { catalogueOf, standIn } from '../postgrest/index.ts';
import { EVERYTHING, footprintOf } from '../schedule/footprint.ts';
import type { GatedConnections, Instance, Library } from './library.ts';

/** What a Supabase project finds in its database; roles belong to the server, so they are made if missing and have no rights elsewhere. */
const PRELUDE = `
do $$ declare name text; begin
  foreach name in array array['anon', 'authenticated', 'service_role'] loop
    begin execute format('create role %I nologin', name); exception when duplicate_object or unique_violation then null; end;
  end loop;
end $$;
create schema auth;
create function auth.uid() returns uuid language sql stable as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
create function auth.role() returns text language sql stable as $$ select current_setting('role', true) $$;
grant usage on schema public, auth to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;`;

export async function supabase(setup: LibrarySetup & { name: 'supabase' }): Promise<Library> {
  const { createClient } = await need('@supabase/supabase-js', () => import('@supabase/supabase-js'));
  const pg = await need('pg', () => import('pg'));
  const { version } = createRequire(createRequire(import.meta.url).resolve('@supabase/supabase-js'))('../package.json') as { version: string };
  return {
    prelude: PRELUDE,
    note: `requests captured from supabase-js ${version}, run as SQL on PostgreSQL; PostgREST was not run`,
    async open(address: Address, gates: GatedConnections): Promise<Instance> {
      if (address.dialect !== 'postgres') throw new Error('Supabase is PostgreSQL: name `postgres` or `embedded-postgres` as engines.');
      const pool = new pg.default.Pool({ ...address, application_name: applicationName(gates.call), max: 5 });
      pool.on('error', () => undefined);
      const fetch = standIn({
        pool, catalogue: catalogueOf(pool),
        identity: setup.user === undefined ? undefined : { role: 'authenticated', claims: { sub: setup.user, role: 'authenticated' } },
        pass: (query, label, run) => gates.unit(label, (linkage) => {
          if (query.table === undefined) return EVERYTHING;
          return footprintOf(query.writes ? `update "${query.table}" set x = 1` : `select 1 from "${query.table}"`, linkage);
        }, run, lost),
      });
      const client = createClient('http://stand-in.invalid', 'lab', {
        global: { fetch }, auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
        // The client wants a WebSocket when it is made; nothing here listens.
        realtime: { transport: class {} as never },
      });
      return { handle: client, close: () => pool.end() };
    },
  };
}

/** Supabase's gateway when the database cannot be reached. */
async function lost(): Promise<Response> {
  return new Response(JSON.stringify({ code: '08006', message: 'connection lost (by the lab)', details: null, hint: null }), { status: 500, headers: { 'content-type': 'application/json' } });
}
