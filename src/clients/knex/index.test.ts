import { describe, expect, it } from 'vitest';
import { schemaSource } from './schema.ts';
import { operationsOf, where } from './source.test.help.ts';

const HEAD = `const db = require('./db');`;
const all = (body: string, more = {}) => operationsOf(`${HEAD} async function run(email, name, id, trx, list) { ${body} } module.exports = { run };`, more);
const only = (body: string, more = {}) => { const found = all(body, more); expect(found).toHaveLength(1); return found[0]!; };

describe('reads', () => {
  it('know row, rows, columns and order', () => {
    expect(only(`await db('users').where({ email }).first();`)).toMatchObject({ verb: 'find', many: false, dialect: 'postgres', evidence: 'declaration', table: { name: 'users' }, result: [{ path: [], is: 'row', miss: 'undefined' }] });
    expect(only(`await db('users').select('id', 'users.email').where('team_id', id).orderBy('id', 'desc');`)).toMatchObject({ verb: 'find', many: true, columns: ['id', 'email'], order: [{ column: 'id', descending: true }], result: [{ path: [], is: 'rows' }] });
    expect(only(`await db.select('id').from('users').where('email', email);`)).toMatchObject({ verb: 'find', table: { name: 'users' }, many: false });
    expect(only(`await db('users').where({ id }).pluck('email');`)).toMatchObject({ verb: 'find', columns: ['email'] });
  });

  it('count under a name, as a text on Postgres', () => {
    expect(only(`await db('users').where({ email }).count('* as n').first();`)).toMatchObject({ verb: 'count', result: [{ path: ['n'], is: 'count', numeric: 'string' }] });
    expect(only(`await db('users').count({ n: '*' });`)).toMatchObject({ verb: 'count', result: [{ path: ['0', 'n'], is: 'count' }] });
    expect(only(`await db('users').count();`)).toMatchObject({ result: [{ path: ['0', 'count'], is: 'count', numeric: 'string' }] });
    expect(only(`await db('users').max('hits as top').first();`)).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ path: ['top'], is: 'scalar' }] });
    expect(only(`await db('users').select(db.raw('count(*) as n')).first();`)).toMatchObject({ verb: 'count', result: [{ path: ['n'], is: 'count' }] });
  });

  it('know conditions in all their forms', () => {
    const condition = (text: string) => where(only(`await db('users')${text};`).predicate);
    expect(condition(`.where({ email, name: null })`)).toBe('email = email & name is null null');
    expect(condition(`.where('hits', '>', 3).andWhere('users.email', email)`)).toBe('hits > 3 & email = email');
    expect(condition(`.where({ email }).orWhere({ name }).where('id', id)`)).toBe('email = email | name = name & id = id');
    expect(condition(`.where({ email }).where((q) => q.where('name', name).orWhereNull('name'))`)).toBe('email = email & name = name | email = email & name is null null');
    expect(condition(`.where(function () { this.where('name', name).orWhere('id', id); })`)).toBe('name = name | id = id');
    expect(condition(`.where((q) => { q.where('name', name); })`)).toBe('name = name');
    expect(condition(`.whereIn('id', list).whereNot('name', name).whereNotNull('email')`)).toBe('id in list & name != name & email is not null null');
    const derived = only(`const users = db('users').select('users.*').where({ team_id: id }).as('u'); await db.select('*').from(users).where('u.name', name).first();`);
    expect([derived.table.name, where(derived.predicate), derived.many]).toEqual(['users', 'team_id = id & name = name', false]);
    expect(only(`await db.select('*').from(db('users').groupBy('team_id').as('u')).first();`).table.name).not.toBe('users');
    expect(condition(`.whereRaw('lower(email) = ?', [email])`)).toBe('email like email');
    expect(condition(`.whereRaw('LOWER(??) = LOWER(?)', ['email', email])`)).toBe('email like call:toLowerCase(email)');
    expect(condition(`.where(db.raw('lower(email)'), db.raw('lower(?)', [email]))`)).toBe('email like call:toLowerCase(email)');
    expect(condition(`.where('email', db.raw('lower(?)', [email])).where('name', db.raw('email'))`)).toBe('email = call:toLowerCase(email) …');
    expect(condition(`.whereRaw('?? = ? and hits > :n', ['email', email])`)).toContain('email = email');
    expect(condition(`.where(db.raw('email = :email', { email }))`)).toBe('email = email');
    expect(condition(`.join('teams', 'teams.id', 'users.team_id').where('teams.slug', name)`)).toBe('teams.slug = name …');
    expect(condition(`.whereExists(db('teams'))`)).toBe(' …');
    expect(condition(`.modify((q) => q.where({ email }))`)).toBe('email = email');
    expect(condition(`.modify('active')`)).toBe(' …');
  });
});

