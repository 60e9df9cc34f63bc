/** The handles of this client. */
import type { Dialect, Predicate, Row, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';
import type { BuilderState, Origin } from '../common/builder/state.ts';
import { dialectOfPackages } from './packages.ts';

export const ID = 'kysely';

/**
 * `maker`, `dialect-maker`: the library's classes; `dialect`: an instance of one; `starter`: `db.transaction()` before its callback; `eb`: the
 * builder of expressions that callbacks get; `eb-method`, `fn-method`: one of its methods, taken out of it; `conflict`: `oc`; `raw`: a
 * fragment of `sql`; `arithmetic`: `eb('n', '+', 1)`; `reference`: `eb.ref('excluded.name')`.
 */
export type HandleType = 'maker' | 'dialect-maker' | 'dialect' | 'connection' | 'starter' | 'controlled' | 'builder' | 'eb' | 'eb-method' | 'fn' | 'fn-method' | 'conflict' | 'sql' | 'raw' | 'condition' | 'arithmetic' | 'reference' | 'aggregate' | 'other';

export interface DialectData { readonly dialect: Dialect | undefined }
export interface EbData { readonly state: BuilderState | undefined }
export interface ConditionData { readonly predicate: Predicate }
export interface ArithmeticData { readonly column: string; readonly operator: string; readonly value: Value }
export interface ReferenceData { readonly column: string; readonly inserted: boolean }
export interface AggregateData { readonly function: string; readonly column: string | undefined; readonly name: string; readonly numeric?: 'number' }
export interface ConflictData { readonly state: BuilderState; readonly target: readonly string[] | undefined; readonly action: 'ignore' | 'update' | undefined; readonly update: Row | undefined; readonly partial: Predicate | undefined }

export const make = (context: ClientContext, type: HandleType, data: object = {}): HandleValue => context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
export const connection = (context: ClientContext, origin: Origin): HandleValue => make(context, 'connection', origin.dialect || context.dialect ? origin : { ...origin, dialect: dialectOfPackages(context) });

export function dataOf<T>(value: Value | undefined, type: HandleType): T | undefined {
  return value?.kind === 'handle' && value.client === ID && value.type === type ? value.data as unknown as T : undefined;
}
