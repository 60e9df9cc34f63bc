import { describe, expect, test } from 'vitest';
import { explore, lockstep, standsFor } from './explore.ts';
import { boundaryOf, Connection, EVERYTHING, footprintOf, independent, NOTHING, type Footprint, type Linkage } from './footprint.ts';
import { Stage, type Step } from './stage.ts';

const reads = (...tables: string[]): Footprint => ({ all: false, reads: new Set(tables), writes: new Set() });
const writes = (...tables: string[]): Footprint => ({ all: false, reads: new Set(), writes: new Set(tables) });
const never = async (): Promise<ReadonlySet<number>> => new Set();

/** A toy database: rows in memory, and a statement is a function on them. */
class Toy {
  readonly stage = new Stage(never, 500);
  readonly rows: string[] = [];
  select(call: number, table = 't'): Promise<number> {
    return this.stage.statement(call, `select ${table}`, reads(table), async () => this.rows.length);
  }
  insert(call: number, row: string, table = 't'): Promise<void> {
    return this.stage.statement(call, `insert ${table}`, writes(table), async () => { this.rows.push(row); });
  }
}

/** Explores calls that each run on a fresh toy. */
function all(calls: readonly ((toy: Toy) => Promise<unknown>)[], limit = 10_000) {
  return explore(async (pick) => {
    const toy = new Toy();
    const run = await toy.stage.run(calls.map((call) => () => call(toy)), pick);
    return { ...run, outcome: toy.rows.join() };
  }, limit);
}

const findThenInsert = (call: number) => async (toy: Toy) => {
  if ((await toy.select(call)) === 0) await toy.insert(call, `row ${call}`);
};

describe('explore', () => {
  test('finds the interleaving of two look-ups before both inserts', async () => {
    const { runs, cut } = await all([findThenInsert(0), findThenInsert(1)]);
    expect(cut).toBe(false);
    expect(new Set(runs.map((one) => one.outcome))).toEqual(new Set(['row 0', 'row 1', 'row 0,row 1', 'row 1,row 0']));
    // The two look-ups commute: four runs stand for six schedules of which two are serial.
    expect(runs).toHaveLength(4);
    expect(runs.reduce((sum, one) => sum + standsFor(one.steps), 0)).toBe(6);
  });

  test('runs every order when all statements depend on one another: 6 statements of 2 calls, 20 orders', async () => {
    const three = (call: number) => async (toy: Toy) => { for (let n = 0; n < 3; n++) await toy.insert(call, String(call)); };
    const { runs } = await all([three(0), three(1)]);
    expect(new Set(runs.map((one) => one.outcome)).size).toBe(20);
    expect(runs).toHaveLength(20);
  });

  test('runs one order when none do', async () => {
    const own = (call: number) => async (toy: Toy) => { for (let n = 0; n < 3; n++) await toy.insert(call, String(call), `t${call}`); };
    const { runs } = await all([own(0), own(1)]);
    expect(runs).toHaveLength(1);
    expect(standsFor(runs[0]!.steps)).toBe(20);
  });

  test('stands for all orders together, whatever depends on what', async () => {
    const mixed = (call: number) => async (toy: Toy) => {
      await toy.insert(call, 'own', `own ${call}`);
      await toy.insert(call, 'shared');
      await toy.select(call);
    };
    const { runs } = await all([mixed(0), mixed(1), mixed(2)]);
    expect(runs.reduce((sum, one) => sum + standsFor(one.steps), 0)).toBe(1680);
    expect(runs.length).toBeLessThan(200);
  });

  test('says when it is cut', async () => {
    expect(await all([findThenInsert(0), findThenInsert(1)], 2)).toMatchObject({ cut: true });
  });

  test('takes the statements of a Promise.all as concurrent', async () => {
    const both = async (toy: Toy) => { await Promise.all([toy.insert(0, 'a'), toy.insert(0, 'b')]); };
    const { runs } = await all([both]);
    expect(runs.map((one) => one.outcome).sort()).toEqual(['a,b', 'b,a']);
  });

  test('tells a call that does not repeat', async () => {
    let count = 0;
    const fickle = (call: number) => async (toy: Toy) => { await toy.insert(call, 'x', `t${count++ % 7}`); await toy.insert(call, 'y'); };
    await expect(all([fickle(0), fickle(1)])).rejects.toThrow(/call \d does not repeat/);
  });

  test('runs a schedule again that a call left once', async () => {
    let runs = 0;
    const explored = await explore(async (pick) => {
      const toy = new Toy();
      const left = ++runs === 2;
      const calls = [0, 1].map((call) => async () => { for (let n = 0; n < (left && !call ? 0 : 2); n++) await toy.insert(call, String(call)); });
      return { ...(await toy.stage.run(calls, pick)), outcome: toy.rows.join() };
    }, 100);
    expect(new Set(explored.runs.map((one) => one.outcome)).size).toBe(6);
    expect(runs).toBe(7);
  });

  test('lockstep lets the calls step in turn', async () => {
    const toy = new Toy();
    const { steps } = await toy.stage.run([0, 1, 2].map((call) => () => findThenInsert(call)(toy)), lockstep());
    expect(steps.map((one) => `${one.call}${one.sql[0]}`)).toEqual(['0s', '1s', '2s', '0i', '1i', '2i']);
  });
});

