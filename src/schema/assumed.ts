/** Unique keys that the database has and no file of the project declares: whoever set the project up vouches for them. */
import { SQL } from './catalogue.ts';
import type { Catalogue, Column, Table, UniqueKey } from './model.ts';
import { mergeKeys } from './names.ts';

/** `users(email)`: names of code or of the database. */
export interface AssumedKey { readonly table: string; readonly columns: readonly string[]; readonly text: string }

const SHAPE = /^\s*(?<table>[^()\s,]+)\s*\(\s*(?<columns>[^()]+?)\s*\)\s*$/;

/** `users(email)`, `public.user_roles(user_id, role_id)`; undefined for anything else. */
export function assumedKey(text: string): AssumedKey | undefined {
  const found = SHAPE.exec(text)?.groups;
  const columns = found?.['columns']!.split(',').map((one) => one.trim());
  if (!found || !columns?.every((one) => /^[^\s,]+$/.test(one)) || new Set(columns).size !== columns.length) return undefined;
  return { table: found['table']!, columns, text: `${found['table']}(${columns.join(', ')})` };
}

const known = new WeakMap<Catalogue, WeakMap<readonly AssumedKey[], Catalogue>>();

/** `catalogue` and these keys; the same object for the same two. */
export function withAssumed(catalogue: Catalogue, assumed: readonly AssumedKey[]): Catalogue {
  if (!assumed.length) return catalogue;
  const made = known.get(catalogue) ?? new WeakMap<readonly AssumedKey[], Catalogue>();
  known.set(catalogue, made);
  let extended = made.get(assumed);
  if (!extended) made.set(assumed, (extended = extend(catalogue, assumed)));
  return extended;
}

/** The table's keys with those of `assumed` that are about it and whose columns it can have. */
export function assumedFor(table: Table, assumed: readonly AssumedKey[]): UniqueKey[] {
  return assumed.flatMap((one): UniqueKey[] => {
    if (!isAbout(one, table)) return [];
    const columns = one.columns.map((column) => codeName(column, table));
    return columns.every((column) => column !== undefined) ? [keyOf(one, columns as string[])] : [];
  });
}

function extend(catalogue: Catalogue, assumed: readonly AssumedKey[]): Catalogue {
  const extended = new Map<Table, Table>();
  const grown = (table: Table): Table => {
    const before = extended.get(table);
    if (before) return before;
    const keys = assumedFor(table, assumed);
    const made = keys.length ? { ...table, keys: mergeKeys(table.keys, keys) } : table;
    extended.set(table, made);
    return made;
  };
  const tables = catalogue.tables.map(grown);
  // Of a table that nobody declares, the key is all that is known.
  const undeclared = new Map<string, Table>();
  for (const one of assumed) {
    if (tables.some((table) => isAbout(one, table))) continue;
    const name = one.table.toLowerCase();
    const before = undeclared.get(name) ?? bare(one.table);
    const columns = new Map([...before.columns, ...one.columns.map((column): [string, Column] => [column, unknownColumn(column)])]);
    undeclared.set(name, { ...before, columns, keys: [...before.keys, keyOf(one, one.columns)] });
  }
  return {
    ...catalogue, tables: [...tables, ...undeclared.values()],
    find(client, name) {
      const found = catalogue.find(client, name);
      return found ? grown(found) : undeclared.get(name.replace(/["`]/g, '').toLowerCase());
    },
  };
}

function isAbout({ table: name }: AssumedKey, { name: code, dbName, schema }: Table): boolean {
  const wanted = name.toLowerCase();
  return [code, dbName, `${schema ?? 'public'}.${dbName}`].some((one) => one.toLowerCase() === wanted);
}

/** Undefined for a column that the table surely has not. */
function codeName(column: string, { columns, complete }: Table): string | undefined {
  if (columns.has(column)) return column;
  const lower = column.toLowerCase();
  const found = [...columns.values()].find((one) => one.dbName === column) ?? [...columns.values()].find((one) => [one.name, one.dbName].some((name) => name.toLowerCase() === lower));
  return found?.name ?? (complete && columns.size ? undefined : column);
}

const PLACE = { file: '', line: 0 };

const keyOf = ({ text }: AssumedKey, columns: readonly string[]): UniqueKey => ({ name: undefined, columns, primary: false, assumed: text, place: PLACE });

const bare = (name: string): Table => ({ name, dbName: name, schema: undefined, client: SQL, columns: new Map(), keys: [], relations: [], sideEffects: [], complete: false, place: PLACE });

const unknownColumn = (name: string): Column => ({ name, dbName: name, type: undefined, nullable: 'unknown', default: 'unknown' });
