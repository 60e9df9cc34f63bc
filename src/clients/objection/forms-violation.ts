/**
 * How a handler tells that exactly one key was violated. Measured on 3.1.5: the library wraps the driver's error on Postgres and MySQL, and
 * names the constraint; better-sqlite3's error passes through, with the statement in front of its message.
 */
import type { Refusal, Requirement } from '../../model.ts';
import { onDatabase } from '../common/forms.ts';
import { refuseForm as refusal } from '../common/refusal.ts';
import type { FormContext, ViolationForm, ViolationRequest } from '../forms.ts';
import { chainOf, givenTo, plainModel } from './chain.ts';

const INSERTING: ReadonlySet<string> = new Set(['insert', 'insertAndFetch', 'returning']);
const UPDATING: ReadonlySet<string> = new Set(['patch', 'update', 'patchAndFetch', 'updateAndFetch', 'patchAndFetchById', 'updateAndFetchById', 'returning']);

export function violationForm({ write, table, key, others, error }: ViolationRequest, context: FormContext): ViolationForm | Refusal {
  const { dialect, quote } = context;
  if (!dialect) return refusal('dialect-unknown', 'How a violation shows depends on the database: name it in settings[\'db-race\'].dialect.');
  const version = context.version('objection');
  if (version !== undefined && version < 3) return refusal('version', 'Violations were measured with Objection 3.');
  const isInsert = write.verb === 'insert';
  const chain = chainOf(write, isInsert ? INSERTING : UPDATING);
  if (!chain || (!isInsert && write.verb !== 'update')) return refusal('shape', `The ${isInsert ? 'insert' : 'update'} is no query that is awaited where it stands.`);
  if (chain.own.related === 'other') return refusal('relation', 'What else a write through this relation writes is not known here.');
  const hooks = isInsert ? plainModel(chain, ['insert', 'find', 'values'], 'an insert that meets the row') : plainModel(chain, ['update', 'find', 'values'], 'an update that meets another row');
  if (hooks) return hooks;
  if (dialect === 'sqlite' && context.version('better-sqlite3') === undefined) return refusal('no-form', 'How another driver than better-sqlite3 tells a violation was not measured.');
  const isOnly = others !== 'unknown' && others.length === 0;
  const imported = context.importing(['UniqueViolationError'], 'objection');
  const known = imported && !imported.edits.length ? imported.names[0] : undefined;
  const property = (name: string, type: string): string => (known && dialect !== 'sqlite' ? `${error}.${name}` : context.typescript ? `(${error} as { ${name}?: ${type} }).${name}` : `${error}?.${name}`);
  const told = isOnly ? '' : keyTest();
  if (typeof told !== 'string') return told;
  const test = dialect === 'sqlite' ? `${property('code', 'unknown')} === ${quote}SQLITE_CONSTRAINT_${key.primary ? 'PRIMARYKEY' : 'UNIQUE'}${quote}`
    : known ? `${error} instanceof ${known}` : `${property('name', 'unknown')} === ${quote}UniqueViolationError${quote}`;
  const given = givenTo(chain, context);
  const requires: Requirement[] = [
    onDatabase(dialect),
    { id: 'version', text: 'Objection is of version 3', state: version === 3 ? 'proven' : 'unknown' },
    told ? { id: 'key-told', text: 'the error tells which key was violated', state: 'proven' } : { id: 'only-key', text: 'no other unique key can be violated', state: 'proven' },
  ];
  return {
    kind: 'form', id: `objection-violation-${dialect}`, test: `${test}${told && ` && ${told}`}`, requires,
    // What a function receives may be a transaction's handle.
    changes: dialect === 'postgres' && !write.transaction && given !== '' ? ['Where it is given a Postgres transaction, the violation aborts that transaction.'] : [],
    savepoint: (call) => {
      const [only] = chain.root.arguments;
      if (chain.method !== 'query' || only?.type !== 'Identifier' || chain.root.arguments.length !== 1) return undefined;
      const inner = context.fresh('nested');
      const at = only.range[0] - write.node.range[0];
      return `${context.text(chain.root.callee.object)}.transaction(${only.name}, async (${inner}) => ${call.slice(0, at)}${inner}${call.slice(at + only.name.length)})`;
    },
  };

  function keyTest(): string | Refusal {
    const several = `Other unique keys of \`${table.name}\` can be violated as well`;
    if (dialect === 'postgres') {
      const name = key.name ?? (key.primary && key.columns.length === 1 ? `${table.dbName}_pkey` : undefined);
      return name === undefined ? refusal('key-not-told', `${several}, and this one has no name by which the error could tell it; give it one.`) : `${property('constraint', 'unknown')} === ${quote}${name}${quote}`;
    }
    const [column] = key.columns;
    if (dialect === 'sqlite' && key.columns.length === 1) return `${property('message', 'string')}?.endsWith(${quote}: ${table.dbName}.${table.columns.get(column!)?.dbName ?? column}${quote})`;
    return refusal('key-not-told', `${several}, and the error does not tell which it was.`);
  }
}