describe('stage', () => {
  const first = (enabled: readonly Step[]) => enabled[0];

  test('goes on with the others when the server says that a call waits for a lock', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => { release = resolve; });
    let waiting = false;
    const stage = new Stage(async () => new Set(waiting ? [1] : []), 2_000);
    const order: string[] = [];
    const holder = async () => {
      await stage.statement(0, 'lock', EVERYTHING, async () => undefined);
      await stage.statement(0, 'commit', EVERYTHING, async () => { waiting = false; release(); });
    };
    const waiter = async () => {
      await stage.statement(1, 'lock', EVERYTHING, async () => { waiting = true; await held; order.push('waiter got it'); });
    };
    const picks = [0, 1, 0];
    const { steps } = await stage.run([holder, waiter], (enabled) => enabled.find((one) => one.call === picks[0] && (picks.shift(), true)) ?? enabled[0]);
    expect(steps.map((one) => `${one.call} ${one.sql}`)).toEqual(['0 lock', '1 lock', '0 commit']);
    expect(order).toEqual(['waiter got it']);
  });

  test('fails when a statement is neither done nor said to wait', async () => {
    const stage = new Stage(never, 50);
    let end: () => void = () => undefined;
    const run = stage.run([() => stage.statement(0, 'select pg_sleep(9)', EVERYTHING, () => new Promise<void>((resolve) => { end = resolve; setTimeout(resolve, 90); }))], first);
    await expect(run).rejects.toThrow(/neither done nor, as far as the server says, waiting.*pg_sleep/);
    end();
  });

  test('fails when a call waits for something else than the database', async () => {
    const stage = new Stage(never, 50);
    await expect(stage.run([() => new Promise((resolve) => setTimeout(resolve, 120))], first)).rejects.toThrow(/call 1 neither ended nor sent a statement/);
  });

  test('lets the calls run to their ends when a schedule is given up', async () => {
    const toy = new Toy();
    const run = await toy.stage.run([() => findThenInsert(0)(toy)], () => undefined);
    expect(run).toEqual({ steps: [], complete: false });
    expect(toy.rows).toEqual(['row 0']);
  });
});

