import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rewriteSource, type RewriteResult } from '../../../codemods/rewrite.ts';

const SCHEMA = `
create table members (id uuid primary key default gen_random_uuid(), email text not null unique, nick text not null, name text);
create table profiles (member_id uuid primary key references members (id), bio text, updated_at timestamptz);
create trigger touched before update on profiles for each row execute function moddatetime(updated_at);
create table audited (member_id uuid primary key, bio text);
create trigger audit before insert or update on audited for each row execute function log_it();
create table noted (member_id uuid primary key, bio text);
create trigger noted_update after update on noted execute function log_it();
create table guarded (member_id uuid primary key, bio text);
alter table guarded enable row level security;
create policy r on guarded for select using (true);
create policy w on guarded for insert with check (true);
create table served (member_id uuid primary key, bio text);
alter table served enable row level security;
create table several (id uuid primary key default gen_random_uuid(), email text not null, nick text not null, constraint several_email_key unique (email), constraint several_nick_key unique (nick));
create table tags (member_id uuid not null references members (id), tag text not null, primary key (member_id, tag));
create table ids (member_id uuid not null, other_id bigint not null, primary key (member_id, other_id));
create table days (member_id uuid not null, day date not null, primary key (member_id, day));
create table moments (member_id uuid not null, moment timestamptz not null, primary key (member_id, moment));
create table two_keys (member_id uuid not null, tag text not null, place integer not null, primary key (member_id, tag), unique (place));
create table nullable (member_id uuid not null, tag text, unique (member_id, tag));
create table deferred (member_id uuid not null, tag text not null, unique (member_id, tag) deferrable);
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'db-race-supabase-'));
  mkdirSync(join(folder, 'supabase/migrations'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "dependencies": { "@supabase/supabase-js": "^2.109.0" } }');
  writeFileSync(join(folder, 'supabase/migrations/20260101000000_tables.sql'), SCHEMA);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rewrite = (body: string, parameters: string): RewriteResult => rewriteSource(
  `import type { SupabaseClient } from '@supabase/supabase-js';\nexport async function run(supabase: SupabaseClient, ${parameters}) {\n${body}\n}\n`,
  { filename: join(folder, 'run.ts'), cwd: folder, accept: ['concurrent-replace'] },
);
const refusals = (result: RewriteResult): string[] => result.refused.map((one) => one.id);

const save = (table: string, insert = '{ member_id: id, bio }', update = '{ bio }'): RewriteResult => rewrite(`
  const { data } = await supabase.from('${table}').select('member_id').eq('member_id', id).maybeSingle();
  if (data) {
    const { error } = await supabase.from('${table}').update(${update}).eq('member_id', id);
    if (error) throw error;
  } else {
    const { error } = await supabase.from('${table}').insert(${insert});
    if (error) throw error;
  }`, 'id: string, bio: string, more: { bio: string }');

describe('create or update', () => {
  it('is one upsert where both write the same', () => {
    expect(save('profiles').text).toContain("upsert({ member_id: id, bio }, { onConflict: 'member_id' })");
    expect(save('profiles', '{ member_id: id, bio: bio }', '{ bio, member_id: id }').rewritten).toHaveLength(1);
  });
  it.each([
    ['a column that only the insert writes', '{ member_id: id, bio, updated_at: null }', '{ bio }'],
    ['a column that only the update writes', '{ member_id: id, bio }', '{ bio, updated_at: null }'],
    ['another value', "{ member_id: id, bio: '' }", '{ bio }'],
    ['another object', '{ ...more, member_id: id }', '{ bio }'],
  ])('is refused for %s', (_, insert, update) => {
    expect(refusals(save('profiles', insert, update))).toEqual(['update-differs']);
  });
  it('takes two readings of the clock for one value', () => {
    expect(save('profiles', '{ member_id: id, bio, updated_at: new Date().toISOString() }', '{ bio, updated_at: new Date().toISOString() }').rewritten).toHaveLength(1);
    expect(refusals(save('profiles', '{ member_id: id, bio, updated_at: new Date().toISOString() }', '{ bio, updated_at: new Date(0).toISOString() }'))).toEqual(['update-differs']);
  });
  it('lets triggers for each updated row be, and no others', () => {
    expect(save('profiles').rewritten).toHaveLength(1);
    expect(refusals(save('audited'))).toEqual(['side-effects']);
    expect(refusals(save('noted'))).toEqual(['side-effects']);
  });
  it('needs policies for what an upsert does, unless nobody but the service may insert', () => {
    expect(refusals(save('guarded'))).toEqual(['row-security']);
    expect(save('served').rewritten[0]?.requires).toContainEqual(expect.objectContaining({ id: 'row-security', state: 'proven' }));
  });
});

describe('replaced sets', () => {
  const set = (table: string, rows: string, type = 'string[]') => rewrite(`
  await supabase.from('${table}').delete().eq('member_id', id);
  const { error } = await supabase.from('${table}').insert(values.map(${rows}));
  if (error) throw error;`, `id: string, values: ${type}`);

  it('list values as PostgREST reads them', () => {
    expect(set('tags', '(tag) => ({ member_id: id, tag })').text).toContain(String.raw`.not('tag', 'in', ${'`'}(${'$'}{values.map((tag) => ${'`'}"${'$'}{tag.replace(/["\\]/g, '\\$&')}"${'`'}).join(',')})${'`'})`);
    expect(set('ids', '(other) => ({ member_id: id, other_id: other })', 'number[]').text).toContain(".not('other_id', 'in', `(${values.join(',')})`)");
    expect(set('days', '(day) => ({ member_id: id, day })').text).toContain('JSON.stringify(day)');
  });
  it.each([
    ['a column that rounds', 'moments', '(moment) => ({ member_id: id, moment })', 'column-type'],
    ['a second key', 'two_keys', '(tag) => ({ member_id: id, tag, place: 1 })', 'several-keys'],
    ['a key with NULLs', 'nullable', '(tag) => ({ member_id: id, tag })', 'nullable-key'],
    ['a deferrable key', 'deferred', '(tag) => ({ member_id: id, tag })', 'deferrable-key'],
    ['a spread behind the scope', 'tags', '(tag) => ({ member_id: id, ...tag })', 'scope-differs'],
  ])('are refused for %s', (_, table, rows, id) => {
    const result = set(table, rows, 'any[]');
    expect(refusals(result)).toEqual([id]);
  });
  it('come with the database function that serialises them', () => {
    const [rewritten] = set('tags', '(tag) => ({ member_id: id, tag })').rewritten;
    expect(rewritten?.changes.join('\n')).toMatch(/perform 1 from public\.members where id = p_member_id for update;\n {2}delete from public\.tags where member_id = p_member_id;\n {2}insert into public\.tags \(member_id, tag\)/);
    expect(rewritten?.requires).toContainEqual(expect.objectContaining({ id: 'concurrent-replace', state: 'unknown' }));
    expect(set('moments', '(moment) => ({ member_id: id, moment })').refused[0]?.migration?.statements.postgres).toContain('p_moment timestamptz[]');
  });
  it('stay when what is deleted is narrower, or the delete is one of many', () => {
    const narrowed = (filter: string) => rewrite(`
  await supabase.from('tags').delete().eq('member_id', id)${filter};
  const { error } = await supabase.from('tags').insert(values.map((tag) => ({ member_id: id, tag })));
  if (error) throw error;`, 'id: string, values: string[]');
    for (const filter of [".limit(3)", ".order('tag').limit(3)", ".gt('tag', 'm')"]) expect(narrowed(filter).rewritten).toEqual([]);
  });
  it('stay when rows are added to a list that was written out', () => {
    const listed = (more: string) => rewrite(`
  await supabase.from('tags').delete().eq('member_id', id);
  const rows = [{ member_id: id, tag: 'first' }];
  ${more}
  const { error } = await supabase.from('tags').insert(rows);
  if (error) throw error;`, 'id: string, other: string, values: string[]');
    expect(listed('').rewritten).toHaveLength(1);
    expect(listed('for (const tag of values) rows.push({ member_id: other, tag });').rewritten).toEqual([]);
  });
  it('keep names apart, also of two sets in one function', () => {
    const { text, rewritten } = rewrite(`
  await supabase.from('tags').delete().eq('member_id', id);
  const { error } = await supabase.from('tags').insert(values.map((tag) => ({ member_id: id, tag })));
  if (error) throw error;
  await supabase.from('ids').delete().eq('member_id', id);
  const { error: second } = await supabase.from('ids').insert(others.map((other) => ({ member_id: id, other_id: other })));
  if (second) throw second;`, 'id: string, values: string[], others: number[]');
    expect(rewritten).toHaveLength(2);
    expect(text.match(/const rows2? =/g)).toEqual(['const rows =', 'const rows2 =']);
  });
});
