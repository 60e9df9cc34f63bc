/** A statement that is run: its text read, its values bound, its answer described. */
import type { Dialect, Node, OperationSpec, ResultPart, Table, Value } from '../../model.ts';
import type { Insert, Statement } from '../../sql/index.ts';
import type { ClientContext } from '../client.ts';
import { bindValues, onlyStatement, sqlText, statementOperation } from '../common/sql.ts';
import type { SqlText, StatementSpec, Tables } from '../common/sql.ts';
import { affectedParts, rowPaths } from './drivers.ts';
import { placeOf } from './place.ts';
import type { Place, SqlDetail } from './place.ts';
import type { Driver, Form } from './drivers.ts';
import { dataOf, ID, transactionOf } from './handles.ts';
import type { Origin } from './handles.ts';
import { violationOf } from './violation.ts';

export interface Run {
  readonly origin: Origin;
  readonly text: Value;
  readonly values: Value | readonly Value[] | undefined;
  readonly form: Form;
  readonly label: string;
  readonly node: Node;
  readonly textNode: Node | undefined;
}

const MAX_DEPTH = 6;

/** Fragments that are put into a template stand there with their own text. */
function inlined(value: Value, context: ClientContext, depth = 0): Value {
  if (value.kind === 'expression' && (value.operator === 'template' || value.operator === '+')) return context.terms.expression(value.operator, value.operands.map((one) => inlined(one, context, depth)));
  const inner = depth < MAX_DEPTH ? dataOf<{ readonly text: Value }>(value, 'query') ?? dataOf<{ readonly text: Value }>(value, 'fragment') : undefined;
  return inner ? inlined(inner.text, context, depth + 1) : value;
}

export const textOf = (value: Value, context: ClientContext): SqlText | undefined => sqlText(inlined(value, context), context);

/** The only statement of a text, in the driver's dialect, else the project's, else what its placeholders show. */
export function readOne(text: SqlText, origin: Origin, context: ClientContext): { readonly statement: Statement; readonly dialect: Dialect | undefined } | undefined {
  const dialect = origin.driver.dialect ?? context.dialect ?? (/\$\d/.test(text.source.text) ? 'postgres' : undefined);
  const statement = onlyStatement(text, dialect);
  return statement && { statement, dialect };
}

const tablesOf = (context: ClientContext): Tables => ({
  table({ name, schema }) {
    const table = context.catalogue.find(ID, schema === undefined ? name : `${schema}.${name}`) ?? context.catalogue.find(ID, name);
    return { name: table?.name ?? name, table };
  },
  column(table: Table | undefined, name) {
    if (!table || table.columns.has(name)) return name;
    const lower = name.toLowerCase();
    return [...table.columns.values()].find((one) => one.dbName.toLowerCase() === lower)?.name ?? name;
  },
});

/**
 * One object for one `?` (`INSERT INTO t SET ?`) is the value itself, not a set of named ones; and MySQL's drivers take a value that is no
 * list for the only one.
 */
function valuesOf(values: Run['values'], text: SqlText, driver: Driver, context: ClientContext): Run['values'] {
  const single = values === undefined || Array.isArray(values) ? undefined : values as Value;
  if (!single || context.elements(single)) return values;
  const marks = text.source.text.split('?').length - 1;
  return (context.entries(single) && marks > 0) || (driver.id === 'mysql2' && marks === 1) ? [single] : values;
}

/** What running the statement does, undefined when its text is not known or not understood. */
export function operationOf(run: Run, context: ClientContext): OperationSpec | undefined {
  const { origin } = run;
  const whole = textOf(run.text, context);
  const place = whole && run.textNode && placeOf(run.textNode, whole.source);
  const text = whole && place?.expressions.length ? { ...whole, nodes: place.expressions } : whole;
  const read = text && readOne(text, origin, context);
  if (!text || !read) return undefined;
  const spec = statementOperation(read.statement, bindValues(valuesOf(run.values, text, origin.driver, context), text, context), tablesOf(context), context, run.textNode ?? run.node);
  if (!spec) return undefined;
  if (read.dialect === 'sqlite' && read.statement.kind === 'insert' && asksItself(read.statement, text)) return operationFor({ ...spec, verb: 'upsert', conflict: { target: undefined, action: 'ignore', update: undefined, atomic: true } }, run, read, place);
  return operationFor(spec, run, read, place);
}

