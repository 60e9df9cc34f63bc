/** Which files a command reads: paths, folders and globs, less what git, the presets and `--ignore` leave out; and reading them. */
import { isUtf8 } from 'node:buffer';
import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import ignore from 'ignore';
import { IGNORES } from '../../src/ignores.ts';
import { globToRegExp, isGlob } from '../../src/source/files.ts';
import { MAX_FILE_LENGTH } from '../../src/source/parse.ts';
import { UsageError } from './options.ts';

const SOURCE = /\.[cm]?[jt]sx?$/;
const DECLARATIONS = /\.d\.[cm]?ts$/;
const NEVER = new Set(['node_modules', '.git', '.hg', '.svn']);

export interface Selection {
  /** Absolute, sorted. */
  readonly files: readonly string[];
  /** Files that were named one by one and yet left out, with what did it. */
  readonly skipped: readonly { readonly path: string; readonly by: string }[];
  /** Folders that could not be listed. */
  readonly errors: readonly FileError[];
}

/** What could not be read or analysed; `path` is absolute. */
export interface FileError { readonly path: string; readonly line?: number; readonly message: string }

export interface SelectOptions {
  readonly cwd: string;
  /** Globs of `--ignore`. */
  readonly ignore?: readonly string[] | undefined;
  /** Paths of `--ignore-file`, written as .gitignore is. */
  readonly ignoreFiles?: readonly string[] | undefined;
  /** Neither .gitignore nor the presets' list. */
  readonly noIgnore?: boolean;
}

/** @throws UsageError when a path or glob leads to no file at all: a misspelt path must not look like a clean project. */
export function select(paths: readonly string[], options: SelectOptions): Selection {
  const files = new Set<string>();
  const skipped: { path: string; by: string }[] = [];
  const errors: FileError[] = [];
  for (const given of paths.length ? paths : ['.']) {
    const path = resolve(options.cwd, given);
    const stat = statOf(path);
    if (stat?.isFile()) {
      if (!SOURCE.test(path)) throw new UsageError(`${given} is no TypeScript or JavaScript file (.ts, .tsx, .mts, .cts, .js, .jsx, .mjs, .cjs).`);
      const by = new Exclusions(dirname(path), options).reason(path, false);
      if (by) skipped.push({ path, by }); else files.add(path);
    } else if (stat?.isDirectory()) {
      for (const one of walk(path, new Exclusions(path, options), () => true, errors)) files.add(one);
    } else if (isGlob(given)) {
      const segments = toSlashes(path).split('/');
      const base = segments.slice(0, segments.findIndex(isGlob)).join('/') || '/';
      const pattern = globToRegExp(segments.slice(base === '/' ? 1 : base.split('/').length).join('/'));
      const found = statOf(base)?.isDirectory() ? walk(base, new Exclusions(base, options), (one) => pattern.test(toSlashes(relative(base, one))), errors) : [];
      if (!found.length) throw new UsageError(`No file matches ${given}. Quote globs, so that the shell hands them over; what .gitignore and the presets leave out is not matched (--no-ignore).`);
      for (const one of found) files.add(one);
    } else throw new UsageError(`There is no file or folder ${given}. Paths start at ${options.cwd}.`);
  }
  return { files: withoutTwins([...files].sort()), skipped, errors };
}

/** A link to a file that is looked at anyway would report its races twice, and want to write it twice. */
function withoutTwins(files: readonly string[]): string[] {
  const links = new Set(files.filter(isLink));
  if (!links.size) return [...files];
  const seen = new Set(files.filter((one) => !links.has(one)).map(targetOf));
  return files.filter((one) => {
    if (!links.has(one)) return true;
    const target = targetOf(one);
    return !seen.has(target) && seen.add(target);
  });
}

const isLink = (path: string): boolean => { try { return lstatSync(path).isSymbolicLink(); } catch { return false; } };
/** Folders on the way may be links as well. */
const targetOf = (path: string): string => { try { return realpathSync(path); } catch { return path; } };

function statOf(path: string): Stats | undefined {
  try { return statSync(path); } catch { return undefined; }
}

const toSlashes = (path: string): string => (sep === '/' ? path : path.replaceAll(sep, '/'));

/** Links to folders are not followed: workspaces link to each other. */
function walk(root: string, exclusions: Exclusions, wanted: (path: string) => boolean, errors: FileError[]): string[] {
  const files: string[] = [];
  const pending = [root];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    let entries;
    try {
      entries = readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      errors.push({ path: folder, message: `the folder cannot be listed (${(error as NodeJS.ErrnoException).code}); make it readable or leave it out with --ignore.` });
      continue;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!NEVER.has(entry.name) && !exclusions.reason(path, true)) pending.push(path);
      } else if (SOURCE.test(entry.name) && !DECLARATIONS.test(entry.name) && wanted(path) && !exclusions.reason(path, false) && (entry.isFile() || statOf(path)?.isFile())) files.push(path);
    }
  }
  return files;
}

class Exclusions {
  readonly #base: string;
  readonly #own: readonly RegExp[];
  readonly #presets: readonly RegExp[];
  readonly #git: GitIgnore | undefined;
  readonly #files: readonly { readonly folder: string; readonly name: string; readonly rules: Rules }[];

