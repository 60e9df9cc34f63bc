/**
 * What the handles of this client carry in `HandleValue.data`, and how they are made and read back. Each builder step makes a new
 * handle; `root` tells which of them are one object.
 */
import type { Comparison, Evidence, Node, Predicate, Row, Value, Verb } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';
import type { Embedded } from './columns.ts';

export const ID = 'supabase';

/** A client, or a function that makes one: `createClient`, `await createClient()` and `supabase` are all asked for `.from`. */
export interface ClientState {
  /** Postgres schema of `.schema('app')` or of the options; undefined: the default, `public`. */
  readonly schema: string | undefined;
  readonly evidence: Evidence;
}

/** `client.from('users')`: no request yet, and none without a verb. */
export interface TableState extends ClientState {
  readonly table: string;
  /** The name is a literal; else `table` is the source text of the argument. */
  readonly known: boolean;
  /** `supabase.from('users')` as written, for labels: the receiver's text. */
  readonly label: string;
}

/** A filter on an embedded resource; it narrows the embedded rows, and the rows themselves only under `!inner`. */
export interface EmbeddedFilter { readonly resource: string; readonly comparison: Comparison }

/** A request under construction. */
export interface BuilderState extends TableState {
  readonly verb: Verb;
  readonly predicate: Predicate;
  readonly rows: readonly Row[] | undefined;
  readonly rowsOf: Value | undefined;
  readonly manyRows: boolean;
  readonly upsert: { readonly target: readonly string[] | undefined; readonly targetOmitted: boolean; readonly ignore: boolean } | undefined;
  /** The rows come back: a read, or a write followed by `.select()`. */
  readonly returning: boolean;
  /** Plain columns of `.select(…)`, undefined: all. */
  readonly columns: readonly string[] | undefined;
  readonly mixed?: true;
  readonly embedded: readonly Embedded[];
  readonly embeddedFilters: readonly EmbeddedFilter[];
  /** `{ count: 'exact' }`, `{ head: true }`. */
  readonly counts: boolean;
  readonly head: boolean;
  readonly cardinality: 'rows' | 'single' | 'maybeSingle' | 'text';
  readonly throws: boolean;
  readonly order: readonly { readonly column: string; readonly descending: boolean }[];
  readonly limit: number | undefined;
  /** `.select('amount.max()')`: the only item of the list. */
  readonly aggregate: { readonly function: string; readonly column: string | undefined; readonly name: string } | undefined;
  /** Arguments of `.rpc(fn, args)`. */
  readonly rpcArgs: Value | undefined;
  readonly start: Node;
  /** Id of the first handle: filters and modifiers change the builder in place, whoever holds it (`query.eq(…)` as a statement). */
  readonly root: number | undefined;
}

export const clientHandle = (context: ClientContext, state: ClientState): HandleValue => context.terms.handle(ID, 'client', { ...state });
export const tableHandle = (context: ClientContext, state: TableState): HandleValue => context.terms.handle(ID, 'table', { ...state });
export const builderHandle = (context: ClientContext, state: BuilderState): HandleValue => context.terms.handle(ID, 'builder', { ...state });
/** Storage, auth, realtime, functions: known to be no table, so nobody guesses from their method names (`storage.from('bucket')`). */
export const otherHandle = (context: ClientContext): HandleValue => context.terms.handle(ID, 'other');

function dataOf<T>(value: Value, type: string): T | undefined {
  return value.kind === 'handle' && value.client === ID && value.type === type ? (value.data as unknown as T) : undefined;
}
export const asClient = (value: Value): ClientState | undefined => dataOf(value, 'client');
export const asTable = (value: Value): TableState | undefined => dataOf(value, 'table');
export const asBuilder = (value: Value): BuilderState | undefined => dataOf(value, 'builder');

/** A request of `verb` on `table`, before any filter. */
export function startOf(table: TableState, verb: Verb, start: Node): BuilderState {
  return {
    ...table, verb, start, predicate: { arms: [], complete: true, node: undefined }, rows: undefined, rowsOf: undefined, manyRows: false,
    upsert: undefined, returning: false, columns: undefined, embedded: [], embeddedFilters: [], counts: false, head: false,
    cardinality: 'rows', throws: false, order: [], limit: undefined, aggregate: undefined, rpcArgs: undefined, root: undefined,
  };
}
