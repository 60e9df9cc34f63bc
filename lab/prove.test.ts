/** What a proof finds wrong, on scenarios that are wrong on purpose: a lab that cannot fail proves nothing. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { SupabaseClient } from '@supabase/supabase-js';
import { EntitySchema, type DataSource } from 'typeorm';
import { stopEngines } from './engines/index.ts';
import { withGates } from './engines/inner-gates.ts';
import { cacheFolder, loadScenario } from './load.ts';
import type { Scenario, Trial } from './model.ts';
import { prove } from './prove.ts';
import { proofText } from './report.ts';

afterAll(stopEngines);

const counter = new EntitySchema<{ id: string; n: number }>({ name: 'counter', columns: { id: { type: 'text', primary: true }, n: { type: 'int' } } });
type Add = { add(source: DataSource): Promise<unknown> };

/** Reads, then writes what it has computed. */
const lossy: Add = { async add(source) {
  const rows = source.getRepository(counter);
  const { n } = await rows.findOneByOrFail({ id: 'a' });
  await rows.update({ id: 'a' }, { n: n + 1 });
} };
const atomic: Add = { add: async (source) => { await source.getRepository(counter).increment({ id: 'a' }, 'n', 1); } };

const add = (version: Add, source: DataSource) => version.add(source);
const start = `insert into counter values ('a', 0)`;
const scenario = (before: Add, after: Add | undefined, trial: Partial<Trial<Add, DataSource>> = {}): Scenario => ({
  title: 'counter', engines: ['sqlite'], library: { name: 'typeorm', entities: [counter] }, schema: 'entities', before, ...(after ? { after } : {}),
  trials: [{ name: 'twice', start, calls: [add, add], ...trial }],
} satisfies Scenario<Add, DataSource> as unknown as Scenario);
const proven = async (...args: Parameters<typeof scenario>) => (await prove(scenario(...args), '', 'sqlite')).trials[0]!;

describe('a proof', () => {
  test('of a lost update and its atomic form', async () => {
    const proof = await prove(scenario(lossy, atomic), '', 'sqlite');
    const [trial] = proof.trials;
    expect(trial).toMatchObject({ problems: [], residual: [], before: { run: 4, of: 6, broken: 2 }, after: { run: 2, of: 2, broken: 0 } });
    expect(trial!.before.seen.find((one) => one.verdict === 'broken')).toMatchObject({ outcome: expect.stringContaining('n: 1'), schedule: [expect.stringMatching(/^1: SELECT/), expect.stringMatching(/^2: SELECT/), expect.stringMatching(/^\d: UPDATE/), expect.stringMatching(/^\d: UPDATE/)] });
    expect(proofText(proof)).toMatch(/counter: typeorm on SQLite [\d.]+ \(sqlite\)\n {2}twice {2}before {2}run 4 of 6, 2 broken/);
  });
  test('needs no rewritten version', async () => expect(await proven(lossy, undefined)).toMatchObject({ problems: [], after: undefined }));
});

describe('a problem', () => {
  test('the rewritten version breaks', async () => expect((await proven(lossy, lossy)).problems).toEqual([expect.stringMatching(/^the rewritten version breaks: as under no order of the calls\n[^]*under the schedule\n1: SELECT/)]));
  test('the original does not break', async () => expect((await proven(atomic, atomic)).problems).toEqual(['the original breaks under no schedule']));
  test('the original breaks where it was said to hold', async () => expect((await proven(lossy, atomic, { before: 'holds' })).problems).toEqual([expect.stringMatching(/^the original breaks:/)]));
  test('a residual is not seen', async () => expect((await proven(lossy, atomic, { residual: { 'one is lost': () => false } })).problems).toEqual(['the residual `one is lost` was not seen']));
  test('a residual is seen', async () => expect(await proven(lossy, lossy, { residual: { 'one is lost': ({ tables }) => tables['counter']?.[0]?.['n'] === 1 } })).toMatchObject({ problems: [], residual: ['one is lost'], after: { broken: 0 } }));
  test('an invariant binds residual and serial outcomes too', async () => expect((await proven(lossy, lossy, { residual: { any: () => true }, invariant: ({ tables }) => (tables['counter']?.[0]?.['n'] === 2 ? undefined : 'lost') })).problems).toContainEqual(expect.stringMatching(/rewritten version breaks: lost/)));
  test('calls one after the other differ', async () => {
    const two: Add = { add: async (source) => { await source.getRepository(counter).increment({ id: 'a' }, 'n', 2); } };
    expect((await proven(lossy, two)).problems).toEqual([expect.stringMatching(/^one call after the other, the rewritten version gives\n[^]*n: 4[^]*where the original gives[^]*n: 2/)]);
    expect((await proven(lossy, two, { changes: 'adds two' })).problems).toEqual([]);
    expect((await proven(lossy, two, { schedules: 'sequence' })).problems).toHaveLength(1);
  });
  test('there are more schedules than the limit', async () => expect((await proven(lossy, atomic, { limit: 1 })).problems).toContainEqual(expect.stringMatching(/^before: more than 1 schedules; the rest did not run/)));
  test('an outcome does not repeat', async () => {
    const random: Add = { async add(source) { await source.getRepository(counter).update({ id: 'a' }, { n: Math.floor(Math.random() * 1e9) }); } };
    // TypeORM writes numbers into the text for SQLite; the schedule repeats all the same.
    expect((await proven(random, undefined)).problems).toContainEqual(expect.stringMatching(/do not repeat; name what is made up/));
  });
  test('lockstep comes to something else', async () => expect((await proven(lossy, atomic, { schedules: 'lockstep', expect: { after: () => 'three were expected' } })).problems).toEqual([expect.stringMatching(/^after: three were expected\n/)]));
  test('a lost connection leaves half', async () => {
    const halves: Add = { async add(source) { const rows = source.getRepository(counter); await rows.delete({ id: 'a' }); await rows.insert({ id: 'a', n: 1 }); } };
    const whole: Add = { add: async (source) => { await source.transaction(async (manager) => { const rows = manager.getRepository(counter); await rows.delete({ id: 'a' }); await rows.insert({ id: 'a', n: 1 }); }); } };
    const trial = { schedules: 'faults', calls: [add], invariant: ({ tables }) => (tables['counter'] ? undefined : 'the row is gone') } satisfies Partial<Trial<Add, DataSource>>;
    expect(await proven(halves, whole, trial)).toMatchObject({ problems: [], before: { run: 2, broken: 1 }, after: { run: 4, broken: 0 } });
    expect((await proven(whole, halves, trial)).problems).toHaveLength(2);
  });
});

