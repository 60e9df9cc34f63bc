import { describe, expect, it } from 'vitest';
import { tableSource } from './schema.ts';
import { operationsOf, where } from './source.test.help.ts';

const HEAD = `import { db, type Tx } from './db'; import { users, teams } from './schema'; import { eq, and, or, not, inArray, isNull, ilike, desc, count, max, sql } from 'drizzle-orm';`;
const all = (body: string) => operationsOf(`${HEAD} export async function run(email, id, ids, name, input) { ${body} }`);
const only = (body: string) => { const found = all(body); expect(found).toHaveLength(1); return found[0]!; };

describe('reads', () => {
  it('reads select chains', () => {
    const one = only('const [row] = await db.select().from(users).where(eq(users.email, email)).limit(1);');
    expect(one).toMatchObject({ verb: 'find', many: false, table: { name: 'users', table: { dbName: 'app_users' } }, label: 'db.select', dialect: 'postgres', evidence: 'declaration', result: [{ path: [], is: 'rows' }] });
    expect(where(one.predicate)).toBe('email = email');
    expect(where(only('await db.select({ id: users.id }).from(users).where(and(eq(users.teamId, id), or(eq(users.email, email), isNull(users.name))));').predicate)).toBe('teamId = id & email = email | teamId = id & name is null null');
    expect(where(only('await db.select().from(users).where(not(inArray(users.id, ids)));').predicate)).toBe('id not in ids');
    expect(only('await db.select().from(users).orderBy(desc(users.hits)).limit(1);')).toMatchObject({ order: [{ column: 'hits', descending: true }], many: false });
  });

  it('keeps conditions that are built up', () => {
    expect(where(only('const list = [eq(users.email, email)]; await db.select().from(users).where(and(...list));').predicate)).toBe('email = email');
    expect(where(only('await db.select().from(users).where(and(eq(users.email, email), name ? eq(users.name, name) : undefined));').predicate)).toBe('email = email & name = name?');
    expect(where(only('const q = db.select().from(users).$dynamic(); q.where(eq(users.email, email)); await q;').predicate)).toBe('email = email');
    expect(where(only('await db.select().from(users).where(undefined);').predicate)).toBe('');
  });

  it('reads conditions in SQL', () => {
    expect(where(only('await db.select().from(users).where(sql`${users.email} = ${email} and ${users.hits} > 3`);').predicate)).toBe('email = email & hits > 3');
    expect(where(only('await db.select().from(users).where(sql`lower(${users.email}) = ${email}`);').predicate)).toBe('email like email');
    expect(where(only('await db.select().from(users).where(eq(sql`lower(${users.email})`, email));').predicate)).toBe('email like email');
  });

  it('reads joins as narrower than what is asked of the table', () => {
    expect(where(only('await db.select().from(users).innerJoin(teams, eq(users.teamId, teams.id)).where(eq(teams.slug, name));').predicate)).toBe('teams.slug = name …');
    expect(where(only('await db.select().from(users).leftJoin(teams, eq(users.teamId, teams.id)).where(eq(users.email, email));').predicate)).toBe('email = email');
  });

  it('reads relational queries', () => {
    const one = only('await db.query.users.findFirst({ where: eq(users.email, email), columns: { id: true } });');
    expect(one).toMatchObject({ verb: 'find', many: false, columns: ['id'], result: [{ path: [], is: 'row', miss: 'undefined' }] });
    expect(where(only('await db.query.users.findFirst({ where: (u, { eq, and }) => and(eq(u.email, email), eq(u.teamId, id)) });').predicate)).toBe('email = email & teamId = id');
    expect(where(only('await db.query.users.findMany({ where: (u, ops) => ops.eq(u.email, email), with: { team: true } });').predicate)).toBe('email = email');
    const nested = only('await db.query.teams.findFirst({ where: eq(teams.id, id), with: { users: { where: eq(users.email, email) } } });');
    expect(nested.includes).toEqual(['users']);
    expect(where(nested.included!['users'])).toBe('email = email');
    expect(where(only('await db.query.users.findFirst({ where: { email, hits: { gt: 3 } } });').predicate)).toBe('email = email & hits > 3');
  });

  it('counts', () => {
    expect(only('const n = await db.$count(users, eq(users.teamId, id));')).toMatchObject({ verb: 'count', result: [{ path: [], is: 'count', numeric: 'number' }] });
    expect(only('const [{ n }] = await db.select({ n: count() }).from(users).where(eq(users.teamId, id));')).toMatchObject({ verb: 'count', result: [{ path: ['0', 'n'], is: 'count' }] });
    expect(only('await db.select({ n: sql<number>`count(*)::int` }).from(users);')).toMatchObject({ verb: 'count' });
    expect(only('await db.select({ n: max(users.hits) }).from(users);')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ path: ['0', 'n'], is: 'scalar' }] });
    expect(only('await db.select({ n: sql`coalesce(max(${users.hits}), 0) + 1` }).from(users);')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' } });
  });

  it('fills prepared statements', () => {
    const found = only(`const byEmail = db.select().from(users).where(eq(users.email, sql.placeholder('email'))).prepare('by_email'); await byEmail.execute({ email: name });`);
    expect(where(found.predicate)).toBe('email = name');
  });
});