describe('writes', () => {
  it('know inserted rows', () => {
    expect(only(`await db('users').insert({ email, name }).returning('*');`)).toMatchObject({ verb: 'insert', many: false, rows: [{ assignments: [{ column: 'email' }, { column: 'name' }] }], result: [{ is: 'rows' }, { path: ['0'], is: 'written' }] });
    expect(only(`await db('users').insert(list.map((e) => ({ email: e })), ['id']);`)).toMatchObject({ verb: 'insert', many: true });
    expect(only(`await db.insert({ email }).into('users');`)).toMatchObject({ verb: 'insert', table: { name: 'users' } });
    expect(only(`await db.batchInsert('users', list, 10);`)).toMatchObject({ verb: 'insert', many: true });
  });

  it('know upserts, and that MySQL has no target', () => {
    expect(only(`await db('users').insert({ email, name }).onConflict('email').merge();`)).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', update: undefined } });
    expect(only(`await db('users').insert({ email, name }).onConflict(['team_id', 'name']).merge(['name']);`).conflict).toMatchObject({ target: ['team_id', 'name'], update: { assignments: [{ column: 'name' }] } });
    expect(only(`await db('users').insert({ email }).onConflict('email').merge({ hits: db.raw('users.hits + 1') }).where('users.name', name);`).conflict).toMatchObject({ update: { assignments: [{ column: 'hits', how: 'atomic' }] } });
    expect(only(`await db('users').insert({ email }).onConflict('email').ignore().returning('id');`)).toMatchObject({ verb: 'upsert', conflict: { action: 'ignore' } });
    const mysql = { files: { './db': `module.exports = require('knex')({ client: 'mysql2' });` } };
    expect(only(`await db('users').insert({ email }).onConflict('email').merge();`, mysql)).toMatchObject({ dialect: 'mysql', conflict: { target: undefined } });
  });

  it('know updates, with what the database computes', () => {
    expect(only(`await db('users').where({ id }).update({ name, hits: db.raw('?? + 1', ['hits']) });`)).toMatchObject({ verb: 'update', many: false, miss: 'count', rows: [{ assignments: [{ column: 'name', how: 'set' }, { column: 'hits', how: 'atomic' }] }], result: [{ path: [], is: 'affected', numeric: 'number' }] });
    expect(only(`await db('users').where({ id }).update('name', name);`)).toMatchObject({ rows: [{ assignments: [{ column: 'name', how: 'set' }] }] });
    expect(only(`await db('users').where({ id }).increment('hits', 2).update({ name });`)).toMatchObject({ rows: [{ assignments: [{ column: 'hits', how: 'atomic' }, { column: 'name' }] }] });
    expect(only(`await db('users').where({ id }).del();`)).toMatchObject({ verb: 'delete', many: false });
    expect(only(`await db('users').where({ id }).update({ name }, ['id']);`).result).toMatchObject([{ is: 'rows' }, { path: ['0'], is: 'written' }]);
  });
});

describe('lazy builders', () => {
  it('run where they are awaited, as they are then', () => {
    const found = all(`const q = db('users').where({ email }); q.where('name', name); const unused = db('users').insert({ email }); await db('teams').insert({ slug: name }); const row = await q.first();`);
    expect(found.map((one) => [one.verb, one.table.name])).toEqual([['insert', 'teams'], ['find', 'users']]);
    expect(where(found[1]!.predicate)).toBe('email = email & name = name');
  });

  it('are apart after clone', () => {
    const found = all(`const q = db('users').where({ email }); await q.clone().where({ name }).first(); await q;`);
    expect(found.map((one) => where(one.predicate))).toEqual(['email = email & name = name', 'email = email']);
  });
});

