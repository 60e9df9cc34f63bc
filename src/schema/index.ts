/**
 * The catalogue of a source file's project, cached for as long as the schema's files stay what they are.
 */
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { now as clock } from '../source/clock.ts';
import { contentOf, stampOf } from '../source/files.ts';
import type { Stamp } from '../source/files.ts';
import { forgetRoots, rootsFor } from '../source/roots.ts';
import { withAssumed, type AssumedKey } from './assumed.ts';
import { EMPTY_CATALOGUE, SQL, catalogueOf } from './catalogue.ts';
import { discover, discoverNamed } from './discover.ts';
import type { Discovered, NamedSource } from './discover.ts';
import type { Catalogue, SchemaPart, Table, Unread } from './model.ts';
import { inOrder, PENDING } from './order.ts';
import { readSql } from './sql.ts';

export { assumedFor, assumedKey, type AssumedKey } from './assumed.ts';
export { EMPTY_CATALOGUE, catalogueOf } from './catalogue.ts';
export { readSql } from './sql.ts';
export type { NamedSource } from './discover.ts';

export interface CatalogueOptions {
  /** Absolute; paths of settings are relative to it. */
  readonly cwd: string;
  /** `settings['db-race'].schema`: paths, folders and globs that replace discovery. */
  readonly schema?: readonly string[] | undefined;
  /** The readers of the clients' own schemas. */
  readonly sources: readonly NamedSource[];
  /** `settings['db-race'].uniqueKeys`: keys that no file declares. */
  readonly assumed?: readonly AssumedKey[];
}

interface Entry {
  readonly catalogue: Catalogue;
  readonly hash: string;
  /** Files, and the folders they lie in, as they were: a folder's time changes when a file appears in it. */
  readonly stamps: readonly (Stamp | string)[];
  checked: number;
  walked: number;
  /** The same with what folders further up declare, by the first of these. */
  layered?: Map<string, Entry> | undefined;
}

/** A process that stays (an editor) looks at the known files at most this often … */
const CHECK_AFTER = 1000;
/** … and searches for new folders at most this often. */
const WALK_AFTER = 15_000;
const MAX_ENTRIES = 64;

const entries = new Map<string, Entry>();

/** What the project of `file` declares. */
export function catalogueFor(file: string, options: CatalogueOptions): Catalogue {
  return withAssumed(entryFor(file, options)?.catalogue ?? EMPTY_CATALOGUE, options.assumed ?? []);
}

/** Changes whenever a schema file of the project at `root` changes: part of the key of results that are cached elsewhere. */
export function schemaHash(root: string, options: Omit<CatalogueOptions, 'cwd'> & { readonly cwd?: string }): string {
  return entryFor(join(root, 'index.ts'), { cwd: root, ...options })?.hash ?? '';
}

/** For tests, and for a host that knows that files changed. */
export function forgetSchemas(): void {
  entries.clear();
  forgetRoots();
}

function entryFor(file: string, options: CatalogueOptions): Entry | undefined {
  if (options.schema?.length) {
    const { schema, cwd, sources } = options;
    return load(`settings\0${cwd}\0${schema.join('\0')}`, sources, () => discoverNamed(cwd, schema, sources));
  }
  const around = rootsFor(file, options.cwd);
  let last: Entry | undefined;
  for (const [index, root] of around.entries()) {
    const entry = load(`root\0${root}`, options.sources, () => discover(root, options.sources));
    if (entry.catalogue.tables.length) return withOuter(entry, around.slice(index + 1), options);
    last = entry;
  }
  return last;
}

/**
 * A package that declares the models of one library may keep the schema of another one further up (`backend/` with Mongoose models,
 * `supabase/migrations` at the top): a client of which the package declares nothing is answered by the next folder that does. The
 * folders further up are walked when somebody asks.
 */
