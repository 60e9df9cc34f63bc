import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Row, Value } from '../../model.ts';
import { handlingOf } from '../../trace/violations.ts';
import { operationsOf, tracesOf, type Setting } from './source.test.help.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}${one.conditional ? '?' : ''}`).join(' & ')).join(' | ')
  + (predicate!.complete ? '' : ' …');
const row = (one: Row | undefined): string => one === undefined ? 'none' : [...one.assignments.filter((each) => each.how !== 'carried').map((each) => `${each.column} ${each.how} ${show(each.value)}${each.conditional ? '?' : ''}`), ...one.spreads.map((each) => `...${show(each)}`)].join(', ');
const brief = (one: Operation): string => `${one.verb} ${one.table.name}`;
const operations = (body: string, setting?: Setting): readonly Operation[] => operationsOf(`
  const { Op, Sequelize, Transaction, QueryTypes, UniqueConstraintError } = require('sequelize');
  const { User, sequelize } = require('../models'); const Post = require('./post');
  exports.run = async (email, id, name, input, ids, t, options) => { ${body} };`, { path: 'case.js', ...setting });
const only = (body: string, setting?: Setting): Operation => { const found = operations(body, setting); expect(found.map(brief)).toHaveLength(1); return found[0]!; };
const condition = (text: string): string => where(only(`await User.findOne({ where: ${text} });`).predicate);

describe('reads', () => {
  it('tells rows, lists, counts and aggregates', () => {
    expect(only('await User.findOne({ where: { email } });')).toMatchObject({ verb: 'find', many: false, miss: 'null', evidence: 'declaration', label: 'User.findOne', table: { name: 'User' }, result: [{ path: [], is: 'row', miss: 'null' }] });
    expect(only('await User.findOne({ where: { email }, rejectOnEmpty: true });')).toMatchObject({ miss: 'throws' });
    expect(where(only('await User.findByPk(id);').predicate)).toBe('id = id');
    expect(only('await User.findAll({ where: { name }, limit: 1, order: [["hits", "DESC"]] });')).toMatchObject({ many: false, order: [{ column: 'hits', descending: true }], result: [{ is: 'rows' }] });
    expect(only('await User.findAndCountAll({ where: { name } });').result).toMatchObject([{ path: ['rows'], is: 'rows' }, { path: ['count'], is: 'count' }]);
    expect(only('await User.count({ where: { name } });')).toMatchObject({ verb: 'count', result: [{ path: [], is: 'count', numeric: 'number' }] });
    expect(only('await User.max("hits", { where: { name } });')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ is: 'scalar', column: 'hits' }] });
    expect(only('await User.findOne({ where: { email }, attributes: ["id"], include: [{ model: Post, as: "posts" }] });')).toMatchObject({ columns: ['id'], includes: ['posts'], predicate: { complete: true } });
    expect(only('await User.findOne({ where: { email }, include: [{ model: Post, required: true }] });').predicate!.complete).toBe(false);
  });

  it('leaves soft-deleted rows out', () => {
    expect(where(only('await Post.findOne({ where: { title: name } });').predicate)).toBe('title = name & deletedAt is null null');
    expect(where(only('await Post.findOne({ where: { title: name }, paranoid: false });').predicate)).toBe('title = name');
    expect(only('await Post.scope("open").findOne({ where: { title: name } });').predicate!.complete).toBe(false);
    expect(where(only('await Post.unscoped().findByPk(id);').predicate)).toBe('id = id & deletedAt is null null');
  });
});

describe('conditions', () => {
  it('reads operators, arms and fragments', () => {
    expect(condition('{ email: { [Op.eq]: email }, hits: { [Op.gte]: 1, [Op.lt]: 5 } }')).toBe('email = email & hits >= 1 & hits < 5');
    expect(condition('{ [Op.or]: [{ email }, { nick: name }], name: null }')).toBe('email = email & name is null null | nick = name & name is null null');
    expect(condition('{ [Op.or]: { email, name } }')).toBe('email = email | name = name');
    expect(condition('{ [Op.and]: [{ email }, { name: { [Op.not]: null } }] }')).toBe('email = email & name is not null null');
    expect(condition('{ email: [email] }')).toBe('email = email');
    expect(condition('{ email: ids, name: { [Op.in]: ids } }')).toBe('email = ids & name in ids');
    expect(condition('{ name: { [Op.iLike]: name } }')).toBe('name like name');
    expect(condition('{ name: { [Op.or]: [null, name] } }')).toBe('name is null null | name = name');
    expect(condition('{ "$team.name$": name }')).toBe('team.name = name');
    expect(condition('{ email, ...(name && { name }) }')).toBe('email = email & name = name?');
    expect(condition('{ email: { $ne: email } }')).toBe('email != email');
    expect(condition('{ email: Sequelize.literal("x") }')).toMatch(/…$/);
    expect(condition('Sequelize.where(Sequelize.fn("lower", Sequelize.col("email")), email)')).toBe('email like email');
    expect(condition('input')).toBe(' …');
  });
});

