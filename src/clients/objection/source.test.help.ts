/** For tests: what the operations of a text are, through the trace, with models and a migration in the catalogue. */
import type { Operation } from '../../model.ts';
import { catalogueOf, readSql } from '../../schema/index.ts';
import type { Dialect } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile, type Trace } from '../../trace/index.ts';
import { knex } from '../knex/index.ts';
import { objection } from './index.ts';
import { modelSource } from './schema.ts';

export const MODELS = `const { Model } = require('objection');
class Post extends Model {
  static get tableName() { return 'posts'; }
}
class User extends Model {
  static tableName = 'users';
  static get relationMappings() {
    return {
      posts: { relation: Model.HasManyRelation, modelClass: Post, join: { from: 'users.id', to: 'posts.user_id' } },
      teams: { relation: Model.ManyToManyRelation, modelClass: Post, join: { from: 'users.id', through: { from: 'a.user_id', to: 'a.team_id' }, to: 'teams.id' } },
    };
  }
}
class Seat extends Model { static tableName = 'seats'; static idColumn = ['room_id', 'nr']; }
module.exports = { User, Post, Seat };`;
const SQL = `create table users (id serial primary key, email text not null unique, name text, hits integer not null default 0);
create table posts (id serial primary key, user_id integer not null references users (id), title text not null);
create table seats (room_id integer, nr integer, taken boolean, primary key (room_id, nr));`;

export interface Setting { readonly files?: Readonly<Record<string, string>>; readonly dialect?: Dialect; readonly version?: number; readonly path?: string }

export function tracesOf(text: string, { files = {}, dialect = 'postgres', version = 3, path = 'case.ts' }: Setting = {}): readonly Trace[] {
  const catalogue = catalogueOf([...modelSource.read([{ path: 'models/all.js', text: MODELS }]), readSql([{ path: '1.sql', text: SQL }], dialect)], []);
  const parsed = new Map(Object.entries({ './models': MODELS, ...files }).map(([name, code]) => [name, parseSource(`${name}.ts`, code)]));
  return traceFile(parseSource(path, text), { clients: [objection, knex], catalogue, dialect, version: (name) => (name === 'objection' ? version : undefined), resolve: (binding) => parsed.get(binding.source) });
}

export function operationsOf(text: string, setting?: Setting): readonly Operation[] {
  return tracesOf(text, setting).flatMap((trace) => trace.operations);
}
