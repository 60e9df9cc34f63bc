import { describe, expect, it } from 'vitest';
import { line, operationsOf } from './source.test.help.ts';

const lines = (head: string, body: string, options: Parameters<typeof operationsOf>[1] = {}) => operationsOf(`${head} export async function run(email, name, id, env) { ${body} }`, options).map(line);

describe('pg', () => {
  const head = `import { Pool, Client } from 'pg'; const pool = new Pool();`;
  it('reads statements with their values', () => {
    expect(lines(head, `const { rows } = await pool.query('SELECT * FROM users WHERE email = $1', [email]);`)).toEqual(['find / users / email = email / rows@rows,count@rowCount']);
    expect(lines(head, `await pool.query({ text: 'INSERT INTO users (email, name) VALUES ($1, $2) RETURNING *', values: [email, name] });`)).toEqual(['insert / users / email=email,name=name / rows@rows,written@rows.0,affected@rowCount']);
    expect(lines(head, `await pool.query('INSERT INTO users (email) VALUES ($1) ON CONFLICT (email) DO NOTHING', [email]);`)).toEqual(['upsert / users / email=email / affected@rowCount']);
    expect(lines(head, `await pool.query('UPDATE users SET hits = hits + 1 WHERE id = $1', [id]); await pool.query('DELETE FROM users WHERE id = $1', [id]);`)).toEqual(['update / users / id = id / hits=1 / affected@rowCount', 'delete / users / id = id / affected@rowCount']);
    expect(lines(head, `const r = await pool.query('SELECT count(*) AS n FROM users WHERE team_id = $1', [id]);`)).toEqual(['count / users / team_id = id / count@rows.0.n']);
  });

  it('follows BEGIN and COMMIT on one connection, and not on a pool', () => {
    const body = (on: string) => `await ${on}.query('BEGIN ISOLATION LEVEL SERIALIZABLE'); await ${on}.query('SELECT * FROM users WHERE id = $1 FOR UPDATE', [id]); await ${on}.query('COMMIT'); await ${on}.query('DELETE FROM users WHERE id = $1', [id]);`;
    const found = operationsOf(`${head} export async function run(id) { const client = await pool.connect(); ${body('client')} }`);
    expect(found.map((one) => [one.verb, one.lock, one.transaction?.isolation])).toEqual([['find', 'update', 'serializable'], ['delete', undefined, undefined]]);
    expect(operationsOf(`${head} export async function run(id) { ${body('pool')} }`).map((one) => [one.lock, one.transaction])).toEqual([['update', undefined], [undefined, undefined]]);
  });

  it('takes the level from SET TRANSACTION', () => {
    expect(lines(head, `const c = new Client(); await c.query('BEGIN'); await c.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'); await c.query('SELECT 1 FROM users WHERE id = $1', [id]);`)[0]).toContain('in serializable');
  });

  it('knows advisory locks', () => {
    expect(operationsOf(`${head} export async function run(id) { const c = await pool.connect(); await c.query('BEGIN'); await c.query('SELECT pg_advisory_xact_lock($1)', [id]); }`)).toMatchObject([{ verb: 'lock', lock: 'advisory' }]);
  });

  it('follows helpers of the project', () => {
    const files = { './db': `import pg from 'pg'; const pool = new pg.Pool(); export const query = (text, params) => pool.query(text, params); export async function one(text, params) { const { rows } = await pool.query(text, params); return rows[0]; } export default pool;` };
    expect(lines(`import { one, query } from './db';`, `const user = await one('SELECT * FROM users WHERE email = $1', [email]); if (!user) await query('INSERT INTO users (email) VALUES ($1)', [email]);`, { files })).toEqual(['find / users / email = email / rows@rows,count@rowCount', 'insert / users / email=email / affected@rowCount']);
    expect(lines(`const pool = require('./db').default;`, `await pool.query('SELECT * FROM users WHERE email = $1', [email]);`, { files })).toHaveLength(1);
  });

  it('does not know what is put together at run time', () => {
    expect(lines(head, 'await pool.query(name, [email]); await pool.query(`SELECT * FROM ${name} WHERE id = $1`, [id]);')).toEqual([]);
  });
});

