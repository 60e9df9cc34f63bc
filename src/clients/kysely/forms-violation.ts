/**
 * How a handler tells that exactly one key was violated. Kysely leaves the driver's error as it is. Postgres gives the constraint's name,
 * SQLite the column at the end of its message; MySQL's text is not relied on.
 */
import type { Dialect, Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { onDatabase } from '../common/forms.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { refusal, stepsOf } from './chain.ts';

export function violationForm({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const { dialect, quote, typescript } = context;
  if (!dialect) return refusal('dialect-unknown', 'How a violation shows depends on the database: name it in settings[\'db-race\'].dialect.');
  const steps = stepsOf(write.node);
  const start = steps.get(write.verb === 'update' ? 'updateTable' : 'insertInto');
  if ((write.verb !== 'insert' && write.verb !== 'update') || !start || ![...steps.keys()].some((one) => one.startsWith('execute'))) return refusal('shape', 'The write is no builder that is executed where it stands.');
  const property = (name: string, type: string): string => (typescript ? `(${error} as { ${name}?: ${type} }).${name}` : `${error}?.${name}`);
  const isOnly = others !== 'unknown' && others.length === 0;
  const told = isOnly ? '' : keyTest(dialect, table, key, property, quote);
  if (typeof told !== 'string') return told;
  const handle = start.callee.type === 'MemberExpression' ? context.text(start.callee.object) : '';
  // What a function receives may be a transaction's handle.
  const isReceived = dialect === 'postgres' && !write.transaction && /^[\w$]+$/.test(handle) && context.imported(handle) === undefined;
  const isKnown = dialect !== 'sqlite' || context.version('better-sqlite3') !== undefined;
  const requires: Requirement[] = [
    onDatabase(dialect),
    ...(isKnown ? [] : [{ id: 'driver', text: 'the driver is better-sqlite3', state: 'unknown' } as const]),
    told ? { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } : { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' },
  ];
  return {
    kind: 'form', id: `kysely-violation-${dialect}`, test: `${property('code', 'unknown')} === ${quote}${codeOf(dialect, key)}${quote}${told && ` && ${told}`}`, requires,
    changes: isReceived ? ['Where it is called with a handle of a Postgres transaction, the violation aborts that transaction.'] : [],
  };
}

function codeOf(dialect: Dialect, key: UniqueKey): string {
  if (dialect === 'postgres') return '23505';
  return dialect === 'mysql' ? 'ER_DUP_ENTRY' : `SQLITE_CONSTRAINT_${key.primary ? 'PRIMARYKEY' : 'UNIQUE'}`;
}

function keyTest(dialect: Dialect, table: Table, key: UniqueKey, property: (name: string, type: string) => string, quote: string): string | Refusal {
  const several = `Other unique keys of \`${table.name}\` can be violated as well`;
  if (dialect === 'postgres') {
    const name = key.name ?? (key.primary ? `${table.dbName}_pkey` : undefined);
    return name === undefined ? refusal('key-not-told', `${several}, and this one has no name by which the error could tell it; give it one.`) : `${property('constraint', 'unknown')} === ${quote}${name}${quote}`;
  }
  const [column] = key.columns;
  if (dialect === 'sqlite' && key.columns.length === 1) return `${property('message', 'string')}?.endsWith(${quote}: ${table.dbName}.${table.columns.get(column!)?.dbName ?? column}${quote})`;
  return refusal('key-not-told', `${several}, and the error does not tell which it was.`);
}
