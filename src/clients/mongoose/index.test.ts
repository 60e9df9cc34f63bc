import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Row, Value } from '../../model.ts';
import { handlingOf } from '../../trace/violations.ts';
import { operationsOf, tracesOf, type Setting } from './source.test.help.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${one.column} ${one.operator} ${show(one.value)}${one.conditional ? '?' : ''}`).join(' & ')).join(' | ')
  + (predicate!.complete ? '' : ' …');
const row = (one: Row | undefined): string => one === undefined ? 'none' : [...one.assignments.filter((each) => each.how !== 'carried').map((each) => `${each.column} ${each.how} ${show(each.value)}${each.conditional ? '?' : ''}`), ...one.spreads.map((each) => `...${show(each)}`)].join(', ');
const brief = (one: Operation): string => `${one.verb} ${one.table.name}`;
const operations = (body: string, setting?: Setting): readonly Operation[] => operationsOf(`
  const mongoose = require('mongoose');
  const User = require('./models/user');
  exports.run = async (email, id, name, input, ids, db) => { ${body} };`, { path: 'case.js', ...setting });
const only = (body: string, setting?: Setting): Operation => { const found = operations(body, setting); expect(found.map(brief)).toHaveLength(1); return found[0]!; };
const condition = (text: string): string => where(only(`await User.findOne(${text});`).predicate);

describe('reads', () => {
  it('tells documents, lists, counts and aggregates', () => {
    expect(only('await User.findOne({ email });')).toMatchObject({ verb: 'find', many: false, miss: 'null', evidence: 'declaration', label: 'User.findOne', result: [{ path: [], is: 'row', miss: 'null' }] });
    expect(only('await User.findById(id).orFail();')).toMatchObject({ miss: 'throws', result: [{ is: 'row', miss: 'throws' }] });
    expect(only('await User.find({ name }).sort({ hits: -1 }).limit(1).lean();')).toMatchObject({ many: false, order: [{ column: 'hits', descending: true }], detail: { lean: true } });
    expect(only('await User.find().sort("-createdAt name");').order).toEqual([{ column: 'createdAt', descending: true }, { column: 'name', descending: false }]);
    expect(only('await User.exists({ email });')).toMatchObject({ verb: 'find', columns: ['_id'], result: [{ is: 'row', miss: 'null' }] });
    expect(only('await User.countDocuments({ name });')).toMatchObject({ verb: 'count', result: [{ path: [], is: 'count', numeric: 'number' }] });
    expect(only('await User.aggregate([{ $match: { name } }, { $group: { _id: null, last: { $max: "$hits" } } }]);')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ path: ['0', 'last'], is: 'scalar', column: 'hits' }] });
    expect(only('await User.findOne({ email }).select("name hits").populate("team");')).toMatchObject({ columns: ['_id', 'name', 'hits'], includes: ['team'] });
    expect(only('await User.findOne({ email }, "name").exec();').columns).toEqual(['_id', 'name']);
  });

  it('sends nothing before it is awaited', () => {
    expect(operations('User.findOneAndUpdate({ email }, { name }); const never = User.deleteOne({ email });')).toEqual([]);
    expect(operations('const a = User.find(); const b = User.deleteMany({}); await b; await a;').map(brief)).toEqual(['delete User', 'find User']);
    expect(operations('return User.findOne({ email }).then((user) => User.create({ email }));').map(brief)).toEqual(['find User', 'insert User']);
    expect(operations('await Promise.all([User.find(), User.deleteMany({})]);').map(brief)).toEqual(['find User', 'delete User']);
    expect(operations('const query = User.find({ name }); query.where("email").equals(email); await query;').map((one) => where(one.predicate))).toEqual(['name = name & email = email']);
    expect(operations('User.create({ email });').map(brief)).toEqual(['insert User']);
  });

  it('follows callbacks of old versions', () => {
    expect(operations('User.findOne({ email }, (error, user) => { if (error || user) return; new User({ email }).save(() => {}); });').map(brief)).toEqual(['find User', 'insert User']);
    expect(operations('User.findOne({ email }).exec((error, user) => { if (!user) User.create({ email }); });').map(brief)).toEqual(['find User', 'insert User']);
  });
});

