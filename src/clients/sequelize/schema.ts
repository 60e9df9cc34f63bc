/** Models and migrations as a schema, in any file of the project that may hold one. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Column, Dialect, SchemaPart, Table, UniqueKey, Unread } from '../../schema/model.ts';
import { readSql } from '../../schema/sql.ts';
import { readSource } from '../common/source.ts';
import type { Node, SourceFile } from '../../source/file.ts';
import { eachNode, keyName, unwrap } from '../../source/syntax.ts';
import type { SchemaSource } from '../client.ts';
import { classModel } from './schema-class.ts';
import { migrationSql } from './schema-migration.ts';
import { association, ASSOCIATIONS, emptyModel, readAttributes, readOptions, tableName, type Model } from './schema-model.ts';
import { lastName, objectOf, snake, textOf } from './schema-nodes.ts';

const ID = 'sequelize';
const DIALECTS: Readonly<Record<string, Dialect>> = { postgres: 'postgres', mysql: 'mysql', mariadb: 'mysql', sqlite: 'sqlite', sqlite3: 'sqlite' };
const DIALECT = /\bdialect['"]?\s*[:=]\s*['"](postgres|mysql|mariadb|sqlite3?)['"]/g;

function matches(path: string): boolean {
  if (/(?:^|[\\/])config[\\/](?:config|database)\.json$/.test(path)) return true;
  return /\.[cm]?[jt]s$/.test(path) && !/\.(?:d|test|spec)\.[cm]?[jt]s$/.test(path)
    && (/\.(?:entity|model|models|schema)\.[cm]?[jt]s$/i.test(path) || /(?:^|[\\/])(?:[^\\/]*models?|entities|entity|domain|migrations?|schemas?|associations?)[\\/]/i.test(path)
      || /(?:model|models|associations)\.[cm]?[jt]s$/i.test(path) || /sequelize|database|(?:^|[\\/])db\b|config[\\/](?:config|database)/i.test(path));
}

function read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[] {
  const unread: Unread[] = [];
  const models: Model[] = [];
  const links: Link[] = [];
  const parsed: SourceFile[] = [];
  const dialects = new Set<Dialect>();
  let underscored = false;
  let withoutStamps = false;
  for (const { path, text } of files) {
    // Nothing of this library in it: not worth parsing.
    if (!/sequelize|queryInterface|DataTypes/i.test(text) && !path.endsWith('.json')) continue;
    if (/sequelize|dialect/i.test(text)) for (const [, name] of text.matchAll(DIALECT)) dialects.add(DIALECTS[name!]!);
    if (path.endsWith('.json')) continue;
    if (/new Sequelize\b|define\s*:\s*\{/.test(text)) {
      underscored ||= /\bdefine\s*:\s*\{[^}]*\bunderscored\s*:\s*true/.test(text);
      withoutStamps ||= /\bdefine\s*:\s*\{[^}]*\btimestamps\s*:\s*false/.test(text);
    }
    const file = readSource(path, text, unread);
    if (!file) continue;
    parsed.push(file);
    const found = readFile(file);
    models.push(...found.models);
    links.push(...found.links);
  }
  const dialect = dialects.size === 1 ? [...dialects][0] : undefined;
  for (const { from, kind, target, options, file } of links) {
    const model = models.find((one) => one.declared && one.name === from);
    if (model) association(model, kind, target, options, file);
  }
  const tables = models.filter((one) => one.declared).map((one) => tableFrom(one, models, { underscored, timestamps: !withoutStamps }));
  const scripts = parsed.filter((file) => /queryInterface|\.sequelize\.query/i.test(file.text)).map((file) => ({ path: file.path, text: migrationSql(file, dialect) })).filter((one) => one.text.trim() !== '');
  const migrated = scripts.length ? readSql(scripts, dialect ?? 'postgres') : undefined;
  // What migrations do in code of their own is not read: they add keys, and take no column away from what the models know.
  const added = migrated?.tables.map((table): Table => ({ ...table, complete: false })) ?? [];
  const all = [...backlinked(tables), ...added];
  return all.length || unread.length ? [{ client: ID, dialect, tables: all, unread }] : [];
}

interface Link { readonly from: string; readonly kind: string; readonly target: string; readonly options: TSESTree.ObjectExpression | undefined; readonly file: SourceFile }

function readFile(file: SourceFile): { readonly models: Model[]; readonly links: Link[] } {
  const models: Model[] = [];
  const links: Link[] = [];
  /** Model names by the variable that holds them, and by the class whose body a call stands in. */
  const named = new Map<string, string>();
  const calls: TSESTree.CallExpression[] = [];
  const classes: (TSESTree.ClassDeclaration | TSESTree.ClassExpression)[] = [];
  eachNode(file.ast, (node) => {
    if (node.type === 'CallExpression') calls.push(node);
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') classes.push(node);
  });
  for (const node of classes) {
    const made = classModel(node, file);
    if (made) models.push(made);
  }
  const enclosing = (node: Node): string | undefined => classes.findLast((one) => one.range[0] <= node.range[0] && one.range[1] >= node.range[1])?.id?.name;
  for (const node of calls) {
    if (node.callee.type !== 'MemberExpression') continue;
    const method = keyName(node.callee.property, node.callee.computed);
    const owner = unwrap(node.callee.object);
    const [first, second, third] = node.arguments;
    const place = { file: file.path, line: file.line(node.range[0]) };
    if (method === 'define' && first && second) {
      const name = textOf(first, file);
      if (name === undefined) continue;
      const model = emptyModel(name, true, undefined, place);
      readAttributes(model, second, file);
      readOptions(model, third, file);
      models.push(model);
      const variable = variableOf(node);
      if (variable !== undefined) named.set(variable, name);
    } else if (method === 'init' && first && second && /sequelize|modelName|tableName/.test(file.slice(second))) {
      const name = owner.type === 'Super' || owner.type === 'ThisExpression' ? enclosing(node) : owner.type === 'Identifier' ? owner.name : undefined;
      if (name === undefined || !objectOf(first, file)) continue;
      const own = classes.find((one) => one.id?.name === name);
      const model = emptyModel(name, true, own?.superClass ? lastName(own.superClass) : undefined, place);
      readAttributes(model, first, file);
      readOptions(model, second, file);
      models.push(model);
    }
  }
  for (const node of calls) {
    if (node.callee.type !== 'MemberExpression') continue;
    const method = keyName(node.callee.property, node.callee.computed) ?? '';
    const owner = unwrap(node.callee.object);
    if (ASSOCIATIONS.has(method)) {
      const from = owner.type === 'ThisExpression' ? enclosing(node) : lastName(owner);
      const target = lastName(node.arguments[0]);
      if (from !== undefined && target !== undefined) links.push({ from: named.get(from) ?? from, kind: method, target: named.get(target) ?? target, options: objectOf(node.arguments[1], file), file });
    } else if (/^(?:before|after)[A-Z]/.test(method) || method === 'addHook') {
      const name = lastName(owner);
      const model = models.find((one) => one.name === (named.get(name ?? '') ?? name));
      model?.sideEffects.push(`the hook ${method === 'addHook' ? textOf(node.arguments[0]) ?? '' : method}`);
    }
  }
  return { models, links };
}

