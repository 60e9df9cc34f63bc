import { describe, expect, it } from 'vitest';
import { assumedKey, assumedFor, withAssumed } from './assumed.ts';
import { catalogueOf, EMPTY_CATALOGUE } from './catalogue.ts';
import { readSql } from './sql.ts';

const catalogue = catalogueOf([readSql([{ path: 'a.sql', text: 'CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, "Nick" text);' }], 'postgres')], ['a.sql']);
const key = (text: string) => assumedKey(text)!;

describe('keys that the settings vouch for', () => {
  it.each([['users(email)', 'users', ['email']], [' public.user_roles ( user_id , role_id )', 'public.user_roles', ['user_id', 'role_id']]])('%j', (text, table, columns) => {
    expect(key(text)).toMatchObject({ table, columns });
  });
  it.each(['users', 'users()', 'users(a,)', 'users(a b)', '(a)', 'users(a)(b)', 'users(a, a)', 'a b(c)'])('%j is none', (text) => expect(assumedKey(text)).toBeUndefined());

  it('join the keys that are declared, by any case of the names', () => {
    const made = withAssumed(catalogue, [key('Users(EMAIL)'), key('users(nick)')]);
    const users = made.find('sql', 'users')!;
    expect(users.keys.map((one) => [one.columns, one.assumed])).toEqual([[['id'], undefined], [['email'], 'Users(EMAIL)'], [['Nick'], 'users(nick)']]);
    // Rules compare tables by identity.
    expect(made.find('sql', 'users')).toBe(users);
    expect(catalogue.find('sql', 'users')!.keys).toHaveLength(1);
  });

  it('leave out what the table surely has not', () => expect(assumedFor(catalogue.find('sql', 'users')!, [key('users(phone)'), key('others(email)')])).toEqual([]));

  it('are all that is known of a table that nobody declares', () => {
    const assumed = [key('orders(number)'), key('orders(shop, code)')];
    const made = withAssumed(EMPTY_CATALOGUE, assumed);
    expect(made.find('supabase', 'orders')).toMatchObject({ name: 'orders', complete: false, keys: [{ columns: ['number'] }, { columns: ['shop', 'code'] }] });
    expect([...made.find('supabase', 'orders')!.columns.keys()]).toEqual(['number', 'shop', 'code']);
    expect(withAssumed(EMPTY_CATALOGUE, assumed)).toBe(made);
    expect(made.find('supabase', 'others')).toBeUndefined();
  });
});