describe('footprints', () => {
  const linkage: Linkage = {
    tables: new Set(['users', 'posts', 'comments', 'audit', 'tag']), triggers: new Set(['audit']),
    references: [{ child: 'posts', parent: 'users' }, { child: 'comments', parent: 'posts' }],
  };
  const of = (sql: string) => footprintOf(sql, linkage);

  test.each<[string, Footprint]>([
    ['SELECT "id" FROM "public"."users" WHERE "email" = $1', reads('users')],
    ['select `u`.`id` from `users` `u` left join `posts` `p` on `p`.`user_id` = `u`.`id` limit 1', reads('users', 'posts')],
    ['SELECT COUNT(*) FROM (SELECT "users"."id" FROM "users" WHERE 1=1 OFFSET $1) AS "sub"', reads('users')],
    ['SELECT * FROM tag FOR UPDATE', writes('tag')],
    ['INSERT INTO "tag" ("id", "name") VALUES ($1, DEFAULT) ON CONFLICT ( "name" ) DO UPDATE SET "name" = EXCLUDED."name" RETURNING "id"', writes('tag')],
    ['insert into `tag`(`id`) values (?) on duplicate key update `id` = values(`id`)', writes('tag')],
  ])('%s', (sql, expected) => expect(of(sql)).toEqual(expected));

  test('a write follows foreign keys both ways', () => {
    expect(of('delete from posts where id = 1')).toEqual({ all: false, writes: new Set(['posts', 'comments']), reads: new Set(['users', 'posts']) });
    expect(independent(of('insert into comments (id) values (1)'), of('delete from users where id = 1'))).toBe(false);
    expect(independent(of('insert into comments (id) values (1)'), of('insert into tag (id) values (1)'))).toBe(true);
  });

  test.each([
    'select pg_advisory_xact_lock(1)', 'select nextval(\'s\') from users', 'select * from users, posts', 'update users u, posts p set u.a = 1', 'insert into audit (a) values (1)',
    'call renumber()', 'select * from some_view', 'with x as (select 1) insert into users select * from x', 'lock table users', 'insert into users (a) values (1); delete from posts', 'create table x (a int)', 'truncate users',
  ])('touches everything: %s', (sql) => expect(of(sql)).toBe(EVERYTHING));

  test('independence', () => {
    expect(independent(reads('a'), reads('a'))).toBe(true);
    expect(independent(reads('a'), writes('a'))).toBe(false);
    expect(independent(writes('a'), writes('a'))).toBe(false);
    expect(independent(writes('a'), writes('b'))).toBe(true);
    expect(independent(EVERYTHING, reads('a'))).toBe(false);
    expect(independent(EVERYTHING, NOTHING)).toBe(true);
  });

  test.each([['BEGIN', 'begin'], ['START TRANSACTION', 'begin'], ['COMMIT', 'end'], ['rollback', 'end'], ['ROLLBACK TO SAVEPOINT a', undefined], ['SAVEPOINT a', 'local'], ['SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'local'], ['select 1', undefined]])('%s', (sql, expected) => {
    expect(boundaryOf(sql)).toBe(expected);
  });

  test('a commit shows what its transaction touched', () => {
    const connection = new Connection(linkage, true);
    expect(connection.next('BEGIN')).toBe(NOTHING);
    connection.next('insert into tag (id) values (1)');
    expect(connection.next('select 1 from users')).toEqual(reads('users'));
    expect(connection.next('COMMIT')).toEqual({ all: false, reads: new Set(['users']), writes: new Set(['tag']) });
    expect(connection.next('select 1 from tag')).toEqual(reads('tag'));
  });

  test.each([['a default of REPEATABLE READ', false, ['BEGIN']], ['SERIALIZABLE', true, ['START TRANSACTION', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE']], ['Prisma\'s form', true, ['BEGIN ISOLATION LEVEL REPEATABLE READ']]] as const)('a snapshot touches everything: %s', (_, readCommitted, opening) => {
    const connection = new Connection(linkage, readCommitted);
    for (const sql of opening) connection.next(sql);
    expect(connection.next('select 1 from tag').all).toBe(true);
    expect(connection.next('COMMIT').all).toBe(true);
    expect(connection.next('select 1 from tag').all).toBe(false);
  });

  test('BEGIN IMMEDIATE takes the write lock', () => expect(new Connection(linkage, false).next('BEGIN IMMEDIATE').all).toBe(true));
});
