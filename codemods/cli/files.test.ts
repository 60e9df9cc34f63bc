import { chmodSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandbox, type Sandbox } from './cli.test.help.ts';
import { readSource, select, shown, type SelectOptions } from './files.ts';

let box: Sandbox;
beforeAll(() => {
  box = sandbox({
    'src/a.ts': '', 'src/b.jsx': '', 'src/c.d.ts': '', 'src/d.txt': '', 'src/deep/e.mts': '', 'src/deep/f.gen.ts': '',
    'src/g.test.ts': '', 'scripts/h.ts': '', 'migrations/i.ts': '', 'node_modules/x/j.js': '', 'packages/one/node_modules/y/k.js': '',
    'out/l.js': '', 'src/out/m.ts': '', 'keep/out/n.ts': '', '.gitignore': '/out\n*.log.ts\n!kept.log.ts\n', 'src/o.log.ts': '', 'src/kept.log.ts': '', 'src/deep/.gitignore': 'p.ts\n!q.log.ts\n', 'src/deep/p.ts': '', 'src/deep/q.log.ts': '', 'src/p.ts': '',
  });
  box.commit();
});
afterAll(() => box.remove());

const names = (paths: readonly string[], options: Partial<SelectOptions> = {}) => select(paths, { cwd: box.folder, ...options }).files.map((path) => shown(path, box.folder));
const ALL = ['keep/out/n.ts', 'src/a.ts', 'src/b.jsx', 'src/deep/e.mts', 'src/deep/f.gen.ts', 'src/deep/q.log.ts', 'src/kept.log.ts', 'src/out/m.ts', 'src/p.ts'];

