/** The handles of this client: what their `data` holds, how one leads to the next, and the transaction that a call's options name. */
import type { Dialect, Evidence, Node, OperationSpec, Table, TableRef, Transaction, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClassFacts, ClientContext } from '../client.ts';
import { receivedTransaction } from '../common/received.ts';
import { lastPart } from '../common/types.ts';

export const ID = 'sequelize';
export const PACKAGES: readonly string[] = ['sequelize', '@sequelize/core', 'sequelize-typescript', '@nestjs/sequelize', '@sequelize/postgres', '@sequelize/mysql', '@sequelize/mariadb', '@sequelize/sqlite3'];

/**
 * `module`: a package; `export`: one of its exports; `constants`: an enumeration (`Transaction.LOCK`); `operators`: `Op`; `connection`: an instance
 * of `Sequelize`; `models`: `sequelize.models`; `model`; `transaction`; `sql`: a fragment (`literal`, `fn`, `col`, `where`); `base`: `Model` itself.
 */
export type HandleType = 'module' | 'export' | 'constants' | 'operators' | 'connection' | 'models' | 'model' | 'transaction' | 'sql' | 'base';

export interface Origin { readonly evidence: Evidence; readonly dialect?: Dialect | undefined }

export interface ModelData extends Origin {
  readonly name: string | undefined;
  /** The class of the project that it is a view of (`User.scope('active')`), for its static methods. */
  readonly value?: Value | undefined;
  /** Rows that a scope leaves out are not known. */
  readonly scoped?: boolean | undefined;
}

/** `fn('lower', col('name'))`, `literal('n + 1')`: the columns that it names, and its text where that is known. */
export interface Fragment { readonly kind: 'literal' | 'fn' | 'col' | 'where' | 'cast' | 'and' | 'or'; readonly args: readonly Value[]; readonly text: string | undefined }

export function isHandle(value: Value | undefined, type?: HandleType): value is HandleValue {
  return value?.kind === 'handle' && value.client === ID && (type === undefined || value.type === type);
}

export function makeHandle(context: ClientContext, type: HandleType, data: object): HandleValue {
  return context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
}

export function modelData(handle: HandleValue): ModelData { return handle.data as unknown as ModelData; }

export function modelHandle(context: ClientContext, name: string | undefined, origin: Origin, more: Partial<ModelData> = {}): HandleValue {
  return makeHandle(context, 'model', { evidence: origin.evidence, dialect: origin.dialect, name, ...more });
}

export function originOf(handle: HandleValue): Origin {
  const { evidence, dialect } = handle.data as unknown as Origin;
  return { evidence: evidence ?? 'declaration', dialect };
}

/** The table behind a model's name, when this library's models declare it. */
export function tableOf(name: string, context: ClientContext): Table | undefined {
  const table = context.catalogue.find(ID, name);
  return table?.client === ID ? table : undefined;
}

/** Without a known name the receiver's own text keeps two calls on one receiver together. */
function tableRef(name: string | undefined, fallback: string, context: ClientContext): TableRef {
  if (name === undefined) return { name: fallback, table: undefined };
  const table = tableOf(name, context);
  return { name: table?.name ?? name, table };
}


/** A class that this library's `Model` is a base of, as far as the project's own base classes can be found, or its models declare it. */
export function isModelClass(facts: ClassFacts, context: ClientContext): boolean {
  if (!facts.superclass) return false;
  const isOwn = (type: ClassFacts['superclass']): boolean => type?.from !== undefined && PACKAGES.includes(type.from) && lastPart(type.name) === 'Model';
  return isOwn(facts.superclass) || isOwn(facts.root) || tableOf(facts.name, context)?.name === facts.name;
}

/** What calls of one kind of receiver share while they are turned into operations. */
export interface Target {
  readonly origin: Origin;
  readonly table: TableRef;
  readonly label: string;
  readonly node: Node;
  readonly on: 'model' | 'row' | 'raw';
  readonly scoped: boolean;
  /** The class of the project whose instances the rows are, for its methods. */
  readonly model?: Value | undefined;
}

export function targetOf(call: { readonly receiverText: string; readonly method: string; readonly node: Node }, origin: Origin, name: string | undefined, on: Target['on'], context: ClientContext, scoped = false): Target {
  return { origin, table: tableRef(name, call.receiverText, context), label: `${call.receiverText}.${call.method}`, node: call.node, on, scoped };
}

export function dialectOf(origin: Origin, context: ClientContext): Dialect | undefined { return origin.dialect ?? context.dialect; }

/** The transaction that an options object names (`{ transaction: ctx.transaction }`, `options` as a whole). */
export function transactionIn(options: Value | undefined, node: Node, context: ClientContext): Transaction | undefined {
  if (!options || options.kind === 'literal') return undefined;
  if (context.entries(options)?.every((one) => one.kind === 'property' && one.key !== 'transaction')) return undefined;
  return transactionOf(context.property(options, 'transaction'), node, context);
}

function transactionOf(value: Value, node: Node, context: ClientContext): Transaction | undefined {
  return receivedTransaction(value, (one) => {
    if (one.kind === 'handle') return { transaction: isHandle(one, 'transaction') ? one.data['transaction'] as Transaction | undefined : undefined };
    return one.kind === 'literal' ? { transaction: undefined } : undefined;
  }, node, context);
}

export function specFor(target: Target, context: ClientContext, spec: Pick<OperationSpec, 'verb' | 'many' | 'result'> & Partial<OperationSpec>): OperationSpec {
  return {
    client: ID, label: target.label, table: target.table, dialect: dialectOf(target.origin, context), transaction: undefined, evidence: target.origin.evidence, node: target.node,
    ...spec,
    detail: { ...spec.detail, on: target.on, ...(target.model && { model: target.model }) },
  };
}
