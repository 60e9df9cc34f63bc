/** How a unique violation arrives: a thrown `QueryFailedError` onto which the driver error's own properties are copied. */
import type { Dialect, Tri, Violation, ViolationTest } from '../../model.ts';
import { amongStrangers, withoutCause } from '../common/strangers.ts';

interface Code { readonly dialect: Dialect; readonly path: readonly string[]; readonly values: readonly (string | number)[]; readonly contains?: boolean }

const CODES: readonly Code[] = [
  { dialect: 'postgres', path: ['code'], values: ['23505'] },
  { dialect: 'mysql', path: ['code'], values: ['ER_DUP_ENTRY'] },
  { dialect: 'mysql', path: ['errno'], values: [1062] },
  { dialect: 'mysql', path: ['sqlState'], values: ['23000'] },
  { dialect: 'sqlite', path: ['code'], values: ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'] },
  { dialect: 'postgres', path: ['message'], values: ['duplicate key'], contains: true },
  { dialect: 'mysql', path: ['message'], values: ['Duplicate entry', 'ER_DUP_ENTRY'], contains: true },
  { dialect: 'sqlite', path: ['message'], values: ['UNIQUE constraint failed'], contains: true },
  { dialect: 'postgres', path: ['detail'], values: ['already exists'], contains: true },
];

const NAMES: Readonly<Record<Dialect, string>> = { postgres: 'Postgres', mysql: 'MySQL', sqlite: 'SQLite' };

function firesOn(dialect: Dialect | undefined, wanted: Dialect): { fires: Tri; why?: string } {
  if (dialect === undefined) return { fires: 'unknown' };
  return dialect === wanted ? { fires: true } : { fires: false, why: `this is what ${NAMES[wanted]} says, and the database here is ${NAMES[dialect]}` };
}

const made = new Map<Dialect | undefined, Violation>();

export function violationOf(dialect: Dialect | undefined): Violation {
  const known = made.get(dialect);
  if (known) return known;
  const tests = CODES.flatMap((code): ViolationTest[] => {
    const test = { values: code.values, ...(code.contains && { contains: true }), ...firesOn(dialect, code.dialect) };
    return [{ path: code.path, ...test }, { path: ['driverError', ...code.path], ...test }];
  });
  // The other driver for SQLite (sqlite3) knows the general code only; which of the two is in use cannot be told from calls.
  tests.push({ path: ['code'], values: ['SQLITE_CONSTRAINT'], fires: dialect === undefined || dialect === 'sqlite' ? 'unknown' : false, why: '`SQLITE_CONSTRAINT` alone comes from the sqlite3 driver; better-sqlite3 says `SQLITE_CONSTRAINT_UNIQUE`' });
  const constraint: Tri = dialect === undefined ? 'unknown' : dialect === 'postgres';
  const violation = withoutCause(amongStrangers({
    arrives: 'thrown',
    tests,
    classes: ['QueryFailedError', 'TypeORMError'],
    tells: [
      { path: ['constraint'], what: 'constraint', fires: constraint },
      { path: ['driverError', 'constraint'], what: 'constraint', fires: constraint },
      { path: ['detail'], what: 'text', fires: constraint },
      { path: ['driverError', 'detail'], what: 'text', fires: constraint },
      { path: ['message'], what: 'text', fires: true },
    ],
  }, 'typeorm', 'codes'), 'the driver\'s error stands under `error.driverError`, and its code on the error itself');
  made.set(dialect, violation);
  return violation;
}
