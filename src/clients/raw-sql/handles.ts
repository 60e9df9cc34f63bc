/** The handles of this client: what their `data` holds. */
import type { Evidence, Transaction, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClientContext, Session as Connected } from '../client.ts';
import type { Driver } from './drivers.ts';

export const ID = 'raw-sql';

/** `level`: what `SET TRANSACTION` said of the next one. */
export interface Session extends Connected { level: Transaction['isolation'] | undefined }

export const session = (context: ClientContext, transaction?: Transaction): Session => Object.assign(context.session(transaction), { level: undefined });

export interface Origin {
  readonly evidence: Evidence;
  readonly driver: Driver;
  /** A pool has none: any of its connections may serve the next statement. */
  readonly session: Session | undefined;
  /** For the trace, which asks handles for it: the transaction of a callback's connection. */
  readonly transaction: Transaction | undefined;
}

/** SQL with its values, not run yet: a prepared statement, a tagged template. */
export interface QueryData extends Origin {
  readonly text: Value;
  readonly values: Value | readonly Value[] | undefined;
  /** `.pluck()`: the first column alone. */
  readonly plucks: boolean;
}

export type HandleType = 'module' | 'maker' | 'pool' | 'connection' | 'tag' | 'tag-maker' | 'slonik-sql' | 'statement' | 'query' | 'fragment' | 'transacted';

export const make = (context: ClientContext, type: HandleType, data: object): HandleValue => context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);

export function dataOf<T>(value: Value | undefined, type: HandleType): T | undefined {
  return value?.kind === 'handle' && value.client === ID && value.type === type ? value.data as unknown as T : undefined;
}

export function originOf(handle: HandleValue): Origin {
  const { evidence, driver, session, transaction } = handle.data as unknown as Origin;
  return { evidence, driver, session, transaction };
}

export const connectionHandle = (context: ClientContext, origin: Origin): HandleValue => make(context, 'connection', { ...origin, session: origin.session ?? session(context, origin.transaction) } satisfies Origin);

export const transactionOf = (origin: Origin): Transaction | undefined => origin.session?.transaction ?? origin.transaction;
