import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rewriteSource } from '../rewrite.ts';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => { box = sandbox({ 'src/users.ts': HEAD + race() }); });
afterEach(() => box.remove());

const rewritten = (file = 'src/users.ts') => rewriteSource(box.read(file), { filename: file, cwd: box.folder }).text;

describe('db-race migrate', () => {
  it('prints a diff that git applies, and a summary, and writes nothing', async () => {
    const before = box.read('src/users.ts');
    const run = await box.run(['migrate']);
    expect([run.code, run.err, box.read('src/users.ts')]).toEqual([1, '', before]);
    expect(run.out).toContain('1 race can be rewritten in 1 file; 0 refused.');
    expect(run.out).toContain('src/users.ts:6  no-find-then-insert  ');
    const diff = run.out.slice(0, run.out.indexOf('src/users.ts:6'));
    const applied = spawnSync('git', ['apply', '-'], { cwd: box.folder, input: diff, encoding: 'utf8' });
    expect(applied.stderr).toBe('');
    const after = box.read('src/users.ts');
    box.write({ 'src/users.ts': before });
    expect(after).toBe(rewritten());
  });

  it('--write writes what rewriteSource gives, keeps mode and mark, leaves no other file, and a second run changes nothing', async () => {
    box.write({ 'src/users.ts': `\ufeff${HEAD}${race()}`.replaceAll('\n', '\r\n') });
    chmodSync(join(box.folder, 'src/users.ts'), 0o640);
    box.commit();
    const expected = `\ufeff${rewriteSource(box.read('src/users.ts').slice(1), { filename: 'src/users.ts', cwd: box.folder }).text}`;
    const run = await box.run(['migrate', '--write']);
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toContain('1 race rewritten in 1 file; 0 refused.');
    expect(box.read('src/users.ts')).toBe(expected);
    if (process.platform !== 'win32') expect(statSync(join(box.folder, 'src/users.ts')).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(box.folder, 'src'))).toEqual(['users.ts']);
    box.git('commit', '-q', '--no-verify', '-a', '-m', 'rewritten');
    expect((await box.run(['migrate', '--write'])).out).toContain('0 races rewritten in 0 files');
    expect(box.read('src/users.ts')).toBe(expected);
  });

  it('--write refuses without git, and with uncommitted changes, unless these are allowed', async () => {
    const before = box.read('src/users.ts');
    const without = await box.run(['migrate', '--write']);
    expect([without.code, box.read('src/users.ts')]).toEqual([2, before]);
    expect(without.err).toContain('needs a git work tree');
    box.commit();
    box.write({ 'src/new.ts': '' });
    const dirty = await box.run(['migrate', '--write']);
    expect([dirty.code, box.read('src/users.ts')]).toEqual([2, before]);
    expect(dirty.err).toContain('1 path changed or untracked (src/new.ts)');
    expect((await box.run(['migrate', '--write', '--allow-dirty'])).code).toBe(0);
    expect(box.read('src/users.ts')).not.toBe(before);
  });

  it('--check ends with 1 while something is pending, prints no diff and writes nothing', async () => {
    const before = box.read('src/users.ts');
    const run = await box.run(['migrate', '--check']);
    expect([run.code, box.read('src/users.ts')]).toEqual([1, before]);
    expect(run.out).not.toContain('@@');
    box.write({ 'src/users.ts': rewritten() });
    expect((await box.run(['migrate', '--check'])).code).toBe(0);
  });

  it('a refusal is counted by its reason, --accept by name lets it through, and a misspelt name is told', async () => {
    box.remove();
    box = sandbox({ 'package.json': '{}', 'src/users.ts': HEAD + race().replace('return existing', "throw new Error('taken')") });
    const { refused } = rewriteSource(box.read('src/users.ts'), { filename: 'src/users.ts', cwd: box.folder });
    const ids = refused.flatMap((one) => one.unproven?.map(({ id }) => id) ?? []);
    expect(ids.length).toBeGreaterThan(0);
    const run = await box.run(['migrate', '--accept', 'no-such-condition']);
    expect(run.out).toContain(`   1  needs-accept (${ids.map((id) => `--accept ${id}`).join(' ')})`);
    expect(run.out).toContain('No rewrite asked for --accept no-such-condition.');
    const accepted = await box.run(['migrate', ...ids.flatMap((id) => ['--accept', id])]);
    expect(accepted.out).toContain('1 race can be rewritten in 1 file; 0 refused.');
    expect(accepted.out).toContain(`accepted: ${ids[0]}: `);
  });

  it('--migrations writes the SQL that refusals name, each once, with the query for duplicates', async () => {
    box.write({ 'src/users.ts': HEAD + race('one', 'phone'), 'src/more.ts': HEAD + race('two', 'phone') });
    const run = await box.run(['migrate', '--migrations', 'keys.sql']);
    expect(run.out).toContain('The SQL that refused rewrites need is in keys.sql.');
    const sql = box.read('keys.sql');
    expect(sql.match(/^CREATE UNIQUE INDEX .*"phone"\);$/gm)).toHaveLength(1);
    // What nobody has run yet is no key: the file may lie anywhere in the project.
    expect((await box.run(['migrate', '--check'])).out).toContain('2 refused.');
    expect(sql).toContain('for src/more.ts:6');
    expect(sql).toContain('for src/users.ts:6');
    expect(sql).toMatch(/^-- {3}SELECT "phone", count\(\*\) FROM "User" GROUP BY "phone" HAVING count\(\*\) > 1;$/m);
    box.write({ 'prisma/schema.prisma': box.read('prisma/schema.prisma').replace(/datasource db \{[^}]*\}/, '') });
    await box.run(['migrate', '--migrations', 'keys.sql']);
    // Nothing that could be run against the wrong kind of database.
    expect(box.read('keys.sql').split('\n').filter((line) => line && !line.startsWith('--'))).toEqual([]);
    box.write({ 'src/users.ts': 'export {};\n', 'src/more.ts': 'export {};\n' });
    expect((await box.run(['migrate', '--migrations', 'none.sql'])).out).toContain('none.sql was not written');
  });

  it('ends with 1 while refusals are left, and with 0 once everything is rewritten or silenced', async () => {
    box.write({ 'src/more.ts': HEAD + race('two', 'phone') });
    expect((await box.run(['migrate', '--write', '--allow-dirty'])).code).toBe(1);
    box.write({ 'src/more.ts': HEAD + race('two', 'phone').replace('  return prisma', '  // eslint-disable-next-line\n  return prisma') });
    expect((await box.run(['migrate', '--write', '--allow-dirty'])).code).toBe(0);
  });

  it('--assume-unique vouches for a key that no schema declares, and says so', async () => {
    box.write({ 'prisma/schema.prisma': box.read('prisma/schema.prisma').replace('phone String?', 'phone String'), 'src/users.ts': HEAD + race('one', 'phone') });
    expect((await box.run(['migrate'])).out).toContain('not rewritten (no-unique-key)');
    const run = await box.run(['migrate', '--assume-unique', 'User(phone)']);
    expect(run.out).toContain('1 race can be rewritten in 1 file; 0 refused.');
    const explained = await box.run(['explain', 'src/users.ts:6', '--assume-unique', 'user( phone )']);
    expect(explained.out).toMatch(/proven.*`phone` is a unique key of `User`, as the settings say,/);
    expect((await box.run(['keys', '--assume-unique', 'User(phone),User(email,phone)'])).out).toMatch(/unique {3}phone {2}as the settings say\n.*email, phone {2}as the settings say/);
    expect((await box.run(['migrate', '--assume-unique', 'Usr(phone)'])).err).toContain('has no Usr(phone) (User is there, with id, email, phone)');
  });

  it('does not rewrite what is silenced in the editor', async () => {
    box.write({ 'src/users.ts': `/* eslint-disable db-race/no-find-then-insert */\n${HEAD}${race()}` });
    expect((await box.run(['migrate', '--check'])).code).toBe(0);
  });

  it('gives the same whatever the order of the paths, and several files at once', async () => {
    box.write({ 'src/a.ts': HEAD + race('a'), 'src/b.ts': HEAD + race('b') });
    const forth = await box.run(['migrate', 'src/a.ts', 'src/b.ts', 'src/users.ts']);
    const back = await box.run(['migrate', 'src/users.ts', 'src/b.ts', 'src/a.ts']);
    expect(forth.out).toContain('3 races can be rewritten in 3 files');
    expect(back).toEqual(forth);
  });

  it('a file that cannot be parsed, or not written back as it is, is listed and does not stop the others', async () => {
    box.write({ 'src/a.ts': `${HEAD}prisma.user.create(;`, 'src/b.ts': Buffer.concat([Buffer.from(HEAD + race('b') + '// '), Buffer.from([0xff]), Buffer.from('\n')]) });
    const run = await box.run(['migrate', '--write', '--allow-dirty']);
    expect(run.code).toBe(2);
    expect(run.out).toContain('src/a.ts:3: syntax error');
    expect(run.out).toContain('src/b.ts: the file is not valid UTF-8');
    expect(box.read('src/users.ts')).toContain('upsert');
    expect((await box.run(['migrate', '--allow-errors'])).code).toBe(0);
  });

  it('Ctrl-C ends it between two files: each is the old text or the new one, and the exit code says so', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `src/f${at}.ts`);
    box.write(Object.fromEntries(names.map((name) => [name, HEAD + race()])));
    const [before, after] = [box.read('src/f0.ts'), rewritten('src/f0.ts')];
    const running = box.run(['migrate', 'src', '--write', '--allow-dirty']);
    while (box.read('src/f0.ts') === before) await new Promise((done) => { setImmediate(done); });
    process.emit('SIGINT');
    const run = await running;
    expect(run.code).toBe(130);
    const texts = names.map((name) => box.read(name));
    expect(texts.filter((text) => text === after).length).toBeGreaterThan(0);
    expect(texts.filter((text) => text === before).length).toBeGreaterThan(0);
    expect(texts.every((text) => text === before || text === after)).toBe(true);
    expect(readdirSync(join(box.folder, 'src')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(run.err).toMatch(/stopped; \d+ files? of 13 written, each completely/);
  });

  it.each([
    [['--write', '--check'], 'contradict'], [['--allow-dirty'], '--allow-dirty goes with --write'], [['--interactive', '--check'], 'contradict'], [['--interactive'], 'needs a terminal'], [['--assume-unique', 'User'], 'expected a table and its columns'], [['--rule', 'nothing-like-it'], '--rule nothing-like-it: expected '], [['--wirte'], 'did you mean --write?'], [['--migrations', 'no/where.sql'], 'it cannot be written'],
  ])('%j is wrong usage', async (args, message) => {
    box.write({ 'src/users.ts': HEAD + race('one', 'phone') });
    const run = await box.run(['migrate', ...args]);
    expect(run.code).toBe(2);
    expect(run.err).toContain(message);
  });
});
