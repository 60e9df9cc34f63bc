/**
 * Reads `schema.prisma` and folders of `*.prisma` files into tables. Accepts the language of versions 4 to 7: nothing is validated, and what
 * is not understood is listed, with the table marked incomplete.
 */
import type { Column, Dialect, Place, Relation, SchemaPart, Table, UniqueKey, Unread } from '../../schema/model.ts';
import type { SchemaSource } from '../client.ts';
import { argument, readBlocks, readNames, readString, type Attribute, type Block, type Field } from './schema-text.ts';

const CLIENT = 'prisma';

/**
 * CockroachDB speaks Postgres' protocol but runs transactions serializable unless told otherwise, so that what is true of Postgres'
 * default would be false of it; SQL Server and MongoDB were not measured either.
 */
const DIALECTS: Readonly<Record<string, Dialect>> = { postgresql: 'postgres', postgres: 'postgres', mysql: 'mysql', sqlite: 'sqlite' };
const SCALARS = new Set(['String', 'Boolean', 'Int', 'BigInt', 'Float', 'Decimal', 'DateTime', 'Json', 'Bytes', 'Unsupported']);
const BLOCK_ATTRIBUTES = new Set(['id', 'unique', 'index', 'map', 'schema', 'ignore', 'fulltext', 'shardKey']);

interface Named { readonly file: string; readonly block: Block }
type InputFile = { readonly path: string; readonly text: string };

export const schemaSource: SchemaSource = {
  matches: (path) => path.endsWith('.prisma'),
  read: (files) => {
    // The generator copies the schema beside the client that it writes; the copy may be older than the original.
    const originals = files.filter((file) => !/[\\/](?:generated|\.prisma)[\\/]/.test(file.path));
    return schemasOf(originals.length ? originals : files);
  },
};

/** A folder may hold several schemas, each with a datasource; a file without one belongs to the nearest that has. */
function schemasOf(given: readonly InputFile[]): SchemaPart[] {
  const files = given.map((file) => ({ path: file.path, ...readBlocks(file.text) }));
  const sources = files.filter((file) => file.blocks.some((block) => block.keyword === 'datasource'));
  const homes = sources.length > 1 ? sources : [files[0]];
  const groups = homes.map((home) => files.filter((file) => sources.length < 2 || nearest(file.path, sources.map((one) => one.path)) === home?.path));
  return groups.filter((group) => group.length).map((group) => {
    const blocks = group.flatMap((file) => file.blocks.map((block): Named => ({ file: file.path, block })));
    const unread = group.flatMap((file) => file.problems.map((one): Unread => ({ place: { file: file.path, line: one.line }, what: one.text, reason: one.reason })));
    return partOf(blocks, unread);
  });
}

/** The schema whose folder is the closest above `path`, else the one that shares most of its path. */
function nearest(path: string, homes: readonly string[]): string | undefined {
  if (homes.includes(path)) return path;
  const shared = (home: string): number => { let at = 0; while (at < home.length && home[at] === path[at]) at++; return at; };
  return [...homes].sort((a, b) => shared(b) - shared(a))[0];
}

function partOf(blocks: readonly Named[], unread: Unread[]): SchemaPart {
  const settings = blocks.find(({ block }) => block.keyword === 'datasource')?.block.settings;
  const provider = readString(settings?.get('provider'));
  const dialect = provider === undefined ? undefined : DIALECTS[provider];
  const models = new Map<string, Named>();
  const enums = new Set<string>();
  const composites = new Set<string>();
  for (const one of blocks) {
    if (one.block.keyword === 'enum') enums.add(one.block.name);
    else if (one.block.keyword === 'type') composites.add(one.block.name);
    else if ((one.block.keyword === 'model' || one.block.keyword === 'view') && !models.has(one.block.name)) models.set(one.block.name, one);
  }
  // Until Prisma 4.5 it had another name.
  const isEmulated = ['relationMode', 'referentialIntegrity'].some((name) => readString(settings?.get(name)) === 'prisma');
  const tables = [...models.values()]
    // The client has no such model.
    .filter(({ block }) => !block.attributes.some((one) => one.name === 'ignore'))
    .map((one) => new TableReader(one, models, enums, composites, dialect, unread).read())
    .map((table) => (isEmulated ? { ...table, libraryRelations: true, relations: table.relations.map((one) => ({ ...one, unenforced: true })) } : table));
  return { client: CLIENT, dialect, tables, unread };
}

