import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Value } from '../../model.ts';
import { operationsOf } from './source.test.help.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'expression' ? `${value.operator}(${value.operands.map(show).join()})` : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}`).join(' & ')).join(' | ') + (predicate!.complete ? '' : ' …');
const row = (one: Operation): string => one.rows![0]!.assignments.map((each) => `${each.column} ${each.how} ${show(each.value)}`).join(', ');
const operations = (body: string): readonly Operation[] => operationsOf(`
  import { EntityManager } from 'typeorm';
  export async function run(manager: EntityManager, email: string, id: number, name: string, table: string, input: any) { ${body} }`);
const only = (body: string): Operation => { const found = operations(body); expect(found).toHaveLength(1); return found[0]!; };

describe('raw queries', () => {
  it('bind values to placeholders and holes', () => {
    const one = only('await manager.query(`SELECT id, email FROM users WHERE email = $1 AND "teamId" = $2 LIMIT 1`, [email, id]);');
    expect(one).toMatchObject({ verb: 'find', many: false, table: { name: 'User' }, columns: ['id', 'email'], result: [{ path: [], is: 'rows' }] });
    expect(where(one.predicate)).toBe('email = email & teamId = id');
    expect(where(only('await manager.query(`SELECT * FROM users WHERE email = ${email} AND lower(nick) = lower(${name})`);').predicate)).toBe('email = email & nick like call:toLowerCase(name)');
    expect(where(only("await manager.query('SELECT * FROM users WHERE email = $1 ' + 'AND hits > $2', [email, 3]);").predicate)).toBe('email = email & hits > 3');
    expect(where(only('await manager.query("SELECT * FROM users WHERE email = $1 AND f(id)", input.values);').predicate)).toBe('email = input.values.0 …');
    expect(where(only('await manager.query("SELECT * FROM users WHERE id = ANY($1) AND hits IN ($2, 5)", [input.ids, id]);').predicate)).toBe('id in input.ids & hits in list(id,5)');
  });

  it('count and aggregate', () => {
    expect(only('await manager.query("SELECT count(*) AS n FROM users WHERE name = $1", [name]);')).toMatchObject({ verb: 'count', result: [{ path: ['0', 'n'], is: 'count', numeric: 'string' }] });
    expect(only('await manager.query("SELECT EXISTS (SELECT 1 FROM users WHERE name = $1) AS taken", [name]);')).toMatchObject({ verb: 'count', result: [{ path: ['0', 'taken'], is: 'exists' }] });
    expect(only('await manager.query("SELECT COALESCE(MAX(hits), 0) + 1 AS next FROM users");')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ path: ['0', 'next'], is: 'scalar' }] });
  });

  it('write rows', () => {
    const inserted = only('await manager.query("INSERT INTO users (email, name, hits) VALUES ($1, $2, DEFAULT) RETURNING id", [email, name]);');
    expect(inserted).toMatchObject({ verb: 'insert', many: false, violation: { arrives: 'thrown' }, result: [{ is: 'rows' }] });
    expect(row(inserted)).toBe('email set email, name set name, hits default undefined');
    const upserted = only('await manager.query("INSERT INTO users (email, name) VALUES ($1, $2) ON CONFLICT (email) DO UPDATE SET name = EXCLUDED.name, hits = users.hits + 1", [email, name]);');
    expect(upserted).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', atomic: true, update: { assignments: [{ column: 'name', how: 'set', value: { name: 'name' } }, { column: 'hits', how: 'atomic' }] } } });
    expect(only('await manager.query("INSERT INTO users (email) VALUES ($1) ON CONFLICT DO NOTHING", [email]);')).toMatchObject({ verb: 'upsert', conflict: { action: 'ignore', target: undefined } });
    const updated = only('await manager.query("UPDATE users SET hits = hits - $1, name = upper(nick), email = $3 WHERE id = $2 AND hits >= $1", [1, id, email]);');
    expect(updated).toMatchObject({ verb: 'update', many: false, miss: 'count', result: [{ path: ['0'] }, { path: ['1'], is: 'affected' }] });
    expect(row(updated)).toBe('hits atomic -(1), name atomic unknown, email set email');
    expect(where(updated.predicate)).toBe('id = id & hits >= 1');
    expect(only('await manager.query("DELETE FROM users WHERE email = $1", [email]);')).toMatchObject({ verb: 'delete' });
  });

  it('are left alone where they are not known', () => {
    expect(operations('await manager.query(`UPDATE ${table} SET a = 1`); await manager.query(input.sql); await manager.query("UPDATE users SET hits = 1; DELETE FROM users"); await manager.query("SELECT refresh()"); await manager.query(`UPDATE users SET ${input.set} WHERE id = 1`);')).toEqual([]);
    expect(operations('await manager.query("WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone"); await manager.query("WITH u AS (SELECT 1) SELECT * FROM u"); await manager.query("MERGE INTO users USING x ON a = b WHEN MATCHED THEN DELETE");')).toEqual([]);
    expect(where(only('await manager.query(`SELECT * FROM users WHERE ${input.where}`);').predicate)).toBe(' …');
    expect(where(only('await manager.query("SELECT u.* FROM users u JOIN teams t ON t.id = u.id WHERE t.name = $1 AND u.email = $2", [name, email]);').predicate)).toBe('t.name = name & email = email …');
  });

  it('take locks', () => {
    expect(only('await manager.query("SELECT pg_advisory_xact_lock(hashtext($1))", [email]);')).toMatchObject({ verb: 'lock', lock: 'advisory' });
    expect(only('await manager.query("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE");')).toMatchObject({ verb: 'lock', lock: 'update', table: { name: 'User' } });
    const locked = only('await manager.query("SELECT * FROM users WHERE id = $1 FOR SHARE", [id]);');
    expect(locked).toMatchObject({ verb: 'find', lock: 'share' });
    expect(where(locked.predicate)).toBe('id = id');
  });
});
