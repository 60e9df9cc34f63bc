/** What `scan` prints: for people, for programs, for GitHub's annotations. SARIF stands in sarif.ts. */
import { shown, type FileError } from './files.ts';
import type { Answer, Report } from './findings.ts';
import { counted, wrap, type Paint } from './terminal.ts';

export interface ScanResult {
  /** In the order of files and of their text. */
  readonly reports: readonly Report[];
  readonly errors: readonly FileError[];
  readonly files: number;
  /** Files that have words of a database and were parsed. */
  readonly parsed: number;
  /** Findings that a baseline answers for; they are not among the reports. */
  readonly known?: number;
}

export interface FormatContext { readonly cwd: string; readonly paint: Paint; readonly width: number }

/** "db-race migrate can replace …", or why it cannot. */
export function adviceOf(answer: Answer): string {
  if (answer.kind === 'refusal') return `Not rewritten: ${answer.reason}`;
  const open = answer.requires.filter((one) => one.state === 'unknown');
  const title = answer.title.replace(/\.$/, '');
  return `Rewrite: ${title}${open.length ? `, where this holds: ${open.map((one) => one.text.replace(/\.$/, '')).join('; ')} (${open.map((one) => `--accept ${one.id}`).join(' ')})` : ''}.`;
}

export function stylish({ reports, errors, files, known = 0 }: ScanResult, { cwd, paint, width }: FormatContext): string {
  const lines: string[] = [];
  let last: string | undefined;
  for (const one of reports) {
    if (one.file !== last) lines.push(...(last === undefined ? [] : ['']), paint.bold(one.file));
    last = one.file;
    lines.push(`  ${paint.dim(`${one.startLine}:${one.startColumn}`)}  ${paint.yellow(one.rule)}`, wrap(one.message, width, '    '), paint.dim(wrap(adviceOf(one.answer), width, '    ')));
  }
  if (reports.length) lines.push('');
  lines.push(...errorLines(errors, cwd, paint));
  const summary = reports.length ? paint.bold(paint.yellow(`${counted(reports.length, 'race')} in ${counted(new Set(reports.map((one) => one.file)).size, 'file')}`)) : `No ${known ? 'new ' : ''}race found`;
  lines.push(`${summary} (${counted(files, 'file')} looked at).`);
  if (reports.length) lines.push(paint.dim("'db-race explain <file:line>' shows the two calls step by step; 'db-race migrate' shows the rewrites."));
  return `${lines.join('\n')}\n`;
}

/** What went wrong, at the end, where it is seen. */
export function errorLines(errors: readonly FileError[], cwd: string, paint: Paint): string[] {
  if (!errors.length) return [];
  return [paint.red(`${counted(errors.length, 'file')} could not be looked at:`), ...errors.map((one) => `  ${shown(one.path, cwd)}${one.line === undefined ? '' : `:${one.line}`}: ${one.message}`), ''];
}

export function json({ reports, errors, files, parsed }: ScanResult, { cwd }: FormatContext): string {
  const findings = reports.map(({ path: _, told: __, answer, ...one }) => ({ ...one, rewrite: answer }));
  const unread = errors.map(({ path, ...one }) => ({ file: shown(path, cwd), ...one }));
  return `${JSON.stringify({ version: 1, findings, errors: unread, summary: { findings: reports.length, errors: errors.length, files, parsed } }, undefined, 2)}\n`;
}

/** Workflow commands: annotations beside the changed lines of a pull request. */
export function github({ reports, errors }: ScanResult, { cwd }: FormatContext): string {
  const command = (level: string, properties: Readonly<Record<string, string | number | undefined>>, message: string) => {
    const listed = Object.entries(properties).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`]));
    return `::${level} ${listed.join(',')}::${escaped(message)}\n`;
  };
  return [
    ...reports.map((one) => command('warning', { file: one.file, line: one.startLine, endLine: one.endLine, ...(one.startLine === one.endLine && { col: one.startColumn, endColumn: one.endColumn }), title: `db-race/${one.rule}` }, `${one.message}\n${adviceOf(one.answer)}`)),
    ...errors.map((one) => command('error', { file: shown(one.path, cwd), line: one.line, title: 'db-race' }, one.message)),
  ].join('');
}

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
