/**
 * How a unique violation arrives: since version 2 as the library's `UniqueViolationError` around the driver's error; as the driver's
 * own before, and still from better-sqlite3, whose message the library does not know (measured with 3.1.5).
 */
import type { Dialect, Tri, Violation, ViolationTest } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { driverTells, driverTests, driverViolation } from '../common/driver-violation.ts';
import { amongStrangers } from '../common/strangers.ts';

const made = new Map<Dialect | undefined, Violation>();

export function violationOf(dialect: Dialect | undefined, context: ClientContext): Violation {
  if (context.version('objection') === 1) return driverViolation(dialect);
  const known = made.get(dialect);
  if (known) return known;
  // Which of SQLite's drivers it is decides whether the error is wrapped.
  const wrapped: Tri = dialect === undefined || dialect === 'sqlite' ? 'unknown' : true;
  const why = 'Objection throws its own `UniqueViolationError`; the driver\'s code stands under `error.nativeError`';
  const plain = driverTests(dialect).map((test): ViolationTest => (test.path[0] === 'message' || test.fires === false ? test
    : wrapped === true ? { ...test, fires: false, why } : { ...test, fires: 'unknown' }));
  const native = driverTests(dialect, ['nativeError']).map((test): ViolationTest => (wrapped === true ? test : { ...test, fires: test.fires === false ? false : 'unknown' }));
  const violation = amongStrangers({
    arrives: 'thrown',
    tests: [{ path: ['name'], values: ['UniqueViolationError'], fires: wrapped }, ...native, ...plain],
    // `UniqueViolationError` is for this alone, which its name says; these stand for other errors, too.
    classes: ['ConstraintViolationError', 'DBError', 'SqliteError', 'Error'],
    tells: [
      { path: ['columns'], what: 'columns', fires: dialect === 'postgres' ? true : dialect === 'mysql' ? false : 'unknown', ...(dialect === 'mysql' && { why: 'MySQL names the key, not its columns' }) },
      { path: ['constraint'], what: 'constraint', fires: dialect === 'postgres' || dialect === 'mysql' ? true : dialect === 'sqlite' ? false : 'unknown', ...(dialect === 'sqlite' && { why: 'SQLite names the columns, not the key' }) },
      ...driverTells(dialect, ['nativeError']),
      { path: ['message'], what: 'text', fires: true },
    ],
  }, 'objection', wrapped === true ? 'nothing' : 'error');
  made.set(dialect, violation);
  return violation;
}
