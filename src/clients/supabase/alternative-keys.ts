/**
 * One function for a row with several keys: each request is one statement, errors are returned. A look-up, an update by id, an insert,
 * none of which names a conflict target, so that a partial index can be asked for like any other.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation, Refusal } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import { literalText, member, partialTests } from '../common/alternative-keys.ts';
import { isRefused, refuseForm } from '../common/refusal.ts';
import type { AlternativeKeysForm, AlternativeKeysRequest, FormContext, PartialTest, WriteParts } from '../forms.ts';
import { chainOf } from './chain.ts';
import { rowSecurity } from './row-security.ts';

export function parts(write: Operation): WriteParts | Refusal {
  const shape = refuseForm('shape', 'The request is built up in several steps, which the rewrite does not take apart.');
  const start = write.detail?.['start'] as TSESTree.CallExpression | undefined;
  // An update that is finished elsewhere still stands where its values do.
  const verb = chainOf(write)?.verb.call ?? (write.verb === 'update' ? start : undefined);
  const callee = verb && unwrap(verb.callee);
  const from = callee?.type === 'MemberExpression' ? unwrap(callee.object) : undefined;
  const client = from?.type === 'CallExpression' ? unwrap(from.callee) : undefined;
  const [values, options] = verb?.arguments ?? [];
  if (!verb || client?.type !== 'MemberExpression' || !values || values.type === 'SpreadElement') return shape;
  if (client.property.type !== 'Identifier' || client.property.name !== 'from') return shape;
  if (write.detail?.['throws'] === true) return refuseForm('shape', '`.throwOnError()` is used here, and the function returns errors.');
  const odd = chainOf(write)?.rest.find(({ name }) => !/^(?:select|single|maybeSingle|eq|match|is|returns|overrideTypes)$/.test(name));
  if (odd && write.verb !== 'update') return refuseForm('shape', `\`.${odd.name}()\` cannot be carried over to the function.`);
  if (write.verb === 'insert' && options) return refuseForm('options', 'The insert has options, which the function does not have.');
  const single = write.detail?.['returning'] === true;
  if (single && write.detail?.['cardinality'] !== 'single' && write.detail?.['cardinality'] !== 'maybeSingle') return refuseForm('row-shape', 'The request gives back a list; read one row with `.select().single()`.');
  if (single && (write.detail?.['embedded'] as readonly unknown[] | undefined)?.length) return refuseForm('row-shape', 'The request gives back rows of other tables too.');
  return { handle: client.object, values, ...(write.conflict && { set: write.conflict.action === 'ignore' ? 'nothing' as const : 'row' as const }), gives: 'response' };
}

/** Written out in full: the function has a `row` of unknown shape where the client has no generated types. */
export function alternativeKeys(request: AlternativeKeysRequest, { dialect, quote, typescript }: FormContext): AlternativeKeysForm | Refusal {
  const { table, id, keys, columns } = request;
  const handleType = request.handleType?.annotated ? request.handleType : undefined;
  const security = rowSecurity(table, ['select', 'insert', 'update']);
  if (isRefused(security)) return security;
  if (table.schema !== undefined && table.schema !== 'public') return refuseForm('other-schema', `\`${table.name}\` lies in the schema \`${table.schema}\`, which the handle may have to be told.`);
  const partial = partialTests(request, dialect);
  if (isRefused(partial)) return partial;
  const text = (name: string): string => quote + name + quote;
  const from = `supabase.from(${text(table.dbName)})`;
  const select = `.select(${columns === undefined ? '' : text([...new Set([id, ...columns])].join(', '))})`;
  const find = new Map(keys.map(({ name, key }) => [name, `${from}${select}${key.columns.map((column) => `.eq(${text(column)}, ${member('row', column, quote)})`).join('')}${(partial.get(name) ?? []).map((one) => filter(one, quote)).join('')}.maybeSingle()`]));
  const database = typescript ? /^SupabaseClient<(\w+)>$/.exec(handleType?.text ?? '')?.[1] : undefined;
  const rows = database && `${database}[${text('public')}][${text('Tables')}][${text(table.dbName)}]`;
  return {
    kind: 'alternative-keys', id: 'supabase-alternative-keys', errors: 'returned',
    handle: { name: 'supabase', type: handleType?.text ?? 'SupabaseClient' },
    row: rows ? `${rows}[${text('Insert')}]` : 'Readonly<Record<string, any>>', values: rows ? `${rows}[${text('Update')}]` : 'Readonly<Record<string, any>>',
    imports: handleType?.imports ?? [{ name: 'SupabaseClient', from: '@supabase/supabase-js', type: true }],
    find, partial,
    update: `${from}.update(values).eq(${text(id)}, known.data.${id})${select}.maybeSingle()`,
    insert: `${from}.insert(row)${select}.single()`,
    violation: `error.code === ${text('23505')}`,
    requires: [security],
    changes: ['An error of a look-up is returned as the error, where the code had ignored it.'],
  };
}

function filter({ column, operator, value }: PartialTest, quote: string): string {
  const name = quote + column + quote;
  switch (operator) {
    case '=': return `.eq(${name}, ${literalText(value, quote)})`;
    case '!=': return `.neq(${name}, ${literalText(value, quote)})`;
    case 'is null': return `.is(${name}, null)`;
    case 'is not null': return `.not(${name}, ${quote}is${quote}, null)`;
  }
}