describe('writes', () => {
  it('reads inserts', () => {
    expect(only('await db.insert(users).values({ email, name }).returning();')).toMatchObject({ verb: 'insert', many: false, rows: [{ assignments: [{ column: 'email' }, { column: 'name' }] }], result: [{ path: [], is: 'rows' }, { path: ['0'], is: 'written' }] });
    expect(only('await db.insert(users).values(ids.map((one) => ({ email: one })));')).toMatchObject({ verb: 'insert', many: true, rows: [{ assignments: [{ column: 'email' }] }] });
    expect(only('await db.insert(users).values({ ...input, email });')).toMatchObject({ rows: [{ spreads: [{}], assignments: [{ column: 'email' }] }] });
  });

  it('sends nothing that is not awaited', () => {
    expect(all('const query = db.insert(users).values({ email });')).toEqual([]);
    expect(all('const start = db.insert(users); await start.values({ email });')).toHaveLength(1);
    expect(all('return db.insert(users).values({ email });')).toHaveLength(1);
  });

  it('reads conflict clauses', () => {
    expect(only('await db.insert(users).values({ email, name }).onConflictDoNothing();')).toMatchObject({ verb: 'upsert', conflict: { action: 'ignore', target: undefined, atomic: true } });
    expect(only('await db.insert(users).values({ email, name }).onConflictDoUpdate({ target: users.email, set: { name, hits: sql`${users.hits} + 1` } });'))
      .toMatchObject({ verb: 'upsert', conflict: { action: 'update', target: ['email'], update: { assignments: [{ column: 'name', how: 'set' }, { column: 'hits', how: 'atomic' }] } } });
    expect(only('await db.insert(users).values({ teamId: id, nick: name }).onConflictDoUpdate({ target: [users.teamId, users.nick], set: { nick: sql`excluded.nick` } });')).toMatchObject({ conflict: { target: ['teamId', 'nick'], update: { assignments: [{ column: 'nick', how: 'set', value: { name: 'name' } }] } } });
    expect(only('await db.insert(users).values({ email }).onDuplicateKeyUpdate({ set: { email } });')).toMatchObject({ conflict: { action: 'update', target: undefined } });
  });

  it('reads updates and deletes', () => {
    expect(only('await db.update(users).set({ hits: sql`${users.hits} + 1`, name }).where(eq(users.id, id));')).toMatchObject({ verb: 'update', many: false, miss: 'count', rows: [{ assignments: [{ column: 'hits', how: 'atomic' }, { column: 'name', how: 'set' }] }] });
    expect(only('const [row] = await db.update(users).set({ name: undefined, hits: 1 }).where(eq(users.email, email)).returning();')).toMatchObject({ rows: [{ assignments: [{ column: 'hits' }] }], result: [{ path: [], is: 'rows' }, { path: ['0'], is: 'written' }] });
    const gone = only('await db.delete(users).where(and(eq(users.teamId, id), eq(users.email, email)));');
    expect(gone).toMatchObject({ verb: 'delete', many: false });
    expect(where(gone.predicate)).toBe('teamId = id & email = email');
    expect(only('await db.delete(users);')).toMatchObject({ verb: 'delete', many: true, predicate: { arms: [], complete: true } });
  });
});

