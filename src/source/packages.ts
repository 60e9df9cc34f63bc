/** What the nearest package.json files say of installed versions. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const manifests = new Map<string, Readonly<Record<string, string>> | undefined>();
const MAX_LEVELS = 12;

/** The major (or minor) version of `name` in the dependency lists from `file` upwards (`^7.1.0` → 7, or 1); undefined when none tells. */
export function packageVersion(name: string, file: string, part: 'major' | 'minor' = 'major'): number | undefined {
  let folder = dirname(file);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const range = dependencies(folder)?.[name];
    const found = range ? /(?:^|[^\d.])(?<major>\d+)(?:\.(?<minor>\d+)|\.|$|\s)/.exec(range)?.groups : undefined;
    // A range that names no minor version leaves it open.
    if (found?.['major']) return part === 'major' ? Number(found['major']) : found['minor'] === undefined ? undefined : Number(found['minor']);
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

/** Whether a dependency list from `file` upwards names one of `names`, whatever version it asks for. */
export function dependsOn(names: readonly string[], file: string): boolean {
  let folder = dirname(file);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const found = dependencies(folder);
    if (found && names.some((one) => found[one] !== undefined)) return true;
    const parent = dirname(folder);
    if (parent === folder) return false;
    folder = parent;
  }
  return false;
}

/** Those of `names` that the nearest package.json above `file` lists which lists any of them. */
export function nearestPackages(names: readonly string[], file: string): readonly string[] {
  let folder = dirname(file);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const listed = dependencies(folder);
    const found = listed ? names.filter((one) => Object.hasOwn(listed, one)) : [];
    const parent = dirname(folder);
    if (found.length || parent === folder) return found;
    folder = parent;
  }
  return [];
}

function dependencies(folder: string): Readonly<Record<string, string>> | undefined {
  if (manifests.has(folder)) return manifests.get(folder);
  let found: Record<string, string> | undefined;
  const path = join(folder, 'package.json');
  if (existsSync(path)) {
    try {
      const manifest = JSON.parse(readFileSync(path, 'utf8')) as { dependencies?: Record<string, string>; devDependencies?: Record<string, string>; peerDependencies?: Record<string, string> };
      found = { ...manifest.peerDependencies, ...manifest.devDependencies, ...manifest.dependencies };
    } catch {
      // A broken package.json is for other tools to complain about; here it says nothing of versions.
    }
  }
  manifests.set(folder, found);
  return found;
}
