/** Find options: `{ where, select, relations, order, lock, withDeleted, take }`. */
import type { Node, OperationSpec, Predicate, Table, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';
import { EVERYTHING } from '../common/rows.ts';
import { wherePredicate, withoutDeleted } from './where.ts';

const KEYS = new Set([
  'where', 'select', 'relations', 'join', 'order', 'cache', 'lock', 'withDeleted', 'loadRelationIds', 'loadEagerRelations',
  'relationLoadStrategy', 'transaction', 'comment', 'skip', 'take',
]);

export interface FindOptions {
  readonly predicate: Predicate;
  readonly lock?: OperationSpec['lock'];
  readonly columns?: readonly string[];
  readonly includes?: readonly string[];
  readonly order?: OperationSpec['order'];
  readonly limitedToOne: boolean;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Whether an object can only be find options: known by their keys, of which a condition object has none. */
export function isFindOptions(value: Value, context: ClientContext): boolean {
  const entries = context.entries(value);
  return entries !== undefined && entries.some((entry) => entry.kind === 'property') && entries.every((entry) => entry.kind === 'spread' || KEYS.has(entry.key));
}

export function readFindOptions(value: Value | undefined, table: Table | undefined, context: ClientContext, node?: Node): FindOptions {
  if (!value || (value.kind === 'literal' && value.value == null)) return { predicate: withoutDeleted(EVERYTHING, table, context), limitedToOne: false };
  const entries = context.entries(value);
  if (!entries) return { predicate: withoutDeleted({ arms: [], complete: false, node }, table, context), limitedToOne: false };
  // Versions before 0.3 took the conditions themselves as the first argument.
  if (!isFindOptions(value, context) && entries.length && !entries.some((entry) => entry.kind === 'property' && entry.key === 'where')) {
    return { predicate: withoutDeleted(wherePredicate(value, table, context, node), table, context), limitedToOne: false };
  }
  const get = (key: string): Value | undefined => {
    const entry = entries.findLast((one) => one.kind === 'property' && one.key === key);
    return entry?.kind === 'property' ? entry.value : undefined;
  };
  const whereEntry = entries.findLast((one) => one.kind === 'property' && one.key === 'where');
  let predicate = wherePredicate(get('where'), table, context, whereEntry?.node ?? node);
  if (entries.some((entry) => entry.kind === 'spread')) predicate = { ...predicate, complete: false };
  const lock = lockOf(get('lock'), context);
  const order = orderOf(get('order'), context);
  const columns = namesOf(get('select'), context);
  const includes = namesOf(get('relations'), context);
  return {
    predicate: truthy(get('withDeleted'), context) ? predicate : withoutDeleted(predicate, table, context),
    limitedToOne: context.literal(get('take') ?? context.terms.undefined)?.value === 1,
    ...(lock.lock && { lock: lock.lock }),
    ...(columns && { columns }),
    ...(includes && { includes }),
    ...(order && { order }),
    ...(lock.detail && { detail: lock.detail }),
  };
}

export function truthy(value: Value | undefined, context: ClientContext): boolean {
  return value !== undefined && context.literal(value)?.value === true;
}

const LOCKS: Readonly<Record<string, 'update' | 'share'>> = {
  pessimistic_write: 'update', pessimistic_partial_write: 'update', pessimistic_write_or_fail: 'update', for_no_key_update: 'update',
  pessimistic_read: 'share', for_key_share: 'share',
};

/** The row lock of a mode. `optimistic` locks nothing: it compares after the SELECT, and the later save does not check it. */
export function lockOfMode(mode: Value | undefined, context: ClientContext): 'update' | 'share' | undefined {
  const text = mode && context.literal(mode)?.value;
  return typeof text === 'string' ? LOCKS[text] : undefined;
}

function lockOf(value: Value | undefined, context: ClientContext): { lock?: 'update' | 'share' | undefined; detail?: Record<string, unknown> } {
  if (!value || !context.entries(value)) return {};
  const mode = context.property(value, 'mode');
  const onLocked = context.literal(context.property(value, 'onLocked'))?.value;
  const tables = context.elements(context.property(value, 'tables'))?.map((one) => context.literal(one.value)?.value);
  const detail = { ...(typeof onLocked === 'string' && { onLocked }), ...(tables && { lockTables: tables }), ...(context.literal(mode)?.value === 'optimistic' && { optimisticLock: true }) };
  return { lock: lockOfMode(mode, context), ...(Object.keys(detail).length && { detail }) };
}

function orderOf(value: Value | undefined, context: ClientContext): OperationSpec['order'] {
  const entries = value && context.entries(value);
  if (!entries) return undefined;
  return entries.flatMap((entry) => {
    if (entry.kind !== 'property') return [];
    const direct = context.literal(entry.value)?.value;
    const nested = context.entries(entry.value) ? context.literal(context.property(entry.value, 'direction'))?.value : undefined;
    const direction = direct ?? nested;
    return [{ column: entry.key, descending: typeof direction === 'string' ? direction.toUpperCase() === 'DESC' : direction === -1 }];
  });
}

/** `['id', 'email']`, `{ id: true, profile: { name: true } }`: top-level names that are asked for. */
function namesOf(value: Value | undefined, context: ClientContext): readonly string[] | undefined {
  if (!value) return undefined;
  const elements = context.elements(value);
  if (elements) {
    const names = elements.map((one) => context.literal(one.value)?.value);
    return names.every((name): name is string => typeof name === 'string') ? names : undefined;
  }
  const entries = context.entries(value);
  if (!entries || entries.some((entry) => entry.kind === 'spread')) return undefined;
  return entries.flatMap((entry) => (entry.kind === 'property' && context.literal(entry.value)?.value !== false ? [entry.key] : []));
}