describe('transactions, locks, raw SQL', () => {
  it('knows what runs on the handle of a transaction', () => {
    const found = all(`await db.transaction(async (tx) => { await tx.select().from(users).where(eq(users.id, id)).for('update'); await db.insert(users).values({ email }); await tx.transaction(async (inner) => inner.delete(users)); }, { isolationLevel: 'serializable' });`);
    expect(found.map((one) => [one.verb, one.lock, one.transaction?.isolation, one.transaction?.parent?.isolation])).toEqual([['find', 'update', 'serializable', undefined], ['insert', undefined, undefined, undefined], ['delete', undefined, 'default', 'serializable']]);
  });

  it('tells a lock that no transaction is seen to hold', () => {
    expect(only(`await db.select().from(users).where(eq(users.id, id)).for('update');`)).toMatchObject({ lock: 'update', transaction: undefined });
  });

  it('runs batches as one', () => {
    const found = all('await db.batch([db.delete(users).where(eq(users.teamId, id)), db.insert(users).values({ email })]);');
    expect(found.map((one) => [one.verb, one.transaction?.form])).toEqual([['delete', 'batch'], ['insert', 'batch']]);
    expect(new Set(found.map((one) => one.transaction))).toHaveLength(1);
  });

  it('reads statements', () => {
    expect(where(only('await db.execute(sql`select * from ${users} where ${users.email} = ${email}`);').predicate)).toBe('email = email');
    expect(only('await db.execute(sql`insert into app_users (email, nick_name) values (${email}, ${name}) on conflict do nothing`);')).toMatchObject({ verb: 'upsert', table: { name: 'users' }, rows: [{ assignments: [{ column: 'email' }, { column: 'nick' }] }] });
    expect(only('await db.transaction(async (tx) => { await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${email}))`); });')).toMatchObject({ verb: 'lock', lock: 'advisory' });
    expect(where(only(`await db.execute(sql.raw("select * from teams where slug = 'x'"));`).predicate)).toBe('slug = "x"');
  });

  it('runs synchronous drivers on the spot', () => {
    const files = { './db': `import Database from 'better-sqlite3'; import { drizzle } from 'drizzle-orm/better-sqlite3'; export const db = drizzle(new Database('x'));` };
    const body = (text: string) => operationsOf(`${HEAD} export async function run(email) { ${text} }`, { files });
    expect(body('const row = db.select().from(users).where(eq(users.email, email)).get(); if (!row) db.insert(users).values({ email }).run();').map((one) => [one.verb, one.synchronous, one.dialect])).toEqual([['find', true, 'sqlite'], ['insert', true, 'sqlite']]);
    expect(body('await db.insert(users).values({ email });')[0]!.synchronous).toBeUndefined();
  });
});

describe('unique violations', () => {
  const fires = (version: number, path: string) => operationsOf(`${HEAD} export async function run(email) { await db.insert(users).values({ email }); }`, { version })[0]!.violation!.tests.find((one) => one.path.join('.') === path && one.values.includes('23505'))!.fires;
  it('stand under the cause since 0.44', () => {
    expect([fires(43, 'code'), fires(43, 'cause.code')]).toEqual([true, false]);
    expect([fires(45, 'code'), fires(45, 'cause.code')]).toEqual([false, true]);
  });
});

