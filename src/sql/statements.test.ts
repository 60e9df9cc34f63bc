import { describe, expect, it } from 'vitest';
import { advisoryLock, calledFunction, guessDialect, readConditionText, readOperandText, readStatements, sqlSource, statementsOf } from './index.ts';
import type { Dialect, Operand, Predicate, Statement } from './index.ts';

const all = (text: string | readonly string[], dialect: Dialect | undefined = 'postgres'): Statement[] => readStatements(sqlSource(text), dialect);
const one = (text: string | readonly string[], dialect: Dialect | undefined = 'postgres'): Statement => { const found = all(text, dialect); expect(found).toHaveLength(1); return found[0]!; };
const show = (operand: Operand): string => {
  switch (operand.kind) {
    case 'literal': return JSON.stringify(operand.value);
    case 'parameter': return `${operand.spread ? '...' : ''}$${operand.name ?? operand.index}`;
    case 'hole': return `{${operand.index}}`;
    case 'column': return operand.column.name;
    case 'inserted': return `new.${operand.column}`;
    case 'list': return `[${operand.items.map(show).join()}]`;
    case 'call': return `${operand.name}(${operand.arguments.map(show).join()})`;
    case 'operation': return operand.operands.map(show).join(` ${operand.operator} `);
    default: return operand.kind;
  }
};
const where = (predicate: Predicate): string => predicate.arms.map((arm) => arm.map((each) => `${each.through ? `${each.through}:` : ''}${each.column.qualifier ? `${each.column.qualifier}.` : ''}${each.column.name} ${each.operator} ${show(each.operand)}`).join(' & ')).join(' | ') + (predicate.complete ? '' : ' …');
const condition = (text: string | readonly string[], dialect?: Dialect): string => where(readConditionText(sqlSource(text), dialect));

describe('words', () => {
  it.each<[string, Dialect | undefined, string]>([
    ["a = 'it''s'", 'postgres', 'a = "it\'s"'], ["a = E'it\\'s\\n'", 'postgres', 'a = "it\'s\\n"'], ["a = 'x' -- why\n and b = $tag$it's; $$ $tag$", 'postgres', 'a = "x" & b = "it\'s; $$ "'],
    ['a = "it\\"s" # why\n', 'mysql', 'a = "it\\"s"'], ["`a` = 'x\\'y' AND b = N'z'", 'mysql', 'a = "x\'y" & b = "z"'], ['[a b] = ?1 and "c" = :d', 'sqlite', 'a b = $0 & c = $d'],
    ['A = 1 and "B" = 2', 'postgres', 'a = 1 & B = 2'], ['A = 1', 'mysql', 'A = 1'], ['a /* x /* y */ z */ = 1', 'postgres', 'a = 1'], ["a = 'x'\n 'y'", 'postgres', 'a = "xy"'], ['a = 1.5e3 and b = .5 and c = 0x1F', 'postgres', 'a = 1500 & b = 0.5 & c = 31'],
    ['a = ? and b = ? and c in (?, ?)', 'mysql', 'a = $0 & b = $1 & c in [$2,$3]'], ["a ? 'k' and b = ?", 'postgres', 'a other "k" & b = $0'], ["a ?| $1 and b @? '$.x'", 'postgres', 'a other $0 & b other "$.x"'],
    ['a = @x and b = :name and c in (:...list)', undefined, 'a = $x & b = $name & c in ...$list'], ['a::text = $2::uuid', 'postgres', 'a = $1'], ["a = U&'x' and b = x'FF'", 'postgres', 'a = "x" & b = "FF"'], ['a=-1 and b>-2', 'postgres', 'a = -1 & b > -2'],
  ])('reads %s', (text, dialect, expected) => { expect(condition(text, dialect)).toBe(expected); });

  it('reads templates: values, parts of names and of strings, made-up placeholders', () => {
    expect(condition(['a = ', ' AND b IN (', ') AND c = 3'])).toBe('a = {0} & b in {1} & c = 3');
    expect(condition(["a = '", "' AND b = ", ''])).toBe('a = {0} & b = {1}');
    expect(condition(['a = 1 AND ', ''])).toBe('a = 1 …');
    expect(condition(['', '.a = ', ''])).toBe(' …');
    expect(condition(['x_', ' = 1 AND b = ', ' -- ', '\n AND c = ', ''])).toBe('b = {1} & c = {3} …');
    expect(condition(['a = $', ' AND b = ', ''])).toBe('a = $-1 & b = {1}');
  });
});

