/** SQL given to `sequelize.query(text, { replacements, bind, type })`: a statement that was read wholly is an operation like any other. */
import type { ResultPart, Table, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { bindValues, onlyStatement, sqlText, statementOperation } from '../common/sql.ts';
import type { StatementSpec, Tables } from '../common/sql.ts';
import { dialectOf, specFor, targetOf, transactionIn, type Origin } from './handles.ts';
import { operation } from './methods.ts';
import { violationOf } from './violation.ts';

export function raw(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [first, options] = call.args;
  const given = first && context.entries(first) ? context.property(first, 'query') : first;
  const text = sqlText(given, context);
  const dialect = dialectOf(origin, context);
  const statement = text && onlyStatement(text, dialect);
  if (!text || !statement) return undefined;
  const get = (key: string): Value | undefined => {
    const value = options && context.entries(options) ? context.property(options, key) : undefined;
    return value && !(value.kind === 'literal' && value.value == null) ? value : undefined;
  };
  const values = get('bind') ?? get('replacements') ?? (first && context.entries(first) ? context.property(first, 'values') : undefined);
  const tables: Tables = {
    table({ name }) {
      const table = context.catalogue.tables.find((one) => one.dbName === name) ?? context.catalogue.tables.find((one) => one.dbName.toLowerCase() === name.toLowerCase());
      return { name: table?.name ?? name, table };
    },
    column: columnByDbName,
  };
  const spec = statementOperation(statement, bindValues(values, text, context), tables, context, call.argNodes[0] ?? call.node);
  if (!spec) return undefined;
  const { answers: _answers, alias: _alias, numeric: _numeric, ...told } = spec;
  const writes = !['find', 'count', 'aggregate', 'lock'].includes(told.verb);
  const type = get('type');
  return operation(specFor(targetOf(call, origin, undefined, 'raw', context), context, {
    ...told, transaction: transactionIn(options, call.node, context), result: resultOf(spec, type && context.literal(type)?.value, get('plain') !== undefined),
    ...(writes && told.verb !== 'delete' && { violation: violationOf(dialect, context) }),
    ...((told.verb === 'update' || told.verb === 'delete') && { miss: 'count' as const }),
  }));
}

function columnByDbName(table: Table | undefined, name: string): string {
  if (!table || table.columns.has(name)) return name;
  const lower = name.toLowerCase();
  for (const column of table.columns.values()) if (column.dbName === name || column.dbName.toLowerCase() === lower) return column.name;
  return name;
}

/** Without `type` the answer is `[rows, metadata]`; with it what that type has: rows, or `[undefined, number]` of an UPDATE. */
function resultOf(spec: StatementSpec, type: unknown, plain: boolean): readonly ResultPart[] {
  const { verb, answers } = spec;
  const base = type === undefined ? ['0'] : [];
  if (verb === 'lock') return [];
  if (plain && verb === 'find') return [{ path: [], is: 'row', miss: 'null' }];
  if (answers === 'scalar') {
    // Without a name of its own the value stands under one that the database makes up.
    const path = [...(plain ? [] : [...base, '0']), ...(spec.alias === undefined ? [] : [spec.alias])];
    // Postgres gives a bigint, which its driver hands out as text.
    if (verb === 'count') return [{ path, is: spec.detail?.['exists'] === true ? 'exists' : 'count' }];
    return [{ path, is: 'scalar', ...(spec.aggregate?.column && { column: spec.aggregate.column }) }];
  }
  if (verb === 'find') return [{ path: base, is: 'rows' }];
  if (verb === 'update' && type === 'UPDATE') return [{ path: ['1'], is: 'affected', numeric: 'number' }];
  if (type === 'BULKDELETE' || type === 'BULKUPDATE') return [{ path: [], is: 'affected', numeric: 'number' }];
  return answers === 'rows' ? [{ path: base, is: 'rows' }] : [];
}