describe('filters', () => {
  it('reads operators, arms and chains', () => {
    expect(condition('{ email: { $eq: email }, hits: { $gte: 1, $lt: 5 } }')).toBe('email = email & hits >= 1 & hits < 5');
    expect(condition('{ $or: [{ email }, { nick: name }], deletedAt: null }')).toBe('email = email & deletedAt is null null | nick = name & deletedAt is null null');
    expect(condition('{ $and: [{ email }, { name: { $ne: null } }] }')).toBe('email = email & name is not null null');
    expect(condition('{ email: { $in: [email] } }')).toBe('email = email');
    expect(condition('{ email: { $in: ids } }')).toBe('email in ids');
    expect(condition('{ name: /^a/i }')).toBe('name like "/^a/i"');
    expect(condition('{ name: new RegExp(name, "i") }')).toBe('name like name');
    expect(condition('{ name: { $regex: name, $options: "i" } }')).toBe('name like name');
    expect(condition('{ _id: new mongoose.Types.ObjectId(id) }')).toBe('_id = call:String(id)');
    expect(condition('{ _id: input.params.id }')).toBe('_id = input.params.id');
    expect(where(operations('const user = await User.findOne({ email }); await User.deleteOne({ _id: user.id });')[1]!.predicate)).toBe('_id = result._id');
    expect(condition('{ email, ...(name && { name }) }')).toBe('email = email & name = name?');
    expect(condition('{ email, $expr: { $gt: ["$hits", 1] } }')).toBe('email = email …');
    expect(condition('input')).toBe(' …');
    expect(condition('{ nick: { $exists: false } }')).toBe('nick is null null');
    expect(where(only('await User.where("email", email).where("hits").gt(3).findOne();').predicate)).toBe('email = email & hits > 3');
    expect(where(only('await User.findOne().or([{ email }, { name }]);').predicate)).toBe('email = email | name = name');
    expect(where(only('await User.findOne({ email }).byTenant(id);').predicate)).toBe('email = email …');
  });
});

