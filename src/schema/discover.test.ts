import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalogueFor, forgetSchemas } from './index.ts';
import type { Table } from './model.ts';
import { rootsFor } from '../source/roots.ts';

describe('the folders in which a schema may stand', () => {
  let top: string;
  const write = (path: string, text = ''): void => { mkdirSync(join(top, path, '..'), { recursive: true }); writeFileSync(join(top, path), text); };
  beforeEach(() => { top = realpathSync(mkdtempSync(join(tmpdir(), 'db-race-roots-'))); });
  afterEach(() => { rmSync(top, { recursive: true, force: true }); });

  it('are the packages around the file, nearest first, up to the top of the workspace', () => {
    write('package.json', '{ "workspaces": ["apps/*"] }');
    write('apps/web/package.json', '{}');
    expect(rootsFor(join(top, 'apps/web/src/a.ts'), top)).toEqual([join(top, 'apps/web'), top]);
  });

  it('hold the folder of the run, which may have neither a manifest nor a mark of its own', () => {
    write('backend/package.json', '{}');
    write('supabase/migrations/1_users.sql', 'CREATE TABLE users (id int);');
    expect(rootsFor('backend/src/a.js', top).slice(0, 2)).toEqual([join(top, 'backend'), top]);
  });

  it('are no folder within a package, wherever the run was started', () => {
    write('package.json', '{}');
    write('src/services/a.ts');
    expect(rootsFor(join(top, 'src/services/a.ts'), join(top, 'src/services'))[0]).toBe(top);
  });
});

describe('the catalogue of a file', () => {
  const sources = [{ client: 'orm', source: { matches: (path: string) => path.endsWith('.orm'), read: () => [{ client: 'orm', dialect: undefined, tables: [table('Cart')], unread: [] }] } }];
  const table = (name: string): Table => ({ name, dbName: name, schema: undefined, client: 'orm', columns: new Map(), keys: [], relations: [], sideEffects: [], complete: true, place: { file: 'f', line: 1 } });
  let top: string;
  const write = (path: string, text: string): void => { mkdirSync(join(top, path, '..'), { recursive: true }); writeFileSync(join(top, path), text); };
  beforeEach(() => { forgetSchemas(); top = realpathSync(mkdtempSync(join(tmpdir(), 'db-race-catalogue-'))); });
  afterEach(() => { rmSync(top, { recursive: true, force: true }); });

  it('answers a client of which the package declares nothing with what stands further up', () => {
    write('backend/package.json', '{}');
    write('backend/cart.orm', '');
    write('supabase/migrations/1_users.sql', 'CREATE TABLE users (id int PRIMARY KEY);');
    const catalogue = catalogueFor('backend/src/a.js', { cwd: top, sources });
    expect(catalogue.find('orm', 'Cart')?.name).toBe('Cart');
    expect(catalogue.find('other', 'users')?.keys.map((one) => one.columns)).toEqual([['id']]);
    // The library has models here: those of another package are not its own.
    expect(catalogue.find('orm', 'users')).toBeUndefined();
  });

  it('does not look further up where the package has SQL of its own', () => {
    write('backend/package.json', '{}');
    write('backend/migrations/1_carts.sql', 'CREATE TABLE carts (id int PRIMARY KEY);');
    write('supabase/migrations/1_users.sql', 'CREATE TABLE users (id int PRIMARY KEY);');
    expect(catalogueFor('backend/src/a.js', { cwd: top, sources }).find('other', 'users')).toBeUndefined();
  });
});
