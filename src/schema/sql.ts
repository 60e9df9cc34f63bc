/**
 * SQL files (migrations, dumps) applied one after the other: what the tables look like afterwards. What cannot be read is listed,
 * and the table that it concerns is not complete.
 */
import { definitionsOf, guessDialect, sqlSource } from '../sql/index.ts';
import type { ColumnDefinition, Constraint, Definition, KeyConstraint, TableAction, TableName } from '../sql/index.ts';
import type { Column, Dialect, Place, SchemaPart, Unread } from './model.ts';
import { withoutDownSection } from './order.ts';
import { Tables } from './tables.ts';

const CLIENT = 'sql';
type Building = ReturnType<Tables['at']>;

/** `files` in the order in which they were applied; `dialect` as the project says, else as the texts show. */
export function readSql(files: readonly { readonly path: string; readonly text: string }[], dialect: Dialect | undefined): SchemaPart {
  const known = dialect ?? guessDialect(files.map((file) => file.text));
  const state = new State(known);
  for (const { path, text } of files) {
    const source = sqlSource(withoutDownSection(text));
    const lines = new Lines(source.text);
    for (const definition of definitionsOf(source, known)) {
      if (definition.kind !== 'ignored') state.apply(definition, { file: path, line: lines.at(definition.start) });
    }
  }
  return { client: CLIENT, dialect: known, tables: state.tables.result(CLIENT), unread: state.unread };
}

/** Line numbers of offsets that only grow. */
class Lines {
  readonly #text: string;
  #line = 1;
  #next: number;

  constructor(text: string) {
    this.#text = text;
    this.#next = text.indexOf('\n');
  }

  at(offset: number): number {
    while (this.#next >= 0 && this.#next < offset) {
      this.#line++;
      this.#next = this.#text.indexOf('\n', this.#next + 1);
    }
    return this.#line;
  }
}

