/** SQL given to `$queryRaw` and its kin: a statement that was read wholly is an operation like any other. */
import type { ResultPart, Table } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { bindValues, onlyStatement, sqlText, statementOperation } from '../common/sql.ts';
import type { StatementSpec, Tables } from '../common/sql.ts';
import { dialectOf, specFor, type Origin, type Target } from './handles.ts';
import { lazily, ROWS } from './reads.ts';
import { violationOf } from './violation.ts';

export const RAW: ReadonlySet<string> = new Set(['$queryRaw', '$executeRaw', '$queryRawUnsafe', '$executeRawUnsafe']);

/** `` $queryRaw`…` ``, `$queryRaw(Prisma.sql`…`)`, `$queryRawUnsafe(text, ...values)`. */
export function raw(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const text = sqlText(call.args[0], context);
  const target: Target = { origin, ref: { name: '', table: undefined }, label: `${call.receiverText}.${call.method}`, node: call.node };
  const dialect = dialectOf(target, context);
  const statement = text && onlyStatement(text, dialect);
  if (!text || !statement) return undefined;
  const tables: Tables = {
    table({ name }) {
      const { tables: all } = context.catalogue;
      const table = all.find((one) => one.dbName === name) ?? all.find((one) => one.dbName.toLowerCase() === name.toLowerCase());
      return { name: table?.name ?? name, table };
    },
    column: columnByDbName,
  };
  const spec = statementOperation(statement, bindValues(call.args.slice(1), text, context), tables, context, call.argNodes[0] ?? call.node);
  if (!spec) return undefined;
  const { answers: _answers, alias: _alias, numeric: _numeric, ...told } = spec;
  const writes = told.verb === 'insert' || told.verb === 'update' || told.verb === 'upsert';
  return lazily(specFor(target, context, {
    ...told,
    result: resultOf(spec, call.method.startsWith('$executeRaw')),
    ...(writes && { violation: violationOf(context, dialect, true) }),
    ...((told.verb === 'update' || told.verb === 'delete') && { miss: 'count' as const }),
  }));
}

/** `$executeRaw` gives the number of rows, `$queryRaw` the rows themselves; numbers of 64 bits arrive as bigint. */
function resultOf(spec: StatementSpec, executes: boolean): readonly ResultPart[] {
  const { verb, answers } = spec;
  if (verb === 'lock') return [];
  if (executes) return verb === 'find' || verb === 'count' || verb === 'aggregate' ? [] : [{ path: [], is: 'affected', numeric: 'number' }];
  if (answers === 'scalar') {
    const path = spec.alias === undefined ? ['0'] : ['0', spec.alias];
    if (verb === 'count') return [spec.detail?.['exists'] === true ? { path, is: 'exists' } : { path, is: 'count', numeric: spec.numeric ?? 'bigint' }];
    return [{ path, is: 'scalar', ...(spec.aggregate?.column && { column: spec.aggregate.column }) }];
  }
  return verb === 'find' || answers === 'rows' ? ROWS : [];
}

/** The code name of a column that SQL names: `user_id` → `userId`. */
function columnByDbName(table: Table | undefined, name: string): string {
  if (!table) return name;
  const columns = [...table.columns.values()];
  const lower = name.toLowerCase();
  return (columns.find((one) => one.dbName === name) ?? columns.find((one) => one.dbName.toLowerCase() === lower))?.name ?? name;
}
