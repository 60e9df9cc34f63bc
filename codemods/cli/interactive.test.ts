import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rewriteSource } from '../rewrite.ts';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox({ 'src/a.ts': HEAD + race('one') + race('two'), 'src/b.ts': HEAD + race('three') });
  box.commit();
});
afterEach(() => box.remove());

/** What a person at a terminal types; the modes that the terminal was put in are noted. */
function typing(keys: string) {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: (mode: boolean) => { modes.push(mode); } });
  input.write(keys);
  return { input, modes };
}
const asked = async (keys: string, ...args: string[]) => {
  const { input, modes } = typing(keys);
  const run = await box.run(['migrate', '--interactive', 'src', ...args], { in: input, isTTY: true, env: { NO_COLOR: '1' } });
  expect(modes).toEqual([true, false]);
  return run;
};
const full = (file: string) => rewriteSource(box.read(file), { filename: file, cwd: box.folder }).text;

describe('db-race migrate --interactive', () => {
  it('asks about each race, with its diff, and writes what was accepted', async () => {
    const expected = { a: full('src/a.ts'), b: full('src/b.ts') };
    const run = await asked('aya');
    expect([run.code, box.read('src/a.ts'), box.read('src/b.ts')]).toEqual([0, expected.a, expected.b]);
    expect(run.out).toContain('3 races can be rewritten in 2 files. Nothing is written before the last answer');
    expect(run.out).toContain('src/a.ts:6  no-find-then-insert  (1 of 3)');
    expect(run.out).toContain('src/a.ts:11  no-find-then-insert  (2 of 3)');
    expect(run.out).toContain('src/b.ts:6  no-find-then-insert  (3 of 3)');
    expect(run.out).toContain('3 races rewritten in 2 files; 0 refused.');
    expect(readdirSync(join(box.folder, 'src'))).toEqual(['a.ts', 'b.ts']);
  });

  it('leaves alone what was skipped, keeps its place, and ends with 1', async () => {
    const before = box.read('src/b.ts');
    const run = await asked('sas');
    expect([run.code, box.read('src/b.ts')]).toEqual([1, before]);
    const text = box.read('src/a.ts');
    expect(text).toContain(race('one'));
    expect(text.match(/upsert\(/g)).toHaveLength(1);
    expect(run.out).toContain('1 race rewritten in 1 file; 0 refused, 2 skipped.');
  });

  it('explains without losing its place, and says which keys there are', async () => {
    const run = await asked('exq');
    expect(run.code).toBe(1);
    expect(run.out).toContain('Two calls at the same time');
    expect(run.out).toContain('What the user sees');
    expect(run.out).toContain('ask no more; what was accepted is written');
    expect(run.out.match(/\(1 of 3\)/g)).toHaveLength(1);
  });

  it('quit writes what was accepted before, and f skips the rest of a file', async () => {
    const before = box.read('src/b.ts');
    expect((await asked('aq')).out).toContain('1 race rewritten in 1 file; 0 refused, 2 skipped.');
    expect(box.read('src/a.ts')).toContain('upsert');
    expect(box.read('src/b.ts')).toBe(before);
    box.git('checkout', '-q', '.');
    expect((await asked('fa')).out).toContain('1 race rewritten in 1 file; 0 refused, 2 skipped.');
    expect(box.read('src/b.ts')).toContain('upsert');
  });

  it.each([['Ctrl-C', 'aa\u0003'], ['a terminal that is gone', 'a']])('%s writes nothing at all', async (_, keys) => {
    const before = [box.read('src/a.ts'), box.read('src/b.ts')];
    const { input } = typing(keys);
    if (!keys.includes('\u0003')) input.end();
    const run = await box.run(['migrate', '--interactive', 'src'], { in: input, isTTY: true });
    expect([run.code, box.read('src/a.ts'), box.read('src/b.ts')]).toEqual([130, ...before]);
    expect(run.err).toContain('stopped; nothing was written.');
  });

  it('names an unproven condition, which acceptance vouches for', async () => {
    box.remove();
    box = sandbox({ 'package.json': '{}', 'src/users.ts': HEAD + race().replace('return existing', "throw new Error('taken')") });
    box.commit();
    const run = await asked('a');
    expect(run.out).toContain('Not proven: ');
    expect(run.out).toContain('    accepted: ');
    expect(run.code).toBe(0);
  });

  it('wants a clean work tree, as --write does', async () => {
    box.write({ 'src/new.ts': '' });
    const { input } = typing('');
    const run = await box.run(['migrate', '--interactive'], { in: input, isTTY: true });
    expect([run.code, run.out]).toEqual([2, '']);
    expect(run.err).toContain('--interactive needs a clean work tree');
  });
});
