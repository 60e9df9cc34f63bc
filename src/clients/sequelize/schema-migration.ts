/**
 * Migrations that call `queryInterface`: each call to the statement of SQL that it stands for, on the line where it was called, so that one
 * reader folds them all.
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Dialect } from '../../schema/model.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { eachNode, keyName } from '../../source/syntax.ts';
import { fieldNames, lastName, literalOf, objectOf, option, snake, textOf } from './schema-nodes.ts';

const TYPES: Readonly<Record<string, string>> = {
  STRING: 'varchar(255)', CHAR: 'char(255)', TEXT: 'text', CITEXT: 'citext', INTEGER: 'integer', BIGINT: 'bigint', SMALLINT: 'smallint', TINYINT: 'smallint', MEDIUMINT: 'integer', FLOAT: 'real', REAL: 'real', DOUBLE: 'double precision',
  DECIMAL: 'decimal', NUMERIC: 'decimal', BOOLEAN: 'boolean', DATE: 'timestamp', DATEONLY: 'date', TIME: 'time', NOW: 'timestamp', UUID: 'varchar(36)', JSON: 'json', JSONB: 'jsonb', BLOB: 'blob', ENUM: 'varchar(255)',
};

export function migrationSql(file: SourceFile, dialect: Dialect | undefined): string {
  const writer = new Writer(file, dialect);
  const skipped = downs(file);
  const calls: TSESTree.CallExpression[] = [];
  eachNode(file.ast, (node) => { if (node.type === 'CallExpression' && !skipped.some(([start, end]) => node.range[0] >= start && node.range[1] <= end)) calls.push(node); });
  for (const node of calls.sort((one, other) => one.range[0] - other.range[0])) writer.add(node);
  return writer.text;
}

/** What takes a migration back: `down: …`, `async down() {}`, `exports.down = …`, `export const down = …`. */
function downs(file: SourceFile): readonly (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  eachNode(file.ast, (node) => {
    const name = node.type === 'Property' || node.type === 'MethodDefinition' || node.type === 'PropertyDefinition' ? keyName(node.key, node.computed)
      : node.type === 'AssignmentExpression' ? lastName(node.left)
        : node.type === 'FunctionDeclaration' || node.type === 'VariableDeclarator' ? (node.id?.type === 'Identifier' ? node.id.name : undefined) : undefined;
    if (name === 'down') found.push([node.range[0], node.range[1]]);
  });
  return found;
}

class Writer {
  readonly #file: SourceFile;
  readonly #quote: string;
  text = '';
  #line = 1;

  constructor(file: SourceFile, dialect: Dialect | undefined) {
    this.#file = file;
    this.#quote = dialect === 'mysql' ? '`' : '"';
  }

  #name(name: string): string { return this.#quote + name.replaceAll(this.#quote, '') + this.#quote; }
  #names(names: readonly string[]): string { return names.map((one) => this.#name(one)).join(', '); }
  #string(node: Node | undefined): string | undefined { return textOf(node, this.#file); }

  /** `'users'`, `{ tableName: 'users', schema: 'app' }`. */
  #table(node: Node | undefined): string | undefined {
    const object = objectOf(node, this.#file);
    const name = this.#string(node) ?? this.#string(option(object, 'tableName'));
    const schema = this.#string(option(object, 'schema'));
    return name === undefined ? undefined : schema === undefined ? this.#name(name) : `${this.#name(schema)}.${this.#name(name)}`;
  }

  #write(node: Node, statement: string): void {
    const line = this.#file.line(node.range[0]);
    if (line > this.#line) { this.text += '\n'.repeat(line - this.#line); this.#line = line; }
    const flat = statement.trim().replace(/;?$/, ';');
    this.text += `${flat} `;
    this.#line += flat.split('\n').length - 1;
  }

