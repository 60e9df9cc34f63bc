/** Entities: names of targets, the table behind a row or an instance, primary keys, foreign keys behind relations. */
import type { Table, Value } from '../../model.ts';
import type { Relation } from '../../schema/model.ts';
import { lineage } from '../../value/terms.ts';
import type { ClassFacts, ClientContext } from '../client.ts';
import { rowIn } from '../common/rows.ts';
import { lastPart } from '../common/types.ts';

const CLIENT = 'typeorm';
const ACTIVE_RECORD = 'BaseEntity';
const REPOSITORIES = new Set(['Repository', 'TreeRepository', 'MongoRepository', 'AbstractRepository']);

export function tableOf(name: string, context: ClientContext): Table | undefined {
  return context.catalogue.find(CLIENT, name);
}

/** A table that this library's own declarations know; a name that only SQL or another library knows is no evidence. */
export function declaredEntity(name: string, context: ClientContext): Table | undefined {
  const table = tableOf(name, context);
  return table?.client === CLIENT ? table : undefined;
}

export function isRepositoryClass(facts: ClassFacts): boolean {
  return facts.superclass?.from === CLIENT && REPOSITORIES.has(lastPart(facts.superclass.name));
}

/** Active Record: the class itself says so, or an entity has a base class that may say so in another file. */
export function isActiveRecord(facts: ClassFacts): boolean {
  if (facts.superclass?.from === CLIENT) return lastPart(facts.superclass.name) === ACTIVE_RECORD;
  return isEntityClass(facts) && facts.superclass !== undefined;
}

export function isEntityClass(facts: ClassFacts): boolean {
  return facts.decorators.some((name) => name === 'Entity' || name === 'ChildEntity');
}

export function entityName(value: Value, context: ClientContext): string | undefined {
  switch (value.kind) {
    case 'literal': return typeof value.value === 'string' ? value.value : undefined;
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

/** The entity of a value that is a row or an instance: what `manager.save(value)` writes to. */
export function instanceName(value: Value, context: ClientContext): string | undefined {
  if (value.kind === 'object') {
    if (value.of?.kind === 'handle') return value.of.client === CLIENT && value.of.type === 'entity' ? String(value.of.data['entity']) : undefined;
    const facts = context.classOf(value);
    if (facts && !facts.isStatic && (isEntityClass(facts) || declaredEntity(facts.name, context) || facts.superclass?.from === CLIENT)) return facts.name;
    const own = value.of && entityName(value.of, context);
    return own && declaredEntity(own, context) ? own : undefined;
  }
  if (value.kind === 'choice') {
    const names = value.arms.filter((arm) => arm.value.kind !== 'literal').map((arm) => instanceName(arm.value, context));
    return names.length && names.every((name) => name === names[0]) ? names[0] : undefined;
  }
  const elements = context.elements(value);
  if (elements?.length) {
    const names = elements.map((one) => instanceName(one.spread ? context.element(one.value) : one.value, context));
    return names.every((name) => name === names[0]) ? names[0] : undefined;
  }
  const row = rowTable(value, context);
  if (row) return row;
  if (value.kind === 'array' || value.kind === 'unknown') {
    const element = context.element(value);
    return element.kind === 'element' ? undefined : instanceName(element, context);
  }
  return undefined;
}

/** The table of a row that a read or a save of this library returned, relations followed; undefined for scalars and others. */
export function rowTable(value: Value, context: ClientContext): string | undefined {
  const operation = lineage(value);
  return operation?.client === CLIENT ? rowIn(value, operation, (name) => tableOf(name, context))?.name : undefined;
}

export function isRow(value: Value, context: ClientContext): boolean { return rowTable(value, context) !== undefined; }

/** Columns of the primary key, undefined when the schema does not say. */
export function primaryKey(table: Table | undefined): readonly string[] | undefined {
  return table?.keys.find((key) => key.primary)?.columns;
}

/** The column behind a bare id: the table's single primary key, `id` when the schema is silent. */
export function idColumn(table: Table | undefined): string | undefined {
  const key = primaryKey(table);
  return key ? (key.length === 1 ? key[0] : undefined) : 'id';
}

export function relationOf(table: Table | undefined, name: string): Relation | undefined {
  return table?.relations.find((one) => one.name === name);
}

/** The code name of a column that SQL names: `u.user_id` → `userId`. */
export function columnByDbName(table: Table | undefined, name: string): string {
  if (!table || table.columns.has(name)) return name;
  for (const column of table.columns.values()) if (column.dbName === name) return column.name;
  const lower = name.toLowerCase();
  for (const column of table.columns.values()) if (column.name.toLowerCase() === lower || column.dbName.toLowerCase() === lower) return column.name;
  return name;
}

/**
 * The values of the foreign key columns when a relation is given as `value`: an object with the key, an entity, or the
 * bare key itself, which TypeORM accepts as well.
 */
export function foreignKey(relation: Relation, value: Value, context: ClientContext): readonly { column: string; value: Value }[] {
  return relation.columns.map((column, index) => {
    const reference = relation.references[index] ?? 'id';
    return { column, value: isScalar(value) ? value : context.property(value, reference) };
  });
}

/** Values that are a key rather than an object that has one, as far as can be told. */
export function isScalar(value: Value): boolean {
  switch (value.kind) {
    case 'literal': return true;
    case 'expression': return true;
    case 'input': return looksLikeId(value.name);
    case 'member': return looksLikeId(value.key);
    default: return false;
  }
}

export function looksLikeId(name: string): boolean { return /(^|_)(id|uuid|pk)$/i.test(name) || /(Id|ID|Uuid|UUID)$/.test(name); }
