/** What the nearest package.json files say of installed versions. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const manifests = new Map<string, Readonly<Record<string, string>> | undefined>();
const MAX_LEVELS = 12;

/** The major version of `name` in the dependency lists from `file` upwards (`^7.1.0` → 7); undefined when none tells. */
export function packageVersion(name: string, file: string): number | undefined {
  let folder = dirname(file);
  for (let level = 0; level < MAX_LEVELS; level++) {
    const range = dependencies(folder)?.[name];
    const major = range && /(?:^|[^\d.])(\d+)(?:\.|$|\s)/.exec(range)?.[1];
    if (major) return Number(major);
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
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
