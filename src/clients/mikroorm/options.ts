/** Find options: `{ where, populate, fields, orderBy, limit, lockMode }`, and the exported enums that stand in them. */
import type { Isolation, OperationSpec, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';

export const ENUMS: ReadonlySet<string> = new Set(['LockMode', 'IsolationLevel', 'QueryOrder', 'QueryOrderNumeric', 'FlushMode', 'TransactionPropagation']);

export interface FindOptions {
  readonly lock?: 'update' | 'share';
  readonly columns?: readonly string[];
  readonly includes?: readonly string[];
  readonly order?: NonNullable<OperationSpec['order']>;
  readonly limitedToOne: boolean;
}

export function readOptions(value: Value | undefined, context: ClientContext): FindOptions {
  if (!value || !context.entries(value)) return { limitedToOne: false };
  const get = (key: string): Value => context.property(value, key);
  const lock = lockOf(get('lockMode'), context);
  const order = orderOf(get('orderBy'), context);
  const columns = namesOf(get('fields'), context)?.filter((name) => !name.includes('.'));
  const includes = namesOf(get('populate'), context)?.map((name) => name.split('.')[0]!);
  return {
    limitedToOne: context.literal(get('limit'))?.value === 1,
    ...(lock && { lock }), ...(columns && !columns.includes('*') && { columns }), ...(includes && { includes }), ...(order && { order }),
  };
}

/** The last part of `LockMode.PESSIMISTIC_WRITE`, of its import or as a name, or the literal that stands for it. */
function nameOf(value: Value | undefined, context: ClientContext): string | number | undefined {
  const literal = value && context.literal(value)?.value;
  if (typeof literal === 'string' || typeof literal === 'number') return literal;
  return value?.kind === 'member' ? value.key : undefined;
}

const LOCKS: Readonly<Record<string, 'update' | 'share'>> = {
  PESSIMISTIC_WRITE: 'update', PESSIMISTIC_PARTIAL_WRITE: 'update', PESSIMISTIC_WRITE_OR_FAIL: 'update', 3: 'update', 4: 'update', 5: 'update',
  PESSIMISTIC_READ: 'share', PESSIMISTIC_PARTIAL_READ: 'share', PESSIMISTIC_READ_OR_FAIL: 'share', 2: 'share', 6: 'share', 7: 'share',
};

/** The row lock of a mode. `OPTIMISTIC` locks nothing. */
export function lockOf(mode: Value | undefined, context: ClientContext): 'update' | 'share' | undefined { return LOCKS[String(nameOf(mode, context))]; }

const LEVELS: Readonly<Record<string, Isolation>> = {
  'read uncommitted': 'read uncommitted', 'read committed': 'read committed', 'repeatable read': 'repeatable read', serializable: 'serializable',
};

/** Of the options of a transaction: none given is the database's default. */
export function isolationOf(options: Value | undefined, context: ClientContext): Isolation {
  if (!options) return 'default';
  if (!context.entries(options)) return 'unknown';
  const value = context.property(options, 'isolationLevel');
  if (value.kind === 'literal' && value.value == null) return 'default';
  const name = nameOf(value, context);
  return (typeof name === 'string' ? LEVELS[name.toLowerCase().replaceAll('_', ' ')] : undefined) ?? 'unknown';
}

function orderOf(value: Value | undefined, context: ClientContext): OperationSpec['order'] {
  const elements = value && context.elements(value);
  if (elements) return elements.flatMap((one) => orderOf(one.value, context) ?? []);
  const entries = value && context.entries(value);
  return entries?.flatMap((entry) => {
    const direction = entry.kind === 'property' ? nameOf(entry.value, context) : undefined;
    return entry.kind === 'property' && direction !== undefined ? [{ column: entry.key, descending: typeof direction === 'string' ? /^desc/i.test(direction) : direction === -1 }] : [];
  });
}

/** `['books', 'profile.avatar']`. */
function namesOf(value: Value | undefined, context: ClientContext): readonly string[] | undefined {
  const names = value && context.elements(value)?.map((one) => context.literal(one.value)?.value);
  return names?.every((name): name is string => typeof name === 'string') ? names : undefined;
}
