/** The packages around a file, up to the top of its workspace. */
import { dirname, join, resolve } from 'node:path';
import { now as clock } from './clock.ts';
import { contentOf, isFile, isMissing } from './files.ts';

/** What marks the top of a repository or workspace. */
const WORKSPACE_MARKS = ['pnpm-workspace.yaml', '.git', 'nx.json', 'lerna.json', 'rush.json', '.hg'];
/** Turborepo's stands at the top, and in packages that extend that of the top (`"extends": ["//"]`). */
const TURBO_MARKS = ['turbo.json', 'turbo.jsonc'];

/** What a folder is to those below it; a process that stays looks again after a while. */
interface Level { readonly holdsPackage: boolean; readonly isTop: boolean; readonly at: number }

const levels = new Map<string, Level>();
/** How long a level counts as fresh, in milliseconds. */
const FRESH = 15_000;
const MAX_LEVELS = 10_000;

/**
 * Folders in which what belongs to a file may stand (its schema, say), nearest first: packages around it, up to the top of its
 * workspace. The folder that the run was started in is one of them though it holds no manifest, if it lies above a package: `supabase/`
 * beside `backend/package.json`.
 */
export function rootsFor(file: string, cwd: string): string[] {
  const roots: string[] = [];
  const start = resolve(cwd);
  for (let folder = dirname(resolve(cwd, file)); ;) {
    const { holdsPackage, isTop } = levelOf(folder);
    if (holdsPackage || isTop || (folder === start && roots.length)) roots.push(folder);
    const parent = dirname(folder);
    if (isTop || parent === folder) break;
    folder = parent;
  }
  return roots.length ? roots : [start];
}

/** Files of a tree share the folders above them: each is looked at once. */
function levelOf(folder: string): Level {
  const now = clock();
  const known = levels.get(folder);
  if (known && now - known.at < FRESH) return known;
  const manifest = manifestOf(folder);
  const made = { holdsPackage: manifest !== undefined, isTop: manifest?.['workspaces'] !== undefined || WORKSPACE_MARKS.some((name) => !isMissing(join(folder, name))) || TURBO_MARKS.some((name) => isOwnTurbo(join(folder, name))), at: now };
  if (levels.size >= MAX_LEVELS) levels.clear();
  levels.set(folder, made);
  return made;
}

/** They may hold comments, so that they are no JSON. */
function isOwnTurbo(path: string): boolean {
  if (!isFile(path)) return false;
  const content = contentOf(path);
  return !('text' in content) || !/"extends"\s*:/.test(content.text);
}

/** For tests, and for a host that knows that files changed. */
export function forgetRoots(): void { levels.clear(); }

/** What the package.json of a folder holds; an empty object where it cannot be read as one, undefined where there is none. */
export function manifestOf(folder: string): Record<string, unknown> | undefined {
  const path = join(folder, 'package.json');
  if (!isFile(path)) return undefined;
  const content = contentOf(path);
  if (!('text' in content)) return {};
  try {
    const parsed: unknown = JSON.parse(content.text);
    return typeof parsed === 'object' && parsed !== null ? parsed as Record<string, unknown> : {};
  } catch {
    // Still a package: its own files are looked at first.
    return {};
  }
}
