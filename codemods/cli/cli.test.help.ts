/** A project in a folder of its own, and the command line run on it inside this process. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { forgetSchemas } from '../../src/schema/index.ts';
import { main } from './main.ts';
import type { Host } from './run.ts';

export interface Ran { readonly code: number; readonly out: string; readonly err: string }

export interface Sandbox {
  readonly folder: string;
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
  read(path: string): string;
  run(args: readonly string[], host?: { env?: NodeJS.ProcessEnv; isTTY?: boolean; cwd?: string; in?: Host['in'] }): Promise<Ran>;
  git(...args: readonly string[]): string;
  /** A repository with all files committed. */
  commit(): void;
  remove(): void;
}

export const SCHEMA = `datasource db {
  provider = "postgresql"
}
generator client {
  provider = "prisma-client-js"
}
model User {
  id    Int     @id @default(autoincrement())
  email String  @unique
  phone String?
}
`;

/** A race on line 4 of the text, the report's line with the first look-up on line 2. */
export const race = (name = 'ensureUser', column = 'email'): string => `export async function ${name}(${column}: string) {
  const existing = await prisma.user.findFirst({ where: { ${column} } });
  if (existing) return existing;
  return prisma.user.create({ data: { ${column === 'email' ? '' : "email: '', "}${column} } });
}
`;
export const HEAD = `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
`;

export function sandbox(files: Readonly<Record<string, string | Uint8Array>> = {}): Sandbox {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'db-race-cli-')));
  const git: Sandbox['git'] = (...args) => {
    const run = spawnSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'core.autocrlf=false', ...args], { cwd: folder, encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`git ${args.join(' ')}: ${run.stderr}`);
    return run.stdout;
  };
  const made: Sandbox = {
    folder, git,
    write(more) {
      // A process that stays looks at schemas once a second at most.
      forgetSchemas();
      for (const [path, text] of Object.entries(more)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    async run(args, { env = {}, isTTY = false, cwd = folder, in: input } = {}) {
      let [out, err] = ['', ''];
      const code = await main(args, { cwd, env, ...(input && { in: input }), out: { isTTY, columns: 200, write: (text) => { out += text; } }, err: { isTTY, columns: 200, write: (text) => { err += text; } } });
      return { code, out, err };
    },
    commit() {
      git('init', '-q');
      git('add', '-A');
      git('commit', '-q', '--no-verify', '-m', 'state');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  made.write({ 'package.json': '{ "name": "app", "dependencies": { "@prisma/client": "^6.19.0" } }', 'prisma/schema.prisma': SCHEMA, ...files });
  return made;
}
