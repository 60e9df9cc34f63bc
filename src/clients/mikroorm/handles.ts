/** The handles of this client: what their `data` holds, and how one leads to the next. */
import type { Dialect, Evidence, Node, OperationSpec, TableRef, Transaction, Value } from '../../model.ts';
import type { Call, ClientContext, UnitOfWork } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { entityName, ID, tableOf } from './entities.ts';

/** Where a handle comes from: carried along to everything made from it. */
export interface Origin {
  readonly evidence: Evidence;
  readonly dialect?: Dialect | undefined;
  /** Of an entity manager that is inside a transaction of its own. */
  readonly transaction?: Transaction | undefined;
  /** What its entities belong to: a fork has one of its own, all others share the context's. */
  readonly unit?: UnitOfWork | undefined;
}

export interface EntityRef { readonly name: string; readonly value: Value | undefined }

export type HandleType = 'module' | 'export' | 'enum' | 'orm' | 'manager' | 'repository' | 'builder' | 'entity' | 'wrapped';

export function isHandle(value: Value | undefined, type?: HandleType): value is HandleValue {
  return value?.kind === 'handle' && value.client === ID && (type === undefined || value.type === type);
}

export function makeHandle(context: ClientContext, type: HandleType, data: object): HandleValue {
  return context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
}

export function originOf(handle: HandleValue): Origin {
  const { evidence, dialect, transaction, unit } = handle.data as unknown as Origin;
  return { evidence: evidence ?? 'declaration', dialect, transaction, unit };
}

export function entityOf(handle: HandleValue): EntityRef | undefined { return handle.data['entity'] as EntityRef | undefined; }

export function repositoryHandle(context: ClientContext, entity: EntityRef | undefined, origin: Origin): HandleValue {
  return makeHandle(context, 'repository', { ...origin, entity });
}

export function entityFrom(value: Value | undefined, context: ClientContext): EntityRef | undefined {
  const name = value && entityName(value, context);
  return name === undefined ? undefined : { name, value };
}

const DRIVERS: Readonly<Record<string, Dialect>> = {
  postgresql: 'postgres', mysql: 'mysql', mariadb: 'mysql', 'mysql-base': 'mysql', sqlite: 'sqlite', 'better-sqlite': 'sqlite', libsql: 'sqlite',
};

/** The dialect of a driver's package. */
export function dialectOfPackage(source: string): Dialect | undefined { return DRIVERS[source.replace('@mikro-orm/', '')]; }

/** What is known of the handle, else of the project, else the one driver that the project depends on. */
export function dialectOf(origin: Origin, context: ClientContext): Dialect | undefined {
  if (origin.dialect ?? context.dialect) return origin.dialect ?? context.dialect;
  const installed = new Set(Object.keys(DRIVERS).filter((name) => context.version(`@mikro-orm/${name}`) !== undefined).map((name) => DRIVERS[name]!));
  return installed.size === 1 ? [...installed][0] : undefined;
}

/** A table as messages name it. Without a known entity the receiver's own text keeps two calls on one receiver together. */
function tableRef(entity: EntityRef | undefined, fallback: string, context: ClientContext): TableRef {
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
  /** What the call is made on, which decides where its arguments stand. */
  readonly on: 'manager' | 'repository' | 'unit' | 'builder' | 'raw';
}

export function targetOf(call: Pick<Call, 'receiverText' | 'method' | 'node'>, origin: Origin, entity: EntityRef | undefined, on: Target['on'], context: ClientContext): Target {
  return { origin, entity, ref: tableRef(entity, call.receiverText, context), label: `${call.receiverText}.${call.method}`, node: call.node, on };
}

export function specFor(target: Target, context: ClientContext, spec: Pick<OperationSpec, 'verb' | 'many' | 'result'> & Partial<OperationSpec>): OperationSpec {
  const { origin } = target;
  return {
    client: ID, label: target.label, table: target.ref, dialect: dialectOf(origin, context), transaction: origin.transaction, evidence: origin.evidence, node: target.node,
    ...spec,
    detail: { ...spec.detail, on: target.on, unit: origin.unit },
  };
}