/** `INSERT … SELECT … WHERE NOT EXISTS (SELECT … FROM the same table)`: SQLite lets one writing statement run at a time, its reads included. */
function asksItself({ select, table }: Insert, text: SqlText): boolean {
  if (!select || table.name === '') return false;
  const rest = text.source.text.slice(select.start, select.end);
  return /\bwhere\b/i.test(rest) && new RegExp(`\\b(?:from|join)\\s+["\`[]?${table.name.replace(/\W/g, '.')}\\b`, 'i').test(rest.slice(rest.search(/\bwhere\b/i)));
}

function operationFor(spec: StatementSpec, { origin, form, label, node }: Run, { statement, dialect }: { readonly statement: Statement; readonly dialect: Dialect | undefined }, place: Place | undefined): OperationSpec {
  const { answers: _answers, alias: _alias, numeric: _numeric, ...told } = spec;
  const writes = told.verb === 'insert' || told.verb === 'update' || told.verb === 'upsert';
  const transaction = transactionOf(origin);
  return {
    client: ID, ...told, label, node, dialect, transaction, evidence: origin.evidence,
    result: resultOf(spec, origin.driver, form),
    detail: { ...told.detail, sql: { statement, driver: origin.driver.id, form, place } satisfies SqlDetail },
    ...(writes && { violation: violationOf(origin.driver, dialect) }),
    ...((told.verb === 'update' || told.verb === 'delete') && { miss: form === 'row' ? 'null' as const : 'count' as const }),
    ...(origin.driver.synchronous && { synchronous: true }),
  };
}

function resultOf(spec: StatementSpec, driver: Driver, form: Form): readonly ResultPart[] {
  if (spec.verb === 'lock') return [];
  const one = form === 'row' || form === 'row-or-throw' || form === 'value' || form === 'value-or-throw';
  const throws = form.endsWith('-or-throw');
  if (form === 'exists') return [{ path: [], is: 'exists' }];
  if (spec.answers === 'scalar') {
    const exists = spec.detail?.['exists'] === true;
    return rowPaths(driver, form).map((path): ResultPart => {
      const first = one ? path : [...path, '0'];
      const at = form === 'value' || form === 'value-or-throw' || form === 'values' || spec.alias === undefined ? first : [...first, spec.alias];
      if (spec.verb !== 'count') return { path: at, is: 'scalar', ...(spec.aggregate?.column && { column: spec.aggregate.column }) };
      return exists ? { path: at, is: 'exists' } : { path: at, is: 'count', numeric: spec.numeric ?? driver.numeric };
    });
  }
  if (spec.verb === 'find' || spec.answers === 'rows') {
    const miss = throws ? 'throws' as const : driver.id === 'better-sqlite3' || driver.id === 'node:sqlite' || driver.id === 'sqlite' ? 'undefined' as const : 'null' as const;
    // `.run()` throws the rows away.
    if (form === 'run') return affectedParts(driver, form);
    const rows = one ? [{ path: [], is: spec.verb === 'find' ? 'row' as const : 'written' as const, miss }] : rowPaths(driver, form).map((path): ResultPart => ({ path, is: 'rows' }));
    if (spec.verb !== 'find') {
      const first = one || spec.many ? [] : rows.map(({ path }): ResultPart => ({ path: [...path, '0'], is: 'written' }));
      return [...rows, ...first, ...affectedParts(driver, form)];
    }
    // `rowCount` and `count` of Postgres' drivers also tell how many rows were read.
    const counts = form === 'result' && (driver.dialect === 'postgres' || driver.id === 'unknown') ? driver.affected.filter((path) => path.length === 1) : [];
    return [...rows, ...counts.map((path): ResultPart => ({ path, is: 'count', numeric: 'number' }))];
  }
  return affectedParts(driver, form);
}
