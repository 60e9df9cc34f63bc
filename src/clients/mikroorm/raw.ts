/** SQL: fragments in values (`raw('n + 1')`, `` sql`n + 1` ``), and whole statements given to `em.execute`. */
import type { How, Table, Value } from '../../model.ts';
import { readOperandText, selfArithmetic } from '../../sql/index.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { bindValues, onlyStatement, sqlText, statementOperation, valueFrom } from '../common/sql.ts';
import type { StatementSpec } from '../common/sql.ts';
import { columnByDbName } from './entities.ts';
import { dialectOf, specFor, targetOf, type Origin } from './handles.ts';
import { violationOf } from './violation.ts';

const FRAGMENT = 'mikroorm:raw';

/** `raw(text, parameters)`, `` sql`…` ``: a value that the database computes. */
export function fragment(args: readonly Value[], context: ClientContext): Value { return context.terms.expression(FRAGMENT, args); }

export function isFragment(value: Value): value is Value & { kind: 'expression' } { return value.kind === 'expression' && value.operator === FRAGMENT; }

/** What a fragment writes to `column`: plain arithmetic on it is told apart, everything else is computed by the database all the same. */
export function fragmentValue(value: Value & { kind: 'expression' }, column: string, table: Table | undefined, context: ClientContext): { readonly value: Value; readonly how: How } {
  const text = sqlText(value.operands[0], context);
  const operand = text && readOperandText(text.source, undefined);
  const self = operand && (selfArithmetic(table?.columns.get(column)?.dbName ?? column, operand) ?? selfArithmetic(column, operand));
  if (!text || !self || (self.operator !== '+' && self.operator !== '-')) return { value, how: 'atomic' };
  const amount = valueFrom(self.amount, { node: undefined, bind: bindValues(value.operands[1], text, context), column: () => undefined }, context);
  if (!amount) return { value, how: 'atomic' };
  return { value: self.operator === '+' ? amount : context.terms.expression('-', [amount]), how: 'atomic' };
}

/** `em.execute(sql, parameters)`, `em.getConnection().execute(sql, parameters)`: a statement that was read wholly is an operation like any other. */
export function execute(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const dialect = dialectOf(origin, context);
  const given = call.args[0] && isFragment(call.args[0]) ? call.args[0].operands[0] : call.args[0];
  const text = sqlText(given, context);
  const statement = text && onlyStatement(text, dialect);
  if (!text || !statement) return undefined;
  const spec = statementOperation(statement, bindValues(call.args[1], text, context), {
    table({ name }) {
      const lower = name.toLowerCase();
      const table = context.catalogue.tables.find((one) => one.dbName === name) ?? context.catalogue.tables.find((one) => one.dbName.toLowerCase() === lower);
      return { name: table?.name ?? name, table };
    },
    column: columnByDbName,
  }, context, call.argNodes[0] ?? call.node);
  if (!spec) return undefined;
  const { answers: _answers, alias: _alias, ...told } = spec;
  const writes = !['find', 'count', 'aggregate', 'lock', 'delete'].includes(told.verb);
  return {
    kind: 'operation', lazy: false,
    operation: specFor(targetOf(call, origin, undefined, 'raw', context), context, {
      ...told, result: resultOf(spec, context.literal(call.args[2] ?? context.terms.undefined)?.value), ...(writes && { violation: violationOf(dialect) }),
    }),
  };
}

/** Rows by default (`'all'`), one row for `'get'`, `{ affectedRows, insertId }` for `'run'`. */
function resultOf({ verb, answers, alias }: StatementSpec, method: unknown): Parameters<typeof specFor>[2]['result'] {
  if (verb === 'lock') return [];
  if (method === 'run') return [{ path: ['affectedRows'], is: 'affected', numeric: 'number' }];
  if (answers === 'scalar') {
    const at = method === 'get' ? [] : ['0'];
    return [{ path: [...at, alias ?? '0'], is: verb === 'count' ? 'count' : 'scalar' }];
  }
  return method === 'get' ? [{ path: [], is: 'row', miss: 'undefined' }] : [{ path: [], is: 'rows' }];
}
