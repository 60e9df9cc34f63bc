/** What `unify-upserts` is asked, and what it answers. Types only. */
import type { Requirement } from '../../src/model.ts';
import type { UserSettings } from '../../src/settings.ts';

export interface UnifyOptions {
  /** The files that are looked through, absolute or relative to `cwd`: all that may write the table. */
  readonly files: readonly string[];
  /** Default: the process's. */
  readonly cwd?: string;
  /** Only this table, by its name in code or in the database. */
  readonly table?: string;
  /** Where the function goes, relative to `cwd`: a new file, or one to which it is added. Default: beside the places. */
  readonly into?: string;
  /** As in `settings['db-race']` of an ESLint config. */
  readonly settings?: UserSettings;
  /** Ids of unproven requirements that the caller vouches for. */
  readonly accept?: readonly string[];
  /** Type-check the whole program; default: the changed files and those that import them. */
  readonly whole?: boolean;
}

/** A place, as people find it; `keys`: by which it looks for its row, in its order. */
export interface Spot { readonly file: string; readonly line: number; readonly keys: readonly (readonly string[])[]; readonly reason?: string }

/** One table, brought together. */
export interface UnifiedTable {
  readonly table: string;
  /** `upsertUser` */
  readonly name: string;
  /** Absolute. */
  readonly helper: string;
  readonly places: readonly Spot[];
  readonly keys: readonly (readonly string[])[];
  readonly form: string;
  readonly requires: readonly Requirement[];
  readonly changes: readonly string[];
}

export interface RefusedTable {
  readonly table: string;
  /** Stable: a refusal's id, `needs-accept`, `types`, `circular-import` … */
  readonly id: string;
  readonly reason: string;
  /** All of them, each that stands in the way with its reason. */
  readonly places: readonly Spot[];
  /** For `needs-accept`. */
  readonly unproven?: readonly Requirement[];
}

export interface FileChange { readonly path: string; readonly before: string | undefined; readonly after: string }

export interface UnifyResult {
  /** Absolute paths, in order; `before` is undefined for a new file. Nothing was written. */
  readonly changes: readonly FileChange[];
  readonly unified: readonly UnifiedTable[];
  readonly refused: readonly RefusedTable[];
  readonly errors: readonly { readonly path: string; readonly line?: number; readonly message: string }[];
}
