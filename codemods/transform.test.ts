import { describe, expect, it } from 'vitest';
import { readCommandLine, reportLines } from './transform.ts';

describe('the command line of the transforms', () => {
  it('leaves everything to discovery when nothing is given', () => {
    expect(readCommandLine({ parser: 'tsx', dry: true })).toEqual({ settings: {} });
  });

  it.each([
    [{ accept: 'a,b' }, { accept: ['a', 'b'], settings: {} }],
    // The runner makes a list of a repeated option, and numbers and booleans of what looks like one.
    [{ accept: ['a', 'b, c'] }, { accept: ['a', 'b', 'c'], settings: {} }],
    [{ schema: 'db/a.sql,prisma' }, { settings: { schema: ['db/a.sql', 'prisma'] } }],
    [{ schema: false }, { settings: { schema: false } }],
    [{ dialect: 'mysql', clients: 'supabase' }, { settings: { dialect: 'mysql', clients: ['supabase'] } }],
    [{ 'follow-imports': false }, { settings: { followImports: false } }],
    [{ 'follow-imports': 'true' }, { settings: { followImports: true } }],
  ])('reads %j', (given, expected) => {
    expect(readCommandLine(given)).toEqual(expected);
  });
});

describe('the report of one file', () => {
  it('has what was done and not done in the order of the file, with changes and migrations', () => {
    expect(reportLines({
      text: '',
      rewritten: [{ rule: 'no-x', line: 9, title: 'Replace with `upsert`', id: 'no-x:0:f', form: 'f', requires: [], changes: ['Ids are burnt.'] }],
      refused: [{ rule: 'no-y', line: 2, id: 'no-key', reason: 'No key.', migration: { name: 'one_default', statements: { postgres: 'CREATE UNIQUE INDEX a\n  ON b (c);', sqlite: 'CREATE UNIQUE INDEX a ON b (c);' }, duplicates: 'SELECT c FROM b;' } }],
    })).toEqual([
      '  line 2: not rewritten (no-y, no-key): No key.',
      '    a rewrite needs this migration, `one_default`:',
      '      -- postgres', '      CREATE UNIQUE INDEX a', '        ON b (c);',
      '      -- sqlite', '      CREATE UNIQUE INDEX a ON b (c);',
      '    rows that stand in its way are found by:',
      '      SELECT c FROM b;',
      '  line 9: rewritten (no-x): Replace with `upsert`',
      '    changes: Ids are burnt.',
    ]);
  });
});