/** `const User = sequelize.define(…)`, `this.User = …`, `module.exports = …` have the variable's, or no name. */
function variableOf(node: Node): string | undefined {
  let at: Node | undefined = node.parent;
  while (at && /^TS\w*Expression$/.test(at.type)) at = at.parent;
  if (at?.type === 'VariableDeclarator' && at.id.type === 'Identifier') return at.id.name;
  return at?.type === 'AssignmentExpression' ? lastName(at.left) : undefined;
}

function tableFrom(model: Model, models: readonly Model[], defaults: { readonly underscored: boolean; readonly timestamps: boolean }): Table {
  const chain: Model[] = [model];
  let complete = model.complete;
  for (let at = model; at.parent !== undefined && at.parent !== 'Model' && chain.length < 6;) {
    const base = models.find((one) => !one.declared && one.name === at.parent) ?? models.find((one) => one.name === at.parent && one !== at);
    // Columns of a base class that was not read are missing here; one without decorators of its own has none.
    if (!base || chain.includes(base)) break;
    chain.push(base);
    complete &&= base.complete;
    at = base;
  }
  const { options } = model;
  const underscored = options.underscored ?? defaults.underscored;
  const columns = new Map<string, Column>();
  for (const one of [...chain].reverse()) for (const column of one.columns.values()) columns.set(column.name, column);
  const primary = chain.flatMap((one) => one.primary);
  if (!primary.length) {
    primary.push('id');
    columns.set('id', { name: 'id', dbName: 'id', type: 'integer', nullable: false, default: 'generated-id' });
  }
  const stamps = options.timestamps ?? defaults.timestamps;
  const add = (key: string, more: Partial<Column>): void => {
    const given = options.names.get(key);
    if (given === false) return;
    const name = given ?? key;
    columns.set(name, { ...(columns.get(name) ?? { name, dbName: '', type: 'date', nullable: key === 'deletedAt', default: 'client' }), ...more });
  };
  if (stamps) {
    add('createdAt', { default: 'client' });
    add('updatedAt', { default: 'client', updatedAt: true });
    if (options.paranoid) add('deletedAt', { deletedAt: true });
  }
  if (options.version !== undefined) columns.set(options.version, { name: options.version, dbName: '', type: 'integer', nullable: false, default: 'client', version: true });
  const named = new Map([...columns].map(([name, column]) => [name, { ...column, dbName: column.dbName || (underscored ? snake(name) : name) }]));
  // Indexes name attributes, or columns of the database.
  const codeName = (name: string): string => (named.has(name) ? name : [...named.values()].find((one) => one.dbName === name)?.name ?? name);
  const keys: UniqueKey[] = [{ name: undefined, columns: primary, primary: true, place: model.place }, ...chain.flatMap((one) => one.keys).map((key) => ({ ...key, columns: key.columns.map(codeName) }))];
  return {
    name: model.name, dbName: tableName({ ...model, options: { ...options, underscored } }), schema: options.schema, client: ID, columns: named, keys, relations: chain.flatMap((one) => one.relations),
    sideEffects: [...new Set(chain.flatMap((one) => one.sideEffects))], complete, place: model.place,
  };
}

/** Models that are declared twice (a factory and its class) are one. */
function backlinked(tables: readonly Table[]): readonly Table[] {
  const found = new Map<string, Table>();
  for (const table of tables) {
    const known = found.get(table.name);
    if (!known || known.columns.size < table.columns.size) found.set(table.name, table);
  }
  return [...found.values()];
}

export const modelSource: SchemaSource = { matches, read };