/** The first words of a statement, for lists. */
function shortened(text: string): string {
  const line = text.slice(0, 400).replace(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}

class State {
  readonly tables: Tables;
  readonly unread: Unread[] = [];
  readonly #postgres: boolean;

  constructor(dialect: Dialect | undefined) {
    this.tables = new Tables(dialect);
    this.#postgres = dialect === 'postgres' || dialect === undefined;
  }

  #list(place: Place, text: string, reason: string, table?: Building): void {
    this.unread.push({ place, what: shortened(text), reason });
    if (table) table.complete = false;
  }

  apply(definition: Definition, place: Place): void {
    const { tables } = this;
    // A table whose name is made up by code is nobody's.
    if ('table' in definition && definition.table?.name === '') return;
    switch (definition.kind) {
      case 'create table': return definition.temporary ? undefined : this.#create(definition, place);
      case 'alter table': {
        const table = tables.at(definition.table, place);
        for (const action of definition.actions) this.#alter(table, action, place);
        return;
      }
      case 'drop table': for (const table of definition.tables) tables.drop(table); return;
      case 'create index': return this.#index(definition, place);
      case 'drop index': {
        const table = definition.table && tables.find(definition.table);
        for (const index of definition.indexes) tables.dropIndex(index, table);
        return;
      }
      case 'rename index': return tables.renameKey(definition.from, definition.to);
      case 'create trigger': tables.at(definition.table, place).triggers.set(definition.name, definition.text); return;
      case 'drop trigger': {
        // SQLite and MySQL name no table.
        for (const table of definition.table ? [tables.find(definition.table)] : tables.all()) table?.triggers.delete(definition.name);
        return;
      }
      case 'create policy': tables.at(definition.table, place).policies.set(definition.name, definition.command); return;
      case 'drop policy': tables.find(definition.table)?.policies.delete(definition.name); return;
      case 'block': {
        for (const one of definition.definitions) this.apply(one, place);
        for (const text of definition.unread) this.#list(place, text, 'a DO block makes up its statement, or the statement is not understood');
        return;
      }
      case 'unread': return this.#list(place, definition.text, definition.reason, definition.table && tables.at(definition.table, place));
      default:
    }
  }

  #create(definition: Extract<Definition, { kind: 'create table' }>, place: Place): void {
    const { tables } = this;
    const before = tables.find(definition.table);
    if (before?.created && definition.ifNotExists && before.columns.size) return;
    const again = before?.created === true;
    const table = tables.create(definition.table, place);
    const columns = new Set(table.columns.keys());
    for (const { table: name, keys } of [...definition.like, ...(definition.partitionOf ? [{ table: definition.partitionOf, keys: true }] : [])]) this.#copy(table, name, keys);
    for (const column of definition.columns) this.#addColumn(table, column, place);
    for (const constraint of definition.constraints) this.#constrain(table, constraint, place);
    // Two files declare one table in two ways (a dump beside migrations): either may be what runs.
    if (again && (columns.size !== table.columns.size || definition.columns.some((one) => !columns.has(one.name)))) table.complete = false;
    for (const text of definition.unread) this.#list(place, text, `a part of CREATE TABLE ${definition.table.name} is not understood`, table);
  }

  #copy(table: Building, name: TableName, keys: boolean): void {
    const from = this.tables.find(name);
    if (!from?.created || !from.complete) table.complete = false;
    if (!from) return;
    for (const column of from.columns.values()) this.tables.addColumn(table, column);
    if (keys) for (const { name: _own, place, ...key } of from.keys) this.tables.addKey(table, { ...key, name: undefined }, place);
  }

  #addColumn(table: Building, definition: ColumnDefinition, place: Place): void {
    this.tables.addColumn(table, columnOf(definition));
    for (const constraint of definition.constraints) this.#constrain(table, constraint, place);
  }

  #constrain(table: Building, constraint: Constraint, place: Place): void {
    if (constraint.kind === 'key') return this.#key(table, constraint, place);
    if (constraint.kind === 'foreign key') this.tables.addForeignKey(table, constraint);
  }

  #key(table: Building, constraint: KeyConstraint, place: Place): void {
    const { name, columns, primary, deferrable, nullsNotDistinct, expression, index } = constraint;
    const more = { ...(deferrable && { deferrable }), ...(nullsNotDistinct && { nullsNotDistinct }) };
    if (index === undefined) {
      this.tables.addKey(table, { name, columns, primary, ...(expression && { expression }), ...more }, place);
      if (primary) this.#generated(table, columns);
      return;
    }
    // The index becomes the constraint and takes its name.
    const known = table.keys.find((key) => key.name?.toLowerCase() === index.toLowerCase());
    if (!known) return this.#list(place, `${primary ? 'PRIMARY KEY' : 'UNIQUE'} USING INDEX ${index}`, 'the index was not seen', table);
    table.keys = table.keys.filter((key) => key !== known);
    this.tables.addKey(table, { ...known, name: name ?? index, primary, ...more }, place);
  }

  /** `id uuid PRIMARY KEY DEFAULT gen_random_uuid()`; SQLite's INTEGER PRIMARY KEY, which is the rowid. */
  #generated(table: Building, columns: readonly string[]): void {
    const column = columns.length === 1 ? table.columns.get(this.tables.columnName(table, columns[0]!)) : undefined;
    if (!column) return;
    const { dialect } = this.tables;
    const rowid = column.default === 'none' && column.type === 'integer' && (dialect === 'sqlite' || dialect === undefined);
    if (column.default === 'database' && column.defaultLiteral === undefined) this.tables.changeColumn(table, column.name, { default: 'generated-id' });
    else if (rowid) this.tables.changeColumn(table, column.name, { default: dialect === 'sqlite' ? 'generated-id' : 'unknown' });
  }

  #index(definition: Extract<Definition, { kind: 'create index' }>, place: Place): void {
    if (!definition.unique) return;
    const { columns, where, expression, nullsNotDistinct } = definition;
    const table = this.tables.at(definition.table, place);
    const name = definition.name ?? (this.#postgres ? `${table.name}_${[...columns, ...(expression ? ['expr'] : [])].join('_')}_idx`.slice(0, 63) : undefined);
    this.tables.addKey(table, { name, columns, primary: false, index: true, ...(where !== undefined && { where }), ...(expression && { expression }), ...(nullsNotDistinct && { nullsNotDistinct }) }, place);
  }

  #alter(table: Building, action: TableAction, place: Place): void {
    const { tables } = this;
    switch (action.kind) {
      case 'add column': return this.#addColumn(table, action.column, place);
      case 'drop column': return tables.dropColumn(table, action.name);
      case 'rename column': return tables.renameColumn(table, action.from, action.to);
      case 'replace column': {
        if (action.name !== action.column.name) tables.renameColumn(table, action.name, action.column.name);
        const column = columnOf(action.column);
        const primary = table.keys.some((key) => key.primary && key.columns.includes(column.name));
        tables.changeColumn(table, column.name, { ...withoutDefault(column), ...(primary && { nullable: false }) });
        for (const constraint of action.column.constraints) this.#constrain(table, constraint, place);
        return;
      }
      case 'nullable': return tables.changeColumn(table, action.name, { nullable: action.nullable });
      case 'default': return tables.changeColumn(table, action.name, withoutDefault(defaultOf(action.default)));
      case 'type': return tables.changeColumn(table, action.name, { type: action.type, structured: isStructured(action.type, action.array) });
      case 'add constraint': return this.#constrain(table, action.constraint, place);
      case 'drop constraint': return tables.dropConstraint(table, action.name);
      case 'drop primary key': return tables.dropPrimaryKey(table);
      case 'drop index': return tables.dropIndex({ schema: undefined, name: action.name }, table);
      case 'rename': return tables.rename(table, action.to);
      case 'rename constraint': return tables.renameKey(action.from, action.to, table);
      case 'schema': table.schema = action.schema; return;
      case 'row security': table.rowSecurity = action.enabled; return;
      case 'unread': return this.#list(place, `ALTER TABLE ${table.name} ${action.text}`, 'the action is not understood', table);
      default:
    }
  }
}

function columnOf(definition: ColumnDefinition): Column {
  const structured = isStructured(definition.type, definition.array);
  return {
    name: definition.name, dbName: definition.name, type: definition.type, nullable: definition.nullable ?? true, ...defaultOf(definition.default),
    ...(definition.onUpdate && { updatedAt: true }), ...(structured && { structured }),
  };
}

function isStructured(type: string | undefined, array: boolean): boolean { return array || type === 'json' || type === 'jsonb' || type === 'hstore'; }

function defaultOf(given: ColumnDefinition['default']): Pick<Column, 'default' | 'defaultLiteral'> {
  switch (given?.kind) {
    case undefined: return { default: 'none' };
    case 'identity': return { default: 'generated-id' };
    case 'literal': return { default: 'database', defaultLiteral: given.value };
    default: return { default: 'database' };
  }
}

/** A change of the default takes the literal of the old one away. */
function withoutDefault<T extends Pick<Column, 'default' | 'defaultLiteral'>>(column: T): T & { defaultLiteral: Column['defaultLiteral'] } {
  return { ...column, defaultLiteral: column.defaultLiteral };
}