describe('tags', () => {
  const head = `import postgres from 'postgres'; const sql = postgres(url);`;
  it('runs where it is awaited', () => {
    expect(lines(head, 'const [user] = await sql`select * from users where email = ${email}`;')).toEqual(['find / users / email = email / rows@,count@count']);
    expect(lines(head, 'sql`delete from users where id = ${id}`;')).toEqual([]);
    expect(lines(head, 'const part = sql`email = ${email}`; await sql`select * from users where ${part}`;')).toEqual(['find / users / email = email / rows@,count@count']);
    expect(lines(head, 'await sql`insert into users (email, name) values (${email}, ${name}) returning *`;')).toEqual(['insert / users / email=email,name=name / rows@,written@0,affected@count']);
  });

  it('opens transactions', () => {
    expect(lines(head, `await sql.begin('isolation level serializable', async (tx) => { await tx\`select * from users where id = \${id}\`; await sql\`delete from users where id = \${id}\`; });`)).toEqual(['find / users / id = id / rows@,count@count / in serializable', 'delete / users / id = id / affected@count']);
  });

  it('knows Neon and Vercel', () => {
    expect(lines(`import { neon } from '@neondatabase/serverless'; const sql = neon(url);`, 'const rows = await sql`select * from users where email = ${email}`; await sql.transaction([sql`delete from users where id = ${id}`, sql`insert into users (email) values (${email})`]);')).toHaveLength(3);
    expect(lines(`import { sql } from '@vercel/postgres';`, 'const { rows } = await sql`select * from users where email = ${email}`;')).toEqual(['find / users / email = email / rows@rows,count@rowCount']);
  });

  it('knows slonik', () => {
    const slonik = `import { createPool, sql } from 'slonik'; const pool = await createPool(url);`;
    expect(lines(slonik, 'const user = await pool.maybeOne(sql.type(x)`select * from users where email = ${email}`); await pool.transaction(async (t) => { await t.query(sql.unsafe`insert into users (email) values (${email})`); });'))
      .toEqual(['find / users / email = email / row@', 'insert / users / email=email / affected@rowCount / in default']);
    expect(lines(slonik, 'await pool.oneFirst(sql.unsafe`select count(*) from users where team_id = ${id}`);')).toEqual(['count / users / team_id = id / count@']);
  });
});

describe('mysql2', () => {
  const head = `import mysql from 'mysql2/promise'; const pool = mysql.createPool({});`;
  it('reads rows from the first part of the answer', () => {
    expect(lines(head, `const [rows] = await pool.execute('SELECT * FROM users WHERE email = ?', [email]); await pool.query('INSERT INTO users (email) VALUES (?)', [email]);`)).toEqual(['find / users / email = email / rows@0', 'insert / users / email=email / affected@0.affectedRows']);
    expect(lines(head, `await pool.query('INSERT INTO users SET ?', { email, name }); await pool.query('UPDATE users SET ? WHERE id = ?', [{ name }, id]);`)).toEqual(['insert / users / email=email,name=name / affected@0.affectedRows', 'update / users / id = id / name=name / affected@0.affectedRows']);
    expect(lines(head, `await pool.query('INSERT INTO users (email) VALUES (?) ON DUPLICATE KEY UPDATE name = VALUES(name)', [email]);`)[0]).toMatch(/^upsert/);
  });

  it('follows connections and their transactions', () => {
    const found = operationsOf(`${head} export async function run(id) { const conn = await pool.getConnection(); await conn.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE'); await conn.beginTransaction(); await conn.query('SELECT * FROM users WHERE id = ? FOR UPDATE', [id]); await conn.commit(); await conn.query('DELETE FROM users WHERE id = ?', [id]); }`);
    expect(found.map((one) => [one.verb, one.lock, one.transaction?.isolation])).toEqual([['find', 'update', 'serializable'], ['delete', undefined, undefined]]);
  });

  it('follows callbacks', () => {
    expect(lines(`const mysql = require('mysql'); const connection = mysql.createConnection({});`, `connection.query('SELECT * FROM users WHERE email = ?', [email], (error, rows) => { if (rows.length === 0) connection.query('INSERT INTO users (email) VALUES (?)', [email], () => {}); });`))
      .toEqual(['find / users / email = email / rows@', 'insert / users / email=email / affected@affectedRows']);
  });
});

