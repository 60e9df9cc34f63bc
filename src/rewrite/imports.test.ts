import { expect, it } from 'vitest';
import { parseSource } from '../source/parse.ts';
import { importing, unusedImports } from './imports.ts';
import { editedRange } from './text.ts';

/** The file once everything from `// from` on is replaced by `text`. */
function after(source: string, text: string): string {
  const file = parseSource('case.ts', source);
  const edit = { start: source.indexOf('// from'), end: source.length, text };
  return editedRange(source, 0, source.length, [...unusedImports(file, [edit]), edit]);
}

it('takes an import with it that nothing uses any more', () => {
  expect(after("import { a } from 'a';\nimport { b, c } from 'b';\n// from\na(b, c);", 'c();')).toBe("import { c } from 'b';\nc();");
});
it('takes the last of several', () => {
  expect(after("import { b, c } from 'b';\n// from\nb(c);", 'b();')).toBe("import { b } from 'b';\nb();");
});
it('takes several of one import', () => {
  expect(after("import { a, b, c } from 'b';\n// from\na(b, c);", 'b();')).toBe("import { b } from 'b';\nb();");
  expect(after("import { a, b, c } from 'b';\n// from\na(b, c);", 'c();')).toBe("import { c } from 'b';\nc();");
  expect(after("import { a, b, c } from 'b';\n// from\na(b, c);", 'a();')).toBe("import { a } from 'b';\na();");
});
it('leaves imports that were unused before, and those that are used elsewhere', () => {
  expect(after("import 'x';\nimport { a, u } from 'a';\na();\n// from\na();", 'b();')).toBe("import 'x';\nimport { a, u } from 'a';\na();\nb();");
});
it('leaves what the new text names', () => {
  expect(after("import { a } from 'a';\n// from\na.b();", 'c(a.d);')).toBe("import { a } from 'a';\nc(a.d);");
});
it('knows a required name as well as an imported one', () => {
  const names = (source: string): unknown => importing(parseSource('case.js', source), ['raw'], 'objection');
  expect(names("const { Model, raw: fragment } = require('objection');")).toEqual({ names: ['fragment'], edits: [] });
  expect(names("import { raw } from 'objection';")).toEqual({ names: ['raw'], edits: [] });
  expect(names("const { raw } = require('./fragments');")).toBeUndefined();
  expect(names("let { raw } = require('objection');")).toBeUndefined();
});
