/**
 * How a unique violation arrives: a thrown `PrismaClientKnownRequestError` with the library's own code. The driver's code stands on it
 * nowhere but, from version 6 on, deep under `meta`; which key was violated is told in a different place by each version.
 */
import type { Dialect, Tri, Violation, ViolationTest } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { amongStrangers } from '../common/strangers.ts';

const CAUSE = ['meta', 'driverAdapterError', 'cause'] as const;
const DRIVER_CODES: readonly (string | number)[] = ['23505', 'ER_DUP_ENTRY', 1062, 'SQLITE_CONSTRAINT', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', 11000];
const ORIGINAL: Readonly<Record<Dialect, readonly string[]>> = { postgres: ['23505'], mysql: ['1062'], sqlite: ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'] };

const made = new Map<string, Violation>();

/** `raw`: of `$queryRaw` and its kin, which report every database error as P2010. */
export function violationOf(context: ClientContext, dialect: Dialect | undefined, raw = false): Violation {
  const version = context.version('@prisma/client') ?? context.version('prisma');
  const id = `${version} ${dialect} ${raw}`;
  const known = made.get(id);
  if (known) return known;
  const violation = make(version, dialect, raw);
  made.set(id, violation);
  return violation;
}

function make(version: number | undefined, dialect: Dialect | undefined, raw: boolean): Violation {
  const since = (from: number): Tri => (version === undefined ? 'unknown' : version >= from);
  // Version 6 runs with a driver adapter or with the older engine, which cannot be told from calls.
  const adapter: Tri = version === 6 ? 'unknown' : since(7);
  const both = (a: Tri, b: Tri): Tri => (a === false || b === false ? false : a === true && b === true ? true : 'unknown');
  const driver = 'Prisma puts its own code there (`P2002`); the driver\'s code does not reach `error.code`';
  const tests: ViolationTest[] = [
    { path: ['code'], values: ['P2002'], fires: !raw, ...(raw && { why: 'a raw query reports a unique violation as `P2010`' }) },
    { path: ['code'], values: DRIVER_CODES, fires: false, why: driver },
    { path: ['errno'], values: [1062, 19, 2067], fires: false, why: 'Prisma\'s errors have no `errno`' },
    { path: ['cause', 'code'], values: DRIVER_CODES, fires: false, why: driver.replace('`error.code`', '`error.cause`') },
    { path: ['message'], values: ['Unique constraint failed'], contains: true, fires: !raw },
    { path: ['message'], values: ['duplicate key', 'Duplicate entry'], contains: true, fires: raw ? 'unknown' : false, why: 'Prisma\'s message is `Unique constraint failed …`' },
    ...(raw ? [
      { path: ['code'], values: ['P2010'], fires: true as const },
      { path: ['meta', 'code'], values: DRIVER_CODES, fires: version === 5 ? true as const : 'unknown' as const },
    ] : [{ path: ['meta', 'code'], values: DRIVER_CODES, fires: false as const, why: 'only raw queries have `meta.code`' }]),
    { path: [...CAUSE, 'kind'], values: ['UniqueConstraintViolation'], fires: adapter },
    ...(Object.keys(ORIGINAL) as Dialect[]).map((one): ViolationTest => ({ path: [...CAUSE, 'originalCode'], values: ORIGINAL[one], fires: both(adapter, dialect === undefined ? 'unknown' : dialect === one) })),
  ];
  const target: Tri = version === undefined || version === 6 ? 'unknown' : version >= 7 ? false : dialect === 'postgres' ? true : 'unknown';
  const index: Tri = both(adapter, dialect === undefined ? 'unknown' : dialect !== 'sqlite');
  const fields: Tri = version === 6 ? 'unknown' : both(adapter, dialect === undefined ? 'unknown' : dialect === 'sqlite');
  return amongStrangers({
    arrives: 'thrown',
    tests,
    classes: ['PrismaClientKnownRequestError', 'Prisma.PrismaClientKnownRequestError'],
    tells: [
      { path: ['meta', 'target'], what: 'columns', fires: target, ...(target === false && { why: 'from version 7 on `meta.target` is not there; `meta.driverAdapterError.cause.constraint` tells the key' }) },
      { path: [...CAUSE, 'constraint', 'index'], what: 'constraint', fires: index },
      { path: [...CAUSE, 'constraint', 'fields'], what: 'columns', fires: fields },
      { path: ['message'], what: 'text', fires: 'unknown' },
    ],
  }, 'prisma', 'nothing');
}
