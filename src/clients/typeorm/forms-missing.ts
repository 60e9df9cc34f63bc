/** Rows of a set that are inserted where they are missing: the same insert, ignoring conflicts. */
import type { Refusal } from '../../model.ts';
import type { FormContext, InsertMissingRequest, UpsertForm } from '../forms.ts';
import { callText, insertBuilder } from './call-text.ts';
import { enclosingStatement } from '../../source/syntax.ts';
import { refuseForm } from '../common/refusal.ts';
import { ID } from './handles.ts';

/** The caller has made sure that no other key can be violated: ON CONFLICT DO NOTHING has no target here. */
export function missingForm({ insert, table }: InsertMissingRequest, context: FormContext): UpsertForm | Refusal {
  const { dialect, version } = context;
  if (table.client !== ID) return refuseForm('schema-unknown', `\`${table.name}\` is declared elsewhere, so the properties of its entity are not known.`);
  if (!dialect) return refuseForm('dialect-unknown', 'Whether only conflicts are ignored depends on the database: name it in settings[\'db-race\'].dialect.');
  if (dialect === 'mysql') return refuseForm('no-form', 'On MySQL an insert that leaves rows alone ignores other errors as well.');
  const [effect] = table.sideEffects;
  if (effect !== undefined) return refuseForm('side-effects', `\`${table.name}\` has ${effect}, which runs also for rows that are left alone.`);
  const isolation = insert.transaction?.isolation;
  if (isolation !== undefined && isolation !== 'default' && isolation !== 'read committed') return refuseForm('isolation', 'At this isolation level the insert fails where it meets a row that the transaction\'s snapshot does not have.');
  const call = callText(insert, table, context);
  if ('kind' in call) return call;
  const statement = enclosingStatement(insert.node);
  if (statement.type !== 'ExpressionStatement') return refuseForm('expression', 'The inserted rows are used, and rows that were there already are not among them.');
  if (call.on === 'builder' || !call.values) return refuseForm('expression', 'The call has a shape that the rewrite does not know.');
  if (insert.verb !== 'insert') return refuseForm('save-by-id', '`save` may also update rows that are there.');
  if (call.values.type === 'Identifier' && context.usedAfter(call.values)) return refuseForm('read-later', `\`${context.text(call.values)}\` is used again, and would not have the ids of rows that were there.`);
  const major = version('typeorm');
  // The ids that SQLite reports for rows that were left alone are those of other rows.
  const plain = dialect === 'sqlite' && [...table.columns.values()].some((one) => one.default === 'generated-id') ? '.updateEntity(false)' : '';
  return {
    kind: 'form', id: 'typeorm-or-ignore', title: 'Insert the missing rows with `orIgnore()`',
    before: [], call: `${insertBuilder(call)}.values(${context.text(call.values)}).orIgnore()${plain}.execute()`, row: undefined,
    requires: [
      { id: 'dialect', text: `the database is ${dialect === 'postgres' ? 'Postgres' : 'SQLite'}`, state: 'proven' },
      { id: 'version', text: 'TypeORM is of version 0.3 or 1', state: major === 0 || major === 1 ? 'proven' : 'unknown' },
      { id: 'no-side-effects', text: `\`${table.name}\` has no listener or cascade`, state: table.complete ? 'proven' : 'unknown' },
    ],
    changes: ['Rows that are there by now are left as they are.'],
  };
}
