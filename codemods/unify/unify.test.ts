/** Refusals of `unify-upserts`, how it finds and extends what is there, and how it imports. */
import { symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sandbox, type Sandbox } from '../cli/cli.test.help.ts';
import type { UnifyOptions } from './model.ts';
import { unifyFiles } from './index.ts';

const MIGRATION = `create table public.accounts (
  id uuid primary key default gen_random_uuid(),
  fid bigint unique,
  wallet text unique,
  name text,
  kind text not null default 'person',
  code text
);
create unique index accounts_code_key on public.accounts (code) where kind <> 'agent';
`;
const TSCONFIG = (more = '') => `{ "compilerOptions": { "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "strict": true, "skipLibCheck": true, "noEmit": true, "types": []${more} }, "include": ["src"] }`;
const CLIENT = "import { createClient } from '@supabase/supabase-js';\n\nexport const supabase = createClient('https://x.example', 'key');\n";
const byWallet = (body = "const { error } = await supabase.from('accounts').upsert({ wallet, fid, name }, { onConflict: 'wallet' });\n  if (error) throw error;") => `import { supabase } from './client';

export async function register(wallet: string, fid: number, name: string) {
  ${body}
}
`;
const byFid = (body = "const { error } = await supabase.from('accounts').upsert({ fid, name }, { onConflict: 'fid' });\n  if (error) throw error;", head = '') => `import { supabase } from './client';
${head}
export async function onboard(fid: number, name: string, wallet: string) {
  ${body}
}
`;

let box: Sandbox;
beforeEach(() => {
  box = sandbox({ 'package.json': '{ "name": "app", "type": "module", "dependencies": { "@supabase/supabase-js": "^2.109.0" } }', 'supabase/migrations/1_accounts.sql': MIGRATION, 'tsconfig.json': TSCONFIG(), 'src/client.ts': CLIENT, 'src/register.ts': byWallet(), 'src/onboard.ts': byFid() });
  box.write({ 'prisma/schema.prisma': '' });
  symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(box.folder, 'node_modules'), 'junction');
});
afterEach(() => box.remove());

const run = (files: readonly string[] = ['src/register.ts', 'src/onboard.ts'], more: Partial<UnifyOptions> = {}) => unifyFiles({ files, cwd: box.folder, accept: ['alternative-keys', 'partial-key'], ...more });
const apply = (result: ReturnType<typeof run>) => box.write(Object.fromEntries(result.changes.map((one) => [one.path.slice(box.folder.length + 1), one.after])));
const text = (result: ReturnType<typeof run>, file: string) => result.changes.find((one) => one.path.endsWith(file))?.after;

describe('what is brought together', () => {
  it('two upserts by different keys, and a second run changes nothing', () => {
    const result = run();
    expect(result.refused).toEqual([]);
    expect(text(result, 'onboard.ts')).toContain("import { supabase } from './client';\nimport { upsertAccount } from './upsertAccount';\n".replace('./upsertAccount', './upsert-account'));
    expect(text(result, 'onboard.ts')).toContain("await upsertAccount(supabase, { fid, name }, [{ by: 'fid', set: 'row' }]);");
    expect(text(result, 'register.ts')).toContain("[{ by: 'wallet', set: 'row' }, { by: 'fid', set: 'row' }]");
    apply(result);
    expect(run(['src/register.ts', 'src/onboard.ts', 'src/upsert-account.ts'])).toMatchObject({ changes: [], unified: [], refused: [] });
  });

  it('extends the function that is there by a place that was added later, and by its key', () => {
    apply(run());
    box.write({ 'src/import.ts': byFid("const { data, error } = await supabase.from('accounts').upsert({ wallet, name }, { onConflict: 'wallet' }).select('id, kind').single();\n  if (error) throw error;\n  return data.kind;").replace('onboard', 'imported') });
    const result = run(['src/register.ts', 'src/onboard.ts', 'src/upsert-account.ts', 'src/import.ts']);
    expect(result.refused).toEqual([]);
    expect(result.changes.map((one) => one.path.slice(box.folder.length + 1))).toEqual(['src/import.ts', 'src/upsert-account.ts']);
    expect(text(result, 'upsert-account.ts')).toContain(".select('id, kind')");
    expect(text(result, 'upsert-account.ts')!.match(/export async function/g)).toHaveLength(1);
  });

  it('leaves places alone that go by one key, and rows that never meet', () => {
    box.write({ 'src/onboard.ts': byFid("const { error } = await supabase.from('accounts').upsert({ wallet, name }, { onConflict: 'wallet' });\n  if (error) throw error;") });
    expect(run()).toMatchObject({ changes: [], unified: [], refused: [] });
    box.write({ 'src/onboard.ts': byFid(), 'src/register.ts': byWallet("const { error } = await supabase.from('accounts').upsert({ wallet, name }, { onConflict: 'wallet' });\n  if (error) throw error;") });
    expect(run()).toMatchObject({ changes: [], unified: [], refused: [] });
  });

  it('leaves a silenced place alone', () => {
    box.write({ 'src/onboard.ts': `/* eslint-disable db-race/consistent-conflict-key */\n${byFid()}` });
    expect(run()).toMatchObject({ changes: [], unified: [], refused: [] });
  });
});

