/** How a unique violation arrives: thrown, with the driver's own properties. */
import type { Dialect, Tri, Violation, ViolationTest } from '../../model.ts';
import { amongStrangers } from '../common/strangers.ts';
import type { Driver, DriverId } from './drivers.ts';

interface Code { readonly drivers: readonly DriverId[] | Dialect; readonly path: readonly string[]; readonly values: readonly (string | number)[]; readonly contains?: boolean; readonly why?: string }

const SLONIK = 'slonik has no `code` on its errors: the driver\'s stands under `cause`, and the class is `UniqueIntegrityConstraintViolationError`';
const NODE = 'node:sqlite always says `ERR_SQLITE_ERROR`: the number stands in `errcode` (2067, 1555 for a primary key)';
const CODES: readonly Code[] = [
  { drivers: ['pg', 'postgres.js', 'neon', 'vercel', 'pglite'], path: ['code'], values: ['23505'], why: SLONIK },
  { drivers: ['slonik'], path: ['cause', 'code'], values: ['23505'], why: 'the driver\'s error has no `cause`: its code stands on the error itself' },
  { drivers: 'mysql', path: ['code'], values: ['ER_DUP_ENTRY'] },
  { drivers: 'mysql', path: ['errno'], values: [1062] },
  { drivers: ['better-sqlite3'], path: ['code'], values: ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'], why: NODE },
  { drivers: ['sqlite', 'libsql'], path: ['code'], values: ['SQLITE_CONSTRAINT', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'], why: NODE },
  { drivers: ['node:sqlite'], path: ['errcode'], values: [2067, 1555] },
  { drivers: 'postgres', path: ['message'], values: ['duplicate key', 'unique constraint'], contains: true },
  { drivers: 'mysql', path: ['message'], values: ['Duplicate entry', 'ER_DUP_ENTRY'], contains: true },
  { drivers: 'sqlite', path: ['message'], values: ['UNIQUE constraint failed', 'UNIQUE'], contains: true },
  { drivers: 'postgres', path: ['detail'], values: ['already exists'], contains: true },
];
const made = new Map<string, Violation>();

export function violationOf(driver: Driver, dialect: Dialect | undefined): Violation {
  const key = `${driver.id} ${dialect}`;
  const known = made.get(key);
  if (known) return known;
  const told = CODES.map(({ drivers, why, ...code }): ViolationTest => {
    const here = typeof drivers === 'string' ? dialect === drivers : drivers.includes(driver.id);
    const fires: Tri = driver.id === 'unknown' ? (typeof drivers === 'string' && dialect !== undefined ? dialect === drivers : 'unknown') : here;
    const reason = driver.id === 'slonik' || driver.id === 'node:sqlite' || code.path[0] === 'cause' ? why : undefined;
    return { ...code, fires, ...(fires === false && { why: reason ?? 'this is what another database says' }) };
  });
  // Of two that ask for the same, the one that can be true decides.
  const weight = (one: ViolationTest): number => (one.fires === true ? 0 : one.fires === 'unknown' ? 1 : 2);
  const tests = told.toSorted((one, other) => weight(one) - weight(other));
  // A general code that also arrives for other constraints: it cannot be excluded.
  if (driver.id === 'better-sqlite3') tests.push({ path: ['code'], values: ['SQLITE_CONSTRAINT'], fires: false, why: 'better-sqlite3 says `SQLITE_CONSTRAINT_UNIQUE`' });
  const postgres: Tri = dialect === undefined ? 'unknown' : dialect === 'postgres';
  const violation = amongStrangers({
    arrives: 'thrown', tests,
    classes: ['DatabaseError', 'PostgresError', 'UniqueIntegrityConstraintViolationError', 'SqliteError', 'LibsqlError', 'NeonDbError', 'Error'],
    tells: [
      { path: ['constraint'], what: 'constraint', fires: driver.id === 'postgres.js' ? false : postgres, ...(driver.id === 'postgres.js' && { why: 'postgres.js says `constraint_name`' }) },
      { path: ['constraint_name'], what: 'constraint', fires: driver.id === 'postgres.js' ? true : driver.id === 'unknown' ? postgres : false },
      { path: ['detail'], what: 'text', fires: postgres },
      { path: ['sqlMessage'], what: 'text', fires: dialect === undefined ? 'unknown' : dialect === 'mysql' },
      { path: ['message'], what: 'text', fires: true },
    ],
  }, 'driver', 'error');
  made.set(key, violation);
  return violation;
}
