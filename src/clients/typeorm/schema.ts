/** Entities as a schema: decorated classes with what they inherit, in any file of the project. */
import type { TSESTree } from '@typescript-eslint/types';
import { keyName } from '../../source/syntax.ts';
import { readSource } from '../common/source.ts';
import { superclassType } from '../../source/types.ts';
import type { SourceFile } from '../../source/file.ts';
import type { Column, Dialect, Place, SchemaPart, Table, Unread } from '../../schema/model.ts';
import type { SchemaSource } from '../client.ts';
import { classEntity, type EntityClass } from './schema-class.ts';
import { schemaEntity } from './schema-object.ts';

const DIALECT = /\btype\s*:\s*['"](postgres|aurora-postgres|mysql|mariadb|aurora-mysql|sqlite|better-sqlite3|sqljs)['"]/g;
const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgres: 'postgres', 'aurora-postgres': 'postgres', mysql: 'mysql', mariadb: 'mysql', 'aurora-mysql': 'mysql', sqlite: 'sqlite', 'better-sqlite3': 'sqlite', sqljs: 'sqlite',
};

/** Files that may declare an entity or a data source; what is in them decides. */
function matches(path: string): boolean {
  return /\.[cm]?[jt]s$/.test(path) && !/\.(d|test|spec)\.[cm]?ts$/.test(path)
    && (/\.(entity|model|schema)\.[cm]?[jt]s$/.test(path) || /(^|[\\/])(entity|entities|models?|domain)[\\/]/i.test(path) || /data-?source|orm-?config|typeorm|database|app\.module|subscribers?\b/i.test(path) || /(^|[\\/])(base|abstract)[^\\/]*\.[cm]?ts$/i.test(path));
}

function read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[] {
  const unread: Unread[] = [];
  const classes = new Map<string, EntityClass>();
  const dialects = new Set<Dialect>();
  const subscribers: Subscriber[] = [];
  let namesUnknown = false;
  for (const { path, text } of files) {
    // Nothing of this library in it: not worth parsing.
    if (!text.includes('typeorm')) continue;
    const file = readSource(path, text, unread);
    if (!file) continue;
    if (/\b(DataSource|createConnection|forRoot(Async)?|DataSourceOptions|ConnectionOptions|TypeOrmModuleOptions)\b/.test(text)) {
      for (const [, name] of text.matchAll(DIALECT)) dialects.add(DIALECTS[name!]!);
      namesUnknown ||= /\bnamingStrategy\b/.test(text);
    }
    for (const statement of file.ast.body) {
      const node = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration' ? statement.declaration : statement;
      const declared = node?.type === 'VariableDeclaration' ? node.declarations.flatMap((one) => schemaEntity(one.init, file) ?? [])
        : node?.type === 'ClassDeclaration' && node.id ? [classEntity(node, file, superclassType(node, file))] : [];
      if (node?.type === 'ClassDeclaration') subscribers.push(...subscriberOf(node, file));
      for (const found of declared) {
        // Two classes of one name in one package: entities win over base classes, the first entity over later ones.
        const known = classes.get(found.name);
        if (!known || (!known.entity && found.entity)) classes.set(found.name, found);
      }
    }
  }
  const tables = [...classes.values()].flatMap((one) => {
    if (!one.entity) return [];
    const table = tableFrom(one, classes);
    const heard = subscribers.filter(({ entity }) => entity === undefined || entity === one.name).map(({ name }) => `the subscriber ${name}`);
    return [{ ...table, sideEffects: [...table.sideEffects, ...heard], ...(namesUnknown && { namesUnknown }) }];
  });
  const dialect = dialects.size === 1 ? [...dialects][0] : undefined;
  return tables.length || unread.length || dialect ? [{ client: 'typeorm', dialect, tables, unread }] : [];
}

/** `entity` undefined: hears of every entity. */
interface Subscriber { readonly name: string; readonly entity: string | undefined }

