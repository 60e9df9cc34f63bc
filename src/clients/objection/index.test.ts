import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Row, Value } from '../../model.ts';
import { handlingOf } from '../../trace/violations.ts';
import { modelSource } from './schema.ts';
import { MODELS, operationsOf, tracesOf, type Setting } from './source.test.help.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}`).join(' & ')).join(' | ') + (predicate!.complete ? '' : ' …');
const row = (one: Row | undefined): string => (one === undefined ? 'none' : [...one.assignments.map((each) => `${each.column} ${each.how} ${show(each.value)}`), ...one.spreads.map((each) => `...${show(each)}`)].join(', '));
const brief = (one: Operation): string => `${one.verb} ${one.table.name}`;
const text = (body: string): string => `
  const { Model, raw, ref, transaction, UniqueViolationError } = require('objection');
  const { User, Post, Seat } = require('./models');
  exports.run = async (email, id, name, input, ids, trx, knex) => { ${body} };`;
const all = (body: string, setting?: Setting): readonly Operation[] => operationsOf(text(body), setting);
const handlingIn = (body: string): string => { const [trace] = tracesOf(text(body)); return handlingOf(trace!.operations[0]!, trace!).how; };
const only = (body: string, setting?: Setting): Operation => { const found = all(body, setting); expect(found.map(brief)).toHaveLength(1); return found[0]!; };
const condition = (text: string): string => where(only(`await User.query()${text};`).predicate);

