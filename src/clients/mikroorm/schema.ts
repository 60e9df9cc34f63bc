/** The schema that a project declares: entities in any of three ways, joined with what they inherit, and migrations. */
import { readSource } from '../common/source.ts';
import type { SourceFile } from '../../source/file.ts';
import type { TSESTree } from '@typescript-eslint/types';
import type { Column, Dialect, SchemaPart, Table, Unread } from '../../schema/model.ts';
import type { SchemaSource } from '../client.ts';
import { ID, isPackage } from './entities.ts';
import { dialectOfPackage } from './handles.ts';
import { classDraft } from './schema-class.ts';
import { migrations } from './schema-migration.ts';
import { objectDraft } from './schema-object.ts';
import { underscore, type Draft } from './schema-property.ts';

/** Files that may declare an entity or the connection; what is in them decides. */
function matches(path: string): boolean {
  if (!/\.[cm]?[jt]s$/.test(path) || /\.(d|test|spec)\.[cm]?[jt]s$/.test(path)) return false;
  return migrations.matches(path) || /\.(entity|model|schema|embeddable)\.[cm]?[jt]s$/.test(path) || /(^|[\\/])(entity|entities|models?|domain|embeddables?|modules?)[\\/]/i.test(path)
    || /mikro-?orm|orm-?config|database|app\.module|subscribers?\b/i.test(path) || /(^|[\\/])(base|abstract|custom-?base)[^\\/]*\.[cm]?[jt]s$/i.test(path);
}

interface Subscriber { readonly name: string; readonly entities: readonly string[] | undefined }

function read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[] {
  const unread: Unread[] = [];
  const drafts = new Map<string, Draft>();
  const dialects = new Set<Dialect>();
  const subscribers: Subscriber[] = [];
  let namesUnknown = false;
  let filters = false;
  for (const { path, text } of files) {
    // Nothing of this library in it: not worth parsing.
    if (!text.includes('mikro-orm')) continue;
    const file = readSource(path, text, unread);
    if (!file) continue;
    for (const one of text.matchAll(/['"](?<source>@mikro-orm\/[\w-]+)['"]/g)) { const dialect = dialectOfPackage(one.groups!['source']!); if (dialect) dialects.add(dialect); }
    if (/\b(?:defineConfig|MikroORM\.init|forRoot(?:Async)?|Options)\b/.test(text)) { namesUnknown ||= /\bnamingStrategy\b/.test(text); filters ||= /^\s*filters\s*:/m.test(text); }
    for (const statement of file.ast.body) {
      const node = statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration' ? statement.declaration : statement;
      const found = node?.type === 'VariableDeclaration' ? node.declarations.flatMap((one) => objectDraft(one.init, one.id.type === 'Identifier' ? one.id.name : undefined, file) ?? [])
        : node?.type === 'ClassDeclaration' && node.id ? [classDraft(node, file)] : [];
      if (node?.type === 'ClassDeclaration') subscribers.push(...subscriberOf(node, file));
      for (const one of found) {
        // A class and its schema, or two classes of one name in one package: what is an entity wins over what is none.
        const known = drafts.get(one.name);
        if (!known || (known.kind !== 'entity' && one.kind === 'entity')) drafts.set(one.name, one);
      }
    }
  }
  const tables = [...drafts.values()].filter((one) => one.kind === 'entity').map((one) => {
    const table = tableFrom(one, drafts);
    const heard = subscribers.filter(({ entities }) => !entities || entities.includes(one.name)).map(({ name }) => `the subscriber ${name}`);
    return { ...table, sideEffects: [...table.sideEffects, ...heard, ...(filters ? ['filters of the configuration'] : [])], ...(namesUnknown && { namesUnknown }) };
  });
  const dialect = dialects.size === 1 ? [...dialects][0] : undefined;
  const own = tables.length || unread.length || dialect ? [{ client: ID, dialect, tables: tables.map((one) => withReferences(one, tables)), unread }] : [];
  return [...own, ...migrations.read(files.filter(({ path }) => migrations.matches(path)))];
}

/** A class that is told of writes, of the entities that it lists; without a list of all. */
function subscriberOf(node: TSESTree.ClassDeclaration, file: SourceFile): Subscriber[] {
  if (!node.implements?.some(({ expression }) => expression.type === 'Identifier' && expression.name === 'EventSubscriber')) return [];
  const listed = /getSubscribedEntities\b[^{]*\{[^[]*\[(?<names>[^\]]*)\]/.exec(file.slice(node))?.groups?.['names'];
  return [{ name: node.id?.name ?? 'of entities', entities: listed?.split(',').map((one) => one.trim().replace(/^['"]|['"]$|\.name$/g, '')).filter(Boolean) }];
}

/** An entity with the columns, keys and hooks of its base classes. */
function tableFrom(draft: Draft, drafts: ReadonlyMap<string, Draft>): Table {
  const chain: Draft[] = [draft];
  let { complete } = draft;
  for (let at = draft; at.superclass && !isPackage(at.superclass.from) && chain.length < 8;) {
    const base = drafts.get(at.superclass.name);
    // Columns and keys of a base class that was not found are missing here.
    if (!base || chain.includes(base)) { complete = false; break; }
    complete &&= base.complete;
    chain.push(base);
    at = base;
  }
  const columns = new Map<string, Column>();
  for (const one of [...chain].reverse()) for (const column of one.columns) columns.set(column.name, column);
  const keys = chain.flatMap((one) => one.keys);
  for (const { property, target, prefix } of chain.flatMap((one) => one.embedded)) {
    const inner = drafts.get(target);
    if (!inner || inner.superclass || inner.relations.length || inner.embedded.length) complete = false;
    const before = prefix === false ? '' : prefix ?? `${underscore(property)}_`;
    for (const column of inner?.columns ?? []) columns.set(`${property}.${column.name}`, { ...column, name: `${property}.${column.name}`, dbName: `${before}${column.dbName}` });
    keys.push(...(inner?.keys ?? []).map((key) => ({ ...key, columns: key.columns.map((column) => `${property}.${column}`) })));
  }
  const primary = chain.flatMap((one) => one.primary);
  return {
    name: draft.name, dbName: draft.tableName ?? underscore(draft.name), schema: draft.schema, client: ID, columns,
    keys: [...(primary.length ? [{ name: undefined, columns: primary, primary: true, place: draft.place }] : []), ...keys],
    relations: chain.flatMap((one) => one.relations), sideEffects: [...new Set(chain.flatMap((one) => one.sideEffects))], complete, place: draft.place,
  };
}

/** The keys that foreign keys point to, and the names of their columns, which come from those. */
function withReferences(table: Table, tables: readonly Table[]): Table {
  const columns = new Map(table.columns);
  const relations = table.relations.map((relation) => {
    const target = tables.find((one) => one.name === relation.target);
    const key = target?.keys.find((one) => one.primary)?.columns;
    const [own] = relation.columns;
    if (own === undefined || key?.length !== 1) return relation;
    const column = columns.get(own);
    const referenced = target?.columns.get(key[0]!);
    if (column && referenced && column.dbName === `${underscore(own)}_id` && referenced.dbName !== 'id') columns.set(own, { ...column, dbName: `${underscore(own)}_${referenced.dbName}` });
    return { ...relation, references: key };
  });
  return { ...table, columns, relations };
}

export const entitySource: SchemaSource = { matches, read };
