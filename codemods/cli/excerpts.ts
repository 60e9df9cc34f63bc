/** The lines around the places of a finding, for reports that are read without the code at hand. */
import { readSource } from './files.ts';

export interface ExcerptLine {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly mark?: 'read' | 'write' | 'both';
}

export interface Excerpt { readonly file: string; readonly lines: readonly ExcerptLine[] }

export interface MarkedPlace { readonly path: string; readonly file: string; readonly line: number; readonly mark?: 'read' | 'write' }

const AROUND = 2;
/** Fewer lines than this between two places are shown rather than left out. */
const GAP = 6;
const MAX_LINES = 80;
const MAX_WIDTH = 400;

/** One excerpt a file, the files in the order of the places. `texts`: what was read already, by path. */
export function excerptsOf(places: readonly MarkedPlace[], texts: ReadonlyMap<string, string>): Excerpt[] {
  return [...new Set(places.map((one) => one.path))].flatMap((path) => {
    const text = texts.get(path) ?? textOf(path);
    if (text === undefined) return [];
    const all = text.split(/\r?\n/);
    const here = places.filter((one) => one.path === path && one.line >= 1 && one.line <= all.length);
    const wanted = new Set<number>();
    for (const { line } of here) for (let at = Math.max(1, line - AROUND); at <= Math.min(all.length, line + AROUND); at++) wanted.add(at);
    const sorted = [...wanted].sort((a, b) => a - b);
    const filled = sorted.flatMap((line, at) => {
      const before = sorted[at - 1];
      const gap = before === undefined ? 0 : line - before - 1;
      return [...(gap > 0 && gap <= GAP ? Array.from({ length: gap }, (_, step) => before! + 1 + step) : []), line];
    });
    const lines = filled.slice(0, MAX_LINES).map((number): ExcerptLine => {
      const marks = new Set(here.filter((one) => one.line === number).flatMap((one) => (one.mark ? [one.mark] : [])));
      const mark = marks.size === 2 ? 'both' : [...marks][0];
      const line = all[number - 1]!;
      return { number, text: line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH)}…` : line, ...(mark && { mark }) };
    });
    return lines.length ? [{ file: here[0]!.file, lines }] : [];
  });
}

function textOf(path: string): string | undefined {
  const read = readSource(path);
  return 'text' in read ? read.text : undefined;
}
