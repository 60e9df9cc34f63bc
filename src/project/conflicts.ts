/** The index of a project's upserts: for each file that was asked about, which table it writes by which key, and where. */
import { relative } from 'node:path';
import type { PlacedKey, Project } from '../rule.ts';
import type { Settings } from '../settings.ts';
import type { SourceFile } from '../source/file.ts';
import { stampOf } from '../source/listing.ts';
import { sourceFile } from '../source/modules.ts';
import { conflictSites, siteRows, tableName, type ConflictSite } from '../trace/conflict-sites.ts';
import type { Trace } from '../trace/index.ts';
import type { Pairs } from '../trace/pairs.ts';
import { filesMentioning, mayHoldKeys } from './index.ts';

/** One function of a file, followed, and what its reads and writes have to do with each other. */
export interface Followed { readonly trace: Trace; readonly pairs: Pairs }

export interface ProjectOptions {
  readonly settings: Settings;
  readonly cwd: string;
  /** The functions of another file. */
  follow(file: SourceFile): readonly Followed[];
}

/** Files that are followed for one table; more of them do not make a message clearer. */
const MAX_FOLLOWED = 60;
/** Files whose keys are kept, oldest out. */
const MAX_KEPT = 2000;

const kept = new WeakMap<Settings, Map<string, Kept>>();

/** `own`: the functions of `file` itself, as the host has its text. */
export function projectAround(file: SourceFile, own: readonly Followed[], options: ProjectOptions): Project {
  let here: readonly PlacedKey[] | undefined;
  const byTable = new Map<string, readonly PlacedKey[]>();
  return {
    conflictSites(site) {
      here ??= keysOf(file, own, options.cwd);
      if (!options.settings.followImports) return here;
      const table = tableName(site);
      const known = byTable.get(table) ?? elsewhere(site, file, options);
      byTable.set(table, known);
      return [...here, ...known];
    },
  };
}

/**
 * Keeps what a file that was followed for its own sake writes by which keys, so that nobody follows it again for that. Only where its
 * text is the one on disk, which is what others are told of.
 */
export function keepKeys(file: SourceFile, own: readonly Followed[], { settings, cwd }: Pick<ProjectOptions, 'settings' | 'cwd'>): void {
  const stamp = mayHoldKeys(file.text) ? stampOf(file) : undefined;
  if (stamp !== undefined) keep(keptFor(settings), file.path, { stamp, keys: keysOf(file, own, cwd) });
}

interface Kept { readonly stamp: string; readonly keys: readonly PlacedKey[] }

function keptFor(settings: Settings): Map<string, Kept> {
  const known = kept.get(settings) ?? new Map<string, Kept>();
  kept.set(settings, known);
  return known;
}

function keep(known: Map<string, Kept>, path: string, one: Kept): void {
  if (known.size >= MAX_KEPT) known.delete(known.keys().next().value!);
  known.delete(path);
  known.set(path, one);
}

function elsewhere({ write: { table } }: ConflictSite, file: SourceFile, options: ProjectOptions): PlacedKey[] {
  const names = [...new Set([table.name, table.table?.name, table.table?.dbName].filter((one) => one !== undefined))];
  const known = keptFor(options.settings);
  return filesMentioning(names, file.path, options.cwd).slice(0, MAX_FOLLOWED).flatMap(({ path, stamp }) => {
    const before = known.get(path);
    if (before?.stamp === stamp) return before.keys;
    const other = sourceFile(path);
    const keys = other ? keysOf(other, options.follow(other), options.cwd) : [];
    keep(known, path, { stamp, keys });
    return keys;
  });
}

function keysOf(file: SourceFile, followed: readonly Followed[], cwd: string): PlacedKey[] {
  return followed.flatMap(({ trace, pairs }) => conflictSites(trace, pairs).map((site): PlacedKey => ({
    ...siteRows(site), table: tableName(site), columns: site.key, file: file.path, shown: relative(cwd, file.path).replaceAll('\\', '/'), line: file.line(site.node.range[0]),
  })));
}
