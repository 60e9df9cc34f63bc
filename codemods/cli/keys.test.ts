import { afterEach, beforeEach, expect, it } from 'vitest';
import { sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => { box = sandbox({ 'src/users.ts': '' }); });
afterEach(() => box.remove());

it('lists the keys with their places', async () => {
  for (const path of [[], ['src'], ['src/users.ts'], ['prisma/schema.prisma']]) {
    const run = await box.run(['keys', ...path]);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toMatch(/^User {2}prisma, prisma\/schema\.prisma:7\n {2}primary {2}id.* {2}prisma\/schema\.prisma:8\n {2}unique {3}email.* {2}prisma\/schema\.prisma:9\n/);
    expect(run.out).toContain('2 keys of 1 table, read from 1 file; database: postgres.');
  }
});

it('says what keeps a key from being one for all rows, and what was not read', async () => {
  box.write({
    'prisma/schema.prisma': `${box.read('prisma/schema.prisma')}model Tag {\n  id Int @id\n  name String?\n  @@unique([name])\n}\n`,
    'prisma/migrations/1_init/migration.sql': 'CREATE TABLE "Slot" (id int primary key, day int not null, gone timestamp);\nCREATE UNIQUE INDEX slot_day ON "Slot" (day) WHERE gone IS NULL;\nCREATE UNIQUE INDEX slot_x ON "Slot" (lower(day::text));\n',
  });
  const { out } = await box.run(['keys']);
  expect(out).toMatch(/unique {3}name; any number of rows where name is null/);
  expect(out).toMatch(/unique {3}day; partial: where .*gone.*; slot_day {2}prisma\/migrations\/1_init\/migration\.sql:2/);
  expect(out).toMatch(/; has an expression/);
  box.write({ 'prisma/migrations/2_more/migration.sql': new Uint8Array([0, 1, 2]) });
  expect((await box.run(['keys'])).out).toMatch(/Could not be read:\n {2}prisma\/migrations\/2_more\/migration\.sql:1 .*binary/);
});

it('--table and --format json', async () => {
  const { out } = await box.run(['keys', '--table', 'user', '--format', 'json']);
  const read = JSON.parse(out) as { tables: { name: string; keys: { columns: string[]; place: { file: string; line: number } }[] }[] };
  expect(read.tables).toHaveLength(1);
  expect(read.tables[0]!.keys.map((key) => [key.columns, key.place])).toEqual([[['id'], { file: 'prisma/schema.prisma', line: 8 }], [['email'], { file: 'prisma/schema.prisma', line: 9 }]]);
});

it.each([
  [['keys', 'nowhere'], 'There is no file or folder nowhere.'], [['keys', 'src', 'prisma'], 'keys takes one path'], [['keys', '--table', 'Usr'], '--table Usr: there is none of this name; known are User.'], [['keys', '--no-schema'], 'nothing to read'],
])('%j is wrong usage', async (args, message) => {
  const run = await box.run(args);
  expect([run.code, run.out]).toEqual([2, '']);
  expect(run.err).toContain(message);
});

it('no schema at all ends with 2 and says what to do', async () => {
  box.write({ 'prisma/schema.prisma': '' });
  const run = await box.run(['keys']);
  expect(run.code).toBe(2);
  expect(run.out).toContain('Name its files with --schema');
});