function withOuter(entry: Entry, outer: readonly string[], options: CatalogueOptions): Entry {
  if (!outer.length) return entry;
  entry.layered ??= new Map();
  const key = outer[0]!;
  const known = entry.layered.get(key);
  if (known) return known;
  const { catalogue } = entry;
  const owners = new Set(catalogue.tables.map((one) => one.client));
  const find = (client: string, name: string): Table | undefined => catalogue.find(client, name)
    ?? (owners.has(client) || owners.has(SQL) ? undefined : entryFor(join(key, 'index.ts'), options)?.catalogue.find(client, name));
  const declares = (client: string): boolean => owners.has(client) || (!owners.has(SQL) && ownedBy(entryFor(join(key, 'index.ts'), options)?.catalogue, client));
  const made = { ...entry, catalogue: { ...catalogue, find, declares }, layered: undefined };
  entry.layered.set(key, made);
  return made;
}

/** Whether a catalogue knows tables that this client declared. */
export function ownedBy(catalogue: Catalogue | undefined, client: string): boolean {
  return catalogue !== undefined && (catalogue.declares?.(client) ?? catalogue.tables.some((one) => one.client === client));
}

function load(name: string, sources: readonly NamedSource[], find: () => Discovered): Entry {
  const key = `${name}\0${sources.map(({ client }) => client).join()}`;
  const now = clock();
  const known = entries.get(key);
  if (known && now - known.checked < CHECK_AFTER) return known;
  if (known && now - known.walked < WALK_AFTER && known.stamps.every(isUnchanged)) {
    known.checked = now;
    return known;
  }
  const found = find();
  const files = found.groups.flatMap((group) => group.files);
  const stamps = files.map((path) => stampOf(path) ?? path);
  const hash = createHash('sha256').update(stamps.map((stamp) => (typeof stamp === 'string' ? stamp : `${stamp.path}\0${stamp.mtimeMs}\0${stamp.size}`)).join('\n')).digest('hex').slice(0, 16);
  if (known?.hash === hash) {
    known.checked = known.walked = now;
    return known;
  }
  const around = [...new Set(files.map((path) => dirname(path)))].map((path) => stampOf(path) ?? path);
  const entry: Entry = { catalogue: read(found), hash, stamps: [...stamps, ...around], checked: now, walked: now };
  if (entries.size >= MAX_ENTRIES) entries.delete(entries.keys().next().value!);
  entries.set(key, entry);
  return entry;
}

function isUnchanged(stamp: Stamp | string): boolean {
  if (typeof stamp === 'string') return stampOf(stamp) === undefined;
  const now = stampOf(stamp.path);
  return now !== undefined && now.mtimeMs === stamp.mtimeMs && now.size === stamp.size;
}

/** Each reader takes its files; a dialect that the code's declarations agree on is what migrations without a hint are read with. */
function read(found: Discovered): Catalogue {
  const unread: Unread[] = [...found.unread];
  const parts: SchemaPart[] = [];
  const contents = (paths: readonly string[]) => paths.flatMap((path) => {
    const content = contentOf(path);
    if ('text' in content) return [{ path, text: content.text }];
    unread.push({ place: { file: path, line: 1 }, what: path, reason: content.reason });
    return [];
  });
  for (const group of found.groups) {
    if (!group.source) continue;
    const files = contents(group.files);
    try {
      if (files.length) parts.push(...group.source.read(files));
    } catch (error) {
      // A reader should list what it cannot read; if it fails all the same, linting goes on without it.
      unread.push({ place: { file: group.files[0]!, line: 1 }, what: group.client, reason: `the reader failed: ${(error as Error).message}` });
    }
  }
  const dialects = new Set(parts.map((part) => part.dialect));
  const dialect = dialects.size === 1 ? [...dialects][0] : undefined;
  for (const group of found.groups) {
    if (group.client === SQL) parts.push(readSql(contents(inOrder(group.files, found.root)).filter(({ text }) => !text.startsWith(PENDING)), dialect));
  }
  if (!parts.length && !unread.length) return EMPTY_CATALOGUE;
  return catalogueOf(parts, found.groups.flatMap((group) => group.files), unread);
}
