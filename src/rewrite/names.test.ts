import { describe, expect, it } from 'vitest';
import { parseSource } from '../source/parse.ts';
import { brokenNames } from './names.ts';

/** `[[old]]new[[end]]` marks what is replaced: old text between the first brackets, new text after them. */
function broken(marked: string): string | undefined {
  const [, head, old, text, tail] = /^([^]*)\[\[([^]*)\]\]([^]*)\[\[end\]\]([^]*)$/.exec(marked)!;
  const file = parseSource('case.ts', `${head}${old}${tail}`);
  return brokenNames(file, [{ start: head!.length, end: head!.length + old!.length, text: text! }])?.id;
}

describe('names after an edit', () => {
  it('may be declared by what is put in place', () => {
    expect(broken('async function f(a: string) {\n[[const row = find(a); if (row) return row; const made = make(a); return made;]]const made = make(a);[[end]] return made; }')).toBeUndefined();
  });
  it('must be declared somewhere', () => {
    expect(broken('function f() { [[const row = find();]]make();[[end]] return () => row; }')).toBe('name-lost');
  });
  it('are not read before they are declared', () => {
    expect(broken('function f() { [[let row = find(); const old = row; row = make();]]const old = row; const row = make();[[end]] return [old, row]; }')).toBe('name-lost');
    expect(broken('function f() { [[let row = find(); row = make(row);]]const row = make(row);[[end]] return row; }')).toBe('name-lost');
  });
  it('are not declared twice', () => {
    expect(broken('function f() { const row = 1; [[{ const row = make(); use(row); }]]const row = make(); use(row);[[end]] }')).toBe('name-taken');
  });
  it('do not come to mean another variable', () => {
    expect(broken('function f(row: string) { [[{ const row = make(); use(row); }]]{ use(row); }[[end]] }')).toBe('name-taken');
    expect(broken('function f(error: string) { make(); [[use(error);]]make((error) => use(error));[[end]] }')).toBe('name-taken');
  });
  it('may be names of members and of globals', () => {
    expect(broken('function f(a: { row: number }) { [[const row = find(); use(row);]]use(a.row); Promise.resolve({ row: 1 });[[end]] return Promise; }')).toBeUndefined();
  });
});
