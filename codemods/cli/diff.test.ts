import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { unifiedDiff } from './diff.ts';

const folder = mkdtempSync(join(tmpdir(), 'db-race-diff-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function applied(before: string, diff: string): string {
  writeFileSync(join(folder, 'a.ts'), before);
  const run = spawnSync('git', ['apply', '--whitespace=nowarn', '-'], { cwd: folder, input: diff, encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return readFileSync(join(folder, 'a.ts'), 'utf8');
}

it('has git apply make the second text of the first, wherever and however many the changes', () => {
  // A small generator with a fixed seed: the same texts on each run.
  let seed = 7;
  const random = (below: number) => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below;
  for (let round = 0; round < 40; round++) {
    const before = Array.from({ length: 1 + random(40) }, () => `line ${random(9)}`);
    const after = before.flatMap((line) => (random(6) === 0 ? [] : random(6) === 0 ? [line, `new ${random(9)}`] : [line]));
    const end = () => (random(2) ? '\n' : '');
    const [one, other] = [before.join('\n') + end(), after.join('\n') + (after.length ? end() : '')];
    if (one === other || !other) continue;
    expect(applied(one, unifiedDiff('a.ts', one, other))).toBe(other);
  }
});

it('keeps line ends and says where a file has none', () => {
  expect(applied('a\r\nb\r\n', unifiedDiff('a.ts', 'a\r\nb\r\n', 'a\r\nc\r\n'))).toBe('a\r\nc\r\n');
  expect(unifiedDiff('src/a.ts', 'a\nb', 'a\nc')).toBe('--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n');
});

it('is empty for equal texts', () => expect(unifiedDiff('a.ts', 'a\n', 'a\n')).toBe(''));
