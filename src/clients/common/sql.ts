/**
 * From SQL text to operations: what `src/sql` read, with the values of code bound to placeholders and template holes. How a library
 * hands text and values over, and how its results look, stays with the library.
 */
import type { Assignment, Comparison, Conflict, Dialect, Node, OperationSpec, Predicate, Row, Table, TableRef, Value } from '../../model.ts';
import { advisoryLock, readStatements, sqlSource } from '../../sql/index.ts';
import type { ColumnName, ConflictClause, Insert, Operand, Predicate as SqlPredicate, Select, SetColumn, Source, Statement, TableName } from '../../sql/index.ts';
import type { ClientContext } from '../client.ts';
import { addressesOne, rowFrom, rowsFrom } from './rows.ts';
import type { AssignmentReader } from './rows.ts';

/** Text with the values that are put into it, in order. */
export interface SqlText { readonly source: Source; readonly holes: readonly Value[]; /** The expressions in the holes, where the text stands at one place. */ readonly nodes?: readonly Node[] }

/** The text that a value is: a string, a template, or strings and values joined with `+`; undefined when it is none of these. */
export function sqlText(value: Value | undefined, context: ClientContext): SqlText | undefined {
  const parts: string[] = [''];
  const holes: Value[] = [];
  const add = (part: Value): void => {
    const literal = context.literal(part)?.value;
    if (typeof literal === 'string') parts[parts.length - 1] += literal;
    // A sum of numbers is one value.
    else if (part.kind === 'expression' && (part.operator === 'template' || (part.operator === '+' && (part === value || joinsText(part, context))))) part.operands.forEach(add);
    else { holes.push(part); parts.push(''); }
  };
  if (!value) return undefined;
  add(value);
  return parts.some((part) => part.trim() !== '') ? { source: sqlSource(parts), holes } : undefined;
}

const joinsText = (value: Value, context: ClientContext): boolean => value.kind === 'expression' && (value.operator === 'template' || (value.operator === '+' && value.operands.some((one) => typeof context.literal(one)?.value === 'string' || joinsText(one, context))));

/** What placeholders and holes stand for. `undefined`: not known. */
export interface Bind {
  parameter(parameter: Extract<Operand, { kind: 'parameter' }>): Value | undefined;
  hole(index: number): Value | undefined;
  /** The expression in code whose value stands there. */
  node?(operand: Operand): Node | undefined;
}

/** `query(text, [a, b])`, `query(text, { name })`, `query(text, a, b)` (pass the rest as `values`). */
export function bindValues(values: Value | readonly Value[] | undefined, text: SqlText, context: ClientContext): Bind {
  const listed = Array.isArray(values) ? values as readonly Value[] : undefined;
  const single = listed ? undefined : values as Value | undefined;
  const elements = single && context.elements(single);
  return {
    parameter({ name, index }) {
      if (name !== undefined) return single && !elements ? named(single, name, context) : undefined;
      if (index < 0) return undefined;
      if (listed) return listed[index];
      if (!single) return undefined;
      if (elements) return elements.slice(0, index + 1).some((one) => one.spread) ? undefined : elements[index]?.value;
      return context.terms.member(single, String(index));
    },
    hole: (index) => text.holes[index],
    node(operand) {
      if (operand.kind === 'hole') return text.nodes?.[operand.index];
      if (operand.kind !== 'parameter') return undefined;
      if (operand.name === undefined) return elements?.slice(0, operand.index + 1).some((one) => one.spread) ? undefined : elements?.[operand.index]?.node;
      const entry = single && context.entries(single)?.findLast((one) => one.kind === 'property' && one.key === operand.name);
      return entry?.node;
    },
  };
}

/** The property of a named placeholder, which some drivers want under its name and sigil (`{ $email }`). */
function named(values: Value, name: string, context: ClientContext): Value {
  const keys = context.entries(values)?.flatMap((one) => (one.kind === 'property' ? [one.key] : [])) ?? [];
  return context.property(values, [name, `$${name}`, `:${name}`, `@${name}`].find((one) => keys.includes(one)) ?? name);
}

/** How names in SQL are understood, and values bound. */
export interface Scope {
  readonly bind: Bind;
  readonly node: Node | undefined;
  /** The code's name of a column, and the relations that lead to its table; undefined when it is no column. */
  column(column: ColumnName): { readonly name: string; readonly via: readonly string[] } | undefined;
  /** `lower(email) = …` compares the column itself, whatever its case. */
  readonly tidied?: boolean;
}

const TIDYING: Readonly<Record<string, string>> = { lower: 'call:toLowerCase', upper: 'call:toUpperCase', trim: 'call:trim', btrim: 'call:trim' };