describe('statements of a text', () => {
  const texts = (text: string, dialect?: Dialect) => [...statementsOf(sqlSource(text), dialect)].map((each) => text.slice(each.start, each.end).replace(/\s+/g, ' '));
  it('splits at semicolons that end a statement', () => {
    expect(texts(`a ';' b; c -- ;\n d; /* ; */ e "x;y" $$ ; $$`)).toEqual([`a ';' b`, 'c -- ; d', 'e "x;y" $$ ; $$']);
    expect(texts('CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = CASE WHEN d THEN 1 END; DELETE FROM e; END; SELECT 1', 'sqlite')).toHaveLength(2);
    expect(texts('DELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\nSELECT 1;', 'mysql')).toEqual(['CREATE PROCEDURE p() BEGIN SELECT 1; END', 'SELECT 1']);
    expect(texts('CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; CASE x WHEN 1 THEN SELECT 2; END CASE; END; SELECT 3', 'mysql')).toHaveLength(2);
    expect(texts('CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3', 'postgres')).toHaveLength(2);
    expect(texts('CREATE RULE r AS ON INSERT TO t DO INSTEAD (DELETE FROM a; DELETE FROM b); SELECT 3', 'postgres')).toHaveLength(2);
    expect(texts('BEGIN; SELECT 1; END; SELECT 2')).toHaveLength(4);
  });
  it('skips data and commands of clients', () => {
    expect(texts("\\connect db\nCOPY public.t (a, b) FROM stdin;\n1\tit's; CREATE TABLE x (a int);\n\\.\n\n\\restrict abc\nSELECT 1;", 'postgres')).toEqual(['COPY public.t (a, b) FROM stdin', 'SELECT 1']);
    expect(texts('.mode csv\nSELECT 1;', 'sqlite')).toEqual(['SELECT 1']);
  });
  it('reads what MySQL runs out of a comment', () => {
    expect(all('/*!40101 SET NAMES utf8 */; INSERT INTO t (a) /*!50000 VALUES */ (1)', 'mysql')[1]).toMatchObject({ kind: 'insert', rows: [[{ value: 1 }]], complete: true });
  });
});

describe('reads', () => {
  it('describes selected columns, order, limits and locks', () => {
    expect(one('SELECT u.id, name AS n FROM app.users AS u LEFT JOIN t ON t.id = u.t_id JOIN w USING (id) WHERE u.a = $1 ORDER BY u.b DESC, 2 LIMIT 1 FOR NO KEY UPDATE OF u SKIP LOCKED')).toMatchObject({
      kind: 'select', complete: true, from: { schema: 'app', name: 'users', alias: 'u' }, joins: [{ kind: 'left', table: { name: 't' } }, { kind: 'inner', table: { name: 'w' } }],
      items: [{ operand: { column: { name: 'id' } } }, { alias: 'n' }], order: [{ column: { name: 'b' }, descending: true }, { column: undefined }], limit: { value: 1 }, lock: { strength: 'no key update', skipLocked: true, of: ['u'] },
    });
    expect(one('SELECT * FROM t WHERE a = 1 LOCK IN SHARE MODE', 'mysql')).toMatchObject({ lock: { strength: 'share' } });
    expect(one('SELECT a FROM t WHERE b = 1 LIMIT 5, ?', 'mysql')).toMatchObject({ limit: { kind: 'parameter', index: 0 } });
    expect(one('SELECT a FROM t UNION SELECT b FROM u WHERE c = 1')).toMatchObject({ compound: true, from: { name: 't' } });
    expect(one('SELECT a FROM (SELECT * FROM t) x WHERE b = 1')).toMatchObject({ from: undefined });
  });
  it.each([
    ['SELECT count(*) FROM t', { function: 'count', column: undefined }], ['SELECT MAX(n) AS last FROM t', { function: 'max', column: 'n', alias: 'last' }], ['SELECT COALESCE(MAX(t.n), 0) + 1 AS next FROM t', { function: 'max', column: 'n', alias: 'next' }],
    ['SELECT EXISTS (SELECT 1 FROM t WHERE a = 1) AS found', { function: 'exists', alias: 'found' }], ['SELECT count(*) > 0 AS any FROM t', { function: 'exists', alias: 'any' }], ['SELECT count(DISTINCT a)::int AS n FROM t', { function: 'count', alias: 'n' }],
    ['SELECT count(*) FROM t GROUP BY a', undefined], ['SELECT a, count(*) FROM t', undefined], ['SELECT a FROM t', undefined],
  ])('%s', (text, expected) => {
    const read = one(text);
    const aggregate = read.kind === 'select' ? read.aggregate : undefined;
    if (expected) expect(aggregate).toMatchObject(expected);
    else expect(aggregate).toBeUndefined();
    expect(read).toMatchObject({ from: { name: 't' } });
  });
  it('owns up to clauses that are put in', () => {
    expect(one(['SELECT * FROM users ', ' ORDER BY a'])).toMatchObject({ complete: false, predicate: { complete: false } });
    expect(one(['SELECT * FROM users WHERE a = 1 ', ''])).toMatchObject({ predicate: { complete: false } });
    expect(one(['SELECT * FROM ', ' WHERE a = 1'])).toMatchObject({ from: { name: '', hole: 0 } });
    expect(one(['SELECT * FROM "', '" WHERE a = 1'])).toMatchObject({ from: { name: '', hole: 0 } });
  });
});