describe('SQLite', () => {
  it('runs on the spot', () => {
    const found = operationsOf(`import Database from 'better-sqlite3'; const db = new Database('x'); const byEmail = db.prepare('SELECT * FROM users WHERE email = ?'); export function run(email) { const row = byEmail.get(email); if (!row) db.prepare('INSERT INTO users (email) VALUES (@email)').run({ email }); return db.prepare('SELECT count(*) FROM users').pluck().get(); }`);
    expect(found.map(line)).toEqual(['find / users / email = email / row@', 'insert / users / email=email / affected@changes', 'count / users / count@']);
    expect(found.every((one) => one.synchronous)).toBe(true);
    expect(found[1]!.violation!.tests.find((one) => one.fires === true && one.path[0] === 'code')).toMatchObject({ values: ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY'] });
  });

  it('runs functions in transactions', () => {
    expect(lines(`const Database = require('better-sqlite3'); const db = Database('x'); const add = db.transaction((email) => { db.prepare('INSERT INTO users (email) VALUES (?)').run(email); });`, 'add(email); add.immediate(email);').filter((one) => one.includes(' in '))).toEqual(['insert / users / email=email / affected@changes / in default', 'insert / users / email=email / affected@changes / in serializable']);
  });

  it('knows node:sqlite, D1 and libSQL', () => {
    expect(operationsOf(`import { DatabaseSync } from 'node:sqlite'; const db = new DatabaseSync('x'); export const run = (id) => db.prepare('SELECT * FROM users WHERE id = ?').get(id);`)).toMatchObject([{ verb: 'find', synchronous: true }]);
    expect(lines('', `const user = await env.DB.prepare('SELECT * FROM users WHERE email = ?').bind(email).first(); await env.DB.prepare('INSERT INTO users (email) VALUES (?1)').bind(email).run(); await env.DB.batch([env.DB.prepare('DELETE FROM users WHERE id = ?').bind(id)]);`, { dialect: 'sqlite' }))
      .toEqual(['find / users / email = email / row@', 'insert / users / email=email / affected@meta.changes', 'delete / users / id = id / affected@meta.changes / in default']);
    expect(operationsOf(`export async function run(db: D1Database, email: string) { const { results } = await db.prepare('SELECT * FROM users WHERE email = ?').bind(email).all(); }`).map(line)).toEqual(['find / users / email = email / rows@results']);
    expect(lines(`import { createClient } from '@libsql/client'; const db = createClient({});`, `await db.execute({ sql: 'SELECT * FROM users WHERE email = ?', args: [email] });`)).toEqual(['find / users / email = email / rows@rows']);
  });
});

describe('recognition by shape', () => {
  it('knows statements, whoever runs them', () => {
    expect(lines('', `const r = await this.db.query('SELECT id FROM users WHERE email = $1', [email]); await ctx.client.query('INSERT INTO users (email) VALUES ($1)', [email]);`)).toHaveLength(2);
    expect(lines('', `const [rows] = await connection.execute('SELECT id FROM users WHERE email = ?', [email]);`)).toEqual(['find / users / email = email / rows@0']);
  });

  it('follows BEGIN on a connection that is known by its shape', () => {
    expect(lines('', `await client.query('BEGIN'); await client.query('SELECT id FROM users WHERE email = $1', [email]); await client.query('COMMIT');`)[0]).toContain('in default');
  });

  it('takes nothing else for SQL', () => {
    expect(lines('', `await graph.query('query { users { id } }'); await api.execute('select'); await page.prepare('x').run(); router.query('users'); await task.execute({ text: 'hello' }); await cache.get('SELECT'); await sh.exec('select a file'); css\`delete from x\`;`)).toEqual([]);
  });
});
