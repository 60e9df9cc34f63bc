/**
 * The state of a lazy SQL builder that is made of chained steps: the statement that it would send if it were awaited now. Which steps
 * there are is said in `steps.ts`; a client adds its own, and says how the builder starts.
 */
import type { Dialect, Evidence, Node, OperationSpec, Predicate, Row, Table, TableRef, Transaction, Value, Verb } from '../../../model.ts';
import type { HandleValue } from '../../../value/terms.ts';
import type { ClientContext } from '../../client.ts';
import { EVERYTHING } from '../rows.ts';

/** A connection, or the handle of a transaction. */
export interface Origin {
  readonly evidence: Evidence;
  readonly dialect: Dialect | undefined;
  readonly transaction: Transaction | undefined;
  readonly lent?: OperationSpec['lent'] | undefined;
}

export interface ConflictState {
  readonly target: readonly string[] | undefined;
  /** Undefined: `.onConflict(…)` alone, which does nothing yet. */
  readonly action: 'ignore' | 'update' | undefined;
  readonly update: Row | undefined;
  /** The predicate of a partial index, where it is named. */
  readonly partial?: Predicate;
}

export interface BuilderState extends Origin {
  /** Id of the client whose builder it is. */
  readonly client: string;
  readonly verb: Verb;
  readonly table: TableRef;
  /** The name under which the statement's columns may call its table. */
  readonly alias: string | undefined;
  readonly label: string;
  /** The call that says what is done. */
  readonly start: Node;
  /** Arms that an `or` closed: SQL binds AND before OR. */
  readonly closed: Predicate | undefined;
  readonly predicate: Predicate;
  readonly rows: readonly Row[] | undefined;
  readonly rowsOf: Value | undefined;
  readonly manyRows: boolean;
  readonly conflict: ConflictState | undefined;
  readonly returning: boolean;
  /** One row or nothing, instead of an array. */
  readonly first: boolean;
  readonly throwsWhenMissing: boolean;
  readonly limit: number | undefined;
  readonly order: readonly { readonly column: string; readonly descending: boolean }[];
  readonly lock: 'update' | 'share' | undefined;
  readonly skipLocked: boolean;
  readonly joined: boolean;
  readonly grouped: boolean;
  readonly columns: readonly string[] | undefined;
  /** Rows hold more than the table's columns under their own names. */
  readonly mixed?: true;
  /** `numeric`: what code says of the number, where it says so. */
  readonly aggregate: { readonly function: string; readonly column: string | undefined; readonly name: string; readonly numeric?: 'number' } | undefined;
  /** Id of the first handle: steps change the builder in place, whoever holds it. */
  readonly root?: number;
  /** Facts that only this client uses. */
  readonly own?: Readonly<Record<string, unknown>>;
}

export const NO_ORIGIN: Origin = { evidence: 'shape', dialect: undefined, transaction: undefined };

export function originOf(handle: HandleValue): Origin {
  const { evidence, dialect, transaction, lent } = handle.data as unknown as Origin;
  return { evidence, dialect, transaction, ...(lent && { lent }) };
}

export const dialectOf = (origin: Origin, context: ClientContext): Dialect | undefined => origin.dialect ?? context.dialect;

export function emptyState(client: string, origin: Origin, table: TableRef, alias: string | undefined, label: string, start: Node): BuilderState {
  return {
    ...origin, client, verb: 'find', table, alias, label, start, closed: undefined, predicate: EVERYTHING, rows: undefined, rowsOf: undefined, manyRows: false,
    conflict: undefined, returning: false, first: false, throwsWhenMissing: false, limit: undefined, order: [], lock: undefined, skipLocked: false, joined: false, grouped: false,
    columns: undefined, aggregate: undefined,
  };
}

/** The catalogue's table of a name in the database; in code it may be written in camel case, which a plugin translates. */
export function tableNamed(client: string, name: string, context: ClientContext): Table | undefined {
  return context.catalogue.find(client, name) ?? (/[a-z][A-Z]/.test(name) ? context.catalogue.find(client, snake(name)) : undefined);
}

