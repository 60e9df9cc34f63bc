/** Handles that only a resolved type shows, and the same file without types. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as parser from '@typescript-eslint/parser';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from '../index.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
let folder: string;

const FILES: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({ dependencies: { typeorm: '^1.1.0', '@supabase/supabase-js': '^2.0.0' } }),
  'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, noEmit: true, skipLibCheck: true, experimentalDecorators: true, allowImportingTsExtensions: true, types: ['node'] }, include: ['*.ts'] }),
  'tag.entity.ts': `import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
@Entity() export class Tag {
  @PrimaryGeneratedColumn() id!: number;
  @Column({ unique: true }) name!: string;
}
`,
  // What the request carries is said in a declaration that no import of the service leads to.
  'context.d.ts': `declare interface RequestContext { readonly store: { readonly tags: import('typeorm').Repository<import('./tag.entity.ts').Tag> } }
declare interface Platform { readonly db: import('@supabase/supabase-js').SupabaseClient; readonly lists: { from(name: string): { select(columns: string): { eq(column: string, value: string): { maybeSingle(): Promise<{ data: object | null }> } }; insert(value: object): Promise<void> } } }
declare interface Cache { readonly tags: { findOneBy(where: { name: string }): Promise<string | undefined>; save(value: { name: string }): Promise<void> } }
`,
  'service.ts': `export async function ensureTag({ store }: RequestContext, name: string) {
  const tag = await store.tags.findOneBy({ name });
  if (tag) return tag;
  return store.tags.save({ name });
}

export async function ensureCached(cache: Cache, name: string) {
  const tag = await cache.tags.findOneBy({ name });
  if (tag) return tag;
  return cache.tags.save({ name });
}
`,
  'hook.ts': `export async function ensureLabel({ db }: Platform, name: string) {
  const { data } = await db.from('labels').select('id').eq('name', name).maybeSingle();
  if (!data) await db.from('labels').insert({ name });
}

export async function ensureListed({ lists }: Platform, name: string) {
  const { data } = await lists.from('labels').select('id').eq('name', name).maybeSingle();
  if (!data) await lists.from('labels').insert({ name });
}
`,
};

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'db-race-types-')));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function lint(withTypes: boolean, file = 'service.ts'): Promise<string[]> {
  const eslint = new ESLint({
    cwd: folder, overrideConfigFile: true,
    overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser: parser as never, parserOptions: withTypes ? { project: './tsconfig.json', tsconfigRootDir: folder } : {} } }, plugin.configs.recommended as never],
  });
  const [result] = await eslint.lintFiles([file]);
  return result!.messages.map((one) => `${one.line} ${one.ruleId}`);
}

describe('with typed linting', () => {
  it('the resolved type decides which receivers are handles, and which only look like them', async () => {
    expect(await lint(true)).toEqual(['4 db-race/no-find-then-insert']);
  });

  it('tells a Supabase client from what is called like one', async () => {
    expect(await lint(true, 'hook.ts')).toEqual(['3 db-race/no-find-then-insert']);
  });

  it('a file whose handles nothing but a type shows stays quiet without types', async () => {
    expect(await lint(false)).toEqual([]);
  });
});
