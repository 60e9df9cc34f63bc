/** What every command gets of the process, so that tests can run it inside theirs. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, lstatSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Input } from './keyboard.ts';
import { paintFor, usesColour, type Output, type Paint } from './terminal.ts';

/** 0: nothing to do; 1: findings, or pending changes; 2: usage, unread files or an error of the tool. */
export type ExitCode = 0 | 1 | 2 | 130;

export interface Host {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly in?: Input;
  readonly out: Output;
  readonly err: Output;
}

export const paintOf = (host: Host, stream: Output = host.out): Paint => paintFor(usesColour(stream, host.env));
/** A terminal that does not know its width says 0. */
export const widthOf = (host: Host): number => Math.max(40, Math.min(host.out.columns || 100, 120));

/**
 * Replaces a file in one step: whoever reads it meanwhile sees the old or the new text, whatever happens to this process. Keeps the
 * file's mode, and the link where the path is one.
 */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const target = isLink(path) ? realpathSync(path) : path;
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    const handle = openSync(temporary, 'wx', modeOf(target));
    try {
      writeFileSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function isLink(path: string): boolean {
  try { return lstatSync(path).isSymbolicLink(); } catch { return false; }
}

function modeOf(path: string): number {
  try { return statSync(path).mode & 0o777; } catch { return 0o644; }
}
