/** A statement as an `OperationSpec`: what it does, how code gets at its answer, and how a unique violation arrives. */
import type { Conflict, Dialect, OperationSpec, Predicate, ResultPart, Row } from '../../model.ts';
import { contains } from '../../source/syntax.ts';
import type { Node, Value } from '../../value/terms.ts';
import type { ClientContext } from '../client.ts';
import { addressesOne, rowFrom, rowsFrom } from '../common/rows.ts';
import type { AssignmentReader } from '../common/rows.ts';
import { INSERTED, aggregateOf, assignedFragment, conditionOf, ownComparisons } from './conditions.ts';
import { asColumn, dataOf, ID, refOf } from './handles.ts';
import type { AggregateData, BuilderData, Origin, TableData } from './handles.ts';
import { violationOf } from './violation.ts';

/** Drivers whose `.get()`, `.all()`, `.run()` and `.values()` run at once, on the spot. */
const SYNCHRONOUS = new Set(['better-sqlite3', 'bun-sqlite', 'node-sqlite', 'sql-js', 'expo-sqlite', 'durable-sqlite']);
const READS = new Set(['find', 'count', 'aggregate']);

export const dialectOf = (origin: Origin, table: TableData | undefined, context: ClientContext): Dialect | undefined =>
  origin.dialect ?? origin.transaction?.dialect ?? table?.dialect ?? context.dialect;

export function isSynchronous(origin: Origin, terminal: BuilderData['terminal'], node: Node): boolean {
  return origin.driver !== undefined && SYNCHRONOUS.has(origin.driver) && terminal !== undefined && node.parent?.type !== 'AwaitExpression';
}

export function specOf(data: BuilderData, node: Node, context: ClientContext): OperationSpec {
  const { table } = data;
  const dialect = dialectOf(data, table, context);
  const selected = data.verb === 'find' ? selectedFields(data, context) : {};
  const verb = selected.aggregate ? (selected.aggregate.function === 'count' ? 'count' as const : 'aggregate' as const) : data.verb;
  const reads = READS.has(verb);
  const predicate = ownPredicate(data);
  const written = writtenRows(data, context);
  const conflict = data.conflict && conflictOf(data, written.rows?.[0], table, context);
  const locks = data.lock !== undefined;
  const one = data.limit === 1 || data.terminal === 'get' || addressesOne(predicate, table.table);
  const many = reads ? !one : verb === 'update' || verb === 'delete' ? !addressesOne(predicate, table.table) : written.many;
  const spec: OperationSpec = {
    client: ID, verb: conflict ? 'upsert' : verb, label: data.label, table: refOf(table), node, many,
    ...(contains(node, data.start) ? {} : { verbNode: data.start }),
    ...(verb === 'insert' ? {} : { predicate }),
    ...(written.rows && { rows: written.rows }), ...(written.rowsOf && { rowsOf: written.rowsOf }),
    ...(conflict && { conflict }),
    ...((verb === 'update' || verb === 'delete') && { miss: missOf(data, dialect) }),
    ...(locks && { lock: data.lock!.strength }),
    ...(selected.columns && { columns: selected.columns }),
    ...(verb === 'find' && isMixed(data, context) && { mixed: true as const }),
    ...(selected.aggregate && { aggregate: selected.aggregate }),
    ...(data.order.length > 0 && { order: data.order }),
    result: resultOf({ data, verb, many, aggregateName: selected.name, dialect }),
    ...(!reads && verb !== 'delete' && { violation: violationOf(dialect, data.driver, context) }),
    dialect, transaction: data.transaction, ...(data.lent && { lent: data.lent }), evidence: data.evidence,
    ...(isSynchronous(data, data.terminal, node) && { synchronous: true }),
    detail: { builder: data, ...fieldNames(data, context), ...(data.lock?.skipLocked && { skipLocked: true }) },
  };
  return spec;
}

/** The condition as the statement's table sees it; an inner join may leave rows out. */
function ownPredicate(data: BuilderData): Predicate {
  const own = ownComparisons(data.predicate, data.table);
  return data.joined.length ? { ...own, complete: false } : own;
}

