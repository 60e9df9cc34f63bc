/** `db-race unify-upserts`: one function for a table that is written by different keys, as a diff or written. */
import { readFileSync } from 'node:fs';
import { parseSettings } from '../../src/settings.ts';
import type { FileChange, RefusedTable, Spot, UnifiedTable, UnifyResult } from '../unify/model.ts';
import { coloured, unifiedDiff } from './diff.ts';
import { shown, type FileError } from './files.ts';
import { errorLines } from './formats.ts';
import { FILE_OPTIONS, flag, list, readArguments, SETTING_OPTIONS, settingsOf, text, UsageError, type Options } from './options.ts';
import { paintOf, writeAtomically, type ExitCode, type Host } from './run.ts';
import { chosen } from './scan.ts';
import { counted, type Paint } from './terminal.ts';
import { refuseDirty } from './write.ts';

export const UNIFY_OPTIONS = {
  table: { type: 'string' }, into: { type: 'string' }, write: { type: 'boolean' }, 'allow-dirty': { type: 'boolean' }, check: { type: 'boolean' },
  accept: { type: 'string', multiple: true }, verify: { type: 'boolean' }, ...FILE_OPTIONS, ...SETTING_OPTIONS,
} as const satisfies Options;

export async function unifyUpserts(args: readonly string[], host: Host): Promise<ExitCode> {
  const { values, paths } = readArguments('unify-upserts', args, UNIFY_OPTIONS);
  const [write, check] = [flag(values, 'write'), flag(values, 'check')];
  if (write && check) throw new UsageError('--write and --check contradict each other: --check only asks whether there is something to write.');
  if (flag(values, 'allow-dirty') && !write) throw new UsageError('--allow-dirty goes with --write; without it nothing is written.');
  const [table, into, accept] = [text(values, 'table'), text(values, 'into'), list(values, 'accept')];
  if (into !== undefined && !/\.[cm]?[jt]s$/.test(into)) throw new UsageError(`--into ${into}: expected a file that ends with .ts, .mts, .cts, .js or .mjs.`);
  const settings = await settingsOf(values, host.cwd);
  parseSettings(settings);
  const files = chosen(paths, values, host);
  if (write && !flag(values, 'allow-dirty')) refuseDirty(host.cwd, '--write');
  // The compiler is loaded by this command alone.
  const { unifyFiles } = await import('../unify/index.ts');
  const result = unifyFiles({ files: files.paths, cwd: host.cwd, settings, whole: flag(values, 'verify'), ...(table !== undefined && { table }), ...(into !== undefined && { into }), ...(accept && { accept }) });
  const paint = paintOf(host);
  if (!write && !check) for (const one of result.changes) host.out.write(coloured(diffOf(one, host.cwd), paint));
  const failed = write ? writeAll(result.changes) : [];
  const errors: FileError[] = [...files.errors, ...result.errors, ...failed];
  host.out.write(`${[...summary(result, { write: write && !failed.length, paint, cwd: host.cwd }), ...notes(accept ?? [], table, result), ...errorLines(errors, host.cwd, paint)].join('\n')}\n`);
  if (failed.length || (errors.length && !flag(values, 'allow-errors'))) return 2;
  return result.refused.length || (check && result.changes.length) ? 1 : 0;
}

/** A new file comes from nowhere, as git has it. */
function diffOf({ path, before, after }: FileChange, cwd: string): string {
  const diff = unifiedDiff(shown(path, cwd), before ?? '', after);
  return before === undefined ? diff.replace(/^--- .*$/m, '--- /dev/null') : diff;
}

/** The function first, so that no file that is written calls what is not there yet. */
function writeAll(changes: readonly FileChange[]): FileError[] {
  for (const { path, before } of changes) {
    const now = read(path);
    if (now !== before) return [{ path, message: 'the file changed while this ran; nothing was written, run the command again.' }];
  }
  const order = [...changes].sort((a, b) => Number(b.before === undefined) - Number(a.before === undefined));
  for (const { path, after } of order) {
    try {
      writeAtomically(path, after);
    } catch (error) {
      return [{ path, message: `the file cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); what was written before it stays, each file completely.` }];
    }
  }
  return [];
}

function read(path: string): string | undefined {
  try { return readFileSync(path, 'utf8'); } catch { return undefined; }
}

function summary({ unified, refused, changes }: UnifyResult, { write, paint, cwd }: { readonly write: boolean; readonly paint: Paint; readonly cwd: string }): string[] {
  const lines = [...unified.flatMap((one) => unifiedLines(one, paint, cwd)), ...refused.flatMap((one) => refusedLines(one, paint))];
  const places = unified.reduce((sum, one) => sum + one.places.length, 0);
  const done = `${counted(unified.length, 'table')} ${write ? 'brought together' : 'can be brought together'}: ${counted(places, 'place')} in ${counted(changes.length, 'file')}`;
  if (!unified.length && !refused.length) return ['No table is written by different keys.'];
  return [...lines, '', paint.bold(`${done}; ${refused.length} refused.`), ...(!write && changes.length ? ['--write changes the files.'] : [])];
}

function unifiedLines(one: UnifiedTable, paint: Paint, cwd: string): string[] {
  return [
    `${paint.bold(one.table)}  ${paint.green(`${one.name}()`)} in ${shown(one.helper, cwd)}, by ${one.keys.map((key) => key.join('+')).join(', ')}`,
    ...one.places.map((place) => `    ${spot(place)}`),
    ...one.changes.map((change) => `    changes: ${change}`),
    ...one.requires.filter(({ state }) => state === 'unknown').map(({ id, text: holds }) => `    accepted: ${id}: ${holds}`),
  ];
}

function refusedLines(one: RefusedTable, paint: Paint): string[] {
  return [`${paint.bold(one.table)}  ${paint.yellow(`not brought together (${one.id})`)}: ${one.reason}`, ...one.places.map((place) => `    ${spot(place)}`)];
}

const spot = ({ file, line, keys, reason }: Spot): string => `${file}:${line}  by ${keys.map((one) => one.join('+')).join(', ')}${reason === undefined ? '' : `: ${reason}`}`;

/** What was asked for and fits nothing is most likely misspelt. */
function notes(accept: readonly string[], table: string | undefined, { unified, refused }: UnifyResult): string[] {
  const asked = new Set([...unified.flatMap((one) => one.requires.map(({ id }) => id)), ...refused.flatMap((one) => (one.unproven ?? []).map(({ id }) => id))]);
  return [
    ...accept.filter((one) => !asked.has(one)).map((one) => `Nothing asked for --accept ${one}.`),
    ...(table !== undefined && !unified.length && !refused.length ? [`--table ${table}: no such table is written by different keys in these files.`] : []),
  ];
}
