/**
 * How unique violations show in other libraries: a handler that asks for that, around a call of this one, never runs. Only what no other
 * error shows is listed, so that a handler for something else is not taken for a dead one.
 */
import type { Violation, ViolationTest } from '../../model.ts';

/** Whose way of telling it is. `driver`: of the drivers themselves. */
type Library = 'prisma' | 'mongodb' | 'typeorm' | 'sequelize' | 'objection' | 'mikroorm' | 'driver';

interface Sign { readonly of: Library; readonly path: readonly string[]; readonly values: readonly (string | number)[]; readonly contains?: true }

const DRIVER_CODES: readonly (string | number)[] = ['23505', 'ER_DUP_ENTRY', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'];

const SIGNS: readonly Sign[] = [
  { of: 'prisma', path: ['code'], values: ['P2002'] },
  { of: 'mongodb', path: ['code'], values: [11000, 11001] },
  { of: 'mongodb', path: ['codeName'], values: ['DuplicateKey'] },
  { of: 'mongodb', path: ['message'], values: ['E11000'], contains: true },
  { of: 'typeorm', path: ['driverError', 'code'], values: DRIVER_CODES },
  { of: 'typeorm', path: ['driverError', 'errno'], values: [1062] },
  { of: 'sequelize', path: ['name'], values: ['SequelizeUniqueConstraintError'] },
  ...['parent', 'original'].flatMap((at): Sign[] => [{ of: 'sequelize', path: [at, 'code'], values: DRIVER_CODES }, { of: 'sequelize', path: [at, 'errno'], values: [1062] }]),
  { of: 'objection', path: ['name'], values: ['UniqueViolationError'] },
  { of: 'objection', path: ['nativeError', 'code'], values: DRIVER_CODES },
  { of: 'objection', path: ['nativeError', 'errno'], values: [1062] },
  { of: 'mikroorm', path: ['name'], values: ['UniqueConstraintViolationException'] },
  { of: 'driver', path: ['code'], values: DRIVER_CODES },
  { of: 'driver', path: ['errno'], values: [1062] },
];

const CLASSES: readonly { readonly of: Library; readonly name: string; readonly from: string; readonly unique: boolean }[] = [
  { of: 'prisma', name: 'PrismaClientKnownRequestError', from: '@prisma/client', unique: false },
  { of: 'mongodb', name: 'MongoServerError', from: 'mongodb', unique: false },
  { of: 'mongodb', name: 'MongoError', from: 'mongodb', unique: false },
  { of: 'typeorm', name: 'QueryFailedError', from: 'typeorm', unique: false },
  { of: 'sequelize', name: 'UniqueConstraintError', from: 'sequelize', unique: true },
  { of: 'objection', name: 'UniqueViolationError', from: 'objection', unique: true },
  { of: 'mikroorm', name: 'UniqueConstraintViolationException', from: '@mikro-orm/core', unique: true },
  { of: 'driver', name: 'DatabaseError', from: 'pg', unique: false },
  { of: 'driver', name: 'PostgresError', from: 'postgres', unique: false },
];

const NAMES: Readonly<Record<Library, string>> = {
  prisma: 'Prisma', mongodb: 'MongoDB', typeorm: 'TypeORM', sequelize: 'Sequelize', objection: 'Objection', mikroorm: 'MikroORM', driver: 'a driver of an SQL database',
};

/** `violation` with what it never shows. @param passes what arrives of the driver's own error: its codes, copied, or the error itself. */
export function amongStrangers(violation: Violation, own: Library | undefined, passes: 'error' | 'codes' | 'nothing'): Violation {
  const isForeign = (of: Library): boolean => of !== own && !(of === 'driver' && passes === 'error');
  const tests = SIGNS.filter(({ of }) => isForeign(of) && !(of === 'driver' && passes === 'codes')).flatMap(({ of, ...sign }): ViolationTest[] => {
    // What this library says of the same place and value counts, also where it says why that is never true.
    const values = sign.values.filter((value) => !violation.tests.some((one) => one.path.join('.') === sign.path.join('.') && one.values.some((each) => String(each) === String(value))));
    return values.length ? [{ ...sign, values, fires: false, stranger: true, why: `what it asks for is how ${NAMES[of]} tells it` }] : [];
  });
  const strangers = CLASSES.filter(({ of, name }) => isForeign(of) && !violation.classes.includes(name)).map(({ of, ...one }) => ({ ...one, why: `the error is no \`${one.name}\`, which is ${of === 'driver' ? 'the driver' : NAMES[of]}'s` }));
  return { ...violation, tests: [...violation.tests, ...tests], strangers };
}

/** Errors that arrive as the driver made them have no `cause`. */
export function withoutCause(violation: Violation, why = 'the driver\'s error has no `cause`: its code stands on the error itself'): Violation {
  return { ...violation, tests: [...violation.tests, { path: ['cause', 'code'], values: DRIVER_CODES, fires: false, why }, { path: ['cause', 'errno'], values: [1062], fires: false, why }] };
}
