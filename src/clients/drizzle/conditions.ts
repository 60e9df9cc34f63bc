/** Conditions (`eq`, `and`, `inArray`, `sql`…``) as predicates, and the fragments that select lists and `set` are made of. */
import type { How, Node, Operator, Predicate, Value } from '../../model.ts';
import { readConditionText, readOperandText, selfArithmetic } from '../../sql/index.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { EVERYTHING, andPredicate, comparison, orPredicate, single } from '../common/rows.ts';
import { predicateFrom, sqlText, valueFrom } from '../common/sql.ts';
import type { Scope, SqlText } from '../common/sql.ts';
import { asColumn, asTable, columnNamed, dataOf, make } from './handles.ts';
import type { AggregateData, ColumnData, ConditionData, TableData } from './handles.ts';

const PLAIN: Readonly<Record<string, Operator>> = {
  eq: '=', ne: '!=', gt: '>', gte: '>=', lt: '<', lte: '<=', like: 'like', ilike: 'like', inArray: 'in', notInArray: 'not in', arrayContains: 'contains',
};
const NEGATED: Readonly<Partial<Record<Operator, Operator>>> = {
  '=': '!=', '!=': '=', '>': '<=', '>=': '<', '<': '>=', '<=': '>', in: 'not in', 'not in': 'in', 'is null': 'is not null', 'is not null': 'is null',
};
const OPAQUE = new Set(['between', 'notBetween', 'notLike', 'notIlike', 'exists', 'notExists', 'arrayContained', 'arrayOverlaps']);
const AGGREGATES: Readonly<Record<string, string>> = { count: 'count', countDistinct: 'count', max: 'max', min: 'min', sum: 'sum', sumDistinct: 'sum', avg: 'avg', avgDistinct: 'avg' };
/** Functions of the library that make conditions, orders and aggregates. */
export const OPERATORS: ReadonlySet<string> = new Set([...Object.keys(PLAIN), ...OPAQUE, ...Object.keys(AGGREGATES), 'and', 'or', 'not', 'isNull', 'isNotNull', 'asc', 'desc']);

/** `eq(a, b)` and its kin. */
export function operatorCall(name: string, call: Call, context: ClientContext): Meaning | undefined {
  const [first, second] = call.args;
  if (name === 'asc' || name === 'desc') return { kind: 'handle', handle: make(context, 'direction', { column: asColumn(first, context)?.column, descending: name === 'desc' }) };
  if (name in AGGREGATES) return { kind: 'handle', handle: make(context, 'aggregate', { function: AGGREGATES[name]!, column: asColumn(first, context)?.column } satisfies AggregateData) };
  return { kind: 'handle', handle: conditionHandle(operatorPredicate(name, call, first, second, context), context) };
}

/**
 * `and(eq(users.id, id), …)` of functions from a module that was not read (`export * from '@acme/db'`, which hands this library on), or
 * that a framework adds to every module without an import (Nuxt, Nitro): by name, and by a column or another such condition as the first
 * argument. The package that uses them need not depend on this library itself; then the column must be one of a declared table.
 */
export function unreadOperator(name: string, call: Call, depends: boolean, context: ClientContext): Meaning | undefined {
  if (call.receiver.kind !== 'input' || name in AGGREGATES || !OPERATORS.has(name) || !(isImported(call) || call.receiver === context.terms.global(name, call.node))) return undefined;
  const isColumn = (column: ColumnData | undefined): boolean => column !== undefined && (depends || column.table.declared);
  const isJoint = name === 'and' || name === 'or' || name === 'not';
  const fits = isJoint ? call.args.some((one) => dataOf(one, 'condition')) : isColumn(asColumn(call.args[0], context));
  return fits ? operatorCall(name, call, context) : undefined;
}

/** Of the module's own imports, not a parameter of that name. */
function isImported({ node }: Call): boolean {
  let program: Node = node;
  while (program.parent) program = program.parent;
  const name = node.type === 'CallExpression' && node.callee.type === 'Identifier' ? node.callee.name : undefined;
  return program.type === 'Program' && program.body.some((one) => one.type === 'ImportDeclaration' && one.specifiers.some((each) => each.local.name === name));
}

