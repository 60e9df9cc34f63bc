/** `db-race scan`: findings without ESLint. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EnabledRule } from '../../src/engine.ts';
import { parseSettings, type Settings } from '../../src/settings.ts';
import { compare, readBaseline, updateBaseline, type Entry } from './baseline.ts';
import { affected, changedSchema, changedSince, withChangedValue } from './changed.ts';
import { select, shown, type FileError } from './files.ts';
import { lostFile, type FileResult } from './findings.ts';
import { errorLines, github, json, stylish, type FormatContext, type ScanResult } from './formats.ts';
import { assumedNotes, catalogueAt } from './keys.ts';
import { FILE_OPTIONS, flag, list, oneOf, readArguments, rulesOf, SETTING_OPTIONS, settingsOf, text, UsageError, workersAsked, type Options, type Values } from './options.ts';
import { runAll, workersFor } from './pool.ts';
import { paintOf, widthOf, writeAtomically, type ExitCode, type Host } from './run.ts';
import { sarif } from './sarif.ts';
import type { Job } from './tasks.ts';
import { counted, paintFor } from './terminal.ts';

type Format = (result: ScanResult, context: FormatContext) => string;

/** The report with pictures is loaded where it is asked for. */
const FORMATS: Readonly<Record<'stylish' | 'json' | 'sarif' | 'github' | 'html', () => Format | Promise<Format>>> = {
  stylish: () => stylish, json: () => json, sarif: () => sarif, github: () => github, html: async () => (await import('./html/page.ts')).html,
};

export const SCAN_OPTIONS = {
  format: { type: 'string' }, output: { type: 'string' }, baseline: { type: 'string' }, 'update-baseline': { type: 'boolean' }, changed: { type: 'string' }, rule: { type: 'string', multiple: true }, config: { type: 'string' }, workers: { type: 'string' }, ...FILE_OPTIONS, ...SETTING_OPTIONS,
} as const satisfies Options;

export async function scan(args: readonly string[], host: Host): Promise<ExitCode> {
  const { values, paths } = readArguments('scan', withChangedValue(args, host.cwd), SCAN_OPTIONS);
  const named = oneOf(text(values, 'format') ?? 'stylish', Object.keys(FORMATS) as (keyof typeof FORMATS)[], 'format');
  const format = await FORMATS[named]();
  const rules = rulesOf(values);
  const settings = parseSettings(await settingsOf(values, host.cwd));
  for (const note of assumedNotes(settings, host.cwd)) host.err.write(`${note}\n`);
  const all = chosen(paths, values, host);
  const since = text(values, 'changed');
  const files = since === undefined ? all : { ...all, paths: changedOf(all.paths, since, settings, host) };
  const baseline = baselineOf(values, host);
  const result = await scanFiles(files.paths, { kind: 'scan', values, cwd: host.cwd, told: named === 'html' }, files.errors, host);
  if (!result) {
    host.err.write('db-race: stopped; there is no report.\n');
    return 130;
  }
  return finish(baseline ? withoutKnown(result, baseline, { files: files.paths, rules, update: flag(values, 'update-baseline') }, host) : result, { format, values }, host);
}

function changedOf(files: readonly string[], since: string, settings: Settings, host: Host): readonly string[] {
  const changed = changedSince(since, host.cwd);
  const schema = settings.schema === false ? undefined : changedSchema(changed, catalogueAt('.', settings, host.cwd).files);
  if (schema !== undefined) {
    host.err.write(`${shown(schema, host.cwd)} changed, and with it perhaps the keys: all files are looked at.\n`);
    return files;
  }
  return affected(files, changed);
}

interface Baseline { readonly path: string; readonly name: string; readonly entries: readonly Entry[] }

/** Read before the scan: what is wrong with it should not cost the user a minute first. */
function baselineOf(values: Values, host: Host): Baseline | undefined {
  const name = text(values, 'baseline');
  const update = flag(values, 'update-baseline');
  if (name === undefined) {
    if (update) throw new UsageError('--update-baseline needs --baseline FILE, the file to write.');
    return undefined;
  }
  const path = resolve(host.cwd, name);
  return { path, name, entries: update && !existsSync(path) ? [] : readBaseline(path, name) };
}

