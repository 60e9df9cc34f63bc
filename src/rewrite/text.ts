/** Text of the user's file: cut out, edited, indented anew. Nothing is printed from a tree. */
import type { Edit } from '../model.ts';
import type { SourceFile } from '../source/file.ts';
import { eachNode } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';

export { eachNode };

/** The text of [start, end) with edits (offsets of the file) applied. */
export function editedRange(text: string, start: number, end: number, edits: readonly Edit[]): string {
  let result = '';
  let at = start;
  for (const edit of [...edits].sort((a, b) => a.start - b.start || a.end - b.end)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at, end);
}

/** White space at the start of the line that `offset` lies on. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))![0];
}

/** One level of indentation: the smallest step by which a line is deeper than the one before it. */
export function indentUnit(text: string): string {
  if (/^\t/m.test(text)) return '\t';
  let smallest = 0;
  let last = 0;
  for (const [, spaces] of text.matchAll(/^( *)\S/gm)) {
    const step = spaces!.length - last;
    if (step > 1 && (!smallest || step < smallest)) smallest = step;
    last = spaces!.length;
  }
  return ' '.repeat(smallest || 2);
}

export function quoteOf(text: string): "'" | '"' {
  return (text.match(/'/g)?.length ?? 0) >= (text.match(/"/g)?.length ?? 0) ? "'" : '"';
}

/** `text`, of which the first line stands at `from`, moved to stand at `to`. Lines inside template literals stay as they are. */
export function reindent(text: string, from: string, to: string, protectedRanges: readonly (readonly [number, number])[] = []): string {
  if (from === to) return text;
  let offset = 0;
  return text.split('\n').map((line, index) => {
    const start = offset;
    offset += line.length + 1;
    if (index === 0 || protectedRanges.some(([a, b]) => a < start && start <= b)) return line;
    return line.startsWith(from) ? to + line.slice(from.length) : line;
  }).join('\n');
}

/** The template literals inside a node, relative to its start. */
export function templateRanges(node: Node, root: Node = node): [number, number][] {
  const found: [number, number][] = [];
  eachNode(node, (one) => {
    if (one.type === 'TemplateLiteral') found.push([one.range[0] - root.range[0], one.range[1] - root.range[0]]);
  });
  return found;
}

export function someNode(root: Node, test: (node: Node) => boolean): boolean {
  let found = false;
  eachNode(root, (node) => {
    if (found) return false;
    if (test(node)) found = true;
    return !found;
  });
  return found;
}

/** Comments in [start, end) that lie in none of the `kept` nodes. */
export function lostComments(file: SourceFile, start: number, end: number, kept: readonly { readonly range: readonly [number, number] }[]): string[] {
  return file.comments
    .filter(({ range: [from, to] }) => from >= start && to <= end && !kept.some((node) => node.range[0] <= from && to <= node.range[1]))
    .map(({ range: [from, to] }) => file.text.slice(from, to));
}

/** The statement with its line; `comments` are put in its place. */
export function removal(node: Node, file: SourceFile, comments: readonly string[] = []): Edit {
  const { text } = file;
  const lineStart = text.lastIndexOf('\n', node.range[0] - 1) + 1;
  const end = text.indexOf('\n', node.range[1]);
  const alone = text.slice(lineStart, node.range[0]).trim() === '' && end >= 0 && text.slice(node.range[1], end).trim() === '';
  if (!alone) return { start: node.range[0], end: node.range[1], text: comments.join(' ') };
  const indent = text.slice(lineStart, node.range[0]);
  return { start: lineStart, end: end + 1, text: comments.map((one) => `${indent}${one}\n`).join('') };
}
