/** The database that the project's packages tell, where nothing else does. */
import type { Dialect } from '../../model.ts';
import type { ClientContext } from '../client.ts';

const DRIVERS: readonly (readonly [Dialect, readonly string[]])[] = [
  ['postgres', ['pg', 'postgres', 'kysely-postgres-js', 'kysely-neon', 'kysely-pglite', '@vercel/postgres-kysely']], ['mysql', ['mysql2', 'kysely-planetscale']],
  ['sqlite', ['better-sqlite3', 'kysely-d1', '@libsql/kysely-libsql', 'kysely-bun-sqlite', 'kysely-bun-worker']],
];

/** The database whose driver alone is among the project's packages. */
export function dialectOfPackages(context: ClientContext): Dialect | undefined {
  const listed = context.nearest(DRIVERS.flatMap(([, packages]) => packages));
  const found = DRIVERS.filter(([, packages]) => packages.some((one) => listed.includes(one)));
  return found.length === 1 ? found[0]![0] : undefined;
}
