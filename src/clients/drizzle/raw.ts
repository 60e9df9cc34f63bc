/** SQL given to `execute`, `run`, `all`, `get` and `values`. */
import type { ResultPart, Table } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { bindValues, onlyStatement, statementOperation } from '../common/sql.ts';
import type { StatementSpec, Tables } from '../common/sql.ts';
import { fragmentText } from './conditions.ts';
import { columnNamed, dataOf, ID } from './handles.ts';
import type { Origin } from './handles.ts';
import { affectedParts, dialectOf, isSynchronous } from './spec.ts';
import { violationOf } from './violation.ts';

export const RAW: ReadonlySet<string> = new Set(['execute', 'run', 'all', 'get', 'values']);

export function raw(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [given] = call.args;
  const fragment = dataOf<{ readonly text: import('../../model.ts').Value }>(given, 'fragment');
  const text = given && fragmentText(fragment?.text ?? given, context);
  const dialect = dialectOf(origin, undefined, context);
  const statement = text && onlyStatement(text, dialect);
  if (!text || !statement) return undefined;
  const tables: Tables = {
    table({ name }) {
      const own = context.catalogue.tables.filter((one) => one.client === ID);
      const table = own.find((one) => one.dbName === name) ?? own.find((one) => one.dbName.toLowerCase() === name.toLowerCase()) ?? own.find((one) => one.name === name) ?? context.catalogue.find(ID, name);
      return { name: table?.name ?? name, table };
    },
    column: (table: Table | undefined, name) => columnNamed(table, name),
  };
  const spec = statementOperation(statement, bindValues(undefined, text, context), tables, context, call.argNodes[0] ?? call.node);
  if (!spec) return undefined;
  const { answers: _answers, alias: _alias, numeric: _numeric, ...told } = spec;
  const writes = told.verb === 'insert' || told.verb === 'update' || told.verb === 'upsert';
  const terminal = call.method === 'execute' ? undefined : call.method as 'run';
  return {
    kind: 'operation', lazy: call.method === 'execute',
    operation: {
      client: ID, ...told, label: `${call.receiverText}.${call.method}`, node: call.node, dialect, transaction: origin.transaction, evidence: origin.evidence,
      result: resultOf(spec, call.method, origin, dialect),
      ...(writes && { violation: violationOf(dialect, origin.driver, context) }),
      ...((told.verb === 'update' || told.verb === 'delete') && { miss: 'count' as const }),
      ...(isSynchronous(origin, terminal, call.node) && { synchronous: true }),
    },
  };
}

/** Where the rows lie: `.rows` (pg), the answer itself (postgres.js, SQLite), its first part (mysql2). */
function rowPaths(origin: Origin, dialect: ReturnType<typeof dialectOf>): readonly (readonly string[])[] {
  if (origin.driver === 'postgres-js') return [[]];
  if (dialect === 'postgres') return origin.driver === undefined ? [['rows'], []] : [['rows']];
  return dialect === 'mysql' ? [['0']] : dialect === 'sqlite' ? [[]] : [['rows'], []];
}

function resultOf(spec: StatementSpec, method: string, origin: Origin, dialect: ReturnType<typeof dialectOf>): readonly ResultPart[] {
  if (spec.verb === 'lock') return [];
  const single = method === 'get';
  const paths = single ? [[]] : rowPaths(origin, dialect);
  if (spec.answers === 'scalar') {
    return paths.map((path): ResultPart => {
      const at = [...path, ...(single ? [] : ['0']), ...(spec.alias === undefined ? [] : [spec.alias])];
      if (spec.verb !== 'count') return { path: at, is: 'scalar' };
      return spec.detail?.['exists'] === true ? { path: at, is: 'exists' } : { path: at, is: 'count', numeric: dialect === 'postgres' ? spec.numeric ?? 'string' : 'number' };
    });
  }
  if (spec.verb === 'find' || spec.answers === 'rows') {
    const rows = paths.map((path): ResultPart => (single ? { path, is: 'row', miss: 'undefined' } : { path, is: 'rows' }));
    return spec.verb === 'find' ? rows : [...rows, ...affectedParts(origin, dialect)];
  }
  return affectedParts(origin, dialect);
}
