import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resolvePath } from './modules.ts';

describe('imports', () => {
  let top: string;
  const write = (files: Record<string, string>): void => {
    for (const [path, text] of Object.entries(files)) { mkdirSync(dirname(join(top, path)), { recursive: true }); writeFileSync(join(top, path), text); }
  };
  const resolved = (source: string, from: string): string | undefined => {
    const path = resolvePath(source, join(top, from));
    return path === undefined ? undefined : relative(top, path).replaceAll('\\', '/');
  };
  beforeEach(() => { top = realpathSync(mkdtempSync(join(tmpdir(), 'db-race-modules-'))); });
  afterEach(() => { rmSync(top, { recursive: true, force: true }); });

  it('go by the paths of a tsconfig, also of one that it extends', () => {
    write({
      'package.json': '{}', 'tsconfig.base.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["libs/*/src"] } } }',
      'apps/api/tsconfig.json': '{ "extends": "../../tsconfig.base.json" }', 'apps/api/src/a.ts': '', 'libs/db/src/index.ts': '',
    });
    expect(resolved('@lib/db', 'apps/api/src/a.ts')).toBe('libs/db/src/index.ts');
  });

  it('go by the paths of a project that a tsconfig only refers to', () => {
    write({
      'tsconfig.json': '{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }',
      'tsconfig.app.json': '{ "compilerOptions": { "composite": true, "paths": { "@/*": ["./src/*"] } }, "include": ["src"] }', 'src/a.ts': '', 'src/db.ts': '',
    });
    expect(resolved('@/db', 'src/a.ts')).toBe('src/db.ts');
  });

  it('go by the paths of a tsconfig also from folders that a router names', () => {
    write({ 'package.json': '{}', 'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } }, "include": ["src"] }', 'src/db.ts': '' });
    for (const folder of ['#guild_id', '#guild_id/members/#member_id', '[id]', '[[...slug]]', '(shop)', '@modal', '$id', '_auth+', '{id}', 'a b', 'c%20d']) {
      write({ [`src/api/${folder}/route.ts`]: '', [`src/api/${folder}/near.ts`]: '' });
      expect(resolved('@/db', `src/api/${folder}/route.ts`), folder).toBe('src/db.ts');
      expect(resolved('./near', `src/api/${folder}/route.ts`), folder).toBe(`src/api/${folder}/near.ts`);
    }
  });

  it('go by a baseUrl without paths, and by a jsconfig', () => {
    write({ 'ts/tsconfig.json': '{ "compilerOptions": { "baseUrl": "src" } }', 'ts/src/deep/a.ts': '', 'ts/src/lib/db.ts': '' });
    expect(resolved('lib/db', 'ts/src/deep/a.ts')).toBe('ts/src/lib/db.ts');
    write({ 'js/jsconfig.json': '{ "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"] } } }', 'js/src/deep/a.js': '', 'js/src/lib/db.js': '' });
    expect(resolved('@/lib/db', 'js/src/deep/a.js')).toBe('js/src/lib/db.js');
    expect(resolved('src/lib/db', 'js/src/deep/a.js')).toBe('js/src/lib/db.js');
  });

  it('go by what package.json calls its own: `imports`, and the aliases of module-alias', () => {
    write({ 'package.json': '{ "imports": { "#db": "./src/db.js", "#lib/*": "./src/lib/*.js" }, "_moduleAliases": { "@root": ".", "@models": "src/models" } }', 'src/a.ts': '', 'src/db.ts': '', 'src/lib/x.ts': '', 'src/models/user.js': '', 'src/models/index.js': '' });
    expect(resolved('#db', 'src/a.ts')).toBe('src/db.ts');
    expect(resolved('#lib/x', 'src/a.ts')).toBe('src/lib/x.ts');
    expect(resolved('@models/user', 'src/a.ts')).toBe('src/models/user.js');
    expect(resolved('@models', 'src/a.ts')).toBe('src/models/index.js');
    expect(resolved('@root/src/db', 'src/a.ts')).toBe('src/db.ts');
    expect(resolved('@modelsmith/user', 'src/a.ts')).toBeUndefined();
  });

  it('lead to the sources of a workspace package, built or not, linked or not', () => {
    write({
      'package.json': '{ "workspaces": ["packages/*"] }', 'apps/web/package.json': '{}', 'apps/web/a.ts': '',
      'packages/db/package.json': '{ "name": "@acme/db", "main": "./dist/index.js", "types": "./dist/index.d.ts", "exports": { ".": { "types": "./dist/index.d.ts", "default": "./dist/index.js" }, "./client": "./dist/client.js", "./queries/*": { "import": "./dist/queries/*.mjs" } } }',
      'packages/db/src/index.ts': '', 'packages/db/src/client.ts': '', 'packages/db/src/queries/users.ts': '',
      'packages/plain/package.json': '{ "name": "plain" }', 'packages/plain/index.ts': '', 'packages/plain/lib/x.ts': '',
    });
    expect(resolved('@acme/db', 'apps/web/a.ts')).toBe('packages/db/src/index.ts');
    expect(resolved('@acme/db/client', 'apps/web/a.ts')).toBe('packages/db/src/client.ts');
    expect(resolved('@acme/db/queries/users', 'apps/web/a.ts')).toBe('packages/db/src/queries/users.ts');
    expect(resolved('plain', 'apps/web/a.ts')).toBe('packages/plain/index.ts');
    expect(resolved('plain/lib/x', 'apps/web/a.ts')).toBe('packages/plain/lib/x.ts');
    expect(resolved('@acme/other', 'apps/web/a.ts')).toBeUndefined();
  });

  it('of a linked package that was built lead to what it was built from', () => {
    write({
      'package.json': '{ "workspaces": ["packages/*"] }', 'apps/web/package.json': '{}', 'apps/web/a.ts': '',
      'packages/db/package.json': '{ "name": "@acme/db", "main": "./dist/index.js", "types": "./dist/index.d.ts" }',
      'packages/db/src/index.ts': '', 'packages/db/dist/index.js': '', 'packages/db/dist/index.d.ts': '', 'node_modules/@acme/.keep': '',
    });
    symlinkSync(join(top, 'packages/db'), join(top, 'node_modules/@acme/db'));
    expect(resolved('@acme/db', 'apps/web/a.ts')).toBe('packages/db/src/index.ts');
  });

  it('of packages that are installed are not followed', () => {
    write({ 'package.json': '{}', 'a.ts': '', 'node_modules/pg/package.json': '{ "name": "pg", "main": "index.js" }', 'node_modules/pg/index.js': '' });
    expect(resolved('pg', 'a.ts')).toBeUndefined();
    expect(resolved('node:fs', 'a.ts')).toBeUndefined();
    expect(resolved('fs', 'a.ts')).toBeUndefined();
  });
});