class TableReader {
  readonly #block: Block;
  readonly #file: string;
  readonly #models: ReadonlyMap<string, Named>;
  readonly #enums: ReadonlySet<string>;
  readonly #composites: ReadonlySet<string>;
  readonly #dialect: Dialect | undefined;
  readonly #unread: Unread[];
  readonly #keys: UniqueKey[] = [];
  readonly #dbName: string;
  #complete: boolean;

  constructor({ block, file }: Named, models: ReadonlyMap<string, Named>, enums: ReadonlySet<string>, composites: ReadonlySet<string>, dialect: Dialect | undefined, unread: Unread[]) {
    this.#block = block;
    this.#file = file;
    this.#models = models;
    this.#enums = enums;
    this.#composites = composites;
    this.#dialect = dialect;
    this.#unread = unread;
    this.#dbName = mapped(block.attributes) ?? block.name;
    this.#complete = !unread.some((one) => one.place.file === file && one.what.startsWith(`${block.name}:`));
  }

  read(): Table {
    const { name, fields, attributes, line } = this.#block;
    const columns = new Map<string, Column>();
    const relations: Relation[] = [];
    for (const field of fields) {
      if (this.#models.has(field.type)) { relations.push(this.#relation(field)); continue; }
      if (!SCALARS.has(field.type) && !this.#enums.has(field.type) && !this.#composites.has(field.type)) {
        this.#cannot(field.line, `${name}.${field.name}`, `\`${field.type}\` is declared in no file that was read`);
      }
      columns.set(field.name, this.#column(field));
    }
    for (const field of fields) {
      for (const one of field.attributes) if (one.name === 'id' || one.name === 'unique') this.#fieldKey(field, one);
    }
    for (const one of attributes) {
      if (one.name === 'id' || one.name === 'unique') this.#blockKey(one, columns);
      else if (!BLOCK_ATTRIBUTES.has(one.name) && !one.name.startsWith('db.')) this.#cannot(one.line, `${name} @@${one.name}`, 'the attribute is not known');
    }
    const schema = attributes.find((one) => one.name === 'schema');
    return {
      name, dbName: this.#dbName, schema: schema && readString(argument(schema, 'name', 0)), client: CLIENT,
      columns, keys: this.#keys.map((key) => this.#named(key, columns)), relations, sideEffects: [], complete: this.#complete, place: this.#at(line),
    };
  }

  #at(line: number): Place { return { file: this.#file, line }; }

  #cannot(line: number, what: string, reason: string): void {
    this.#complete = false;
    this.#unread.push({ place: this.#at(line), what, reason });
  }

  #column(field: Field): Column {
    const has = (name: string): boolean => field.attributes.some((one) => one.name === name);
    const given = field.attributes.find((one) => one.name === 'default');
    const structured = field.list || field.type === 'Json' || this.#composites.has(field.type);
    const updatedAt = has('updatedAt');
    return {
      name: field.name,
      dbName: mapped(field.attributes) ?? field.name,
      type: field.type.toLowerCase(),
      nullable: field.optional,
      ...(given ? defaultOf(argument(given, 'value', 0), has('id'), this.#enums.has(field.type)) : { default: updatedAt ? 'client' : field.list ? 'database' : 'none' }),
      ...(updatedAt && { updatedAt: true }),
      // The library knows no soft delete: extensions and code do, by this name.
      ...(field.type === 'DateTime' && field.optional && /^(?:deleted|removed)_?at$/i.test(field.name) && { deletedAt: true }),
      ...(structured && { structured: true }),
    };
  }

  #fieldKey(field: Field, one: Attribute): void {
    const prefix = argument(one, 'length') !== undefined;
    this.#keys.push({
      name: readString(argument(one, 'map')), columns: prefix ? [] : [field.name], primary: one.name === 'id',
      // `length`: the key is on the first characters only.
      ...(prefix && { expression: true }), place: this.#at(one.line),
    });
  }

  #blockKey(one: Attribute, columns: ReadonlyMap<string, Column>): void {
    const fields = argument(one, 'fields', 0);
    const names = fields === undefined ? undefined : readNames(fields);
    if (!names?.length) { this.#cannot(one.line, `${this.#block.name} @@${one.name}`, 'its fields are not understood'); return; }
    const unknown = names.find((each) => !columns.has(each.name) && !columns.has(each.name.split('.')[0]!));
    if (unknown) this.#cannot(one.line, `${this.#block.name} @@${one.name}`, `there is no field \`${unknown.name}\``);
    const plain = names.filter((each) => !/\blength\s*:/.test(each.options));
    const where = argument(one, 'where');
    const alias = readString(argument(one, 'name')) ?? names.map((each) => each.name).join('_');
    this.#keys.push({
      name: readString(argument(one, 'map')), columns: plain.map((each) => each.name), primary: one.name === 'id',
      ...(names.length > 1 && { alias }),
      ...(where !== undefined && { where: readString(/^raw\(([\s\S]*)\)$/.exec(where)?.[1]?.trim()) ?? where }),
      ...(plain.length < names.length && { expression: true }),
      place: this.#at(one.line),
    });
  }

  /** The name that the library gives to a key in the database, where it is sure: longer ones are cut in a way of its own. */
  #named(key: UniqueKey, columns: ReadonlyMap<string, Column>): UniqueKey {
    if (key.name !== undefined || key.expression || this.#dialect === undefined) return key;
    if (key.primary) {
      const name = this.#dialect === 'postgres' ? `${this.#dbName}_pkey` : this.#dialect === 'mysql' ? 'PRIMARY' : undefined;
      return name === undefined || name.length > 63 ? key : { ...key, name };
    }
    const name = [this.#dbName, ...key.columns.map((column) => columns.get(column)?.dbName ?? column), 'key'].join('_');
    return name.length > 63 ? key : { ...key, name };
  }

  #relation(field: Field): Relation {
    const list = (key: string): string[] => {
      const relation = field.attributes.find((one) => one.name === 'relation');
      const value = relation && argument(relation, key);
      return (value && readNames(value)?.map((one) => one.name)) || [];
    };
    const columns = list('fields');
    const inverse = this.#inverse(field);
    return { name: field.name, target: field.type, columns, references: list('references'), many: field.list, ...(inverse && { inverse }) };
  }

  /** The field of the other model that carries the same relation: same name, or the only one without. */
  #inverse(field: Field): string | undefined {
    const target = this.#models.get(field.type)!.block;
    const name = relationName(field);
    const own = target === this.#block;
    const found = target.fields.filter((one) => one.type === this.#block.name && relationName(one) === name && (!own || one !== field));
    return found.length === 1 ? found[0]!.name : undefined;
  }
}

