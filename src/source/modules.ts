/** Imports resolved to project files, parsed once and shared. */
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
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
/** Parsed imports that are kept: about 1 MB each at most, mostly far less. */
const MAX_FILES = 400;
/** How long a resolved import counts as fresh in a long-lived editor process, in milliseconds. */
const FRESH = 1000;

let resolver: ResolverFactory | undefined;
const files = new Map<string, { stamp: string; file: SourceFile | undefined; checked: number }>();
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
  const now = Date.now();
  if (known && now - known.at < 30 * FRESH) return known.path;
  resolver ??= new ResolverFactory({ ...OPTIONS, tsconfig: 'auto' });
  let path: string | undefined;
  try {
    path = resolver.resolveFileSync(from, source).path;
  } catch {
    path = undefined;
  }
  path ??= ownFile(source, from, OPTIONS);
  // A workspace package resolves through its link to a folder outside node_modules; real dependencies are not followed.
  if (path && (/[\\/]node_modules[\\/]/.test(path) || !/\.[cm]?[jt]sx?$/.test(path))) path = undefined;
  // What a build made is of no use where its source lies beside it.
  if (path && (path.endsWith('.d.ts') || !source.startsWith('.'))) path = sourceOfBuilt(path) ?? (path.endsWith('.d.ts') ? undefined : path);
  resolved.set(key, { path, at: now });
  return path;
}

/** A parsed file of the project, from cache while its time stamp and size stay the same; undefined when it cannot be read. */
export function sourceFile(path: string): SourceFile | undefined {
  const known = files.get(path);
  const now = Date.now();
  if (known && now - known.checked < FRESH) return known.file;
  let stamp: string;
  try {
    const stat = statSync(path);
    stamp = `${stat.mtimeMs}:${stat.size}`;
  } catch {
    return undefined;
  }
  if (known?.stamp === stamp) { known.checked = now; return known.file; }
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

function keep(path: string, one: { stamp: string; file: SourceFile | undefined; checked: number }): void {
  files.delete(path);
  if (files.size >= MAX_FILES) files.delete(files.keys().next().value!);
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
    keep(path, { stamp: `${mtimeMs}:${size}`, file, checked: Date.now() });
  } catch {
    // Gone since it was read: nobody can import it.
  }
  return file;
}