describe('recognition', () => {
  it('knows parameters by their type', () => {
    const types = ['Tx', `import('x')`, 'NodePgDatabase', 'PgTransaction<any, any, any>', 'NodePgDatabase | PgTransaction<any, any, any>'];
    const found = types.map((type) => operationsOf(`${HEAD} import type { NodePgDatabase } from 'drizzle-orm/node-postgres'; import type { PgTransaction } from 'drizzle-orm/pg-core'; export async function run(handle: ${type}, email: string) { await handle.insert(teams).values({ slug: email }); }`)[0]?.evidence);
    expect(found).toEqual(['declaration', 'declaration', 'declaration', 'declaration', 'declaration']);
  });

  it('knows fields that are injected', () => {
    expect(operationsOf(`${HEAD} import { NodePgDatabase } from 'drizzle-orm/node-postgres'; export class S { constructor(@Inject('DB') private readonly conn: NodePgDatabase) {} async run(email) { return this.conn.query.users.findFirst({ where: eq(users.email, email) }); } }`)).toMatchObject([{ verb: 'find', evidence: 'declaration' }]);
  });

  it('knows statements about declared tables, whoever runs them', () => {
    const found = operationsOf(`${HEAD} export const h = async (c, email) => { const anything = c.get('db'); const rows = await anything.select().from(users).where(eq(users.email, email)); if (!rows.length) await anything.insert(users).values({ email }); await c.env.store.query.users.findFirst({ where: eq(users.email, email) }); };`);
    expect(found.map((one) => [one.verb, one.table.name])).toEqual([['find', 'users'], ['insert', 'users'], ['find', 'users']]);
  });

  it('knows named connections and unread tables by their chains', () => {
    const found = operationsOf(`import { eq } from 'drizzle-orm'; import { db } from '@far/db'; import { things, schema } from '@far/schema'; export async function run(slug) { const [row] = await db.select().from(things).where(eq(things.slug, slug)); if (!row) await db.insert(schema.things).values({ slug }); await db.update(things).set({ n: 1 }).where(eq(things.slug, slug)); }`, { files: {} });
    expect(found.map((one) => [one.verb, one.table.name, one.evidence])).toEqual([['find', 'things', 'shape'], ['insert', 'things', 'shape'], ['update', 'things', 'shape']]);
    expect(where(found[0]!.predicate)).toBe('slug = slug');
  });

  it('takes nothing else for this library', () => {
    expect(operationsOf(`export async function run(cache, list, db, knex) { cache.delete('x'); list.insert({ a: 1 }); await db.insert({ a: 1 }).into('users'); await knex.select('*').from('users').where({ a: 1 }); await cache.update('a', 1); await db.users.findFirst({ where: { a: 1 } }); new Map().delete(list); await db.select('id').from('t'); }`)).toEqual([]);
  });

  it('works in CommonJS without types', () => {
    const found = operationsOf(`const { eq } = require('drizzle-orm'); const { db } = require('./db'); const { users } = require('./schema'); module.exports.run = async (email) => { const [u] = await db.select().from(users).where(eq(users.email, email)); if (!u) await db.insert(users).values({ email }); };`);
    expect(found.map((one) => [one.verb, one.evidence])).toEqual([['find', 'declaration'], ['insert', 'declaration']]);
  });

  it('follows re-exports, aliases and creators of tables', () => {
    const files = {
      './pkg': `export * from 'drizzle-orm'; export { db } from './db'; export * as tables from './made';`,
      './made': `import { pgTableCreator, text } from 'drizzle-orm/pg-core'; import { alias } from 'drizzle-orm/pg-core'; const make = pgTableCreator((name) => \`app_\${name}\`); export const posts = make('posts', { id: text('id').primaryKey(), slug: text().unique() });`,
    };
    const found = operationsOf(`import { eq, db, tables } from './pkg'; import { alias } from 'drizzle-orm/pg-core'; const p = alias(tables.posts, 'p'); export async function run(slug) { await db.select().from(p).where(eq(p.slug, slug)); }`, { files });
    expect(found).toMatchObject([{ verb: 'find', table: { name: 'posts', table: { dbName: 'app_posts' } } }]);
    expect(where(found[0]!.predicate)).toBe('slug = slug');
  });
});

