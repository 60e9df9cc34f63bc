/** For tests: what the operations of a text are, through the trace, with tables of migrations. */
import type { Operation, Predicate, Value } from '../../model.ts';
import { catalogueOf } from '../../schema/index.ts';
import type { Dialect } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import { kysely } from './index.ts';
import { schemaSource } from './schema.ts';

export const MIGRATION = `import { Kysely, sql } from 'kysely'; export async function up(db: Kysely<any>) {
  await db.schema.createTable('users').addColumn('id', 'uuid', (col) => col.primaryKey().defaultTo(sql\`gen_random_uuid()\`)).addColumn('email', 'varchar', (col) => col.notNull().unique()).addColumn('name', 'varchar').addColumn('team_id', 'uuid', (col) => col.references('teams.id').notNull()).addColumn('hits', 'integer', (col) => col.notNull().defaultTo(0)).addUniqueConstraint('users_team_name', ['team_id', 'name']).execute();
  await db.schema.createTable('teams').addColumn('id', 'uuid', (col) => col.primaryKey()).addColumn('slug', 'varchar').execute();
  await db.schema.createIndex('teams_slug').on('teams').columns(['slug']).unique().execute();
} export async function down(db: Kysely<any>) { await db.schema.dropTable('users').execute(); }`;
export const DB = `import { Kysely, PostgresDialect } from 'kysely'; export const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });`;

export function operationsOf(text: string, options: { readonly files?: Readonly<Record<string, string>>; readonly dialect?: Dialect; readonly installed?: boolean } = {}): readonly Operation[] {
  const files: Readonly<Record<string, string>> = { './db': DB, ...options.files };
  const catalogue = catalogueOf(schemaSource.read([{ path: 'migrations/1.ts', text: MIGRATION }]), []);
  const parsed = new Map(Object.entries(files).map(([path, source]) => [path, parseSource(`${path}.ts`, source)]));
  const surroundings = {
    clients: [kysely], catalogue, dialect: options.dialect, version: (name: string) => (name === 'kysely' && options.installed !== false ? 3 : undefined), resolve: (binding: { readonly source: string }) => parsed.get(binding.source),
  };
  return traceFile(parseSource('case.ts', text), surroundings).flatMap((trace) => trace.operations);
}

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind);
export const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}${one.conditional ? '?' : ''}`).join(' & ')).join(' | ') + (predicate!.complete ? '' : ' …');
