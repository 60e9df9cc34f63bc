/**
 * Finds the schema files that a source file's project has: what settings name, else what lies in the nearest package, else in the
 * packages of its workspace.
 */
import { isAbsolute, join, resolve, sep } from 'node:path';
import type { SchemaSource } from '../clients/client.ts';
import { globToRegExp, isDirectory, isFile, isGlob, isMissing, walk } from '../source/files.ts';
import { manifestOf } from '../source/roots.ts';
import type { Unread } from './model.ts';
import { isDownScript, isSchemaSql } from './order.ts';

/** A client's reader of its own kind of schema. */
export interface NamedSource { readonly client: string; readonly source: SchemaSource }

/** Files of one package that one reader takes together. */
export interface Group {
  /** Client id, or `sql`. */
  readonly client: string;
  readonly source: SchemaSource | undefined;
  readonly files: readonly string[];
}

export interface Discovered {
  readonly root: string;
  readonly groups: readonly Group[];
  readonly unread: readonly Unread[];
}

const SQL = 'sql';
/** More entity files than this are a repository of many projects, of which none is this file's. */
const MAX_FILES = 3000;

/** Schema files below `root`. */
export function discover(root: string, sources: readonly NamedSource[]): Discovered {
  const wanted = (path: string) => (path.endsWith('.sql') ? isSchemaSql(path) : sources.some(({ source }) => source.matches(path)));
  const found = walk(root, wanted);
  const unread: Unread[] = [];
  const at = { file: root, line: 1 };
  // A walk that was cut short has not seen all declarations: tables that it found may have more keys elsewhere, which is said here.
  if (found.cut) unread.push({ place: at, what: 'folders', reason: 'the project has more folders than are searched; name the schema in the settings' });
  if (found.files.length > MAX_FILES) unread.push({ place: at, what: 'files', reason: `only the first ${MAX_FILES} schema files are read; name the schema in the settings` });
  const packages = [...found.packages].sort((one, other) => other.length - one.length);
  const packageOf = (path: string) => packages.find((folder) => folder === '' || path.startsWith(`${folder}/`)) ?? '';
  const byPackage = new Map<string, string[]>();
  for (const path of found.files.slice(0, MAX_FILES)) {
    const folder = packageOf(path);
    const list = byPackage.get(folder);
    if (list) list.push(path); else byPackage.set(folder, [path]);
  }
  for (const folder of packages) if (!byPackage.has(folder)) byPackage.set(folder, []);
  const groups = [...byPackage].sort(([one], [other]) => (one < other ? -1 : 1)).flatMap(([folder, files]) => grouped(root, folder, files, sources));
  return { root, groups, unread };
}

/** One package's files by reader; a path in its package.json (`"<client>": { "schema": … }`) replaces what was found for that client. */
function grouped(root: string, folder: string, files: readonly string[], sources: readonly NamedSource[]): Group[] {
  const base = join(root, folder);
  const manifest = files.length || folder === '' || manifestOf(base) ? manifestOf(base) : undefined;
  const groups: Group[] = [];
  for (const { client, source } of sources) {
    const own = manifest?.[client];
    const named = typeof own === 'object' && own !== null ? (own as Record<string, unknown>)['schema'] : undefined;
    const matching = typeof named === 'string' ? expand(join(base, named), (path) => source.matches(path)) : files.filter((path) => source.matches(path)).map((path) => join(root, path));
    if (matching.length) groups.push({ client, source, files: [...matching].sort() });
  }
  const sql = files.filter((path) => path.endsWith('.sql'));
  if (sql.length) groups.push({ client: SQL, source: undefined, files: sql.map((path) => join(root, path)) });
  return groups;
}

/** What the settings name: paths of files and folders, and globs, relative to `cwd`. */
export function discoverNamed(cwd: string, patterns: readonly string[], sources: readonly NamedSource[]): Discovered {
  const unread: Unread[] = [];
  const files = new Set<string>();
  const readable = (path: string) => path.endsWith('.sql') ? !isDownScript(path) : sources.some(({ source }) => source.matches(path));
  for (const pattern of patterns) {
    const found = expand(isAbsolute(pattern) ? pattern : join(cwd, pattern), readable);
    const place = { file: pattern, line: 1 };
    if (!found.length) unread.push({ place, what: pattern, reason: isGlob(pattern) || isMissing(resolve(cwd, pattern)) ? 'no file is found there' : 'no file there is of a known kind' });
    for (const path of found) files.add(path);
  }
  const all = [...files];
  const groups: Group[] = sources.map(({ client, source }) => ({ client, source, files: all.filter((path) => source.matches(slashed(path))) }));
  groups.push({ client: SQL, source: undefined, files: all.filter((path) => path.endsWith('.sql')) });
  return { root: cwd, groups: groups.filter((group) => group.files.length > 0), unread };
}

/** The files that `path` stands for: itself, what lies in it, or what its glob matches. */
function expand(path: string, wanted: (path: string) => boolean): string[] {
  if (isFile(path)) return wanted(slashed(path)) ? [path] : [];
  if (isDirectory(path)) return walk(path, wanted).files.map((below) => join(path, below));
  if (!isGlob(path)) return [];
  const segments = slashed(path).split('/');
  const fixed = segments.findIndex(isGlob);
  const base = segments.slice(0, fixed).join('/') || '/';
  const matches = globToRegExp(segments.slice(fixed).join('/'));
  return walk(base, (below) => matches.test(below) && wanted(below)).files.map((below) => join(base, below));
}

const slashed = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'));
