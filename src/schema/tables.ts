/**
 * The state of a database while DDL is applied to it, statement by statement: tables that are created, altered, renamed, dropped.
 *
 * A statement on a table that was never created here (it comes from a model, or from a file that was not found) is not lost: what it
 * adds is kept on a table without columns, which the catalogue joins onto the declaration that knows them.
 */
import type { Column, Dialect, Place, Relation, RowSecurity, Table, UniqueKey } from './model.ts';

export interface Name { readonly schema: string | undefined; readonly name: string }
type Command = RowSecurity['commands'][number];
export interface ForeignKey { readonly name: string | undefined; readonly columns: readonly string[]; readonly target: Name; readonly references: readonly string[]; readonly cascades: boolean }
/** A key as a statement adds it; `index`: made by CREATE INDEX, so DROP INDEX removes it. */
export interface NewKey extends Omit<UniqueKey, 'place'> { readonly index?: boolean }

interface Building {
  name: string;
  schema: string | undefined;
  place: Place;
  /** CREATE TABLE was seen. */
  created: boolean;
  complete: boolean;
  columns: Map<string, Column>;
  keys: UniqueKey[];
  foreignKeys: ForeignKey[];
  triggers: Map<string, string>;
  policies: Map<string, Command>;
  rowSecurity: boolean | undefined;
}

const same = (one: string | undefined, other: string | undefined) => one?.toLowerCase() === other?.toLowerCase();
const DEFAULTS = new Set(['public', 'main', 'dbo']);
const plainSchema = (schema: string | undefined) => (schema === undefined || DEFAULTS.has(schema.toLowerCase()) ? undefined : schema);
/** Postgres cuts identifiers to 63 bytes, also those that it makes itself. */
const cut = (name: string) => name.slice(0, 63);

export class Tables {
  readonly dialect: Dialect | undefined;
  #tables: Building[] = [];
  /** By name in small letters. */
  #named = new Map<string, Building[]>();

  constructor(dialect: Dialect | undefined) {
    this.dialect = dialect;
  }

  find(name: Name): Building | undefined {
    const named = this.#named.get(name.name.toLowerCase()) ?? [];
    const exact = named.find((table) => same(plainSchema(table.schema), plainSchema(name.schema)));
    // Without a schema the search path decides, which is not known: the only table of that name is meant.
    return exact ?? (name.schema === undefined && named.length === 1 ? named[0] : undefined);
  }

  /** The table, or a stand-in for what is added to one that was not created here. */
  at(name: Name, place: Place): Building {
    const known = this.find(name);
    if (known) return known;
    const table: Building = {
      name: name.name, schema: name.schema, place, created: false, complete: true, columns: new Map(), keys: [], foreignKeys: [], triggers: new Map(), policies: new Map(), rowSecurity: undefined,
    };
    this.#tables.push(table);
    this.#enter(table);
    return table;
  }

