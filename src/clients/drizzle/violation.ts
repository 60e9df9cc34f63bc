/**
 * How a unique violation arrives. Since 0.44 the builders wrap what the driver throws: its own code stands under `cause`, except for
 * better-sqlite3, whose error passes through as it is.
 */
import type { Dialect, Tri, Violation } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { bothHold, driverTells, driverTests } from '../common/driver-violation.ts';
import { amongStrangers } from '../common/strangers.ts';

/** The first minor version whose errors are wrapped. */
const WRAPPED = 44;
const made = new Map<string, Violation>();

/** Whether the builders of this version wrap the driver's errors. */
export function wrapsErrors(version: (packageName: string, part?: 'minor') => number | undefined): Tri {
  const major = version('drizzle-orm');
  const minor = version('drizzle-orm', 'minor');
  return major === undefined ? 'unknown' : major > 0 ? true : minor === undefined ? 'unknown' : minor >= WRAPPED;
}

export function violationOf(dialect: Dialect | undefined, driver: string | undefined, context: ClientContext): Violation {
  const wraps = wrapsErrors((name, part) => context.version(name, part));
  const key = `${dialect} ${driver} ${wraps}`;
  const known = made.get(key);
  if (known) return known;
  const violation = make(dialect, driver, wraps);
  made.set(key, violation);
  return violation;
}

const opposite = (is: Tri): Tri => (is === 'unknown' ? is : !is);

/** Whether the driver's error stands under `cause`; of SQLite drivers only better-sqlite3 was seen to pass its errors through. */
export function isWrapped(dialect: Dialect | undefined, driver: string | undefined, wraps: Tri): Tri {
  if (dialect !== 'sqlite') return wraps;
  return driver === 'better-sqlite3' || wraps === false ? false : 'unknown';
}

function make(dialect: Dialect | undefined, driver: string | undefined, wraps: Tri): Violation {
  const inside = { holds: (of: Dialect): Tri => isWrapped(of, driver, wraps), why: 'the driver\'s error arrives as it is, without a `cause`' };
  const plain = { holds: (of: Dialect): Tri => opposite(inside.holds(of)), why: 'the driver\'s error is wrapped: its properties stand under `error.cause`' };
  const tells = (at: readonly string[], stands: Tri): Violation['tells'] => driverTells(dialect, at).map((one) => ({
    ...one, fires: bothHold(one.fires, stands), ...(one.what === 'constraint' && driver === 'postgres-js' && { path: [...at, 'constraint_name'] }),
    ...(one.what === 'constraint' && !at.length && stands === false && { why: 'the driver\'s error stands under `error.cause`' }),
  }));
  const under = isWrapped(dialect, driver, wraps);
  return amongStrangers({
    arrives: 'thrown', tests: [...driverTests(dialect, [], plain), ...driverTests(dialect, ['cause'], inside)],
    classes: ['DrizzleQueryError', 'DrizzleError', ...(under === true ? [] : ['DatabaseError', 'PostgresError', 'SqliteError', 'LibsqlError'])],
    tells: [...tells(['cause'], under), ...tells([], opposite(under))],
  }, undefined, under === true ? 'nothing' : 'error');
}