/** The value of code that an operand stands for; undefined when it is made from what only the database knows. */
export function valueFrom(operand: Operand, scope: Scope, context: ClientContext): Value | undefined {
  const { terms } = context;
  const all = (operands: readonly Operand[]): readonly Value[] | undefined => {
    const values = operands.map((one) => valueFrom(one, scope, context));
    return values.every((one) => one !== undefined) ? values : undefined;
  };
  switch (operand.kind) {
    case 'literal': return terms.literal(operand.value);
    case 'parameter': return scope.bind.parameter(operand);
    case 'hole': return scope.bind.hole(operand.index);
    case 'list': { const items = all(operand.items); return items && (items.length === 1 ? items[0] : terms.expression('list', items)); }
    case 'call': { const args = all(operand.arguments); return args && terms.expression(TIDYING[operand.name] ?? `sql:${operand.name}`, args); }
    case 'operation': { const operands = all(operand.operands); return operands && terms.expression(operand.operator === '||' ? '+' : operand.operator, operands); }
    default: return undefined;
  }
}

/** The rows that a condition selects; a comparison that is not understood makes it incomplete, never narrower. */
export function predicateFrom(predicate: SqlPredicate, scope: Scope, context: ClientContext): Predicate {
  let complete = predicate.complete;
  const arms = predicate.arms.map((arm) => arm.flatMap((one): Comparison[] => {
    const column = scope.column(one.column);
    const tidied = one.through === undefined ? false : scope.tidied === true && one.through in TIDYING && ['=', 'like', 'in'].includes(one.operator);
    const value = valueFrom(one.operand, scope, context);
    if (!column || !value || (one.through !== undefined && !tidied)) { complete = false; return []; }
    const single = one.operator === 'in' && one.operand.kind === 'list' && one.operand.items.length === 1;
    const operator = tidied ? 'like' as const : single ? '=' as const : one.operator;
    return [{ column: column.name, operator, value, via: column.via, node: scope.bind.node?.(one.operand) ?? scope.node }];
  }));
  // An arm of which nothing is left is "every row", and so is the whole then.
  const open = arms.some((arm) => !arm.length);
  return { arms: open && arms.length > 1 ? [] : arms.filter((arm) => arm.length), complete, node: scope.node };
}

/** What a library says of the tables that its SQL names. */
export interface Tables {
  /** The table behind a name of the database. */
  table(name: TableName): TableRef;
  /** The code's name of a column. */
  column(table: Table | undefined, name: string): string;
}

/** The part of an operation that the text tells. The library adds where it comes from and how its results look. */
export type StatementSpec = Pick<OperationSpec, 'verb' | 'table' | 'many'> & Partial<Pick<OperationSpec, 'predicate' | 'rows' | 'rowsOf' | 'conflict' | 'lock' | 'aggregate' | 'order' | 'columns' | 'mixed' | 'detail'>> & {
  /** What the database answers: rows, one row with one value under a name, or a number of rows. */
  readonly answers: 'rows' | 'scalar' | 'affected';
  /** The name of that value, where it has one of its own. */
  readonly alias?: string;
  /** A count that is cast to what every driver gives as a number. */
  readonly numeric?: 'number';
};

/** Types that arrive as numbers, where the 64 bits of a count would arrive as a text or bigint. */
const NUMBERS = /^(?:int|integer|int2|int4|smallint|serial|float|float4|float8|real|double precision|double)$/;


/** The only statement of a text; undefined where there are several. */
export function onlyStatement(text: SqlText, dialect: Dialect | undefined): Statement | undefined {
  const statements = readStatements(text.source, dialect);
  return statements.length === 1 ? statements[0] : undefined;
}

/**
 * What a statement does, undefined when that is not known: it was not read wholly, calls a function, writes inside WITH.
 * A read of which only the condition is in doubt is a read with an incomplete predicate.
 */
