/** Text edits: applied, compared, and followed back to where the text came from. */
import type { Edit } from '../src/model.ts';

/** `edits` must not overlap. Insertions at one place come in their order. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let at = 0;
  for (const edit of inOrder(edits)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** Whether two rewrites lie into one another: from the first to the last place that each changes. */
export function spansOverlap(one: readonly Edit[], other: readonly Edit[]): boolean {
  if (!one.length || !other.length) return false;
  const span = (edits: readonly Edit[]) => ({ start: Math.min(...edits.map((edit) => edit.start)), end: Math.max(...edits.map((edit) => edit.end)) });
  const [a, b] = [span(one), span(other)];
  return a.start <= b.end && b.start <= a.end;
}

/** The offset in the first text of `offset` in the last, `history` being the edits of each step. Inside an edit: its start. */
export function originOf(offset: number, history: readonly (readonly Edit[])[]): number {
  return history.reduceRight((at, edits) => before(at, edits), offset);
}

function before(offset: number, edits: readonly Edit[]): number {
  let shift = 0;
  for (const edit of inOrder(edits)) {
    const start = edit.start + shift;
    if (offset < start) break;
    if (offset < start + edit.text.length) return edit.start;
    shift += edit.text.length - (edit.end - edit.start);
  }
  return offset - shift;
}

function inOrder(edits: readonly Edit[]): Edit[] {
  return [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
}