describe('which files are looked at', () => {
  it('all sources but those that git and the presets leave out', () => {
    expect(names([])).toEqual(ALL);
    expect(names(['.'])).toEqual(ALL);
  });

  it("files of --ignore-file speak as .gitignore does, from their folder down, and git's own exclude counts", () => {
    box.write({ 'lists/none.txt': '*.jsx\n/deep/\n', 'src/leave.txt': '*.jsx\n/deep/\n!deep/e.mts\n' });
    expect(names([], { ignoreFiles: ['src/leave.txt'] })).toEqual(ALL.filter((one) => !/\.jsx$|^src\/deep/.test(one)));
    expect(names([], { ignoreFiles: ['lists/none.txt'] })).toEqual(ALL);
    expect(select(['src/b.jsx'], { cwd: box.folder, ignoreFiles: ['src/leave.txt'] }).skipped).toMatchObject([{ by: '--ignore-file src/leave.txt' }]);
    expect(() => names([], { ignoreFiles: ['gone.txt'] })).toThrow('--ignore-file gone.txt: there is no such file');
    const before = box.read('.git/info/exclude');
    box.write({ '.git/info/exclude': `${before}\nkeep/\n` });
    expect(names([])).toEqual(ALL.filter((one) => !one.startsWith('keep/')));
    expect(names([], { noIgnore: true })).toContain('keep/out/n.ts');
    box.write({ '.git/info/exclude': before });
  });

  it('--no-ignore takes those too, but no installed package and no declaration', () => {
    const found = names([], { noIgnore: true });
    for (const one of ['out/l.js', 'src/g.test.ts', 'scripts/h.ts', 'migrations/i.ts', 'src/o.log.ts', 'src/deep/p.ts']) expect(found).toContain(one);
    expect(found.filter((one) => one.includes('node_modules') || one.endsWith('.d.ts'))).toEqual([]);
  });

  it.each([
    [['deep'], ['src/deep/']], [['src/deep/'], ['src/deep/']], [['./src/deep'], ['src/deep/']], [['**/*.gen.ts', 'b.jsx'], ['src/deep/f.gen.ts', 'src/b.jsx']],
    [['*.{jsx,mts}'], ['src/b.jsx', 'src/deep/e.mts']], [['src/*.ts'], ['src/a.ts', 'src/kept.log.ts', 'src/p.ts']],
  ])('--ignore %j leaves out %j', (ignore, left) => {
    expect(names([], { ignore })).toEqual(ALL.filter((one) => !left.some((start) => one.startsWith(start))));
  });

  it.each([
    [['src/*.ts'], ['src/a.ts', 'src/kept.log.ts', 'src/p.ts']], [['src/**/*.mts', 'src/b.jsx'], ['src/b.jsx', 'src/deep/e.mts']],
    [['src', 'src/a.ts'], ALL.filter((one) => one.startsWith('src/'))], [['**/a.ts'], ['src/a.ts']],
  ])('%j are paths and globs', (paths, expected) => expect(names(paths)).toEqual(expected));

  it('a file that links lead to is looked at once', () => {
    symlinkSync('a.ts', join(box.folder, 'src/a.link.ts'));
    symlinkSync('out', join(box.folder, 'linked'));
    box.write({ 'out/z.ts': '' });
    symlinkSync(join(box.folder, 'out/z.ts'), join(box.folder, 'src/z1.ts'));
    symlinkSync(join(box.folder, 'out/z.ts'), join(box.folder, 'src/z2.ts'));
    try {
      expect(names([])).toEqual([...ALL, 'src/z1.ts'].sort());
      expect(names(['src/a.link.ts'])).toEqual(['src/a.link.ts']);
    } finally {
      for (const one of ['src/a.link.ts', 'linked', 'src/z1.ts', 'src/z2.ts', 'out/z.ts']) rmSync(join(box.folder, one));
    }
  });

  it('a file that is named and left out is told', () => {
    const { files, skipped } = select(['src/g.test.ts', 'out/l.js', 'src/a.ts'], { cwd: box.folder, ignore: ['a.ts'] });
    expect(files).toEqual([]);
    expect(skipped.map(({ path, by }) => [shown(path, box.folder), by])).toEqual([['src/g.test.ts', "the presets' list of tests, seeds, migrations and scripts"], ['out/l.js', '.gitignore'], ['src/a.ts', '--ignore']]);
  });

  it('a folder outside the working directory has its own list', () => {
    expect(select(['../..'].map(() => box.folder), { cwd: join(box.folder, 'scripts') }).files.map((path) => shown(path, box.folder))).toEqual(ALL);
  });

  it.each([['src/missing.ts', 'There is no file or folder src/missing.ts'], ['lib/**/*.ts', 'No file matches lib/**/*.ts'], ['src/d.txt', 'src/d.txt is no TypeScript or JavaScript file']])('%s is an error', (path, message) => {
    expect(() => names([path])).toThrow(message);
  });

  it('links that lead nowhere, or to folders, are not followed', () => {
    symlinkSync(join(box.folder, 'gone.ts'), join(box.folder, 'src/link.ts'));
    symlinkSync(box.folder, join(box.folder, 'src/loop'));
    expect(names([])).toEqual(ALL);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('a folder that cannot be listed is an error among others', () => {
    box.write({ 'closed/a.ts': '' });
    chmodSync(join(box.folder, 'closed'), 0o000);
    const { errors } = select([], { cwd: box.folder });
    chmodSync(join(box.folder, 'closed'), 0o755);
    expect(errors[0]!.message).toContain('cannot be listed');
  });
});

describe('reading a file', () => {
  it('drops the byte order mark and remembers it', () => {
    box.write({ 'src/mark.ts': '\ufeffconst a = 1;' });
    expect(readSource(join(box.folder, 'src/mark.ts'))).toMatchObject({ text: 'const a = 1;', mark: true });
  });

  it('reads text with a NUL inside a string', () => {
    const text = `${'// a key of two parts\n'.repeat(20)}export const key = (a: string, b: string) => \`\${a}\0\${b}\`;\n`;
    box.write({ 'src/separator.ts': text });
    expect(readSource(join(box.folder, 'src/separator.ts'))).toMatchObject({ text });
  });

  it.each<[string, string | Uint8Array, string]>([
    ['binary', new Uint8Array([1, 0, 2]), 'binary or not UTF-8'], ['UTF-16', Buffer.from('\ufeffa', 'utf16le'), 'binary or not UTF-8'], ['huge', 'a'.repeat(8_000_001), 'too large (8 MB)'],
  ])('says what to do with a %s one', (_, content, message) => {
    box.write({ 'src/odd.ts': content });
    const read = readSource(join(box.folder, 'src/odd.ts'));
    expect(read).toMatchObject({ message: expect.stringContaining(message) as string });
    expect(read).toMatchObject({ message: expect.stringContaining('--ignore odd.ts') as string });
  });
});
