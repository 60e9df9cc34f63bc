/** What a read's options say: condition, lock, order, columns, relations fetched along. */
import type { Node, OperationSpec, Predicate, Table, Transaction, Value } from '../../model.ts';
import { asLiteral, type Formula } from '../../value/formula.ts';
import type { ClientContext } from '../client.ts';
import { andPredicate, comparison, EVERYTHING, single } from '../common/rows.ts';
import { isHandle, modelData, transactionIn, type Fragment, type Target } from './handles.ts';
import { columnIn, wherePredicate } from './where.ts';

export interface FindOptions {
  readonly predicate: Predicate;
  readonly transaction: Transaction | undefined;
  readonly lock?: 'update' | 'share' | undefined;
  readonly order?: OperationSpec['order'];
  readonly columns?: readonly string[] | undefined;
  readonly mixed?: true;
  readonly includes?: readonly string[] | undefined;
  readonly limitedToOne: boolean;
  readonly throws: boolean;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export const DEFAULT_SCOPE = 'the default scope';

/** `given`: a condition that the arguments before the options say (`findByPk(id, options)`). */
export function findOptions(target: Target, options: Value | undefined, context: ClientContext, node: Node | undefined, given: Predicate = EVERYTHING): FindOptions {
  const { table } = target.table;
  const get = (key: string): Value | undefined => {
    if (!options || options.kind === 'literal') return undefined;
    const value = context.property(options, key);
    return (value.kind === 'literal' && value.value === undefined) || (value.kind === 'member' && !context.entries(options)) ? undefined : value;
  };
  const flag = (key: string): unknown => { const value = get(key); return value && context.literal(value)?.value; };
  const known = !options || options.kind === 'literal' || context.entries(options) !== undefined;
  // `{ where, ...options }`: what is spread may have a condition of its own, and mostly has none.
  const last = options && context.entries(options)?.findLast((one) => one.kind === 'property' && one.key === 'where');
  const where = last?.kind === 'property' ? last.value : get('where');
  let predicate = andPredicate(given, known ? wherePredicate(where, table, context, node) : { arms: [], complete: false, node });
  // An inner join leaves out rows that have no counterpart.
  const include = includesOf(get('include'), context);
  if (include.required || target.scoped || table?.sideEffects.includes(DEFAULT_SCOPE) || get('offset')) predicate = { ...predicate, complete: false };
  if (flag('paranoid') !== false) predicate = withoutDeleted(predicate, table, context);
  const lock = lockOf(get('lock'), get('transaction'), context);
  const attributes = get('attributes');
  const columns = columnsOf(attributes, context);
  const mixed = attributes !== undefined && !columns && !onlyExcludes(attributes, context) && { mixed: true as const };
  const order = orderOf(get('order'), context);
  const skips = flag('skipLocked') === true;
  return {
    predicate, transaction: transactionIn(options, target.node, context), limitedToOne: flag('limit') === 1, throws: get('rejectOnEmpty') !== undefined && flag('rejectOnEmpty') !== false,
    ...(lock && { lock }), ...(columns && { columns }), ...mixed, ...(order?.length && { order }), ...(include.names.length && { includes: include.names }),
    ...((skips || flag('raw') === true || flag('plain') === true) && { detail: { ...(skips && { skipLocked: true }), ...(flag('raw') === true && { raw: true }) } }),
  };
}

/** Soft-deleted rows are left out of every read of a paranoid model. */
export function withoutDeleted(predicate: Predicate, table: Table | undefined, context: ClientContext): Predicate {
  const column = table && [...table.columns.values()].find((one) => one.deletedAt)?.name;
  if (column === undefined || predicate.arms.some((arm) => arm.some((one) => one.column === column))) return predicate;
  return { ...andPredicate(predicate, single(comparison(column, 'is null', context.terms.null))), node: predicate.node };
}

/** `true`, `t.LOCK.UPDATE`, `Transaction.LOCK.SHARE`, `{ level, of }`, each also as `transaction ? … : undefined`. */
function lockOf(value: Value | undefined, transaction: Value | undefined, context: ClientContext): 'update' | 'share' | undefined {
  if (!value) return undefined;
  const literal = context.literal(value)?.value;
  if (literal === true) return 'update';
  const name = typeof literal === 'string' ? literal : value.kind === 'member' && /lock/i.test(value.object.kind === 'member' ? value.object.key : '') ? value.key : undefined;
  if (name !== undefined) return /share/i.test(name) ? 'share' : /update/i.test(name) ? 'update' : undefined;
  if (value.kind === 'choice') {
    // A lock that depends on anything but there being a transaction may not be taken; one without a transaction ends with its statement.
    const locks = value.arms.map((arm) => lockOf(arm.value, transaction, context));
    const taken = locks.find((one) => one !== undefined);
    return locks.every((one, index) => one === taken || (one === undefined && saysMissing(value.arms[index]!.when, transaction))) ? taken : undefined;
  }
  return context.entries(value) ? lockOf(context.property(value, 'level'), transaction, context) : undefined;
}

function saysMissing(when: Formula, transaction: Value | undefined): boolean {
  const literal = asLiteral(when);
  if (!literal || !transaction) return false;
  const { atom, holds } = literal;
  return (atom.kind === 'truthy' && atom.of === transaction && !holds) || (atom.kind === 'nullish' && atom.of === transaction && holds);
}

/** `['id', 'email']`; an alias, an aggregate or `{ exclude }` says nothing that is used here. */
function columnsOf(value: Value | undefined, context: ClientContext): readonly string[] | undefined {
  const elements = value && context.elements(value);
  const names = elements?.map((one) => context.literal(one.value)?.value);
  return names?.length && names.every((one): one is string => typeof one === 'string') ? names : undefined;
}

/** `{ exclude: ['password'] }`: the others are called what they are called. */
function onlyExcludes(value: Value, context: ClientContext): boolean {
  return context.entries(value)?.every((one) => one.kind === 'property' && one.key === 'exclude') === true;
}

/** `[['createdAt', 'DESC']]`, `['name']`, `[[col('n'), 'ASC']]`. */
function orderOf(value: Value | undefined, context: ClientContext): OperationSpec['order'] {
  if (!value) return undefined;
  const name = (one: Value | undefined): string | undefined => {
    const literal = one && context.literal(one)?.value;
    return typeof literal === 'string' ? literal : one && columnIn(one);
  };
  const elements = context.elements(value);
  if (!elements) { const only = name(value); return only === undefined ? undefined : [{ column: only, descending: false }]; }
  // `order: ['createdAt', 'DESC']` is a common slip for a list of one.
  const direction = elements.length === 2 ? name(elements[1]!.value) : undefined;
  if (direction !== undefined && /^(?:asc|desc)$/i.test(direction)) return [{ column: name(elements[0]!.value) ?? '', descending: /^desc/i.test(direction) }];
  return elements.flatMap(({ value: each }) => {
    const parts = context.elements(each);
    const column = name(parts ? parts[0]?.value : each);
    return column === undefined ? [] : [{ column, descending: /^desc/i.test((parts && name(parts.at(-1)?.value)) ?? '') }];
  });
}

/** `include: [Team, 'posts', { model: Post, as: 'posts', required: true, where }]`. */
function includesOf(value: Value | undefined, context: ClientContext): { readonly names: readonly string[]; readonly required: boolean } {
  if (!value) return { names: [], required: false };
  const elements = context.elements(value)?.map((one) => one.value) ?? [value];
  let required = false;
  const names = elements.flatMap((one) => {
    const literal = context.literal(one)?.value;
    if (typeof literal === 'string') return [literal];
    const own = modelName(one, context);
    if (own !== undefined) return [own];
    const entries = context.entries(one);
    if (!entries) { required = true; return []; }
    const get = (key: string): Value => context.property(one, key);
    const isRequired = context.literal(get('required'))?.value;
    const where = get('where');
    if (isRequired === true || (isRequired !== false && !(where.kind === 'literal' && where.value === undefined))) required = true;
    const as = context.literal(get('as'))?.value;
    const model = modelName(get('model'), context);
    const name = typeof as === 'string' ? as : model ?? context.literal(get('association'))?.value;
    return typeof name === 'string' ? [name] : [];
  });
  return { names, required };
}

/** The name of the model that a value is: a handle, a class, or by convention an import that was not found. */
export function modelName(value: Value, context: ClientContext): string | undefined {
  if (isHandle(value, 'model')) return modelData(value).name;
  if (value.kind === 'class') return value.name || undefined;
  const literal = context.literal(value)?.value;
  if (typeof literal === 'string') return literal;
  if (value.kind === 'input') return /^[A-Z]/.test(value.name) ? value.name : undefined;
  return value.kind === 'member' && /^[A-Z]/.test(value.key) ? value.key : undefined;
}

export function fragmentOf(value: Value): Fragment | undefined { return isHandle(value, 'sql') ? value.data as unknown as Fragment : undefined; }
