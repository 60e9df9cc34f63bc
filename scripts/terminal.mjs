// Text for a terminal: colours where there is one, code frames, line diffs.

const colourful = process.stdout.isTTY === true && !process.env.NO_COLOR;
const paint = (code) => (text) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const cyan = paint(36);

/** Breaks `text` into lines of at most `width`, each after `indent`. */
export function wrapped(text, indent, width = 110) {
  const lines = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line && indent.length + line.length + 1 + word.length > width) { lines.push(indent + line); line = word; } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, indent + line].join('\n');
}

/** The lines around a report, with a mark under its first line. Lines and columns count from 1. */
export function codeFrame(text, { line, column, endLine, endColumn }, around = 2) {
  const lines = text.split('\n');
  const from = Math.max(1, line - around);
  const to = Math.min(lines.length, line + around);
  const width = String(to).length;
  const out = [];
  for (let at = from; at <= to; at++) {
    out.push(`${dim(`${at === line ? '>' : ' '} ${String(at).padStart(width)} |`)} ${lines[at - 1]}`);
    const end = endLine === line ? endColumn : lines[line - 1].length + 1;
    if (at === line) out.push(`${dim(`  ${' '.repeat(width)} |`)} ${' '.repeat(column - 1)}${red('^'.repeat(Math.max(1, end - column)))}`);
  }
  return out.join('\n');
}

/** A unified diff of two texts by their longest common subsequence of lines; '' when they are equal. */
export function lineDiff(before, after, around = 2) {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const steps = editScript(a, b);
  if (steps.every((one) => one.sign === ' ')) return '';
  const near = steps.map((_, at) => steps.slice(Math.max(0, at - around), at + around + 1).some((one) => one.sign !== ' '));
  const out = [];
  steps.forEach((step, at) => {
    if (!near[at]) return;
    if (!near[at - 1]) out.push(cyan(`@@ line ${step.line} @@`));
    out.push(step.sign === '-' ? red(`-${step.text}`) : step.sign === '+' ? green(`+${step.text}`) : ` ${step.text}`);
  });
  return out.join('\n');
}

/** @returns {{ sign: ' ' | '-' | '+', text: string, line: number }[]} `line`: in the first text, from 1. */
function editScript(a, b) {
  // common[i][j]: length of the longest common subsequence of a from i and b from j.
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  const steps = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { steps.push({ sign: ' ', text: a[i], line: i + 1 }); i++; j++; }
    else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) { steps.push({ sign: '-', text: a[i], line: i + 1 }); i++; }
    else { steps.push({ sign: '+', text: b[j], line: i + 1 }); j++; }
  }
  return steps;
}
