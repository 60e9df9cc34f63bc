/** Filters (`{ email, age: { $gt: 3 }, $or: [ … ] }`) to predicates. */
import type { Comparison, Node, Operator, Predicate, Value } from '../../model.ts';
import type { ClientContext, ObjectEntry } from '../client.ts';
import { andPredicate, comparison, EVERYTHING, orPredicate } from '../common/rows.ts';
import { isDocument, isHandle } from './handles.ts';

const OPERATORS: Readonly<Record<string, Operator>> = {
  $eq: '=', $ne: '!=', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=', $in: 'in', $nin: 'not in', $regex: 'like', $all: 'contains', $elemMatch: 'other', $size: 'other', $mod: 'other', $type: 'other',
};
/** Words beside an operator that change no comparison. */
const MODIFIERS: ReadonlySet<string> = new Set(['$options', '$comment', '$caseSensitive']);

const UNKNOWN: Predicate = { arms: [], complete: false, node: undefined };

/** Later entries replace earlier ones of their key. */
export function effective(entries: readonly ObjectEntry[]): readonly ObjectEntry[] {
  return entries.filter((entry, index) => entry.kind === 'spread' || !entries.slice(index + 1).some((later) => later.kind === 'property' && later.key === entry.key && !later.conditional));
}

export function filterPredicate(filter: Value | undefined, context: ClientContext, node?: Node): Predicate {
  if (!filter || (filter.kind === 'literal' && filter.value == null)) return EVERYTHING;
  const entries = context.entries(filter);
  if (!entries) {
    // One of several filters: each is a way to qualify, of which one is in force.
    if (filter.kind === 'choice') {
      const parts = filter.arms.map((arm) => filterPredicate(arm.value, context, node));
      return { ...orPredicate(parts, node), complete: false };
    }
    return { ...UNKNOWN, node };
  }
  const all = effective(entries).reduce<Predicate>((before, entry) => andPredicate(before, condition(entry, context)), EVERYTHING);
  return { ...all, node };
}

function condition(entry: ObjectEntry, context: ClientContext): Predicate {
  if (entry.kind === 'spread') return entry.value.kind === 'literal' ? EVERYTHING : UNKNOWN;
  const { key, value, node } = entry;
  const test = key.startsWith('$') ? logical(key, value, node, context) : fieldPredicate(key, value, node, context);
  return entry.conditional ? { ...test, arms: test.arms.map((arm) => arm.map((one) => ({ ...one, conditional: true }))) } : test;
}

/** `$and`, `$or`, `$nor`; also the query builder's methods of these names. */
export function logical(key: string, value: Value, node: Node | undefined, context: ClientContext): Predicate {
  if (key === '$comment') return EVERYTHING;
  const elements = context.elements(value);
  if (!elements || elements.some((one) => one.spread)) return UNKNOWN;
  const parts = elements.map((one) => filterPredicate(one.value, context, one.node));
  if (key === '$and') return parts.reduce(andPredicate, EVERYTHING);
  if (key === '$or') return parts.length ? orPredicate(parts, node) : EVERYTHING;
  // NOR and `$expr`, `$where`, `$text` leave rows out that nobody can name here.
  return UNKNOWN;
}

/** What one path is compared to: a value, or an object of operators. */
export function fieldPredicate(path: string, value: Value, node: Node | undefined, context: ClientContext): Predicate {
  const column = path === 'id' ? '_id' : path;
  const entries = context.entries(value);
  const isOperators = entries !== undefined && entries.length > 0 && entries.every((one) => one.kind === 'property' && one.key.startsWith('$'));
  if (!isOperators) {
    const pattern = patternOf(value, node);
    const compared = pattern ? comparison(column, 'like', pattern, node)
      : value.kind === 'literal' && value.value === null ? comparison(column, 'is null', value, node) : comparison(column, '=', identity(value, context), node);
    return one(compared);
  }
  return entries.reduce<Predicate>((all, entry) => {
    if (entry.kind !== 'property' || MODIFIERS.has(entry.key)) return all;
    return andPredicate(all, operator(column, entry.key, entry.value, entry.node, context));
  }, EVERYTHING);
}

/** One operator of a path; also the query builder's methods (`.gt(3)`). */
export function operator(column: string, name: string, value: Value, node: Node | undefined, context: ClientContext): Predicate {
  if (name === '$exists') {
    const wanted = context.literal(value)?.value;
    // A field that is there may still hold null, and one that is null may be there.
    if (typeof wanted !== 'boolean') return { arms: [[comparison(column, 'other', value, node)]], complete: false, node };
    return one(comparison(column, wanted ? 'is not null' : 'is null', context.terms.null, node));
  }
  if (name === '$not') return { arms: [[comparison(column, 'other', value, node)]], complete: true, node };
  const known = OPERATORS[name];
  if (!known) return { arms: [[comparison(column, 'other', value, node)]], complete: false, node };
  const isNull = value.kind === 'literal' && value.value === null;
  if (known === '=' && isNull) return one(comparison(column, 'is null', value, node));
  if (known === '!=' && isNull) return one(comparison(column, 'is not null', value, node));
  if (known === 'in') {
    const elements = context.elements(value);
    const only = elements?.length === 1 && !elements[0]!.spread ? elements[0]!.value : undefined;
    if (only) return one(comparison(column, '=', identity(only, context), node));
  }
  if (known === 'like') return one(comparison(column, 'like', patternOf(value, node) ?? value, node));
  return one(comparison(column, known, known === '=' ? identity(value, context) : value, node));
}

function one(compared: Comparison): Predicate { return { arms: [[compared]], complete: true, node: compared.node }; }

/** `document.id` is `document._id` as text. */
export function identity(value: Value, context: ClientContext): Value {
  if (value.kind === 'member' && value.key === 'id' && isDocument(value.object)) return context.terms.member(value.object, '_id');
  return value;
}

/** What a regular expression is made from, which a filter matches instead of comparing: `/^a$/i`, `new RegExp(name, 'i')`. */
function patternOf(value: Value, node: Node | undefined): Value | undefined {
  const written = node?.type === 'Property' ? node.value : node;
  if (value.kind === 'literal') return written?.type === 'Literal' && 'regex' in written && written.regex ? value : undefined;
  const call = value.kind === 'unknown' && (value.node.type === 'NewExpression' || value.node.type === 'CallExpression') ? value.node : undefined;
  return call?.callee.type === 'Identifier' && call.callee.name === 'RegExp' && value.kind === 'unknown' ? value.parts[0] ?? value : undefined;
}

/** The filter of `findById(id)`: the id, a document that has one, or rarely a whole filter. */
export function idPredicate(value: Value | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value) return { ...UNKNOWN, node };
  const entries = value.kind === 'object' && !isHandle(value.of, 'model') ? context.entries(value) : undefined;
  if (entries?.some((entry) => entry.kind === 'property' && entry.key === '_id')) return { ...one(comparison('_id', '=', context.property(value, '_id'), node)), node };
  return { ...one(comparison('_id', '=', identity(value, context), node)), node };
}

/** The stored row of a document. */
export function documentPredicate(value: Value, context: ClientContext, node?: Node): Predicate {
  return { ...one(comparison('_id', '=', context.property(value, '_id'), node)), node };
}
