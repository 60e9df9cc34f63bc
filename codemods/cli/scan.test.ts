import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RULES } from '../../rules/index.ts';
import { applyEdits } from '../edits.ts';
import { HEAD, race, sandbox, type Sandbox } from './cli.test.help.ts';

let box: Sandbox;
beforeEach(() => { box = sandbox({ 'src/users.ts': HEAD + race(), 'src/plain.ts': 'export const one = 1;\n' }); });
afterEach(() => box.remove());

interface Located { startLine: number; startColumn: number; endLine: number; endColumn: number }
interface Json { findings: (Located & { rule: string; file: string; table: string; code: string; read: { line: number }; rewrite: { kind: string; replacements: (Located & { text: string })[] } })[]; errors: { file: string; line?: number; message: string }[]; summary: { files: number; parsed: number } }
const scanned = async (...args: string[]) => JSON.parse((await box.run(['scan', '--format', 'json', ...args])).out) as Json;

describe('db-race scan', () => {
  it('reports a race on the write, with the line of the read, and ends with 1', async () => {
    const { code, out, err } = await box.run(['scan']);
    expect([code, err]).toEqual([1, '']);
    expect(out).toContain('src/users.ts\n  6:10  no-find-then-insert\n');
    expect(out).toContain('line 4');
    expect(out).toContain('Rewrite: ');
    expect(out).toContain('1 race in 1 file (2 files looked at).');
  });

  it('ends with 0 where there is none, and parses only what has words of a database', async () => {
    expect((await box.run(['scan', 'src/plain.ts'])).code).toBe(0);
    expect((await scanned()).summary).toMatchObject({ files: 2, parsed: 1 });
  });

  it('--rule and --config choose', async () => {
    expect((await box.run(['scan', '--rule', 'no-delete-then-insert'])).code).toBe(0);
    expect((await scanned('--rule', 'no-delete-then-insert,db-race/no-find-then-insert')).findings).toHaveLength(1);
    box.write({ 'src/users.ts': `${HEAD}export async function f(email: string, rest: { phone: string } & Record<string, string>) {\n  const found = await prisma.user.findFirst({ where: { OR: [{ email }, { phone: rest.phone }] } });\n  if (!found && (await maybe())) await lockUser(prisma, email);\n  if (!found) await prisma.user.create({ data: { email, ...rest } });\n}\nasync function maybe() { return true; }\n` });
    const [sure, open] = [await scanned(), await scanned('--config', 'strict')];
    expect(open.findings.length).toBeGreaterThanOrEqual(sure.findings.length);
  });

  it('honours comments of ESLint', async () => {
    box.write({ 'src/users.ts': HEAD + race().replace('  return prisma', '  // eslint-disable-next-line db-race/no-find-then-insert -- one worker\n  return prisma') });
    expect((await box.run(['scan'])).code).toBe(0);
    box.write({ 'src/users.ts': HEAD + race().replace('  return prisma', '  // eslint-disable-next-line db-race/no-count-then-insert\n  return prisma') });
    expect((await box.run(['scan'])).code).toBe(1);
  });

  it('errors of one file do not stop the others, stand at the end, and end with 2 unless allowed', async () => {
    box.write({ 'src/a.ts': `${HEAD}prisma.user.create(;\nawait prisma.user.findFirst()`, 'src/b.ts': new Uint8Array([0, 1]) });
    const run = await box.run(['scan']);
    expect(run.code).toBe(2);
    expect(run.out).toContain('no-find-then-insert');
    expect(run.out).toMatch(/2 files could not be looked at:\n {2}src\/a\.ts:3: syntax error: .*Mend it, or leave the file out with --ignore\.\n {2}src\/b\.ts: the file is binary/);
    expect((await box.run(['scan', '--allow-errors'])).code).toBe(1);
    expect((await scanned()).errors).toMatchObject([{ file: 'src/a.ts', line: 3 }, { file: 'src/b.ts' }]);
    expect((await box.run(['scan', '--format', 'json'])).err).toContain('src/a.ts:3');
  });

  it('--format json carries edits whose places are those of the text', async () => {
    const { findings: [one] } = await scanned();
    const text = box.read('src/users.ts');
    const lines = text.split('\n');
    const offset = (line: number, column: number) => lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
    expect(text.slice(offset(one!.startLine, one!.startColumn), offset(one!.endLine, one!.endColumn))).toBe(one!.code);
    expect(one).toMatchObject({ rule: 'no-find-then-insert', file: 'src/users.ts', table: 'User', read: { line: 4 }, key: ['email'] });
    const after = applyEdits(text, one!.rewrite.replacements.map((each) => ({ start: offset(each.startLine, each.startColumn), end: offset(each.endLine, each.endColumn), text: each.text })));
    expect((await box.run(['migrate', '--write', '--allow-dirty'])).code).toBe(0);
    expect(box.read('src/users.ts')).toBe(after);
  });

  it('--format github escapes what would end a command', async () => {
    const { out } = await box.run(['scan', '--format', 'github']);
    expect(out).toMatch(/^::warning file=src\/users\.ts,line=6,endLine=6,col=10,endColumn=\d+,title=db-race\/no-find-then-insert::Two concurrent calls .*%0ARewrite: .*\n$/);
  });

  it('--format sarif names both ends, the fix, and its weaknesses', async () => {
    box.write({ 'src/broken.ts': `${HEAD}prisma.user.create(;` });
    const log = JSON.parse((await box.run(['scan', '--format', 'sarif'])).out) as { version: string; runs: [{ tool: { driver: { rules: { id: string }[] } }; taxonomies: [{ taxa: { id: string }[] }]; invocations: [{ executionSuccessful: boolean; toolExecutionNotifications: unknown[] }]; results: Record<string, unknown>[] }] };
    const [run] = log.runs;
    expect([log.version, run.results.length, run.invocations[0].executionSuccessful, run.invocations[0].toolExecutionNotifications.length]).toEqual(['2.1.0', 1, false, 1]);
    expect(run.tool.driver.rules.map((one) => one.id)).toEqual(RULES.map((rule) => `db-race/${rule.name}`));
    expect(run.taxonomies[0].taxa.map((one) => one.id)).toEqual(['362', '367']);
    expect(run.results[0]).toMatchObject({
      ruleId: 'db-race/no-find-then-insert',
      locations: [{ physicalLocation: { artifactLocation: { uri: 'src/users.ts', uriBaseId: 'SRCROOT' }, region: { startLine: 6, startColumn: 10 } } }],
      relatedLocations: [{ physicalLocation: { artifactLocation: { uri: 'src/users.ts' }, region: { startLine: 4 } } }],
      taxa: [{ id: '362' }, { id: '367' }],
      fixes: [{ artifactChanges: [{ artifactLocation: { uri: 'src/users.ts' } }] }],
    });
    expect(run.tool.driver.rules[run.results[0]!['ruleIndex'] as number]!.id).toBe('db-race/no-find-then-insert');
  });

  it('--output writes the report, without colours, and says where', async () => {
    const run = await box.run(['scan', '--output', 'races.txt'], { env: { FORCE_COLOR: '1' } });
    expect([run.code, run.out, run.err]).toEqual([1, '', '1 race in 2 files; the report is in races.txt.\n']);
    expect(box.read('races.txt')).toContain('  6:10  no-find-then-insert');
  });

  it.each([
    [{}, false, false], [{}, true, true], [{ NO_COLOR: '1' }, true, false], [{ FORCE_COLOR: '1' }, false, true], [{ FORCE_COLOR: '0' }, true, false], [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false], [{ TERM: 'dumb' }, true, false],
  ])('with %j on a terminal: %j, colours: %j', async (env, isTTY, colours) => {
    const { out } = await box.run(['scan'], { env, isTTY });
    expect(out.includes('\u001b[')).toBe(colours);
  });

  it('draws progress on a terminal only', async () => {
    expect((await box.run(['scan'], { isTTY: true })).err).toContain('/2 files');
    expect((await box.run(['scan'], { env: { FORCE_COLOR: '1' } })).err).toBe('');
  });

  it('settings reach the engine', async () => {
    expect((await scanned('--clients', 'typeorm')).findings).toEqual([]);
    const unknown = (await scanned('--no-schema')).findings[0]!;
    expect(unknown.rewrite.kind).toBe('refusal');
    box.write({ 'db-race.json': '{ "clients": ["typeorm"] }', 'db-race.mjs': 'export default { clients: ["supabase"] };\n' });
    for (const file of ['db-race.json', 'db-race.mjs']) expect((await scanned('--settings', file, 'src')).findings).toEqual([]);
  });
});

