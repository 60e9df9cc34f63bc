import { describe, expect, it } from 'vitest';
import { schemaSource } from './schema.ts';
import { MIGRATION, operationsOf, where } from './source.test.help.ts';

const HEAD = `import { sql } from 'kysely'; import { db } from './db';`;
const all = (body: string, more = {}) => operationsOf(`${HEAD} export async function run(email, name, id, trx, list, flag) { ${body} }`, more);
const only = (body: string, more = {}) => { const found = all(body, more); expect(found).toHaveLength(1); return found[0]!; };

describe('reads', () => {
  it('know row, rows, columns', () => {
    expect(only(`await db.selectFrom('users').where('email', '=', email).selectAll().executeTakeFirst();`)).toMatchObject({ verb: 'find', many: false, dialect: 'postgres', evidence: 'declaration', result: [{ path: [], is: 'row', miss: 'undefined' }] });
    expect(only(`await db.selectFrom('users').select(['id', 'users.email']).orderBy('id', 'desc').executeTakeFirstOrThrow();`)).toMatchObject({ columns: ['id', 'email'], order: [{ descending: true }], result: [{ is: 'row', miss: 'throws' }] });
    expect(only(`await db.selectFrom('users as u').select('u.id').where('u.teamId', '=', id).execute();`)).toMatchObject({ many: true, result: [{ path: [], is: 'rows' }], predicate: { arms: [[{ column: 'team_id', via: [] }]] } });
  });

  it('count, as a text on Postgres', () => {
    expect(only(`const { n } = await db.selectFrom('users').select((eb) => eb.fn.countAll().as('n')).where('team_id', '=', id).executeTakeFirstOrThrow();`)).toMatchObject({ verb: 'count', result: [{ path: ['n'], is: 'count', numeric: 'string' }] });
    expect(only(`await db.selectFrom('users').select((eb) => eb.fn.countAll<number>().as('n')).executeTakeFirstOrThrow();`)).toMatchObject({ result: [{ path: ['n'], is: 'count', numeric: 'number' }] });
    expect(only(`await db.selectFrom('users').select(({ fn }) => [fn.count('id').as('n')]).execute();`)).toMatchObject({ verb: 'count', result: [{ path: ['0', 'n'] }] });
    expect(only(`await db.selectFrom('users').select(db.fn.max('hits').as('top')).executeTakeFirst();`)).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ path: ['top'], is: 'scalar' }] });
    expect(only('await db.selectFrom("users").select(sql`count(*)`.as("n")).executeTakeFirst();')).toMatchObject({ verb: 'count', result: [{ path: ['n'] }] });
  });

  it('know conditions', () => {
    const condition = (text: string) => where(only(`await db.selectFrom('users').selectAll()${text}.execute();`).predicate);
    expect(condition(`.where('email', '=', email).where('name', 'is', null)`)).toBe('email = email & name is null null');
    expect(condition(`.where((eb) => eb.or([eb('email', '=', email), eb('name', '=', name)]))`)).toBe('email = email | name = name');
    expect(condition(`.where(({ eb, and, or }) => and([eb('email', '=', email), or([eb('name', 'is', null), eb('id', 'in', list)])]))`)).toBe('email = email & name is null null | email = email & id in list');
    expect(condition(`.where((eb) => eb.and({ email, name }))`)).toBe('email = email & name = name');
    expect(condition('.where(sql`lower(email) = ${email}`)')).toBe('email like email');
    expect(condition('.where(sql`LOWER(name)`, "=", name.toLowerCase()).where(sql`lower(${sql.ref("users.email")})`, "=", email)')).toMatch(/^name like .* & email like email$/);
    expect(condition('.where(sql`LOWER(name)`, "=", sql`LOWER(${name})`).where("email", "=", sql`${email}`)')).toBe('name like call:toLowerCase(name) & email = email');
    expect(condition(`.where((eb) => eb(eb.fn('lower', ['users.email']), '=', eb.fn('lower', [eb.val(email)])))`)).toBe('email like call:toLowerCase(email)');
    expect(condition(`.where(({ eb, fn }) => eb(fn('lower', [eb.ref('email')]), '=', email.toLowerCase()))`)).toMatch(/^email like .*email.*\)$/);
    expect(condition('.where("email", "=", sql`lower(${sql.ref("users.name")})`).where("name", "=", sql.ref("email"))')).toBe(' …');
    expect(condition(`.where((eb) => eb.exists(eb.selectFrom('teams').selectAll()))`)).toBe(' …');
    expect(condition(`.innerJoin('teams', 'teams.id', 'users.team_id').where('teams.slug', '=', name)`)).toBe('teams.slug = name …');
    const derived = only(`await db.selectFrom(db.selectFrom('users').select(['id', 'name']).where('team_id', '=', id).as('u')).selectAll().where('u.name', '=', name).executeTakeFirst();`);
    expect([derived.table.name, where(derived.predicate)]).toEqual(['users', 'team_id = id & name = name']);
    expect(where(only(`await db.selectFrom((eb) => eb.selectFrom('users').selectAll().where('email', '=', email).limit(1).as('u')).selectAll().execute();`).predicate)).toBe('email = email …');
    expect(condition(`.$if(flag, (q) => q.where('name', '=', name))`)).toBe(' …');
    expect(condition(`.$call((q) => q.where('name', '=', name))`)).toBe('name = name');
  });
});

