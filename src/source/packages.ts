/** What the nearest package.json files say of installed versions. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, nearest } from './files.ts';
import { ownPackage } from './own-names.ts';
import { manifestOf } from './roots.ts';

const manifests = new Map<string, Dependencies | undefined>();
/** What catalogues say, by folder, catalogue and package: kept as long as the manifests that refer to them. */
const catalogued = new Map<string, string | undefined>();

/**
 * The major (or minor) version of `name` in the dependency lists from `file` upwards (`^7.1.0` → 7, or 1), else in those of the workspace's
 * packages that its own lists: an application often gets its client from one of them. Undefined when none tells.
 */
export function packageVersion(name: string, file: string, part: 'major' | 'minor' = 'major'): number | undefined {
  const found = nearest(file, (folder) => versionIn(dependencies(folder)?.[name], name, folder))?.value;
  const inner = found ? undefined : nearest(file, dependencies)?.value;
  return (found ?? (inner && versionBehind(inner, name, file)))?.[part];
}

interface Version { readonly major: number; readonly minor: number | undefined }
type Dependencies = Readonly<Record<string, string>>;

function versionIn(range: string | undefined, name: string, folder: string): Version | undefined {
  const told = range?.startsWith('catalog:') ? fromCatalog(range.slice('catalog:'.length).trim() || 'default', name, folder) : range;
  const found = told ? /(?:^|[^\d.])(?<major>\d+)(?:\.(?<minor>\d+)|\.|$|\s)/.exec(told)?.groups : undefined;
  // A range that names no minor version leaves it open.
  return found?.['major'] === undefined ? undefined : { major: Number(found['major']), minor: found['minor'] === undefined ? undefined : Number(found['minor']) };
}

/** What those workspace packages ask for; undefined where they differ. */
function versionBehind(listed: Dependencies, name: string, file: string): Version | undefined {
  // Only where a range means a package of the workspace is its tree looked through for it.
  const own = Object.keys(listed).filter((one) => /^(?:workspace:|file:|link:|\*$)/.test(listed[one]!));
  const found = own.flatMap((one) => {
    const folder = ownPackage(one, file);
    const version = folder === undefined ? undefined : versionIn(dependencies(folder)?.[name], name, folder);
    return version ? [version] : [];
  });
  const [first] = found;
  return first && found.every((one) => one.major === first.major && one.minor === first.minor) ? first : undefined;
}

/** Catalogues of versions stand at the workspace's top: in pnpm-workspace.yaml, or in package.json (Bun). */
function fromCatalog(catalog: string, name: string, start: string): string | undefined {
  const key = `${start}\0${catalog}\0${name}`;
  if (catalogued.has(key)) return catalogued.get(key);
  const found = nearest(join(start, 'package.json'), (folder) => {
    const yaml = contentOf(join(folder, 'pnpm-workspace.yaml'));
    return 'text' in yaml ? inYaml(yaml.text, catalog, name) : inManifest(manifestOf(folder), catalog, name);
  })?.value;
  catalogued.set(key, found);
  return found;
}

function inManifest(manifest: Record<string, unknown> | undefined, catalog: string, name: string): string | undefined {
  for (const place of [manifest?.['workspaces'], manifest]) {
    const { catalog: plain, catalogs } = (place ?? {}) as { catalog?: Dependencies; catalogs?: Readonly<Record<string, Dependencies>> };
    const found = (catalog === 'default' ? plain?.[name] : undefined) ?? catalogs?.[catalog]?.[name];
    if (typeof found === 'string') return found;
  }
  return undefined;
}

const bare = (text: string): string => text.replace(/^(['"])(.*)\1$/, '$2');

/** `catalog:` and `catalogs: <name>:` hold one `name: range` a line. */
function inYaml(text: string, catalog: string, name: string): string | undefined {
  let path: { readonly indent: number; readonly key: string }[] = [];
  for (const line of text.split('\n')) {
    const { space, key, value } = /^(?<space> *)(?<key>"[^"]+"|'[^']+'|[^\s'"#:][^:#]*?)\s*:(?:\s+(?<value>.*))?$/.exec(line.trimEnd())?.groups ?? {};
    if (space === undefined || key === undefined) continue;
    path = [...path.filter((one) => one.indent < space.length), { indent: space.length, key: bare(key) }];
    const [first, second, third] = path.map((one) => one.key);
    const isMeant = path.length === 2 ? catalog === 'default' && first === 'catalog' && second === name : path.length === 3 && first === 'catalogs' && second === catalog && third === name;
    if (isMeant) return value === undefined ? undefined : bare(value.replace(/\s+#.*$/, ''));
  }
  return undefined;
}

/** Whether a dependency list from `file` upwards names one of `names`, whatever version it asks for. */
export function dependsOn(names: readonly string[], file: string): boolean {
  const lists = (folder: string): boolean => { const found = dependencies(folder); return found !== undefined && names.some((one) => found[one] !== undefined); };
  return nearest(file, (folder) => lists(folder) || undefined) !== undefined;
}

/** Those of `names` that the nearest package.json above `file` lists which lists any of them. */
export function nearestPackages(names: readonly string[], file: string): readonly string[] {
  return nearest(file, (folder) => {
    const listed = dependencies(folder);
    const found = listed ? names.filter((one) => Object.hasOwn(listed, one)) : [];
    return found.length ? found : undefined;
  })?.value ?? [];
}

function dependencies(folder: string): Dependencies | undefined {
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