const conditionHandle = (predicate: Predicate, context: ClientContext) => make(context, 'condition', { predicate } satisfies ConditionData);
const incomplete = (node?: Node): Predicate => ({ arms: [], complete: false, node });

function operatorPredicate(name: string, call: Call, first: Value | undefined, second: Value | undefined, context: ClientContext): Predicate {
  if (name === 'and' || name === 'or') {
    const parts = conditionsOf(call, context);
    if (name === 'and') return parts.reduce(andPredicate, EVERYTHING);
    // An absent condition drops out of an OR; with none left there is no condition at all.
    const present = parts.filter((part) => part.arms.length || !part.complete);
    return present.length ? orPredicate(present, call.node) : EVERYTHING;
  }
  if (name === 'not') return negated(conditionOf(first, context, call.argNodes[0]), call.node);
  const column = asColumn(first, context);
  if (!column || OPAQUE.has(name)) {
    // `eq(sql`lower(${users.email})`, email)`: the column itself, whatever its case.
    const folded = name === 'eq' ? foldedColumn(first, context) : undefined;
    return folded && second ? single(comparison(folded, 'like', second, call.argNodes[1])) : incomplete(call.node);
  }
  if (name === 'isNull' || name === 'isNotNull') return single(comparison(column.column, name === 'isNull' ? 'is null' : 'is not null', context.terms.null, call.argNodes[0], viaOf(column)));
  if (!second) return incomplete(call.node);
  // A comparison with another column joins tables; with a fragment it is done by the database.
  if (asKnownColumn(second) || dataOf(second, 'fragment')) {
    const value = fragmentValue(second, context);
    return value ? single(comparison(column.column, PLAIN[name]!, value, call.argNodes[1], viaOf(column))) : incomplete(call.node);
  }
  return single(comparison(column.column, PLAIN[name]!, second, call.argNodes[1], viaOf(column)));
}

const asKnownColumn = (value: Value): boolean => dataOf(value, 'column') !== undefined;
/** The table is told apart when the statement's own is known: see `ownComparisons`. */
const viaOf = (column: ColumnData): readonly string[] => [column.table.name];

/** Arguments of `and` and `or`, spread lists included. */
function conditionsOf(call: Call, context: ClientContext): readonly Predicate[] {
  return call.args.flatMap((one, index): readonly Predicate[] => {
    const node = call.argNodes[index];
    if (node?.type !== 'SpreadElement') return [conditionOf(one, context, node)];
    // A list that the trace knows has come one by one.
    if (one.kind !== 'unknown') return [conditionOf(one, context)];
    const list = one.parts[0];
    const elements = list && context.elements(list);
    return elements ? elements.map((each) => (each.spread ? incomplete(each.node) : conditionOf(each.value, context, each.node))) : [incomplete(node)];
  });
}

/** What a value given as a condition selects; `undefined` is no condition. */
export function conditionOf(value: Value | undefined, context: ClientContext, node?: Node): Predicate {
  if (!value || (value.kind === 'literal' && value.value === undefined)) return EVERYTHING;
  const known = dataOf<ConditionData>(value, 'condition');
  if (known) return { ...known.predicate, node: node ?? known.predicate.node };
  const fragment = dataOf<{ readonly text: Value }>(value, 'fragment');
  if (fragment) return fragmentCondition(fragment.text, context, node);
  // `archived ? eq(…) : undefined`, `userId && eq(…)`: on some paths only.
  if (value.kind === 'choice') {
    const arms = value.arms.map((arm) => (arm.value.kind === 'literal' ? undefined : conditionOf(arm.value, context, node)));
    const present = arms.flatMap((arm) => arm ?? []);
    if (present.length === 1 && present[0]!.arms.length === 1) return { ...present[0]!, arms: [present[0]!.arms[0]!.map((one) => ({ ...one, conditional: true }))] };
  }
  return incomplete(node);
}

function negated(predicate: Predicate, node: Node): Predicate {
  const [arm] = predicate.arms;
  const operator = predicate.arms.length === 1 && arm?.length === 1 && predicate.complete ? NEGATED[arm[0]!.operator] : undefined;
  return operator ? single({ ...arm![0]!, operator }) : incomplete(node);
}