describe('writes', () => {
  it('reads inserts and upserts', () => {
    expect(row(only('await User.create({ email, ...input });').rows?.[0])).toBe('email set email, ...input');
    expect(only('await User.bulkCreate(ids.map((one) => ({ email: one })));')).toMatchObject({ verb: 'insert', many: true });
    expect(only('await User.bulkCreate(ids.map((one) => ({ email: one })), { ignoreDuplicates: true });')).toMatchObject({ verb: 'upsert', conflict: { action: 'ignore' } });
    expect(only('await User.bulkCreate([{ email, name }, { email: id, name }], { updateOnDuplicate: ["name"], conflictAttributes: ["email"] });').conflict).toMatchObject({ target: ['email'], action: 'update' });
    expect(only('await User.upsert({ email, name });')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', atomic: true }, result: [{ path: ['0'], is: 'written' }] });
    expect(only('await User.upsert({ name });').conflict).toMatchObject({ atomic: false });
    expect(only('await User.upsert({ nick: name });').conflict).toMatchObject({ target: ['teamId', 'nick'], atomic: 'unknown' });
    expect(only('await User.upsert({ nick: name, teamId: id }, { conflictFields: ["teamId", "nick"] });').conflict).toMatchObject({ target: ['teamId', 'nick'], atomic: true });
  });

  it('tells whether a key stands behind findOrCreate', () => {
    const found = (text: string) => only(`await User.findOrCreate({ where: ${text}, defaults: { hits: 1 } });`);
    expect(found('{ email }')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'ignore', atomic: true }, result: [{ path: ['0'], is: 'written' }] });
    expect(row(found('{ email }').rows?.[0])).toBe('email set email, hits set 1');
    expect(found('{ name }').conflict).toMatchObject({ atomic: false, why: expect.stringContaining('unique key') as string });
    expect(found('{ teamId: id, nick: name }').conflict!.atomic).toBe('unknown');
    expect(only('await Other.findOrCreate({ where: { email } });').conflict!.atomic).toBe('unknown');
  });

  it('reads updates and deletes', () => {
    expect(only('await User.update({ name }, { where: { email } });')).toMatchObject({ verb: 'update', many: false, miss: 'count', result: [{ path: ['0'], is: 'affected' }, { path: ['1'], is: 'rows' }] });
    expect(row(only('await User.update({ hits: Sequelize.literal("hits + 1") }, { where: { id } });').rows?.[0])).toBe('hits atomic handle');
    expect(row(only('await User.increment("hits", { by: 2, where: { id } });').rows?.[0])).toBe('hits atomic 2');
    expect(row(only('await User.decrement({ hits: 2 }, { where: { id } });').rows?.[0])).toBe('hits atomic -(2)');
    expect(only('await User.destroy({ where: { name } });')).toMatchObject({ verb: 'delete', many: true, miss: 'count', result: [{ path: [], is: 'affected' }] });
    expect(only('await Post.destroy({ where: { title: name } });').detail).toMatchObject({ soft: true });
  });

  it('follows instances', () => {
    const saved = operations('const user = await User.findOne({ where: { email } }); user.name = name; await user.save();');
    expect(saved.map(brief)).toEqual(['find User', 'save User']);
    expect(row(saved[1]!.rows?.[0])).toBe('name set name');
    expect(row(operations('const user = await User.findByPk(id); user.set({ name }); user.set("nick", email); await user.save();')[1]!.rows?.[0])).toBe('name set name, nick set email');
    expect(row(operations('const user = await User.findByPk(id); await user.update({ name });')[1]!.rows?.[0])).toBe('name set name');
    expect(operations('const user = await User.findByPk(id); await user.increment("hits"); await user.destroy();').map(brief)).toEqual(['find User', 'update User', 'delete User']);
    expect(operations('const user = User.build({ email }); user.name = name; await user.save();').map((one) => `${brief(one)} ${row(one.rows?.[0])}`)).toEqual(['insert User email set email, name set name']);
    expect(operations('const post = new Post({ title: name }); await post.save();').map(brief)).toEqual(['insert Post']);
    expect(operations('const post = await Post.findByPk(id); await post.update({ title: name });')[1]).toMatchObject({ optimistic: true, miss: 'throws' });
    expect(operations('const [user] = await User.findOrCreate({ where: { email } }); await user.update({ name });').map(brief)).toEqual(['upsert User', 'update User']);
    expect(operations('const { rows } = await User.findAndCountAll({}); for (const user of rows) await user.destroy();').map(brief)).toEqual(['find User', 'delete User']);
    expect(operations('const user = await User.findOne({ where: { email }, raw: true }); await user.save();').map(brief)).toEqual(['find User']);
  });

  it('follows associations', () => {
    const found = operations('const user = await User.findByPk(id); await user.getPosts({ where: { status: name } }); await user.createPost({ title: name }); await user.countPosts();');
    expect(found.map(brief)).toEqual(['find User', 'find Post', 'insert Post', 'count Post']);
    expect(where(found[1]!.predicate)).toMatch(/^userId = result\.id & status = name/);
    expect(row(found[2]!.rows?.[0])).toBe('userId set result.id, title set name');
  });

  it('reads SQL', () => {
    expect(only('await sequelize.query("SELECT id FROM \\"Users\\" WHERE email = :email", { replacements: { email }, type: QueryTypes.SELECT });')).toMatchObject({ verb: 'find', table: { name: 'User' }, result: [{ path: [], is: 'rows' }] });
    expect(only('await sequelize.query("UPDATE \\"Users\\" SET hits = hits + 1 WHERE id = $1", { bind: [id] });')).toMatchObject({ verb: 'update', rows: [{ assignments: [{ column: 'hits', how: 'atomic' }] }] });
  });
});

