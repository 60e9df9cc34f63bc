/** The handles of this client: what their `data` holds, and how one leads to the next. */
import type { Dialect, Evidence, Node, TableRef, Transaction, Value } from '../../model.ts';
import type { ClientContext, Session } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { entityName, tableOf } from './entities.ts';

export const ID = 'typeorm';

/** Where a handle comes from: carried along to everything made from it. */
export interface Origin {
  readonly evidence: Evidence;
  readonly dialect?: Dialect | undefined;
  /** The transaction that runs on a query runner's connection, shared by everything that was made from the runner. */
  readonly session?: Session | undefined;
  /** For the trace, which asks handles for it: the transaction of a callback's manager. */
  readonly transaction?: Transaction | undefined;
  /** Id of the query runner's handle on whose connection this one works. */
  readonly runner?: number | undefined;
  /** Made from a manager that was received: whether it runs inside a transaction is the caller's matter. */
  readonly borrowed?: boolean | undefined;
}

export interface EntityRef { readonly name: string; readonly value: Value | undefined }

export interface RepositoryData extends Origin {
  readonly entity: EntityRef | undefined;
  /** Methods that `repo.extend({ … })` added. */
  readonly extension?: Value | undefined;
}

export type HandleType = 'module' | 'export' | 'operator' | 'data-source' | 'manager' | 'repository' | 'query-runner' | 'builder' | 'entity' | 'brackets';

export function isHandle(value: Value | undefined, type?: HandleType): value is HandleValue {
  return value?.kind === 'handle' && value.client === ID && (type === undefined || value.type === type);
}

export function makeHandle(context: ClientContext, type: HandleType, data: object): HandleValue {
  return context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
}

export function originOf(handle: HandleValue): Origin {
  const { evidence, dialect, session, transaction, runner, borrowed } = handle.data as unknown as Origin;
  return { evidence: evidence ?? 'declaration', dialect, session, transaction, runner, borrowed };
}

export function repositoryData(handle: HandleValue): RepositoryData { return handle.data as unknown as RepositoryData; }

export function repositoryHandle(context: ClientContext, entity: EntityRef | undefined, origin: Origin): HandleValue {
  return makeHandle(context, 'repository', { ...origin, entity });
}

export function transactionOf(origin: Origin): Transaction | undefined {
  return origin.transaction ?? origin.session?.transaction;
}

export function dialectOf(origin: Origin, context: ClientContext): Dialect | undefined {
  return origin.dialect ?? context.dialect;
}

/** The entity that a target argument names: a class, its name, an `EntitySchema`; undefined when it is a variable holding any. */
export function entityFrom(value: Value | undefined, context: ClientContext): EntityRef | undefined {
  if (!value) return undefined;
  if (isHandle(value, 'entity')) return { name: String(value.data['entity']), value };
  const name = entityName(value, context);
  return name === undefined ? undefined : { name, value };
}

/** A table as messages name it. Without a known entity the receiver's own text keeps two calls on one receiver together. */
export function tableRef(entity: EntityRef | undefined, fallback: string, context: ClientContext): TableRef {
  if (!entity) return { name: fallback, table: undefined };
  const table = tableOf(entity.name, context);
  return { name: table?.name ?? entity.name, table };
}

/** What calls of one kind of receiver share while they are turned into operations. */
export interface Target {
  readonly origin: Origin;
  readonly entity: EntityRef | undefined;
  readonly ref: TableRef;
  readonly label: string;
  readonly node: Node;
  readonly on: On;
  /** The entity as a manager's call names it: `manager.save(User, values)`. */
  readonly entityNode?: Node | undefined;
}

/** What a call is made on, which decides where its arguments stand; rewrites need it. */
export type On = 'repository' | 'manager' | 'class' | 'row' | 'builder' | 'raw';

export function targetOf(origin: Origin, entity: EntityRef | undefined, on: On, receiverText: string, method: string, node: Node, context: ClientContext, entityNode?: Node): Target {
  return { origin, entity, ref: tableRef(entity, receiverText, context), label: `${receiverText}.${method}`, node, on, entityNode };
}
