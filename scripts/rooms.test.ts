/** The resolved import graph of the sources: who loads whom at run time. */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: a script without declarations
import { forbidden, HEAVY, ROOMS, roomOf } from './rooms.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

interface Module { readonly path: string; readonly files: readonly string[]; readonly packages: readonly string[]; readonly awaits: boolean;
  /** Files that it loads when a command needs them. */
  readonly lazy: readonly string[] }

function moduleOf(path: string): Module {
  const text = readFileSync(join(root, path), 'utf8');
  const { module, program } = parseSync(path, text, { astType: 'ts' });
  const lazily = module.dynamicImports.map((one) => text.slice(one.moduleRequest.start + 1, one.moduleRequest.end - 1));
  const fileOf = (name: string): string => posix.join(posix.dirname(path), name);
  const specifiers = [
    ...module.staticImports.filter((one) => one.entries.length === 0 || one.entries.some((entry) => !entry.isType)).map((one) => one.moduleRequest.value),
    ...module.staticExports.flatMap((one) => one.entries.filter((entry) => !entry.isType).flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...lazily,
  ].filter((one) => !one.startsWith('node:') && !builtinModules.includes(one));
  return {
    path,
    files: specifiers.filter((one) => one.startsWith('.')).map(fileOf),
    lazy: lazily.filter((one) => one.startsWith('.')).map(fileOf),
    packages: specifiers.filter((one) => !one.startsWith('.')),
    awaits: hasTopLevelAwait(program),
  };
}

function hasTopLevelAwait(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some(hasTopLevelAwait);
  const { type, await: forAwait } = node as { type?: string; await?: boolean };
  if (type === 'AwaitExpression' || (type === 'ForOfStatement' && forAwait)) return true;
  if (type && /Function|^MethodDefinition$|^PropertyDefinition$/.test(type)) return false;
  return Object.values(node).some(hasTopLevelAwait);
}

/** What loads a compiler, with the files that may load it, each when a command asks for it: `unify-upserts`, and `migrate --verify`. */
const COMPILERS: Readonly<Record<string, readonly string[]>> = {
  'codemods/unify/index.ts': ['codemods/cli/unify.ts', 'codemods/index.ts'],
  'codemods/cli/verify.ts': ['codemods/cli/migrate.ts'],
};
const tests = /\.test\.ts$|\.test\.help\.ts$/;
const sources = ['src', 'rules', 'codemods'].flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path.replaceAll('\\', '/')}`))
  .filter((path) => path.endsWith('.ts') && !tests.test(path)).sort();
const modules = new Map(sources.map((path) => [path, moduleOf(path)]));

/** @param without modules that an entry loads only for one command. */
function reachable(entry: string, without: readonly string[] = []): Module[] {
  const seen = new Set([entry]);
  for (const path of seen) for (const next of modules.get(path)?.files ?? []) if (!without.includes(next)) seen.add(next);
  return [...seen].flatMap((path) => modules.get(path) ?? []);
}

describe('the import graph', () => {
  it('has a room for every file', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.filter((path) => roomOf(path) === undefined && path !== 'src/clients/client.ts')).toEqual([]);
  });

  it('leads to files that are there', () => {
    expect([...modules.values()].flatMap((one) => one.files.filter((path) => !modules.has(path)).map((path) => `${one.path} → ${path}`))).toEqual([]);
  });

  it('goes one way between rooms, and names a library only in its own files', () => {
    const wrong = [...modules.values()].flatMap((one) => one.files.flatMap((to) => {
      const reason: string | undefined = forbidden(one.path, to);
      return reason ? [`${one.path} → ${to}: ${reason}`] : [];
    }));
    expect(wrong).toEqual([]);
  });

  it.each(['src/index.ts', 'codemods/index.ts', 'codemods/transform.ts', 'codemods/cli.ts'])('of %s loads no heavy package and awaits nowhere at the top', (entry) => {
    const reached = reachable(entry, Object.keys(COMPILERS));
    expect(reached.length).toBeGreaterThan(30);
    expect(reached.flatMap((one) => one.packages.filter((name) => HEAVY.includes(name)).map((name) => `${one.path} → ${name}`))).toEqual([]);
    expect(reached.filter((one) => one.awaits).map((one) => one.path)).toEqual([]);
  });

  it('holds the compilers behind doors, which only the commands that need them open', () => {
    const heavy = [...modules.values()].filter((one) => one.packages.some((name) => name === 'ts-morph' || name === 'typescript')).map((one) => one.path);
    expect(heavy).toEqual(['codemods/cli/typecheck.ts', 'codemods/unify/program.ts']);
    for (const [compiler, users] of Object.entries(COMPILERS)) {
      const doors = [...modules.values()].filter((one) => one.files.includes(compiler));
      expect(doors.map((one) => one.path).sort()).toEqual(users);
      for (const one of doors) expect(one.lazy).toContain(compiler);
    }
  });

  it('of the codemods holds nothing of ESLint, and that of the plugin no codemod', () => {
    for (const entry of ['codemods/transform.ts', 'codemods/cli.ts']) expect(reachable(entry).map((one) => one.path).filter((path) => path.startsWith('src/eslint'))).toEqual([]);
    expect(reachable('src/index.ts').map((one) => one.path).filter((path) => path.startsWith('codemods'))).toEqual([]);
  });
});

describe('the list of rooms', () => {
  it.each([
    ['src/trace/walk.ts', 'src/source/file.ts', undefined],
    ['src/trace/walk.ts', 'src/trace/state.ts', undefined],
    ['src/source/file.ts', 'src/trace/walk.ts', 'src/source may load no other room'],
    ['rules/no-x.ts', 'src/rewrite/index.ts', 'rules may load '],
    ['src/trace/walk.ts', 'src/clients/one/index.ts', "only src/clients/index.ts and one's own files may name a library"],
    ['src/clients/one/index.ts', 'src/clients/two/index.ts', "only src/clients/index.ts and two's own files may name a library"],
    ['src/clients/index.ts', 'src/clients/two.ts', undefined],
    ['src/clients/one/index.ts', 'src/clients/common/rows.ts', undefined],
    ['lab/run.ts', 'src/trace/walk.ts', undefined],
  ])('judges %s → %s', (from, to, reason) => {
    const said: string | undefined = forbidden(from, to);
    if (reason === undefined) expect(said).toBeUndefined(); else expect(said).toContain(reason);
  });

  it('names only rooms and files that it knows itself', () => {
    for (const allowed of Object.values(ROOMS as Record<string, string[]>).flat()) expect(allowed in ROOMS || roomOf(allowed) !== undefined, allowed).toBe(true);
  });
});
