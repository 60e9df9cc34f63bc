// Builds dist/: plain tsc, and the jscodeshift transforms copied as they are. The new dist replaces the old one in one step, so
// that whoever reads it meanwhile sees either.
//
//   node scripts/build.mjs [--no-check]    --no-check: emit only; `npm run typecheck` checks
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const dist = join(root, 'dist');

/** @returns {boolean} whether the build succeeded; tsc's own messages are on the terminal. */
export function build({ check = true } = {}) {
  const fresh = join(root, `node_modules/.cache/db-race/dist-${process.pid}`);
  const old = `${fresh}-old`;
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    const run = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', fresh, ...(check ? [] : ['--noCheck'])], { cwd: root, stdio: 'inherit' });
    if (run.status !== 0) return false;
    const transforms = join(root, 'codemods/transforms');
    const copies = join(fresh, 'codemods/transforms');
    mkdirSync(copies, { recursive: true });
    for (const name of readdirSync(transforms)) if (name.endsWith('.cjs')) copyFileSync(join(transforms, name), join(copies, name));
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
    return true;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const unknown = process.argv.slice(2).filter((one) => one !== '--no-check');
  if (unknown.length) {
    console.error(`build: unknown option ${unknown[0]}; known is --no-check.`);
    process.exitCode = 2;
  } else if (!build({ check: !process.argv.includes('--no-check') })) process.exitCode = 1;
}
