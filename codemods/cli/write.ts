/** Writing what was planned: each file in one step, and nothing that changed meanwhile. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FileError } from './files.ts';
import { dirtyFiles } from './git.ts';
import { migrationsFile, type Wanted } from './migrations.ts';
import { UsageError } from './options.ts';
import { hashOf, type Change } from './plan.ts';
import { writeAtomically, type Host } from './run.ts';
import { counted } from './terminal.ts';

export interface Written { readonly written: readonly Change[]; readonly failed: readonly FileError[]; readonly stopped: boolean }

export function refuseDirty(cwd: string, option: string): void {
  const dirty = dirtyFiles(cwd);
  if (!dirty) throw new UsageError(`${option} needs a git work tree, so that you can look through the changes and take them back; --allow-dirty writes without one.`);
  if (dirty.length) throw new UsageError(`${option} needs a clean work tree, so that its changes stand alone; ${counted(dirty.length, 'path')} changed or untracked (${dirty.slice(0, 3).join(', ')}${dirty.length > 3 ? ', …' : ''}). Commit or stash them, or give --allow-dirty.`);
}

/** Ctrl-C ends it between two files. */
export async function writeAll(changes: readonly Change[], host: Host): Promise<Written> {
  const written: Change[] = [];
  const failed: FileError[] = [];
  let stopped = false;
  const stop = () => { stopped = true; };
  process.on('SIGINT', stop);
  try {
    for (const one of changes) {
      // The signal is heard only between turns of the event loop.
      await new Promise((done) => { setImmediate(done); });
      if (stopped) break;
      try {
        if (hashOf(readFileSync(one.path)) !== one.hash) {
          failed.push({ path: one.path, message: 'the file changed while this ran; run the command again.' });
          continue;
        }
        writeAtomically(one.path, one.after);
        written.push(one);
      } catch (error) {
        failed.push({ path: one.path, message: `the file cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).` });
      }
    }
  } finally {
    process.off('SIGINT', stop);
  }
  if (stopped) host.err.write(`db-race: stopped; ${counted(written.length, 'file')} of ${changes.length} written, each completely.\n`);
  return { written, failed, stopped };
}

export function writeMigrations(path: string, wanted: readonly Wanted[], host: Host): void {
  try {
    writeAtomically(resolve(host.cwd, path), migrationsFile(wanted));
  } catch (error) {
    throw new UsageError(`--migrations ${path}: it cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}). Name a file in a folder that is there.`);
  }
}
