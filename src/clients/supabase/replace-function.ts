/** The database function that replaces a set in one transaction, with the call that takes the place of delete and insert. */
import type { Table } from '../../schema/model.ts';
import { isRefused } from '../common/refusal.ts';
import type { ReplaceSetRequest } from '../forms.ts';

const identifier = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);
const qualified = (table: Table): string => `${identifier(table.schema ?? 'public')}.${identifier(table.dbName)}`;
const parameter = (column: string): string => `p_${column.replace(/\W/g, '_').toLowerCase()}`;

/** SQL for a migration. The owner's row is locked where no policy can hide it from the lock, else the owner's value. */
export function replaceFunction({ table, scope, key, payload, parent }: Pick<ReplaceSetRequest, 'table' | 'scope' | 'key' | 'payload' | 'parent'>): string {
  const scoped = [...scope.keys()];
  const own = isRefused(key) ? [] : [key.element];
  const listed = [...own, ...(payload ?? [])];
  const type = (column: string): string => table.columns.get(column)?.type ?? 'text';
  const name = `${identifier(table.schema ?? 'public')}.${identifier(`replace_${table.dbName}`)}`;
  const parameters = [...scoped.map((one) => `${parameter(one)} ${type(one)}`), ...listed.map((one) => `${parameter(one)} ${type(one)}[]`)];
  const where = scoped.map((one) => `${identifier(one)} = ${parameter(one)}`).join(' and ');
  const columns = [...scoped, ...listed].map(identifier).join(', ');
  const wanted = listed.map((_, index) => `w${index + 1}`);
  const owner = parent && scoped.length === 1 && parent.table.rowSecurity?.enabled !== true ? parent : undefined;
  const lock = owner
    ? `  perform 1 from ${qualified(owner.table)} where ${identifier(owner.column)} = ${parameter(scoped[0]!)} for update;`
    : `  perform pg_advisory_xact_lock(hashtextextended('${table.dbName}:' || ${scoped.map((one) => `${parameter(one)}::text`).join(` || ',' || `)}, 0));`;
  return [
    `create function ${name}(${parameters.join(', ')})`,
    'returns void language plpgsql as $$',
    'begin',
    lock,
    `  delete from ${qualified(table)} where ${where};`,
    `  insert into ${qualified(table)} (${columns})`,
    `  select ${[...scoped.map(parameter), ...wanted].join(', ')} from unnest(${listed.map(parameter).join(', ')}) as wanted (${wanted.join(', ')});`,
    'end;',
    '$$;',
    `-- .rpc('replace_${table.dbName}', { ${[...scoped, ...listed].map(parameter).join(', ')} })`,
  ].join('\n');
}
