import type { EngineName } from '../model.ts';
import { embeddedPostgres } from './embedded-postgres.ts';
import type { Engine } from './engine.ts';
import { mariadbServer } from './mariadb.ts';
import { postgresServer } from './postgres.ts';
import { sqlite } from './sqlite.ts';

/** Engines that are installed with the project; the others are servers, which may not run here. */
export const BUNDLED: readonly EngineName[] = ['sqlite', 'embedded-postgres'];

const MAKE: Readonly<Record<EngineName, () => Engine>> = { sqlite, 'embedded-postgres': embeddedPostgres, postgres: postgresServer, mariadb: mariadbServer };
const made = new Map<EngineName, Engine>();

/** The engine of that name; one per process, started when it is first used. */
export function engine(name: EngineName): Engine {
  const known = made.get(name);
  if (known) return known;
  const make = Object.hasOwn(MAKE, name) ? MAKE[name] : undefined;
  if (!make) throw new Error(`there is no engine \`${name}\`; known are ${Object.keys(MAKE).join(', ')}.`);
  const one = make();
  made.set(name, one);
  return one;
}

export async function stopEngines(): Promise<void> {
  for (const one of made.values()) await one.stop();
  made.clear();
}

/** What else of a machine tests can insist on: the browser, for the report of `db-race scan --format html`. */
const BESIDE: ReadonlySet<string> = new Set(['chromium']);

/** Engines that DB_RACE_REQUIRE names: there a missing one is a failure. Throws on a name that is none. */
export function requiredEngines(value = process.env['DB_RACE_REQUIRE'] ?? ''): EngineName[] {
  return value.split(',').map((one) => one.trim()).filter(Boolean).flatMap((one): EngineName[] => {
    if (BESIDE.has(one)) return [];
    if (!Object.hasOwn(MAKE, one)) throw new Error(`DB_RACE_REQUIRE names \`${one}\`; known are ${[...Object.keys(MAKE), ...BESIDE].join(', ')}.`);
    return [one as EngineName];
  });
}