describe('transactions, locks, raw SQL', () => {
  it('know what runs on the handle of a transaction', () => {
    const found = all(`await db.transaction(async (t) => { await t('users').where({ id }).forUpdate().first(); await db('users').insert({ email }); await db('users').transacting(t).where({ id }).del(); await t.transaction(async (inner) => { await inner('teams').del(); }); }, { isolationLevel: 'serializable' });`);
    expect(found.map((one) => [one.verb, one.lock, one.transaction?.isolation, one.transaction?.parent?.isolation])).toEqual([['find', 'update', 'serializable', undefined], ['insert', undefined, undefined, undefined], ['delete', undefined, 'serializable', undefined], ['delete', undefined, 'default', 'serializable']]);
  });

  it('know transactions that are opened by hand', () => {
    const found = all(`const t = await db.transaction(); try { await t('users').where({ id }).first(); await t('users').insert({ email }); await t.commit(); } catch (e) { await t.rollback(); }`);
    expect(found.map((one) => one.transaction?.form)).toEqual(['manual', 'manual']);
    expect(new Set(found.map((one) => one.transaction))).toHaveLength(1);
  });

  it('tell a lock that no transaction is seen to hold, and none on SQLite', () => {
    expect(only(`await db('users').where({ id }).forUpdate();`)).toMatchObject({ lock: 'update', transaction: undefined });
    const sqlite = { files: { './db': `module.exports = require('knex')({ client: 'sqlite3' });` } };
    expect(only(`await db.transaction(async (t) => { await t('users').where({ id }).forUpdate(); });`, sqlite).lock).toBeUndefined();
  });

  it('read statements', () => {
    expect(only(`await db.raw('select * from users where email = ?', [email]);`)).toMatchObject({ verb: 'find', table: { name: 'users' }, result: [{ path: ['rows'], is: 'rows' }] });
    expect(only(`await db.raw('insert into users (email, name) values (:email, :name) on conflict (email) do nothing', { email, name });`)).toMatchObject({ verb: 'upsert', rows: [{ assignments: [{ column: 'email' }, { column: 'name' }] }] });
    expect(only(`await db.transaction(async (t) => { await t.raw('select pg_advisory_xact_lock(?)', [id]); });`)).toMatchObject({ verb: 'lock', lock: 'advisory' });
  });
});

describe('recognition', () => {
  it('knows types, fields, parameters', () => {
    const types = ['Knex', 'Knex.Transaction', 'Knex | Knex.Transaction', 'Knex<any, unknown[]>'];
    expect(types.map((type) => operationsOf(`import type { Knex } from 'knex'; export async function run(c: ${type}, email: string) { await c<User>('users').where({ email }).first(); }`)[0]?.evidence)).toEqual(['declaration', 'declaration', 'declaration', 'declaration']);
    expect(operationsOf(`import { Knex } from 'knex'; export class S { constructor(private readonly knex: Knex) {} async run(email) { return this.knex('users').where({ email }).first(); } }`)).toMatchObject([{ verb: 'find', evidence: 'declaration', label: "this.knex('users')" }]);
    expect(operationsOf(`import { InjectModel } from 'nest-knexjs'; export class S { constructor(@InjectModel() private readonly k) {} async run(email) { return this.k('users').insert({ email }); } }`)).toMatchObject([{ verb: 'insert' }]);
    expect(operationsOf(`import knexLib from 'knex'; const connection = knexLib({ client: 'better-sqlite3' }); export const run = (email) => connection('users').where({ email });`)).toMatchObject([{ dialect: 'sqlite' }]);
  });

  it('knows models that wrap a table', () => {
    const files = { './db': `import knex from 'knex'; export const db = knex({ client: 'pg' }); export const Users = () => db('users');` };
    expect(operationsOf(`import { Users } from './db'; export async function run(email) { const row = await Users().where({ email }).first(); if (!row) await Users().insert({ email }); }`, { files }).map((one) => one.verb)).toEqual(['find', 'insert']);
  });

  it('knows connections by their name and steps', () => {
    const found = operationsOf(`import db from '@far/db'; const T = 'users'; export async function run(email, trx) { await db.knex.from(T).where({ email }).first(); await trx(T).insert({ email }); await db.knex<User>('users').where({ email }).update({ email }); await db.knex.transaction(async (x) => { await x('users').where({ email }).del(); }); await db.select('*').from('users'); }`);
    expect(found.map((one) => [one.verb, one.table.name, one.evidence])).toEqual([['find', 'users', 'shape'], ['insert', 'users', 'shape'], ['update', 'users', 'shape'], ['delete', 'users', 'shape'], ['find', 'users', 'shape']]);
    expect(found[3]!.transaction).toBeDefined();
  });

  it('takes nothing else for this library', () => {
    const text = `export async function run(cache, list, t, db, http, client) { cache.delete('x'); list.insert({ a: 1 }); t('title'); await client.from('users').select('*').eq('id', 1); await http('users').get('/'); db('x'); new Map().delete(list); await db.insert(users).values({ a: 1 }); await db.select().from(users); $('users').first(); Array.from('users').filter(Boolean); }`;
    expect(operationsOf(text)).toEqual([]);
    expect(operationsOf(`export async function run(db, email) { await db('users').where({ email }).first(); }`, { installed: false })).toEqual([]);
  });
});

