import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => { box = sandbox({ 'src/users.ts': HEAD + race(), 'src/more.ts': HEAD + race('more') }); });
afterEach(() => box.remove());

const scan = (...args: string[]) => box.run(['scan', '--baseline', 'known.json', ...args]);
const update = (...args: string[]) => scan('--update-baseline', ...args);

describe('a baseline', () => {
  it('holds what is found, so that the next run finds nothing', async () => {
    const run = await update();
    expect([run.code, run.err]).toEqual([0, '2 known findings in known.json.\n']);
    const next = await scan();
    expect([next.code, next.err]).toEqual([0, '2 findings known from known.json are not shown.\n']);
    expect(next.out).toBe('No new race found (2 files looked at).\n');
    expect((await scan('--format', 'html')).out).toContain('2 findings of a baseline are not shown.');
  });

  it('does not mind moved lines, layout, or the folder that it is run in', async () => {
    await update();
    box.write({ 'src/users.ts': `// moved\n\n${HEAD}${race().replace('create({ data: { email } })', 'create({\n    data: { email },\n  })'.replace(',\n  })', '\n  })'))}` });
    expect((await scan()).code).toBe(0);
    expect((await box.run(['scan', '--baseline', '../known.json'], { cwd: join(box.folder, 'src') })).code).toBe(0);
  });

  it('reports what is new: another race, changed code, and one more of the same', async () => {
    await update();
    box.write({ 'src/users.ts': HEAD + race() + race('again') });
    const twice = await scan('--format', 'json');
    expect(twice.code).toBe(1);
    expect((JSON.parse(twice.out) as { findings: { file: string; startLine: number }[] }).findings).toMatchObject([{ file: 'src/users.ts', startLine: 11 }]);
    box.write({ 'src/users.ts': HEAD + race().replace('data: { email }', "data: { email, phone: '1' }") });
    expect((await scan()).code).toBe(1);
  });

  it('tells of stale entries without failing, and drops them when updated', async () => {
    await update();
    box.write({ 'src/users.ts': 'export {};\n' });
    rmSync(join(box.folder, 'src/more.ts'));
    const run = await scan();
    expect(run.code).toBe(0);
    expect(run.err).toContain('known.json: src/users.ts (no-find-then-insert, `User`) is no longer found; --update-baseline drops it.');
    expect(run.err).toContain('known.json: src/more.ts ');
    expect((await update()).err).toBe('0 known findings in known.json.\n');
  });

  it('of a part of the project leaves the rest as it is', async () => {
    await update();
    expect((await scan('src/users.ts')).err).not.toContain('no longer found');
    expect((await scan('--rule', 'no-count-then-insert')).err).not.toContain('no longer found');
    expect((await update('src/users.ts')).err).toBe('2 known findings in known.json.\n');
    expect((await update('--rule', 'no-count-then-insert')).err).toBe('2 known findings in known.json.\n');
    box.write({ 'src/more.ts': `${HEAD}prisma.user.create(;` });
    const broken = await update();
    expect([broken.code, broken.err]).toEqual([2, '2 known findings in known.json.\n']);
  });

  it.each<[string, string | undefined, string]>([
    ['missing', undefined, 'there is no such file; --update-baseline writes it'], ['broken', '{', 'it cannot be read'], ['of another kind', '{ "version": 1, "findings": [{}] }', 'it is no baseline of this version'],
  ])('that is %s is wrong usage', async (_, content, message) => {
    if (content !== undefined) box.write({ 'known.json': content });
    const run = await scan();
    expect([run.code, run.out]).toEqual([2, '']);
    expect(run.err).toContain(message);
  });

  it('has to be named, and to lie in a folder that is there', async () => {
    expect((await box.run(['scan', '--update-baseline'])).err).toContain('--update-baseline needs --baseline FILE');
    expect((await box.run(['scan', '--update-baseline', '--baseline', 'no/where.json'])).err).toContain('it cannot be written (ENOENT)');
  });
});
