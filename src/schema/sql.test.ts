import { describe, expect, it } from 'vitest';
import type { Dialect, Table } from './model.ts';
import { readSql } from './sql.ts';

const part = (texts: string | readonly string[], dialect?: Dialect) => readSql([texts].flat().map((text, at) => ({ path: `${at}.sql`, text })), dialect);
const tables = (texts: string | readonly string[], dialect?: Dialect): readonly Table[] => part(texts, dialect).tables;
const only = (texts: string | readonly string[], dialect?: Dialect): Table => { const found = tables(texts, dialect); expect(found).toHaveLength(1); return found[0]!; };
const keys = (table: Table) => table.keys.map((key) => `${key.primary ? 'primary ' : ''}${key.name ?? ''}(${key.columns.join()})${key.where === undefined ? '' : ` where ${key.where}`}${key.expression ? ' expression' : ''}${key.deferrable ? ' deferrable' : ''}${key.nullsNotDistinct ? ' nulls' : ''}`);

describe('tables', () => {
  it('have columns with defaults and nullability', () => {
    const table = only(`CREATE TABLE IF NOT EXISTS public.users (
      id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, active boolean NOT NULL DEFAULT true, tags text[] DEFAULT '{}', data jsonb, n int DEFAULT -1, at timestamptz DEFAULT now(), full_name text GENERATED ALWAYS AS (email || 'x') STORED);`, 'postgres');
    expect(table).toMatchObject({ name: 'users', dbName: 'users', schema: 'public', client: 'sql', complete: true, place: { file: '0.sql', line: 1 } });
    expect(Object.fromEntries([...table.columns.values()].map((one) => [one.name, [one.type, one.nullable, one.default, one.defaultLiteral, one.structured]]))).toEqual({
      id: ['bigserial', false, 'generated-id', undefined, undefined], email: ['text', false, 'none', undefined, undefined], active: ['boolean', false, 'database', true, undefined], tags: ['text', true, 'database', '{}', true],
      data: ['jsonb', true, 'none', undefined, true], n: ['int', true, 'database', -1, undefined], at: ['timestamptz', true, 'database', undefined, undefined], full_name: ['text', true, 'database', undefined, undefined],
    });
    expect(keys(table)).toEqual(['primary users_pkey(id)', 'users_email_key(email)']);
  });

  it('know every kind of key', () => {
    expect(keys(only(`CREATE TABLE t (a uuid PRIMARY KEY DEFAULT gen_random_uuid(), b int, c text, d text, CONSTRAINT pair UNIQUE NULLS NOT DISTINCT (b, c), UNIQUE (d) DEFERRABLE INITIALLY DEFERRED);
      CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one_c ON t USING btree (c) WHERE (b IS NULL);
      CREATE UNIQUE INDEX ON t (lower(c), d); CREATE INDEX plain ON t (b);`, 'postgres')))
      .toEqual(['primary t_pkey(a)', 'pair(b,c) nulls', 't_d_key(d) deferrable', 'one_c(c) where (b IS NULL)', 't_d_expr_idx(d) expression']);
  });

  it('are read in MySQL\'s and SQLite\'s ways', () => {
    const table = only('CREATE TABLE `posts` (`id` int unsigned NOT NULL AUTO_INCREMENT, `slug` varchar(255) COLLATE utf8mb4_bin NOT NULL, `title` text COMMENT \'a, b\', `at` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, `key` enum(\'a\',\'b\') DEFAULT \'a\', PRIMARY KEY (`id`), UNIQUE KEY `slugs` (`slug`), UNIQUE KEY `titles` (`title`(20)), KEY `by_at` (`at`), FULLTEXT KEY `ft` (`title`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;');
    expect(keys(table)).toEqual(['primary PRIMARY(id)', 'slugs(slug)', 'titles() expression']);
    expect(table.complete).toBe(true);
    expect(table.columns.get('at')).toMatchObject({ updatedAt: true, default: 'database' });
    expect(table.columns.get('id')).toMatchObject({ nullable: false, default: 'generated-id', type: 'int' });
    expect(table.columns.get('key')).toMatchObject({ type: 'enum', defaultLiteral: 'a' });
    const lite = only('CREATE TABLE [t] (id INTEGER PRIMARY KEY AUTOINCREMENT, a, b TEXT UNIQUE ON CONFLICT IGNORE, UNIQUE (a, b)) WITHOUT ROWID;');
    expect(keys(lite)).toEqual(['primary (id)', '(b)', '(a,b)']);
    expect(lite.columns.get('a')).toMatchObject({ type: undefined, nullable: true });
  });

  it('give an integer primary key in SQLite, not elsewhere', () => {
    const given = (text: string, dialect?: Dialect) => only(text, dialect).columns.get('id')!.default;
    expect(given('CREATE TABLE t (id INTEGER PRIMARY KEY)', 'sqlite')).toBe('generated-id');
    expect(given('CREATE TABLE t (id INTEGER, PRIMARY KEY (id))', 'sqlite')).toBe('generated-id');
    expect(given('CREATE TABLE t (id INTEGER, b int, PRIMARY KEY (id, b))', 'sqlite')).toBe('none');
    expect(given('CREATE TABLE t (id INTEGER PRIMARY KEY)', 'postgres')).toBe('none');
    expect(given('CREATE TABLE t (id INTEGER PRIMARY KEY)')).toBe('unknown');
  });

  it('follow what later files change', () => {
    const found = tables([
      'CREATE TABLE a (id serial PRIMARY KEY, x text NOT NULL, y int, gone int UNIQUE); CREATE TABLE old (id int); CREATE UNIQUE INDEX i ON a (x);',
      'ALTER TABLE a RENAME COLUMN x TO z; ALTER TABLE ONLY a ADD CONSTRAINT k UNIQUE (y, z), DROP COLUMN gone, ALTER COLUMN z DROP NOT NULL, ALTER y SET DEFAULT 5, ADD COLUMN w boolean NOT NULL DEFAULT false; DROP TABLE IF EXISTS old CASCADE;',
      'ALTER TABLE a RENAME TO b; ALTER TABLE b RENAME CONSTRAINT k TO l; ALTER INDEX i RENAME TO j; ALTER TABLE b DROP CONSTRAINT a_pkey, ADD PRIMARY KEY (y); DROP INDEX CONCURRENTLY IF EXISTS nothing;',
    ], 'postgres');
    expect(found.map((one) => one.name)).toEqual(['b']);
    const [table] = found;
    expect(keys(table!)).toEqual(['j(z)', 'l(y,z)', 'primary b_pkey(y)']);
    expect([...table!.columns.values()].map((one) => `${one.name} ${one.nullable} ${one.default}`)).toEqual(['id false generated-id', 'z true none', 'y false database', 'w false database']);
    expect(keys(only(['CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a, b);', 'ALTER TABLE t ADD CONSTRAINT k UNIQUE USING INDEX i;'], 'postgres'))).toEqual(['k(a,b)']);
    expect(keys(only('CREATE TABLE t (a int, b int, UNIQUE KEY k (a)); ALTER TABLE t DROP INDEX k, ADD UNIQUE INDEX m (b), CHANGE a c bigint NOT NULL, MODIFY b int NOT NULL;', 'mysql'))).toEqual(['m(b)']);
  });

  it('know what runs beside and what is allowed', () => {
    expect(only(`CREATE TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY "read all" ON public.t FOR SELECT USING (true); CREATE POLICY w ON t WITH CHECK (true);
      CREATE OR REPLACE FUNCTION f() RETURNS trigger AS $$ BEGIN UPDATE t SET id = 1; RETURN NEW; END $$ LANGUAGE plpgsql; CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
      CREATE TRIGGER dropped AFTER DELETE ON t EXECUTE FUNCTION f(); DROP TRIGGER dropped ON t; DROP POLICY w ON t;`)).toMatchObject({ sideEffects: ['trigger touch BEFORE INSERT OR UPDATE'], rowSecurity: { enabled: true, commands: ['select'] }, complete: true });
  });

  it('are related by foreign keys', () => {
    const [users, posts] = tables('CREATE TABLE users (id int PRIMARY KEY); CREATE TABLE posts (id int, author_id int REFERENCES users ON DELETE CASCADE);', 'postgres');
    expect(posts!.relations).toEqual([{ name: 'users', target: 'users', columns: ['author_id'], references: ['id'], many: false, inverse: 'posts' }]);
    expect(users!.relations).toMatchObject([{ name: 'posts', target: 'posts', columns: [], many: true }]);
  });
});

