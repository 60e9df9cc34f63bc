import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
// @ts-expect-error: a script without declarations
import { filled, headerOf, indexFile, rulePage, rulesTable, transformFile } from './generated.mjs';

const rule = { name: 'no-x', description: 'an x before a y.', messages: { race: 'Two {{ calls }} can {{clash}}.{{doubt}}' }, options: { schema: {}, defaults: { depth: 2 } } };
const schema = { properties: { depth: { type: 'integer', description: 'How deep | far.' }, certainty: { enum: ['proven', 'open'] } } };

describe('generated files', () => {
  it('list every rule by name', () => {
    expect(indexFile(['no-x', 'valid-y-z'])).toContain("import validYZ from './valid-y-z.ts';");
    expect(indexFile(['no-x', 'valid-y-z'])).toContain('RaceRule<any>[] = [noX, validYZ];');
  });

  it('make the transform of one rule from the transform of all', () => {
    const made = transformFile(readFileSync('codemods/transforms/all.cjs', 'utf8'), 'no-x');
    expect(made).toContain("return transform(file, api, options, ['no-x']);");
    expect(made).toContain("await import('../transform.js')");
    expect(() => transformFile('module.exports = 1;\n', 'no-x')).toThrow('all.cjs');
  });

  it('take the documentation from the first comment of a rule', () => {
    expect(headerOf('/**\n * One.\n *\n *     code\n */\nimport x;\n/** not this */', 'rules/a.ts')).toBe('One.\n\n    code');
    expect(() => headerOf('// no\n', 'rules/a.ts')).toThrow('rules/a.ts: it should begin with a comment');
  });

  it('show messages and options on the page of a rule', () => {
    const page = rulePage(rule, 'Header text.', schema);
    expect(page).toContain('# db-race/no-x\n\nAn x before a y.\n');
    expect(page).toContain('- Two ‹calls› can ‹clash›.\n');
    expect(page).toContain('| `depth` | `integer` | `2` | How deep \\| far. |');
    expect(page).toContain('| `certainty` | `"proven"`, `"open"` | `"proven"` |');
  });

  it('fill the places of the README and say which is missing', () => {
    const readme = 'a\n<!-- generated: rules -->\nold\n<!-- end -->\nb\n';
    expect(filled(readme, { rules: rulesTable([rule]) })).toBe('a\n<!-- generated: rules -->\n| rule | what it does |\n| --- | --- |\n| [`no-x`](docs/rules/no-x.md) | An x before a y |\n<!-- end -->\nb\n');
    expect(() => filled('nothing', { rules: '' })).toThrow("'<!-- generated: rules --> … <!-- end -->' is missing");
  });
});