/** The fields of a row as code gets them, each with what stands for it: `id` or `key=column`, '?' for what is not known. */
function fieldNames({ fields }: BuilderData, context: ClientContext): { fields?: readonly string[] } {
  if (!fields) return {};
  const names = context.entries(fields)?.map((entry) => {
    const column = entry.kind === 'property' ? asColumn(entry.value, context)?.column : undefined;
    return entry.kind === 'property' && column !== undefined ? (column === entry.key ? column : `${entry.key}=${column}`) : `?${entry.node.range[0]}`;
  });
  return { fields: names ?? [`?${fields.id}`] };
}

/** Joined tables nest the rows or lend columns; a field may have another name than its column, or be computed. */
function isMixed(data: BuilderData, context: ClientContext): boolean {
  return data.joined.length > 0 || data.joins === true || fieldNames(data, context).fields?.some((one) => /[?=]/.test(one)) === true;
}

interface Selected { readonly columns?: readonly string[]; readonly aggregate?: AggregateData; readonly name?: string }

/** `.select({ id: users.id, n: count() })`: the columns, or the aggregate when it is all that is selected. */
function selectedFields(data: BuilderData, context: ClientContext): Selected {
  const entries = data.fields && context.entries(data.fields);
  if (!entries?.length) return {};
  const columns: string[] = [];
  const aggregates: { name: string; aggregate: AggregateData }[] = [];
  let plain = true;
  for (const entry of entries) {
    if (entry.kind === 'spread') { plain = false; continue; }
    const aggregate = aggregateOf(entry.value, context);
    const column = aggregate ? undefined : asColumn(entry.value, context);
    if (aggregate) aggregates.push({ name: entry.key, aggregate });
    else if (column) columns.push(column.column);
    else plain = false;
  }
  const [only] = aggregates;
  if (only && plain && !columns.length && !data.grouped) return { aggregate: only.aggregate, name: only.name };
  return plain && !aggregates.length ? { columns } : {};
}

/** Assigned values: fragments and columns are computed by the database. */
export const assignmentReader = (table: TableData, context: ClientContext): AssignmentReader => (key, value) => assignedFragment(value, key, table, context);

function writtenRows(data: BuilderData, context: ClientContext): { rows?: readonly Row[]; rowsOf?: Value; many: boolean } {
  if (!data.values) return { many: data.verb === 'insert' };
  const read = assignmentReader(data.table, context);
  if (data.verb === 'update') return { rows: [rowFrom(data.values.value, context, data.values.node, read)], many: false };
  return rowsFrom(data.values.value, context, data.values.node, read);
}

/** `onConflictDoNothing`, `onConflictDoUpdate`, `onDuplicateKeyUpdate`, `ignore`. */
function conflictOf(data: BuilderData, inserted: Row | undefined, table: TableData, context: ClientContext): Conflict {
  const { kind, options, form, node } = data.conflict!;
  const target = form === 'target' && options ? targetOf(context.property(options, 'target'), context) : undefined;
  // `where` of `onConflictDoUpdate` stands behind SET, where it names no index.
  const named = form === 'target' && options ? context.property(options, kind === 'ignore' ? 'where' : 'targetWhere') : undefined;
  const partial = named && !(named.kind === 'literal' && named.value === undefined) ? { partial: ownComparisons(conditionOf(named, context, node), table) } : {};
  if (kind === 'ignore') return { target, action: 'ignore', update: undefined, atomic: true, ...partial };
  const set = options && context.property(options, 'set');
  const update = set && rowFrom(set, context, node, assignmentReader(table, context));
  return { target, action: 'update', update: update && excludedAs(update, inserted), atomic: true, ...partial };
}

/** `sql`excluded.name`` writes what the insert would have written. */
function excludedAs(update: Row, inserted: Row | undefined): Row {
  return {
    ...update,
    assignments: update.assignments.map((one) => {
      const named = one.value.kind === 'expression' && one.value.operator === INSERTED ? one.value.operands[0] : undefined;
      const own = named?.kind === 'literal' ? inserted?.assignments.find((each) => each.column === named.value) : undefined;
      return own ? { ...one, value: own.value, how: 'set' as const } : one;
    }),
  };
}