describe('conditions', () => {
  it.each([
    ["lower(email) = lower($1) AND data->>'k' = 'x'", 'lower:email = lower($0) & ->>:data = "x"'], ['(a, b) = ($1, $2)', 'a = $0 & b = $1'], ['(a, b) IN ((1, 2), (3, 4))', 'a = 1 & b = 2 | a = 3 & b = 4'], ['a IN ($1)', 'a in $0'],
    ['NOT (a = 1 OR b < 2)', 'a != 1 & b >= 2'], ['a = 1 OR EXISTS (SELECT 1)', ' …'], ['1 = 1 AND a = 2', 'a = 2'], ['$1 IS NULL OR a = $1', ' …'], ['a = NULL', ' …'], ['a = 1 AND', 'a = 1 …'], ['a = 1 b', ' …'], ['', ' …'], ['a BETWEEN $1 AND $2 AND b = 3', 'a >= $0 & a <= $1 & b = 3'],
    ['a <=> ?', 'a = $0'], ['a LIKE ? ESCAPE \'!\' AND b', 'a like $0 & b = true'],
  ])('%s', (text, expected) => { expect(condition(text, text.includes('?') ? 'mysql' : 'postgres')).toBe(expected); });
});

describe('writes', () => {
  it('reads every way to say what happens on a conflict', () => {
    const conflict = (text: string, dialect: Dialect) => { const read = one(text, dialect); return read.kind === 'insert' ? read.conflict : undefined; };
    expect(conflict('INSERT IGNORE INTO t (a) VALUES (?)', 'mysql')).toMatchObject({ action: 'ignore', target: undefined });
    expect(conflict('INSERT OR IGNORE INTO t (a) VALUES (?)', 'sqlite')).toMatchObject({ action: 'ignore' });
    expect(conflict('REPLACE INTO t (a) VALUES (?)', 'mysql')).toMatchObject({ action: 'replace' });
    expect(conflict('INSERT OR REPLACE INTO t VALUES (?)', 'sqlite')).toMatchObject({ action: 'replace' });
    expect(conflict('INSERT OR ABORT INTO t VALUES (?)', 'sqlite')).toBeUndefined();
    expect(conflict('INSERT INTO t (a, b) VALUES (?, ?) ON DUPLICATE KEY UPDATE b = VALUES(b), n = n + 1', 'mysql')).toMatchObject({ action: 'update', set: [{ column: 'b', operand: { kind: 'inserted', column: 'b' } }, { self: { operator: '+' } }] });
    expect(conflict('INSERT INTO t (a) VALUES ($1) ON CONFLICT (a, lower(b)) WHERE c IS NULL DO UPDATE SET n = t.n + 1 WHERE t.v = 2', 'postgres')).toMatchObject({ target: ['a'], expression: true, targetWhere: { text: 'c IS NULL', arms: [[{ column: { name: 'c' }, operator: 'is null' }]] }, predicate: { arms: [[{ column: { name: 'v' } }]] } });
    expect(conflict('INSERT INTO t (a) VALUES ($1) ON CONFLICT ON CONSTRAINT k DO NOTHING', 'postgres')).toMatchObject({ constraint: 'k', action: 'ignore' });
  });
  it('reads rows, however they are given', () => {
    expect(one('INSERT INTO t SET a = ?, b = 2', 'mysql')).toMatchObject({ columns: ['a', 'b'], rows: [[{ index: 0 }, { value: 2 }]], complete: true });
    expect(one('INSERT INTO t (a) VALUES ?', 'mysql')).toMatchObject({ rows: undefined, rowsOperand: { kind: 'parameter' }, complete: true });
    expect(one(['INSERT INTO t (a) VALUES ', ''])).toMatchObject({ rowsOperand: { kind: 'hole' }, complete: true });
    expect(one(['INSERT INTO t (', ') VALUES (', ')'])).toMatchObject({ complete: false });
    expect(one(['INSERT INTO t ', ''])).toMatchObject({ rowsOperand: { kind: 'hole' } });
    expect(one('INSERT INTO t (a) SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM t WHERE a = $1)')).toMatchObject({ select: { predicate: { exists: [{ negated: true, select: { from: { name: 't' } } }] } } });
  });
  it('tells what is computed from the column itself', () => {
    const self = (text: string) => { const read = one(text); return read.kind === 'update' ? read.set.map((each) => each.self?.operator) : undefined; };
    expect(self('UPDATE t SET a = a + $1, b = coalesce(b, 0) - 1, c = 2 + c, d = 2 - d, e = f + 1, g = t.g || $2, h = o.h + 1 FROM o')).toEqual(['+', '-', '+', undefined, undefined, '||', undefined]);
  });
  it('never claims more than it read', () => {
    expect(one('UPDATE t SET a = 1 WHERE b = 2 LIMIT 1', 'mysql')).toMatchObject({ predicate: { complete: false } });
    expect(one('UPDATE a JOIN b ON a.x = b.x SET a.y = 1 WHERE a.id = 2', 'mysql')).toMatchObject({ complete: false, predicate: { complete: false } });
    expect(one(['UPDATE t SET ', ' WHERE a = 1'])).toMatchObject({ kind: 'update', complete: false });
    expect(one('DELETE FROM t USING u WHERE t.a = u.a AND t.b = 1')).toMatchObject({ kind: 'delete', using: [{ name: 'u' }] });
    expect(one('MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE')).toMatchObject({ kind: 'opaque', word: 'MERGE' });
    expect(one('WITH gone AS (DELETE FROM t WHERE a = 1 RETURNING *) INSERT INTO u SELECT * FROM gone')).toMatchObject({ kind: 'insert', with: [{ name: 'gone', statement: { kind: 'delete' } }] });
  });
});

