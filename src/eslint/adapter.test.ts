/** The adapter in real ESLint 8.57, 9 and 10, with ESLint's own parser and TypeScript's; the engine's answers are given. */
import * as parser from '@typescript-eslint/parser';
import { Linter as Linter10 } from 'eslint';
// @ts-expect-error: version 8 has no declarations of its own
import { Linter as Linter8 } from 'eslint-8';
import { Linter as Linter9 } from 'eslint-9';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as engine from '../engine.ts';
import type { AnalyseOptions, Finding } from '../engine.ts';
import type { Refusal, Rewrite } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { toEslintRule, type AnyRule } from './adapter.ts';

vi.mock('../engine.ts', () => ({ analyse: vi.fn(() => []), isCandidate: vi.fn(() => true) }));
const analyse = vi.mocked(engine.analyse);
const isCandidate = vi.mocked(engine.isCandidate);

const CODE = 'const a = 1;\nuse(find(a), insert(a));\n';
const AT = CODE.indexOf('insert');
const REWRITE: Rewrite = {
  kind: 'rewrite', title: 'Replace with `upsert`', form: 'x', changes: ['Hooks do not run.'],
  requires: [{ id: 'key', text: 'a unique key on `a`', state: 'unknown' }, { id: 'dialect', text: 'Postgres', state: 'proven' }],
  edits: [{ start: AT, end: AT + 6, text: 'upsert' }, { start: 0, end: 0, text: '// b\n' }],
};

function ruleOf(name: string): AnyRule {
  return {
    name, description: 'a rule', messages: { race: '`{{read}}` races.' },
    options: { schema: { type: 'object', properties: { depth: { type: 'integer' } } }, defaults: { depth: 1 } },
    find: () => [],
  };
}

function findingOf(rule: string, answer: Rewrite | Refusal): Finding {
  return { rule, messageId: 'race', message: 'unused', data: { read: 'find' }, start: AT, end: AT + 9, race: {} as Finding['race'], rewrite: () => answer };
}

const plugin = { rules: { one: toEslintRule(ruleOf('one')), two: toEslintRule(ruleOf('two')) } };
const linters = [['8.57', Linter8], ['9', Linter9], ['10', Linter10]] as unknown as [string, typeof Linter10][];
const hosts = linters.flatMap(([version, Linter]) => [['espree', undefined] as const, ['TypeScript', parser] as const].map(([name, used]) => [`ESLint ${version}, ${name}`, Linter, used] as const));

function verify(Linter: typeof Linter10, used: unknown, config: { rules?: object; settings?: object } = {}): Linter10.LintMessage[] {
  const linter = new Linter({ configType: 'flat', cwd: '/project' });
  return linter.verify(CODE, [{
    files: ['**/*'], plugins: { 'db-race': plugin }, rules: { 'db-race/one': 1, 'db-race/two': 1 }, ...(used ? { languageOptions: { parser: used } } : {}), ...config,
  } as unknown as Linter10.Config], { filename: '/project/src/a.js' });
}

beforeEach(() => {
  analyse.mockReset().mockReturnValue([]);
  isCandidate.mockReset().mockReturnValue(true);
});

describe.each(hosts)('%s', (_, Linter, used) => {
  it('one analysis serves all rules and sees the host\'s tree', () => {
    let seen: { file: SourceFile; options: AnalyseOptions } | undefined;
    analyse.mockImplementation((file, options) => {
      seen = { file, options };
      // Parents and scopes are the host's own and there by now.
      const use = file.ast.body[1]!;
      expect(use.parent).toBe(file.ast);
      const argument = (use as never as { expression: { arguments: { arguments: never[] }[] } }).expression.arguments[0]!.arguments[0]!;
      expect(file.variable(argument)?.name).toBe('a');
      return [findingOf('one', REWRITE), findingOf('two', REWRITE)];
    });
    expect(verify(Linter, used).map((message) => message.ruleId)).toEqual(['db-race/one', 'db-race/two']);
    expect(analyse).toHaveBeenCalledTimes(1);
    expect(seen!.options).toMatchObject({ cwd: '/project', rules: [{ rule: { name: 'one' }, options: {}, certainty: 'proven' }, { rule: { name: 'two' } }] });
    expect(seen!.file).toMatchObject({ path: '/project/src/a.js', text: CODE });
  });

  it('a report stands at the finding and suggests the very edits of the rewrite', () => {
    analyse.mockReturnValue([findingOf('one', REWRITE)]);
    const [message] = verify(Linter, used);
    expect(message).toMatchObject({ messageId: 'race', message: '`find` races.', line: 2, column: 14, endLine: 2, endColumn: 23 });
    expect(message!.fix).toBeUndefined();
    expect(message!.suggestions).toHaveLength(1);
    const { desc, fix } = message!.suggestions![0]!;
    expect(desc).toBe('Replace with `upsert` (unproven: a unique key on `a`). Hooks do not run.');
    expect(CODE.slice(0, fix.range[0]) + fix.text + CODE.slice(fix.range[1])).toBe(`// b\n${CODE.replace('insert', 'upsert')}`);
  });

  it('a short refusal is part of the message, a long one is not', () => {
    analyse.mockReturnValue([findingOf('one', { kind: 'refusal', id: 'a', reason: '`a` is read again.' }), findingOf('two', { kind: 'refusal', id: 'b', reason: 'x'.repeat(200) })]);
    expect(verify(Linter, used).map(({ message, suggestions }) => [message, suggestions])).toEqual([['`find` races. Not rewritten: `a` is read again.', undefined], ['`find` races.', undefined]]);
  });

  it('a file without words of a database is scanned once and not analysed', () => {
    isCandidate.mockReturnValue(false);
    expect(verify(Linter, used)).toEqual([]);
    expect(isCandidate).toHaveBeenCalledTimes(1);
    expect(analyse).not.toHaveBeenCalled();
  });

  it('options and settings arrive checked', () => {
    verify(Linter, used, { rules: { 'db-race/one': ['error', { certainty: 'open', depth: 3 }] }, settings: { 'db-race': { dialect: 'sqlite' } } });
    expect(analyse.mock.calls[0]![1]).toMatchObject({ settings: { dialect: 'sqlite' }, rules: [{ options: { depth: 3 }, certainty: 'open' }] });
    expect(() => verify(Linter, used, { rules: { 'db-race/one': ['error', { deep: 3 }] } })).toThrow(/deep/);
    expect(() => verify(Linter, used, { settings: { 'db-race': { dialect: 'none' } } })).toThrow("settings['db-race'].dialect");
  });
});
