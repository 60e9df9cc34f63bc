/** The places of a project by table, of which only those stay that write it by different keys. */
import { relative, resolve } from 'node:path';
import { isCandidate, keyedPlaces, mayMeet, unification, type KeyedPlace } from '../../src/engine.ts';
import type { Settings } from '../../src/settings.ts';
import type { SourceFile } from '../../src/source/file.ts';
import { parseSource } from '../../src/source/parse.ts';
import { failureOf } from '../cli/findings.ts';
import { readSource, type FileError } from '../cli/files.ts';
import { isDisabled } from '../disabled.ts';
import type { Spot } from './model.ts';

export interface Site extends KeyedPlace {
  readonly file: SourceFile;
  /** All keys by which it looks for its row, as one name. */
  readonly keys: string;
}

export interface Group {
  readonly table: string;
  /** That can be one another's row, under more than one key. */
  readonly sites: readonly Site[];
}

export interface Collected { readonly groups: readonly Group[]; readonly transacted: ReadonlySet<string>; /** Files that export a function of such a name. */ readonly helpers: ReadonlyMap<string, string>; readonly errors: readonly FileError[] }

const RULE = 'consistent-conflict-key';

export function collectGroups(files: readonly string[], { settings, cwd, table }: { readonly settings: Settings; readonly cwd: string; readonly table: string | undefined }): Collected {
  const all: Site[] = [];
  const transacted = new Set<string>();
  const errors: FileError[] = [];
  const helpers = new Map<string, string>();
  for (const path of files) {
    const read = readSource(resolve(cwd, path));
    if ('message' in read) { errors.push(read); continue; }
    for (const [, name] of read.text.matchAll(/^export async function (upsert[A-Z]\w*)\(/gm)) helpers.set(name!, resolve(cwd, path));
    if (!isCandidate(read.text, settings, { path: resolve(cwd, path), cwd })) continue;
    try {
      const file = parseSource(resolve(cwd, path), read.text);
      const found = keyedPlaces(file, { settings, cwd });
      for (const one of found.transacted) transacted.add(one);
      // Silenced in the editor: somebody has decided that this place may have a key of its own.
      all.push(...found.places.filter((one) => !isDisabled(file, RULE, one.start)).map((one) => ({ ...one, file, keys: keysOf(one) })));
    } catch (error) {
      errors.push(failureOf(error, resolve(cwd, path)));
    }
  }
  const wanted = table?.toLowerCase();
  const byTable = new Map<string, Site[]>();
  for (const one of all) {
    if (wanted !== undefined && !one.names.some((name) => name.toLowerCase() === wanted)) continue;
    byTable.set(one.table, [...(byTable.get(one.table) ?? []), one]);
  }
  const groups = [...byTable].flatMap(([name, sites]): Group[] => {
    const differing = sites.filter((one) => sites.some((other) => other.keys !== one.keys && mayMeet(one, other)));
    // Whoever goes by a key of those joins them.
    const keys = new Set(differing.map((one) => one.keys));
    const joined = sites.filter((one) => keys.has(one.keys));
    if (differing.length) return [{ table: name, sites: joined }];
    // Once there is a function, every place goes through it.
    return helpers.has(unification.helperName(sites[0]!.names[0]!)) ? [{ table: name, sites }] : [];
  });
  return { groups, transacted, helpers, errors };
}

/** A place that was read tells all of its keys, another one the key of its write. */
const keysOf = ({ key, place }: KeyedPlace): string => ('kind' in place ? key : [...new Set(place.chain.map((step) => step.key.columns.map((one) => (place.table.columns.get(one)?.dbName ?? one).toLowerCase()).sort().join()))].sort().join(' '));

export const spotOf = (site: Site, cwd: string, reason?: string): Spot => ({ file: relative(cwd, site.file.path).replaceAll('\\', '/'), line: site.line, keys: [site.columns], ...(reason !== undefined && { reason }) });
