/** Imports resolved to project files, parsed once and shared. */
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import { now as clock } from './clock.ts';
import type { ImportedBinding, SourceFile } from './file.ts';
import { ownFile, sourceOfBuilt } from './own-names.ts';
import { parseSource } from './parse.ts';

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];
const OPTIONS = {
  extensions: EXTENSIONS,
  extensionAlias: { '.js': ['.ts', '.tsx', '.js', '.jsx'], '.mjs': ['.mts', '.mjs'], '.cjs': ['.cts', '.cjs'], '.jsx': ['.tsx', '.jsx'] },
  conditionNames: ['types', 'import', 'require', 'node', 'default'],
  mainFields: ['types', 'module', 'main'],
  symlinks: true,
};
/** Characters of all parsed imports that are kept, the least recently asked for out: a tree takes about fifty bytes a character. */
const MAX_TEXT = 6_000_000;
/** How long a resolved import counts as fresh in a long-lived editor process, in milliseconds. */
const FRESH = 1000;

let resolver: ResolverFactory | undefined;
interface Kept { readonly stamp: string; readonly file: SourceFile | undefined; checked: number }

const files = new Map<string, Kept>();
let keptText = 0;
const resolved = new Map<string, { path: string | undefined; at: number }>();

/** The project file that `binding` leads to; undefined for packages, unreadable files and anything that is no source file. */
export function resolveImport(binding: ImportedBinding, from: SourceFile): SourceFile | undefined {
  const path = resolvePath(binding.source, from.path);
  return path === undefined ? undefined : sourceFile(path);
}

/** The project file that an import leads to; undefined for packages and anything that is no source file. */
export function resolvePath(source: string, from: string): string | undefined {
  const key = `${dirname(from)}\0${source}`;
  const known = resolved.get(key);
  const now = clock();
  if (known && now - known.at < 30 * FRESH) return known.path;
  let path = resolveFrom(from, source) ?? ownFile(source, from, OPTIONS);
  // A workspace package resolves through its link to a folder outside node_modules; real dependencies are not followed.
  if (path && (/[\\/]node_modules[\\/]/.test(path) || !/\.[cm]?[jt]sx?$/.test(path))) path = undefined;
  // What a build made is of no use where its source lies beside it.
  if (path && (path.endsWith('.d.ts') || !source.startsWith('.'))) path = sourceOfBuilt(path) ?? (path.endsWith('.d.ts') ? undefined : path);
  resolved.set(key, { path, at: now });
  return path;
}

function resolveFrom(from: string, source: string): string | undefined {
  resolver ??= new ResolverFactory({ ...OPTIONS, tsconfig: 'auto' });
  const own = resolvedBy(resolver, from, source);
  // Where a folder is named `#id`, as routes are, the resolver takes the rest of the path for a URL's fragment and finds no tsconfig:
  // its paths are asked for from the last folder above.
  if (own !== undefined || source.startsWith('.') || source.startsWith('#')) return own;
  const above = /^[^#?]*(?=[\\/][^\\/#?]*[#?])/.exec(from)?.[0];
  return above === undefined ? undefined : resolvedBy(resolver, join(above, basename(from).replace(/[#?]/g, '')), source);
}

function resolvedBy(by: ResolverFactory, from: string, source: string): string | undefined {
  try {
    return by.resolveFileSync(from, source).path;
  } catch {
    return undefined;
  }
}

/** A parsed file of the project, from cache while its time stamp and size stay the same; undefined when it cannot be read. */
export function sourceFile(path: string): SourceFile | undefined {
  const known = files.get(path);
  const now = clock();
  if (known && now - known.checked < FRESH) { renew(path, known); return known.file; }
  let stamp: string;
  try {
    const stat = statSync(path);
    stamp = `${stat.mtimeMs}:${stat.size}`;
  } catch {
    return undefined;
  }
  if (known?.stamp === stamp) { known.checked = now; renew(path, known); return known.file; }
  let file: SourceFile | undefined;
  try {
    file = parseSource(path, readFileSync(path, 'utf8'));
  } catch {
    // Syntax errors of an imported file are reported where that file itself is linted.
    file = undefined;
  }
  keep(path, { stamp, file, checked: now });
  return file;
}

function keep(path: string, one: Kept): void {
  drop(path);
  files.set(path, one);
  keptText += one.file?.text.length ?? 0;
  for (const oldest of files.keys()) {
    if (keptText <= MAX_TEXT || oldest === path) break;
    drop(oldest);
  }
}

function drop(path: string): void {
  keptText -= files.get(path)?.file?.text.length ?? 0;
  files.delete(path);
}

/** Asked for: the last to go. */
function renew(path: string, one: Kept): void {
  files.delete(path);
  files.set(path, one);
}

/**
 * The file with this text, which was just read from `path`: as it was parsed when another file imported it, and kept for those that
 * will.
 * @throws ParseFailure as `parseSource` does
 */
export function sourceFileOf(path: string, text: string): SourceFile {
  const known = files.get(path)?.file;
  if (known?.text === text) return known;
  const file = parseSource(path, text);
  try {
    const { mtimeMs, size } = statSync(path);
    keep(path, { stamp: `${mtimeMs}:${size}`, file, checked: clock() });
  } catch {
    // Gone since it was read: nobody can import it.
  }
  return file;
}
