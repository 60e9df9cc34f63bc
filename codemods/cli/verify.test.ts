import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

/** A client as generated, with or without what a rewrite would call. */
const client = (upsert: string) => `export declare class PrismaClient {
  user: {
    findFirst(args: object): Promise<{ id: number; email: string; made: Date } | null>;
    create(args: object): Promise<{ id: number; email: string; made: Date }>;
    ${upsert}
  };
}
`;
const WITH = client('upsert(args: object): Promise<{ id: number; email: string; made: Date }>;');
const OTHER = client('upsert(args: object): Promise<{ id: number; email: string }>;');
const TSCONFIG = '{ "compilerOptions": { "strict": true, "module": "nodenext", "target": "es2022", "types": [] }, "include": ["src"] }';
const installed = (folder: string, types: string) => ({ [`${folder}node_modules/@prisma/client/index.d.ts`]: types, [`${folder}node_modules/@prisma/client/package.json`]: '{ "name": "@prisma/client", "version": "6.19.0", "types": "index.d.ts" }' });

let box: Sandbox;
beforeEach(() => { box = sandbox({ 'tsconfig.json': TSCONFIG, 'src/users.ts': HEAD + race(), ...installed('', WITH) }); });
afterEach(() => box.remove());

describe('db-race migrate --verify', () => {
  it('leaves rewrites alone that type-check', async () => {
    const run = await box.run(['migrate', '--verify', '--write', '--allow-dirty']);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toContain('Type-checked 1 changed file with tsconfig.json: no new error.');
    expect(box.read('src/users.ts')).toContain('upsert');
  });

  it('takes back a rewrite that adds an error, and no other of the file', async () => {
    box.write({
      ...installed('', client('')),
      'src/users.ts': HEAD + race() + "export async function put(email: string) {\n  const found = await prisma.user.findFirst({ where: { email } });\n  if (found) throw new Error('taken');\n  return prisma.user.create({ data: { email } });\n}\n",
    });
    const before = box.read('src/users.ts');
    const run = await box.run(['migrate', '--verify', '--write', '--allow-dirty']);
    expect(run.code).toBe(1);
    expect(run.out).toContain("src/users.ts:6  no-find-then-insert  not rewritten (adds-type-error): The rewritten code would not type-check (tsconfig.json): src/users.ts: TS2339: Property 'upsert' does not exist");
    expect(run.out).toContain('1 rewrite taken back');
    expect(run.out).toContain('1 race rewritten in 1 file; 1 refused.');
    const after = box.read('src/users.ts');
    expect(after.startsWith(HEAD + race())).toBe(true);
    expect(after).not.toBe(before);
  });

  it('sees the error in a file that imports the changed one', async () => {
    box.write({ ...installed('', OTHER), 'src/caller.ts': "import { ensureUser } from './users.js';\nexport const made = async () => (await ensureUser('a')).made.getTime();\n" });
    const before = box.read('src/users.ts');
    const run = await box.run(['migrate', '--verify', '--write', '--allow-dirty']);
    expect([run.code, box.read('src/users.ts')]).toEqual([1, before]);
    expect(run.out).toContain('(adds-type-error): The rewritten code would not type-check (tsconfig.json): src/caller.ts: TS2');
  });

  it('counts no error that stood there before, and says that there were some', async () => {
    box.write({ 'src/users.ts': `${HEAD}export const wrong: number = 'text';\n${race()}` });
    const run = await box.run(['migrate', '--verify', '--check']);
    expect(run.out).toContain('no new error (1 error there before, in the files that were looked at)');
    expect(run.out).toContain('1 race can be rewritten');
  });

  it('checks where one package is installed twice', async () => {
    const dates = (folder: string) => ({ [`${folder}node_modules/dates/package.json`]: '{ "name": "dates", "version": "1.0.0", "types": "index.d.ts" }', [`${folder}node_modules/dates/index.d.ts`]: 'export declare class Day { private day: number }\n' });
    box.write({
      ...dates('node_modules/one/'), ...dates('node_modules/two/'),
      ...Object.fromEntries(['one', 'two'].flatMap((name) => [[`node_modules/${name}/package.json`, `{ "name": "${name}", "version": "1.0.0", "types": "index.d.ts" }`], [`node_modules/${name}/index.d.ts`, `import type { Day } from 'dates';\nexport declare let ${name}: Day;\n`]])),
      'src/day.ts': "import { one } from 'one';\nimport { two } from 'two';\nexport const days = [one, two];\n",
    });
    const run = await box.run(['migrate', '--verify', '--write', '--allow-dirty']);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toContain('no new error.');
  });

  it('names files that no tsconfig holds', async () => {
    box.write({ 'tools/more.ts': HEAD + race(), 'tsconfig.json': TSCONFIG });
    const run = await box.run(['migrate', '--verify', '--check']);
    expect(run.out).toContain('Not type-checked, because no tsconfig.json or jsconfig.json holds it: tools/more.ts.');
  });

  it('in a monorepo, checks each package by its own tsconfig, also where these are referred to, and reads each schema', async () => {
    box.remove();
    const schema = (unique: string) => `datasource db {\n  provider = "postgresql"\n}\nmodel User {\n  id Int @id @default(autoincrement())\n  email String ${unique}\n}\n`;
    const own = (name: string, types: string) => ({ [`packages/${name}/package.json`]: `{ "name": "${name}", "dependencies": { "@prisma/client": "^6.19.0" } }`, [`packages/${name}/src/users.ts`]: HEAD + race(), ...installed(`packages/${name}/`, types) });
    box = sandbox({
      'package.json': '{ "name": "all", "private": true, "workspaces": ["packages/*"] }', 'prisma/schema.prisma': '', 'tsconfig.json': '{ "files": [], "references": [{ "path": "packages/c/tsconfig.app.json" }] }',
      ...own('a', WITH), 'packages/a/tsconfig.json': TSCONFIG, 'packages/a/prisma/schema.prisma': schema('@unique'),
      ...own('b', client('')), 'packages/b/tsconfig.json': TSCONFIG, 'packages/b/prisma/schema.prisma': schema('@unique'),
      ...own('c', WITH), 'packages/c/tsconfig.app.json': TSCONFIG, 'packages/c/prisma/schema.prisma': schema('@unique'),
      ...own('d', WITH), 'packages/d/tsconfig.json': TSCONFIG, 'packages/d/prisma/schema.prisma': schema(''),
    });
    const run = await box.run(['migrate', '--verify', '--write', '--allow-dirty', '--migrations', 'keys.sql']);
    expect([run.code, run.err]).toEqual([1, '']);
    expect(run.out).toContain('Type-checked 1 changed file with packages/a/tsconfig.json: no new error.');
    expect(run.out).toContain('Type-checked 1 changed file with packages/b/tsconfig.json: 1 rewrite taken back.');
    expect(run.out).toContain('Type-checked 1 changed file with packages/c/tsconfig.app.json: no new error.');
    expect(run.out).toContain('2 races rewritten in 2 files; 2 refused.');
    expect(['a', 'b', 'c', 'd'].map((name) => box.read(`packages/${name}/src/users.ts`).includes('upsert'))).toEqual([true, false, true, false]);
    expect(box.read('keys.sql')).toMatch(/for packages\/d\/src\/users\.ts:6[\s\S]*SELECT "email", count\(\*\)[\s\S]*CREATE UNIQUE INDEX/);
  });
});