const snake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const folded = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** The catalogue's name of a column, whichever of its spellings the code uses. */
export function columnNamed(table: Table | undefined, name: string): string {
  if (!table || table.columns.has(name)) return name;
  const columns = [...table.columns.values()];
  return (columns.find((one) => one.dbName === name) ?? columns.find((one) => folded(one.dbName) === folded(name)))?.name ?? name;
}

/** `users as u`, `app.users`: the table and the name that it goes by in its statement. */
export function splitAlias(text: string): { readonly name: string; readonly alias: string | undefined } {
  const found = /^\s*(?<name>\S+)\s+(?:as\s+)?(?<alias>\w+)\s*$/i.exec(text)?.groups;
  return { name: (found?.['name'] ?? text.trim()).replace(/["`]/g, ''), alias: found?.['alias'] };
}

/** The table that a value names: a text, `{ alias: 'table' }`, or the source text of what is not known. */
export function tableOf(client: string, value: Value | undefined, node: Node | undefined, context: ClientContext): { readonly table: TableRef; readonly alias: string | undefined; readonly known: boolean } | undefined {
  if (!value) return undefined;
  const literal = context.literal(value)?.value;
  if (typeof literal === 'string') {
    const { name, alias } = splitAlias(literal);
    return { table: { name, table: tableNamed(client, name, context) }, alias, known: true };
  }
  const [entry] = context.entries(value) ?? [];
  if (entry?.kind === 'property') {
    const inner = context.literal(entry.value)?.value;
    if (typeof inner === 'string') return { table: { name: inner, table: tableNamed(client, inner, context) }, alias: entry.key, known: true };
  }
  if (literal !== undefined || !node) return undefined;
  const text = context.text(node);
  return text === '' ? undefined : { table: { name: text, table: undefined }, alias: undefined, known: false };
}

/** A column as the builder's methods take it: `email`, `users.email`, `u.email`, `email as e`. */
export function columnOf(state: Pick<BuilderState, 'table' | 'alias'>, text: string): { readonly name: string; readonly via: readonly string[] } {
  const parts = splitAlias(text).name.split('.');
  const name = parts.at(-1)!;
  const qualifier = parts.slice(0, -1).join('.');
  const own = [state.table.name, state.alias, state.table.name.split('.').at(-1), state.table.table?.dbName];
  return qualifier === '' || own.includes(qualifier) ? { name: columnNamed(state.table.table, name), via: [] } : { name, via: [qualifier] };
}

/** `.as('u')`: the name of the rows outside, should the builder stand in place of a table. */
export function namedAs(state: BuilderState, name: Value | undefined, context: ClientContext): BuilderState {
  const as = name && context.literal(name)?.value;
  return typeof as === 'string' ? { ...state, own: { ...state.own, as } } : state;
}

/**
 * A builder given in place of a table: rows of its table, narrowed by its conditions. Undefined where it does not read one table's rows.
 * Columns that it computes keep their names, which no column of the table has.
 */
export function derivedFrom(client: string, value: Value | undefined, context: ClientContext): Pick<BuilderState, 'table' | 'alias' | 'closed' | 'predicate' | 'joined'> | undefined {
  const newest = value?.kind === 'handle' && value.client === client && value.type === 'builder' ? context.newest(value) : undefined;
  const inner = newest?.kind === 'handle' && newest.type === 'builder' ? newest.data as unknown as BuilderState : undefined;
  if (!inner || inner.verb !== 'find' || inner.aggregate || inner.grouped) return undefined;
  const alias = inner.own?.['as'];
  return { table: inner.table, alias: typeof alias === 'string' ? alias : undefined, closed: inner.closed, predicate: inner.predicate, joined: inner.joined || inner.limit !== undefined || inner.skipLocked };
}

/** Whether a list of selected names holds others than columns of the table as they are called: `n as m`, `teams.name`, what is no text. */
export function isMixed(state: Pick<BuilderState, 'table' | 'alias'>, names: readonly unknown[]): boolean {
  return names.some((one) => typeof one !== 'string' || splitAlias(one).alias !== undefined || columnOf(state, one).via.length > 0);
}