describe('control', () => {
  it.each<[string, object]>([
    ['BEGIN', { action: 'begin' }], ['START TRANSACTION ISOLATION LEVEL SERIALIZABLE', { action: 'begin', isolation: 'serializable' }], ['BEGIN IMMEDIATE', { action: 'begin', mode: 'immediate' }], ['COMMIT', { action: 'commit' }], ['ROLLBACK TO SAVEPOINT a', { action: 'rollback to', name: 'a' }],
    ['SAVEPOINT a', { action: 'savepoint', name: 'a' }], ['RELEASE a', { action: 'release', name: 'a' }], ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', { action: 'set', isolation: 'repeatable read' }], ['SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED', { action: 'set', isolation: 'read committed' }],
  ])('%s', (text, expected) => { expect(one(text)).toMatchObject({ kind: 'transaction', ...expected }); });

  it('reads locks and calls', () => {
    expect(one('LOCK TABLE a, s.b IN SHARE ROW EXCLUSIVE MODE')).toMatchObject({ kind: 'lock table', tables: [{ name: 'a' }, { name: 'b' }], mode: 'share row exclusive' });
    expect(advisoryLock(one('SELECT pg_advisory_xact_lock(hashtext($1))'))).toMatchObject({ call: { name: 'pg_advisory_xact_lock' }, tries: false });
    expect(advisoryLock(one('SELECT pg_try_advisory_lock($1, $2) AS ok'))).toMatchObject({ tries: true });
    expect(advisoryLock(one('SELECT GET_LOCK(?, 10)', 'mysql'))).toMatchObject({ call: { name: 'get_lock' } });
    expect(advisoryLock(one('SELECT * FROM t'))).toBeUndefined();
    expect(calledFunction(one('SELECT * FROM claim_slot($1)'))).toMatchObject({ name: 'claim_slot' });
    expect(calledFunction(one('CALL p(?)', 'mysql'))).toMatchObject({ name: 'p', arguments: [{ index: 0 }] });
  });
});

describe('values', () => {
  it.each([['"hits" + 1', 'hits + 1'], ['GREATEST(x, ?)', 'greatest(x,$0)'], ["now() - interval '1 day'", 'now() - interval("1 day")'], ['CAST(:a AS int)', '$a'], ["CASE WHEN a THEN 'b' END", 'text'], ['a b', 'text']])('%s', (text, expected) => {
    expect(show(readOperandText(sqlSource(text), undefined))).toBe(expected);
  });
});

describe('dialects', () => {
  it.each<[string, Dialect | undefined]>([['CREATE TABLE a (id INT AUTO_INCREMENT) ENGINE=InnoDB', 'mysql'], ['CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT)', 'sqlite'], ['CREATE TABLE a (id serial, b jsonb)', 'postgres'], ['CREATE TABLE a (id int)', undefined], ['CREATE TABLE `a` (`id` integer)', undefined]])('%s: %s', (text, dialect) => {
    expect(guessDialect([text])).toBe(dialect);
  });
});
