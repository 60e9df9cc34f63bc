/** The rounds of `rewriteSource`, over races that a toy engine finds: every call of `race(<what>)`, rewritten as <what> says. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as engine from '../src/engine.ts';
import type { Finding } from '../src/engine.ts';
import type { Edit, Refusal, Rewrite } from '../src/model.ts';
import { SettingsError } from '../src/settings.ts';
import { ParseFailure } from '../src/source/parse.ts';
import { rewriteSource, type RewriteOptions } from './rewrite.ts';

vi.mock('../src/engine.ts', () => ({ analyse: vi.fn(), isCandidate: vi.fn((text: string) => text.includes('race(')) }));
const analyse = vi.mocked(engine.analyse);

const rewrite = (edits: Edit[], more: Partial<Rewrite> = {}): Rewrite => ({ kind: 'rewrite', title: 'Replace it.', edits, requires: [], changes: ['All.'], form: 'toy', ...more });

function answer(what: string, start: number, end: number): Rewrite | Refusal {
  const replaced = { start, end, text: 'fine()' };
  switch (what) {
    case 'refused': return { kind: 'refusal', id: 'no-key', reason: 'No key.' };
    case 'unproven': return rewrite([replaced], { requires: [{ id: 'key', text: 'a key.', state: 'unknown' }, { id: 'row', text: 'a row.', state: 'unknown' }, { id: 'dialect', text: 'Postgres', state: 'proven' }] });
    case 'broken': return rewrite([{ start, end, text: 'fine((' }]);
    case 'stays': return rewrite([{ start: end, end, text: ' /* again */' }]);
    case 'wide': return rewrite([{ start: 0, end: 0, text: '// head\n' }, replaced]);
    default: return rewrite([replaced]);
  }
}

beforeEach(() => {
  analyse.mockImplementation((file, { rules }) => [...file.text.matchAll(/race\((\w*)\)/g)].map((match): Finding => ({
    rule: rules[0]!.rule.name, messageId: 'race', message: '', data: {}, start: match.index, end: match.index + match[0].length, race: {} as Finding['race'],
    rewrite: () => answer(match[1]!, match.index, match.index + match[0].length),
  })));
});

const run = (text: string, options: Partial<RewriteOptions> = {}) => rewriteSource(text, { filename: 'src/a.ts', ...options });
const lines = (entries: readonly { line: number }[]) => entries.map((one) => one.line);

describe('rewriteSource', () => {
  it('rewrites every race and tells what it did, with the lines of the text that was given', () => {
    const result = run('race();\nkeep;\nrace();\n');
    expect(result.text).toBe('fine();\nkeep;\nfine();\n');
    expect(lines(result.rewritten)).toEqual([1, 3]);
    expect(result.rewritten[0]).toMatchObject({ title: 'Replace it.', form: 'toy', changes: ['All.'] });
    expect(result.refused).toEqual([]);
  });

  it('does not parse or analyse text that cannot hold a race', () => {
    expect(run('not ( TypeScript')).toEqual({ text: 'not ( TypeScript', rewritten: [], refused: [] });
  });

  it('takes rewrites that lie into one another in rounds, and lines stay those of the first text', () => {
    const result = run('race(wide);\nrace(wide);\nrace(refused);\n');
    expect(result.text).toBe('// head\n// head\nfine();\nfine();\nrace(refused);\n');
    expect(lines(result.rewritten)).toEqual([1, 2]);
    expect(lines(result.refused)).toEqual([3]);
  });

  it('keeps refusals with their reason', () => {
    const result = run('race(refused);\nrace();\n');
    expect(result.text).toBe('race(refused);\nfine();\n');
    expect(result.refused).toEqual([{ rule: expect.any(String), line: 1, id: 'no-key', reason: 'No key.' }]);
  });

  it('needs unproven requirements to be accepted, all of them by name', () => {
    const text = 'race(unproven);\n';
    const refused = run(text, { accept: ['key'] });
    expect(refused.text).toBe(text);
    expect(refused.refused).toMatchObject([{ id: 'needs-accept', reason: 'Replace it is possible where this holds: a row. Accept with --accept=row.' }]);
    expect(run(text, { accept: ['key', 'row'] }).text).toBe('fine();\n');
  });

  it('drops a rewrite whose text does not parse, and only that', () => {
    const result = run('race(broken);\nrace();\n');
    expect(result.text).toBe('race(broken);\nfine();\n');
    expect(result.refused).toMatchObject([{ line: 1, id: 'not-parsable' }]);
  });

  it('does not rewrite the same place twice when it is still reported', () => {
    const result = run('race(stays);\n');
    expect(result.text).toBe('race(stays) /* again */;\n');
    expect(result.refused).toMatchObject([{ line: 1, id: 'not-silent' }]);
  });

  it('hands on the rules that were asked for, and rejects others', () => {
    run('race();', { rules: ['no-find-then-insert'] });
    expect(analyse.mock.lastCall![1].rules.map(({ rule, certainty }) => [rule.name, certainty])).toEqual([['no-find-then-insert', 'proven']]);
    expect(() => run('race();', { rules: ['no-such-rule'] })).toThrow(/^there is no rule 'no-such-rule'; known are (?:[\w-]+, )*no-find-then-insert,/);
  });

  it('rejects settings that cannot be meant and text that cannot be parsed', () => {
    expect(() => run('race();', { settings: { dialect: 'oracle' as 'mysql' } })).toThrow(SettingsError);
    expect(() => run('race(;')).toThrow(ParseFailure);
  });
});
