/**
 * Merges what several declarations say of one database: SQL (migrations) is joined onto the tables that code declares, so that a
 * partial unique index that stands only in a migration appears on the model's table.
 *
 * Where both speak of the same thing, code has the word: a key that a migration dropped and code still declares is kept. What
 * only one of them knows is added. Two declarations of one name that differ are cut to what they agree on.
 */
import type { Catalogue, Dialect, SchemaPart, Table, Unread } from './model.ts';
import { databaseView, keyIdentity, keysInCode, mergeColumn, mergeKeys } from './names.ts';

export const SQL = 'sql';

export const EMPTY_CATALOGUE: Catalogue = { dialect: undefined, tables: [], find: () => undefined, unread: [], files: [] };

export function catalogueOf(parts: readonly SchemaPart[], files: readonly string[], unread: readonly Unread[] = []): Catalogue {
  const all = parts.flatMap((part) => part.tables);
  const sql = merged(all.filter((table) => table.client === SQL), (table) => fullName(table), union);
  const code = merged(all.filter((table) => table.client !== SQL), (table) => `${table.client}\0${fullName(table)}\0${table.name}`, agreement);
  const joined = new Set<Table>();
  const tables = code.map((table) => {
    const found = counterpart(table, sql);
    if (!found) return table;
    joined.add(found);
    return withSql(table, found);
  });
  // What no code table stands for; a table of which only additions are known (`CREATE UNIQUE INDEX ON t`) stays listed too.
  tables.push(...sql.filter((table) => !joined.has(table)));
  return {
    dialect: agreed(parts), tables, files,
    find: finder(tables, sql),
    unread: [...parts.flatMap((part) => part.unread), ...unread],
  };
}

const DEFAULT_SCHEMAS = new Set(['public', 'dbo', 'main']);
/** The schema that a name without one means is the default one; which that is depends on the dialect, and one stands for all. */
const schemaOf = (table: Table) => (table.schema === undefined || DEFAULT_SCHEMAS.has(table.schema.toLowerCase()) ? '' : table.schema.toLowerCase());
const fullName = (table: Table) => `${schemaOf(table)}.${table.dbName.toLowerCase()}`;

function agreed(parts: readonly SchemaPart[]): Dialect | undefined {
  const dialects = new Set(parts.flatMap((part) => (part.dialect ? [part.dialect] : [])));
  return dialects.size === 1 ? [...dialects][0] : undefined;
}

function merged(tables: readonly Table[], key: (table: Table) => string, merge: (one: Table, other: Table) => Table): Table[] {
  const found = new Map<string, Table>();
  for (const table of tables) {
    const name = key(table);
    const known = found.get(name);
    found.set(name, known ? merge(known, table) : table);
  }
  return [...found.values()];
}

/** Two files that build one table up, each a part of it (a dump beside migrations, a first script beside later ones). */
function union(one: Table, other: Table): Table {
  const columns = new Map(one.columns);
  for (const [name, column] of other.columns) columns.set(name, mergeColumn(columns.get(name) ?? column, column));
  const relations = [...one.relations, ...other.relations.filter((relation) => !one.relations.some((known) => known.name === relation.name && known.target === relation.target))];
  const rowSecurity = one.rowSecurity && other.rowSecurity
    ? { enabled: one.rowSecurity.enabled || other.rowSecurity.enabled, commands: [...new Set([...one.rowSecurity.commands, ...other.rowSecurity.commands])] }
    : one.rowSecurity ?? other.rowSecurity;
  return {
    ...one, columns, relations, keys: mergeKeys(one.keys, other.keys),
    sideEffects: [...new Set([...one.sideEffects, ...other.sideEffects])],
    ...(rowSecurity ? { rowSecurity } : {}),
    // Of one with no columns only additions were seen: it takes nothing away from what the other knows.
    complete: (one.complete || !one.columns.size) && (other.complete || !other.columns.size) && (one.columns.size > 0 || other.columns.size > 0),
    stated: isStated(one) && isStated(other) && (one.columns.size > 0 || other.columns.size > 0),
  };
}

/** Two declarations of one model that may be of different databases: only what both say is sure. */
function agreement(one: Table, other: Table): Table {
  const keys = one.keys.filter((key) => other.keys.some((each) => keyIdentity(each) === keyIdentity(key)));
  const same = keys.length === one.keys.length && keys.length === other.keys.length && one.columns.size === other.columns.size;
  const columns = new Map([...one.columns].map(([name, column]) => {
    const twin = other.columns.get(name);
    if (!twin) return [name, { ...column, nullable: 'unknown' as const, default: 'unknown' as const }];
    return [name, {
      ...column,
      nullable: column.nullable === twin.nullable ? column.nullable : 'unknown' as const,
      default: column.default === twin.default ? column.default : 'unknown' as const,
    }];
  }));
  for (const [name, column] of other.columns) if (!columns.has(name)) columns.set(name, { ...column, nullable: 'unknown', default: 'unknown' });
  return { ...one, columns, keys, sideEffects: [...new Set([...one.sideEffects, ...other.sideEffects])], complete: one.complete && other.complete && same };
}