describe('statements inside database functions', () => {
  const replace = (lock: string) => `create table owner (id int primary key); create table item (owner int references owner (id), name text, primary key (owner, name));
    create function replace_items(p_owner int, p_names text[]) returns void language plpgsql as $$
    begin
      ${lock}
      delete from item where owner = p_owner;
      insert into item select p_owner, unnest(p_names);
    end $$;`;
  const call = (name: string) => async (_: unknown, supabase: SupabaseClient) => (await supabase.rpc('replace_items', { p_owner: 1, p_names: [name] })).status;
  const run = async (lock: string) => (await prove({
    title: 'items', engines: ['embedded-postgres'], library: { name: 'supabase' }, schema: { sql: replace(lock) }, before: {},
    trials: [{ name: 'different', start: 'insert into owner values (1)', calls: [call('a'), call('b')], before: lock ? 'holds' : 'breaks' }],
  } satisfies Scenario<unknown, SupabaseClient> as unknown as Scenario, '', 'embedded-postgres')).trials[0]!;

  test('interleave: without a lock both sets stay', async () => {
    const trial = await run('');
    expect(trial.problems).toEqual([]);
    expect(trial.before.run).toBeGreaterThan(2);
    expect(trial.before.seen.some((one) => one.verdict === 'broken' && /name: "a".*name: "b"/.test(one.outcome))).toBe(true);
  });
  test('with a lock they do not', async () => expect((await run('perform 1 from owner where id = p_owner for update;')).problems).toEqual([]));

  test('gates stand before statements, not in declarations, expressions or text', () => {
    const count = (body: string) => withGates(body).split('perform db_race_lab.gate();').length - 1;
    expect(withGates('begin a := 1; end')).toBe('begin perform db_race_lab.gate(); a := 1; perform db_race_lab.gate(); end');
    expect(count('declare x int := 1; y text; begin x := 2; end;')).toBe(2);
    expect(count(`begin a := case when b then 1 else 2 end; c := ';'; -- x;\n d := $q$;$q$; end;`)).toBe(4);
    expect(count('begin if a then b := 1; elsif c then d := 1; end if; for i in 1..2 loop e := 1; end loop; end;')).toBe(6);
    expect(count('begin case a when 1 then b := 1; else c := 1; end case; begin d := 1; exception when others then e := 1; end; end;')).toBe(8);
  });
});

describe('a scenario file', () => {
  const file = async (text: string, work: (path: string) => Promise<void>) => {
    const folder = await mkdtemp(join(await cacheFolder(), 'test-'));
    try {
      await writeFile(join(folder, 'x.scenario.ts'), text);
      await writeFile(join(folder, 'entity.ts'), `function Mark(target: unknown, key: string) { Mark.keys.push(key); }\nMark.keys = [] as string[];\nexport class Entity { @Mark name!: string; }\nexport const keys = Mark.keys;\nexport const text = 'import "./nowhere.ts"';`);
      await work(join(folder, 'x.scenario.ts'));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  test('is loaded with what it imports, decorators included', () => file(
    `import type { Nothing } from './types-only.ts';\nimport { Entity, keys, text } from './entity.ts';\nimport { thing } from 'replaced';\nexport default { title: keys.join() + Object.keys(new Entity()).length + text, thing, engines: [] as Nothing[] };`,
    async (path) => expect(await loadScenario(path, { replaced: 'data:text/javascript,export const thing = 7' })).toEqual({ title: 'name0import "./nowhere.ts"', thing: 7, engines: [] })));
  test('without a default export', () => file('export const a = 1;', async (path) => { await expect(loadScenario(path)).rejects.toThrow(/no default export/); }));
  test('that imports what is not there', () => file(`import './gone.ts';\nexport default {};`, async (path) => { await expect(loadScenario(path)).rejects.toThrow(/x\.scenario\.ts imports \.\/gone\.ts, which is no file/); }));
});
