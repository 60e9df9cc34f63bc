/**
 * Known findings, kept in a file of the project: they are not reported again until their code changes. Entries hang on rule, file,
 * table and code text, not on lines.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fingerprintOf, type Report } from './findings.ts';
import { UsageError } from './options.ts';
import { writeAtomically } from './run.ts';

export interface Entry {
  readonly fingerprint: string;
  readonly rule: string;
  /** Relative to the baseline's folder, with forward slashes. */
  readonly file: string;
  readonly table: string;
  /** For people who look through the file. */
  readonly code: string;
  /** How many findings are equal in all of this. */
  readonly count: number;
}

export interface Compared { readonly fresh: readonly Report[]; readonly known: number; readonly stale: readonly Entry[] }

/** What this run could have found: an entry outside it is neither stale nor dropped. */
export interface Scope { readonly files: ReadonlySet<string>; readonly rules: ReadonlySet<string> }

const VERSION = 1;

/** @throws UsageError when the file is missing or is no baseline. */
export function readBaseline(path: string, shownPath: string): Entry[] {
  if (!existsSync(path)) throw new UsageError(`--baseline ${shownPath}: there is no such file; --update-baseline writes it.`);
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`--baseline ${shownPath}: it cannot be read (${(error as Error).message}); mend it, or write it anew with --update-baseline after deleting it.`);
  }
  const { version, findings } = (content ?? {}) as { version?: unknown; findings?: unknown };
  if (version !== VERSION || !Array.isArray(findings) || !findings.every(isEntry)) throw new UsageError(`--baseline ${shownPath}: it is no baseline of this version; delete it and write it anew with --update-baseline.`);
  return findings;
}

function isEntry(value: unknown): value is Entry {
  const one = value as Record<string, unknown> | null;
  return typeof one === 'object' && one !== null && ['fingerprint', 'rule', 'file', 'table', 'code'].every((name) => typeof one[name] === 'string') && Number.isInteger(one['count']);
}

/** Each entry answers as many equal findings as it counts. */
export function compare(entries: readonly Entry[], reports: readonly Report[], path: string, scope: Scope): Compared {
  const left = new Map(entries.map((one) => [one.fingerprint, one.count]));
  const fresh = reports.filter((report) => {
    const { fingerprint } = placed(report, path);
    const count = left.get(fingerprint) ?? 0;
    if (count > 0) left.set(fingerprint, count - 1);
    return count === 0;
  });
  const stale = entries.filter((one) => (left.get(one.fingerprint) ?? 0) > 0 && isInScope(one, path, scope));
  return { fresh, known: reports.length - fresh.length, stale };
}

/** @returns how many findings stand in it now. What lies outside the scope is kept. */
export function updateBaseline(entries: readonly Entry[], reports: readonly Report[], path: string, scope: Scope): number {
  const kept = entries.filter((one) => !isInScope(one, path, scope));
  const made = new Map<string, Entry>();
  for (const report of reports) {
    const { fingerprint, file } = placed(report, path);
    const known = made.get(fingerprint);
    made.set(fingerprint, { fingerprint, rule: report.rule, file, table: report.table, code: report.code.replace(/\s+/g, ' ').slice(0, 120), count: (known?.count ?? 0) + 1 });
  }
  // In an order of their own, so that two branches rarely touch the same lines.
  const findings = [...kept, ...made.values()].sort((a, b) => compareText(a.file, b.file) || compareText(a.rule, b.rule) || compareText(a.fingerprint, b.fingerprint));
  writeAtomically(path, `${JSON.stringify({ version: VERSION, findings }, undefined, 2)}\n`);
  return findings.reduce((sum, one) => sum + one.count, 0);
}

const compareText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** The working directory does not matter: files are named from the baseline's folder. */
function placed(report: Report, path: string): { fingerprint: string; file: string } {
  const file = relative(dirname(path), report.path).replaceAll('\\', '/');
  return { file, fingerprint: fingerprintOf(report.rule, file, report.table, report.code) };
}

/** A file that is gone was looked at as well. */
function isInScope(entry: Entry, path: string, { files, rules }: Scope): boolean {
  const file = resolve(dirname(path), entry.file);
  return rules.has(entry.rule) && (files.has(file) || !existsSync(file));
}
