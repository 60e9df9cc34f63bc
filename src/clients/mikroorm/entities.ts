/** Entities: names of targets, the table behind a row or an instance, primary keys, references behind relations. */
import type { Table, Value } from '../../model.ts';
import type { Relation } from '../../schema/model.ts';
import { lineage, path } from '../../value/terms.ts';
import type { ClassFacts, ClientContext } from '../client.ts';
import { lastPart } from '../common/types.ts';

export const ID = 'mikroorm';

export function isPackage(source: string | undefined): boolean { return source !== undefined && (/^@mikro-orm\//.test(source) || source === 'mikro-orm' || source === 'nestjs-mikro-orm'); }

const REPOSITORIES = new Set(['EntityRepository', 'SqlEntityRepository', 'MongoEntityRepository', 'KnexEntityRepository']);

export function tableOf(name: string, context: ClientContext): Table | undefined { return context.catalogue.find(ID, name); }

/** A table that this library's own declarations know; a name that only SQL or another library knows is no evidence. */
export function declaredEntity(name: string, context: ClientContext): Table | undefined {
  const table = tableOf(name, context);
  return table?.client === ID ? table : undefined;
}

export function isRepositoryClass(facts: ClassFacts): boolean {
  return [facts.superclass, facts.root].some((type) => type !== undefined && isPackage(type.from) && REPOSITORIES.has(lastPart(type.name)));
}

/** The entity that an argument names: a class, its name, a schema; undefined when it is a variable holding any. */
export function entityName(value: Value, context: ClientContext): string | undefined {
  switch (value.kind) {
    case 'handle': return value.client === ID && value.type === 'entity' ? String(value.data['entity']) : undefined;
    case 'literal': return typeof value.value === 'string' && declaredEntity(value.value, context) ? value.value : undefined;
    case 'class': return value.name || undefined;
    // A capital says "class" by convention; the catalogue may know better. `target` or `entity` may hold any class.
    case 'input': return /^[A-Z]/.test(value.name) || declaredEntity(value.name, context) ? value.name : undefined;
    case 'member': return /^[A-Z]/.test(value.key) ? value.key : undefined;
    default: {
      const facts = context.classOf(value);
      return facts?.isStatic ? facts.name : undefined;
    }
  }
}

/** The entity of an instance or a row, as `em.persist(value)` is given it. */
export function instanceName(value: Value, context: ClientContext): string | undefined {
  if (value.kind === 'object') {
    const facts = context.classOf(value);
    if (facts) return facts.isStatic ? undefined : facts.name;
    return value.of && entityName(value.of, context);
  }
  return rowTable(value, context)?.name;
}

/** The table of a row that a read of this library returned, relations followed; undefined for scalars and others. */
export function rowTable(value: Value, context: ClientContext): { readonly name: string; readonly table: Table | undefined } | undefined {
  const operation = lineage(value);
  if (operation?.client !== ID) return undefined;
  const { keys } = path(value);
  const part = operation.result
    .filter((one) => (one.is === 'row' || one.is === 'rows' || one.is === 'written') && one.path.every((key, index) => keys[index] === key))
    .sort((a, b) => b.path.length - a.path.length)[0];
  if (!part) return undefined;
  let { name, table } = operation.table;
  for (const key of keys.slice(part.path.length)) {
    if (/^\d+$/.test(key)) continue;
    const relation = relationOf(table, key);
    if (!relation) return undefined;
    name = relation.target;
    table = tableOf(name, context);
  }
  return { name, table };
}

export function isRow(value: Value, context: ClientContext): boolean { return rowTable(value, context) !== undefined; }

/** Columns of the primary key, undefined when the schema does not say. */
export function primaryKey(table: Table | undefined): readonly string[] | undefined { return table?.keys.find((key) => key.primary)?.columns; }

/** The column behind a bare id: the table's single primary key, `id` when the schema is silent. */
export function idColumn(table: Table | undefined): string | undefined {
  const key = primaryKey(table);
  return key ? (key.length === 1 ? key[0] : undefined) : 'id';
}

export function relationOf(table: Table | undefined, name: string): Relation | undefined { return table?.relations.find((one) => one.name === name); }

/** The code name of a column that SQL names: `u.user_id` → `user`. */
export function columnByDbName(table: Table | undefined, name: string): string {
  if (!table || table.columns.has(name)) return name;
  const lower = name.toLowerCase();
  const columns = [...table.columns.values()];
  return (columns.find((one) => one.dbName === name) ?? columns.find((one) => one.name.toLowerCase() === lower || one.dbName.toLowerCase() === lower))?.name ?? name;
}

/** What the reference `value` (an entity, its key, an object with the key) holds in the relation's own column. */
export function referenceKey(relation: Relation, value: Value, context: ClientContext): Value {
  return isScalar(value) ? value : context.property(value, relation.references[0] ?? 'id');
}

/** Values that are a key rather than an object that has one, as far as can be told. */
export function isScalar(value: Value): boolean {
  switch (value.kind) {
    case 'literal': case 'expression': return true;
    case 'input': return looksLikeId(value.name);
    case 'member': return looksLikeId(value.key);
    default: return false;
  }
}

function looksLikeId(name: string): boolean { return /(^|_)(id|uuid|pk)$/i.test(name) || /(Id|ID|Uuid|UUID)$/.test(name); }