describe('unique violations', () => {
  it('arrive as the driver made them', () => {
    const { tests } = only(`await db('users').insert({ email });`).violation!;
    expect(tests.filter((one) => one.fires === true).map((one) => one.path.join('.'))).toEqual(['code', 'message', 'detail']);
  });
});

describe('migrations', () => {
  const read = (text: string) => schemaSource.read([{ path: 'migrations/2.js', text }])[0]!.tables;

  it('give columns, keys and their places', () => {
    const [users, teams] = read(`exports.up = function (knex) { return knex.schema
      .createTable('users', function (t) { t.increments(); t.string('email', 255).notNullable().unique(); t.integer('team').unsigned().defaultTo(3).references('teams.id'); t.timestamps(true, true);
        t.unique(['team', 'email'], { indexName: 'both' }); t.unique('team', { predicate: knex.whereNotNull('team') }); t.index(['team']); })
      .createTable('teams', (t) => { t.string('a'); t.string('b'); t.primary(['a', 'b']); }); };
      exports.down = (knex) => knex.schema.dropTable('users');`);
    expect(users!.keys.map((key) => [key.columns.join(), key.primary, key.name, key.where !== undefined])).toEqual([['id', true, expect.anything(), false], ['email', false, 'users_email_unique', false], ['team,email', false, 'both', false], ['team', false, 'users_team_unique', true]]);
    expect([...users!.columns.values()].map((one) => [one.name, one.nullable, one.default])).toEqual([['id', false, 'generated-id'], ['email', false, 'none'], ['team', true, 'database'], ['created_at', false, 'database'], ['updated_at', false, 'database']]);
    expect(users).toMatchObject({ complete: true, place: { line: 2 }, relations: [{ target: 'teams' }] });
    expect(teams!.keys).toMatchObject([{ columns: ['a', 'b'], primary: true }]);
  });

  it('follow changes', () => {
    const [one] = read(`export async function up(knex) { await knex.schema.createTable('a', (t) => { t.string('x').unique(); t.string('y').notNullable(); t.string('z'); });
      await knex.schema.alterTable('a', (t) => { t.dropUnique(['x']); t.renameColumn('y', 'w'); t.dropColumn('z'); t.string('x').notNullable().alter(); t.uuid('k').primary(); }); await knex.schema.raw('create unique index w_key on a (w)'); await knex.schema.renameTable('a', 'b'); }`);
    expect(one!.name).toBe('b');
    expect(one!.keys.map((key) => key.columns.join())).toEqual(['k', 'w']);
    expect([...one!.columns.values()].map((each) => [each.name, each.nullable])).toEqual([['x', false], ['w', false], ['k', false]]);
  });

  it('say where a table may have more', () => {
    expect(schemaSource.read([{ path: 'migrations/2.js', text: `exports.up = (db) => db.schema.createTable('a').addColumn('x', 'text').execute();` }])).toEqual([]);
    expect(read(`exports.up = (knex) => knex.schema.createTable('a', (t) => { t.string('x'); addStamps(t); });`)[0]!.complete).toBe(false);
    expect(read(`exports.up = (knex) => knex.schema.createTable('a', (t) => { for (const c of names) t.string(c); });`)[0]!.complete).toBe(false);
  });
});
