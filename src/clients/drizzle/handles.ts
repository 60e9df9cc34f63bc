/** The handles of this client: what their `data` holds, and how tables and columns are told from values. */
import type { Comparison, Dialect, Evidence, Node, OperationSpec, Predicate, Table, TableRef, Transaction, Value, Verb } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';

export const ID = 'drizzle';

/** A connection, or the handle of a transaction's callback. */
export interface Origin {
  readonly evidence: Evidence;
  readonly dialect: Dialect | undefined;
  /** The module after `drizzle-orm/` that made it: `node-postgres`; undefined where only a type or a shape was seen. */
  readonly driver: string | undefined;
  readonly transaction: Transaction | undefined;
  readonly lent?: OperationSpec['lent'] | undefined;
}

/** A table as code names it, and what the catalogue knows of it. */
export interface TableData extends TableRef {
  readonly dbName: string | undefined;
  readonly dialect: Dialect | undefined;
  /** The declaration was seen, or the catalogue has it: then a call with it is surely this library's. */
  readonly declared: boolean;
}

export interface ColumnData { readonly table: TableData; readonly column: string }

/** `count()`, `max(t.n)`, `sql<number>`count(*)``: what is selected under a name instead of a column. */
export interface AggregateData { readonly function: string; readonly column: string | undefined }

export interface Lock { readonly strength: 'update' | 'share'; readonly skipLocked: boolean }

/** A statement under construction. */
export interface BuilderData extends Origin {
  readonly verb: Verb;
  readonly table: TableData;
  /** The call that says what is done (`db.insert(users)`), its receiver as written, and the table as written. */
  readonly start: Node;
  readonly label: string;
  readonly predicate: Predicate;
  readonly fields: Value | undefined;
  readonly values: { readonly value: Value; readonly node: Node | undefined } | undefined;
  readonly whereNode: Node | undefined;
  readonly conflict: { readonly kind: 'ignore' | 'update'; readonly options: Value | undefined; readonly form: 'target' | 'any-key'; readonly node: Node } | undefined;
  readonly returning: boolean;
  readonly limit: number | undefined;
  readonly order: readonly { readonly column: string; readonly descending: boolean }[];
  readonly lock: Lock | undefined;
  readonly joined: readonly string[];
  /** Any other table is joined, a left join included. */
  readonly joins?: true;
  readonly grouped: boolean;
  /** What `.get()`, `.all()`, `.run()`, `.values()` made of the answer. */
  readonly terminal: 'get' | 'all' | 'run' | 'values' | undefined;
}

export type HandleType =
  | 'module' | 'maker' | 'table-maker' | 'table-creator' | 'schema-maker' | 'operator' | 'sql' | 'fragment' | 'condition' | 'aggregate' | 'direction' | 'placeholder'
  | 'database' | 'start' | 'builder' | 'table' | 'column' | 'operators' | 'query' | 'relational' | 'prepared';

export function make(context: ClientContext, type: HandleType, data: object): HandleValue {
  return context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
}

export function dataOf<T>(value: Value | undefined, type: HandleType): T | undefined {
  return value?.kind === 'handle' && value.client === ID && value.type === type ? value.data as unknown as T : undefined;
}

export const asColumn = (value: Value | undefined, context: ClientContext): ColumnData | undefined => {
  const known = dataOf<ColumnData>(value, 'column');
  if (known) return known;
  // `users.email` of a module that was not read.
  if (value?.kind !== 'member') return undefined;
  const table = asTable(value.object, context);
  return table && { table, column: value.key };
};

export const ORIGIN: Origin = { evidence: 'declaration', dialect: undefined, driver: undefined, transaction: undefined };

export function originOf(handle: HandleValue): Origin {
  const { evidence, dialect, driver, transaction, lent } = handle.data as unknown as Origin;
  return { evidence, dialect, driver, transaction, ...(lent && { lent }) };
}

/**
 * The table that a value is: a declared one, or a name (`users`, `schema.users`) of a module that was not read. Names are taken for
 * tables only where a call of this library wants one.
 */
export function asTable(value: Value | undefined, context: ClientContext): TableData | undefined {
  const known = dataOf<TableData>(value, 'table');
  if (known) return known;
  const name = value?.kind === 'input' ? value.name : value?.kind === 'member' ? value.key : undefined;
  if (name === undefined) return undefined;
  const table = own(context.catalogue.find(ID, name), name);
  return { name, table, dbName: table?.dbName, dialect: undefined, declared: table !== undefined };
}

/** Only a table that code declares under this very name: the database's name of another library's table is no evidence. */
function own(table: Table | undefined, name: string): Table | undefined {
  return table?.client === ID && table.name === name ? table : undefined;
}

/** A declared table as a handle; `name` is the variable that it is kept in. */
export function tableHandle(context: ClientContext, name: string, dbName: string, schema: string | undefined, dialect: Dialect | undefined, place?: number): HandleValue {
  const candidates = context.catalogue.tables.filter((one) => one.client === ID && one.dbName === dbName && one.schema === schema);
  const table = candidates.find((one) => one.name === name && one.place.line === place) ?? candidates.find((one) => one.name === name) ?? candidates[0] ?? own(context.catalogue.find(ID, name), name);
  return make(context, 'table', { name, table, dbName, dialect, declared: true } satisfies TableData);
}

export const refOf = ({ name, table }: TableData): TableRef => ({ name, table });

export function columnNamed(table: Table | undefined, name: string): string {
  if (!table) return name;
  const columns = [...table.columns.values()];
  const lower = name.toLowerCase();
  return (table.columns.get(name) ?? columns.find((one) => one.dbName === name) ?? columns.find((one) => one.dbName.toLowerCase() === lower))?.name ?? name;
}

/** A condition that was read: `eq(users.email, email)`. `of` is the table that its columns belong to. */
export interface ConditionData { readonly predicate: Predicate; readonly comparisons?: readonly Comparison[] }