describe('writes', () => {
  it('reads updates', () => {
    expect(row(only('await User.updateOne({ email }, { $set: { name }, $inc: { hits: 1 }, $push: { tags: name }, $unset: { nick: 1 } });').rows?.[0])).toBe('name set name, hits atomic 1, tags append name, nick set null');
    expect(only('await User.updateOne({ email }, { name });')).toMatchObject({ verb: 'update', miss: 'count', many: false, result: [{ path: ['modifiedCount'], is: 'affected' }, { path: ['matchedCount'] }, { path: ['nModified'] }, { path: ['n'] }] });
    expect(only('await User.findByIdAndUpdate(id, { name }, { new: true });')).toMatchObject({ verb: 'update', miss: 'null', result: [{ path: [], is: 'written' }] });
    expect(only('await User.deleteMany({ name });')).toMatchObject({ verb: 'delete', many: true, result: [{ path: ['deletedCount'], is: 'affected' }, { path: ['n'] }] });
    expect(only('await User.findOneAndDelete({ email });')).toMatchObject({ verb: 'delete', miss: 'null' });
    expect(operations('await User.bulkWrite([{ insertOne: { document: { email } } }, { updateOne: { filter: { email }, update: { $set: { name } }, upsert: true } }, { deleteOne: { filter: { name } } }]);').map(brief)).toEqual(['insert User', 'upsert User', 'delete User']);
  });

  it('reads inserts', () => {
    expect(row(only('await User.create({ email, ...input });').rows?.[0])).toBe('email set email, ...input');
    expect(only('const [user] = await User.create([{ email }], {});')).toMatchObject({ verb: 'insert', many: false });
    expect(only('await User.create([{ email }, { email: name }]);')).toMatchObject({ many: true });
    expect(only('await User.insertMany(ids.map((one) => ({ email: one })), { ordered: false });')).toMatchObject({ verb: 'insert', many: true, detail: { ordered: false } });
    expect(only('const user = new User({ email }); user.name = name; await user.save();')).toMatchObject({ verb: 'insert', label: 'user.save' });
    expect(row(only('const user = new User({ email }); user.name = name; await user.save();').rows?.[0])).toBe('email set email, name set name');
    expect(operations('const user = new User({ email });')).toEqual([]);
  });

  it('tells upserts, and whether a key stands behind them', () => {
    const upsert = (filter: string, update = '{ $set: { name } }') => only(`await User.findOneAndUpdate(${filter}, ${update}, { upsert: true });`);
    expect(upsert('{ email }')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', atomic: true } });
    expect(upsert('{ name }').conflict).toMatchObject({ atomic: false, why: expect.stringContaining('unique index') as string });
    expect(upsert('{ email }', '{ $setOnInsert: { name } }').conflict).toMatchObject({ action: 'ignore' });
    expect(row(upsert('{ email }', '{ $setOnInsert: { name }, $inc: { hits: 1 } }').rows?.[0])).toBe('email set email, hits atomic 1, name set name');
    expect(upsert('{ team: id, nick: name }').conflict?.atomic).toBe('unknown');
    expect(only('await User.updateOne({ email }, { name }, { upsert: false });').verb).toBe('update');
  });

  it('saves loaded documents by what was assigned', () => {
    const [, save] = operations('const user = await User.findById(id); user.name = name; await user.save();');
    expect(save).toMatchObject({ verb: 'save', predicate: { arms: [[{ column: '_id' }]] } });
    expect(row(save!.rows?.[0])).toBe('name set name');
    const [, several] = operations('const user = await User.findById(id); user.set({ name, hits: 2 }); await user.save();');
    expect(row(several!.rows?.[0])).toBe('name set name, hits set 2');
    expect(several!.optimistic).toBeUndefined();
    expect(operations('const user = await User.findById(id); user.tags = ids; await user.save();')[1]).toMatchObject({ optimistic: true, miss: 'throws' });
    expect(operations('const user = await User.findById(id).lean(); await user.save();').map(brief)).toEqual(['find User']);
    expect(operations('const user = await User.findById(id); await user.deleteOne(); await user.remove();').map(brief)).toEqual(['find User', 'delete User', 'delete User']);
  });
});

describe('violations', () => {
  const handled = (test: string): string => {
    const [trace] = tracesOf(`const User = require('./models/user');
      exports.run = async (email) => { try { await User.create({ email }); } catch (error) { if (${test}) return 'taken'; throw error; } };`);
    return handlingOf(trace!.operations[0]!, trace!).how;
  };
  it('are told by code', () => {
    expect(handled('error.code === 11000')).toBe('handled');
    expect(handled('error.name === "MongoServerError" && error.code === 11000')).toBe('handled');
    expect(handled('error.message.includes("E11000")')).toBe('handled');
    expect(handled('error.code === "23505"')).not.toBe('handled');
    expect(handled('error.code === "11001" || error.code == 11000')).toBe('handled');
  });
});

describe('transactions', () => {
  it('hold only what is given the session', () => {
    const found = operations(`const session = await mongoose.startSession();
      await session.withTransaction(async () => { await User.findOne({ email }).session(session); await User.create([{ email }], { session }); await User.updateOne({ email }, { name }); });`);
    expect(found.map((one) => one.transaction !== undefined)).toEqual([true, true, false]);
    expect(found[0]!.transaction).toBe(found[1]!.transaction);
  });
  it('are begun by hand, or by the connection', () => {
    const manual = operations('const session = await mongoose.startSession(); session.startTransaction(); await new User({ email }).save({ session }); await session.commitTransaction(); session.endSession();');
    expect(manual[0]!.transaction).toMatchObject({ form: 'manual' });
    const callback = operations('await mongoose.connection.transaction(async (session) => { await User.findOneAndUpdate({ email }, { name }, { session }); });');
    expect(callback[0]!.transaction).toMatchObject({ form: 'callback' });
  });
});

describe('recognition', () => {
  const labels = (text: string, setting?: Setting) => operationsOf(text, setting).map((one) => `${one.evidence} ${brief(one)}`);
  it('follows models of modules, classes and injections', () => {
    expect(labels("import { User } from './models'; export async function run(email) { await User.findOne({ email }); }", { files: { './models': "export { default as User } from './user'; ", './user': 'import mongoose, { Schema } from "mongoose"; export default mongoose.models.User || mongoose.model("User", new Schema({}));' } })).toEqual(['declaration find User']);
    expect(labels("import User from './m'; export async function run(email) { await new User({ email }).save(); }", { files: { './m': 'import { model, models, Schema } from "mongoose"; const User = models.User ?? model("User", new Schema({})); export default User;' } })).toEqual(['declaration insert User']);
    expect(labels("const { User } = require('./models'); exports.run = async (email) => { await User.find(); };", { files: { './models': "module.exports = { User: require('./account') };", './account': "const { model, Schema } = require('mongoose'); module.exports = model('Account', new Schema({}));" } })).toEqual(['declaration find Account']);
    expect(labels('import { model, Schema, Model } from "mongoose"; class Database { static users = model("User", new Schema({})); } export async function run() { await Database.users.find(); }')).toEqual(['declaration find User']);
    expect(labels(`import { InjectModel } from '@nestjs/mongoose'; import { Model } from 'mongoose'; import { User, UserDocument } from './user.schema';
      export class Service { constructor(@InjectModel(User.name) private readonly userModel: Model<UserDocument>) {} async run(email: string) { const user = new this.userModel({ email }); await user.save(); return this.userModel.findOne({ email }).exec(); } }`)).toEqual(['declaration insert User', 'declaration find User']);
    expect(labels(`import { getModelForClass, prop } from '@typegoose/typegoose'; class User { @prop({ unique: true }) email!: string; } const Users = getModelForClass(User); export async function run(email: string) { await Users.create({ email }); }`)).toEqual(['declaration insert User']);
    expect(labels(`import type { Model } from 'mongoose'; export async function run(users: Model<IUser>) { await users.find(); }`)).toEqual(['declaration find User']);
  });

  it('runs statics and methods of options, and the driver\'s collections', () => {
    expect(labels(`const { Schema, model } = require('mongoose');
      const schema = new Schema({}, { statics: { byEmail(email) { return this.findOne({ email }); } }, methods: { touch() { this.hits = 1; return this.save(); } } });
      const User = model('User', schema); exports.run = async (email) => { const user = await User.byEmail(email); const made = new User({ email }); await made.touch(); };`)).toEqual(['declaration find User', 'declaration insert User']);
    const driver = operationsOf(`import { MongoClient, ObjectId } from 'mongodb'; const client = new MongoClient(process.env.URL!);
      export async function run(id: string, email: string) { const users = client.db('app').collection('users');
        const found = await users.find({ email }).limit(1).toArray(); if (!found.length) await users.insertOne({ email }); await users.updateOne({ _id: new ObjectId(id) }, { $set: { email } }); }`);
    expect(driver.map((one) => `${one.evidence} ${one.verb} ${one.table.name} ${one.label}`)).toEqual(['declaration find User users.find', 'declaration insert User users.insertOne', 'declaration update User users.updateOne']);
    expect(operationsOf('export async function run(db, email) { await db.collection("users").insertOne({ email }); }').map((one) => `${one.evidence} ${one.table.name}`)).toEqual(['shape User']);
  });

  it('runs statics and methods that are assigned to the schema', () => {
    expect(labels(`const mongoose = require('mongoose'); const schema = new mongoose.Schema({}); schema.statics.taken = async function (email) { return !!(await this.findOne({ email })); }; schema.methods.touch = function () { this.hits = 1; return this.save(); };
      const User = mongoose.model('User', schema); exports.run = async (email) => { if (await User.taken(email)) throw new Error(); await User.create({ email }); const user = await User.findById(1); await user.touch(); };`)).toEqual(['declaration find User', 'declaration insert User', 'declaration find User', 'declaration save User']);
  });

  it('takes names alone for nothing', () => {
    expect(operationsOf(`export async function run(email, map, api, list, repo, db) { map.find({ email }); await api.create({ email }); list.find((one) => one.email === email); await repo.findOne({ email }); await repo.save({ email });
      await axios.delete('/x'); await Other.create({ email }); await db.collection('users').doc(email).set({ email }); await pb.collection('users').create({ email }); cache.exists({ email }); Object.create({}); await Post.where('x', 1).count(); }`)).toEqual([]);
    expect(operationsOf('export async function run(email) { if (!(await User.findOne({ email }))) await User.create({ email }); }').map((one) => one.evidence)).toEqual(['declaration', 'declaration']);
    expect(operationsOf('export async function run(id) { await Thing.findByIdAndUpdate(id, { x: 1 }); }').map((one) => one.evidence)).toEqual(['shape']);
  });
});

describe('ways of writing', () => {
  it('takes a second save of a new document for an update', () => {
    expect(operations('const user = new User({ email }); await user.save(); user.name = name; await user.save();').map(brief)).toEqual(['insert User', 'update User']);
    expect(operations('const user = new User({ email }); if (name) { await user.save(); return; } await user.save();').map(brief)).toEqual(['insert User', 'insert User']);
  });
  it('walks callbacks of wrappers that give back a function', () => {
    expect(operationsOf("const wrap = require('./wrap'); const User = require('./models/user'); exports.run = wrap(async (req) => { await User.find(); });", { path: 'case.js', files: { './wrap': 'module.exports = (fn) => (req, res, next) => Promise.resolve(fn(req, res, next)).catch(next);' } }).map(brief)).toEqual(['find User']);
  });
  it('goes on behind checks on lists that only some branches fill', () => {
    expect(operations('const errors = []; if (!email) errors.push("email"); if (errors.length) return; await User.create({ email });').map(brief)).toEqual(['insert User']);
    expect(operations('const errors = []; if (!email) errors.push("email"); if (errors.length > 0) return; await User.create({ email });').map(brief)).toEqual(['insert User']);
  });
});
