/** SQL fragments of query builders: conditions (`u.email = :email AND u.age > 3`) and assigned expressions (`"hits" + 1`). */
import type { How, Node, Predicate, Table, Value } from '../../model.ts';
import { readConditionText, readOperandText, selfArithmetic } from '../../sql/index.ts';
import type { ColumnName } from '../../sql/index.ts';
import type { ClientContext } from '../client.ts';
import { predicateFrom, sqlText, valueFrom } from '../common/sql.ts';
import type { Scope, SqlText } from '../common/sql.ts';
import { columnByDbName } from './entities.ts';

/** How names in a fragment are understood. */
export interface Names {
  readonly table: Table | undefined;
  readonly alias: string | undefined;
  /** Relation paths of joined aliases. */
  readonly joins: ReadonlyMap<string, readonly string[]>;
  parameter(name: string): Value | undefined;
}

function scopeOf(text: SqlText, names: Names, node: Node | undefined): Scope {
  return {
    node,
    bind: { parameter: ({ name }) => (name === undefined ? undefined : names.parameter(name)), hole: (index) => text.holes[index] },
    column: ({ qualifier, name }: ColumnName) => (qualifier === undefined || qualifier === names.alias || qualifier === names.table?.dbName
      ? { name: columnByDbName(names.table, name), via: [] } : { name, via: names.joins.get(qualifier) ?? [qualifier] }),
  };
}

/** What a condition in SQL selects. What is not understood makes the predicate incomplete and never narrower. */
export function sqlCondition(value: Value, names: Names, context: ClientContext, node?: Node): Predicate {
  const text = sqlText(value, context);
  if (!text) return { arms: [], complete: false, node };
  // Property names of entities are written as they are: no dialect folds them.
  return predicateFrom(readConditionText(text.source, undefined), scopeOf(text, names, node), context);
}

/** What `() => 'hits + 1'` writes to `key`; undefined when the text is no plain arithmetic on that column. */
export function sqlValue(raw: Value, key: string, table: Table | undefined, context: ClientContext): { value: Value; how: How } | undefined {
  const text = sqlText(raw, context);
  if (!text) return undefined;
  const operand = readOperandText(text.source, undefined);
  const self = selfArithmetic(table?.columns.get(key)?.dbName ?? key, operand) ?? selfArithmetic(key, operand);
  if (!self || (self.operator !== '+' && self.operator !== '-')) return undefined;
  const names: Names = { table, alias: undefined, joins: new Map(), parameter: (name) => context.terms.expression('parameter', [context.terms.literal(name)]) };
  const amount = valueFrom(self.amount, scopeOf(text, names, undefined), context);
  return amount && { value: self.operator === '+' ? amount : context.terms.expression('-', [amount]), how: 'atomic' };
}