function withoutKnown(result: ScanResult, { path, name, entries }: Baseline, { files, rules, update }: { files: readonly string[]; rules: readonly EnabledRule[]; update: boolean }, host: Host): ScanResult {
  // A file that could not be looked at has not lost its findings.
  const unread = new Set(result.errors.map((one) => one.path));
  const scope = { files: new Set(files.filter((one) => !unread.has(one))), rules: new Set(rules.map((one) => one.rule.name)) };
  if (update) {
    try {
      host.err.write(`${counted(updateBaseline(entries, result.reports, path, scope), 'known finding')} in ${name}.\n`);
    } catch (error) {
      throw new UsageError(`--baseline ${name}: it cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}). Name a file in a folder that is there.`);
    }
    return { ...result, reports: [], known: result.reports.length };
  }
  const { fresh, known, stale } = compare(entries, result.reports, path, scope);
  if (known) host.err.write(`${counted(known, 'finding')} known from ${name} ${known === 1 ? 'is' : 'are'} not shown.\n`);
  for (const one of stale) host.err.write(`${name}: ${one.file} (${one.rule}, \`${one.table}\`) is no longer found; --update-baseline drops it.\n`);
  return { ...result, reports: fresh, known };
}

function finish(result: ScanResult, { format, values }: { format: Format; values: Values }, host: Host): ExitCode {
  const output = text(values, 'output');
  const paint = output === undefined ? paintOf(host) : paintFor(false);
  const printed = format(result, { cwd: host.cwd, paint, width: output === undefined ? widthOf(host) : 100 });
  if (output === undefined) host.out.write(printed);
  else {
    try {
      writeAtomically(resolve(host.cwd, output), printed);
    } catch (error) {
      throw new UsageError(`--output ${output}: it cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}). Name a file in a folder that is there.`);
    }
    host.err.write(`${counted(result.reports.length, 'race')} in ${counted(result.files, 'file')}; the report is in ${output}.\n`);
  }
  // Where programs read the report, people still see what was not looked at.
  if (output !== undefined || format === json || format === sarif) for (const line of errorLines(result.errors, host.cwd, paintOf(host, host.err))) host.err.write(`${line}\n`);
  if (result.errors.length && !flag(values, 'allow-errors')) return 2;
  return result.reports.length ? 1 : 0;
}

/** The files of the command line; says which of those that were named are left out. */
export function chosen(paths: readonly string[], values: Values, host: Host): { readonly paths: readonly string[]; readonly errors: readonly FileError[] } {
  const selection = select(paths, { cwd: host.cwd, ignore: list(values, 'ignore'), ignoreFiles: values['ignore-file'] as string[] | undefined, noIgnore: flag(values, 'no-ignore') });
  for (const one of selection.skipped) host.err.write(`${shown(one.path, host.cwd)} is left out by ${one.by}${one.by.startsWith('--ignore') ? '' : '; --no-ignore looks at it too'}.\n`);
  if (!selection.files.length && !selection.skipped.length) host.err.write('No TypeScript or JavaScript file is left to look at; --no-ignore also takes what .gitignore and the presets leave out.\n');
  return { paths: selection.files, errors: selection.errors };
}

/** Ctrl-C gives undefined: half a report would look like a whole one. */
async function scanFiles(files: readonly string[], job: Job, before: readonly FileError[], host: Host): Promise<ScanResult | undefined> {
  const workers = workersFor(files.length, workersAsked(job.values));
  const { results, stopped } = await runAll<FileResult>(files, job, { host, workers, lost: (path, reason) => ({ reports: [], candidate: true, error: lostFile(path, reason) }) });
  if (stopped) return undefined;
  return { reports: results.flatMap((one) => one.reports), errors: [...before, ...results.flatMap((one) => (one.error ? [one.error] : []))], files: files.length, parsed: results.filter((one) => one.candidate).length };
}
