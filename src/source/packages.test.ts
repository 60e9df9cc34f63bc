import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { packageVersion } from './packages.ts';

const folders: string[] = [];
afterEach(() => { for (const one of folders.splice(0)) rmSync(one, { recursive: true, force: true }); });

/** What `apps/web/a.ts` is told of `orm`. */
function version(files: Readonly<Record<string, unknown>>, part?: 'major' | 'minor'): number | undefined {
  const top = mkdtempSync(join(tmpdir(), 'packages-'));
  folders.push(top);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(top, path)), { recursive: true });
    writeFileSync(join(top, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return packageVersion('orm', join(top, 'apps/web/a.ts'), part);
}

const web = (dependencies: Record<string, string>) => ({ 'apps/web/package.json': { name: 'web', dependencies } });

test.each([
  ['^7.1.0', 7, 1], ['7', 7, undefined], ['>=6.2 <7', 6, 2], ['latest', undefined, undefined],
])('%s is version %s.%s', (range, major, minor) => {
  expect(version(web({ orm: range }))).toBe(major);
  expect(version(web({ orm: range }), 'minor')).toBe(minor);
});

test.each([
  ['catalog:', 7], ['catalog:old', 5], ['catalog:quoted', 4], ['catalog:none', undefined],
])('%s is looked up in the catalogue of pnpm', (range, major) => {
  const yaml = 'packages:\n  - "apps/*"\noverrides:\n  orm: 9.0.0\n# catalog:\ncatalog:\n  # The client\n  other: 1.0.0\n  orm: 7.8.0 # pinned\n'
    + "catalogs:\n  old:\n    other: 8.0.0\n    orm: ^5.1.0\n  quoted:\n    'orm': \"~4.2.0\"\n";
  expect(version({ ...web({ orm: range }), 'pnpm-workspace.yaml': yaml })).toBe(major);
});

test('the catalogue of Bun stands in package.json', () => {
  expect(version({ ...web({ orm: 'catalog:' }), 'package.json': { workspaces: { packages: ['apps/*'], catalog: { orm: '6.1.0' } } } })).toBe(6);
  expect(version({ ...web({ orm: 'catalog:old' }), 'package.json': { workspaces: ['apps/*'], catalogs: { old: { orm: '3' } } } })).toBe(3);
});

test('a package of the workspace that the application lists tells what it brings; several that differ do not', () => {
  const workspace = { 'package.json': { workspaces: ['apps/*', 'packages/*'] }, 'packages/db/package.json': { name: '@acme/db', dependencies: { orm: '^6.19.3' } }, 'packages/old/package.json': { name: '@acme/old', dependencies: { orm: '^5.0.0' } } };
  expect(version({ ...workspace, ...web({ '@acme/db': 'workspace:*' }) })).toBe(6);
  expect(version({ ...workspace, ...web({ '@acme/db': '*' }) }, 'minor')).toBe(19);
  expect(version({ ...workspace, ...web({ '@acme/db': 'workspace:*', '@acme/old': 'workspace:*' }) })).toBeUndefined();
  expect(version({ ...workspace, ...web({ '@acme/db': '^1.0.0' }) })).toBeUndefined();
  expect(version({ ...workspace, ...web({ other: 'workspace:*' }) })).toBeUndefined();
  expect(version({ ...workspace, ...web({ '@acme/db': 'workspace:*', orm: '^7.0.0' }) })).toBe(7);
});
