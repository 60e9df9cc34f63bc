/** For tests: what the operations of a text are, through the trace, with models and a migration in the catalogue. */
import type { Operation } from '../../model.ts';
import type { Dialect } from '../../schema/model.ts';
import { catalogueOf } from '../../schema/catalogue.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile, type Trace } from '../../trace/index.ts';
import { sequelize } from './index.ts';
import { modelSource } from './schema.ts';

export const USER = `module.exports = (sequelize, DataTypes) => {
  const User = sequelize.define('User', {
    email: { type: DataTypes.STRING, unique: true, allowNull: false }, name: DataTypes.STRING, hits: { type: DataTypes.INTEGER, defaultValue: 0 }, nick: DataTypes.STRING, tags: DataTypes.JSONB,
  }, { indexes: [{ unique: true, fields: ['teamId', 'nick'], where: { nick: { [Op.ne]: null } } }], hooks: { beforeCreate() {} } });
  User.associate = (models) => { User.belongsTo(models.Team, { foreignKey: 'teamId', as: 'team' }); User.hasMany(models.Post, { foreignKey: 'userId', as: 'posts' }); };
  return User;
};`;
export const POST = `const { Model, DataTypes } = require('sequelize');
class Post extends Model { static associate(models) { this.belongsTo(models.User, { foreignKey: 'userId' }); } }
Post.init({ title: DataTypes.STRING, status: DataTypes.STRING }, { sequelize, modelName: 'Post', paranoid: true, version: true });
module.exports = Post;`;

export interface Setting { readonly files?: Readonly<Record<string, string>>; readonly versions?: Readonly<Record<string, number>>; readonly path?: string; readonly dialect?: Dialect }

export function tracesOf(text: string, { files = {}, versions = {}, path = 'case.ts', dialect = 'postgres' }: Setting = {}): readonly Trace[] {
  const catalogue = catalogueOf(modelSource.read([{ path: 'models/user.js', text: USER }, { path: 'models/post.js', text: POST }]), ['models/user.js']);
  const parsed = new Map(Object.entries({ './post': POST, ...files }).map(([name, code]) => [name, parseSource(`${name}.ts`, code)]));
  return traceFile(parseSource(path, text), { clients: [sequelize], catalogue, dialect, version: (name) => versions[name], resolve: (binding) => parsed.get(binding.source) });
}

export function operationsOf(text: string, setting?: Setting): readonly Operation[] {
  return tracesOf(text, setting).flatMap((trace) => trace.operations);
}