/** A column inside `lower(…)` or the like, as a fragment or as a helper of the project gives it. */
function foldedColumn(value: Value | undefined, context: ClientContext): string | undefined {
  const fragment = dataOf<{ readonly text: Value }>(value, 'fragment');
  if (!fragment) return undefined;
  const text = fragmentText(fragment.text, context);
  const operand = text && readOperandText(text.source, undefined);
  if (operand?.kind !== 'call' || !/^(?:lower|upper|trim)$/.test(operand.name)) return undefined;
  const [inner] = operand.arguments;
  return inner?.kind === 'column' ? inner.column.name : undefined;
}

/**
 * The text of a fragment: tables and columns that are put into a template by their names, other fragments by their text. A column
 * stands as `"table"."column"` in the names of code, which `columnNamed` understands as well as those of the database.
 */
export function fragmentText(text: Value, context: ClientContext, table?: TableData): SqlText | undefined {
  return sqlText(inlined(text, context, table, 0), context);
}

const MAX_DEPTH = 8;

function inlined(value: Value, context: ClientContext, own: TableData | undefined, depth: number): Value {
  const { terms } = context;
  if (value.kind === 'expression' && (value.operator === 'template' || value.operator === '+')) return terms.expression('template', value.operands.map((one) => inlined(one, context, own, depth)));
  const inner = depth < MAX_DEPTH ? dataOf<{ readonly text: Value }>(value, 'fragment') : undefined;
  if (inner) return inlined(inner.text, context, own, depth + 1);
  const column = dataOf<ColumnData>(value, 'column');
  if (column) return terms.literal(`"${column.table.dbName ?? column.table.name}"."${column.column}"`);
  const table = dataOf<TableData>(value, 'table');
  if (table) return terms.literal(`"${table.dbName ?? table.name}"`);
  // A member of a table that was not read; other members are values.
  if (value.kind === 'member') {
    const unread = asTable(value.object, context);
    if (unread && (unread.declared || unread.name === own?.name)) return terms.literal(`"${unread.dbName ?? unread.name}"."${value.key}"`);
  }
  return value;
}

function scopeOf(text: SqlText, table: TableData | undefined, node: Node | undefined): Scope {
  return {
    node, tidied: true,
    bind: { parameter: () => undefined, hole: (index) => text.holes[index] },
    column: ({ qualifier, name }) => ({ name: columnNamed(table?.table, name), via: qualifier === undefined ? [] : [qualifier] }),
  };
}

function fragmentCondition(value: Value, context: ClientContext, node: Node | undefined): Predicate {
  const text = fragmentText(value, context);
  return text ? predicateFrom(readConditionText(text.source, undefined), scopeOf(text, undefined, node), context) : incomplete(node);
}

/** The value of code that a fragment stands for (`sql`${id}``); undefined: the database makes it. */
function fragmentValue(value: Value, context: ClientContext): Value | undefined {
  const fragment = dataOf<{ readonly text: Value }>(value, 'fragment');
  const text = fragment && fragmentText(fragment.text, context);
  return text && valueFrom(readOperandText(text.source, undefined), scopeOf(text, undefined, undefined), context);
}

/** The operator of a value that the insert of the same statement was to write. */
export const INSERTED = 'sql:inserted';

/** What a fragment writes to `column`: arithmetic on its own stored value, another expression of the database, or a value of code. */
export function assignedFragment(value: Value, column: string, table: TableData, context: ClientContext): { readonly value: Value; readonly how: How } | undefined {
  if (dataOf(value, 'column')) return { value, how: 'atomic' };
  const fragment = dataOf<{ readonly text: Value }>(value, 'fragment');
  if (!fragment) return undefined;
  const text = fragmentText(fragment.text, context, table);
  if (!text) return { value: context.terms.expression('sql', [fragment.text]), how: 'atomic' };
  const operand = readOperandText(text.source, undefined);
  const scope = scopeOf(text, table, undefined);
  // `excluded.name`: what the insert would have written, which the statement's own rows tell.
  if (operand.kind === 'inserted') return { value: context.terms.expression(INSERTED, [context.terms.literal(columnNamed(table.table, operand.column))]), how: 'atomic' };
  const self = selfArithmetic(column, operand) ?? selfArithmetic(table.table?.columns.get(column)?.dbName ?? column, operand);
  const amount = self && valueFrom(self.amount, scope, context);
  if (self && amount) return { value: self.operator === '-' ? context.terms.expression('-', [amount]) : amount, how: self.operator === '||' ? 'append' : 'atomic' };
  const plain = operand.kind === 'call' || operand.kind === 'text' ? undefined : valueFrom(operand, scope, context);
  return plain ? { value: plain, how: 'set' } : { value: context.terms.expression('sql', [fragment.text]), how: 'atomic' };
}