describe('what is not plain', () => {
  it('reads DDL of DO blocks, and lists what they make up', () => {
    const read = part(`CREATE TABLE t (a int, b int);
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'k') THEN
    ALTER TABLE t ADD CONSTRAINT k UNIQUE (a);
  END IF;
  EXECUTE 'CREATE UNIQUE INDEX i ON t (b)';
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD CONSTRAINT x UNIQUE (a)', 't'); END $$;`, 'postgres');
    expect(keys(read.tables[0]!)).toEqual(['k(a)', 'i(b)']);
    expect(read.unread).toMatchObject([{ place: { file: '0.sql', line: 9 } }]);
  });

  it('leaves in doubt what it did not understand', () => {
    expect(only('CREATE TABLE t AS SELECT * FROM x;').complete).toBe(false);
    expect(only('CREATE TABLE t (a int, b int UNIQUE WITH SOMETHING ELSE ENTIRELY);').complete).toBe(false);
    expect(only('CREATE TABLE t (a int); ALTER TABLE t FROBNICATE a;')).toMatchObject({ complete: false });
    expect(only("CREATE TABLE t (a text DEFAULT 'x, b int UNIQUE;").complete).toBe(false);
    expect(part('ALTER TABLE t FROBNICATE a;').unread).toMatchObject([{ what: 'ALTER TABLE t FROBNICATE a', place: { file: '0.sql', line: 1 } }]);
    // Without CREATE TABLE only the addition is known.
    expect(only('CREATE UNIQUE INDEX i ON t (a);')).toMatchObject({ complete: false, keys: [{ columns: ['a'] }] });
    expect(only(['CREATE TABLE t (a int UNIQUE);', 'CREATE TABLE t (b int);']).complete).toBe(false);
    expect(only(['CREATE TABLE t (a int UNIQUE);', 'CREATE TABLE IF NOT EXISTS t (b int);'])).toMatchObject({ complete: true });
  });

  it('takes over columns of other tables', () => {
    const found = tables('CREATE TABLE a (id int PRIMARY KEY, n text) PARTITION BY LIST (n); CREATE TABLE b (LIKE a INCLUDING ALL, m int); CREATE TABLE c PARTITION OF a FOR VALUES IN (1); CREATE TABLE d (x int) INHERITS (a);', 'postgres');
    expect(found.map((one) => [one.name, [...one.columns.keys()].join(), keys(one).join(), one.complete])).toEqual([['a', 'id,n', 'primary a_pkey(id)', true], ['b', 'id,n,m', 'primary b_pkey(id)', true], ['c', 'id,n', 'primary c_pkey(id)', true], ['d', 'id,n,x', '', true]]);
  });

  it('ignores what says nothing of tables, temporary ones and undone sections', () => {
    const read = part("SET search_path = ''; CREATE EXTENSION x; CREATE TYPE e AS ENUM ('a', 'b'); GRANT ALL ON t TO me; CREATE VIEW v AS SELECT 1; CREATE TEMP TABLE tmp (a int); INSERT INTO x VALUES (1); COMMENT ON TABLE t IS 'x';\n-- migrate:down\nCREATE TABLE undone (a int);");
    expect(read).toMatchObject({ tables: [], unread: [] });
  });

  it('goes on behind a broken statement', () => {
    expect(tables("CREATE TABLE a (x text DEFAULT 'open);\nCREATE TABLE b (y text DEFAULT 'z');\nCREATE TABLE c (id int;\nCREATE TABLE d (id int);").map((one) => [one.name, one.complete])).toEqual([['a', false], ['b', true], ['c', false], ['d', true]]);
  });

  it('keeps the names of Postgres folded and those of others as written', () => {
    expect(only('CREATE TABLE Users ("createdAt" int, userId int UNIQUE)', 'postgres')).toMatchObject({ name: 'users', keys: [{ columns: ['userid'] }] });
    expect(only('CREATE TABLE Users (userId int UNIQUE)', 'mysql')).toMatchObject({ name: 'Users', keys: [{ columns: ['userId'] }] });
  });
});