  #enter(table: Building): void {
    const key = table.name.toLowerCase();
    const known = this.#named.get(key);
    if (known) known.push(table); else this.#named.set(key, [table]);
  }

  #remove(table: Building): void {
    this.#tables = this.#tables.filter((one) => one !== table);
    this.#forget(table);
  }

  #forget(table: Building): void {
    const key = table.name.toLowerCase();
    this.#named.set(key, (this.#named.get(key) ?? []).filter((one) => one !== table));
  }

  create(name: Name, place: Place): Building {
    const table = this.at(name, place);
    if (!table.created) table.place = place;
    table.created = true;
    return table;
  }

  drop(name: Name): void {
    const table = this.find(name);
    if (!table) return;
    this.#remove(table);
    for (const other of this.#tables) other.foreignKeys = other.foreignKeys.filter((key) => !(same(key.target.name, table.name) && same(plainSchema(key.target.schema), plainSchema(table.schema))));
  }

  rename(table: Building, name: string): void {
    for (const other of this.#tables) {
      other.foreignKeys = other.foreignKeys.map((key) => (same(key.target.name, table.name) && same(plainSchema(key.target.schema), plainSchema(table.schema)) ? { ...key, target: { ...key.target, name } } : key));
    }
    // A stand-in of that name (an index that an unordered file adds) is the same table.
    const stand = this.find({ schema: table.schema, name });
    if (stand && stand !== table && !stand.created) {
      table.keys.push(...stand.keys);
      this.#remove(stand);
    }
    this.#forget(table);
    table.name = name;
    this.#enter(table);
  }

  addColumn(table: Building, column: Column): void {
    if (!table.columns.has(column.name)) table.columns.set(column.name, column);
  }

  dropColumn(table: Building, name: string): void {
    const found = this.columnName(table, name);
    table.columns.delete(found);
    // The database drops with the column every key that has it among its parts, a partial or expression key too when it is named there.
    const inText = new RegExp(`(?<![\\w$])${found.replace(/[^\w]/g, '\\$&')}(?![\\w$])`, 'i');
    table.keys = table.keys.filter((key) => !key.columns.some((one) => same(one, found)) && !(key.where !== undefined && inText.test(key.where)));
    table.foreignKeys = table.foreignKeys.filter((key) => !key.columns.some((one) => same(one, found)));
  }

  renameColumn(table: Building, from: string, to: string): void {
    const old = this.columnName(table, from);
    const renamed = (name: string) => (same(name, old) ? to : name);
    table.columns = new Map([...table.columns.values()].map((column) => (column.name === old ? [to, { ...column, name: to, dbName: to }] : [column.name, column])));
    table.keys = table.keys.map((key) => ({ ...key, columns: key.columns.map(renamed) }));
    table.foreignKeys = table.foreignKeys.map((key) => ({ ...key, columns: key.columns.map(renamed) }));
    for (const other of this.#tables) {
      other.foreignKeys = other.foreignKeys.map((key) => (same(key.target.name, table.name) ? { ...key, references: key.references.map(renamed) } : key));
    }
  }

  changeColumn(table: Building, name: string, change: Partial<Column>): void {
    const found = this.columnName(table, name);
    const column = table.columns.get(found);
    if (column) table.columns.set(found, { ...column, ...change });
  }

  /** The column's own spelling. */
  columnName(table: Building, name: string): string {
    return table.columns.has(name) ? name : [...table.columns.keys()].find((one) => same(one, name)) ?? name;
  }

  addKey(table: Building, { index, ...key }: NewKey, place: Place): void {
    const columns = key.columns.map((name) => this.columnName(table, name));
    if (key.primary) {
      for (const name of columns) this.changeColumn(table, name, { nullable: false });
      table.keys = table.keys.filter((one) => !one.primary);
    }
    const name = key.name ?? this.#keyName(table, columns, key.primary);
    if (name !== undefined && table.keys.some((one) => same(one.name, name))) return;
    table.keys.push({ ...key, name, columns, place });
  }

  /** The name that the database gives to a key without one. */
  #keyName(table: Building, columns: readonly string[], primary: boolean): string | undefined {
    if (this.dialect === 'mysql') return primary ? 'PRIMARY' : columns[0];
    if (this.dialect === 'sqlite') return undefined;
    return cut(primary ? `${table.name}_pkey` : `${table.name}_${columns.join('_')}_key`);
  }

  addForeignKey(table: Building, key: ForeignKey): void {
    table.foreignKeys.push({ ...key, name: key.name ?? cut(`${table.name}_${key.columns.join('_')}_fkey`) });
  }

  dropConstraint(table: Building, name: string): void {
    table.keys = table.keys.filter((key) => !same(key.name, name));
    table.foreignKeys = table.foreignKeys.filter((key) => !same(key.name, name));
  }

  dropPrimaryKey(table: Building): void {
    table.keys = table.keys.filter((key) => !key.primary);
  }

  /** Index names are the schema's, not the table's (but in MySQL, where the statement names the table). */
  dropIndex(name: Name, table?: Building): void {
    for (const one of table ? [table] : this.#tables) {
      if (table || name.schema === undefined || same(plainSchema(one.schema), plainSchema(name.schema))) one.keys = one.keys.filter((key) => !same(key.name, name.name));
    }
  }

  renameKey(from: string, to: string, table?: Building): void {
    for (const one of table ? [table] : this.#tables) one.keys = one.keys.map((key) => (same(key.name, from) ? { ...key, name: to } : key));
  }

  all(): readonly Building[] {
    return this.#tables;
  }

  /** The tables as the catalogue has them. */
  result(client: string): Table[] {
    const referring = new Map<Building, { readonly other: Building; readonly key: ForeignKey }[]>();
    for (const other of this.#tables) {
      for (const key of other.foreignKeys) {
        const target = this.find(key.target);
        if (!target) continue;
        const known = referring.get(target);
        if (known) known.push({ other, key }); else referring.set(target, [{ other, key }]);
      }
    }
    return this.#tables.filter((table) => table.created || table.keys.length || table.triggers.size || table.policies.size || table.rowSecurity !== undefined || !table.complete).map((table) => ({
      name: table.name, dbName: table.name, schema: table.schema, client,
      columns: table.columns, keys: table.keys,
      relations: this.#relations(table, referring.get(table) ?? []),
      sideEffects: [...table.triggers.values()],
      ...(table.rowSecurity !== undefined || table.policies.size ? { rowSecurity: { enabled: table.rowSecurity ?? false, commands: [...new Set(table.policies.values())] } } : {}),
      complete: table.created && table.complete,
      stated: table.created && table.complete,
      place: table.place,
    }));
  }

  /** Foreign keys seen from both sides, by the other table's name; by the column's where two lead to one table. */
  #relations(table: Building, referring: readonly { readonly other: Building; readonly key: ForeignKey }[]): Relation[] {
    const relations: Relation[] = [];
    const names = new Set<string>();
    const add = (relation: Relation, other: string) => {
      const name = names.has(relation.name) ? other : relation.name;
      names.add(name);
      relations.push(name === relation.name ? relation : { ...relation, name });
    };
    for (const key of table.foreignKeys) {
      const target = this.find(key.target);
      const references = key.references.length ? key.references : target?.keys.find((one) => one.primary)?.columns ?? [];
      add({ name: key.target.name, target: key.target.name, columns: key.columns.map((name) => this.columnName(table, name)), references, many: false, inverse: table.name }, key.columns.join('_'));
    }
    for (const { other, key } of referring) {
      const unique = other.keys.some((one) => !one.where && !one.expression && one.columns.length === key.columns.length && one.columns.every((name) => key.columns.some((part) => same(part, name))));
      add({ name: other.name, target: other.name, columns: [], references: [], many: !unique, inverse: table.name }, `${other.name}!${key.columns.join('_')}`);
    }
    return relations;
  }
}
