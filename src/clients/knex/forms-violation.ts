/**
 * How a handler tells that exactly one key was violated. Measured on 3.3: the driver's error passes through, with the statement put
 * before its message. Postgres gives the constraint's name, better-sqlite3 the column at the end of its message; MySQL's text is not
 * relied on.
 */
import type { Dialect, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { onDatabase } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { builderOf, chainOf } from './chain.ts';

export function violationForm({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const { dialect, quote } = context;
  if (!dialect) return refusal('dialect-unknown', 'How a violation shows depends on the database: name it in settings[\'db-race\'].dialect.');
  const chain = chainOf(write.node, context);
  if (!chain || !builderOf(write) || (write.verb !== 'insert' && write.verb !== 'update')) return refusal('shape', 'The write is no builder that is awaited where it stands.');
  const drivers = { better: context.version('better-sqlite3') !== undefined, other: context.version('sqlite3') !== undefined };
  if (dialect === 'sqlite' && drivers.other) return refusal('no-form', 'How the driver `sqlite3` tells a violation was not measured.');
  const isOnly = others !== 'unknown' && others.length === 0;
  const told = isOnly ? '' : keyTest(table, key, error, context);
  if (typeof told !== 'string') return told;
  // What a function receives may be a transaction's handle.
  const isReceived = dialect === 'postgres' && !write.transaction && /^[\w$]+$/.test(chain.handle) && context.imported(chain.handle) === undefined;
  const requires: Requirement[] = [
    onDatabase(dialect),
    ...(dialect === 'sqlite' && !drivers.better ? [{ id: 'driver', text: 'the driver is better-sqlite3', state: 'unknown' } as const] : []),
    told ? { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } : { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' },
  ];
  return {
    kind: 'form', id: `knex-violation-${dialect}`, test: `${property(error, 'code', 'unknown', context)} === ${quote}${codeOf(dialect, key)}${quote}${told && ` && ${told}`}`, requires,
    changes: isReceived ? ['Where it is called with a handle of a Postgres transaction, the violation aborts that transaction.'] : [],
  };
}

const property = (error: string, name: string, type: string, { typescript }: FormContext): string => (typescript ? `(${error} as { ${name}?: ${type} }).${name}` : `${error}?.${name}`);

function codeOf(dialect: Dialect, key: UniqueKey): string {
  if (dialect === 'postgres') return '23505';
  return dialect === 'mysql' ? 'ER_DUP_ENTRY' : `SQLITE_CONSTRAINT_${key.primary ? 'PRIMARYKEY' : 'UNIQUE'}`;
}

function keyTest(table: Table, key: UniqueKey, error: string, context: FormContext): string | Refusal {
  const { dialect, quote } = context;
  const several = `Other unique keys of \`${table.name}\` can be violated as well`;
  if (dialect === 'postgres') {
    const name = key.name ?? (key.primary && key.columns.length === 1 ? `${table.dbName}_pkey` : undefined);
    return name === undefined ? refusal('key-not-told', `${several}, and this one has no name by which the error could tell it; give it one.`) : `${property(error, 'constraint', 'unknown', context)} === ${quote}${name}${quote}`;
  }
  const [column] = key.columns;
  if (dialect === 'sqlite' && key.columns.length === 1) return `${property(error, 'message', 'string', context)}?.endsWith(${quote}: ${table.dbName}.${table.columns.get(column!)?.dbName ?? column}${quote})`;
  return refusal('key-not-told', `${several}, and the error does not tell which it was.`);
}
