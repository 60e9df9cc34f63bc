/** `db-race migrate`: the rewrites as a diff, written, or asked for in CI. Nothing is written before everything is computed. */
import { parseSettings } from '../../src/settings.ts';
import type { Refused } from '../rewrite.ts';
import { coloured } from './diff.ts';
import type { FileError } from './files.ts';
import { lostFile } from './findings.ts';
import { errorLines } from './formats.ts';
import { choose } from './interactive.ts';
import { assumedNotes } from './keys.ts';
import type { Wanted } from './migrations.ts';
import { FILE_OPTIONS, flag, readArguments, SETTING_OPTIONS, text, UsageError, workersAsked, type Options } from './options.ts';
import { diffOf, joined, type Change, type Plan } from './plan.ts';
import { runAll, workersFor } from './pool.ts';
import { paintOf, type ExitCode, type Host } from './run.ts';
import { chosen } from './scan.ts';
import { planOptions, type Job } from './tasks.ts';
import { counted, type Paint } from './terminal.ts';
import { refuseDirty, writeAll, writeMigrations } from './write.ts';

export const MIGRATE_OPTIONS = {
  write: { type: 'boolean' }, interactive: { type: 'boolean' }, verify: { type: 'boolean' }, 'allow-dirty': { type: 'boolean' }, check: { type: 'boolean' }, accept: { type: 'string', multiple: true },
  migrations: { type: 'string' }, rule: { type: 'string', multiple: true }, workers: { type: 'string' }, ...FILE_OPTIONS, ...SETTING_OPTIONS,
} as const satisfies Options;

export async function migrate(args: readonly string[], host: Host): Promise<ExitCode> {
  const { values, paths } = readArguments('migrate', args, MIGRATE_OPTIONS);
  const [write, check, interactive] = [flag(values, 'write'), flag(values, 'check'), flag(values, 'interactive')];
  if (check && (write || interactive)) throw new UsageError(`--check and --${write ? 'write' : 'interactive'} contradict each other: --check only asks whether there is something to write.`);
  if (flag(values, 'allow-dirty') && !write && !interactive) throw new UsageError('--allow-dirty goes with --write or --interactive; without them nothing is written.');
  if (interactive && (host.in?.isTTY !== true || host.out.isTTY !== true)) throw new UsageError('--interactive asks one question after another and needs a terminal; without one use --write, with --rule and --accept to choose.');
  const options = await planOptions(values, host.cwd);
  for (const note of assumedNotes(parseSettings(options.settings), host.cwd)) host.err.write(`${note}\n`);
  const files = chosen(paths, values, host);
  if ((write || interactive) && !flag(values, 'allow-dirty')) refuseDirty(host.cwd, write ? '--write' : '--interactive');
  const computed = await planOf(files.paths, { kind: 'migrate', values, cwd: host.cwd }, files.errors, host);
  if (!computed) return stoppedRun(host);
  const picked = interactive ? await choose(computed, options, host) : { ...computed, interrupted: false, skipped: 0 };
  if (picked.interrupted) return stoppedRun(host);
  const verified = flag(values, 'verify') ? await (await import('./verify.ts')).verify(picked, options, host.cwd) : { ...picked, notes: [] };
  const selected = { ...verified, skipped: picked.skipped };
  const paint = paintOf(host);
  const writes = write || interactive;
  if (!writes && !check) for (const one of selected.changes) host.out.write(coloured(diffOf(one), paint));
  const outcome = writes ? await writeAll(selected.changes, host) : { written: [], failed: [], stopped: false };
  const migrations = text(values, 'migrations');
  const wanted = selected.refused.flatMap((one): Wanted[] => (one.migration ? [{ ...one, migration: one.migration }] : []));
  if (migrations !== undefined && wanted.length && !outcome.stopped) writeMigrations(migrations, wanted, host);
  const all = [...selected.errors, ...outcome.failed];
  host.out.write(`${[...summary(selected, outcome.written, { write: writes, paint }), ...selected.notes, ...acceptNotes(options.accept ?? [], selected), ...errorLines(all, host.cwd, paint)].join('\n')}\n`);
  if (migrations !== undefined) host.out.write(wanted.length ? `The SQL that refused rewrites need is in ${migrations}.\n` : `No refused rewrite needs a migration; ${migrations} was not written.\n`);
  if (outcome.stopped) return 130;
  if (outcome.failed.length || (selected.errors.length && !flag(values, 'allow-errors'))) return 2;
  const pending = !writes && selected.changes.length > 0;
  return pending || selected.refused.length || selected.skipped ? 1 : 0;
}

/** Ctrl-C gives undefined. */
async function planOf(paths: readonly string[], job: Job, before: readonly FileError[], host: Host): Promise<Plan | undefined> {
  const workers = workersFor(paths.length, workersAsked(job.values));
  const { results, stopped } = await runAll<Plan>(paths, job, { host, workers, lost: (path, reason) => ({ changes: [], refused: [], errors: [lostFile(path, reason)] }) });
  return stopped ? undefined : joined(results, before);
}

function stoppedRun(host: Host): ExitCode {
  host.err.write('db-race: stopped; nothing was written.\n');
  return 130;
}

function summary({ changes, refused, skipped }: Plan & { readonly skipped: number }, written: readonly Change[], { write, paint }: { write: boolean; paint: Paint }): string[] {
  const lines: string[] = [];
  for (const { file, rewritten } of changes) {
    for (const one of rewritten) {
      lines.push(`${paint.bold(`${file}:${one.line}`)}  ${paint.green(one.rule)}  ${one.title}`, ...one.changes.map((change) => `    changes: ${change}`));
      lines.push(...one.requires.filter(({ state }) => state === 'unknown').map(({ id, text: holds }) => `    accepted: ${id}: ${holds}`));
    }
  }
  for (const one of refused) lines.push(`${paint.bold(`${one.file}:${one.line}`)}  ${paint.yellow(one.rule)}  not rewritten (${one.id}): ${one.reason}`);
  if (lines.length) lines.push('');
  const rewrites = changes.reduce((sum, one) => sum + one.rewritten.length, 0);
  const done = write ? `${counted(written.reduce((sum, one) => sum + one.rewritten.length, 0), 'race')} rewritten in ${counted(written.length, 'file')}` : `${counted(rewrites, 'race')} can be rewritten in ${counted(changes.length, 'file')}`;
  lines.push(paint.bold(`${done}; ${refused.length} refused${skipped ? `, ${skipped} skipped` : ''}.`), ...reasons(refused));
  if (!write && changes.length) lines.push('--write changes the files.');
  return lines;
}

/** Refusals by reason, the most frequent first. */
function reasons(refused: readonly Refused[]): string[] {
  const counts = new Map<string, number>();
  for (const one of refused) {
    const name = one.unproven ? `${one.id} (${one.unproven.map(({ id }) => `--accept ${id}`).join(' ')})` : one.id;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a, one], [b, other]) => other - one || a.localeCompare(b)).map(([name, count]) => `  ${String(count).padStart(4)}  ${name}`);
}

/** An accepted condition that nothing asked for is most likely misspelt. */
function acceptNotes(accept: readonly string[], { changes, refused }: Plan): string[] {
  const asked = new Set([...changes.flatMap((one) => one.rewritten.flatMap(({ requires }) => requires.map(({ id }) => id))), ...refused.flatMap((one) => (one.unproven ?? []).map(({ id }) => id))]);
  return accept.filter((one) => !asked.has(one)).map((one) => `No rewrite asked for --accept ${one}.`);
}
