/** Postgres' own parser is the oracle: what this reader says of a statement must be what Postgres says, over generated statements. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadModule } from 'libpg-query';
import { definitionsOf, readStatements, sqlSource } from './index.ts';
import { ownDefinition, ownStatement, postgres, postgresDefinition, postgresStatement } from './oracle.test.help.ts';

beforeAll(() => loadModule());

const ATOMS = ['a = $1', 'u.a = 1', '"A" <> \'x\'', 'a != $2', 'a < 3', '3 < a', '$1 >= b', 'a IS NULL', 'b IS NOT NULL', 'a IN (1, 2)', 'a IN ($1, $2)', 'a NOT IN (1, 2)', 'a = ANY($1)', 'a <> ALL ($1)', 'a LIKE \'x%\'', 'a NOT ILIKE $1',
  'a BETWEEN 1 AND $2', 'a::text = $1::text', 'active', 'a IS TRUE', 'a IS NOT DISTINCT FROM $1', 'a IS DISTINCT FROM 2', 'a = b', 'a = now()', 'a > now() - interval \'1 day\'', 'a @> $1', 'a = -1', 'a = b + 1', '(a = 1)', 'a IN (SELECT id FROM z WHERE z.k = 1)', 'a ~ \'x\'', 'a = coalesce($1, 2)'];
/** What no arm can say; the predicate must own up to it. */
const OPAQUE = ['EXISTS (SELECT 1 FROM z WHERE z.a = 1)', 'f(a, b)', 'CASE WHEN a AND b THEN c ELSE d END = 1', 'f(a + b) BETWEEN c AND d', '$1 IS NULL', 'a NOT BETWEEN 1 AND 2', 'a IS NOT TRUE', '(SELECT max(x) FROM z) > 1', 'a < ANY($1)', 'a + b > 3'];
const WHERES = [...ATOMS, ...OPAQUE].flatMap((one, index) => [one, `NOT ${one}`, ...[...ATOMS, ...OPAQUE].flatMap((other, at) => {
  const shape = (index * 7 + at) % 5;
  return shape === 0 ? [`${one} AND ${other}`, `NOT (${one} AND ${other})`] : shape === 1 ? [`${one} OR ${other}`] : shape === 2 ? [`(${one} OR ${other}) AND c = 1`] : shape === 3 ? [`NOT (${one} OR ${other}) AND d > 2`] : [`${one} AND (${other} OR (e = 1 AND f = 2))`];
})]);
const TABLES = ['t', 's.t', '"T"', 't u', 't AS u', '"S"."T" AS "U"'];
const times = <T, U>(ones: readonly T[], others: readonly U[]): [T, U][] => ones.flatMap((one) => others.map((other): [T, U] => [one, other]));

/** Both readings of each statement that Postgres accepts. */
function compare(texts: readonly string[], own: (text: string) => string, theirs: (tree: NonNullable<ReturnType<typeof postgres>>[number]) => string): { compared: number; differ: string[] } {
  let compared = 0;
  const differ: string[] = [];
  for (const text of texts) {
    const trees = postgres(text);
    // What Postgres rejects must be survived all the same.
    const mine = own(text);
    if (!trees) continue;
    compared++;
    const expected = theirs(trees[0]!);
    if (mine !== expected) differ.push(`${text}\n  own      ${mine}\n  postgres ${expected}`);
  }
  return { compared, differ };
}

const statement = (text: string): string => readStatements(sqlSource(text), 'postgres').map(ownStatement).join(' ## ');
const definition = (text: string): string => [...definitionsOf(sqlSource(text), 'postgres')].map(ownDefinition).join(' ## ');

function expectSame(texts: readonly string[], least: number, own = statement, theirs = postgresStatement): void {
  const { compared, differ } = compare(texts, own, theirs);
  expect(differ.slice(0, 10)).toEqual([]);
  expect(compared).toBeGreaterThanOrEqual(least);
}