describe('how it is imported', () => {
  it('by an alias where the file imports so', () => {
    box.write({ 'tsconfig.json': TSCONFIG(', "paths": { "@/*": ["./src/*"] }'), 'src/app/onboard.ts': byFid().replace("'./client'", "'@/client'"), 'src/lib/a.ts': '' });
    const result = run(['src/register.ts', 'src/app/onboard.ts']);
    expect(result.refused).toEqual([]);
    expect(text(result, 'app/onboard.ts')).toContain("import { upsertAccount } from '@/lib/upsert-account';");
    expect(text(result, 'register.ts')).toContain("import { upsertAccount } from './lib/upsert-account';");
  });

  it('with the extension, quotes and semicolons of the file', () => {
    box.write({ 'tsconfig.json': TSCONFIG(', "allowImportingTsExtensions": true'), 'src/onboard.ts': byFid().replace("'./client'", "'./client.ts'"), 'src/register.ts': byWallet().replace("'./client'", "'./client.js'").replaceAll("'", '"').replaceAll(';', '') });
    const result = run();
    expect(result.refused).toEqual([]);
    expect(text(result, 'onboard.ts')).toContain("import { upsertAccount } from './upsert-account.ts';");
    expect(text(result, 'register.ts')).toContain('import { upsertAccount } from "./upsert-account.js"\n');
    expect(text(result, 'register.ts')).toContain('[{ by: "wallet", set: "row" }, { by: "fid", set: "row" }])\n');
  });

  it('into a file that is there, beside what it imports and exports', () => {
    box.write({ 'src/db.ts': "import { supabase } from './client';\n\nexport const accounts = () => supabase.from('accounts').select();\n" });
    const result = run(undefined, { into: 'src/db.ts' });
    expect(result.refused).toEqual([]);
    expect(text(result, 'db.ts')).toMatch(/^import \{ supabase \} from '\.\/client';\nimport type \{ SupabaseClient \} from '@supabase\/supabase-js';\n\nexport const accounts/);
    expect(text(result, 'onboard.ts')).toContain("from './db';");
  });
});

