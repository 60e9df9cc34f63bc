/** For tests: what the operations of a text are, through the trace, with one model in the catalogue. */
import type { Operation } from '../../model.ts';
import { catalogueOf } from '../../schema/catalogue.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile, type Trace } from '../../trace/index.ts';
import { mongoose } from './index.ts';
import { schemaSource } from './schema.ts';

export const USER = `const mongoose = require('mongoose');
const userSchema = new mongoose.Schema({
  email: { type: String, unique: true, lowercase: true }, name: { type: String, required: true }, hits: { type: Number, default: 0 },
  team: { type: mongoose.Schema.Types.ObjectId, ref: 'Team' }, nick: String, tags: [String], address: { city: String },
}, { timestamps: true });
userSchema.index({ team: 1, nick: 1 }, { unique: true, partialFilterExpression: { nick: { $type: 'string' } } });
userSchema.pre('save', async function () {});
module.exports = mongoose.model('User', userSchema);`;

export interface Setting { readonly files?: Readonly<Record<string, string>>; readonly versions?: Readonly<Record<string, number>>; readonly path?: string }

export function tracesOf(text: string, { files = {}, versions = {}, path = 'case.ts' }: Setting = {}): readonly Trace[] {
  const catalogue = catalogueOf(schemaSource.read([{ path: 'models/user.js', text: USER }]), ['models/user.js']);
  const parsed = new Map(Object.entries({ './models/user': USER, ...files }).map(([name, code]) => [name, parseSource(`${name}.js`, code)]));
  return traceFile(parseSource(path, text), { clients: [mongoose], catalogue, dialect: undefined, version: (name) => versions[name], resolve: (binding) => parsed.get(binding.source) });
}

export function operationsOf(text: string, setting?: Setting): readonly Operation[] {
  return tracesOf(text, setting).flatMap((trace) => trace.operations);
}
