/** The findings of many files as plain data: trees and traces of a file are let go before the next is read. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { analyse, forgetTraces, isCandidate, type EnabledRule, type Finding } from '../../src/engine.ts';
import type { Edit, Migration, Race, Requirement } from '../../src/model.ts';
import type { Settings } from '../../src/settings.ts';
import type { SourceFile } from '../../src/source/file.ts';
import { sourceFileOf } from '../../src/source/modules.ts';
import { ParseFailure } from '../../src/source/parse.ts';
import { isDisabled } from '../disabled.ts';
import { applyEdits } from '../edits.ts';
import { unifiedDiff } from './diff.ts';
import { excerptsOf, type Excerpt } from './excerpts.ts';
import { readSource, shown, type FileError } from './files.ts';
import { storyOf, type Story } from './story.ts';

/** 1-based lines and columns, in UTF-16 code units; the end is exclusive. */
export interface Region { readonly startLine: number; readonly startColumn: number; readonly endLine: number; readonly endColumn: number }

/** One end of a race. */
export interface End { readonly label: string; readonly file: string; readonly line: number }

export type Answer =
  | { readonly kind: 'rewrite'; readonly title: string; readonly form: string; readonly requires: readonly Requirement[]; readonly changes: readonly string[]; readonly replacements: readonly (Region & { readonly text: string })[] }
  | { readonly kind: 'refusal'; readonly id: string; readonly reason: string; readonly migration?: Migration };

export interface Report extends Region {
  readonly rule: string;
  readonly message: string;
  /** As shown: relative to the working directory with forward slashes. */
  readonly file: string;
  readonly path: string;
  readonly table: string;
  /** Id of the library whose call writes. */
  readonly library: string;
  readonly outcome: Race['outcome'];
  readonly key?: readonly string[];
  readonly read?: End;
  readonly write: End;
  readonly open: readonly string[];
  /** The reported code as it stands. */
  readonly code: string;
  /** By rule, file, table and code text without its white space: stays when lines move. */
  readonly fingerprint: string;
  readonly answer: Answer;
  /** Only where it is asked for. */
  readonly told?: Told;
}

/** What a report with pictures shows beyond that. */
export interface Told extends Story {
  readonly excerpts: readonly Excerpt[];
  /** '' where no rewrite is offered. */
  readonly diff: string;
}

export interface FileResult { readonly reports: readonly Report[]; readonly candidate: boolean; readonly error?: FileError }

export interface CollectOptions {
  readonly settings: Settings;
  readonly cwd: string;
  readonly rules: readonly EnabledRule[];
  /** Whether reports are to hold what is `Told`. */
  readonly told?: boolean;
}

/** What is found in one file; an error of it is a value, so that no file stops the others. */
export function collect(path: string, options: CollectOptions): FileResult {
  const read = readSource(path);
  if ('message' in read) return { reports: [], candidate: false, error: read };
  if (!isCandidate(read.text, options.settings, { path, cwd: options.cwd })) return { reports: [], candidate: false };
  try {
    const file = sourceFileOf(path, read.text);
    const findings = analyse(file, options).filter((one) => !isDisabled(file, one.rule, one.start));
    const reports = findings.map((one) => reportOf(one, file, options));
    forgetTraces(file);
    return { candidate: true, reports };
  } catch (error) {
    return { candidate: true, reports: [], error: failureOf(error, path) };
  }
}

/** What a thrown error means for the user. */
export function failureOf(error: unknown, path: string): FileError {
  if (error instanceof ParseFailure) {
    const reason = error.message.replace(`${path}:${error.line}: `, '');
    return { path, line: error.line, message: /^the file /.test(reason) ? `${reason} Leave it out with --ignore.` : `syntax error: ${reason.replace(/\.?$/, '.')} Mend it, or leave the file out with --ignore.` };
  }
  const { message, stack } = error as Error;
  const at = /\n\s+at (.*)/.exec(stack ?? '')?.[1];
  return { path, message: `internal error: ${message}${at ? ` (at ${at})` : ''}; please report it with the file.` };
}

/** A file whose worker ended over it. */
export const lostFile = (path: string, reason: string): FileError => ({ path, message: `the worker that looked at it ended (${reason}); leave it out with --ignore ${basename(path)}, and please report it with the file.` });

export function regionOf(file: Pick<SourceFile, 'text' | 'line'>, start: number, end: number): Region {
  const column = (offset: number) => offset - file.text.lastIndexOf('\n', offset - 1);
  return { startLine: file.line(start), startColumn: column(start), endLine: file.line(end), endColumn: column(end) };
}

function reportOf(finding: Finding, file: SourceFile, { cwd, told }: CollectOptions): Report {
  const { race, rule, start, end } = finding;
  const code = file.text.slice(start, end);
  const name = shown(file.path, cwd);
  const table = race.write.table.table?.name ?? race.write.table.name;
  const endOf = ({ label, file: path, line }: Race['write']): End => ({ label, file: shown(path, cwd), line });
  return {
    rule, message: finding.message, file: name, path: file.path, table, library: race.write.client, outcome: race.outcome, ...(race.key && { key: race.key }),
    ...(race.read && { read: endOf(race.read) }), write: endOf(race.write), open: race.open.map((one) => one.text),
    ...regionOf(file, start, end), code, fingerprint: fingerprintOf(rule, name, table, code), answer: answerOf(finding, file),
    ...(told && { told: toldOf(finding, file, cwd) }),
  };
}

function toldOf(finding: Finding, file: SourceFile, cwd: string): Told {
  const { race } = finding;
  const ends = [race.read && { at: race.read, mark: 'read' as const }, { at: race.write, mark: 'write' as const }];
  const story = storyOf(finding, cwd);
  const places = [
    ...ends.flatMap((one) => (one ? [{ path: one.at.file, file: shown(one.at.file, cwd), line: one.at.line, mark: one.mark }] : [])),
    ...story.steps.map(({ path, file: name, line }) => ({ path, file: name, line })),
    { path: file.path, file: shown(file.path, cwd), line: file.line(finding.start) },
  ];
  const answer = finding.rewrite();
  const diff = answer.kind === 'refusal' ? '' : unifiedDiff(shown(file.path, cwd), file.text, applyEdits(file.text, answer.edits));
  return { ...story, diff, excerpts: excerptsOf(places, new Map([[file.path, file.text]])) };
}

function answerOf(finding: Finding, file: SourceFile): Answer {
  const answer = finding.rewrite();
  if (answer.kind === 'refusal') return { kind: 'refusal', id: answer.id, reason: answer.reason, ...(answer.migration && { migration: answer.migration }) };
  const { title, form, requires, changes, edits } = answer;
  return { kind: 'rewrite', title, form, requires, changes, replacements: edits.map((edit: Edit) => ({ ...regionOf(file, edit.start, edit.end), text: edit.text })) };
}

export function fingerprintOf(rule: string, file: string, table: string, code: string): string {
  return createHash('sha256').update([rule, file, table, code.replace(/\s+/g, '')].join('\0')).digest('hex').slice(0, 20);
}
