/**
 * The same table under the names of code and of the database: columns, keys and relations translated from one to the other.
 */
import type { Column, Table, UniqueKey } from './model.ts';

/** `table` as the database names it: what a client that has no names of its own sees. */
export function databaseView(table: Table): Table {
  const renamed = [...table.columns.values()].some((column) => column.name !== column.dbName);
  if (!renamed && table.name === table.dbName) return table;
  const toDatabase = (name: string) => table.columns.get(name)?.dbName ?? name;
  return {
    ...table,
    name: table.dbName,
    columns: new Map([...table.columns.values()].map((column) => [column.dbName, { ...column, name: column.dbName }])),
    keys: table.keys.map((key) => ({ ...key, columns: key.columns.map(toDatabase) })),
    relations: table.relations.map((relation) => ({ ...relation, columns: relation.columns.map(toDatabase) })),
  };
}

/** The keys of a table that is named as the database names it, with the column names that `code` has for them. */
export function keysInCode(keys: readonly UniqueKey[], code: Table): UniqueKey[] {
  const names = new Map([...code.columns.values()].map((column) => [column.dbName, column.name]));
  const lower = new Map([...names].map(([dbName, name]) => [dbName.toLowerCase(), name]));
  return keys.map((key) => ({ ...key, columns: key.columns.map((column) => names.get(column) ?? lower.get(column.toLowerCase()) ?? column) }));
}

/** Equal keys forbid the same pairs of rows: same set of columns, same rows, same treatment of NULL and of expressions. */
export function keyIdentity(key: UniqueKey): string {
  const where = key.where?.replace(/[\s"`()]+/g, ' ').trim().toLowerCase() ?? '';
  return `${[...key.columns].sort().join('\0')}|${where}|${key.expression ? key.name ?? key.place.line : ''}`;
}

/** `first` and what `second` adds; of two equal ones the first stays, with what only the second knows about it. */
export function mergeKeys(first: readonly UniqueKey[], second: readonly UniqueKey[]): UniqueKey[] {
  const keys = new Map<string, UniqueKey>();
  for (const key of [...first, ...second]) {
    const identity = keyIdentity(key);
    const known = keys.get(identity);
    if (!known) { keys.set(identity, key); continue; }
    const name = known.name ?? key.name;
    keys.set(identity, {
      ...known, name, primary: known.primary || key.primary,
      ...(known.deferrable || key.deferrable ? { deferrable: true } : {}),
      ...(known.nullsNotDistinct || key.nullsNotDistinct ? { nullsNotDistinct: true } : {}),
    });
  }
  return [...keys.values()];
}

/** `first`, with what it leaves unknown taken from `second`. */
export function mergeColumn(first: Column, second: Column | undefined): Column {
  if (!second) return first;
  return {
    ...second, ...first,
    type: first.type ?? second.type,
    nullable: first.nullable === 'unknown' ? second.nullable : first.nullable,
    default: first.default === 'unknown' ? second.default : first.default,
  };
}
