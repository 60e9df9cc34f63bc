import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => {
  box = sandbox({
    'src/a.ts': HEAD + race('a'), 'src/b.ts': HEAD + race('b'),
    'src/helper.ts': 'export const help = () => 1;\n',
    'src/direct.ts': `import { help } from './helper.js';\n${HEAD}${race('direct')}export { help };\n`,
    'src/index.ts': "export * from './direct.ts';\n",
    'src/through.ts': `const { direct } = require('.');\n${HEAD}${race('through')}`,
    'src/far.ts': `const { through } = await import('./through');\n${HEAD}${race('far')}`,
  });
  box.commit();
});
afterEach(() => box.remove());

async function files(...args: string[]): Promise<string[]> {
  const run = await box.run(['scan', '--format', 'json', ...args]);
  expect(run.code, run.err).toBeLessThan(2);
  return (JSON.parse(run.out) as { findings: { file: string }[] }).findings.map((one) => one.file);
}

describe('scan --changed', () => {
  it('looks at nothing while nothing changed', async () => expect(await files('--changed')).toEqual([]));

  it('looks at changed, staged and new files', async () => {
    box.write({ 'src/a.ts': `${HEAD}${race('changed')}`, 'src/new.ts': HEAD + race('fresh'), 'src/b.ts': `// staged\n${HEAD}${race('b')}` });
    box.git('add', 'src/b.ts');
    expect(await files('--changed')).toEqual(['src/a.ts', 'src/b.ts', 'src/new.ts']);
    expect(await files('--changed', 'src/a.ts')).toEqual(['src/a.ts']);
  });

  it('looks at those that import what changed, directly or by another, but no further; files that hand names on do not count', async () => {
    box.write({ 'src/helper.ts': 'export const help = () => 2;\n' });
    expect(await files('--changed')).toEqual(['src/direct.ts', 'src/through.ts']);
    box.write({ 'src/direct.ts': `${HEAD}${race('direct')}` });
    expect(await files('--changed')).toEqual(['src/direct.ts', 'src/far.ts', 'src/through.ts']);
  });

  it('takes a commit, and compares with where the branches part', async () => {
    const start = box.git('rev-parse', 'HEAD').trim();
    box.git('branch', 'base');
    box.write({ 'src/a.ts': `${HEAD}${race('changed')}` });
    box.git('commit', '-q', '--no-verify', '-a', '-m', 'one');
    box.git('checkout', '-q', 'base');
    box.write({ 'src/b.ts': `${HEAD}${race('elsewhere')}` });
    box.git('commit', '-q', '--no-verify', '-a', '-m', 'two');
    box.git('checkout', '-q', '-');
    expect(await files('--changed')).toEqual([]);
    for (const args of [['--changed', 'base'], ['--changed=base'], [`--changed=${start}`], ['--changed', 'base', 'src']]) expect(await files(...args)).toEqual(['src/a.ts']);
  });

  it('looks at everything when the schema changed, and says so', async () => {
    box.write({ 'prisma/schema.prisma': `${box.read('prisma/schema.prisma')}// new\n` });
    const run = await box.run(['scan', '--changed']);
    expect(run.err).toContain('prisma/schema.prisma changed, and with it perhaps the keys: all files are looked at.');
    expect(run.out).toContain('5 races in 5 files');
  });

  it('works from a folder below the top, and does not mind deleted files', async () => {
    rmSync(join(box.folder, 'src/b.ts'));
    box.write({ 'src/a.ts': `${HEAD}${race('changed')}` });
    const run = await box.run(['scan', '--changed', '--format', 'json'], { cwd: join(box.folder, 'src') });
    expect((JSON.parse(run.out) as { findings: { file: string }[] }).findings.map((one) => one.file)).toEqual(['a.ts']);
  });

  it('an unknown commit, or no git, is wrong usage', async () => {
    const unknown = await box.run(['scan', '--changed', 'no-such-branch']);
    expect([unknown.code, unknown.out]).toEqual([2, '']);
    expect(unknown.err).toContain('--changed no-such-branch: git knows no such commit');
    rmSync(join(box.folder, '.git'), { recursive: true });
    expect((await box.run(['scan', '--changed'])).err).toContain('this is no git work tree');
  });
});
