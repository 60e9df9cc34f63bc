/** How a unique violation arrives through libraries that leave the driver's error as it is, at `at` below what is thrown. */
import type { Dialect, Tri, Violation, ViolationTest } from '../../model.ts';
import { amongStrangers, withoutCause } from './strangers.ts';

interface Code { readonly dialect: Dialect; readonly path: readonly string[]; readonly values: readonly (string | number)[]; readonly contains?: boolean }

const CODES: readonly Code[] = [
  { dialect: 'postgres', path: ['code'], values: ['23505'] },
  { dialect: 'mysql', path: ['code'], values: ['ER_DUP_ENTRY'] },
  { dialect: 'mysql', path: ['errno'], values: [1062] },
  { dialect: 'sqlite', path: ['code'], values: ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'SQLITE_CONSTRAINT'] },
  { dialect: 'sqlite', path: ['errno'], values: [19] },
  { dialect: 'postgres', path: ['message'], values: ['duplicate key', 'unique constraint'], contains: true },
  { dialect: 'mysql', path: ['message'], values: ['Duplicate entry', 'ER_DUP_ENTRY'], contains: true },
  { dialect: 'sqlite', path: ['message'], values: ['UNIQUE constraint failed', 'UNIQUE'], contains: true },
  { dialect: 'postgres', path: ['detail'], values: ['already exists'], contains: true },
];

const is = (dialect: Dialect | undefined, wanted: Dialect): Tri => (dialect === undefined ? 'unknown' : dialect === wanted);

export const bothHold = (one: Tri, other: Tri): Tri => (one === false || other === false ? false : one === true && other === true ? true : 'unknown');

/** Whether a database's error stands at that place at all, and why it does not. */
export interface Stands { holds(of: Dialect): Tri; readonly why: string }

/** The properties of the driver's own error, below `at`. */
export function driverTests(dialect: Dialect | undefined, at: readonly string[] = [], stands?: Stands): readonly ViolationTest[] {
  return CODES.map(({ dialect: wanted, path, ...code }): ViolationTest => {
    const here = is(dialect, wanted);
    const fires = bothHold(here, stands?.holds(wanted) ?? true);
    return { ...code, path: [...at, ...path], fires, ...(fires === false && { why: here === false ? 'this is what another database says' : stands!.why }) };
  });
}

export function driverTells(dialect: Dialect | undefined, at: readonly string[] = []): Violation['tells'] {
  return [
    { path: [...at, 'constraint'], what: 'constraint', fires: is(dialect, 'postgres') },
    { path: [...at, 'detail'], what: 'text', fires: is(dialect, 'postgres') },
    { path: [...at, 'sqlMessage'], what: 'text', fires: is(dialect, 'mysql') },
    { path: [...at, 'message'], what: 'text', fires: true },
  ];
}

const made = new Map<Dialect | undefined, Violation>();

/** Thrown as the driver made it. */
export function driverViolation(dialect: Dialect | undefined): Violation {
  const known = made.get(dialect);
  if (known) return known;
  const violation = withoutCause(amongStrangers({ arrives: 'thrown', tests: driverTests(dialect), classes: ['DatabaseError', 'PostgresError', 'SqliteError', 'Error'], tells: driverTells(dialect) }, 'driver', 'error'));
  made.set(dialect, violation);
  return violation;
}