describe('writes', () => {
  it('know inserted rows and upserts', () => {
    expect(only(`await db.insertInto('users').values({ email, name }).returningAll().executeTakeFirst();`)).toMatchObject({ verb: 'insert', many: false, rows: [{ assignments: [{ column: 'email' }, { column: 'name' }] }], result: [{ path: [], is: 'written' }] });
    expect(only(`await db.insertInto('users').values({ email, name }).onConflict((oc) => oc.column('email').doUpdateSet({ name })).execute();`)).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', update: { assignments: [{ column: 'name' }] } } });
    expect(only(`await db.insertInto('users').values({ email, name }).onConflict((oc) => oc.columns(['team_id', 'name']).doUpdateSet((eb) => ({ name: eb.ref('excluded.name') }))).execute();`).conflict).toMatchObject({ target: ['team_id', 'name'], update: { assignments: [{ column: 'name', how: 'set' }] } });
    expect(only(`await db.insertInto('users').values({ email }).onConflict((oc) => oc.constraint('users_team_name').doNothing()).execute();`).conflict).toMatchObject({ target: ['team_id', 'name'], action: 'ignore' });
    expect(only(`await db.insertInto('users').values(list.map((e) => ({ email: e }))).onConflict((oc) => oc.doNothing()).execute();`)).toMatchObject({ verb: 'upsert', many: true, conflict: { target: undefined } });
  });

  it('know updates and deletes, counted as bigints', () => {
    expect(only(`const r = await db.updateTable('users').set({ name, hits: sql\`hits + 1\` }).where('id', '=', id).executeTakeFirst();`)).toMatchObject({ verb: 'update', many: false, miss: 'count', rows: [{ assignments: [{ column: 'name', how: 'set' }, { column: 'hits', how: 'atomic' }] }], result: [{ path: ['numUpdatedRows'], is: 'affected', numeric: 'bigint' }] });
    expect(only(`await db.updateTable('users').set((eb) => ({ hits: eb('hits', '+', 1) })).where('id', '=', id).returning('id').executeTakeFirst();`)).toMatchObject({ miss: 'null', rows: [{ assignments: [{ column: 'hits', how: 'atomic' }] }], result: [{ path: [], is: 'written', miss: 'undefined' }] });
    expect(only(`await db.deleteFrom('users').where('id', '=', id).execute();`)).toMatchObject({ verb: 'delete', many: false, result: [{ path: ['0', 'numDeletedRows'] }] });
  });
});

describe('builders', () => {
  it('never change and run only when they are executed', () => {
    const found = all(`let q = db.selectFrom('users').selectAll(); q.where('name', '=', name); const unused = db.deleteFrom('users'); if (flag) q = q.where('email', '=', email); await q.execute(); await unused;`);
    expect(found.map((one) => one.verb)).toEqual(['find']);
  });
});