export function statementOperation(statement: Statement, bind: Bind, tables: Tables, context: ClientContext, node: Node): StatementSpec | undefined {
  const advisory = advisoryLock(statement);
  if (advisory) return { verb: 'lock', table: { name: advisory.call.name, table: undefined }, many: false, lock: 'advisory', answers: 'rows', detail: { advisory: { tries: advisory.tries, shared: advisory.shared } } };
  if (statement.kind === 'lock table') {
    const [first] = statement.tables;
    return first && { verb: 'lock', table: tables.table(first), many: true, lock: /^(?:access share|row share|share|read)$/.test(statement.mode) ? 'share' : 'update', answers: 'rows' };
  }
  if (!('with' in statement) || statement.with.some((one) => one.statement.kind !== 'select')) return undefined;
  const name = statement.kind === 'select' ? statement.from : statement.table;
  // A name that is put in, or that of a common table, is no table of the database.
  if (!name || name.name === '' || statement.with.some((one) => one.name.toLowerCase() === name.name.toLowerCase())) return undefined;
  const table = tables.table(name);
  const own = new Set([name.name, name.alias].flatMap((one) => (one === undefined ? [] : [one.toLowerCase()])));
  const scope: Scope = {
    bind, node, tidied: true,
    column: ({ qualifier, name: column }) => (qualifier === undefined || own.has(qualifier.toLowerCase()) ? { name: tables.column(table.table, column), via: [] } : { name: column, via: [qualifier] }),
  };
  const made = new Made(table, scope, tables, context, node);
  switch (statement.kind) {
    case 'select': return made.select(statement);
    case 'insert': return statement.complete ? made.insert(statement) : undefined;
    case 'update': {
      if (!statement.complete || !(statement.set.length || statement.setOperand)) return undefined;
      const predicate = made.predicate(statement.predicate, statement.from.length > 0);
      return { verb: 'update', table, many: !addressesOne(predicate, table.table), predicate, rows: [statement.setOperand ? made.wholeRow(statement.setOperand) : made.row(statement.set, undefined)], answers: statement.returning ? 'rows' : 'affected' };
    }
    default: {
      if (!statement.complete) return undefined;
      const predicate = made.predicate(statement.predicate, statement.using.length > 0);
      return { verb: 'delete', table, many: !addressesOne(predicate, table.table), predicate, answers: statement.returning ? 'rows' : 'affected' };
    }
  }
}

class Made {
  readonly #table: TableRef;
  readonly #scope: Scope;
  readonly #tables: Tables;
  readonly #context: ClientContext;
  readonly #node: Node;

  constructor(table: TableRef, scope: Scope, tables: Tables, context: ClientContext, node: Node) {
    this.#table = table;
    this.#scope = scope;
    this.#tables = tables;
    this.#context = context;
    this.#node = node;
  }

  #column(name: string): string { return this.#tables.column(this.#table.table, name); }

