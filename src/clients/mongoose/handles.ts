/** The handles of this client: what their `data` holds, and how one leads to the next. Mongoose and the MongoDB driver share them. */
import type { Evidence, Node, OperationSpec, TableRef, Transaction, Value } from '../../model.ts';
import type { Table } from '../../schema/model.ts';
import { lineage, path, type HandleValue } from '../../value/terms.ts';
import type { Call, ClientContext, Session } from '../client.ts';

export const ID = 'mongoose';

export interface Origin { readonly evidence: Evidence }

/**
 * `module`: a package; `export`: one of its exports; `connection`: Mongoose's, or the driver's `MongoClient`; `models`: `mongoose.models`; `db`;
 * `model`; `collection`: the driver's; `schema`; `session`; `query`: a Mongoose query or aggregate that runs when it is awaited; `cursor`: the driver's.
 */
export type HandleType = 'module' | 'export' | 'connection' | 'models' | 'db' | 'model' | 'collection' | 'schema' | 'session' | 'query' | 'cursor';

export interface ModelData extends Origin {
  readonly name: string | undefined;
  /** Methods that the schema adds, where its declaration was met: `statics` and `methods` by name. */
  readonly schema?: HandleValue | undefined;
}

export interface SchemaData {
  readonly statics: Value | undefined;
  readonly methods: Value | undefined;
}

export function isHandle(value: Value | undefined, type?: HandleType): value is HandleValue {
  return value?.kind === 'handle' && value.client === ID && (type === undefined || value.type === type);
}

export function makeHandle(context: ClientContext, type: HandleType, data: object): HandleValue {
  return context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);
}

export function originOf(handle: HandleValue): Origin {
  return { evidence: (handle.data['evidence'] as Evidence | undefined) ?? 'declaration' };
}

export function modelData(handle: HandleValue): ModelData { return handle.data as unknown as ModelData; }

export function modelHandle(context: ClientContext, name: string | undefined, origin: Origin, schema?: HandleValue): HandleValue {
  return makeHandle(context, 'model', { evidence: origin.evidence, name, schema } satisfies ModelData);
}

export function collectionHandle(context: ClientContext, name: Value | undefined, origin: Origin): HandleValue {
  const literal = name && context.literal(name)?.value;
  return makeHandle(context, 'collection', { evidence: origin.evidence, name: typeof literal === 'string' ? literal : undefined });
}

/** `transaction` is asked for by the trace, too, when the session is handed to a helper. */
export function sessionHandle(context: ClientContext, origin: Origin): HandleValue {
  const session = context.session();
  return makeHandle(context, 'session', { evidence: origin.evidence, session, get transaction() { return session.transaction; } });
}

export function sessionOf(value: Value | undefined): Session | undefined {
  return isHandle(value, 'session') ? value.data['session'] as Session : undefined;
}

/** The table behind a model's or a collection's name, when this library's schemas declare it. */
export function tableOf(name: string, context: ClientContext): Table | undefined {
  const table = context.catalogue.find(ID, name);
  return table?.client === ID ? table : undefined;
}

/** Without a known name the receiver's own text keeps two calls on one receiver together. */
export function tableRef(name: string | undefined, fallback: string, context: ClientContext): TableRef {
  if (name === undefined) return { name: fallback, table: undefined };
  const table = tableOf(name, context);
  return { name: table?.name ?? name, table };
}

/** What calls of one kind of receiver share while they are turned into operations. */
export interface Target {
  readonly origin: Origin;
  readonly table: TableRef;
  readonly label: string;
  readonly node: Node;
  /** Mongoose wraps an update without operators into `$set`, adds defaults, runs hooks; the driver does none of it. */
  readonly on: 'model' | 'document' | 'collection';
  /** The model's handle, for the methods that its schema adds to documents. */
  readonly model?: HandleValue | undefined;
}

export function targetOf(call: Call, origin: Origin, name: string | undefined, on: Target['on'], context: ClientContext, model?: HandleValue): Target {
  return { model, origin, table: tableRef(name, call.receiverText, context), label: `${call.receiverText}.${call.method}`, node: call.node, on };
}

/** The options' session, and the transaction that runs on it. */
export function transactionIn(options: Value | undefined, context: ClientContext): Transaction | undefined {
  if (!options || options.kind === 'literal') return undefined;
  return sessionOf(context.property(options, 'session'))?.transaction;
}

/** No dialect: what is known of SQL databases does not hold here, whatever else the project uses. */
export function specFor(target: Target, spec: Pick<OperationSpec, 'verb' | 'many' | 'result'> & Partial<OperationSpec>): OperationSpec {
  return {
    client: ID, label: target.label, table: target.table, dialect: undefined, transaction: undefined, evidence: target.origin.evidence, node: target.node,
    ...spec,
    detail: { ...spec.detail, on: target.on, ...(target.model && { model: target.model }) },
  };
}

/** The model of a document that a read or a write of this library returned, or that was made by `new Model()`; undefined for anything else. */
export function documentModel(value: Value): string | undefined {
  if (value.kind === 'object') return isHandle(value.of, 'model') ? modelData(value.of).name : undefined;
  if (value.kind === 'choice') {
    const names = value.arms.filter((arm) => arm.value.kind !== 'literal').map((arm) => documentModel(arm.value));
    return names.length && names.every((name) => name === names[0]) ? names[0] : undefined;
  }
  const operation = lineage(value);
  if (operation?.client !== ID || operation.detail?.['lean'] === true || operation.detail?.['on'] === 'collection') return undefined;
  const { keys } = path(value);
  const part = operation.result.find((one) => (one.is === 'row' || one.is === 'rows' || one.is === 'written') && one.path.every((key, index) => keys[index] === key));
  if (!part) return undefined;
  // A path below the document is a subdocument or a plain value, which is written with its parent.
  return keys.slice(part.path.length).every((key) => /^\d+$/.test(key)) ? operation.table.name : undefined;
}

export function isDocument(value: Value): boolean { return documentModel(value) !== undefined; }

/** The handle of the model that a document comes from, where it was met. */
export function documentHandle(value: Value): HandleValue | undefined {
  if (value.kind === 'object') return isHandle(value.of, 'model') ? value.of : undefined;
  const model = documentModel(value) === undefined ? undefined : lineage(value)?.detail?.['model'] as Value | undefined;
  return isHandle(model, 'model') ? model : undefined;
}
