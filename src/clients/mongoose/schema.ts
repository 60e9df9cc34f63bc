/** Mongoose schemas, decorated classes and the driver's `createIndex` as a schema, in any file of the project that may hold one. */
import type { Column, Place, SchemaPart, Table, UniqueKey, Unread } from '../../schema/model.ts';
import { readSource } from '../common/source.ts';
import type { SchemaSource } from '../client.ts';
import { literalOf } from './schema-definition.ts';
import { readFile, type DriverIndex, type Model, type Schema } from './schema-file.ts';

const ID = 'mongoose';

function matches(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path) && !/\.(?:d|test|spec)\.[cm]?[jt]s$/.test(path)
    && (/\.(?:entity|model|schema|models|schemas)\.[cm]?[jt]s$/i.test(path) || /(?:^|[\\/])[^\\/]*(?:models?|schemas?|entities|entity|domain|collections?)[\\/]/i.test(path) || /(?:model|schema)s?\.[cm]?[jt]s$/i.test(path) || /mongo|database|(?:^|[\\/])db\b|indexes/i.test(path));
}

function read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[] {
  const unread: Unread[] = [];
  const schemas: Schema[] = [];
  const models: { readonly model: Model; readonly file: string }[] = [];
  const indexes: DriverIndex[] = [];
  for (const { path, text } of files) {
    // Nothing of this library in it: not worth parsing.
    if (!/mongoose|typegoose|mongodb|createIndex|new Schema\b/.test(text)) continue;
    const file = readSource(path, text, unread);
    if (!file) continue;
    const found = readFile(file);
    schemas.push(...found.schemas);
    models.push(...found.models.map((model) => ({ model, file: path })));
    indexes.push(...found.indexes);
  }
  const tables: Table[] = [];
  for (const { model, file } of models) {
    if (tables.some((one) => one.name === model.name)) continue;
    const schema = schemaFor(model, file, schemas);
    tables.push(tableFrom(model.name, model.collection ?? schema?.collection ?? collectionName(model.name), schema, schemas, model.place));
  }
  for (const schema of schemas) {
    if (schema.className === undefined || tables.some((one) => one.name === schema.className)) continue;
    tables.push(tableFrom(schema.className, schema.collection ?? collectionName(schema.className), schema, schemas, schema.place));
  }
  const all = withIndexes(tables, indexes);
  return all.length || unread.length ? [{ client: ID, dialect: undefined, tables: all, unread }] : [];
}

/** The schema in the same file by its variable, else the exported one of that name. */
function schemaFor({ schema }: Model, file: string, schemas: readonly Schema[]): Schema | undefined {
  if (!schema || 'definition' in schema) return schema;
  const named = (name: string | undefined, own: boolean) => name === undefined ? undefined : schemas.find((one) => one.variable === name && (!own || one.place.file === file));
  return named(schema.variable, true) ?? named(schema.imported === 'default' ? undefined : schema.imported, false) ?? named(schema.variable, false);
}

function tableFrom(name: string, collection: string, schema: Schema | undefined, schemas: readonly Schema[], place: Place): Table {
  const columns = new Map<string, Column>();
  const keys: UniqueKey[] = [];
  const sideEffects: string[] = [];
  let complete = schema !== undefined;
  const chain: Schema[] = [];
  for (let at = schema; at && chain.length < 5 && !chain.includes(at);) {
    chain.push(at);
    if (at.parent === undefined) break;
    const { parent } = at;
    at = schemas.find((one) => one.className === parent);
    // Fields and indexes of a base class that was not read are missing here; a library's own base has none that are unique.
    if (!at && parent !== 'TimeStamps' && parent !== 'Base' && parent !== 'Document') complete = false;
  }
  for (const one of [...chain].reverse()) {
    for (const column of one.definition.columns) columns.set(column.name, column);
    keys.push(...one.definition.keys);
    sideEffects.push(...one.sideEffects);
    complete &&= one.definition.complete;
    for (const column of stamps(one)) columns.set(column.name, column);
  }
  const id = columns.get('_id');
  const own: Column = { name: '_id', dbName: '_id', type: id?.type ?? 'objectid', nullable: false, default: id ? id.default === 'none' ? 'none' : 'client' : 'generated-id' };
  const version: Column = { name: '__v', dbName: '__v', type: 'number', nullable: false, default: 'client', ...(schema?.optimistic && { version: true }) };
  const primary: UniqueKey = { name: '_id_', columns: ['_id'], primary: true, place };
  return {
    name, dbName: collection, schema: undefined, client: ID,
    columns: new Map([['_id', own], ...[...columns].filter(([key]) => key !== '_id'), ['__v', version]]),
    keys: [primary, ...keys], relations: [], sideEffects: [...new Set(sideEffects)], documents: true, complete, place,
  };
}

