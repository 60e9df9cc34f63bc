/** What git says of the work tree; every question has the answer "no git here". */
import { spawnSync } from 'node:child_process';

/** @returns what the command prints; undefined when it fails, or when there is no git. */
export function git(cwd: string, args: readonly string[]): string | undefined {
  const run = spawnSync('git', args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  return run.status === 0 ? run.stdout : undefined;
}

/** Changed and untracked paths; undefined outside a work tree. */
export function dirtyFiles(cwd: string): readonly string[] | undefined {
  return git(cwd, ['status', '--porcelain', '-z'])?.split('\0').filter(Boolean).map((one) => one.replace(/^.. /, ''));
}
