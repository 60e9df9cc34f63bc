/** Unified diffs that `git apply` and `patch` take. */
import type { Paint } from './terminal.ts';

interface Step { readonly sign: ' ' | '-' | '+'; readonly line: string }

/** @returns '' for equal texts. `file`: the path in the header, with forward slashes. */
export function unifiedDiff(file: string, before: string, after: string, context = 3): string {
  if (before === after) return '';
  const steps = editScript(linesOf(before), linesOf(after));
  const hunks: string[] = [];
  let [oldLine, newLine] = [1, 1];
  for (let at = 0; at < steps.length;) {
    const change = steps.findIndex((step, index) => index >= at && step.sign !== ' ');
    if (change < 0) break;
    const start = Math.max(at, change - context);
    for (; at < start; at++) { oldLine++; newLine++; }
    // Changes that are nearer than their contexts share a hunk.
    let last = change;
    for (let look = change; look < steps.length && look <= last + 2 * context; look++) if (steps[look]!.sign !== ' ') last = look;
    const end = Math.min(steps.length, last + context + 1);
    const hunk = steps.slice(start, end);
    const removed = hunk.filter((step) => step.sign !== '+').length;
    const added = hunk.filter((step) => step.sign !== '-').length;
    hunks.push(`@@ -${range(oldLine, removed)} +${range(newLine, added)} @@\n${hunk.map(({ sign, line }) => `${sign}${line}${line.endsWith('\n') ? '' : '\n\\ No newline at end of file\n'}`).join('')}`);
    oldLine += removed;
    newLine += added;
    at = end;
  }
  return `--- a/${file}\n+++ b/${file}\n${hunks.join('')}`;
}

/** An empty range names the line before it. */
const range = (line: number, count: number): string => (count === 1 ? `${line}` : `${count === 0 ? line - 1 : line},${count}`);

/** Lines with their ends. */
const linesOf = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** Myers' greedy algorithm: time and memory grow with the square of the changed lines, not of the file. */
function editScript(a: readonly string[], b: readonly string[]): Step[] {
  const max = a.length + b.length;
  let furthest = new Map([[1, 0]]);
  const trace: Map<number, number>[] = [];
  for (let d = 0; d <= max; d++) {
    trace.push(furthest);
    const next = new Map<number, number>();
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
      let x = down ? furthest.get(k + 1) ?? 0 : (furthest.get(k - 1) ?? 0) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return backwards(a, b, trace, d);
    }
    furthest = next;
  }
  return [];
}

function backwards(a: readonly string[], b: readonly string[], trace: readonly ReadonlyMap<number, number>[], distance: number): Step[] {
  const steps: Step[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = distance; d >= 0; d--) {
    const furthest = trace[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
    const previous = down ? k + 1 : k - 1;
    const from = d === 0 ? 0 : furthest.get(previous) ?? 0;
    const fromY = d === 0 ? 0 : from - previous;
    while (x > from && y > fromY) { steps.push({ sign: ' ', line: a[--x]! }); y--; }
    if (d === 0) break;
    if (down) steps.push({ sign: '+', line: b[--y]! }); else steps.push({ sign: '-', line: a[--x]! });
  }
  return steps.reverse();
}

/** For a terminal. */
export function coloured(diff: string, paint: Paint): string {
  return diff.replace(/^.*$/gm, (line) => (/^(?:---|\+\+\+) /.test(line) ? paint.bold(line) : line[0] === '-' ? paint.red(line) : line[0] === '+' ? paint.green(line) : line.startsWith('@@') ? paint.cyan(line) : line));
}