describe('bad usage ends with 2 and says what to do', () => {
  it.each([
    [['scann'], 'there is no command scann; did you mean scan?'],
    [['scan', '--fromat', 'json'], 'scan has no option --fromat; did you mean --format?'],
    [['scan', '--format', 'jsn'], '--format jsn: expected stylish, json, sarif, github, html; did you mean json?'],
    [['scan', '--format'], "See 'db-race scan --help'"],
    [['scan', '--rule', 'no-find-than-insert'], 'did you mean no-find-then-insert?'],
    [['scan', '--config', 'loose'], '--config loose: expected recommended, strict.'],
    [['scan', 'nowhere'], 'There is no file or folder nowhere.'],
    [['scan', 'src/*.vue'], 'No file matches src/*.vue.'],
    [['scan', '--schema', 'nowhere.prisma'], '--schema nowhere.prisma: there is no such file or folder.'],
    [['scan', '--schema', 'a', '--no-schema'], 'contradict'],
    [['scan', '--dialect', 'oracle'], "settings['db-race'].dialect: expected one of 'postgres', 'mysql', 'sqlite', got 'oracle'."],
    [['scan', '--clients', 'prism'], "settings['db-race'].clients[0]"],
    [['scan', '--workers', '0'], '--workers 0: expected a number from 1 to 99'],
    [['scan', '--ignore-file', 'none'], '--ignore-file none: there is no such file'],
    [['scan', '--settings', 'none.json'], 'there is no such file'],
    [['scan', '--settings', 'package.json'], "settings['db-race'].name: there is no such setting"],
    [['scan', '--settings', 'src/plain.ts'], 'it cannot be read'],
    [['scan', '--output', 'no/where.txt'], '--output no/where.txt: it cannot be written (ENOENT)'],
  ])('%j', async (args, message) => {
    const run = await box.run(args);
    expect([run.code, run.out]).toEqual([2, '']);
    expect(run.err).toContain(message);
    expect(run.err).not.toContain('internal error');
  });

  it('a folder with nothing to look at is said', async () => {
    mkdirSync(join(box.folder, 'empty'));
    const run = await box.run(['scan', 'empty']);
    expect(run.code).toBe(0);
    expect(run.err).toContain('No TypeScript or JavaScript file is left to look at');
  });
});

describe('help', () => {
  it.each([['--help'], ['scan', '--help'], ['migrate', '-h'], ['keys', '--help'], ['help', 'scan']])('%s %s teaches, and ends with 0', async (...args) => {
    const run = await box.run(args.filter((one) => typeof one === 'string'));
    expect([run.code, run.err]).toEqual([0, '']);
    expect(run.out).toMatch(/Exit codes?:/);
  });
  it('no command at all is wrong usage', async () => expect((await box.run([])).code).toBe(2));
  it('--version is that of the package', async () => expect((await box.run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+/));
});