describe('tables', () => {
  const read = (text: string, more: Readonly<Record<string, string>> = {}) => tableSource.read([{ path: 'schema.ts', text }, ...Object.entries(more).map(([path, source]) => ({ path, text: source }))]).flatMap((part) => part.tables);

  it('reads columns, keys and relations', () => {
    const [users, teams] = tableSource.read([{ path: 'schema.ts', text: `import { pgTable, serial, text, integer, uniqueIndex, unique, primaryKey, index } from 'drizzle-orm/pg-core'; import { relations, sql } from 'drizzle-orm';
      export const users = pgTable('users', { id: serial().primaryKey(), email: text('e_mail').notNull().unique('mail'), nick: text(), teamId: integer().notNull().default(1).references(() => teams.id) }, (t) => [
        uniqueIndex('live').on(t.teamId, t.nick).where(sql\`\${t.nick} is not null\`), uniqueIndex().on(sql\`lower(\${t.email})\`), unique().on(t.nick).nullsNotDistinct(), index().on(t.nick)]);
      export const teams = pgTable('teams', { a: integer(), b: integer() }, (t) => ({ pk: primaryKey({ columns: [t.a, t.b] }) }));
      export const rel = relations(users, ({ one }) => ({ team: one(teams, { fields: [users.teamId], references: [teams.a] }) }));` }])[0]!.tables;
    expect(users!.keys).toMatchObject([{ columns: ['id'], primary: true }, { columns: ['email'], name: 'mail' }, { columns: ['teamId', 'nick'], where: 'nick is not null' }, { columns: [], expression: true }, { columns: ['nick'], nullsNotDistinct: true }]);
    expect([...users!.columns.values()].map((one) => [one.name, one.dbName, one.nullable, one.default])).toEqual([['id', 'id', false, 'generated-id'], ['email', 'e_mail', false, 'none'], ['nick', 'nick', true, 'none'], ['teamId', 'teamId', false, 'database']]);
    expect(users!.complete).toBe(true);
    expect(users!.relations).toMatchObject([{ name: 'team', target: 'teams', columns: ['teamId'] }]);
    expect(teams!.keys).toMatchObject([{ columns: ['a', 'b'], primary: true }]);
  });

  it('follows helpers, spreads and creators', () => {
    const [posts] = read(`import { sqliteTableCreator, text } from 'drizzle-orm/sqlite-core'; import { timestamps, id } from './columns'; const prefix = 'x_'; const table = sqliteTableCreator((name) => prefix + name); export const posts = table('posts', { id: id(), ...timestamps, slug: text().notNull() });`,
      { 'db/columns.ts': `import { text, integer } from 'drizzle-orm/sqlite-core'; export const id = () => text().primaryKey().$defaultFn(() => nanoid()); export const timestamps = { createdAt: integer().notNull() };` });
    expect(posts).toMatchObject({ name: 'posts', dbName: 'x_posts', complete: true });
    expect([...posts!.columns.values()].map((one) => [one.name, one.default])).toEqual([['id', 'client'], ['createdAt', 'none'], ['slug', 'none']]);
    expect(posts!.keys).toMatchObject([{ columns: ['id'], primary: true }]);
  });

  it('reads the callback form and named schemas', () => {
    const [one] = read(`import { pgSchema } from 'drizzle-orm/pg-core'; const app = pgSchema('app'); export const logs = app.table('logs', (t) => ({ id: t.uuid().primaryKey().defaultRandom(), key: t.text().unique() }));`);
    expect(one).toMatchObject({ name: 'logs', schema: 'app', complete: true, keys: [{ columns: ['id'] }, { columns: ['key'] }] });
  });

  it('names columns as the connection does', () => {
    const [one] = read(`import { pgTable, text } from 'drizzle-orm/pg-core'; export const t = pgTable('t', { fullName: text() });`, { 'db/index.ts': `import { drizzle } from 'drizzle-orm/node-postgres'; export const db = drizzle({ casing: 'snake_case' });` });
    expect(one!.columns.get('fullName')!.dbName).toBe('full_name');
  });

  it('says what it did not understand', () => {
    const [one] = read(`import { pgTable, text } from 'drizzle-orm/pg-core'; import { far } from 'far'; export const t = pgTable('t', { ...far, a: text() }, (x) => keys(x));`);
    expect(one!.complete).toBe(false);
    expect(tableSource.read([{ path: 'schema.ts', text: `import 'drizzle-orm'; const =;` }])[0]!.unread).toHaveLength(1);
  });
});