/** A class that is told of inserts and updates: an upsert tells it of an insert, whichever it was. */
function subscriberOf(node: TSESTree.ClassDeclaration, file: SourceFile): Subscriber[] {
  const named = node.decorators.some(({ expression }) => expression.type === 'CallExpression' && expression.callee.type === 'Identifier' && expression.callee.name === 'EventSubscriber');
  const implemented = node.implements.some(({ expression }) => expression.type === 'Identifier' && expression.name === 'EntitySubscriberInterface');
  if (!named && !implemented) return [];
  const methods = new Map(node.body.body.flatMap((one) => (one.type === 'MethodDefinition' || one.type === 'PropertyDefinition' ? [[keyName(one.key, one.computed), one] as const] : [])));
  if (!['beforeInsert', 'afterInsert', 'beforeUpdate', 'afterUpdate', 'afterLoad'].some((name) => methods.has(name))) return [];
  const told = methods.get('listenTo');
  const entity = told && /\breturn\s+(\w+)/.exec(file.slice(told))?.[1];
  return [{ name: node.id?.name ?? 'of entities', entity }];
}

/** An entity with the columns, keys and listeners of its base classes. */
function tableFrom(entity: EntityClass, classes: ReadonlyMap<string, EntityClass>): Table {
  const chain: EntityClass[] = [entity];
  let complete = true;
  for (let at = entity; at.superclass && chain.length < 8;) {
    const { superclass } = at;
    if (superclass.from === 'typeorm') break;
    const base = classes.get(superclass.name);
    // Columns and keys of a base class that was not found are missing here.
    if (!base || chain.includes(base)) { complete = false; break; }
    chain.push(base);
    at = base;
  }
  const columns = new Map<string, Column>();
  for (const one of [...chain].reverse()) for (const column of one.columns) columns.set(column.name, column);
  for (const { property, target, prefix } of chain.flatMap((one) => one.embedded)) {
    const inner = classes.get(target);
    // Keys and relations inside an embedded class are not read.
    if (!inner || inner.superclass || inner.keys.length || inner.relations.length || inner.embedded.length) complete = false;
    for (const column of inner?.columns ?? []) {
      const dbName = prefix ? `${prefix}${column.dbName.charAt(0).toUpperCase()}${column.dbName.slice(1)}` : column.dbName;
      columns.set(`${property}.${column.name}`, { ...column, name: `${property}.${column.name}`, dbName });
    }
  }
  // Foreign keys: the property that shares the column where there is one, else a column of the relation's own.
  const relations = chain.flatMap((one) => one.relations.map((relation) => ({
    ...relation,
    columns: relation.columns.map((dbName) => {
      const shared = columns.get(dbName) ?? [...columns.values()].find((column) => column.dbName === dbName);
      if (!shared) columns.set(dbName, { name: dbName, dbName, type: undefined, nullable: one.nullableRelations.has(relation.name), default: 'none' });
      return shared?.name ?? dbName;
    }),
  })));
  const primary = chain.flatMap((one) => one.primary);
  const place: Place = entity.place;
  const byProperty = (name: string): readonly string[] => relations.find((one) => one.name === name && one.columns.length)?.columns ?? [[...columns.values()].find((one) => one.name === name || one.dbName === name)?.name ?? name];
  const keys = chain.flatMap((one) => one.keys.map((key) => ({ ...key, columns: key.columns.flatMap(byProperty) })));
  return {
    name: entity.name, dbName: entity.dbName, schema: entity.schema, client: 'typeorm', columns,
    keys: [...(primary.length ? [{ name: undefined, columns: primary.flatMap(byProperty), primary: true, place }] : []), ...keys],
    relations,
    sideEffects: [...new Set(chain.flatMap((one) => one.sideEffects))],
    complete: complete && chain.every((one) => one.complete),
    place,
  };
}

export const entitySource: SchemaSource = { matches, read };
