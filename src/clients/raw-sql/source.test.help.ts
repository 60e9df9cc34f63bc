/** For tests: what the operations of a text are, through the trace, with tables of a migration. */
import type { Operation, Predicate, Value } from '../../model.ts';
import type { Dialect } from '../../schema/model.ts';
import { catalogueOf, readSql } from '../../schema/index.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import { rawSql } from './index.ts';

const SCHEMA = 'create table users (id integer primary key, email text not null unique, name text, team_id integer not null, hits integer not null default 0);';

export function operationsOf(text: string, options: { readonly files?: Readonly<Record<string, string>>; readonly dialect?: Dialect } = {}): readonly Operation[] {
  const catalogue = catalogueOf([readSql([{ path: 'schema.sql', text: SCHEMA }], options.dialect)], []);
  const parsed = new Map(Object.entries(options.files ?? {}).map(([path, source]) => [path, parseSource(`${path}.ts`, source)]));
  const surroundings = { clients: [rawSql], catalogue, dialect: options.dialect, version: () => undefined, resolve: (binding: { readonly source: string }) => parsed.get(binding.source) };
  return traceFile(parseSource('case.ts', text), surroundings).flatMap((trace) => trace.operations);
}

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind);
export const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${one.column} ${one.operator} ${show(one.value)}`).join(' & ')).join(' | ') + (predicate!.complete ? '' : ' …');
/** One line for each operation: verb, table, condition or row, path of the rows or count, transaction. */
export const line = (one: Operation): string => [
  one.verb, one.table.name, one.predicate && where(one.predicate), one.rows?.map((row) => row.assignments.map((each) => `${each.column}=${show(each.value)}`).join()).join(';'),
  one.result.map((part) => `${part.is}@${part.path.join('.')}`).join(','), one.transaction && `in ${one.transaction.isolation}`,
].filter((part) => part !== undefined && part !== '').join(' / ');
