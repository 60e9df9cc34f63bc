/**
 * Names that a project gives its own files beyond what a resolver knows of: packages of its workspace, which need neither be linked nor
 * built, the aliases of `module-alias`, and the paths of a `jsconfig.json`.
 */
import { dirname, join, relative } from 'node:path';
import { isBuiltin } from 'node:module';
import { ResolverFactory, type NapiResolveOptions } from 'oxc-resolver';
import { now as clock } from './clock.ts';
import { isFile, nearest, walk } from './files.ts';
import { manifestOf, rootsFor } from './roots.ts';

type Manifest = Readonly<Record<string, unknown>>;

/** How long what was found of a folder counts as fresh, in milliseconds. */
const FRESH = 15_000;
const MAX_KEPT = 200;

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs'];
/** Where builds go, and the kinds of module that some of them hold apart. */
const BUILT = /^(?:dist|build|out|lib|esm|cjs|types)\/(?:(?:esm|cjs|types|src)\/)?(.+?)(?:\.d)?\.[cm]?[jt]sx?$/;

/** The source file that a bare import (`@acme/db/client`, `@models/user`) means by a name of the project's own. */
export function ownFile(source: string, from: string, options: NapiResolveOptions): string | undefined {
  if (/^[./]|^[a-z]+:/i.test(source) || isBuiltin(source)) return undefined;
  return byJsConfig(source, from, options) ?? byAlias(source, from) ?? byPackage(source, from);
}

/** What a built file of the project was built from (`dist/index.d.ts` → `src/index.ts`); undefined where that cannot be told. */
export function sourceOfBuilt(path: string): string | undefined {
  const folder = nearest(path, (one) => manifestAt(one));
  return folder && sourceBelow(folder.at, relative(folder.at, path).replaceAll('\\', '/'));
}

function sourceBelow(folder: string, path: string): string | undefined {
  const inner = BUILT.exec(path)?.[1];
  return inner === undefined ? undefined : fileAt(join(folder, 'src', inner)) ?? fileAt(join(folder, inner));
}

// ------------------------------------------------------------------------------------------------------------ packages

interface Package { readonly folder: string; readonly manifest: Manifest }

const workspaces = new Map<string, { readonly packages: ReadonlyMap<string, Package>; readonly until: number }>();