describe('statements, as Postgres reads them', () => {
  it('reads conditions', () => expectSame(WHERES.map((where, at) => `SELECT * FROM ${TABLES[at % TABLES.length]!} WHERE ${where}`), 2000));

  it('reads what stands around a condition', () => {
    const heads = ['a, b AS x', '*', 'DISTINCT a', 'u.*', 'count(*)', 'count(*) FILTER (WHERE x = 1)', 'coalesce(max(n), 0) + 1 AS next', 'a IS DISTINCT FROM b AS c', 'CASE WHEN a THEN b END', 'row_number() OVER (PARTITION BY a ORDER BY b)', 'extract(epoch FROM a)', '(SELECT x FROM y WHERE z = 1)'];
    const tails = ['', 'ORDER BY a DESC, b', 'LIMIT 1', 'ORDER BY a LIMIT $3 OFFSET 2', 'FOR UPDATE', 'FOR NO KEY UPDATE', 'FOR SHARE NOWAIT', 'FOR KEY SHARE', 'LIMIT 1 FOR UPDATE SKIP LOCKED', 'FOR UPDATE OF t NOWAIT', 'GROUP BY a HAVING count(*) > 1', 'FETCH FIRST 1 ROWS ONLY'];
    const froms = ['t', 's.t AS u', 'ONLY t'];
    expectSame(times(times(heads, tails), froms).map(([[head, tail], from]) => `SELECT ${head} FROM ${from} WHERE a = $1 ${tail}`), 350);
  });

  it('reads inserts', () => {
    const columns = ['(a)', '(a, "B")', '(a, b, c)'];
    const values = ['VALUES (1)', 'VALUES ($1, $2)', 'VALUES ($1, DEFAULT, now())', "VALUES ('x', $1::uuid, -1), (NULL, TRUE, 2.5)"];
    const conflicts = ['', 'ON CONFLICT DO NOTHING', 'ON CONFLICT (a) DO NOTHING', 'ON CONFLICT (a, "B") DO UPDATE SET b = EXCLUDED.b', 'ON CONFLICT (lower(a)) DO UPDATE SET b = 1', 'ON CONFLICT (a) WHERE c IS NULL DO UPDATE SET b = t.b + 1, c = $3',
      'ON CONFLICT ON CONSTRAINT k DO UPDATE SET b = coalesce(EXCLUDED.b, t.b)', 'ON CONFLICT (a) DO UPDATE SET b = EXCLUDED.b WHERE t.c = 1 AND t.d IS NULL', 'ON CONFLICT (a COLLATE "C" text_ops) DO NOTHING', 'ON CONFLICT (a) DO UPDATE SET b = (SELECT 1)'];
    expectSame(times(times(times(columns, values), conflicts), ['', 'RETURNING *', 'RETURNING id, a AS x']).map(([[[c, v], k], r], at) => `INSERT INTO ${TABLES[at % 3]!} ${c} ${v} ${k} ${r}`), 350);
    expectSame(['INSERT INTO t DEFAULT VALUES', 'INSERT INTO t AS x (a) VALUES (1)', 'INSERT INTO t (a) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = $1)', 'INSERT INTO t (a) SELECT b FROM s WHERE c = 1 ON CONFLICT DO NOTHING', 'INSERT INTO t (a) OVERRIDING SYSTEM VALUE VALUES (1)', 'INSERT INTO t VALUES (1, 2)'], 6);
  });

  it('reads updates and deletes', () => {
    const sets = ['a = 1', 'a = a + 1, b = $2', 'a = coalesce(a, 0) + $1', 'a = DEFAULT', 'a = b', 'a = now(), "B" = \'it\'\'s\'', 'a = (SELECT 1)', 'a = greatest(a, $3)', 'a = a || $1::jsonb'];
    const froms = ['', 'FROM s', 'FROM s AS z, w'];
    const wheres = ['', 'WHERE a = $1', 'WHERE t.a = 1 AND b IS NULL', 'WHERE a = 1 OR b = 2', 'WHERE EXISTS (SELECT 1 FROM z)'];
    expectSame(times(times(times(sets, froms), wheres), ['', 'RETURNING *']).map(([[[s, f], w], r], at) => `UPDATE ${TABLES[at % TABLES.length]!} SET ${s} ${f} ${w} ${r}`), 250);
    expectSame(times(times(['', 'USING s', 'USING s AS z'], wheres), ['', 'RETURNING id']).flatMap(([[u, w], r]) => TABLES.map((table) => `DELETE FROM ${table} ${u} ${w} ${r}`)), 150);
  });
});