function relationName(field: Field): string | undefined {
  const relation = field.attributes.find((one) => one.name === 'relation');
  return relation && readString(argument(relation, 'name', 0));
}

function mapped(attributes: readonly Attribute[]): string | undefined {
  const map = attributes.find((one) => one.name === 'map');
  return map && readString(argument(map, 'name', 0));
}

type Default = Pick<Column, 'default' | 'defaultLiteral'>;

function defaultOf(text: string | undefined, isId: boolean, isEnum: boolean): Default {
  if (text === undefined) return { default: 'unknown' };
  const string = readString(text);
  if (string !== undefined) return { default: 'database', defaultLiteral: string };
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return { default: 'database', defaultLiteral: Number(text) };
  if (text === 'true' || text === 'false') return { default: 'database', defaultLiteral: text === 'true' };
  const fn = /^(\w+)\s*\(([\s\S]*)\)$/.exec(text);
  switch (fn?.[1]) {
    case 'autoincrement': case 'sequence': case 'auto': return { default: 'generated-id' };
    case 'uuid': case 'cuid': case 'nanoid': case 'ulid': return { default: 'client' };
    case 'dbgenerated': return { default: isId ? 'generated-id' : 'database' };
    case 'now': return { default: 'database' };
    case undefined: break;
    default: return { default: 'unknown' };
  }
  if (isEnum && /^\w+$/.test(text)) return { default: 'database', defaultLiteral: text };
  return { default: text.startsWith('[') ? 'database' : 'unknown' };
}
