/** The handles of this client, and the model that a class, a handle or a row belongs to. */
import type { Node, OperationSpec, Table, TableRef, Transaction, Value } from '../../model.ts';
import { lineage } from '../../value/terms.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClassFacts, ClassMembers, ClientContext } from '../client.ts';
import { tableNamed } from '../common/builder/state.ts';
import type { BuilderState, Origin } from '../common/builder/state.ts';
import { receivedTransaction } from '../common/received.ts';
import { lastPart } from '../common/types.ts';

export const ID = 'objection';
export const PACKAGES: readonly string[] = ['objection'];

/**
 * `module`: the package; `base`: its `Model`; `export`: another export; `model`: a class that is not followed, or one bound to a
 * transaction; `builder`: a query; `raw`: a fragment; `functions`: what the database computes.
 */
export type HandleType = 'module' | 'base' | 'export' | 'model' | 'builder' | 'raw' | 'functions';

export interface Model {
  /** The class's name, where it has one. */
  readonly name: string | undefined;
  readonly table: TableRef;
  /** The columns of `idColumn`, which a row is found by. */
  readonly ids: readonly string[];
  /** The class, where its body was found. */
  readonly value?: Value | undefined;
  /** What the class does itself; undefined where it or one of its base classes was not found. */
  readonly members?: ClassMembers | undefined;
}

export interface ModelData extends Origin { readonly model: Model }

export const make = (context: ClientContext, type: HandleType, data: object = {}): HandleValue => context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);

export function isHandle(value: Value | undefined, type?: HandleType): value is HandleValue {
  return value?.kind === 'handle' && value.client === ID && (type === undefined || value.type === type);
}

/** A class of the project that `Model` is behind: as its base, as a mixin's argument, or by the table that it names. */
export function isModelClass(facts: ClassFacts, value: Value, context: ClientContext): boolean {
  const isOwn = (type: ClassFacts['superclass']): boolean => type !== undefined && (type.from !== undefined && PACKAGES.includes(type.from) ? /^(?:Model|mixin|compose)$/.test(lastPart(type.name)) : type.args.some(isOwn));
  if (isOwn(facts.superclass) || isOwn(facts.root)) return true;
  return context.version('objection') !== undefined && textOf(context.property(classValue(value), 'tableName'), context) !== undefined;
}

const classValue = (value: Value): Value => (value.kind === 'object' && value.of ? value.of : value);

const textOf = (value: Value, context: ClientContext): string | undefined => {
  const text = context.literal(value)?.value;
  return typeof text === 'string' ? text : undefined;
};

/** The model of a class of the project or of an instance of it. */
export function modelOfClass(value: Value, name: string, context: ClientContext): Model {
  const owner = classValue(value);
  const table = textOf(context.property(owner, 'tableName'), context);
  const id = context.property(owner, 'idColumn');
  const listed = context.elements(id)?.map((one) => textOf(one.value, context)) ?? [textOf(id, context)];
  return {
    ...(table === undefined ? named(name, context) : { name, table: { name: table, table: tableNamed(ID, table, context) } }),
    ids: listed.length && listed.every((one) => one !== undefined) ? listed : ['id'], value: owner, members: membersOf(owner, context),
  };
}

const known = new WeakMap<Value, { readonly members: ClassMembers | undefined }>();

/** All that is between the class and the library's own; nothing of a class that a mixin makes. */
function membersOf(owner: Value, context: ClientContext): ClassMembers | undefined {
  const cached = known.get(owner);
  if (cached) return cached.members;
  const facts = context.classOf(owner);
  const top = facts?.root;
  const isWhole = top?.from !== undefined && PACKAGES.includes(top.from) && lastPart(top.name) === 'Model';
  const members = facts && isWhole ? facts.members : undefined;
  known.set(owner, { members });
  return members;
}

/** A class by its name alone: as the project's models declare it. */
export function modelNamed(name: string, context: ClientContext): Model {
  const found = named(name, context);
  return { ...found, ids: found.table.table?.keys.find((key) => key.primary)?.columns ?? ['id'] };
}

function named(name: string, context: ClientContext): Pick<Model, 'name' | 'table'> {
  const table = ownTable(name, context) ?? ownTable(name.replace(/Model$/, ''), context);
  return { name, table: { name: table?.dbName ?? name, table } };
}

/** Only a model of this name: that a table is called alike says nothing of the class. Classes have a capital, so that another name is a table's. */
function ownTable(name: string, context: ClientContext): Table | undefined {
  const table = context.catalogue.find(ID, name);
  return table?.client === ID && (table.name === name || (table.dbName === name && /^[a-z]/.test(name))) ? table : undefined;
}

export interface RowModel { readonly model: Model; readonly isNew: boolean }

/** What a value is a row of: made by `new User()` or `fromJson`, or handed out by a query. */
export function rowModel(value: Value, context: ClientContext): RowModel | undefined {
  if (value.kind === 'object') {
    if (isHandle(value.of, 'model')) return { model: (value.of.data as unknown as ModelData).model, isNew: true };
    const facts = context.classOf(value);
    return facts && !facts.isStatic && isModelClass(facts, value, context) ? { model: modelOfClass(value, facts.name, context), isNew: value.node.type === 'NewExpression' || value.node.type === 'CallExpression' } : undefined;
  }
  if (value.kind === 'choice') {
    const all = value.arms.filter((arm) => arm.value.kind !== 'literal').map((arm) => rowModel(arm.value, context));
    const [first] = all;
    return first && all.every((one) => one?.model.table.name === first.model.table.name) ? { model: first.model, isNew: all.every((one) => one!.isNew) } : undefined;
  }
  const operation = lineage(value);
  const model = operation?.client === ID ? modelOfOperation(operation) : undefined;
  return model && { model, isNew: false };
}

export function modelOfOperation(operation: Pick<OperationSpec, 'detail'>): Model | undefined {
  return (operation.detail?.['builder'] as BuilderState | undefined)?.own?.['model'] as Model | undefined;
}

/** The transaction that `query(trx)` is given. */
export function transactionOf(value: Value | undefined, node: Node, context: ClientContext): Transaction | undefined {
  return value && receivedTransaction(value, (one) => {
    if (one.kind === 'handle') return { transaction: one.data['transaction'] as Transaction | undefined };
    const isNone = one.kind === 'literal' || one.kind === 'function' || one.kind === 'class';
    // `query(...args)`: whatever it was.
    return isNone || (one.kind === 'unknown' && one.node.type === 'SpreadElement') ? { transaction: undefined } : undefined;
  }, node, context);
}
