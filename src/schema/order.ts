/**
 * Which SQL files declare a schema, and in which order they were applied.
 */
import { relative } from 'node:path';

/** Folders whose SQL files declare tables, whatever lies below them. */
const FOLDERS = /(?:^|\/)(?:migrations?|changelogs?|versions|flyway|db|database|databases|drizzle|sql|schemas?|ddl|supabase|prisma|postgres|postgresql|mysql|sqlite|init|docker-entrypoint-initdb\.d)\//i;
/** File names that declare tables, wherever they lie: dumps, first scripts, Flyway versions. */
const NAMES = /(?:^|\/)(?:schema|structure|init|ddl|database|db|tables?|setup|create[-_]\w+|V\d[\w.]*__[^/]*|\d{8,}[-_][^/]*)\.sql$/i;
/** Example data, tests and documentation: not what runs. */
const ASIDE = /(?:^|\/)(?:tests?|__tests__|fixtures?|__fixtures__|examples?|samples?|docs?|documentation|e2e|bench(?:marks?)?|snippets|seeds?|seeders?|backups?|archived?|legacy|rollbacks?|down|undo|templates?)\//i;
const ASIDE_NAME = /(?:[._-]down|[._-]rollback|[._-]undo|[._-]revert)\.sql$|(?:^|\/)(?:seeds?|down|rollback|data|dummy|sample|mock)[^/]*\.sql$|(?:^|\/)U\d[\w.]*__[^/]*\.sql$/i;

/** The first line of SQL that a tool of ours wrote and nobody has run yet: what it creates is not there. */
export const PENDING = '-- db-race: pending';

/** A `.sql` file that takes part in the schema, by its path below the project's root. */
export function isSchemaSql(path: string): boolean {
  if (!path.endsWith('.sql')) return false;
  return !ASIDE.test(path) && !ASIDE_NAME.test(path) && (FOLDERS.test(path) || NAMES.test(path) || !path.includes('/'));
}

/** Undo scripts, which stand beside the others and never run in normal use. */
export const isDownScript = (path: string): boolean => ASIDE_NAME.test(path) || /(?:^|\/)(?:down|undo|rollbacks?)(?:\.sql$|\/)/i.test(path);

/** Text up to the section that undoes it (`-- +migrate Down`, `-- migrate:down`, `-- +goose Down`, `--//@UNDO`); blanked, so that lines keep their numbers. */
export function withoutDownSection(text: string): string {
  const marker = /^[ \t]*--[ \t]*(?:\+?\s*(?:migrate|goose)[: ]\s*down\b|\/\/\s*@undo\b|down(?: migration)?\s*$|=+\s*down\s*=+\s*$).*$/gim;
  const up = /^[ \t]*--[ \t]*(?:\+?\s*(?:migrate|goose)[: ]\s*up\b|up(?: migration)?\s*$|=+\s*up\s*=+\s*$).*$/gim;
  const downs = [...text.matchAll(marker)];
  if (!downs.length) return text;
  let result = text;
  for (const down of downs) {
    up.lastIndex = down.index;
    const end = up.exec(text)?.index ?? text.length;
    result = result.slice(0, down.index) + result.slice(down.index, end).replace(/[^\n]/g, ' ') + result.slice(end);
  }
  return result;
}

/** Dumps and first scripts build the ground that migrations change, so they come first; repeatable scripts come last. */
function rank(path: string): number {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^R__/.test(name)) return 3;
  if (/(?:^|\/)(?:migrations?|changelogs?|versions|drizzle|flyway)\//i.test(path) || /^V\d[\w.]*__/.test(name)) return 1;
  return /^(?:schema|structure|init|ddl|database|db|tables?|setup|base)\b/i.test(name) || /(?:^|\/)(?:schemas?|init|ddl|docker-entrypoint-initdb\.d)\//i.test(path) ? 0 : 2;
}

/** Runs of digits compare as numbers, everything else character by character: `2_x` before `10_x`, `V1.9` before `V1.10`. */
export function compareNatural(one: string, other: string): number {
  const parts = (text: string): readonly string[] => text.match(/\d+|\D/g) ?? [];
  const [a, b] = [parts(one), parts(other)];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [x, y] = [a[at]!, b[at]!];
    if (x === y) continue;
    if (/^\d/.test(x) && /^\d/.test(y)) {
      const [p, q] = [x.replace(/^0+(?=\d)/, ''), y.replace(/^0+(?=\d)/, '')];
      // Dates and times of different precision compare by their beginning.
      if (p.length !== q.length && !(/^(?:19|20)\d{6}/.test(p) && /^(?:19|20)\d{6}/.test(q))) return p.length - q.length;
      if (p !== q) return p < q ? -1 : 1;
      continue;
    }
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

/** The order in which the files of one project were applied; what stands above `root` says nothing about it. */
export function inOrder(paths: readonly string[], root: string): string[] {
  const below = (path: string) => relative(root, path).replaceAll('\\', '/');
  const keyed = paths.map((path) => ({ path, rank: rank(below(path)), key: below(path).toLowerCase() }));
  return keyed.sort((one, other) => one.rank - other.rank || compareNatural(one.key, other.key)).map(({ path }) => path);
}