describe('reads', () => {
  it('tell row, rows and numbers', () => {
    expect(only('await User.query().findOne({ email });')).toMatchObject({ verb: 'find', many: false, label: 'User.query().findOne', table: { name: 'users' }, evidence: 'declaration', result: [{ path: [], is: 'row', miss: 'undefined' }] });
    expect(only('await User.query().findById(id).throwIfNotFound();')).toMatchObject({ result: [{ is: 'row', miss: 'throws' }] });
    expect(only('await User.query().where({ name }).withGraphFetched("posts").orderBy("id", "desc");')).toMatchObject({ many: true, result: [{ is: 'rows' }], order: [{ column: 'id', descending: true }], predicate: { complete: true } });
    expect(only('await User.query().where({ name }).resultSize();')).toMatchObject({ verb: 'count', result: [{ path: [], is: 'count', numeric: 'number' }] });
    expect(only('await User.query().where({ name }).count("* as n").first();')).toMatchObject({ verb: 'count', result: [{ path: ['n'], is: 'count', numeric: 'string' }] });
    expect(only('await User.query().max("hits as top").first();')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' } });
    expect(only('await User.query().page(0, 10);').result).toMatchObject([{ path: ['results'], is: 'rows' }, { path: ['total'], is: 'count' }]);
  });

  it('know conditions in all their forms', () => {
    expect(condition('.findOne("email", email)')).toBe('email = email');
    expect(condition('.findOne("hits", ">", 3)')).toBe('hits > 3');
    expect(condition('.findOne((q) => q.where({ email }).orWhere({ name }))')).toBe('email = email | name = name');
    expect(condition('.findById(id).where("hits", ">", 0)')).toBe('id = id & hits > 0');
    expect(condition('.findByIds(ids)')).toBe('id in ids');
    expect(condition('.where("users.email", email).skipUndefined()')).toBe('email = email');
    expect(condition('.joinRelated("posts").where("posts.title", name)')).toBe('posts.title = name …');
    expect(condition('.withGraphJoined("posts").where({ email })')).toBe('email = email');
    expect(condition('.where(raw("lower(email)"), name)')).toBe('email like name');
    expect(condition('.onBuild((q) => { q.where({ email }); })')).toBe('email = email');
    expect(condition('.modify("active")')).toBe(' …');
    expect(where(only('await Seat.query().findById([id, 3]);').predicate)).toBe('room_id = id & nr = 3');
    expect(only('await Seat.query().findById([id, 3]).patch({ taken: true });')).toMatchObject({ verb: 'update', many: false });
  });
});

describe('writes', () => {
  it('know inserted rows', () => {
    expect(row(only('await User.query().insert({ email, ...input });').rows?.[0])).toBe('email set email, ...input');
    expect(only('await User.query().insertAndFetch({ email });')).toMatchObject({ verb: 'insert', many: false, result: [{ path: [], is: 'written' }] });
    expect(only('await User.query().insert(ids.map((one) => ({ email: one })));')).toMatchObject({ verb: 'insert', many: true });
    expect(only('await User.query().insertGraph({ email, posts: [{ title: name }] });').verb).toBe('insert');
    expect(only('const user = User.fromJson({ email }); user.name = name; await User.query().insert(user);').rows).toMatchObject([{ assignments: [{ column: 'email' }, { column: 'name' }] }]);
  });

  it('know updates and deletes', () => {
    expect(only('await User.query().findById(id).patch({ name, hits: raw("hits + 1") });')).toMatchObject({ verb: 'update', many: false, miss: 'count', label: 'User.query().patch', result: [{ path: [], is: 'affected' }], rows: [{ assignments: [{ column: 'name', how: 'set' }, { column: 'hits', how: 'atomic' }] }] });
    expect(only('await User.query().patch({ name }).where({ email }).returning("*").first();').result).toMatchObject([{ path: [], is: 'written' }]);
    expect(only('await User.query().patchAndFetchById(id, { name });')).toMatchObject({ verb: 'update', many: false, miss: 'null', result: [{ path: [], is: 'written' }] });
    expect(only('await User.query().increment("hits", 2).where({ id });').rows).toMatchObject([{ assignments: [{ column: 'hits', how: 'atomic' }] }]);
    expect(only('await User.query().deleteById(id);')).toMatchObject({ verb: 'delete', many: false, result: [{ is: 'affected' }] });
    expect(only('await User.query().delete().where({ name });')).toMatchObject({ verb: 'delete', many: true });
  });

  it('know upserts, and graphs that are none', () => {
    expect(only('await User.query().insert({ email, name }).onConflict("email").merge(["name"]);')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', atomic: true } });
    expect(only('await User.query().insert({ email }).onConflict("email").ignore();', { dialect: 'mysql' }).conflict).toMatchObject({ target: undefined, action: 'ignore' });
    expect(only('await User.query().upsertGraph({ id, email }, { insertMissing: true });')).toMatchObject({ verb: 'upsert', conflict: { target: ['id'], atomic: false } });
    expect(only('await User.query().upsertGraph({ id, email });')).toMatchObject({ verb: 'update', predicate: { arms: [[{ column: 'id' }]] } });
    expect(only('await User.query().upsertGraph({ email });').verb).toBe('insert');
    expect(only('await User.query().upsertGraph(input);').verb).toBe('update');
  });
});

describe('rows', () => {
  it('are written through $query', () => {
    const found = all('const user = await User.query().findOne({ email }); await user.$query().patch({ name }); await user.$query(trx).delete();');
    expect(found.map(brief)).toEqual(['find users', 'update users', 'delete users']);
    expect(where(found[1]!.predicate)).toBe('id = result.id');
    expect(found[2]).toMatchObject({ many: false, transaction: { form: 'manual' } });
  });
  it('lead to related rows', () => {
    const found = all('const user = await User.query().findById(id); await user.$relatedQuery("posts").findOne({ title: name }); await user.$relatedQuery("posts").insert({ title: name }); await User.relatedQuery("posts").for(id).resultSize(); await user.$relatedQuery("teams");');
    expect(found.map(brief)).toEqual(['find users', 'find posts', 'insert posts', 'count posts', 'find posts']);
    expect(where(found[1]!.predicate)).toBe('user_id = result.id & title = name');
    expect(row(found[2]!.rows?.[0])).toBe('user_id set result.id, title set name');
    expect(where(found[3]!.predicate)).toBe('user_id = id');
    expect(where(found[4]!.predicate)).toBe(' …');
  });
  it('of several queries are rows all the same', () => {
    expect(all('let user = await User.query().findOne({ email }); if (!user) user = await User.query().insert({ email }); await user.$query().patch({ name });').map(brief)).toEqual(['find users', 'insert users', 'update users']);
  });
});

describe('laziness', () => {
  it('sends what is awaited, as it is then', () => {
    const found = all('const q = User.query().where({ email }); const never = User.query().insert({ email }); if (name) q.where({ name }); await q.first(); User.query().delete().where({ id }).then(() => 1);');
    expect(found.map(brief)).toEqual(['find users', 'delete users']);
  });
});

describe('transactions', () => {
  it('hold only what is given them', () => {
    const found = all('await User.transaction(async (t) => { await User.query(t).findById(id).forUpdate(); await User.query().insert({ email }); await t("users").where({ id }).del(); });');
    expect(found.map((one) => [one.client, one.verb, one.lock, one.transaction?.form])).toEqual([['objection', 'find', 'update', 'callback'], ['objection', 'insert', undefined, undefined], ['knex', 'delete', undefined, 'callback']]);
    expect(found[0]!.transaction).toBe(found[2]!.transaction);
  });
  it('come in several forms', () => {
    const forms = (text: string) => all(text).map((one) => one.transaction?.form);
    expect(forms('await transaction(User, Post, async (BoundUser, BoundPost, t) => { await BoundUser.query().insert({ email }); await BoundPost.query().insert({ title: name }); await User.query(t).delete(); });')).toEqual(['callback', 'callback', 'callback']);
    expect(forms('await transaction(User.knex(), async (t) => { await User.query(t).insert({ email }); });')).toEqual(['callback']);
    expect(forms('const t = await User.startTransaction(); await User.query(t).insert({ email }); await t.commit();')).toEqual(['manual']);
    expect(forms('const t = await transaction.start(User.knex()); await User.query(t).insert({ email });')).toEqual(['manual']);
    expect(forms('await User.bindTransaction(trx).query().insert({ email });')).toEqual(['manual']);
    expect(forms('await User.query(trx).findOne({ email }); await User.query().transacting(trx).insert({ email }); await User.query(null).delete();')).toEqual(['manual', 'manual', undefined]);
    expect(all('await User.transaction(async (outer) => { await User.transaction(outer, async (inner) => { await User.query(inner).insert({ email }); }); });')[0]!.transaction?.parent?.form).toBe('callback');
  });
});

describe('recognition', () => {
  it('knows classes, mixins and modules of either kind', () => {
    const run = (models: string) => operationsOf(`${models}; export async function run(email) { await Member.query().insert({ email }); }`).map(brief);
    expect(run(`import { Model } from 'objection'; class Member extends Model { static tableName = 'm'; }`)).toEqual(['insert m']);
    expect(run(`import * as objection from 'objection'; class Member extends objection.Model { static get tableName() { return 'm'; } }`)).toEqual(['insert m']);
    expect(run(`import { Model, mixin } from 'objection'; class Member extends mixin(Model, [soft]) { static tableName = 'm'; }`)).toEqual(['insert m']);
    expect(run(`import { Model } from 'objection'; class Base extends guid(Model) {} class Member extends Base { static tableName = 'm'; }`)).toEqual(['insert m']);
    expect(run(`import { Base } from './far'; class Member extends soft()(Base) { static tableName = 'm'; }`)).toEqual(['insert m']);
    expect(run(`import { Base } from './far'; class Member extends Base { static query(text) {} }`)).toEqual([]);
    expect(operationsOf(`import { type ModelClass } from 'objection'; export class S { constructor(private users: ModelClass<User>) {} async run(email: string) { await this.users.query().insert({ email }); } }`).map(brief)).toEqual(['insert users']);
  });

  it('knows a query of the project\'s own first', () => {
    expect(where(operationsOf(`import { Model } from 'objection'; class Doc extends Model { static tableName = 'd'; static query(...args) { return super.query(...args).where({ deleted: false }); } } export const run = async (id) => { await Doc.query().findById(id); };`).at(-1)!.predicate)).toBe('deleted = false & id = id');
  });

  it('knows models whose class was not found by what is called on them', () => {
    const verbs = (text: string, version = 3) => operationsOf(`import { Far } from '@far/models'; export async function run(email, id, pool, client) { ${text} }`, { version }).map((one) => [one.verb, one.table.name, one.evidence]);
    expect(verbs('await Far.query().where({ email }).first(); await Far.query().patchAndFetchById(id, { email });')).toEqual([['find', 'Far', 'shape'], ['update', 'Far', 'shape']]);
    expect(verbs('await pool.query("select 1"); await client.query().then((x) => x); await Far.query(`x`).first(); await Far.query({ email }).first(); await Far.query().strange().insert({});')).toEqual([]);
    const other = operationsOf(`import { Far } from '@far/models'; export async function run(email) { await Far.query().where({ email }).first(); }`, { version: undefined as never });
    expect(other.map(brief)).toEqual(['find Far']);
  });

  it('reads models of any spelling', () => {
    const [part] = modelSource.read([{ path: 'models/all.js', text: MODELS }, { path: 'models/x.ts', text: `export const Room = class extends Model { static readonly tableName = 'app.rooms'; };` }]);
    expect(part!.tables.map((one) => [one.name, one.schema, one.dbName, one.keys[0]!.columns])).toEqual([['Post', undefined, 'posts', ['id']], ['User', undefined, 'users', ['id']], ['Seat', undefined, 'seats', ['room_id', 'nr']], ['Room', 'app', 'rooms', ['id']]]);
    expect(modelSource.read([{ path: 'models/x.ts', text: 'class A extends B { static tableName = ; }' }])[0]!.unread).toHaveLength(1);
  });
});

describe('violations', () => {
  const handled = (test: string) => handlingIn(`try { await User.query().insert({ email }); } catch (error) { if (${test}) return null; throw error; }`);
  it('arrive in the library\'s own class', () => {
    const tests = (dialect: 'postgres' | 'sqlite', version?: number) => only('await User.query().insert({ email });', { dialect, ...(version && { version }) }).violation!.tests.filter((one) => !one.stranger && one.path[0] !== 'cause' && one.path.at(-1) === 'code' && one.values.some((value) => value === '23505' || value === 'SQLITE_CONSTRAINT_UNIQUE')).map((one) => `${one.path.join('.')} ${one.fires}`);
    expect(tests('postgres')).toEqual(['nativeError.code true', 'nativeError.code false', 'code false', 'code false']);
    expect(tests('sqlite')).toEqual(['nativeError.code false', 'nativeError.code unknown', 'code false', 'code unknown']);
    expect(tests('postgres', 1)).toEqual(['code true', 'code false']);
    expect(['error instanceof UniqueViolationError', 'error.nativeError.code === "23505"', 'error.name === "UniqueViolationError"', 'error.code === "23505"'].map(handled)).toEqual(['handled', 'handled', 'handled', 'dead']);
  });
});
