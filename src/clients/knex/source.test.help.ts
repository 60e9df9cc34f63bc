/** For tests: what the operations of a text are, through the trace, with tables of migrations. */
import type { Operation, Predicate, Value } from '../../model.ts';
import { catalogueOf } from '../../schema/index.ts';
import type { Dialect } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import { knex } from './index.ts';
import { schemaSource } from './schema.ts';

export const MIGRATION = `exports.up = async function (knex) {
  await knex.schema.createTable('users', (table) => { table.increments('id'); table.string('email').notNullable().unique(); table.string('name'); table.integer('team_id').notNullable().references('id').inTable('teams'); table.integer('hits').notNullable().defaultTo(0); table.unique(['team_id', 'name']); });
  await knex.schema.createTable('teams', (table) => { table.uuid('id').primary().defaultTo(knex.raw('gen_random_uuid()')); table.string('slug').notNullable(); });
};
exports.down = (knex) => knex.schema.dropTable('users');`;
export const DB = `const knex = require('knex'); module.exports = knex({ client: 'pg', connection: process.env.URL });`;

export function operationsOf(text: string, options: { readonly files?: Readonly<Record<string, string>>; readonly dialect?: Dialect; readonly installed?: boolean } = {}): readonly Operation[] {
  const files: Readonly<Record<string, string>> = { './db': DB, ...options.files };
  const catalogue = catalogueOf(schemaSource.read([{ path: 'migrations/1.js', text: MIGRATION }]), []);
  const parsed = new Map(Object.entries(files).map(([path, source]) => [path, parseSource(`${path}.ts`, source)]));
  const surroundings = {
    clients: [knex], catalogue, dialect: options.dialect, version: (name: string) => (name === 'knex' && options.installed !== false ? 3 : undefined), resolve: (binding: { readonly source: string }) => parsed.get(binding.source),
  };
  return traceFile(parseSource('case.ts', text), surroundings).flatMap((trace) => trace.operations);
}

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind);
export const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}${one.conditional ? '?' : ''}`).join(' & ')).join(' | ') + (predicate!.complete ? '' : ' …');
