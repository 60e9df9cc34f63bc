/**
 * The source files of a project by what their text mentions: read once, and again when time stamp or size changes, so that an editor
 * which runs for days stays right. Nothing is parsed here; whoever asks does that with the few files that are left.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { rootsFor } from '../schema/discover.ts';
import { walk } from '../schema/files.ts';

/** How long a listing counts as fresh, in milliseconds: a new file is seen that much later at most. */
const FRESH = 3000;
/** Bounds of one project: beyond them the index knows less, and nothing is reported that it does not know of. */
const MAX_FILES = 8000;
const MAX_BYTES = 256 * 1024;
const MAX_ROOTS = 20;

const SOURCE = /\.[cm]?[jt]sx?$/;
/** Tests and scripts write what they like: no caller runs beside them. */
const APART = /(?:^|\/)(?:tests?|__tests__|__mocks__|e2e|spec|fixtures|mocks|seeds?|seeders?|migrations|scripts|examples?)\/|\.(?:test|spec|stories|d)\.[cm]?[jt]sx?$|(?:^|\/)seed[^/]*$/i;
/** Words without which no text writes "insert, or update what is there". */
const CONFLICT = /upsert|onConflict|on\s+(?:conflict|duplicate)|orUpdate|orIgnore|connectOrCreate|bulkWrite|\$setOnInsert|23505|P2002|\b1062\b|ER_DUP|E11000|UniqueConstraint|updateMany|\.update\s*[(<]/i;

interface Entry { stamp: string; text: string | undefined }
interface Listing { files: readonly string[]; at: number; readonly entries: Map<string, Entry> }

const listings = new Map<string, Listing>();

/**
 * Paths of other files in the nearest package around `file` whose text holds a word of such a write and one of `names`, with the
 * stamp of what was read. Never throws; unreadable files are no files.
 */
export function filesMentioning(names: readonly string[], file: string, cwd: string): readonly { readonly path: string; readonly stamp: string }[] {
  const root = rootsFor(file, cwd)[0]!;
  const listing = listingOf(root);
  const wanted = names.map((one) => one.toLowerCase());
  const found: { path: string; stamp: string }[] = [];
  for (const path of listing.files) {
    if (path === file) continue;
    const entry = listing.entries.get(path);
    if (entry?.text !== undefined && wanted.some((one) => entry.text!.includes(one))) found.push({ path, stamp: entry.stamp });
  }
  return found;
}

/** Whether a text holds a word of such a write at all. */
export function mayHoldKeys(text: string): boolean { return CONFLICT.test(text); }

/** The stamp that `filesMentioning` gives for a file with this text; undefined where the text is not the one on disk. */
export function stampOf({ path, text }: { readonly path: string; readonly text: string }): string | undefined {
  try {
    const { mtimeMs, size } = statSync(path);
    return size <= MAX_BYTES && readFileSync(path, 'utf8') === text ? `${mtimeMs}:${size}` : undefined;
  } catch {
    return undefined;
  }
}

function listingOf(root: string): Listing {
  const now = Date.now();
  const known = listings.get(root);
  if (known && now - known.at < FRESH) return known;
  const files = walk(root, (path) => SOURCE.test(path) && !APART.test(path)).files.slice(0, MAX_FILES).map((path) => join(root, path));
  const listing: Listing = { files, at: now, entries: known?.entries ?? new Map() };
  const listed = new Set(files);
  for (const path of listing.entries.keys()) if (!listed.has(path)) listing.entries.delete(path);
  for (const path of files) refresh(path, listing);
  if (!known && listings.size >= MAX_ROOTS) listings.delete(listings.keys().next().value!);
  listings.set(root, listing);
  return listing;
}

function refresh(path: string, { entries }: Listing): void {
  try {
    const { mtimeMs, size } = statSync(path);
    const stamp = `${mtimeMs}:${size}`;
    if (entries.get(path)?.stamp === stamp) return;
    const text = size <= MAX_BYTES ? readFileSync(path, 'utf8') : '';
    entries.set(path, { stamp, text: CONFLICT.test(text) ? text.toLowerCase() : undefined });
  } catch {
    entries.delete(path);
  }
}
