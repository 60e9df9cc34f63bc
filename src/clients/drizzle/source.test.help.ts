/** For tests: what the operations of a text are, through the trace, with tables in a module beside it. */
import type { Operation, Predicate, Value } from '../../model.ts';
import { catalogueOf } from '../../schema/index.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import { drizzle } from './index.ts';
import { tableSource } from './schema.ts';

export const SCHEMA = `import { pgTable, serial, text, integer, jsonb, uniqueIndex, unique, timestamp } from 'drizzle-orm/pg-core'; import { relations, sql } from 'drizzle-orm';
export const users = pgTable('app_users', { id: serial('id').primaryKey(), email: text('email').notNull().unique(), name: text('name'), nick: text('nick_name'), teamId: integer('team_id').notNull().references(() => teams.id), hits: integer('hits').notNull().default(0), data: jsonb('data'), updatedAt: timestamp('updated_at').$onUpdate(() => new Date()) },
  (t) => [uniqueIndex('users_nick').on(t.teamId, t.nick).where(sql\`\${t.nick} is not null\`)]);
export const teams = pgTable('teams', { id: serial('id').primaryKey(), slug: text('slug').notNull() }, (t) => ({ slugs: unique('team_slug').on(t.slug) }));
export const usersRelations = relations(users, ({ one, many }) => ({ team: one(teams, { fields: [users.teamId], references: [teams.id] }) }));
export const teamsRelations = relations(teams, ({ many }) => ({ users: many(users) }));
`;
export const DB = `import { drizzle } from 'drizzle-orm/node-postgres'; import * as schema from './schema'; export const db = drizzle(process.env.URL!, { schema }); export type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0];`;

export function operationsOf(text: string, options: { readonly files?: Readonly<Record<string, string>>; readonly version?: number } = {}): readonly Operation[] {
  const files: Readonly<Record<string, string>> = { './schema': SCHEMA, './db': DB, ...options.files };
  const catalogue = catalogueOf(tableSource.read(Object.entries(files).map(([path, source]) => ({ path: `${path}.ts`, text: source }))), []);
  const parsed = new Map(Object.entries(files).map(([path, source]) => [path, parseSource(`${path}.ts`, source)]));
  const surroundings = {
    clients: [drizzle], catalogue, dialect: catalogue.dialect, version: (name: string, part?: 'minor') => (name === 'drizzle-orm' ? (part ? options.version ?? 45 : 0) : undefined), resolve: (binding: { readonly source: string }) => parsed.get(binding.source),
  };
  return traceFile(parseSource('case.ts', text), surroundings).flatMap((trace) => trace.operations);
}

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind);
export const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}${one.conditional ? '?' : ''}`).join(' & ')).join(' | ') + (predicate!.complete ? '' : ' …');