describe('transactions', () => {
  it('hold only what is given them', () => {
    const found = operations('await sequelize.transaction(async (t) => { await User.findOne({ where: { email }, transaction: t, lock: t.LOCK.UPDATE }); await User.create({ email }, { transaction: t }); await User.destroy({ where: { name } }); });');
    expect(found.map((one) => one.transaction !== undefined)).toEqual([true, true, false]);
    expect(found[0]!.transaction).toBe(found[1]!.transaction);
    expect(found[0]).toMatchObject({ lock: 'update', transaction: { isolation: 'default', form: 'callback' } });
  });
  it('are managed by hand, with a level', () => {
    const found = operations('const tx = await sequelize.transaction({ isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE }); try { await User.create({ email }, { transaction: tx }); await tx.commit(); } catch (error) { await tx.rollback(); throw error; }');
    expect(found[0]!.transaction).toMatchObject({ form: 'manual', isolation: 'serializable' });
  });
  it('are received', () => {
    const found = operations('await User.destroy({ where: { name }, transaction: t }); await User.create({ name }, { transaction: t }); await User.create({ name }, options); await User.create({ name }, {});');
    expect(found[0]!.transaction).toBe(found[1]!.transaction);
    expect(found[0]!.transaction).toBeDefined();
    expect(found[2]!.transaction).not.toBe(found[0]!.transaction);
    expect(found[3]!.transaction).toBeUndefined();
  });
  it('of version 7 hold what their callback runs', () => {
    const found = operations('await sequelize.transaction(async () => { await User.findOne({ where: { email } }); await User.create({ email }); }); await User.count();', { versions: { '@sequelize/core': 7 } });
    expect(found.map((one) => one.transaction !== undefined)).toEqual([true, true, false]);
  });
});

describe('violations', () => {
  const handled = (test: string): string => {
    const [trace] = tracesOf(`import { UniqueConstraintError, ValidationError } from 'sequelize'; import { User } from './models';
      export async function run(email: string) { try { await User.create({ email }); } catch (error) { if (${test}) return 'taken'; throw error; } }`);
    return handlingOf(trace!.operations[0]!, trace!).how;
  };
  it('are told by name, class and the driver\'s error', () => {
    expect(handled('error instanceof UniqueConstraintError')).toBe('handled');
    expect(handled('error.name === "SequelizeUniqueConstraintError"')).toBe('handled');
    expect(handled('error.parent?.code === "23505"')).toBe('handled');
    expect(handled('error.original.code === "23505"')).toBe('handled');
    expect(handled('error.code === "23505"')).not.toBe('handled');
    expect(handled('error.parent.code === "ER_DUP_ENTRY"')).not.toBe('handled');
  });
});