  add(node: TSESTree.CallExpression): void {
    if (node.callee.type !== 'MemberExpression') return;
    const method = keyName(node.callee.property, node.callee.computed);
    const [first, second, third] = node.arguments;
    if (method === 'query') {
      const sql = this.#string(first);
      if (sql !== undefined && /^\s*(?:create|alter|drop)\b/i.test(sql)) this.#write(node, sql);
      return;
    }
    const table = first && this.#table(first);
    if (table === undefined) return;
    switch (method) {
      case 'createTable': return this.#createTable(node, table, second, third);
      case 'dropTable': return this.#write(node, `DROP TABLE ${table}`);
      case 'renameTable': { const name = this.#string(second); return name === undefined ? undefined : this.#write(node, `ALTER TABLE ${table} RENAME TO ${this.#name(name)}`); }
      case 'addColumn': case 'changeColumn': {
        const column = this.#string(second);
        if (column === undefined) return;
        if (method === 'addColumn') return this.#write(node, `ALTER TABLE ${table} ADD COLUMN ${this.#column(column, third)}`);
        return this.#isSet(third, 'unique') ? this.#write(node, `ALTER TABLE ${table} ADD UNIQUE (${this.#name(column)})`) : undefined;
      }
      case 'removeColumn': { const column = this.#string(second); return column === undefined ? undefined : this.#write(node, `ALTER TABLE ${table} DROP COLUMN ${this.#name(column)}`); }
      case 'renameColumn': { const [from, to] = [this.#string(second), this.#string(third)]; return from === undefined || to === undefined ? undefined : this.#write(node, `ALTER TABLE ${table} RENAME COLUMN ${this.#name(from)} TO ${this.#name(to)}`); }
      case 'addIndex': return this.#addIndex(node, table, second, third);
      case 'removeIndex': {
        const name = this.#string(second) ?? this.#indexName(table, fieldNames(second, this.#file).names);
        return this.#write(node, this.#quote === '`' ? `DROP INDEX ${this.#name(name)} ON ${table}` : `DROP INDEX ${this.#name(name)}`);
      }
      case 'addConstraint': return this.#addConstraint(node, table, second, third);
      case 'removeConstraint': { const name = this.#string(second); return name === undefined ? undefined : this.#write(node, `ALTER TABLE ${table} DROP CONSTRAINT ${this.#name(name)}`); }
      default:
    }
  }

  #isSet(node: Node | undefined, key: string): boolean {
    const value = option(objectOf(node, this.#file), key);
    return value !== undefined && literalOf(value, this.#file)?.value !== false;
  }

  #column(name: string, node: Node | undefined): string {
    const object = objectOf(node, this.#file);
    const type = TYPES[lastName(option(object, 'type') ?? (object ? undefined : node)) ?? ''] ?? 'text';
    const fallback = option(object, 'defaultValue');
    const literal = fallback && literalOf(fallback, this.#file);
    const auto = this.#isSet(object, 'autoIncrement');
    return [
      this.#name(name), auto && this.#quote === '"' ? 'serial' : type, option(object, 'allowNull') && !this.#isSet(object, 'allowNull') ? 'NOT NULL' : '', auto && this.#quote === '`' ? 'AUTO_INCREMENT' : '',
      this.#isSet(object, 'primaryKey') ? 'PRIMARY KEY' : '', this.#isSet(object, 'unique') && this.#string(option(object, 'unique')) === undefined ? 'UNIQUE' : '',
      fallback && !auto ? `DEFAULT ${literal ? sqlLiteral(literal.value) : 'NULL'}` : '',
    ].filter(Boolean).join(' ');
  }

  #createTable(node: Node, table: string, attributes: Node | undefined, options: Node | undefined): void {
    const object = objectOf(attributes, this.#file);
    if (!object) return;
    const named = new Map<string, string[]>();
    const columns = object.properties.flatMap((one) => {
      const property = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
      if (one.type !== 'Property' || property === undefined) return [];
      const own = objectOf(one.value, this.#file);
      const name = this.#string(option(own, 'field')) ?? property;
      const key = this.#string(option(own, 'unique')) ?? this.#string(option(objectOf(option(own, 'unique'), this.#file), 'name'));
      if (key !== undefined) named.set(key, [...named.get(key) ?? [], name]);
      return [this.#column(name, one.value)];
    });
    for (const one of objectOf(option(objectOf(options, this.#file), 'uniqueKeys'), this.#file)?.properties ?? []) {
      const key = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
      const fields = one.type === 'Property' ? fieldNames(option(objectOf(one.value, this.#file), 'fields'), this.#file).names : [];
      if (key !== undefined && fields.length) named.set(key, [...fields]);
    }
    const keys = [...named].map(([name, names]) => `CONSTRAINT ${this.#name(name)} UNIQUE (${this.#names(names)})`);
    // More than one column with PRIMARY KEY makes a compound key.
    const primary = columns.filter((one) => one.includes(' PRIMARY KEY'));
    const parts = primary.length > 1
      ? [...columns.map((one) => one.replace(' PRIMARY KEY', '')), `PRIMARY KEY (${primary.map((one) => one.slice(0, one.indexOf(' '))).join(', ')})`]
      : columns;
    this.#write(node, `CREATE TABLE ${table} (${[...parts, ...keys].join(', ')})`);
  }

  #indexName(table: string, names: readonly string[]): string { return snake([table.replaceAll(this.#quote, '').replace(/^.*\./, ''), ...names].join('_')); }

  /** `addIndex(table, ['email'], { unique: true })`, `addIndex(table, { fields, unique, where })`. */
  #addIndex(node: Node, table: string, second: Node | undefined, third: Node | undefined): void {
    const options = objectOf(third, this.#file) ?? objectOf(second, this.#file);
    const type = this.#string(option(options, 'type')) ?? this.#string(option(options, 'indicesType'));
    if (!this.#isSet(options, 'unique') && type?.toUpperCase() !== 'UNIQUE') return;
    const { names, expression } = fieldNames(option(options, 'fields') ?? second, this.#file);
    if (!names.length && !expression) return;
    const name = this.#string(option(options, 'name')) ?? this.#string(option(options, 'indexName')) ?? this.#indexName(table, names);
    const where = option(options, 'where');
    const columns = [...names.map((one) => this.#name(one)), ...(expression ? ['(1)'] : [])].join(', ');
    this.#write(node, `CREATE UNIQUE INDEX ${this.#name(name)} ON ${table} (${columns})${where ? ` WHERE ${this.#condition(where)}` : ''}`);
  }

  /** Nulls and literals as they are; anything else as a condition of which nothing is known but that it is there. */
  #condition(node: Node): string {
    const object = objectOf(node, this.#file);
    const parts = object?.properties.map((one) => {
      const key = one.type === 'Property' ? keyName(one.key, one.computed) : undefined;
      const value = one.type === 'Property' ? literalOf(one.value, this.#file) : undefined;
      return key === undefined || !value ? undefined : value.value === null ? `${this.#name(key)} IS NULL` : `${this.#name(key)} = ${sqlLiteral(value.value)}`;
    });
    return parts?.length && parts.every((one) => one !== undefined) ? parts.join(' AND ') : 'condition_of_the_migration()';
  }

  #addConstraint(node: Node, table: string, second: Node | undefined, third: Node | undefined): void {
    const options = objectOf(third, this.#file) ?? objectOf(second, this.#file);
    const type = this.#string(option(options, 'type'))?.toLowerCase();
    const { names } = fieldNames(option(options, 'fields') ?? second, this.#file);
    if ((type !== 'unique' && type !== 'primary key') || !names.length) return;
    const name = this.#string(option(options, 'name')) ?? `${this.#indexName(table, names)}_uk`;
    this.#write(node, `ALTER TABLE ${table} ADD CONSTRAINT ${this.#name(name)} ${type.toUpperCase()} (${this.#names(names)})`);
  }
}

function sqlLiteral(value: string | number | boolean | null): string { return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value).toUpperCase(); }
