import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { forgetRoots, rootsFor } from './roots.ts';

const folders: string[] = [];
afterEach(() => {
  for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true });
  forgetRoots();
});

/** The roots of `apps/web/lib/user.ts`, relative to the top. */
function roots(files: Readonly<Record<string, string>>): string[] {
  const top = mkdtempSync(join(tmpdir(), 'roots-'));
  folders.push(top);
  for (const [path, text] of Object.entries({ 'package.json': '{}', 'apps/web/package.json': '{}', ...files })) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), text);
  }
  return rootsFor(join(top, 'apps/web/lib/user.ts'), join(top, 'apps')).map((one) => relative(top, one) || '.');
}

test('the top of a workspace is one of the roots, and the last', () => {
  expect(roots({ 'pnpm-workspace.yaml': 'packages: [apps/*]\n' })).toEqual(['apps/web', 'apps', '.']);
  expect(roots({ 'turbo.json': '{ "tasks": {} }' })).toEqual(['apps/web', 'apps', '.']);
});

test('a package with a turbo.json of its own that extends the top\'s is not the top', () => {
  expect(roots({ 'turbo.json': '{}', 'apps/web/turbo.json': '{\n  // Of this package\n  "extends": ["//"], "tasks": {} }' })).toEqual(['apps/web', 'apps', '.']);
  expect(roots({ 'turbo.jsonc': '{}', 'apps/web/turbo.jsonc': '{ "extends": ["//"] }' })).toEqual(['apps/web', 'apps', '.']);
  expect(roots({ 'turbo.json': '{}', 'apps/web/turbo.json': '{ "tasks": {} }' })).toEqual(['apps/web']);
});
