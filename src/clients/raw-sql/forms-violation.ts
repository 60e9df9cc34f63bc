/**
 * How a handler tells that exactly one key was violated. Postgres gives the constraint's name, under another property for each driver;
 * MySQL's text is not relied on.
 */
import type { Refusal, Requirement } from '../../model.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { isRefused, writtenBy } from './statement-text.ts';

export function violationForm({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const { quote, typescript } = context;
  // Its text stays as it is, wherever it stands.
  const written = writtenBy(write, 'insert', context);
  if (isRefused(written) && written.id !== 'text-elsewhere') return written;
  const dialect = context.dialect!;
  if (dialect === 'sqlite') return refusal('no-form', 'No form was proven through a driver for SQLite.');
  const property = (name: string): string => (typescript ? `(${error} as { ${name}?: unknown }).${name}` : `${error}?.${name}`);
  const isOnly = others !== 'unknown' && others.length === 0;
  let told = '';
  if (!isOnly) {
    const several = `Other unique keys of \`${table.name}\` can be violated as well`;
    if (dialect === 'mysql') return refusal('key-not-told', `${several}, and the error does not tell which it was.`);
    const name = key.name ?? (key.primary ? `${table.dbName}_pkey` : undefined);
    if (name === undefined) return refusal('key-not-told', `${several}, and this one has no name by which the error could tell it; give it one.`);
    const driver = write.violation?.tells.some((one) => one.path[0] === 'constraint_name' && one.fires === true);
    told = ` && ${property(driver ? 'constraint_name' : 'constraint')} === ${quote}${name}${quote}`;
  }
  const { callee } = write.node as { readonly callee?: { readonly type: string; readonly object?: never } };
  const handle = callee?.type === 'MemberExpression' && callee.object ? context.text(callee.object) : '';
  // What a function receives may be a connection with a transaction.
  const isReceived = dialect === 'postgres' && !write.transaction && /^[\w$]+$/.test(handle) && !/pool/i.test(handle) && context.imported(handle) === undefined;
  const requires: Requirement[] = [
    { id: 'dialect', text: `the database is ${dialect === 'mysql' ? 'MySQL' : 'Postgres'}`, state: 'proven' },
    told ? { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } : { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' },
  ];
  return {
    kind: 'form', id: `sql-violation-${dialect}`, test: `${property('code')} === ${quote}${dialect === 'mysql' ? 'ER_DUP_ENTRY' : '23505'}${quote}${told}`, requires,
    changes: isReceived ? ['Where it is called with a connection inside a transaction, the violation aborts that transaction.'] : [],
  };
}