/** `sql<number>`count(*)``, `count()`: an aggregate among the selected fields. */
export function aggregateOf(value: Value, context: ClientContext): AggregateData | undefined {
  const known = dataOf<AggregateData>(value, 'aggregate');
  if (known) return known;
  const fragment = dataOf<{ readonly text: Value }>(value, 'fragment');
  const text = fragment && fragmentText(fragment.text, context);
  if (!text) return undefined;
  const operand = readOperandText(text.source, undefined);
  const call = operand.kind === 'call' && operand.name === 'coalesce' ? operand.arguments[0] : operand.kind === 'operation' ? operand.operands.find((one) => one.kind === 'call') : operand;
  const inner = call?.kind === 'call' && call.name === 'coalesce' ? call.arguments[0] : call;
  if (inner?.kind === 'call' && inner.name in AGGREGATES) {
    const [first] = inner.arguments;
    return { function: AGGREGATES[inner.name]!, column: first?.kind === 'column' ? first.column.name : undefined };
  }
  return /^\s*count\s*\(/i.test(text.source.text) ? { function: 'count', column: undefined } : undefined;
}

/**
 * A predicate in the view of the table that a statement is about: columns of its own without a path, those of joined tables behind
 * the table's name.
 */
export function ownComparisons(predicate: Predicate, table: TableData): Predicate {
  const names = new Set([table.name, table.dbName, table.table?.dbName]);
  const arms = predicate.arms.map((arm) => arm.map((one) => ({
    ...one, column: one.via.length && !names.has(one.via[0]) ? one.column : columnNamed(table.table, one.column), via: one.via.length && names.has(one.via[0]) ? one.via.slice(1) : one.via,
  })));
  return { ...predicate, arms };
}

/** `where: { email, age: { gt: 18 }, OR: […] }` of the second generation of relational queries. */
export function objectCondition(value: Value, context: ClientContext, node?: Node): Predicate {
  const entries = context.entries(value);
  if (!entries) return incomplete(node);
  return entries.reduce<Predicate>((found, entry) => {
    if (entry.kind === 'spread') return { ...found, complete: false };
    if (entry.value.kind === 'literal' && entry.value.value === undefined) return found;
    if (entry.key === 'AND' || entry.key === 'OR') {
      const parts = context.elements(entry.value)?.map((one) => objectCondition(one.value, context, one.node));
      if (!parts) return { ...found, complete: false };
      return andPredicate(found, entry.key === 'AND' ? parts.reduce(andPredicate, EVERYTHING) : orPredicate(parts));
    }
    if (entry.key === 'NOT' || entry.key === 'RAW') return { ...found, complete: false };
    const operators = context.entries(entry.value);
    const conditional = entry.conditional ? { conditional: true } : {};
    if (!operators) return andPredicate(found, single({ ...comparison(entry.key, '=', entry.value, entry.node), ...conditional }));
    const parts = operators.map((one): Predicate => {
      const operator = one.kind === 'property' ? ({ ...PLAIN, in: 'in', notIn: 'not in' } as Record<string, Operator>)[one.key] : undefined;
      if (one.kind === 'property' && (one.key === 'isNull' || one.key === 'isNotNull')) return single(comparison(entry.key, one.key === 'isNull' ? 'is null' : 'is not null', context.terms.null, one.node));
      return operator && one.kind === 'property' ? single({ ...comparison(entry.key, operator, one.value, one.node), ...conditional }) : incomplete(entry.node);
    });
    return parts.reduce(andPredicate, found);
  }, EVERYTHING);
}