  /** @param start a folder; globs are relative to the working directory, or to `start` where that lies elsewhere. */
  constructor(start: string, { cwd, ignore: own = [], ignoreFiles = [], noIgnore }: SelectOptions) {
    this.#base = isInside(start, cwd) ? cwd : start;
    this.#own = own.map(ownPattern);
    this.#presets = noIgnore ? [] : IGNORES.map(globToRegExp);
    this.#git = noIgnore ? undefined : new GitIgnore(start);
    this.#files = ignoreFiles.map((name) => {
      const path = resolve(cwd, name);
      const rules = rulesIn(path);
      if (!rules) throw new UsageError(`--ignore-file ${name}: there is no such file, or it cannot be read. Paths start at ${cwd}.`);
      return { folder: dirname(path), name, rules };
    });
  }

  /** What leaves `path` out; undefined when nothing does. */
  reason(path: string, folder: boolean): string | undefined {
    const below = toSlashes(relative(this.#base, path));
    if (this.#own.some((one) => one.test(below))) return '--ignore';
    const file = this.#files.find((one) => isInside(path, one.folder) && path !== one.folder && one.rules.ignores(toSlashes(relative(one.folder, path)) + (folder ? '/' : '')));
    if (file) return `--ignore-file ${file.name}`;
    if (!folder && this.#presets.some((one) => one.test(below))) return "the presets' list of tests, seeds, migrations and scripts";
    return this.#git?.ignores(path, folder) ? '.gitignore' : undefined;
  }
}

/** `dist`, `src/generated/`, `*.gen.ts`: a pattern without `/` fits at any depth, and one that fits a folder fits all in it. */
function ownPattern(glob: string): RegExp {
  const plain = glob.replace(/^\.\//, '').replace(/\/$/, '');
  return new RegExp(globToRegExp(plain.includes('/') ? plain : `**/${plain}`).source.replace(/\$$/, '(?:/.*)?$'));
}

const isInside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/** The .gitignore files from the repository's top down to a path; the deepest that has an opinion decides, as in git. */
class GitIgnore {
  readonly #top: string;
  readonly #files = new Map<string, Rules | undefined>();
  /** What this clone leaves out, whatever the project says. */
  readonly #exclude: Rules | undefined;

  constructor(start: string) {
    let top = start;
    while (!existsSync(join(top, '.git')) && dirname(top) !== top) top = dirname(top);
    // Outside a repository the files of the folder itself count.
    this.#top = existsSync(join(top, '.git')) ? top : start;
    this.#exclude = rulesIn(join(this.#top, '.git/info/exclude'));
    // A folder above that is ignored as a whole was named by the user, so it is wanted.
  }

  ignores(path: string, folder: boolean): boolean {
    if (!isInside(path, this.#top)) return false;
    for (let at = dirname(path); ; at = dirname(at)) {
      const rules = this.#rulesOf(at);
      const answer = rules?.test(toSlashes(relative(at, path)) + (folder ? '/' : ''));
      if (answer?.ignored) return true;
      if (answer?.unignored) return false;
      if (at === this.#top || dirname(at) === at) return this.#exclude?.ignores(toSlashes(relative(this.#top, path)) + (folder ? '/' : '')) === true;
    }
  }

  #rulesOf(folder: string): Rules | undefined {
    if (this.#files.has(folder)) return this.#files.get(folder);
    const rules = rulesIn(join(folder, '.gitignore'));
    this.#files.set(folder, rules);
    return rules;
  }
}

type Rules = ReturnType<typeof ignore.default>;

/** Undefined where there is none, or one that cannot be read: git goes on without it as well. */
function rulesIn(path: string): Rules | undefined {
  try { return ignore.default().add(readFileSync(path, 'utf8')); } catch { return undefined; }
}

/** The text without a byte order mark, as ESLint hands it to rules. */
export interface Read { readonly text: string; readonly mark: boolean; readonly bytes: Buffer }

/**
 * A NUL here and there is text: somebody uses it as a separator within a string. In UTF-16 every other byte is one, and binary files hold
 * bytes that are no UTF-8.
 */
function isBinary(bytes: Buffer): boolean {
  if (!bytes.includes(0)) return false;
  let count = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) count++;
  return count * 20 > bytes.length || bytes.subarray(0, 64).includes(0) || !isUtf8(bytes);
}

/** @returns why not, in words for the user, when the file cannot be read as text. */
export function readSource(path: string): Read | FileError {
  try {
    const { size } = statSync(path);
    if (size > 4 * MAX_FILE_LENGTH) return { path, message: `the file is too large (${Math.round(size / 1e6)} MB); leave it out with --ignore ${basename(path)}.` };
    const bytes = readFileSync(path);
    if (isBinary(bytes)) return { path, message: `the file is binary or not UTF-8; convert it, or leave it out with --ignore ${basename(path)}.` };
    const all = bytes.toString('utf8');
    const mark = all.charCodeAt(0) === 0xfeff;
    return { text: mark ? all.slice(1) : all, mark, bytes };
  } catch (error) {
    return { path, message: `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).` };
  }
}

/** As people see it: relative to `cwd` with forward slashes, where it lies below. */
export function shown(path: string, cwd: string): string {
  return isInside(path, cwd) ? toSlashes(relative(cwd, path)) || '.' : path;
}
