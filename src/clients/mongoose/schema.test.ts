import { describe, expect, it } from 'vitest';
import { collectionName, schemaSource } from './schema.ts';
import { USER } from './source.test.help.ts';

const tables = (...texts: readonly string[]) => schemaSource.read(texts.map((text, index) => ({ path: `models/m${index}.ts`, text }))).flatMap((part) => part.tables);
const keys = (text: string, ...more: readonly string[]) => tables(text, ...more)[0]!.keys.filter((one) => !one.primary).map((one) => `${one.columns.join()}${one.where ? ` where ${one.where}` : ''}${one.expression ? ' expression' : ''}${one.nullsNotDistinct ? '' : ' sparse'}`);

describe('schemas', () => {
  it('reads paths, keys, hooks, time stamps', () => {
    const [user] = tables(USER);
    expect(user).toMatchObject({ name: 'User', dbName: 'users', client: 'mongoose', complete: true, sideEffects: ["the hook pre('save')"] });
    expect([...user!.columns.keys()]).toEqual(['_id', 'email', 'name', 'hits', 'team', 'nick', 'tags', 'address', 'address.city', 'createdAt', 'updatedAt', '__v']);
    expect(user!.columns.get('name')).toMatchObject({ nullable: false, type: 'string' });
    expect(user!.columns.get('hits')).toMatchObject({ default: 'client', defaultLiteral: 0 });
    expect(user!.columns.get('tags')).toMatchObject({ structured: true });
    expect(keys(USER)).toEqual(['email', "team,nick where { nick: { $type: 'string' } }"]);
  });

  it('reads the many spellings of a unique index', () => {
    const schema = (paths: string, rest = '') => `import { Schema, model } from 'mongoose'; const s = new Schema({ ${paths} }); ${rest} export default model('User', s);`;
    expect(keys(schema('email: { type: String, unique: [true, "taken"] }'))).toEqual(['email']);
    expect(keys(schema('email: { type: String, index: { unique: true, sparse: true } }'))).toEqual(['email sparse']);
    expect(keys(schema('email: { type: String, unique: true, sparse: true }'))).toEqual(['email sparse']);
    expect(keys(schema('email: { type: String, index: true, unique: false }'))).toEqual([]);
    expect(keys(schema('a: String, b: String', 's.index({ a: 1, b: -1 }, { unique: true });'))).toEqual(['a,b']);
    expect(keys(schema('a: String', 's.index({ a: 1 });'))).toEqual([]);
    expect(keys(schema('tags: [{ name: { type: String, unique: true } }]'))).toEqual([]);
    expect(keys(schema('profile: { handle: { type: String, unique: true } }'))).toEqual(['profile.handle']);
    expect(keys(schema('email: { type: String }', 's.index({ email: 1 }, { unique: true, collation: { locale: "en", strength: 2 } });'))).toEqual(['email expression']);
  });

  it('joins models with schemas of other files, and the driver\'s indexes', () => {
    expect(keys("import { model } from 'mongoose'; import { userSchema } from './user.schema'; export const User = model<IUser>('User', userSchema, 'people');", "import { Schema } from 'mongoose'; export const userSchema = new Schema<IUser>({ email: { type: String, unique: true } });")).toEqual(['email']);
    expect(tables("const mongoose = require('mongoose'); module.exports = mongoose.model('Thing', require('./gone'));")[0]).toMatchObject({ complete: false });
    const [users] = tables("import { MongoClient } from 'mongodb'; export async function setup(db) { const users = db.collection('users'); await users.createIndex({ email: 1 }, { unique: true }); await db.collection('users').createIndexes([{ key: { a: 1, b: 1 }, unique: true }, { key: { c: 1 } }]); }");
    expect(users).toMatchObject({ name: 'users', complete: false });
    expect(users!.keys.map((one) => one.columns.join())).toEqual(['_id', 'email', 'a,b']);
  });

  it('reads decorated classes', () => {
    const nest = `import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
      @Schema({ timestamps: true, collection: 'members' }) export class User { @Prop({ required: true, unique: true }) email: string; @Prop() name: string; @Prop({ type: [String], default: [] }) tags: string[]; @Prop({ default: 0 }) hits: number; }
      export const UserSchema = SchemaFactory.createForClass(User); UserSchema.index({ name: 1, hits: 1 }, { unique: true });`;
    const [user] = tables(nest);
    expect(user).toMatchObject({ name: 'User', dbName: 'members', complete: true });
    expect(keys(nest)).toEqual(['email', 'name,hits']);
    expect(user!.columns.get('email')).toMatchObject({ nullable: false, type: 'string' });
    expect(user!.columns.get('hits')).toMatchObject({ type: 'number', defaultLiteral: 0 });
    expect(user!.columns.get('tags')).toMatchObject({ structured: true });
    expect(user!.columns.has('createdAt')).toBe(true);
    const goose = "import { prop, index, modelOptions } from '@typegoose/typegoose'; import { TimeStamps } from '@typegoose/typegoose/lib/defaultClasses'; @index({ a: 1, b: 1 }, { unique: true }) export class Cat extends TimeStamps { @prop({ unique: true }) public a!: string; @prop() public b?: string; }";
    expect(tables(goose)[0]).toMatchObject({ name: 'Cat', dbName: 'cats', complete: true });
    expect(keys(goose)).toEqual(['a', 'a,b']);
  });

  it('says what it did not read', () => {
    expect(tables("const { Schema, model } = require('mongoose'); const s = new Schema({ ...base, a: String }); module.exports = model('A', s);")[0]!.complete).toBe(false);
    expect(tables("const { Schema, model } = require('mongoose'); const base = { x: { type: String, unique: true } }; const s = new Schema({ ...base, a: String }); module.exports = model('A', s);")[0]).toMatchObject({ complete: true, keys: [{ columns: ['_id'] }, { columns: ['x'] }] });
    expect(tables("const { Schema, model } = require('mongoose'); const s = new Schema({ a: String }); s.plugin(unique); module.exports = model('A', s);")[0]).toMatchObject({ complete: false, sideEffects: ['the plugin unique'] });
    expect(schemaSource.read([{ path: 'models/bad.js', text: "const mongoose = require('mongoose'); const = ;" }])[0]).toMatchObject({ tables: [], unread: [{ place: { file: 'models/bad.js' } }] });
    expect(schemaSource.read([{ path: 'models/a.js', text: 'export const a = 1;' }])).toEqual([]);
  });

  it('names collections as Mongoose does', () => {
    expect(['User', 'Category', 'Box', 'Status', 'Person', 'Key', 'News', 'Address', 'Class', 'UserProfile', 'Branch'].map(collectionName)).toEqual(['users', 'categories', 'boxes', 'status', 'people', 'keys', 'news', 'addresses', 'classes', 'userprofiles', 'branches']);
  });
});