function targetOf(value: Value, context: ClientContext): readonly string[] | undefined {
  const one = asColumn(value, context);
  if (one) return [one.column];
  const columns = context.elements(value)?.map((each) => (each.spread ? undefined : asColumn(each.value, context)?.column));
  return columns?.length && columns.every((each) => each !== undefined) ? columns : undefined;
}

/** Without `.returning()` the driver's answer tells the number of rows, under a name that depends on the driver. */
function missOf(data: BuilderData, dialect: Dialect | undefined): OperationSpec['miss'] {
  if (data.returning) return data.terminal === 'get' ? 'null' : 'count';
  return affectedParts(data, dialect).length ? 'count' : 'silent';
}

const COUNTS: Readonly<Record<string, readonly string[]>> = {
  'postgres-js': ['count'], libsql: ['rowsAffected'], 'libsql/web': ['rowsAffected'], 'libsql/node': ['rowsAffected'], 'libsql/http': ['rowsAffected'], d1: ['meta', 'changes'], 'better-sqlite3': ['changes'], pglite: ['affectedRows'],
  'planetscale-serverless': ['rowsAffected'], 'tidb-serverless': ['rowsAffected'],
};
const BY_DIALECT: Readonly<Record<Dialect, readonly (readonly string[])[]>> = {
  postgres: [['rowCount'], ['count']], mysql: [['0', 'affectedRows'], ['rowsAffected']], sqlite: [['changes'], ['rowsAffected'], ['meta', 'changes']],
};

export function affectedParts(origin: Origin, dialect: Dialect | undefined): readonly ResultPart[] {
  const own = origin.driver === undefined ? undefined : COUNTS[origin.driver];
  const paths = own ? [own] : dialect ? BY_DIALECT[dialect] : Object.values(BY_DIALECT).flat();
  return paths.map((path) => ({ path, is: 'affected', numeric: 'number' }));
}

interface Answer { readonly data: BuilderData; readonly verb: OperationSpec['verb']; readonly many: boolean; readonly aggregateName: string | undefined; readonly dialect: Dialect | undefined }

function resultOf({ data, verb, many, aggregateName, dialect }: Answer): readonly ResultPart[] {
  const first = data.terminal === 'get' ? [] : ['0'];
  if (verb === 'count' || verb === 'aggregate') {
    const path = [...first, aggregateName ?? ''];
    // `count()` and `$count` give numbers, whatever the database says: the library maps them; of a raw `sql` count it does not know.
    if (verb === 'count') return [{ path, is: 'count', numeric: 'number' }];
    return [{ path, is: 'scalar' }];
  }
  if (verb === 'find') return data.terminal === 'get' ? [{ path: [], is: 'row', miss: 'undefined' }] : [{ path: [], is: 'rows' }];
  if (!data.returning || data.terminal === 'run') return affectedParts(data, dialect);
  if (data.terminal === 'get') return [{ path: [], is: 'written', miss: 'undefined' }];
  return many ? [{ path: [], is: 'written' }] : [{ path: [], is: 'rows' }, { path: ['0'], is: 'written' }];
}

/** Relational look-ups and `$count`, whose condition stands in an argument. */
export function readSpec(origin: Origin, table: TableData, read: {
  readonly verb: 'find' | 'count'; readonly label: string; readonly node: Node; readonly predicate: Predicate; readonly many: boolean; readonly result: readonly ResultPart[]; readonly detail?: Readonly<Record<string, unknown>>;
} & Partial<Pick<OperationSpec, 'columns' | 'includes' | 'included' | 'order'>>, context: ClientContext): OperationSpec {
  const { predicate, detail, ...rest } = read;
  return { client: ID, ...rest, table: refOf(table), predicate: ownComparisons(predicate, table), dialect: dialectOf(origin, table, context), transaction: origin.transaction, evidence: origin.evidence, ...(detail && { detail }) };
}

/** The columns of an order: `desc(users.createdAt)`, `users.id`. */
export function orderOf(values: readonly Value[], context: ClientContext): BuilderData['order'] {
  return values.flatMap((one) => {
    const direction = dataOf<{ readonly column: string | undefined; readonly descending: boolean }>(one, 'direction');
    if (direction) return direction.column === undefined ? [] : [{ column: direction.column, descending: direction.descending }];
    const column = asColumn(one, context);
    return column ? [{ column: column.column, descending: false }] : [];
  });
}