function byPackage(source: string, from: string): string | undefined {
  const [, name, inner] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.+))?$/.exec(source) ?? [];
  const found = name === undefined ? undefined : packagesAround(from).get(name);
  if (!found) return undefined;
  const { folder, manifest } = found;
  const told = targets(manifest, inner).map((one) => one.replace(/^\.\//, ''));
  for (const path of told) {
    const file = sourceBelow(folder, path) ?? fileAt(join(folder, path));
    if (file) return file;
  }
  return fileAt(join(folder, 'src', inner ?? 'index')) ?? fileAt(join(folder, inner ?? 'index'));
}

/** The folder of a package of the workspace around a file. */
export const ownPackage = (name: string, file: string): string | undefined => packagesAround(file).get(name)?.folder;

/** The packages of the workspace around a file, by name. */
function packagesAround(file: string): ReadonlyMap<string, Package> {
  const top = rootsFor(file, dirname(file)).at(-1)!;
  const start = clock();
  const known = workspaces.get(top);
  if (known && start < known.until) return known.packages;
  const packages = new Map<string, Package>();
  for (const below of walk(top, () => false).packages) {
    const folder = join(top, below);
    const manifest = manifestAt(folder);
    const name = manifest?.['name'];
    if (typeof name === 'string' && !packages.has(name)) packages.set(name, { folder, manifest: manifest! });
  }
  const now = clock();
  // A large tree is looked at again the more rarely the longer that takes.
  keep(workspaces, top, { packages, until: now + Math.max(FRESH, 50 * (now - start)) });
  return packages;
}

/** Paths that a package gives for what is imported of it, as `exports`, or the fields before it, tell them. */
function targets(manifest: Manifest, inner: string | undefined): string[] {
  const { exports } = manifest;
  const key = inner === undefined ? '.' : `./${inner}`;
  if (exports === undefined || exports === null) return inner === undefined ? ['source', 'types', 'typings', 'module', 'main'].flatMap((one) => leaves(manifest[one])) : [inner];
  const isMap = typeof exports === 'object' && Object.keys(exports).some((one) => one.startsWith('.'));
  if (!isMap) return inner === undefined ? leaves(exports) : [];
  const map = exports as Record<string, unknown>;
  if (map[key] !== undefined) return leaves(map[key]);
  for (const [pattern, target] of Object.entries(map)) {
    const [before, after] = pattern.split('*') as [string, string?];
    if (after === undefined || !key.startsWith(before) || !key.endsWith(after) || key.length < before.length + after.length) continue;
    const part = key.slice(before.length, key.length - after.length);
    return leaves(target).map((one) => one.replaceAll('*', part));
  }
  return [];
}

/** Every path in a target, whatever its conditions. */
function leaves(target: unknown): string[] {
  if (typeof target === 'string') return [target];
  return typeof target === 'object' && target !== null ? Object.values(target).flatMap(leaves) : [];
}

// ------------------------------------------------------------------------------------------------- aliases and jsconfig

/** `"_moduleAliases": { "@models": "src/models" }`. */
function byAlias(source: string, from: string): string | undefined {
  const found = nearest(from, (folder) => manifestAt(folder)?.['_moduleAliases']);
  for (const [alias, target] of Object.entries(found?.value as Record<string, unknown> | undefined ?? {})) {
    if (typeof target !== 'string' || (source !== alias && !source.startsWith(`${alias}/`))) continue;
    const file = fileAt(join(found!.at, target, source.slice(alias.length)));
    if (file) return file;
  }
  return undefined;
}

const resolvers = new Map<string, ResolverFactory>();

function byJsConfig(source: string, from: string, options: NapiResolveOptions): string | undefined {
  const found = nearest(from, (folder) => (isFile(join(folder, 'tsconfig.json')) ? false : isFile(join(folder, 'jsconfig.json')) || undefined));
  if (found?.value !== true) return undefined;
  const configFile = join(found.at, 'jsconfig.json');
  const resolver = resolvers.get(configFile) ?? new ResolverFactory({ ...options, tsconfig: { configFile } });
  keep(resolvers, configFile, resolver);
  try {
    return resolver.sync(dirname(from), source).path;
  } catch {
    return undefined;
  }
}

// --------------------------------------------------------------------------------------------------------------- files

/** The source file at a path that may lack its extension, name a folder, or have that of the file that is built from it. */
function fileAt(path: string): string | undefined {
  const bare = path.replace(/\.[cm]?jsx?$/, '');
  const bases = [path, ...(bare === path ? [] : [bare])];
  for (const base of bases) for (const extension of EXTENSIONS) if (isFile(base + extension)) return base + extension;
  if (/\.[cm]?[jt]sx?$/.test(path) && !path.endsWith('.d.ts') && isFile(path)) return path;
  for (const extension of EXTENSIONS) if (isFile(join(path, `index${extension}`))) return join(path, `index${extension}`);
  return undefined;
}

const manifests = new Map<string, { readonly manifest: Manifest | undefined; readonly at: number }>();

function manifestAt(folder: string): Manifest | undefined {
  const known = manifests.get(folder);
  const now = clock();
  if (known && now - known.at < FRESH) return known.manifest;
  const manifest = manifestOf(folder);
  keep(manifests, folder, { manifest, at: now }, 10 * MAX_KEPT);
  return manifest;
}

function keep<T>(map: Map<string, T>, key: string, value: T, most = MAX_KEPT): void {
  if (!map.has(key) && map.size >= most) map.delete(map.keys().next().value!);
  map.set(key, value);
}