describe('transactions, locks, raw SQL', () => {
  it('know what runs on the handle of a transaction', () => {
    const found = all(`await db.transaction().setIsolationLevel('serializable').execute(async (t) => { await t.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirst(); await db.insertInto('users').values({ email }).execute(); });`);
    expect(found.map((one) => [one.verb, one.lock, one.transaction?.isolation])).toEqual([['find', 'update', 'serializable'], ['insert', undefined, undefined]]);
    const manual = all(`const t = await db.startTransaction().execute(); await t.deleteFrom('users').execute(); await t.commit().execute();`);
    expect(manual.map((one) => one.transaction?.form)).toEqual(['manual']);
  });

  it('read statements', () => {
    expect(only('await sql`select * from users where email = ${email}`.execute(db);')).toMatchObject({ verb: 'find', table: { name: 'users' }, result: [{ path: ['rows'], is: 'rows' }] });
    expect(only('await db.transaction().execute(async (t) => { await sql`select pg_advisory_xact_lock(${id})`.execute(t); });')).toMatchObject({ verb: 'lock', lock: 'advisory' });
  });
});

describe('recognition', () => {
  it('knows types, decorators, and its own words', () => {
    expect(operationsOf(`import type { Kysely, Transaction } from 'kysely'; export const f = (c: Kysely<DB> | Transaction<DB>, email) => c.insertInto('users').values({ email }).execute();`)[0]).toMatchObject({ evidence: 'declaration' });
    expect(operationsOf(`import { InjectKysely } from 'nestjs-kysely'; export class S { constructor(@InjectKysely() private readonly c: Far) {} async run(email) { return this.c.insertInto('users').values({ email }).execute(); } }`)[0]).toMatchObject({ evidence: 'declaration' });
    expect(all(`await trx.insertInto('users').values({ email }).execute(); await far(list).selectFrom('users').selectAll().execute();`).map((one) => [one.verb, one.evidence])).toEqual([['insert', 'shape'], ['find', 'shape']]);
  });

  it('takes nothing else for this library', () => {
    expect(operationsOf(`export async function run(cache, list, far) { cache.delete('x'); await far.transaction().execute(); await list.insert({ a: 1 }).execute(); await far.select('x').from('y').execute(); }`)).toEqual([]);
  });
});

describe('migrations', () => {
  it('give columns, keys, relations', () => {
    const [users, teams] = schemaSource.read([{ path: 'migrations/1.ts', text: MIGRATION }])[0]!.tables;
    expect(users!.keys.map((key) => [key.columns.join(), key.primary])).toEqual([['id', true], ['email', false], ['team_id,name', false]]);
    expect([...users!.columns.values()].map((one) => [one.name, one.nullable, one.default])).toEqual([['id', false, 'generated-id'], ['email', false, 'none'], ['name', true, 'none'], ['team_id', false, 'none'], ['hits', false, 'database']]);
    expect(users).toMatchObject({ complete: true, relations: [{ target: 'teams' }] });
    expect(teams!.keys.map((key) => key.columns.join())).toEqual(['id', 'slug']);
  });

  it('follow changes', () => {
    const [one] = schemaSource.read([{ path: 'migrations/1.ts', text: `import { Kysely } from 'kysely'; export async function up(db) { await db.schema.createTable('a').addColumn('x', 'text', (c) => c.unique()).addColumn('y', 'text').execute(); await db.schema.alterTable('a').renameColumn('y', 'z').dropConstraint('a_x_key').addUniqueConstraint('k', ['z']).execute(); await db.schema.alterTable('a').alterColumn('z', (c) => c.setNotNull()).execute(); await db.schema.createIndex('p').on('a').column('x').unique().where('z', 'is', null).execute(); }` }])[0]!.tables;
    expect(one!.keys.map((key) => [key.columns.join(), key.where !== undefined])).toEqual([['z', false], ['x', true]]);
    expect(one!.columns.get('z')!.nullable).toBe(false);
  });
});
