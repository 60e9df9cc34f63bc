import { describe, expect, it } from 'vitest';
// @ts-expect-error: a script without declarations
import { codeFrame, lineDiff, wrapped } from './terminal.mjs';

// Under a test runner standard output is no terminal, so nothing is coloured.
describe('the terminal', () => {
  it('shows the reported lines with a mark', () => {
    expect(codeFrame('a\nb\nrace(x);\nc\n', { line: 3, column: 6, endLine: 3, endColumn: 7 }, 1)).toBe('  2 | b\n> 3 | race(x);\n    |      ^\n  4 | c');
    expect(codeFrame('race(\n)', { line: 1, column: 1, endLine: 2, endColumn: 2 }, 0)).toBe('> 1 | race(\n    | ^^^^^');
  });

  it('shows what changed, with a line around it', () => {
    expect(lineDiff('a\nb\nc\nd\ne\nf', 'a\nb\nX\nd\ne\nf\ng', 1)).toBe('@@ line 2 @@\n b\n-c\n+X\n d\n@@ line 6 @@\n f\n+g');
    expect(lineDiff('a\nb', 'a\nb')).toBe('');
  });

  it('wraps at words', () => {
    expect(wrapped('one two three', '  ', 10)).toBe('  one two\n  three');
  });
});
