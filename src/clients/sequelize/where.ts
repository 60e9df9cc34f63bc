/** `where` objects (`{ email, age: { [Op.gt]: 3 }, [Op.or]: [ … ] }`) to predicates. */
import type { Comparison, Node, Operator, Predicate, Table, Value } from '../../model.ts';
import { plainFields } from '../../source/types.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { andPredicate, comparison, EVERYTHING, orPredicate, single } from '../common/rows.ts';
import { isHandle, type Fragment } from './handles.ts';

const UNKNOWN: Predicate = { arms: [], complete: false, node: undefined };

/** `Op.gt` is a symbol; here it is this text, under which an object's computed key holds it. */
export const operatorKey = (name: string): string => `Op.${name}`;

const OPERATORS: Readonly<Record<string, Operator>> = {
  eq: '=', is: '=', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=', in: 'in', notIn: 'not in', like: 'like', iLike: 'like', startsWith: 'like', endsWith: 'like', substring: 'like', regexp: 'like', iRegexp: 'like',
  contains: 'contains', any: 'in', overlap: 'other', contained: 'other', between: 'other', notBetween: 'other', notLike: 'other', notILike: 'other', notRegexp: 'other', match: 'other',
};
/** Names that version 4 and older wrote with a dollar sign. */
const ALIASES: Readonly<Record<string, string>> = { $eq: 'eq', $ne: 'ne', $gt: 'gt', $gte: 'gte', $lt: 'lt', $lte: 'lte', $in: 'in', $notIn: 'notIn', $like: 'like', $iLike: 'iLike', $ilike: 'iLike', $not: 'not', $is: 'is', $or: 'or', $and: 'and', $between: 'between', $any: 'any', $contains: 'contains', $overlap: 'overlap' };

/** The operator that a key names; undefined for a column. */
function operatorOf(key: string): string | undefined { return key.startsWith('Op.') ? key.slice(3) : ALIASES[key]; }

/** Later entries replace earlier ones of their key. */
export function effective(entries: readonly ObjectEntry[]): readonly ObjectEntry[] {
  return entries.filter((entry, index) => entry.kind === 'spread' || !entries.slice(index + 1).some((later) => later.kind === 'property' && later.key === entry.key && !later.conditional));
}

export function wherePredicate(value: Value | undefined, table: Table | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value || (value.kind === 'literal' && value.value == null)) return EVERYTHING;
  if (isHandle(value, 'sql')) return fragment(value.data as unknown as Fragment, table, context);
  const elements = context.elements(value);
  // A list of conditions, all of which must hold.
  if (elements) return elements.some((one) => one.spread) ? { ...UNKNOWN, node } : { ...elements.map((one) => wherePredicate(one.value, table, context, one.node)).reduce(andPredicate, EVERYTHING), node };
  const entries = context.entries(value);
  if (!entries) {
    // One of several: each is a way to qualify, of which one is in force.
    if (value.kind === 'choice') return { ...orPredicate(value.arms.map((arm) => wherePredicate(arm.value, table, context, node)), node), complete: false };
    return declared(value, context, node) ?? { ...UNKNOWN, node };
  }
  return { ...effective(entries).map((entry) => condition(entry, table, context)).reduce(andPredicate, EVERYTHING), node };
}

/** A parameter whose type says which columns it holds: each is compared with its value. */
function declared(value: Value, context: ClientContext, node?: Node): Predicate | undefined {
  const fields = value.kind === 'input' ? plainFields(value.node) : undefined;
  return fields && single(...fields.map((column) => comparison(column, '=', context.terms.member(value, column), node)));
}

function condition(entry: ObjectEntry, table: Table | undefined, context: ClientContext): Predicate {
  if (entry.kind === 'spread') return entry.value.kind === 'literal' ? EVERYTHING : declared(entry.value, context, entry.node) ?? UNKNOWN;
  const { key, value, node } = entry;
  const operator = operatorOf(key);
  const test = operator === undefined ? columnPredicate(key, value, node, context) : logical(operator, value, table, node, context);
  return entry.conditional ? { ...test, arms: test.arms.map((arm) => arm.map((one) => ({ ...one, conditional: true }))) } : test;
}

/** `[Op.or]: [{ … }, { … }]`, `[Op.or]: { a, b }`, `[Op.and]`. */
function logical(name: string, value: Value, table: Table | undefined, node: Node | undefined, context: ClientContext): Predicate {
  if (name !== 'and' && name !== 'or') return UNKNOWN;
  const elements = context.elements(value);
  const parts = elements
    ? elements.map((one) => (one.spread ? UNKNOWN : wherePredicate(one.value, table, context, one.node)))
    : context.entries(value)?.map((entry) => condition(entry, table, context));
  if (!parts) return UNKNOWN;
  if (name === 'and') return parts.reduce(andPredicate, EVERYTHING);
  return parts.length ? orPredicate(parts, node) : EVERYTHING;
}

/** `email`, or `$team.name$` of an included relation. */
function columnOf(key: string): { readonly column: string; readonly via: readonly string[] } {
  const nested = /^\$(.+)\$$/.exec(key)?.[1];
  const parts = nested?.split('.') ?? [key];
  return { column: parts.at(-1)!, via: parts.slice(0, -1) };
}