describe('definitions, as Postgres reads them', () => {
  const types = ['int', 'integer', 'text', 'varchar(20)', 'character varying(3)', 'double precision', 'timestamp with time zone', 'numeric(10, 2)', 'text[]', 'serial', 'bigserial', 's."Role"', 'timestamp(3) without time zone', 'int[3][]', 'jsonb'];
  const options = ['', 'NOT NULL', 'NULL', 'DEFAULT 1', "DEFAULT 'x'::text", 'DEFAULT now() NOT NULL', "NOT NULL DEFAULT (now() + interval '1 day')", 'PRIMARY KEY', 'CONSTRAINT k PRIMARY KEY', 'UNIQUE', 'CONSTRAINT k UNIQUE NOT NULL', 'UNIQUE NULLS NOT DISTINCT', 'REFERENCES u', 'REFERENCES s.u (id) ON DELETE CASCADE ON UPDATE SET NULL',
    'CHECK (a > 0 AND b IN (1, 2))', 'GENERATED ALWAYS AS IDENTITY', 'GENERATED BY DEFAULT AS IDENTITY (START WITH 5) PRIMARY KEY', 'GENERATED ALWAYS AS (a + b) STORED', 'UNIQUE DEFERRABLE INITIALLY DEFERRED', 'COLLATE "C" NOT NULL', 'REFERENCES u (id) DEFERRABLE', "DEFAULT '{}'::text[]", 'DEFAULT CURRENT_TIMESTAMP UNIQUE', "DEFAULT nextval('q'::regclass) NOT NULL"];
  // The database, though not its grammar, rejects a serial with a default of its own.
  const columns = times(types, options).filter(([type, option]) => !type.includes('serial') || !/DEFAULT|GENERATED|^NULL/.test(option)).map(([type, option]) => `a ${type} ${option}`);
  const constraints = ['PRIMARY KEY (a)', 'CONSTRAINT k PRIMARY KEY (a, "B")', 'UNIQUE (a, b)', 'CONSTRAINT "K" UNIQUE NULLS NOT DISTINCT (a)', 'UNIQUE (a) DEFERRABLE INITIALLY DEFERRED', 'UNIQUE (a) INCLUDE (b)', 'FOREIGN KEY (a) REFERENCES u (id)', 'CONSTRAINT f FOREIGN KEY (a, b) REFERENCES s.u (c, d) MATCH FULL ON DELETE SET NULL', 'CHECK (a <> 1)', 'CONSTRAINT c CHECK (a IN (1, 2))', 'EXCLUDE USING gist (a WITH &&)'];
  const own = definition;

  it('reads columns', () => expectSame(columns.map((column, at) => `CREATE TABLE ${at % 2 ? 'IF NOT EXISTS ' : ''}${TABLES[at % 3]!} (${column}, "key" text, index int)`), 300, own, postgresDefinition));
  it('reads table constraints', () => expectSame(times(constraints, constraints).map(([one, other]) => `CREATE TABLE t (a int, b int, ${one}, ${other}) PARTITION BY RANGE (a)`), 120, own, postgresDefinition));

  it('reads indexes', () => {
    const parts = ['(a)', '(a, "B" DESC NULLS LAST)', '(lower(a))', '(a, (b + 1))', '(a text_pattern_ops)', '(a COLLATE "C" ASC, lower(b))', '((a ->> \'x\'))'];
    const tails = ['', 'INCLUDE (c)', 'NULLS NOT DISTINCT', 'WHERE a IS NULL', 'INCLUDE (c) WHERE (a = 1 AND b)', 'WITH (fillfactor = 70)'];
    const heads = times(['UNIQUE ', ''], ['', 'CONCURRENTLY ']).flatMap(([u, c]) => ['i', 'IF NOT EXISTS "I"', ''].map((n) => `CREATE ${u}INDEX ${c}${n} ON`));
    expectSame(times(times(times(heads, ['t', 'ONLY s.t', 't USING btree']), parts), tails).map(([[[h, t], p], e]) => `${h} ${t} ${p} ${e}`), 1200, own, postgresDefinition);
  });

  it('reads ALTER TABLE', () => {
    const actions = [...columns.filter((_one, at) => at % 11 === 0).map((one) => `ADD COLUMN ${one}`), 'ADD b int', 'ADD COLUMN IF NOT EXISTS b int NOT NULL', 'DROP COLUMN b', 'DROP b CASCADE', 'DROP COLUMN IF EXISTS "B"', ...constraints.map((one) => `ADD ${one}`), 'ADD CONSTRAINT k UNIQUE USING INDEX i', 'ADD PRIMARY KEY USING INDEX i',
      'DROP CONSTRAINT k', 'DROP CONSTRAINT IF EXISTS "K" CASCADE', 'ALTER COLUMN a SET NOT NULL', 'ALTER a DROP NOT NULL', 'ALTER COLUMN a SET DEFAULT 1', 'ALTER a DROP DEFAULT', 'ALTER COLUMN a TYPE bigint USING a::bigint', 'ALTER a SET DATA TYPE varchar(3)', 'ENABLE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY', 'FORCE ROW LEVEL SECURITY', 'OWNER TO me', 'VALIDATE CONSTRAINT k', 'ENABLE TRIGGER ALL', 'SET (fillfactor = 70)', 'REPLICA IDENTITY FULL', 'ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID'];
    expectSame(times(actions, actions).map(([one, other], at) => `ALTER TABLE ${['', 'IF EXISTS ', 'ONLY '][at % 3]!}${TABLES[at % 3]!} ${one}, ${other}`), 2500, own, postgresDefinition);
    const long = `Long${'é'.repeat(20)}${'x'.repeat(40)}`;
    expectSame([`CREATE UNIQUE INDEX "${long}" ON ${long} (a)`, `ALTER TABLE t ADD CONSTRAINT ${long} UNIQUE ("${long}")`], 2, own, postgresDefinition);
    expectSame(['ALTER TABLE t RENAME TO u', 'ALTER TABLE s.t RENAME COLUMN a TO b', 'ALTER TABLE t RENAME a TO "B"', 'ALTER TABLE t RENAME CONSTRAINT k TO l', 'ALTER INDEX i RENAME TO j', 'DROP TABLE t', 'DROP TABLE IF EXISTS s.t, "U" CASCADE', 'DROP INDEX CONCURRENTLY IF EXISTS i, s.j'], 8, own, postgresDefinition);
  });
});
