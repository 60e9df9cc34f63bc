/** The SQL that refused rewrites ask for, as one file for people to look through and run. */
import type { Migration } from '../../src/model.ts';
import { PENDING } from '../../src/schema/order.ts';

export interface Wanted { readonly file: string; readonly line: number; readonly rule: string; readonly reason: string; readonly migration: Migration }

/** Each migration once, in the order of names, with the places that ask for it. */
export function migrationsFile(wanted: readonly Wanted[]): string {
  const byText = new Map<string, Wanted[]>();
  for (const one of wanted) {
    const key = JSON.stringify([one.migration.name, one.migration.statements]);
    byText.set(key, [...(byText.get(key) ?? []), one]);
  }
  const groups = [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
  return [
    `${PENDING} (drop this line once the keys are in the database; until then db-race does not count on them)`,
    '-- Unique keys that refused rewrites need. Written by db-race migrate --migrations; look through it before you run it.',
    '-- For each: first run the query; rows that it returns stand in the way and have to be merged or deleted.',
    '', ...groups.flatMap((group) => [...sectionOf(group), '']),
  ].join('\n');
}

function sectionOf(group: readonly Wanted[]): string[] {
  const { migration } = group[0]!;
  const statements = Object.entries(migration.statements);
  return [
    `-- ${migration.name}`,
    ...group.map((one) => `--   for ${one.file}:${one.line} (${one.rule}): ${one.reason.replace(/\s+/g, ' ')}`),
    ...(migration.duplicates ? ['-- rows in the way:', ...commented(migration.duplicates)] : []),
    // Which database it is has to be known before any of these may run.
    ...(statements.length === 1 ? [statements[0]![1].trim()] : ['-- one of these; --dialect chooses:', ...statements.flatMap(([dialect, sql]) => [`-- ${dialect}:`, ...commented(sql)])]),
  ];
}

const commented = (sql: string): string[] => sql.trim().split('\n').map((line) => `--   ${line}`);
