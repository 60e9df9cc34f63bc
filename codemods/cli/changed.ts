/** What `--changed` leaves of the files: those that differ from a commit, and those that import them. */
import { dirname, join, resolve } from 'node:path';
import { statSync } from 'node:fs';
import { resolvePath } from '../../src/source/modules.ts';
import { readSource } from './files.ts';
import { git } from './git.ts';
import { UsageError } from './options.ts';

/** The engine follows calls into imported files about as deep; files that only hand names on do not count. */
const MAX_DEPTH = 2;
const SPECIFIER = /\b(?:from|import|require)\s*\(?\s*(["'])(?<name>[^"'\n]+)\1/g;
const HANDS_ON = /^\s*export\s+(?:type\s+)?(?:\*|\{)[^;]*?\bfrom\b/m;

/** `--changed`, `--changed main`, `--changed=main`: parseArgs has no options with an optional value. */
export function withChangedValue(args: readonly string[], cwd: string): string[] {
  const at = args.indexOf('--changed');
  const end = args.indexOf('--');
  if (at < 0 || (end >= 0 && end < at)) return [...args];
  const next = args[at + 1];
  const isCommit = next !== undefined && !next.startsWith('-') && !statSync(resolve(cwd, next), { throwIfNoEntry: false });
  return [...args.slice(0, at), `--changed=${isCommit ? next : 'HEAD'}`, ...args.slice(isCommit ? at + 2 : at + 1)];
}

/** Absolute paths that differ from where `since` and HEAD part, deleted and untracked ones included. @throws UsageError. */
export function changedSince(since: string, cwd: string): ReadonlySet<string> {
  const up = git(cwd, ['rev-parse', '--show-cdup']);
  if (up === undefined) throw new UsageError('--changed asks git what has changed, and this is no git work tree.');
  const commit = git(cwd, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${since}^{commit}`])?.trim();
  if (!commit) throw new UsageError(`--changed ${since}: git knows no such commit (and there is no such path). In CI, fetch enough history for it.`);
  const base = git(cwd, ['merge-base', commit, 'HEAD'])?.trim() || commit;
  const top = resolve(cwd, up.trim() || '.');
  const changed = git(top, ['diff', '--name-only', '--no-renames', '-z', base, '--']);
  const untracked = git(top, ['ls-files', '--others', '--exclude-standard', '-z']);
  if (changed === undefined || untracked === undefined) throw new UsageError(`--changed ${since}: git could not compare the work tree with it.`);
  return new Set(`${changed}${untracked}`.split('\0').filter(Boolean).map((one) => join(top, one)));
}

/** Those of `files` that changed, and those that import them, directly or by another. Sorted as `files` are. */
export function affected(files: readonly string[], changed: ReadonlySet<string>): string[] {
  const importers = new Map<string, Set<string>>();
  const handsOn = new Set<string>();
  for (const file of files) {
    const read = readSource(file);
    if (!('text' in read)) continue;
    if (HANDS_ON.test(read.text)) handsOn.add(file);
    for (const name of new Set([...read.text.matchAll(SPECIFIER)].map((one) => one.groups!['name']!))) {
      const target = name.startsWith('node:') ? undefined : resolvePath(name, file);
      if (target === undefined) continue;
      const known = importers.get(target);
      if (known) known.add(file); else importers.set(target, new Set([file]));
    }
  }
  const depths = new Map([...changed].map((one) => [one, 0]));
  const pending = [...changed];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const depth = depths.get(file)! + (handsOn.has(file) && !changed.has(file) ? 0 : 1);
    if (depth > MAX_DEPTH) continue;
    for (const one of importers.get(file) ?? []) {
      if ((depths.get(one) ?? Infinity) <= depth) continue;
      depths.set(one, depth);
      pending.push(one);
    }
  }
  return files.filter((one) => depths.has(one));
}

/** Where a schema file changed, keys may have changed for every file. */
export function changedSchema(changed: ReadonlySet<string>, schemaFiles: readonly string[]): string | undefined {
  return schemaFiles.find((one) => changed.has(one)) ?? [...changed].find((one) => /\.(?:prisma|sql)$/.test(one) && schemaFiles.some((file) => dirname(file) === dirname(one)));
}
