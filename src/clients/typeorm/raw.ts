/** SQL given to `query(text, values)`: a statement that was read wholly is an operation like any other. */
import type { ResultPart, Table } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { bindValues, onlyStatement, sqlText, statementOperation } from '../common/sql.ts';
import type { StatementSpec, Tables } from '../common/sql.ts';
import { columnByDbName } from './entities.ts';
import { dialectOf, targetOf, type Origin } from './handles.ts';
import { operation, ROWS, specFor } from './reads.ts';
import { violationOf } from './violation.ts';

export function raw(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const text = sqlText(call.args[0], context);
  const dialect = dialectOf(origin, context);
  const statement = text && onlyStatement(text, dialect);
  if (!text || !statement) return undefined;
  const tables: Tables = {
    table({ name }) {
      const table = context.catalogue.tables.find((one) => one.dbName === name) ?? context.catalogue.tables.find((one) => one.dbName.toLowerCase() === name.toLowerCase());
      return { name: table?.name ?? name, table };
    },
    column: (table: Table | undefined, name) => columnByDbName(table, name),
  };
  const spec = statementOperation(statement, bindValues(call.args[1], text, context), tables, context, call.argNodes[0] ?? call.node);
  if (!spec) return undefined;
  const target = targetOf(origin, undefined, 'raw', call.receiverText, call.method, call.node, context);
  const { answers: _answers, alias: _alias, numeric: _numeric, ...told } = spec;
  const writes = told.verb !== 'find' && told.verb !== 'count' && told.verb !== 'aggregate' && told.verb !== 'lock';
  return operation(specFor(target, context, {
    ...told, result: resultOf(spec, dialect),
    ...(writes && told.verb !== 'delete' && { violation: violationOf(dialect) }),
    ...((told.verb === 'update' || told.verb === 'delete') && { miss: 'count' as const }),
  }));
}

/** Postgres answers an UPDATE or DELETE with rows and their number; MySQL any write with a packet; the SQLite drivers tell no number. */
function resultOf(spec: StatementSpec, dialect: ReturnType<typeof dialectOf>): readonly ResultPart[] {
  const { verb, answers } = spec;
  if (verb === 'lock') return [];
  if (verb === 'find') return ROWS;
  if (answers === 'scalar') {
    const exists = spec.detail?.['exists'] === true;
    // Without a name of its own the value stands under one that the database makes up.
    const path = spec.alias === undefined ? ['0'] : ['0', spec.alias];
    if (verb === 'count') return [{ path, is: exists ? 'exists' : 'count', ...(!exists && { numeric: dialect === 'postgres' ? spec.numeric ?? 'string' as const : 'number' as const }) }];
    return [{ path, is: 'scalar', ...(spec.aggregate?.column && { column: spec.aggregate.column }) }];
  }
  if (verb === 'update' || verb === 'delete') {
    if (dialect === 'postgres') return [{ path: ['0'], is: 'rows' }, { path: ['1'], is: 'affected', numeric: 'number' }];
    return dialect === 'mysql' ? [{ path: ['affectedRows'], is: 'affected', numeric: 'number' }] : [];
  }
  return answers === 'rows' ? ROWS : dialect === 'mysql' ? [{ path: ['affectedRows'], is: 'affected', numeric: 'number' }] : [];
}
