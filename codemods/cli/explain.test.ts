import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RULES } from '../../rules/index.ts';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => { box = sandbox({ 'src/users.ts': HEAD + race() }); });
afterEach(() => box.remove());

const explained = async (text: string, line: number) => {
  box.write({ 'src/users.ts': text });
  const run = await box.run(['explain', `src/users.ts:${line}`]);
  expect([run.code, run.err]).toEqual([0, '']);
  return run.out;
};

describe('db-race explain', () => {
  it('shows both calls, what the user sees, the key, and the rewrite with what it rests on', async () => {
    const out = await explained(HEAD + race(), 6);
    expect(out).toMatch(/^ {2}1\. {2}call 1 {2}src\/users\.ts:4 {2}prisma\.user\.findFirst {2}finds no row\n {2}2\. {2}call 2 .*finds no row\n {2}3\. {2}call 1 {2}src\/users\.ts:6 {2}prisma\.user\.create\s+inserts its row\n {2}4\. {2}call 2 .*fails: the key is taken by call 1$/m);
    expect(out).toContain('duplicate-key error on email that nobody handles');
    expect(out).toContain('The unique key on email decides.');
    expect(out).toMatch(/`User` has: id, prisma\/schema\.prisma:8; email,\s+prisma\/schema\.prisma:9\./);
    expect(out).toMatch(/It rests on:\n {4}proven {3}/);
    expect(out).toContain('+  return prisma.user.upsert(');
    // The line of the read is as good.
    expect(await explained(HEAD + race(), 4)).toBe(out);
  });

  it('says why there is no rewrite, and which key would allow it', async () => {
    const out = await explained(HEAD + race('byPhone', 'phone'), 6);
    expect(out).toContain('inserts a second row');
    expect(out).toContain('Both rows stay');
    expect(out).toContain('No unique key is known to decide.');
    expect(out).toMatch(/Not offered \([\w-]+\): /);
    expect(out).toMatch(/CREATE UNIQUE INDEX .*"phone"\); {2}-- postgres/);
    expect(out).toContain('HAVING count(*) > 1');
  });

  it('tells a replaced set as what it is', async () => {
    const out = await explained(`${HEAD}export async function put(phone: string, emails: string[]) {\n  await prisma.user.deleteMany({ where: { phone } });\n  await prisma.user.createMany({ data: emails.map((email) => ({ email, phone })) });\n}\n`, 5);
    expect(out).toMatch(/call 2 .*deletes what is there/);
    expect(out).toMatch(/call 2 .*inserts its rows beside those of call 1/);
    expect(out).toContain('No key keeps these statements of two calls apart.');
  });

  it('a silenced report is explained, and said to be silenced', async () => {
    const silenced = HEAD + race().replace('  return prisma', '  // eslint-disable-next-line\n  return prisma');
    expect(await explained(silenced, 7)).toContain('A comment of ESLint silences this report.');
  });

  it('a line without a report ends with 1 and names those with one', async () => {
    const run = await box.run(['explain', 'src/users.ts:1']);
    expect([run.code, run.out]).toEqual([1, 'Nothing is reported at line 1 of src/users.ts; lines with reports: 6.\n']);
  });

  it.each(RULES.map((rule) => rule.name))('prints the page of %s', async (name) => {
    const run = await box.run(['explain', `db-race/${name}`]);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out.startsWith(`# db-race/${name}\n`)).toBe(true);
  });

  it.each([
    [[], 'explain takes one <file:line> or rule'], [['a', 'b'], 'explain takes one'], [['no-find-than-insert'], 'did you mean no-find-then-insert?'], [['src/none.ts:3'], 'There is no file src/none.ts.'], [['src/broken.ts:1'], 'src/broken.ts:3: syntax error'], [['src/binary.ts:1'], 'src/binary.ts: the file is binary'],
  ])('%j is wrong usage', async (args, message) => {
    box.write({ 'src/broken.ts': `${HEAD}prisma.user.create(;`, 'src/binary.ts': new Uint8Array([0]) });
    const run = await box.run(['explain', ...args]);
    expect([run.code, run.out]).toEqual([2, '']);
    expect(run.err).toContain(message);
  });
});