  predicate(predicate: SqlPredicate, joined: boolean): Predicate {
    const read = predicateFrom(predicate, this.#scope, this.#context);
    return joined ? { ...read, complete: false } : read;
  }

  select(statement: Select): StatementSpec {
    const narrowed = statement.compound || statement.joins.some((join) => join.kind !== 'left');
    const predicate = this.predicate(statement.predicate, narrowed);
    const lock = statement.lock && (statement.lock.strength.endsWith('share') ? 'share' as const : 'update' as const);
    const base = { table: this.#table, predicate, ...(lock && { lock }), ...(statement.lock?.skipLocked && { detail: { skipLocked: true } }) };
    const { aggregate } = statement;
    if (aggregate) {
      const alias = aggregate.alias ?? undefined;
      const scalar = { ...base, many: true, answers: 'scalar' as const, ...(alias !== undefined && { alias }), ...(aggregate.cast !== undefined && NUMBERS.test(aggregate.cast) && { numeric: 'number' as const }) };
      if (aggregate.function === 'count' || aggregate.function === 'exists') return { ...scalar, verb: 'count', ...(aggregate.function === 'exists' && { detail: { exists: true } }) };
      return { ...scalar, verb: 'aggregate', aggregate: { function: aggregate.function, column: aggregate.column === undefined ? undefined : this.#column(aggregate.column) } };
    }
    const items = statement.items?.map((item) => (item.operand.kind === 'column' ? item.operand.column.name : undefined));
    const columns = items?.length && items.every((one) => one !== undefined) ? items.map((one) => this.#column(one)) : undefined;
    const order = statement.order.flatMap((one) => (one.column ? [{ column: this.#column(one.column.name), descending: one.descending }] : []));
    const one = statement.limit?.kind === 'literal' && statement.limit.value === 1;
    return { ...base, verb: 'find', many: !one && !addressesOne(predicate, this.#table.table), answers: 'rows', ...(columns && { columns }), ...(this.#isMixed(statement) && { mixed: true }), ...(order.length && { order }) };
  }

  /** Joined tables' columns, other names, computed values. */
  #isMixed({ joins, compound, items }: Select): boolean {
    return compound || joins.length > 0 || items?.some(({ operand, alias }) => operand.kind !== 'column' || (alias !== undefined && alias.toLowerCase() !== operand.column.name.toLowerCase())) === true;
  }

  insert(statement: Insert): StatementSpec | undefined {
    const { columns } = statement;
    const rows = statement.rows?.map((row) => this.#insertedRow(columns, row));
    const selected = statement.select?.items && columns && !statement.select.from ? this.#insertedRow(columns, statement.select.items.map((item) => item.operand)) : undefined;
    const rowsOf = statement.rowsOperand && valueFrom(statement.rowsOperand, this.#scope, this.#context);
    // `SET ?`, `VALUES ${sql(row)}`: an object, or a list of objects, whose properties are columns.
    const whole = rowsOf && !columns?.length && !statement.select ? rowsFrom(rowsOf, this.#context, this.#node, this.#named) : undefined;
    const unknown: Row = { assignments: [], spreads: [rowsOf ?? this.#context.terms.unknown(this.#node)], node: this.#node };
    const written = rows ?? whole?.rows ?? [selected ?? unknown];
    const conflict = statement.conflict && this.#conflict(statement.conflict, written[0]);
    return {
      verb: conflict ? 'upsert' : 'insert', table: this.#table, many: whole ? whole.many : written.length !== 1 || (rows === undefined && selected === undefined), rows: written, ...(rowsOf && { rowsOf }), ...(conflict && { conflict }),
      answers: statement.returning ? 'rows' : 'affected',
      ...(statement.conflict && { detail: { conflict: statement.conflict } }),
    };
  }

  /** Properties of an object that stands for a row are named as the database names columns. */
  readonly #named: AssignmentReader = (key, value) => ({ column: this.#column(key), value, how: 'set' });

  wholeRow(operand: Operand): Row {
    const value = valueFrom(operand, this.#scope, this.#context) ?? this.#context.terms.unknown(this.#node);
    return rowFrom(value, this.#context, this.#node, this.#named);
  }

  #insertedRow(columns: readonly string[] | undefined, operands: readonly Operand[]): Row {
    // Without a list the values go by the order of the columns, which migrations may have changed.
    if (!columns || columns.length !== operands.length) return { assignments: [], spreads: operands.length ? [this.#unknown(operands)] : [], node: this.#node };
    return { assignments: operands.map((operand, index) => this.#assignment(columns[index]!, operand, undefined)), spreads: [], node: this.#node };
  }

  #unknown(operands: readonly Operand[]): Value {
    return this.#context.terms.unknown(this.#node, operands.flatMap((one) => valueFrom(one, this.#scope, this.#context) ?? []));
  }

  #assignment(name: string, operand: Operand, inserted: Row | undefined): Assignment {
    const column = this.#column(name);
    if (operand.kind === 'default') return { column, value: this.#context.terms.undefined, how: 'default', node: this.#node };
    // `b = EXCLUDED.b` writes what the insert would have written.
    const from = operand.kind === 'inserted' ? inserted?.assignments.find((one) => one.column === this.#column(operand.column))?.value : valueFrom(operand, this.#scope, this.#context);
    return { column, value: from ?? this.#context.terms.unknown(this.#node, this.#parts(operand)), how: 'set', node: this.#scope.bind.node?.(operand) ?? this.#node };
  }

  #parts(operand: Operand): readonly Value[] {
    const parts = operand.kind === 'call' ? operand.arguments : operand.kind === 'operation' ? operand.operands : operand.kind === 'list' ? operand.items : [];
    return parts.flatMap((one) => valueFrom(one, this.#scope, this.#context) ?? this.#parts(one));
  }

  /** Columns that SET writes; `x = x + ?` and any other expression over stored columns is computed by the database. */
  row(set: readonly SetColumn[], inserted: Row | undefined): Row {
    return {
      assignments: set.map((one): Assignment => {
        if (one.self) {
          const amount = valueFrom(one.self.amount, this.#scope, this.#context) ?? this.#context.terms.unknown(this.#node);
          const value = one.self.operator === '-' ? this.#context.terms.expression('-', [amount]) : amount;
          return { column: this.#column(one.column), value, how: one.self.operator === '||' ? 'append' : 'atomic', node: this.#node };
        }
        const made = this.#assignment(one.column, one.operand, inserted);
        return made.how === 'set' && readsStored(one.operand) ? { ...made, how: 'atomic' } : made;
      }),
      spreads: [], node: this.#node,
    };
  }

  #conflict(clause: ConflictClause, inserted: Row | undefined): Conflict {
    const keys = this.#table.table?.keys;
    const named = clause.constraint === undefined ? undefined : keys?.find((key) => key.name?.toLowerCase() === clause.constraint!.toLowerCase())?.columns;
    const target = named ?? (clause.expression ? undefined : clause.target?.map((name) => this.#column(name)));
    const updates = clause.action === 'update';
    return { target, action: clause.action === 'ignore' ? 'ignore' : 'update', update: updates && clause.complete ? this.row(clause.set, inserted) : undefined, atomic: true, ...(clause.targetWhere && { partial: this.predicate(clause.targetWhere, false) }) };
  }
}

/** Whether an operand reads columns of the stored row. */
function readsStored(operand: Operand): boolean {
  switch (operand.kind) {
    case 'column': return true;
    case 'text': return operand.columns.length > 0;
    case 'query': return true;
    case 'call': return operand.arguments.some(readsStored);
    case 'operation': return operand.operands.some(readsStored);
    case 'list': return operand.items.some(readsStored);
    default: return false;
  }
}
