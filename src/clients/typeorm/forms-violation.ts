/**
 * How a handler tells that exactly one key was violated: Postgres gives the constraint's name, SQLite the columns at the end of its
 * message, MySQL the key's name inside a text, which is not relied on.
 */
import type { Refusal, Requirement } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { refuseForm } from '../common/refusal.ts';
import { callText } from './call-text.ts';

export function violationForm({ write, updates, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const { dialect, quote, typescript } = context;
  if (!dialect) return refuseForm('dialect-unknown', 'How a violation shows depends on the database: name it in settings[\'db-race\'].dialect.');
  if (write.verb !== 'insert' && !updates) return refuseForm('save-may-update', '`save` updates a row that is there instead of failing.');
  if (dialect === 'sqlite' && write.verb === 'save') return refuseForm('no-form', 'On SQLite a `save`, which opens a transaction of its own, was not proven: two of them can also meet a locked database.');
  const generated = [...table.columns.values()].find((one) => one.default === 'generated-id');
  if (dialect === 'mysql' && generated && !updates) return refuseForm('mysql-generated-id', `On MySQL no form for \`${table.name}\`, whose \`${generated.name}\` is generated, was proven yet.`);
  const isOnly = others !== 'unknown' && others.length === 0;
  const known = context.imported('QueryFailedError');
  // What an instance of QueryFailedError carries of its driver's error is not typed.
  const property = (name: string): string => (known ? `${error}.driverError.${name}` : typescript ? `(${error} as { ${name}?: ${name === 'message' ? 'string' : 'unknown'} } | null)?.${name}` : `${error}?.${name}`);
  const tells = isOnly ? undefined : keyTest(dialect, table, key, property, quote);
  if (tells && typeof tells !== 'string') return tells;
  const code = codeTest(dialect, key, property, context);
  const tests = [...(known ? [`${error} instanceof ${known}`] : []), ...(code ? [code] : []), ...(tells ? [tells] : [])];
  const call = callText(write, table, context);
  const handle = 'kind' in call ? '' : call.receiver;
  // A field is made with its class, outside of any transaction; what a function receives may be a transaction's.
  const isReceived = dialect === 'postgres' && !write.transaction && !handle.startsWith('this.');
  const isBorrowed = isReceived && write.detail?.['borrowed'] === true;
  const requires: Requirement[] = [
    ...(isBorrowed ? [{ id: 'no-transaction', text: `\`${handle}\` is not a transaction's, which the violation would abort`, state: 'unknown' } as const] : []),
    { id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : dialect === 'mysql' ? 'MySQL' : 'SQLite'}`, state: 'proven' },
    ...(tells ? [{ id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } as const] : [{ id: 'only-key', text: 'no other unique key can be violated', state: 'proven' } as const]),
  ];
  return { kind: 'form', id: `typeorm-violation-${dialect}`, test: tests.join(' && '), requires, changes: isReceived && !isBorrowed ? ['Where it is called with a handle of a Postgres transaction, the violation aborts that transaction.'] : [], savepoint: (call) => nested({ write, table }, call, context) };
}

function codeTest(dialect: NonNullable<FormContext['dialect']>, key: UniqueKey, property: (name: string) => string, { quote, version }: FormContext): string {
  if (dialect === 'postgres') return `${property('code')} === ${quote}23505${quote}`;
  if (dialect === 'mysql') return `${property('code')} === ${quote}ER_DUP_ENTRY${quote}`;
  if (version('better-sqlite3') !== undefined) return `${property('code')} === ${quote}SQLITE_CONSTRAINT_${key.primary ? 'PRIMARYKEY' : 'UNIQUE'}${quote}`;
  // The other drivers for SQLite have one code for all constraints.
  return `${property('message')}?.includes(${quote}UNIQUE constraint failed${quote})`;
}

function keyTest(dialect: NonNullable<FormContext['dialect']>, table: Table, key: UniqueKey, property: (name: string) => string, quote: string): string | Refusal {
  const several = `Other unique keys of \`${table.name}\` can be violated as well`;
  if (dialect === 'postgres') {
    if (key.name === undefined) return refuseForm('key-not-told', `${several}, and this one has no name by which the error could tell it; give it one.`);
    return `${property('constraint')} === ${quote}${key.name}${quote}`;
  }
  const [column] = key.columns;
  if (dialect === 'sqlite' && key.columns.length === 1 && !table.namesUnknown) return `${property('message')}?.endsWith(${quote}: ${table.dbName}.${table.columns.get(column!)?.dbName ?? column}${quote})`;
  return refuseForm('key-not-told', `${several}, and the error does not tell which it was.`);
}

/** `manager.transaction((inner) => inner.insert(…))`: a savepoint, after whose end the outer transaction goes on. */
function nested({ write, table }: Pick<ViolationRequest, 'write' | 'table'>, call: string, context: FormContext): string | undefined {
  const text = callText(write, table, context);
  if ('kind' in text || text.on !== 'manager' || !call.startsWith(`${text.receiver}.`)) return undefined;
  const inner = context.fresh('nested');
  return `${text.receiver}.transaction((${inner}) => ${inner}${call.slice(text.receiver.length)})`;
}
