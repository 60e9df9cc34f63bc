import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { marksOf, type Marks } from './shown.ts';

const folder = mkdtempSync(join(tmpdir(), 'db-race-shown-'));
afterAll(() => { rmSync(folder, { recursive: true }); });

const marks = (): Marks => ({ of: (text) => (text.includes('red') ? 1 : 0) | (text.includes('green') ? 2 : 0) | (text.includes('blue') ? 4 : 0) });
const write = (files: Record<string, string>): void => { for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text); };
const shown = (text: string, follows = true): number => marksOf(text, join(folder, 'root.ts'), marks(), follows);

describe('what a file shows', () => {
  it('is what its text and all that it imports show', () => {
    write({ 'a.ts': "import './b'; const red = 1;", 'b.ts': 'export const green = 1;' });
    expect(shown("import './a'; export const blue = 1;")).toBe(7);
    expect(shown("import './a'; export const blue = 1;", false)).toBe(4);
    expect(shown("import './missing'; import 'package';")).toBe(0);
  });

  it('is the same for files that import each other, wherever one starts', () => {
    write({ 'c.ts': "import './d';", 'd.ts': "import './e'; const red = 1;", 'e.ts': "import './c'; import './f';", 'f.ts': 'const green = 1;' });
    const one = marks();
    const of = (name: string): number => marksOf(`import './${name}';`, join(folder, 'root.ts'), one, true);
    expect(['e', 'c', 'd', 'f'].map(of)).toEqual([3, 3, 3, 2]);
  });
});