function stamps({ timestamps }: Schema): Column[] {
  if (timestamps === false) return [];
  const nameOf = (key: string): string | undefined => {
    const given = timestamps === true ? undefined : timestamps.get(key);
    const literal = given && literalOf(given)?.value;
    return literal === false ? undefined : typeof literal === 'string' ? literal : key;
  };
  const created = nameOf('createdAt');
  const updated = nameOf('updatedAt');
  const base = { type: 'date', nullable: false, default: 'client' } as const;
  return [
    ...(created === undefined ? [] : [{ name: created, dbName: created, ...base }]),
    ...(updated === undefined ? [] : [{ name: updated, dbName: updated, ...base, updatedAt: true }]),
  ];
}

/** Indexes that the driver was asked for belong to the model of that collection, or to a collection without one. */
function withIndexes(tables: readonly Table[], indexes: readonly DriverIndex[]): readonly Table[] {
  const rest = new Map<string, UniqueKey[]>();
  const more = new Map<Table, UniqueKey[]>();
  for (const { collection, key } of indexes) {
    const table = tables.find((one) => one.dbName === collection);
    if (table) more.set(table, [...more.get(table) ?? [], key]);
    else rest.set(collection, [...rest.get(collection) ?? [], key]);
  }
  const made = [...rest].map(([collection, keys]): Table => {
    const { place } = keys[0]!;
    const names = [...new Set(['_id', ...keys.flatMap((one) => one.columns)])];
    const columns = names.map((name): [string, Column] => [name, { name, dbName: name, type: undefined, nullable: name === '_id' ? false : 'unknown', default: name === '_id' ? 'generated-id' : 'unknown' }]);
    return { name: collection, dbName: collection, schema: undefined, client: ID, columns: new Map(columns), keys: [{ name: '_id_', columns: ['_id'], primary: true, place }, ...keys], relations: [], sideEffects: [], documents: true, complete: false, place };
  });
  return [...tables.map((table) => (more.has(table) ? { ...table, keys: [...table.keys, ...more.get(table)!] } : table)), ...made];
}

const IRREGULAR: Readonly<Record<string, string>> = { person: 'people', man: 'men', woman: 'women', child: 'children', mouse: 'mice', goose: 'geese', tooth: 'teeth', foot: 'feet' };
const UNCOUNTABLE: ReadonlySet<string> = new Set(['advice', 'energy', 'excretion', 'digestion', 'cooperation', 'health', 'justice', 'labour', 'machinery', 'equipment', 'information', 'pollution', 'sewage', 'paper', 'money', 'species', 'series', 'rain', 'rice', 'fish', 'sheep', 'moose', 'deer', 'news', 'expertise', 'status', 'media']);

/** The collection that Mongoose makes of a model's name. */
export function collectionName(model: string): string {
  const name = model.toLowerCase();
  if (UNCOUNTABLE.has(name) || /\d$/.test(name)) return name;
  for (const [one, many] of Object.entries(IRREGULAR)) if (name.endsWith(one)) return name.slice(0, -one.length) + many;
  if (/s$/.test(name) && !/(?:ss|us|is)$/.test(name)) return name;
  if (/(?:x|ch|ss|sh)$/.test(name)) return `${name}es`;
  if (/[^aeiouy]y$/.test(name) || /quy$/.test(name)) return name.replace(/y$/, 'ies');
  if (/sis$/.test(name)) return name.replace(/sis$/, 'ses');
  if (/(?:[^f])fe$/.test(name)) return name.replace(/fe$/, 'ves');
  if (/[lr]f$/.test(name)) return name.replace(/f$/, 'ves');
  if (/us$/.test(name)) return `${name}es`;
  return `${name}s`;
}

export const schemaSource: SchemaSource = { matches, read };
