/** The DDL that would allow a rewrite, for each dialect that the project may run on, with the query that finds what is in its way. */
import type { Migration } from '../model.ts';
import type { Dialect, Table } from '../schema/model.ts';

const ALL: readonly Dialect[] = ['postgres', 'mysql', 'sqlite'];

/** @param columns code names; the migration names the database's. `flag`: unique only among rows where this column is true. Undefined: no DDL applies. */
export function uniqueIndexMigration(table: Table, columns: readonly string[], dialect: Dialect | undefined, flag?: string): Migration | undefined {
  if (table.documents) return undefined;
  const names = columns.map((column) => databaseName(table, column));
  const flagName = flag === undefined ? undefined : databaseName(table, flag);
  const index = `${table.dbName}_${[...names, ...(flagName === undefined ? [] : [flagName])].join('_')}_key`.slice(0, 63);
  const statements: Partial<Record<Dialect, string>> = {};
  for (const one of dialect ? [dialect] : ALL) statements[one] = statement(one, table, index, names, flagName);
  const quote = quoter(dialect ?? 'postgres');
  const list = names.map(quote).join(', ');
  const target = qualified(table, quote);
  return {
    name: index,
    statements,
    duplicates: `SELECT ${list}, count(*) FROM ${target}${flagName === undefined ? '' : ` WHERE ${quote(flagName)}`} GROUP BY ${list} HAVING count(*) > 1;`,
  };
}

function statement(dialect: Dialect, table: Table, index: string, columns: readonly string[], flag: string | undefined): string {
  const quote = quoter(dialect);
  const target = qualified(table, quote);
  const list = columns.map(quote).join(', ');
  if (flag === undefined) {
    return dialect === 'mysql'
      ? `ALTER TABLE ${target} ADD UNIQUE INDEX ${quote(index)} (${list});`
      : `CREATE UNIQUE INDEX ${dialect === 'postgres' ? 'CONCURRENTLY ' : ''}${quote(index)} ON ${target} (${list});`;
  }
  if (dialect !== 'mysql') return `CREATE UNIQUE INDEX ${dialect === 'postgres' ? 'CONCURRENTLY ' : ''}${quote(index)} ON ${target} (${list}) WHERE ${quote(flag)};`;
  // MySQL has no partial index: NULLs do not collide, so a generated column that is NULL without the flag does the same.
  const generated = quote(`${flag}_marker`);
  return `ALTER TABLE ${target} ADD COLUMN ${generated} TINYINT GENERATED ALWAYS AS (IF(${quote(flag)}, 1, NULL)) STORED, ADD UNIQUE INDEX ${quote(index)} (${list}, ${generated});`;
}

function qualified(table: Table, quote: (name: string) => string): string {
  return table.schema === undefined || table.schema === 'public' ? quote(table.dbName) : `${quote(table.schema)}.${quote(table.dbName)}`;
}

export function databaseName(table: Table, column: string): string {
  return table.columns.get(column)?.dbName ?? column;
}

function quoter(dialect: Dialect): (name: string) => string {
  return (name) => (dialect === 'mysql' ? `\`${name.replaceAll('`', '``')}\`` : `"${name.replaceAll('"', '""')}"`);
}