function one(compared: Comparison, complete = true): Predicate { return { arms: [[compared]], complete, node: compared.node }; }

function columnPredicate(key: string, value: Value, node: Node | undefined, context: ClientContext): Predicate {
  const { column, via } = columnOf(key);
  const make = (operator: Operator, compared: Value): Comparison => comparison(column, operator, compared, node, via);
  const elements = context.elements(value);
  if (elements) return elements.length === 1 && !elements[0]!.spread ? one(make('=', elements[0]!.value)) : one(make('in', value));
  // `id: items.map((item) => item.id)`: a list, whatever is in it.
  if (value.kind === 'array') return one(make('in', listed(value, context)));
  if (isHandle(value, 'sql')) return one(make('other', value), false);
  // `flag ? id : { [Op.is]: null }`: one of several tests is in force.
  if (value.kind === 'choice' && value.arms.some((arm) => context.entries(arm.value)?.length)) return orPredicate(value.arms.map((arm) => columnPredicate(key, arm.value, node, context)), node);
  const entries = context.entries(value);
  const operators = entries?.length && entries.every((entry) => entry.kind === 'property' && operatorOf(entry.key) !== undefined) ? entries : undefined;
  if (!operators) return isNull(value) ? one(make('is null', value)) : one(make('=', value));
  return operators.map((entry) => (entry.kind === 'property' ? operatorPredicate(operatorOf(entry.key)!, entry.value, entry.node, make, context) : UNKNOWN)).reduce(andPredicate, EVERYTHING);
}

/** What any element of a mapped collection is, which tells more than the collection (`[Op.in]: items.map((item) => item.id)`). */
function listed(value: Value, context: ClientContext): Value {
  const element = context.elements(value) ? value : context.element(value);
  return element.kind === 'element' && element.of === value ? value : element;
}

const isNull = (value: Value): boolean => value.kind === 'literal' && value.value === null;

function operatorPredicate(name: string, value: Value, node: Node | undefined, make: (operator: Operator, value: Value) => Comparison, context: ClientContext): Predicate {
  const elements = context.elements(value);
  if (name === 'not' || name === 'ne') {
    if (isNull(value)) return one(make('is not null', value));
    return one(make(elements ? 'not in' : context.entries(value) ? 'other' : '!=', value));
  }
  if (name === 'or' || name === 'and') {
    // `{ [Op.or]: [1, null] }`, `{ [Op.or]: { [Op.lt]: 1, [Op.eq]: null } }`.
    const parts = elements ? elements.map((each) => (each.spread ? UNKNOWN : valuePredicate(each.value, node, make, context)))
      : context.entries(value)?.map((entry) => (entry.kind === 'property' && operatorOf(entry.key) !== undefined ? operatorPredicate(operatorOf(entry.key)!, entry.value, entry.node, make, context) : UNKNOWN));
    if (!parts?.length) return UNKNOWN;
    return name === 'or' ? orPredicate(parts, node) : parts.reduce(andPredicate, EVERYTHING);
  }
  const known = OPERATORS[name];
  if (!known) return one(make('other', value), false);
  if (known === '=' && isNull(value)) return one(make('is null', value));
  if (known === 'in' && elements?.length === 1 && !elements[0]!.spread) return one(make('=', elements[0]!.value));
  if (known === 'in') return one(make('in', listed(value, context)));
  return one(make(known, value));
}

function valuePredicate(value: Value, node: Node | undefined, make: (operator: Operator, value: Value) => Comparison, context: ClientContext): Predicate {
  const entries = context.entries(value);
  if (!entries?.length) return one(make(isNull(value) ? 'is null' : '=', value));
  return { ...entries.map((entry) => (entry.kind === 'property' && operatorOf(entry.key) !== undefined ? operatorPredicate(operatorOf(entry.key)!, entry.value, entry.node, make, context) : UNKNOWN)).reduce(andPredicate, EVERYTHING), node };
}

/** `sequelize.where(fn('lower', col('email')), email.toLowerCase())`: the column itself, whatever its case. */
function fragment({ kind, args }: Fragment, table: Table | undefined, context: ClientContext): Predicate {
  if (kind === 'and' || kind === 'or') {
    const parts = args.map((arg) => wherePredicate(arg, table, context));
    return kind === 'and' ? parts.reduce(andPredicate, EVERYTHING) : orPredicate(parts);
  }
  const [left, second, third] = args;
  const column = left && columnIn(left);
  const compared = third ?? second;
  if (kind !== 'where' || column === undefined || !compared) return UNKNOWN;
  const only = isHandle(left, 'sql') && (left.data as unknown as Fragment).kind === 'col';
  const given = third ? undefined : context.entries(compared);
  if (given || (third && second && context.literal(second)?.value !== '=')) return one(comparison(column, 'other', compared), false);
  return one(comparison(column, only ? '=' : 'like', compared));
}

/** The only column that a fragment names. */
export function columnIn(value: Value): string | undefined {
  if (!isHandle(value, 'sql')) return undefined;
  const { kind, args, text } = value.data as unknown as Fragment;
  if (kind === 'col') return text?.slice(text.lastIndexOf('.') + 1);
  if (kind !== 'fn' && kind !== 'cast') return undefined;
  const columns = args.flatMap((arg) => columnIn(arg) ?? []);
  return columns.length === 1 ? columns[0] : undefined;
}
