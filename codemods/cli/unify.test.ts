import { spawnSync } from 'node:child_process';
import { readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandbox, type Sandbox } from './cli.test.help.ts';

const place = (name: string, row: string, key: string): string => `import type { SupabaseClient } from '@supabase/supabase-js';

export async function ${name}(supabase: SupabaseClient, fid: number, wallet: string) {
  const { error } = await supabase.from('accounts').upsert(${row}, { onConflict: '${key}' });
  if (error) throw error;
}
`;
const ACCEPT = ['--accept', 'alternative-keys'];

let box: Sandbox;
beforeEach(() => {
  box = sandbox({
    'package.json': '{ "name": "app", "type": "module", "dependencies": { "@supabase/supabase-js": "^2.109.0" } }', 'prisma/schema.prisma': '', '.gitignore': 'node_modules\n',
    'supabase/migrations/1.sql': 'create table accounts (id uuid primary key default gen_random_uuid(), fid bigint unique, wallet text unique);',
    'tsconfig.json': '{ "compilerOptions": { "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "strict": true, "skipLibCheck": true, "noEmit": true, "types": [] }, "include": ["src"] }',
    'src/by-wallet.ts': place('byWallet', '{ fid, wallet }', 'wallet'), 'src/by-fid.ts': place('byFid', '{ fid }', 'fid'),
  });
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(box.folder, 'node_modules'), 'junction');
});
afterEach(() => box.remove());

describe('db-race unify-upserts', () => {
  it('prints a diff that git applies, new file included, and writes nothing', async () => {
    box.commit();
    const run = await box.run(['unify-upserts', 'src', ...ACCEPT]);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toContain('1 table can be brought together: 2 places in 3 files; 0 refused.');
    expect(box.git('status', '--porcelain')).toBe('');
    const applied = spawnSync('git', ['apply', '-'], { cwd: box.folder, input: run.out.slice(0, run.out.indexOf('accounts  upsertAccount()')), encoding: 'utf8' });
    expect(applied.stderr).toBe('');
    expect(readdirSync(join(box.folder, 'src')).sort()).toEqual(['by-fid.ts', 'by-wallet.ts', 'upsert-account.ts']);
    const again = await box.run(['unify-upserts', 'src', ...ACCEPT]);
    expect([again.code, again.out.split('\n')[0]]).toEqual([0, 'No table is written by different keys.']);
  });

  it('--write changes all files, and refuses a dirty work tree', async () => {
    const dirty = await box.run(['unify-upserts', 'src', '--write', ...ACCEPT]);
    expect(dirty.code).toBe(2);
    expect(dirty.err).toContain('--write needs a git work tree');
    box.commit();
    const run = await box.run(['unify-upserts', 'src', '--write', '--verify', ...ACCEPT]);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toContain('1 table brought together: 2 places in 3 files; 0 refused.');
    expect(box.read('src/by-fid.ts')).toContain("import { upsertAccount } from './upsert-account';");
    expect(readdirSync(join(box.folder, 'src')).some((name) => name.endsWith('.tmp'))).toBe(false);
  });

  it('ends with 1 while a table is refused, and lists its places', async () => {
    const run = await box.run(['unify-upserts', 'src']);
    expect(run.code).toBe(1);
    expect(run.out).toContain('accounts  not brought together (needs-accept)');
    expect(run.out).toContain('    src/by-fid.ts:4  by fid\n    src/by-wallet.ts:4  by wallet\n');
    expect((await box.run(['unify-upserts', 'src', '--check', ...ACCEPT])).code).toBe(1);
    expect((await box.run(['unify-upserts', 'src', '--table', 'nothing'])).out).toContain('--table nothing: no such table is written by different keys');
  });

  it.each([[['--write', '--check'], 'contradict'], [['--allow-dirty'], '--allow-dirty goes with --write'], [['--into', 'src/a.txt'], 'expected a file that ends with'], [['--tabel', 'x'], 'did you mean --table?']])('%j is wrong usage', async (args, message) => {
    const run = await box.run(['unify-upserts', ...args]);
    expect(run.code).toBe(2);
    expect(run.err).toContain(message);
  });
});
