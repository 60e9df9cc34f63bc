/**
 * How a handler tells that exactly one key was violated. Measured on 0.45: what Postgres and MySQL say stands under `cause`, what
 * better-sqlite3 throws passes through. Postgres gives the constraint's name, SQLite the column at the end of its message; MySQL's text
 * is not relied on.
 */
import type { Dialect, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { onDatabase } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { builderOf, stepsOf } from './chain.ts';
import { isWrapped, wrapsErrors } from './violation.ts';

export function violationForm({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const { dialect, quote, typescript } = context;
  if (!dialect) return refusal('dialect-unknown', 'How a violation shows depends on the database: name it in settings[\'db-race\'].dialect.');
  const builder = builderOf(write);
  const start = stepsOf(write.node).get(write.verb);
  // `.run()` and `.get()` of a synchronous driver give no promise that could be caught.
  if (!builder || !start || builder.terminal !== undefined || (write.verb !== 'insert' && write.verb !== 'update')) return refusal('shape', 'The write is no builder that is awaited where it stands.');
  if (dialect === 'sqlite' && builder.driver !== undefined && builder.driver !== 'better-sqlite3') return refusal('no-form', 'How this driver for SQLite tells a violation was not measured.');
  const wraps = isWrapped(dialect, dialect === 'sqlite' ? 'better-sqlite3' : builder.driver, wrapsErrors((name, part) => context.version(name, part)));
  if (wraps === 'unknown') return refusal('version-unknown', 'Whether the library wraps the driver\'s error depends on its version, which the package.json does not tell.');
  const at = wraps ? ['cause'] : [];
  const property = (name: string, type: string): string => {
    const path = [...at, name];
    if (!typescript) return `${error}?.${path.join('?.')}`;
    return `(${error} as ${path.reduceRight((inner, part) => `{ ${part}?: ${inner} }`, type)}).${path.join('?.')}`;
  };
  const isOnly = others !== 'unknown' && others.length === 0;
  const told = isOnly ? '' : keyTest(table, key, property, { dialect, quote, driver: builder.driver });
  if (typeof told !== 'string') return told;
  const handle = start.callee.type === 'MemberExpression' ? context.text(start.callee.object) : '';
  // What a function receives may be a transaction's handle.
  const isReceived = dialect === 'postgres' && !write.transaction && /^[\w$]+$/.test(handle) && context.imported(handle) === undefined;
  const requires: Requirement[] = [
    onDatabase(dialect),
    ...(dialect === 'sqlite' && builder.driver === undefined ? [{ id: 'driver', text: 'the driver is better-sqlite3', state: 'unknown' } as const] : []),
    told ? { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } : { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' },
  ];
  return {
    kind: 'form', id: `drizzle-violation-${dialect}`, test: `${property('code', 'unknown')} === ${quote}${codeOf(dialect, key)}${quote}${told && ` && ${told}`}`, requires,
    changes: isReceived ? ['Where it is called with a handle of a Postgres transaction, the violation aborts that transaction.'] : [],
  };
}

function codeOf(dialect: Dialect, key: UniqueKey): string {
  if (dialect === 'postgres') return '23505';
  return dialect === 'mysql' ? 'ER_DUP_ENTRY' : `SQLITE_CONSTRAINT_${key.primary ? 'PRIMARYKEY' : 'UNIQUE'}`;
}

interface Database { readonly dialect: Dialect; readonly quote: string; readonly driver: string | undefined }

function keyTest(table: Table, key: UniqueKey, property: (name: string, type: string) => string, { dialect, quote, driver }: Database): string | Refusal {
  const several = `Other unique keys of \`${table.name}\` can be violated as well`;
  if (dialect === 'postgres') {
    if (driver !== undefined && driver !== 'node-postgres') return refusal('key-not-told', `${several}, and how this driver tells which it was, was not measured.`);
    const name = key.name ?? (key.primary && key.columns.length === 1 ? `${table.dbName}_pkey` : undefined);
    return name === undefined ? refusal('key-not-told', `${several}, and this one has no name by which the error could tell it; give it one.`) : `${property('constraint', 'unknown')} === ${quote}${name}${quote}`;
  }
  const [column] = key.columns;
  if (dialect === 'sqlite' && key.columns.length === 1 && !table.namesUnknown) return `${property('message', 'string')}?.endsWith(${quote}: ${table.dbName}.${table.columns.get(column!)?.dbName ?? column}${quote})`;
  return refusal('key-not-told', `${several}, and the error does not tell which it was.`);
}
