import { describe, expect, it } from 'vitest';
import type { Predicate, Value } from '../../model.ts';
import type { Catalogue, Table } from '../../schema/model.ts';
import { readSelect } from './columns.ts';
import { supabase } from './index.ts';
import { evaluate } from './source.test.help.ts';

const declared = (context: Parameters<NonNullable<typeof supabase.declared>>[1]) => (
  { supabase: supabase.declared!({ name: 'SupabaseClient', from: '@supabase/supabase-js', args: [], node: undefined as never }, context) });
const run = (code: string, catalogue?: Catalogue) => evaluate(supabase, code, { roots: declared, ...(catalogue ? { catalogue } : {}) });
const specIn = (code: string, catalogue?: Catalogue) => run(code, catalogue).spec!;
/** A shape needs no root: every name is an input. */
const guess = (code: string) => evaluate(supabase, code).spec;

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind);
const where = (predicate: Predicate | undefined) => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}`).join(' & ')).join(' | ')
  + (predicate!.complete ? '' : ' …');

describe('requests', () => {
  it('reads rows, and nothing is pending before a verb', () => {
    expect(run(`supabase.from('users')`).spec).toBeUndefined();
    const spec = specIn(`supabase.from('users').select('id, email').eq('email', email)`);
    expect(spec).toMatchObject({ verb: 'find', table: { name: 'users' }, many: true, columns: ['id', 'email'], label: `supabase.from('users').select`, evidence: 'declaration', dialect: 'postgres' });
    expect(where(spec.predicate)).toBe('email = email');
    expect(spec.result).toEqual([{ path: ['data'], is: 'rows' }, { path: ['error'], is: 'error' }]);
  });

  it('tells single from maybeSingle', () => {
    const one = specIn(`supabase.from('users').select().eq('id', id).single()`);
    expect(one.many).toBe(false);
    expect(one.result).toEqual([{ path: ['data'], is: 'row', miss: 'error' }, { path: ['error'], is: 'error', absentCodes: ['PGRST116'] }]);
    const maybe = specIn(`supabase.from('users').select().eq('id', id).maybeSingle()`);
    expect(maybe.result).toEqual([{ path: ['data'], is: 'row', miss: 'null' }, { path: ['error'], is: 'error' }]);
    expect(specIn(`supabase.from('users').select().single().throwOnError()`).result).toEqual([{ path: ['data'], is: 'row', miss: 'throws' }]);
  });

  it('counts with head, and counts beside rows', () => {
    expect(specIn(`supabase.from('seats').select('*', { count: 'exact', head: true }).eq('team_id', t)`)).toMatchObject({ verb: 'count', result: [{ path: ['count'], is: 'count', numeric: 'number' }, { path: ['error'] }] });
    expect(specIn(`supabase.from('seats').select('id', { count: 'exact' })`)).toMatchObject({ verb: 'find', result: [{ path: ['data'], is: 'rows' }, { path: ['count'], is: 'count' }, { path: ['error'] }] });
    expect(specIn(`supabase.from('docs').select('number.max()').single()`)).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'number' }, result: [{ path: ['data', 'max'], is: 'scalar' }, {}] });
  });

  it('inserts one row or several, with or without the rows coming back', () => {
    const one = specIn(`supabase.from('users').insert({ email, name: 'x', age: undefined })`);
    expect(one).toMatchObject({ verb: 'insert', many: false, result: [{ path: ['error'], is: 'error' }] });
    expect(one.rows![0]!.assignments.map((each) => each.column)).toEqual(['email', 'name']);
    const back = specIn(`supabase.from('users').insert([{ email }]).select('id').single()`);
    expect(back.result).toEqual([{ path: ['data'], is: 'written', miss: 'error' }, { path: ['error'], is: 'error', absentCodes: ['PGRST116'] }]);
    expect(specIn(`supabase.from('users').insert({ email }).select()`).result).toEqual([{ path: ['data'], is: 'rows' }, { path: ['data', '0'], is: 'written' }, { path: ['error'], is: 'error' }]);
    expect(specIn(`supabase.from('users').insert(rows).select()`).result[0]).toEqual({ path: ['data'], is: 'written' });
    expect(specIn(`supabase.from('users').insert(rows)`)).toMatchObject({ many: true, rowsOf: { kind: 'input', name: 'rows' } });
    expect(one.violation).toMatchObject({ arrives: 'returned', classes: [] });
    expect(one.violation!.tests[0]).toEqual({ path: ['code'], values: ['23505'], fires: true });
    expect(specIn(`supabase.from('users').insert({ email }).throwOnError()`)).toMatchObject({ result: [], violation: { arrives: 'thrown', classes: ['PostgrestError', 'Error'] } });
  });

  it('says how a conditional write shows a miss', () => {
    expect(specIn(`supabase.from('t').update({ n: 1 }).eq('id', id)`)).toMatchObject({ verb: 'update', miss: 'silent', many: true });
    expect(specIn(`supabase.from('t').update({ n: 1 }).eq('id', id).select()`)).toMatchObject({ miss: 'count' });
    expect(specIn(`supabase.from('t').update({ n: 1 }, { count: 'exact' }).eq('id', id)`)).toMatchObject({ miss: 'count', result: [{ path: ['count'], is: 'affected' }, {}] });
    expect(specIn(`supabase.from('t').delete().eq('id', id).select().maybeSingle()`)).toMatchObject({ verb: 'delete', miss: 'null', many: false });
    expect(specIn(`supabase.from('t').update({ n: 1 }).eq('id', id).select().single().throwOnError()`)).toMatchObject({ miss: 'throws' });
  });

  it('upserts on the given key, or on the primary key that the schema declares', () => {
    const target = (code: string, catalogue?: Catalogue) => specIn(code, catalogue).conflict;
    expect(target(`supabase.from('m').upsert({ a, b }, { onConflict: 'a, b' })`)).toEqual({ target: ['a', 'b'], action: 'update', update: undefined, atomic: true });
    expect(target(`supabase.from('m').upsert({ a }, { onConflict: 'a', ignoreDuplicates: true })`)).toMatchObject({ action: 'ignore' });
    expect(target(`supabase.from('m').upsert({ a })`)).toMatchObject({ target: undefined });
    const key = { name: undefined, columns: ['id'], primary: true, place: { file: '', line: 1 } };
    const catalogue = { find: () => ({ keys: [key] }) as unknown as Table } as unknown as Catalogue;
    expect(target(`supabase.from('m').upsert({ a })`, catalogue)).toMatchObject({ target: ['id'] });
    expect(target(`supabase.from('m').upsert({ a }, { onConflict: KEY })`, catalogue)).toMatchObject({ target: undefined });
  });

  it('calls functions, and leaves storage, auth and channels alone', () => {
    expect(specIn(`supabase.rpc('claim_seat', { team: t }).single()`)).toMatchObject({ verb: 'call', table: { name: 'claim_seat' }, result: [{ path: ['data'], is: 'row' }, {}] });
    expect(run(`supabase.storage.from('avatars').select('x')`).spec).toBeUndefined();
    expect(run(`supabase.auth.from('avatars').insert({ x })`).spec).toBeUndefined();
    expect(specIn(`supabase.schema('app').from('users').select()`)).toMatchObject({ table: { name: 'app.users' } });
  });
});

describe('filters', () => {
  const filter = (chain: string) => where(specIn(`supabase.from('t').select('*, author:users!inner(id), posts(id)').${chain}`).predicate);
  it.each([
    [`eq('a', x).neq('b', 1).is('c', null)`, 'a = x & b != 1 & c is null null'],
    [`is('done', true).not('gone', 'is', null)`, 'done = true & gone is not null null'],
    [`in('id', ids).notIn('b', more)`, 'id in ids & b not in more'],
    [`match({ a: x, b: 2 })`, 'a = x & b = 2'],
    [`match(query)`, ' …'],
    [`filter('a', 'eq', x).filter('b', 'not.in', '(1,2)')`, 'a = x & b not in "(1,2)"'],
    ['not(\'b\', \'in\', `(${ids.join(\',\')})`)', 'b not in ids'],
    [`not('n', 'gt', 3)`, 'n <= 3'],
    [`eq(field, x)`, ' …'],
    [`textSearch('a', x)`, 'a other x …'],
    [`eq('data->>kind', x)`, 'data other x'],
    [`eq('posts.id', x).eq('a', 1)`, 'a = 1'],
    [`eq('author.id', x)`, 'author.id = x'],
    [`or('a.eq.1,b.is.null')`, 'a = "1" | b is null null'],
    ['eq(\'t\', t).or(`a.eq.${x},and(b.eq.${y},c.gt.5)`)', 't = t & a = x | t = t & b = y & c > "5"'],
    [`or('not.and(a.eq.1,b.not.in.(1,2))')`, 'a != "1" | b in unknown'],
    ['or(`name.ilike.%${q}%`)', 'name like unknown'],
    ['or(`${field}.eq.1`)', ' …'],
    [`or('x.gt.1', { referencedTable: 'posts' }).eq('a', 1)`, 'a = 1'],
    [`or(conditions)`, ' …'],
  ])('%s', (chain, expected) => { expect(filter(chain)).toBe(expected); });

  it('keeps order and limit', () => {
    expect(specIn(`supabase.from('t').select().order('n', { ascending: false }).order('x', { referencedTable: 'p' }).limit(1).single()`)).toMatchObject({ order: [{ column: 'n', descending: true }], many: false });
    expect(specIn(`supabase.from('t').select().range(0, 0)`).many).toBe(false);
  });

  it('reads select lists', () => {
    expect(readSelect(`id, label:name, data->>kind, n::text, author:users!fk!inner(id, email), posts(count), ...org(name)`)).toEqual({
      columns: ['id', 'name', 'data', 'n'], aggregates: [], mixed: true,
      embedded: [
        { name: 'author', resource: 'users', inner: true, counts: false, columns: ['id', 'email'] },
        { name: 'posts', resource: 'posts', inner: false, counts: true, columns: ['count'] },
        { name: 'org', resource: 'org', inner: false, counts: false, columns: ['name'] },
      ],
    });
    expect(readSelect('*, posts(*)')).toMatchObject({ columns: undefined, embedded: [{ name: 'posts' }] });
  });
});

