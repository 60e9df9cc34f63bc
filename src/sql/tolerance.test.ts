/** Text that is cut off, damaged or hostile: never an exception, never a loop, and never another reading of the next statement. */
import { describe, expect, it } from 'vitest';
import { definitionsOf, readConditionText, readOperandText, readStatements, sqlSource, statementsOf } from './index.ts';
import type { Dialect } from './index.ts';

const DIALECTS: readonly (Dialect | undefined)[] = ['postgres', 'mysql', 'sqlite', undefined];

const STATEMENTS = [
  `CREATE TABLE "Orders" (id serial PRIMARY KEY, note text DEFAULT 'it''s', total numeric(10, 2) CHECK (total > 0), UNIQUE (note, total));`,
  `INSERT INTO t (a, b) VALUES ($1, 'x'), (2, E'\\'') ON CONFLICT (a) DO UPDATE SET b = EXCLUDED.b /* why */ RETURNING *;`,
  `CREATE FUNCTION f() RETURNS trigger AS $body$ BEGIN NEW.a := 'x;'; RETURN NEW; END; $body$ LANGUAGE plpgsql;`,
  `CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN b THEN 1 ELSE 2 END; DELETE FROM u; END;`,
  'UPDATE `t` SET `a` = `a` + 1 -- add\nWHERE (b = ? OR c IN (?, ?)) AND d BETWEEN 1 AND 2;',
  `DO $$ BEGIN ALTER TABLE t ADD CONSTRAINT k UNIQUE (a); EXCEPTION WHEN duplicate_object THEN NULL; END $$;`,
  `WITH x AS (SELECT 1 FROM y WHERE z = 'q' FOR UPDATE) SELECT * FROM x JOIN w ON w.a = x.a WHERE x.b LIKE '%;%' LIMIT 1;`,
  `ALTER TABLE t ADD COLUMN c text NOT NULL DEFAULT '(', DROP CONSTRAINT "k;l", ALTER COLUMN d TYPE int USING d::int;`,
  `CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (lower(a), b) WHERE c IS NULL AND d <> ')';`,
  `CREATE PROCEDURE p() BEGIN IF 1 THEN INSERT INTO t VALUES (1); END IF; WHILE 1 DO SET @a = 1; END WHILE; END;`,
];
const NEXT = `CREATE TABLE after_it (id int PRIMARY KEY, name text NOT NULL DEFAULT 'new', UNIQUE (name));\n`;

/** Numbers that look random and are the same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => { state = (Math.imul(state, 1664525) + 1013904223) >>> 0; return state / 2 ** 32; };
}

const NOISE = ["'", '"', '`', '(', ')', ';', '$$', '$x$', '/*', '*/', '--', '\\', '\n', ',', '.', '::', '?', ':a', '@', 'BEGIN', 'END', 'CASE', 'SELECT', 'NOT', '\0', '[', ']', 'é', '😀'];

function mutations(text: string, count: number, next: () => number): string[] {
  return Array.from({ length: count }, () => {
    let made = text;
    for (let left = 1 + Math.floor(next() * 3); left > 0; left--) {
      const at = Math.floor(next() * made.length);
      const length = Math.floor(next() * 12);
      const noise = NOISE[Math.floor(next() * NOISE.length)]!;
      const how = next();
      made = how < 0.35 ? made.slice(0, at) + made.slice(at + length) : how < 0.7 ? made.slice(0, at) + noise + made.slice(at) : how < 0.85 ? made.slice(0, at) + noise + made.slice(at + 1) : made.slice(0, at);
    }
    return made;
  });
}

function readAll(text: string, dialect: Dialect | undefined): void {
  readStatements(sqlSource(text), dialect);
  [...definitionsOf(sqlSource(text), dialect)];
  readConditionText(sqlSource(text), dialect);
  readOperandText(sqlSource(text), dialect);
}