describe('what is refused, for the whole table', () => {
  const refusal = (files?: readonly string[], more?: Partial<UnifyOptions>) => {
    const result = run(files, more);
    expect(result.changes).toEqual([]);
    expect(result.unified).toEqual([]);
    return result.refused[0];
  };

  it('keys of which nobody has said that they are alternatives, with the places', () => {
    expect(refusal(undefined, { accept: [] })).toMatchObject({ id: 'needs-accept', unproven: [{ id: 'alternative-keys' }], places: [{ file: 'src/register.ts', line: 4, keys: [['wallet']] }, { file: 'src/onboard.ts', line: 4, keys: [['fid']] }] });
  });

  it.each([
    ['different meanings within a place', 'meanings-differ', `const { data: known } = await supabase.from('accounts').select('id').eq('fid', fid).maybeSingle();
  if (known) return;
  const { error } = await supabase.from('accounts').insert({ fid, code: name, wallet, name });
  if (error?.code === '23505') {
    const { error: failed } = await supabase.from('accounts').update({ name }).eq('code', name);
    if (failed) throw failed;
    return;
  }
  if (error) throw error;`],
    ['a key that is over other columns', 'no-unique-key', `const { data: known } = await supabase.from('accounts').select('id').eq('name', name).maybeSingle();
  if (known) return;
  const { error } = await supabase.from('accounts').insert({ fid, wallet, name });
  if (error?.code === '23505') await supabase.from('accounts').update({ name }).eq('fid', fid);
  else if (error) throw error;`],
    ['work for a new row only', 'work-between', `const { data: known } = await supabase.from('accounts').select('id').eq('fid', fid).maybeSingle();
  if (known) { await supabase.from('accounts').update({ name }).eq('id', known.id); return; }
  await fetch('https://mail.example', { method: 'POST' });
  const { error } = await supabase.from('accounts').insert({ fid, wallet, name });
  if (error) throw error;`],
    ['answers that differ in more than literals', 'answers-differ', `const { data: known } = await supabase.from('accounts').select('id').eq('fid', fid).maybeSingle();
  if (known) { await supabase.from('accounts').update({ name }).eq('id', known.id); return { id: known.id, at: wallet }; }
  const { data: made, error } = await supabase.from('accounts').insert({ fid, wallet, name }).select('id').single();
  if (error) throw error;
  return { id: made.id, at: name };`],
    ['an update that reads the row', 'name-lost', `const { data: known } = await supabase.from('accounts').select('id, name').eq('fid', fid).maybeSingle();
  if (known) { await supabase.from('accounts').update({ name: known.name + name }).eq('id', known.id); return; }
  const { error } = await supabase.from('accounts').insert({ fid, wallet, name });
  if (error) throw error;`],
    ['a response that is handed on', 'row-shape', "return supabase.from('accounts').upsert({ fid, name }, { onConflict: 'fid' });"],
    ['several rows', 'several-rows', "const { error } = await supabase.from('accounts').upsert([{ fid, name }, { fid: fid + 1, name }], { onConflict: 'fid' });\n  if (error) throw error;"],
    ['the primary key', 'writes-id', "const { error } = await supabase.from('accounts').upsert({ id: wallet, wallet, fid, name }, { onConflict: 'id' });\n  if (error) throw error;"],
  ])('%s', (_, id, body) => {
    box.write({ 'src/onboard.ts': byFid(body) });
    const found = refusal();
    expect(found?.id, JSON.stringify(found)).toBe(id);
  });

  it('callers that hand on different columns', () => {
    const body = (columns: string, key: string) => `const { data, error } = await supabase.from('accounts').upsert({ wallet, fid, name }, { onConflict: '${key}' }).select('${columns}').single();\n  if (error) throw error;\n  return data;`;
    box.write({ 'src/register.ts': byWallet(body('id', 'wallet')), 'src/onboard.ts': byFid(body('id, name', 'fid')) });
    expect(refusal()?.id).toBe('results-differ');
  });

  it('a partial index whose predicate cannot be asked for', () => {
    box.write({ 'supabase/migrations/1_accounts.sql': MIGRATION.replace("where kind <> 'agent'", "where lower(kind) <> 'agent'"), 'src/onboard.ts': byFid(`const { data: known } = await supabase.from('accounts').select('id').eq('code', name).maybeSingle();
  if (known) { await supabase.from('accounts').update({ name }).eq('id', known.id); return; }
  const { error } = await supabase.from('accounts').insert({ code: name, wallet, name });
  if (error) throw error;`) });
    expect(refusal()?.id).toBe('partial-key');
  });

  it('a name that means something else, and a function of the name that is another', () => {
    box.write({ 'src/onboard.ts': byFid(undefined, 'const upsertAccount = 1;\nexport const one = upsertAccount;\n') });
    expect(refusal()?.id).toBe('name-taken');
    box.write({ 'src/onboard.ts': byFid(), 'src/upsert-account.ts': 'export async function upsertAccount() {}\n' });
    expect(refusal()?.id).toBe('file-taken');
  });

  it('a circle of imports', () => {
    box.write({ 'src/db.ts': "import { register } from './register';\n\nexport const again = register;\n" });
    expect(refusal(undefined, { into: 'src/db.ts' })?.id).toBe('circular-import');
  });

  it('code that would no longer type-check', () => {
    box.write({ 'src/onboard.ts': byFid(undefined, "import type { SupabaseClient } from '@supabase/supabase-js';\n").replace('name: string, wallet', "name: string, supabase: { from: SupabaseClient['from'] }, wallet").replace("import { supabase } from './client';\n", '') });
    const found = refusal();
    expect(found?.id).toBe('types');
    expect(found?.reason).toContain('src/onboard.ts:');
  });

  it('a transaction, and a handle that may be its', () => {
    const account = (name: string, key: string, handle: string) => `import type { Prisma, PrismaClient } from '@prisma/client';\n\nexport async function ${name}(${handle}, email: string, phone: string) {\n  await ${handle.split(':')[0]}.user.upsert({ where: { ${key} }, create: { email, phone }, update: { email, phone } });\n}\n`;
    box.write({
      'package.json': '{ "name": "app", "type": "module", "dependencies": { "@prisma/client": "^7.0.0" } }',
      'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\nmodel User {\n  id Int @id @default(autoincrement())\n  email String @unique\n  phone String @unique\n}\n',
      'src/one.ts': account('one', 'email', 'db: PrismaClient'), 'src/two.ts': account('two', 'phone', 'db: Prisma.TransactionClient'),
    });
    const files = ['src/one.ts', 'src/two.ts'];
    expect(refusal(files)?.id).toBe('in-transaction');
    // Nothing of the function says so, but a caller hands it the transaction's.
    box.write({ 'src/two.ts': account('two', 'phone', 'db: PrismaClient'), 'src/caller.ts': "import type { PrismaClient } from '@prisma/client';\nimport { two } from './two';\n\nexport const both = (prisma: PrismaClient) => prisma.$transaction(async (inner) => { await two(inner as never, 'a', 'b'); await inner.user.update({ where: { email: 'a' }, data: { phone: 'c' } }); });\n" });
    expect(refusal([...files, 'src/caller.ts'])?.id).toBe('in-transaction');
  });

  it('a schema that was not found', () => {
    box.write({ 'supabase/migrations/1_accounts.sql': '' });
    expect(refusal()?.id).toBe('schema-unknown');
  });
});
