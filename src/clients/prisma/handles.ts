/** The handles of this client: what their `data` holds, and which table a model's accessor means. */
import type { Dialect, Evidence, Isolation, Node, OperationSpec, TableRef, Transaction, Value } from '../../model.ts';
import type { Relation, Table, UniqueKey } from '../../schema/model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';

export const ID = 'prisma';

/** Where a handle comes from: carried along to everything made from it. */
export interface Origin {
  readonly evidence: Evidence;
  /** For the trace, which asks handles for it. */
  readonly transaction?: Transaction | undefined;
  readonly lent?: OperationSpec['lent'] | undefined;
  /** From the driver adapter that the client was made with, and its `transactionOptions`. */
  readonly dialect?: Dialect | undefined;
  readonly isolation?: Isolation | undefined;
  /** The argument of each `$extends` that led here, the last one first. */
  readonly extensions?: readonly Value[] | undefined;
}

export interface ModelData extends Origin { readonly accessor: string | undefined }

/**
 * `module`: the package; `export`: one of its exports; `adapter`: a driver adapter; `namespace`: `Prisma`; `client`; `model`: `prisma.user`; `query`: a read that
 * was not awaited yet, from which related rows can be asked for.
 */
export type HandleType = 'module' | 'export' | 'adapter' | 'namespace' | 'client' | 'model' | 'query';

export function isHandle(value: Value | undefined, type?: HandleType): value is HandleValue {
  return value?.kind === 'handle' && value.client === ID && (type === undefined || value.type === type);
}

export function makeHandle(context: ClientContext, type: HandleType, data: object): HandleValue {
  return context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
}

export function originOf(handle: HandleValue): Origin {
  const { evidence, transaction, lent, dialect, isolation, extensions } = handle.data as unknown as Origin;
  return { evidence: evidence ?? 'declaration', transaction, lent, dialect, isolation, extensions };
}

export function clientHandle(context: ClientContext, origin: Origin): HandleValue { return makeHandle(context, 'client', origin); }

export function modelHandle(context: ClientContext, accessor: string | undefined, origin: Origin): HandleValue {
  return makeHandle(context, 'model', { ...origin, accessor } satisfies ModelData);
}

/** `userProfile` → UserProfile: the accessor is the model's name with its first letter in lower case. */
export function modelName(accessor: string): string { return accessor.charAt(0).toUpperCase() + accessor.slice(1); }
export function accessorOf(model: string): string { return model.charAt(0).toLowerCase() + model.slice(1); }

/** The table behind an accessor, when this library's own schema declares it. */
export function declaredModel(accessor: string, context: ClientContext): Table | undefined {
  const table = context.catalogue.find(ID, modelName(accessor));
  return table?.client === ID && accessorOf(table.name).toLowerCase() === accessor.toLowerCase() ? table : undefined;
}

/** Whether the catalogue knows any model: then an accessor that it lacks is hardly one. */
export function hasModels(context: ClientContext): boolean { return context.catalogue.tables.some((one) => one.client === ID); }

export function tableNamed(model: string, context: ClientContext): Table | undefined { return context.catalogue.find(ID, model); }

export function tableRef(accessor: string | undefined, fallback: string, context: ClientContext): TableRef {
  if (accessor === undefined) return { name: fallback, table: undefined };
  const table = tableNamed(modelName(accessor), context);
  return { name: table?.name ?? modelName(accessor), table };
}

export function relationOf(table: Table | undefined, name: string): Relation | undefined {
  return table?.relations.find((one) => one.name === name);
}

export function keyByAlias(table: Table | undefined, name: string): UniqueKey | undefined {
  return table?.keys.find((one) => one.alias === name);
}

/** What the statements of one call share. */
export interface Target {
  readonly origin: Origin;
  readonly ref: TableRef;
  readonly label: string;
  readonly node: Node;
}

export function dialectOf(target: Target, context: ClientContext): Dialect | undefined {
  return target.origin.dialect ?? target.origin.transaction?.dialect ?? context.dialect;
}

export function specFor(target: Target, context: ClientContext, spec: Pick<OperationSpec, 'verb' | 'many' | 'result'> & Partial<OperationSpec>): OperationSpec {
  return {
    client: ID,
    label: target.label,
    table: target.ref,
    dialect: dialectOf(target, context),
    transaction: target.origin.transaction,
    ...(target.origin.lent && { lent: target.origin.lent }),
    evidence: target.origin.evidence,
    node: target.node,
    ...spec,
  };
}