describe('damaged text', () => {
  it('is survived at every cut', () => {
    for (const text of STATEMENTS) for (let at = 0; at <= text.length; at++) for (const dialect of DIALECTS) readAll(text.slice(0, at), dialect);
  });

  it('is survived however it is changed', () => {
    const next = random(7);
    for (const text of STATEMENTS) for (const one of mutations(text, 300, next)) for (const dialect of DIALECTS) readAll(one, dialect);
  });

  it('is survived with holes anywhere', () => {
    const next = random(3);
    for (const text of STATEMENTS) {
      for (let left = 200; left > 0; left--) {
        const [one, other] = [Math.floor(next() * text.length), Math.floor(next() * text.length)].sort((a, b) => a - b) as [number, number];
        for (const dialect of DIALECTS) readStatements(sqlSource([text.slice(0, one), text.slice(one, other), text.slice(other)]), dialect);
      }
    }
  });

  it('changes nothing of the statement behind it', () => {
    const next = random(11);
    const alone = (dialect: Dialect | undefined) => strip([...definitionsOf(sqlSource(NEXT), dialect)][0]);
    const lost: string[] = [];
    let tried = 0;
    for (const text of STATEMENTS) {
      for (const one of mutations(text, 200, next)) {
        // An opened comment that is closed later, or a changed delimiter, are no damage; the database skips the next statement too.
        for (const dialect of DIALECTS) {
          tried++;
          const found = [...definitionsOf(sqlSource(`${one}\n${NEXT}${NEXT.replace('after_it', 'last_one')}`), dialect)].map(strip);
          if (!found.includes(alone(dialect))) lost.push(`${dialect}: ${one}`);
        }
      }
    }
    expect(tried).toBe(STATEMENTS.length * 200 * DIALECTS.length);
    expect(lost).toEqual([]);
  });
});

/** A definition without its place. */
function strip(value: unknown): string {
  return JSON.stringify(value, (key, one: unknown) => (key === 'start' || key === 'end' ? undefined : one)) ?? '';
}

describe('time', () => {
  const text = (part: string, size = 2 ** 19): string => part.repeat(Math.ceil(size / part.length));
  const timed = (sql: string, dialect: Dialect | undefined): number => {
    const start = performance.now();
    const definitions = [...definitionsOf(sqlSource(sql), dialect)];
    expect([...statementsOf(sqlSource(sql), dialect)]).toHaveLength(definitions.length);
    return performance.now() - start;
  };
  // Generous, for machines that do other things too: what is quadratic takes minutes on half a megabyte.
  it.each([
    ['tables', STATEMENTS[0]!], ['inserts', STATEMENTS[1]!], ['everything', STATEMENTS.join('\n')], ['open strings', "INSERT INTO t VALUES ('a);\nCREATE TABLE x (a int);\n"], ['open comments', '/* \n'], ['open names', 'SELECT "a;\n'],
    ['open bodies', 'CREATE FUNCTION f() AS $a$ BEGIN\n'], ['other tags', 'SELECT $a$ x $b$;\n'], ['triggers without end', 'CREATE TRIGGER a BEFORE INSERT ON t BEGIN x;\n'], ['brackets', '('], ['closing brackets', ')'], ['quotes', "'"], ['backslashes', "E'\\"], ['signs', '- '], ['NOT', 'NOT '],
    ['nested conditions', 'SELECT 1 FROM t WHERE ((((((((((a = 1))))))))));\n'], ['CASE', 'CASE WHEN '], ['commas', 'CREATE TABLE t (a,,,,,,,,,,,,,,,,,,,);'],
  ])('reads half a megabyte of %s in linear time', (_what, part) => {
    for (const dialect of ['postgres', 'mysql'] as const) expect(timed(text(part), dialect)).toBeLessThan(8000);
  });

  it('reads one statement of half a megabyte', () => {
    for (const sql of [`SELECT * FROM t WHERE ${'('.repeat(50_000)}a = 1`, `SELECT * FROM t WHERE ${text('a = 1 AND ')}b = 2`, `SELECT * FROM t WHERE ${text('(a = 1 OR b = 2) AND ')}b = 2`, `SELECT ${text('f(')}`, `INSERT INTO t (a) VALUES ${text("('x', 1), ")}(1)`, `SELECT ${text('a, ')}b`, `SELECT ${text("'a'\n")}`]) {
      const start = performance.now();
      readStatements(sqlSource(sql), 'postgres');
      expect(performance.now() - start).toBeLessThan(8000);
    }
  });
});
