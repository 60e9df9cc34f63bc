import { describe, expect, it } from 'vitest';
import { compareNatural, inOrder, isSchemaSql, withoutDownSection } from './order.ts';

describe('the order of migrations', () => {
  it.each([
    ['supabase timestamps', ['supabase/migrations/20240102_b.sql', 'supabase/migrations/20231231235959_a.sql'], [1, 0]],
    ['folders with a timestamp', ['prisma/migrations/20240102_b/migration.sql', 'prisma/migrations/20240101_a/migration.sql'], [1, 0]],
    ['versions', ['V10__c.sql', 'V2__b.sql', 'V1.10__z.sql', 'V1.9__y.sql', 'R__views.sql'], [3, 2, 1, 0, 4]],
    ['plain numbers', ['sql/10_c.sql', 'sql/2_b.sql', 'sql/001_a.sql'], [2, 1, 0]],
    ['a dump before the migrations', ['db/migrations/1.sql', 'db/schema.sql'], [1, 0]],
    ['names', ['sql/b.sql', 'sql/a.sql'], [1, 0]],
  ])('%s', (_what, paths, order) => {
    expect(inOrder(paths.map((path) => `/db/project/${path}`), '/db/project')).toEqual(order.map((at) => `/db/project/${paths[at]!}`));
  });

  it('compares numbers of any length', () => {
    expect(compareNatural('20240101000000123456789', '20240101000000123456790')).toBe(-1);
    expect(compareNatural('a2', 'a10')).toBeLessThan(0);
  });
});

describe('which files take part', () => {
  it.each([
    ['supabase/migrations/20240101_x.sql', true], ['supabase/schemas/users.sql', true], ['supabase/seed.sql', false], ['drizzle/0000_x.sql', true],
    ['db/migrate/1_x.sql', true], ['db/migrate/1_x.down.sql', false], ['migrations/000001_init.up.sql', true], ['V2__users.sql', true], ['U2__users.sql', false],
    ['tests/fixtures/db/schema.sql', false], ['src/queries/find.sql', false], ['schema.sql', true], ['packages/api/src/schema.sql', true], ['docs/db/x.sql', false],
  ])('%s: %s', (path, expected) => { expect(isSchemaSql(path)).toBe(expected); });
});

describe('sections that undo', () => {
  const kept = (text: string) => withoutDownSection(text).split('\n').map((line) => line.trim()).filter((line) => line && !line.startsWith('--'));
  it.each(['-- +migrate Down', '-- migrate:down', '-- +goose Down', '--//@UNDO', '-- Down Migration'])('are blanked after %s', (marker) => {
    expect(kept(`-- up\ncreate table a (id int);\n${marker}\ndrop table a;\n`)).toEqual(['create table a (id int);']);
  });
  it('keeps what goes up again, and the line numbers', () => {
    const text = '-- +migrate Down\ndrop table a;\n-- +migrate Up\ncreate table a (id int);';
    expect(kept(text)).toEqual(['create table a (id int);']);
    expect(withoutDownSection(text).split('\n')).toHaveLength(4);
  });
});
