/** What the schema says of a race's end: a duplicate row, a violation, or nobody knows. */
import type { Race, Row, TableRef } from '../model.ts';
import type { Column, Table, UniqueKey } from '../schema/model.ts';
import type { Value } from '../value/terms.ts';
import { isConstant, sameValue } from './matching.ts';

export interface Consequence { readonly outcome: Race['outcome']; readonly key?: readonly string[] }

/**
 * The unique key that two inserts of the same `columns` violate: all of its columns are equal in both, or written with the same
 * constants or defaults. Partial and expression keys count: they may reject the second row as well.
 */
export function consequenceOf(table: TableRef, columns: readonly string[], rows: readonly Row[]): Consequence {
  const declared = table.table;
  if (!declared) return { outcome: 'unknown' };
  const key = keyBehind(declared, columns, rows);
  if (key) return { outcome: 'violation', key: key.columns };
  return { outcome: declared.complete ? 'duplicate' : 'unknown' };
}

export function keyBehind(table: Table, columns: readonly string[], rows: readonly Row[]): UniqueKey | undefined {
  const equal = new Set(columns.flatMap((column) => aliases(table, column)));
  const constant = (column: string): boolean => rows.length > 0 && rows.every((row) => {
    const written = row.assignments.findLast((one) => one.column === column);
    return written ? written.value.kind === 'literal' && written.value.value !== null : table.columns.get(column)?.defaultLiteral !== undefined;
  });
  // `slug: slugOf(name)`, `queue: name`: what is computed from equal columns alone is equal in both as well.
  const given = rows.map((row) => row.assignments.flatMap((one) => (equal.has(one.column) ? [one.value] : [])));
  const follows = (column: string): boolean => rows.length > 0 && rows.every((row, index) => {
    const written = row.assignments.findLast((one) => one.column === column);
    return written !== undefined && written.value.kind !== 'literal' && isMadeOf(written.value, given[index]!);
  });
  const same = (column: string): boolean => equal.has(column) || follows(column);
  return table.keys.filter((key) => key.columns.length && key.columns.every((column) => same(column) || constant(column)) && key.columns.some(same))
    .sort((a, b) => Number(isPlain(b)) - Number(isPlain(a)) || a.columns.length - b.columns.length)[0];
}

/** A value that holds nothing but these values and constants. */
function isMadeOf(value: Value, values: readonly Value[]): boolean {
  if (isConstant(value) || values.some((one) => sameValue(one, value))) return true;
  return value.kind === 'expression' && value.operands.length > 0 && value.operands.every((one) => isMadeOf(one, values));
}

export function isPlain(key: UniqueKey): boolean { return !key.where && !key.expression && !key.deferrable; }

/** A relation stands for its foreign key columns, and the database's name for the code's. */
function aliases(table: Table, column: string): string[] {
  const relation = table.relations.find((one) => one.name === column);
  const mapped = [...table.columns.values()].find((one) => one.dbName === column);
  return [column, ...(relation?.columns ?? []), ...(mapped ? [mapped.name] : [])];
}

const SCOPE_NAME = /^(?:tenant|org(?:anisation|anization)?|workspace|company|team|project|store|shop|account|user|owner|parent|group|event|board|list|customer)(?:_?id|Id|_uuid|Uuid)?$/i;

/**
 * Whether a look-up by these columns looks for one particular row, and not for all rows of a scope: they cover a unique key, or,
 * one of them is no foreign key by its declaration (by its name where the schema says nothing), or two of them are the ends of a link.
 */
export function identifies(table: TableRef, columns: readonly string[], rows: readonly Row[]): boolean {
  if (!columns.length) return false;
  const declared = table.table;
  if (declared && keyBehind(declared, columns, rows)) return true;
  const foreign = new Set(declared?.relations.flatMap((one) => one.columns));
  const points = (column: string): boolean => (declared?.complete ? foreign.has(column) : /Id$|_id$/.test(column)) || SCOPE_NAME.test(column);
  if (columns.some((column) => !points(column) && !isState(declared?.columns.get(column)))) return true;
  // Two ends name one link: this member's vote for this book. A tenant is in every row and no end of any.
  return new Set(columns.filter((column) => points(column) && !TENANT_NAME.test(column))).size > 1;
}

const TENANT_NAME = /^(?:tenant|org(?:anisation|anization)?|workspace|company|team|account)(?:_?id|Id|_uuid|Uuid)?$/i;

function isState(column: Column | undefined): boolean {
  return column?.type === 'boolean' || column?.type === 'bool' || column?.deletedAt === true;
}
