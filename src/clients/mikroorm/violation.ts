/** How a unique violation arrives: a thrown `UniqueConstraintViolationException` onto which the driver error's own properties are copied. */
import type { Dialect, Violation } from '../../model.ts';
import { driverTells, driverTests } from '../common/driver-violation.ts';
import { amongStrangers } from '../common/strangers.ts';

const made = new Map<Dialect | undefined, Violation>();

export function violationOf(dialect: Dialect | undefined): Violation {
  const known = made.get(dialect);
  if (known) return known;
  const violation = amongStrangers({
    arrives: 'thrown',
    tests: [{ path: ['name'], values: ['UniqueConstraintViolationException'], fires: true }, ...driverTests(dialect)],
    // Base classes, of which other errors are, too; the violation's own class tells it by its name.
    classes: ['ConstraintViolationException', 'ServerException', 'DriverException'],
    tells: driverTells(dialect),
  }, 'mikroorm', 'codes');
  made.set(dialect, violation);
  return violation;
}
