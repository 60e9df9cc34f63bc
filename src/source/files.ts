/**
 * The file system as those need it who look for files: a bounded walk, reading with limits, globs. Nothing here throws.
 */
import { lstatSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Stamp { readonly path: string; readonly mtimeMs: number; readonly size: number }

export type Content = { readonly text: string } | { readonly reason: string };

/** Larger files are dumps with data, not declarations. */
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_DIRECTORIES = 4000;
const MAX_DEPTH = 12;
/** Never part of a project's own schema; the last ones hold copies that a generator made. */
const SKIPPED = new Set([
  'node_modules', 'bower_components', 'dist', 'build', 'out', 'coverage', 'target', 'vendor', 'venv', '__pycache__', 'Pods', 'generated', '__generated__',
  'public', 'static', 'assets', 'locales', 'i18n',
]);

export function stampOf(path: string): Stamp | undefined {
  try {
    const { mtimeMs, size } = statSync(path);
    return { path, mtimeMs, size };
  } catch {
    return undefined;
  }
}

export function contentOf(path: string): Content {
  try {
    if (statSync(path).size > MAX_BYTES) return { reason: 'the file is larger than 5 MB' };
    const text = readFileSync(path, 'utf8');
    if (text.includes('\0')) return { reason: 'the file is binary' };
    return { text };
  } catch (error) {
    return { reason: `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})` };
  }
}

export const isDirectory = (path: string): boolean => { try { return statSync(path).isDirectory(); } catch { return false; } };
export const isFile = (path: string): boolean => { try { return statSync(path).isFile(); } catch { return false; } };

/** Folders above a file are asked up to here. */
const MAX_LEVELS = 12;

/** The nearest folder above a file of which `ask` says something. */
export function nearest<T>(file: string, ask: (folder: string) => T | undefined): { readonly at: string; readonly value: T } | undefined {
  let folder = dirname(file);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const value = ask(folder);
    if (value !== undefined) return { at: folder, value };
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

export interface Walked {
  /** Paths below the start, with forward slashes, that `wanted` accepts. */
  readonly files: readonly string[];
  /** Directories below the start ('' is the start itself) that hold a package.json. */
  readonly packages: readonly string[];
  /** The bound was reached: there may be more. */
  readonly cut: boolean;
}

/** Visits directories level by level, so that when the bound cuts the walk short, what lies near the root was seen. */
export function walk(root: string, wanted: (path: string) => boolean): Walked {
  const files: string[] = [];
  const packages: string[] = [];
  let level = [''];
  let visited = 0;
  for (let depth = 0; level.length && depth <= MAX_DEPTH; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      if (++visited > MAX_DIRECTORIES) return { files, packages, cut: true };
      for (const entry of entriesOf(join(root, folder))) {
        const { name } = entry;
        const path = folder === '' ? name : `${folder}/${name}`;
        if (entry.isDirectory()) {
          // Directories behind symbolic links are not followed: workspaces link to each other.
          if (name[0] !== '.' && !SKIPPED.has(name)) next.push(path);
        } else if (name === 'package.json') packages.push(folder);
        else if (wanted(path) && (entry.isFile() || isFile(join(root, path)))) files.push(path);
      }
    }
    level = next;
  }
  return { files, packages, cut: level.length > 0 };
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
}

export const isGlob = (pattern: string): boolean => /[*?{[]/.test(pattern);

/** `**`, `*`, `?`, `{a,b}` and `[abc]` over paths with forward slashes. */
export function globToRegExp(glob: string): RegExp {
  let source = '';
  let braces = 0;
  for (let at = 0; at < glob.length; at++) {
    const char = glob[at]!;
    if (char === '*') {
      if (glob[at + 1] !== '*') { source += '[^/]*'; continue; }
      at++;
      if (glob[at + 1] === '/') { at++; source += '(?:[^/]+/)*'; } else source += '.*';
    } else if (char === '?') source += '[^/]';
    else if (char === '{') { braces++; source += '(?:'; } else if (char === '}' && braces) { braces--; source += ')'; }
    else if (char === ',' && braces) source += '|';
    else if (char === '[') {
      const end = glob.indexOf(']', at + 1);
      if (end < 0) { source += '\\['; continue; }
      source += `[${glob.slice(at + 1, end).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
      at = end;
    } else source += char.replace(/[.+^$()|\\\]}]/g, '\\$&');
  }
  return new RegExp(`^${source}${')'.repeat(braces)}$`);
}

/** True for a link that leads nowhere, and for what does not exist. */
export const isMissing = (path: string): boolean => { try { lstatSync(path); return false; } catch { return true; } };