describe('recognition', () => {
  const imported = (source: string, name: string) => {
    const evidence = (code: string) => evaluate(supabase, code, { roots: (context) => ({ made: supabase.imported!(source, name, context) }) });
    return evidence('made').value?.kind === 'handle' ? evidence(`(await made()).from('t').select()`).spec?.evidence : undefined;
  };
  it.each([
    ['@supabase/supabase-js', 'createClient', 'declaration'],
    ['@supabase/ssr', 'createServerClient', 'declaration'],
    ['@supabase/auth-helpers-nextjs', 'createRouteHandlerClient', 'declaration'],
    ['@supabase/auth-helpers-react', 'useSupabaseClient', 'declaration'],
    ['https://esm.sh/@supabase/supabase-js@2.39', 'createClient', 'declaration'],
    ['npm:@supabase/supabase-js@2', 'createClient', 'declaration'],
    ['@/utils/supabase/server', 'createClient', 'shape'],
    ['../lib/supabase', 'supabaseAdmin', 'shape'],
    ['../lib/supabase', 'getSupabaseServerClient', 'shape'],
    ['@/lib/supabase', 'default', 'shape'],
    ['@/lib/supabase/queries', 'getUserFromSupabase', undefined],
    ['@/lib/db', 'createClient', undefined],
    ['@supabase/supabase-js', 'isAuthError', undefined],
  ])('%s %s', (source, name, evidence) => { expect(imported(source, name)).toBe(evidence); });

  it('reads declared types', () => {
    const node = undefined as never;
    const made = (name: string, from: string | undefined, args: { name: string; from: string | undefined; args: []; node: never }[] = []) => (
      evaluate(supabase, `db.from('t').select('id')`, { roots: (context) => ({ db: supabase.declared!({ name, from, args, node }, context) }) }).spec?.evidence);
    expect(made('SupabaseClient', '@supabase/supabase-js')).toBe('declaration');
    expect(made('TypedSupabaseClient', '~/types')).toBe('declaration');
    expect(made('ReturnType', undefined, [{ name: 'createClient', from: '@/lib/supabase/server', args: [], node }])).toBe('declaration');
    expect(made('Client', 'pg')).not.toBe('declaration');
  });

  it.each([
    [`ctx.supabase.from('users').select('*')`, 'shape'],
    [`event.locals.supabase.from('users').insert({ a })`, 'shape'],
    [`this.supabaseAdmin.from(TABLE).insert({ a })`, 'name'],
    [`supabase.rpc('fn')`, 'shape'],
    [`client.from('users').select('*').eq('a', 1).maybeSingle()`, 'shape'],
    [`const { data, error } = await client.from('users').insert({ a })`, 'shape'],
    [`db.from('users').insert({ a })`, 'name'],
    [`Array.from('users').select('x').single()`, undefined],
    [`Buffer.from('users').single()`, undefined],
    [`supabase.storage.from('avatars').update('p', file)`, undefined],
    [`db.select().from('users').where(x)`, undefined],
    [`db.from('users').where({ a }).first()`, undefined],
    [`db.from('users').select('a').where('b', 1)`, undefined],
    [`knex.from('users').select('a')`, undefined],
    [`db.from('users').select('a').eq('a', 1).execute()`, undefined],
    [`db.from('users as u').select('a').eq('a', 1)`, undefined],
  ])('guesses %s', (code, evidence) => { expect(guess(code)?.evidence).toBe(evidence); });
});
