import { describe, expect, it } from 'vitest';
import { catalogueOf } from './catalogue.ts';
import type { Column, SchemaPart, Table, UniqueKey } from './model.ts';

const place = { file: 'f', line: 1 };
const column = (name: string, dbName = name, more: Partial<Column> = {}): Column => ({ name, dbName, type: 'text', nullable: false, default: 'none', ...more });
const key = (columns: string[], more: Partial<UniqueKey> = {}): UniqueKey => ({ name: undefined, columns, primary: false, place, ...more });
const table = (client: string, name: string, columns: Column[], keys: UniqueKey[], more: Partial<Table> = {}): Table => ({
  name, dbName: name, schema: undefined, client, columns: new Map(columns.map((one) => [one.name, one])), keys, relations: [], sideEffects: [], complete: true, place, ...more,
});
const part = (client: string, tables: Table[], dialect?: SchemaPart['dialect']): SchemaPart => ({ client, dialect, tables, unread: [] });

const user = table('orm', 'User', [column('id'), column('teamId', 'team_id'), column('isDefault', 'is_default')], [key(['id'], { primary: true })], { dbName: 'users' });
const migrated = table('sql', 'users', [column('id'), column('team_id'), column('is_default')], [
  key(['id'], { primary: true, name: 'users_pkey' }), key(['team_id'], { name: 'one_default', where: 'is_default' }),
], { schema: 'public', sideEffects: ['trigger touch'], rowSecurity: { enabled: true, commands: ['select'] } });

describe('the catalogue', () => {
  it('puts what only migrations know on the model\'s table, by the names of code', () => {
    const catalogue = catalogueOf([part('orm', [user], 'postgres'), part('sql', [migrated], 'postgres')], []);
    expect(catalogue.tables).toHaveLength(1);
    const found = catalogue.find('orm', 'user')!;
    expect(found.name).toBe('User');
    expect(found.keys).toEqual([key(['id'], { primary: true, name: 'users_pkey' }), key(['teamId'], { name: 'one_default', where: 'is_default' })]);
    expect(found).toMatchObject({ sideEffects: ['trigger touch'], rowSecurity: { enabled: true }, complete: true });
    expect(catalogue.dialect).toBe('postgres');
  });

  it('shows a client without names of its own the database\'s names', () => {
    const catalogue = catalogueOf([part('orm', [user]), part('sql', [migrated])], []);
    const found = catalogue.find('other', 'users')!;
    expect([...found.columns.keys()]).toEqual(['id', 'team_id', 'is_default']);
    expect(found.keys.map((one) => one.columns)).toEqual([['id'], ['team_id']]);
    expect(catalogue.find('other', 'public.users')).toBeDefined();
    expect(catalogue.find('other', 'app.users')).toBeUndefined();
    const alone = catalogueOf([part('orm', [user])], []);
    expect([...alone.find('other', 'USERS')!.columns.keys()]).toEqual(['id', 'team_id', 'is_default']);
    expect(alone.find('other', 'User')).toBeUndefined();
  });

  it('keeps a declared key that migrations dropped', () => {
    const declared = { ...user, keys: [...user.keys, key(['teamId'])] };
    const catalogue = catalogueOf([part('orm', [declared]), part('sql', [{ ...migrated, keys: [] }])], []);
    expect(catalogue.find('orm', 'User')!.keys.map((one) => one.columns)).toEqual([['id'], ['teamId']]);
  });

  it('is no less complete for additions to a table that migrations never created, and is for one that they left in doubt', () => {
    const addition = table('sql', 'users', [], [key(['team_id'])], { complete: false });
    const complete = (sql: Table) => catalogueOf([part('orm', [user]), part('sql', [sql])], []).find('orm', 'User')!.complete;
    expect(complete(addition)).toBe(true);
    expect(complete({ ...migrated, complete: false })).toBe(false);
  });

  it('cuts two declarations of one model to what both say', () => {
    const other = { ...user, keys: [key(['teamId'])], columns: new Map([...user.columns, ['email', column('email')]]) };
    const found = catalogueOf([part('orm', [user]), part('orm', [other])], []).find('orm', 'User')!;
    expect(found).toMatchObject({ keys: [], complete: false });
    expect(found.columns.get('email')).toMatchObject({ nullable: 'unknown' });
    expect(catalogueOf([part('orm', [user]), part('orm', [user])], []).find('orm', 'User')).toEqual(user);
  });

  it('finds a table of another schema only when it is named or alone', () => {
    const app = table('sql', 'jobs', [column('id')], [], { schema: 'app' });
    const audit = table('sql', 'jobs', [column('id')], [], { schema: 'audit' });
    expect(catalogueOf([part('sql', [app])], []).find('x', 'jobs')).toBe(app);
    const both = catalogueOf([part('sql', [app, audit])], []);
    expect(both.find('x', 'jobs')).toBeUndefined();
    expect(both.find('x', 'audit.jobs')).toBe(audit);
  });

  it('has no dialect when declarations differ', () => {
    expect(catalogueOf([part('orm', [], 'mysql'), part('sql', [], 'postgres')], []).dialect).toBeUndefined();
  });
});