/** The SQL table that `table` stands for: same schema, or the only one of its name when one of both says no schema. */
function counterpart(table: Table, sql: readonly Table[]): Table | undefined {
  const exact = sql.find((one) => fullName(one) === fullName(table));
  if (exact || table.schema !== undefined) return exact;
  const named = sql.filter((one) => one.dbName.toLowerCase() === table.dbName.toLowerCase());
  return named.length === 1 ? named[0] : undefined;
}

function withSql(table: Table, sql: Table): Table {
  // A declaration without columns leaves them to the database, and its keys where that tells them.
  if (!table.columns.size) {
    const keys = sql.keys.some((key) => key.primary) ? sql.keys : mergeKeys(table.keys, sql.keys);
    return { ...sql, name: table.name, client: table.client, keys, relations: table.relations.length ? table.relations : sql.relations, sideEffects: [...new Set([...table.sideEffects, ...sql.sideEffects])], place: table.place };
  }
  const byDatabase = new Map([...sql.columns].map(([name, column]) => [name.toLowerCase(), column]));
  return {
    ...table,
    columns: new Map([...table.columns].map(([name, column]) => [name, mergeColumn(column, byDatabase.get(column.dbName.toLowerCase()))])),
    keys: mergeKeys(table.keys, keysInCode(sql.keys, table)),
    sideEffects: [...new Set([...table.sideEffects, ...sql.sideEffects])],
    ...(sql.rowSecurity ? { rowSecurity: sql.rowSecurity } : {}),
    complete: table.complete && (sql.complete || !sql.columns.size),
    stated: sql.stated === true,
  };
}

/** As for `complete`: one with no columns takes nothing away. */
const isStated = (one: Table): boolean => one.stated === true || !one.columns.size;

function finder(tables: readonly Table[], sql: readonly Table[]): Catalogue['find'] {
  const cache = new Map<string, Table | undefined>();
  return (client, name) => {
    const key = `${client}\0${name}`;
    if (!cache.has(key)) cache.set(key, search(client, name, tables, sql));
    return cache.get(key);
  };
}

function search(client: string, name: string, tables: readonly Table[], sql: readonly Table[]): Table | undefined {
  const [schema, bare] = splitName(name);
  const fits = (table: Table) => schema === undefined || schemaOf(table) === (DEFAULT_SCHEMAS.has(schema.toLowerCase()) ? '' : schema.toLowerCase());
  const own = tables.filter((table) => table.client === client);
  const lower = name.toLowerCase();
  const found = only(own.filter((table) => table.name === name))
    ?? only(own.filter((table) => table.dbName === bare && fits(table)))
    ?? only(own.filter((table) => table.name.toLowerCase() === lower))
    ?? only(own.filter((table) => table.dbName.toLowerCase() === bare.toLowerCase() && fits(table)));
  if (found && client !== SQL) return found;
  // By the database's name: all declarations of that table, as the database names things.
  const views = (same: (table: Table) => boolean) => [...sql.filter(same), ...tables.filter((table) => table.client !== SQL && same(table)).map(databaseView)].filter(fits);
  const exact = views((table) => table.dbName === bare);
  return viewOf(exact.length ? exact : views((table) => table.dbName.toLowerCase() === bare.toLowerCase()));
}

/** Without a schema in the name the default schema's table is meant; several others are a choice that nobody can make. */
function viewOf(views: readonly Table[]): Table | undefined {
  const plain = views.filter((table) => schemaOf(table) === '');
  const chosen = plain.length ? plain : views;
  const one = chosen[0];
  if (!one || chosen.some((table) => schemaOf(table) !== schemaOf(one))) return undefined;
  return chosen.slice(1).reduce((known, table) => union(known, table), one);
}

function only(tables: readonly Table[]): Table | undefined {
  if (tables.length < 2) return tables[0];
  const plain = tables.filter((table) => schemaOf(table) === '');
  return plain.length === 1 ? plain[0] : undefined;
}

function splitName(name: string): [schema: string | undefined, bare: string] {
  const parts = name.replace(/["`]/g, '').split('.');
  return parts.length === 2 ? [parts[0], parts[1]!] : [undefined, name.replace(/["`]/g, '')];
}
