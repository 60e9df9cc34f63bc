/**
 * What the texts of a folder's source files tell: each is read once, and again when its time stamp or size changes, so that an editor
 * which runs for days stays right. Nothing is parsed here; whoever asks does that with the few files that are left.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { now as clock } from './clock.ts';
import { walk } from './files.ts';

/** How long a listing counts as fresh at least, in milliseconds: a new file is seen that much later. */
const FRESH = 3000;
/** A large tree is looked at again the more rarely the longer that takes: at most this part of the time goes into it. */
const SHARE = 1 / 50;
/** Bounds of one folder: beyond them less is known, and nothing is said of what is not known. */
const MAX_FILES = 8000;
const MAX_BYTES = 256 * 1024;
const MAX_ROOTS = 20;

const SOURCE = /\.[cm]?[jt]sx?$/;
/** Tests and scripts write what they like: no caller runs beside them. */
const APART = /(?:^|\/)(?:tests?|__tests__|__mocks__|e2e|spec|fixtures|mocks|seeds?|seeders?|migrations|scripts|examples?)\/|\.(?:test|spec|stories|d)\.[cm]?[jt]sx?$|(?:^|\/)seed[^/]*$/i;

export interface Told<T> { readonly stamp: string; readonly told: T | undefined }

export interface Listing<T> {
  /** By absolute path, also of files that tell nothing. */
  readonly entries: ReadonlyMap<string, Told<T>>;
  /** Another one when anything has changed. */
  readonly version: number;
}

interface Kept<T> { entries: Map<string, Told<T>>; version: number; until: number }

export class TextIndex<T> {
  readonly #read: (text: string) => T | undefined;
  readonly #kept = new Map<string, Kept<T>>();

  /** @param read what one text tells; asked once for each text */
  constructor(read: (text: string) => T | undefined) { this.#read = read; }

  /** The source files below `root`, without tests and scripts. Never throws; unreadable files are no files. */
  below(root: string): Listing<T> {
    const start = clock();
    const known = this.#kept.get(root);
    if (known && start < known.until) return known;
    const files = walk(root, (path) => SOURCE.test(path) && !APART.test(path)).files.slice(0, MAX_FILES).map((path) => join(root, path));
    const kept: Kept<T> = known ?? { entries: new Map(), version: 0, until: 0 };
    const listed = new Set(files);
    for (const path of kept.entries.keys()) if (!listed.has(path)) { kept.entries.delete(path); kept.version++; }
    for (const path of files) this.#refresh(path, kept);
    if (!known && this.#kept.size >= MAX_ROOTS) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(root, kept);
    const now = clock();
    kept.until = now + Math.max(FRESH, (now - start) / SHARE);
    return kept;
  }

  #refresh(path: string, kept: Kept<T>): void {
    try {
      const { mtimeMs, size } = statSync(path);
      const stamp = stampFor(mtimeMs, size);
      if (kept.entries.get(path)?.stamp === stamp) return;
      kept.entries.set(path, { stamp, told: this.#read(size <= MAX_BYTES ? readFileSync(path, 'utf8') : '') });
      kept.version++;
    } catch {
      if (kept.entries.delete(path)) kept.version++;
    }
  }
}

const stampFor = (mtimeMs: number, size: number): string => `${mtimeMs}:${size}`;

/** The stamp that a listing gives for a file with this text; undefined where the text is not the one on disk. */
export function stampOf({ path, text }: { readonly path: string; readonly text: string }): string | undefined {
  try {
    const { mtimeMs, size } = statSync(path);
    return size <= MAX_BYTES && readFileSync(path, 'utf8') === text ? stampFor(mtimeMs, size) : undefined;
  } catch {
    return undefined;
  }
}
