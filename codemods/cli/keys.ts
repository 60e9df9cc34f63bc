/** `db-race keys`: the unique keys as the rules and rewrites see them, where each was declared, and what could not be read. */
import { statSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { CLIENTS } from '../../src/clients/index.ts';
import type { Catalogue, Table, UniqueKey } from '../../src/schema/model.ts';
import { assumedFor, catalogueFor, EMPTY_CATALOGUE } from '../../src/schema/index.ts';
import { parseSettings, type Settings } from '../../src/settings.ts';
import { shown } from './files.ts';
import { flag, nearest, oneOf, readArguments, SETTING_OPTIONS, settingsOf, text, UsageError, type Options } from './options.ts';
import { paintOf, type ExitCode, type Host } from './run.ts';
import { counted, type Paint } from './terminal.ts';

export const KEYS_OPTIONS = { format: { type: 'string' }, table: { type: 'string' }, ...SETTING_OPTIONS } as const satisfies Options;

export async function keys(args: readonly string[], host: Host): Promise<ExitCode> {
  const { values, paths } = readArguments('keys', args, KEYS_OPTIONS);
  const format = oneOf(text(values, 'format') ?? 'stylish', ['stylish', 'json'], 'format');
  if (paths.length > 1) throw new UsageError(`keys takes one path, a file or folder of the project; got ${paths.join(', ')}.`);
  if (flag(values, 'no-schema')) throw new UsageError('keys --no-schema has nothing to read.');
  const catalogue = catalogueAt(paths[0] ?? '.', parseSettings(await settingsOf(values, host.cwd)), host.cwd);
  const wanted = text(values, 'table')?.toLowerCase();
  const tables = catalogue.tables.filter((one) => wanted === undefined || one.name.toLowerCase() === wanted || one.dbName.toLowerCase() === wanted);
  if (wanted !== undefined && catalogue.tables.length && !tables.length) throw new UsageError(`--table ${text(values, 'table')}: there is none of this name; known are ${[...new Set(catalogue.tables.map((one) => one.name))].join(', ')}.`);
  host.out.write(format === 'json' ? json(catalogue, tables, host.cwd) : stylish(catalogue, tables, host.cwd, paintOf(host)));
  return catalogue.tables.length ? 0 : 2;
}

/** What the project of a file or folder declares; a schema file stands for itself. */
export function catalogueAt(given: string, settings: Settings, cwd: string): Catalogue {
  const path = resolve(cwd, given);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw new UsageError(`There is no file or folder ${given}. Paths start at ${cwd}.`);
  if (settings.schema === false) return EMPTY_CATALOGUE;
  const clients = [...CLIENTS, ...settings.extraClients].filter((one) => !settings.clients || settings.clients.includes(one.id));
  const sources = clients.flatMap((one) => (one.schema ? [{ client: one.id, source: one.schema }] : []));
  const own = stat.isFile() && ['.prisma', '.sql'].includes(extname(path)) ? [path] : undefined;
  return catalogueFor(stat.isDirectory() ? join(path, 'index.ts') : path, { cwd, schema: own ?? settings.schema, sources, assumed: settings.uniqueKeys });
}

/** A key that is vouched for and fits nothing is most likely misspelt. */
export function assumedNotes(settings: Settings, cwd: string): string[] {
  const { tables } = settings.uniqueKeys.length && settings.schema !== false ? catalogueAt('.', { ...settings, uniqueKeys: [] }, cwd) : EMPTY_CATALOGUE;
  return settings.uniqueKeys.flatMap((one) => {
    if (!tables.length || tables.some((table) => assumedFor(table, [one]).length)) return [];
    const near = nearest(one.table, tables.map((table) => table.name));
    return [`The schema that is read from here has no ${one.text}${near ? ` (${near} is there, with ${[...tables.find((table) => table.name === near)!.columns.keys()].join(', ')})` : ''}; where code names it so, --assume-unique is believed all the same.`];
  });
}

function stylish(catalogue: Catalogue, tables: readonly Table[], cwd: string, paint: Paint): string {
  const lines = tables.flatMap((table) => [
    `${paint.bold(table.name)}${table.dbName === table.name ? '' : ` (${table.schema ? `${table.schema}.` : ''}${table.dbName})`}  ${paint.dim(`${table.client}, ${at(table.place, cwd)}`)}`,
    ...table.keys.map((key) => `  ${key.primary ? 'primary' : 'unique '}  ${key.columns.join(', ')}${traits(key, table).map((one) => `; ${one}`).join('')}  ${paint.dim(key.assumed === undefined ? at(key.place, cwd) : 'as the settings say')}`),
    ...(table.keys.length ? [] : [`  ${paint.yellow('no key')}`]),
    ...(table.complete ? [] : [paint.yellow('  not all of it was understood: it may have more keys than these')]),
    '',
  ]);
  if (catalogue.unread.length) lines.push(paint.yellow('Could not be read:'), ...catalogue.unread.map(({ place, what, reason }) => `  ${at(place, cwd)}  ${what === place.file ? '' : `${what}: `}${reason}`), '');
  const count = tables.reduce((sum, table) => sum + table.keys.length, 0);
  lines.push(catalogue.tables.length
    ? `${counted(count, 'key')} of ${counted(tables.length, 'table')}, read from ${counted(catalogue.files.length, 'file')}; database: ${catalogue.dialect ?? 'not declared (--dialect)'}.`
    : 'No schema was found. Name its files with --schema, or run in the folder of the project.');
  return `${lines.join('\n')}\n`;
}

const at = (place: { readonly file: string; readonly line: number }, cwd: string): string => (place.file ? `${shown(place.file, cwd)}:${place.line}` : 'as the settings say');

/** What keeps a key from serving as a conflict target, or from being one at all for some rows. */
function traits(key: UniqueKey, table: Table): string[] {
  const nullable = key.columns.filter((column) => !key.primary && table.columns.get(column)?.nullable === true);
  return [
    ...(key.where === undefined ? [] : [`partial: where ${key.where}`]),
    ...(key.expression ? ['has an expression'] : []),
    ...(key.deferrable ? ['deferrable'] : []),
    ...(nullable.length && !key.nullsNotDistinct ? [`any number of rows where ${nullable.join(' or ')} is null`] : []),
    ...(key.name === undefined ? [] : [key.name]),
  ];
}

function json(catalogue: Catalogue, tables: readonly Table[], cwd: string): string {
  const place = ({ file, line }: { readonly file: string; readonly line: number }) => (file ? { file: shown(file, cwd), line } : {});
  return `${JSON.stringify({
    version: 1,
    dialect: catalogue.dialect ?? null,
    files: catalogue.files.map((one) => shown(one, cwd)),
    tables: tables.map((table) => ({ name: table.name, dbName: table.dbName, ...(table.schema && { schema: table.schema }), client: table.client, complete: table.complete, ...place(table.place), keys: table.keys.map((key) => ({ ...key, place: place(key.place) })) })),
    unread: catalogue.unread.map(({ place: where, ...one }) => ({ ...one, ...place(where) })),
  }, undefined, 2)}\n`;
}
