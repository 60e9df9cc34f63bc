/** How a unique violation arrives: always as the library's own error, whatever the driver threw, which stands under `parent` and `original`. */
import type { Dialect, Tri, Violation, ViolationTest } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { amongStrangers } from '../common/strangers.ts';

interface Code { readonly dialect: Dialect; readonly path: string; readonly values: readonly (string | number)[]; readonly contains?: boolean }

const CODES: readonly Code[] = [
  { dialect: 'postgres', path: 'code', values: ['23505'] },
  { dialect: 'mysql', path: 'code', values: ['ER_DUP_ENTRY'] },
  { dialect: 'mysql', path: 'errno', values: [1062] },
  { dialect: 'sqlite', path: 'code', values: ['SQLITE_CONSTRAINT', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'] },
  { dialect: 'postgres', path: 'message', values: ['duplicate key', 'unique constraint'], contains: true },
  { dialect: 'mysql', path: 'message', values: ['Duplicate entry'], contains: true },
  { dialect: 'sqlite', path: 'message', values: ['UNIQUE constraint failed', 'UNIQUE'], contains: true },
  { dialect: 'postgres', path: 'constraint', values: [], contains: true },
];
const NATIVE: readonly string[] = ['parent', 'original', 'cause'];
const made = new Map<string, Violation>();

export function violationOf(dialect: Dialect | undefined, context: ClientContext): Violation {
  const isNew = context.version('@sequelize/core') !== undefined;
  const key = `${dialect} ${isNew}`;
  const known = made.get(key);
  if (known) return known;
  const native = CODES.filter((code) => code.values.length).flatMap((code): ViolationTest[] => {
    const here: Tri = dialect === undefined ? 'unknown' : dialect === code.dialect;
    const shared = { values: code.values, ...(code.contains && { contains: true }) };
    const elsewhere = { fires: false as const, why: 'this is what another database says' };
    return [
      ...NATIVE.map((name): ViolationTest => ({ path: [name, code.path], ...shared, ...(here === false ? elsewhere : name === 'cause' && !isNew ? { fires: false, why: 'before version 7 the driver\'s error stands under `error.parent`' } : { fires: here }) })),
      // The error itself has neither code nor number; its message is "Validation error".
      ...(code.path === 'message' ? [] : [{ path: [code.path], ...shared, fires: false as const, why: 'Sequelize throws its own `UniqueConstraintError`; the driver\'s code stands under `error.parent`' }]),
    ];
  });
  const postgres: Tri = dialect === undefined ? 'unknown' : dialect === 'postgres';
  const violation = amongStrangers({
    arrives: 'thrown',
    tests: [
      { path: ['name'], values: ['SequelizeUniqueConstraintError'], fires: true },
      { path: ['name'], values: ['UniqueConstraint'], contains: true, fires: true },
      { path: ['errors', '0', 'validatorKey'], values: ['not_unique'], fires: true },
      { path: ['errors', '0', 'type'], values: ['unique violation'], fires: true },
      { path: ['message'], values: ['Validation error'], contains: true, fires: true },
      { path: ['message'], values: ['duplicate key', 'Duplicate entry', 'UNIQUE constraint failed'], contains: true, fires: false, why: 'Sequelize\'s message is `Validation error`; the driver\'s stands under `error.parent`' },
      { path: ['errors', '0', 'message'], values: ['must be unique'], contains: true, fires: 'unknown' },
      ...native,
    ],
    // `UniqueConstraintError` is for this alone, which its name says; these stand for other errors, too.
    classes: ['ValidationError', 'BaseError'],
    tells: [
      { path: ['fields'], what: 'columns', fires: true },
      { path: ['errors', '0', 'path'], what: 'columns', fires: true },
      { path: ['parent', 'constraint'], what: 'constraint', fires: postgres },
      { path: ['original', 'constraint'], what: 'constraint', fires: postgres },
      { path: ['parent', 'detail'], what: 'text', fires: postgres },
      { path: ['original', 'detail'], what: 'text', fires: postgres },
      { path: ['parent', 'message'], what: 'text', fires: true },
      { path: ['original', 'message'], what: 'text', fires: true },
    ],
  }, 'sequelize', 'nothing');
  made.set(key, violation);
  return violation;
}