describe('recognition', () => {
  const labels = (text: string, setting?: Setting) => operationsOf(text, setting).map((one) => `${one.evidence} ${brief(one)}`);
  it('follows models of modules, classes and injections', () => {
    expect(labels("const db = require('../models'); exports.run = async (email) => { if (!(await db.User.findOne({ where: { email } }))) await db.User.create({ email }); };")).toEqual(['declaration find User', 'declaration insert User']);
    expect(labels("import { sequelize } from './db'; export async function run(email) { await sequelize.models.User.findOne({ where: { email } }); }", { files: { './db': "import { Sequelize } from 'sequelize'; export const sequelize = new Sequelize('postgres://x');" } })).toEqual(['declaration find User']);
    expect(labels("import { Account } from './account'; export async function run(email) { await Account.findOne({ where: { email } }); }", { files: { './account': "import { sequelize } from './db'; export const Account = sequelize.define('Account', {});", './db': "import { Sequelize } from 'sequelize'; export const sequelize = new Sequelize('postgres://x');" } })).toEqual(['declaration find Account']);
    expect(labels(`import { Pin } from './pin'; export async function run(id: string, ctx: C) { await Pin.createWithCtx(ctx, { id }); const pin = await Pin.findByPk(id); await pin.destroyWith(ctx); }`, {
      files: {
        './pin': "import { Table, Column } from 'sequelize-typescript'; import { Base } from './base'; @Table export class Pin extends Base { @Column index: string; }",
        './base': "import { Model } from 'sequelize-typescript'; export class Base extends Model { static createWithCtx(ctx, values) { return this.create(values, ctx.context); } destroyWith(ctx) { return this.destroy(ctx.context); } }",
      },
    })).toEqual(['declaration insert Pin', 'declaration find Pin', 'declaration delete Pin']);
    expect(labels(`import { InjectModel } from '@nestjs/sequelize'; import { User } from './user.model';
      export class Service { constructor(@InjectModel(User) private readonly userModel: typeof User) {} async run(email: string) { await this.userModel.create({ email }); } }`)).toEqual(['declaration insert User']);
    expect(labels("import { Transaction, ModelStatic } from 'sequelize'; export async function run(users: ModelStatic<Member>, transaction: Transaction) { await users.findAll({ transaction }); }")).toEqual(['declaration find Member']);
    expect(operationsOf("import { Model } from 'sequelize'; class Tag extends Model { static async named(name) { return this.findOne({ where: { name } }); } async touch() { this.seen = true; await this.save(); } } export async function run(name) { await Tag.named(name); }").map(brief)).toContain('find Tag');
  });

  it('knows `this` of static methods, typed or not', () => {
    const found = operationsOf(`import { Model, ModelStatic } from 'sequelize'; export class Tag extends Model {
      static async ensure(this: ModelStatic<Tag>, name: string) { return this.create({ name }); } static async hit(id: string) { await this.increment('hits', { where: { id } }); await Tag.ensure(id); } }`);
    expect(found.map((one) => `${brief(one)} ${one.predicate ? where(one.predicate) : row(one.rows?.[0])}`)).toEqual(expect.arrayContaining(['update Tag id = id', 'insert Tag name set id']));
  });

  it('takes names alone for nothing', () => {
    expect(operationsOf(`export async function run(email, map, api, list, repo) { map.findAll({ email }); await api.create({ email }); await repo.findOne({ where: { email } }); await Thing.create({ email }); await Thing.findOne({ where: { email } });
      await prisma.user.update({ where: { email }, data: {} }); new Map().set('a', 1); User.find((one) => one.email === email); db.users.count(); cache.destroy(); await Thing.upsert({ email }); }`)).toEqual([]);
    expect(operationsOf('export async function run(id, email) { await Thing.findByPk(id); await Thing.findOrCreate({ where: { email } }); await Thing.update({ email }, { where: { id } }); }').map((one) => `${one.evidence} ${brief(one)}`)).toEqual(['shape find Thing', 'shape upsert Thing', 'shape update Thing']);
  });
});

describe('methods of sequelize-typescript', () => {
  it('reads and inserts along an association', () => {
    const [found, made, counted] = operationsOf(`const { User } = require('./models'); export async function run(id, title) {
      const user = await User.findByPk(id); await user.$get('posts', { where: { title } }); await user.$create('post', { title }); await user.$count('posts');
    }`).slice(1);
    expect(found).toMatchObject({ verb: 'find', table: { name: 'Post' }, many: true });
    expect(where(found!.predicate)).toBe('userId = result.id & title = title & deletedAt is null null');
    expect(made).toMatchObject({ verb: 'insert', table: { name: 'Post' }, rows: [{ assignments: [{ column: 'userId' }, { column: 'title' }] }] });
    expect(counted).toMatchObject({ verb: 'count', table: { name: 'Post' } });
  });
});
