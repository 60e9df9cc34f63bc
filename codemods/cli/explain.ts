/** `db-race explain`: one finding step by step, as two calls run it; or the page of a rule. */
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { RULES } from '../../rules/index.ts';
import { analyse, type Finding } from '../../src/engine.ts';
import { NAME, NAMESPACE } from '../../src/package.ts';
import { parseSettings } from '../../src/settings.ts';
import type { SourceFile } from '../../src/source/file.ts';
import { parseSource } from '../../src/source/parse.ts';
import { isDisabled } from '../disabled.ts';
import { applyEdits } from '../edits.ts';
import { unifiedDiff } from './diff.ts';
import { readSource, shown } from './files.ts';
import { failureOf, regionOf } from './findings.ts';
import { nearest, readArguments, SETTING_OPTIONS, settingsOf, UsageError, type Options } from './options.ts';
import { paintOf, widthOf, type ExitCode, type Host } from './run.ts';
import { storyOf, type Step } from './story.ts';
import { wrap, type Paint } from './terminal.ts';

export const EXPLAIN_OPTIONS = { ...SETTING_OPTIONS } as const satisfies Options;

export async function explain(args: readonly string[], host: Host): Promise<ExitCode> {
  const { values, paths } = readArguments('explain', args, EXPLAIN_OPTIONS);
  const [subject, ...more] = paths;
  if (subject === undefined || more.length) throw new UsageError("explain takes one <file:line> or rule, as 'db-race scan' prints them: db-race explain src/users.ts:12");
  const place = /^(?<file>.+?):(?<line>\d+)(?::\d+)?$/.exec(subject)?.groups;
  if (!place) return page(subject, host);
  const settings = parseSettings(await settingsOf(values, host.cwd));
  const path = resolve(host.cwd, place['file']!);
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new UsageError(`There is no file ${place['file']}. Paths start at ${host.cwd}.`);
  const file = sourceAt(path, host.cwd);
  const findings = analyse(file, { settings, cwd: host.cwd, rules: RULES.map((rule) => ({ rule, options: {}, certainty: 'open' as const })) });
  const line = Number(place['line']);
  const chosen = findings.filter((one) => isAt(one, line, file));
  if (!chosen.length) {
    const others = [...new Set(findings.map((one) => file.line(one.start)))];
    host.out.write(`Nothing is reported at line ${line} of ${place['file']}${others.length ? `; lines with reports: ${others.join(', ')}.` : ', nor anywhere in this file.'}\n`);
    return 1;
  }
  const paint = paintOf(host);
  host.out.write(`${chosen.map((one) => story(one, file, { cwd: host.cwd, paint, width: widthOf(host) }).join('\n')).join('\n\n')}\n`);
  return 0;
}

function page(name: string, host: Host): ExitCode {
  const rule = name.replace(new RegExp(`^${NAMESPACE}/`), '');
  const names = RULES.map((one) => one.name);
  if (!names.includes(rule)) {
    const near = nearest(rule, names);
    throw new UsageError(`there is no rule ${name}${near ? `; did you mean ${near}?` : `; known are ${names.join(', ')}.`} For a finding give its place: db-race explain src/users.ts:12`);
  }
  const root = dirname(createRequire(import.meta.url).resolve(`${NAME}/package.json`));
  host.out.write(readFileSync(join(root, 'docs/rules', `${rule}.md`), 'utf8').replace(/^<!--.*?-->\n/, ''));
  return 0;
}

function sourceAt(path: string, cwd: string): SourceFile {
  const read = readSource(path);
  if ('message' in read) throw new UsageError(`${shown(path, cwd)}: ${read.message}`);
  try {
    return parseSource(path, read.text);
  } catch (error) {
    const failure = failureOf(error, path);
    throw new UsageError(`${shown(path, cwd)}:${failure.line ?? 1}: ${failure.message}`);
  }
}

/** On the reported code, on either end of the race. */
function isAt({ start, end, race }: Finding, line: number, file: SourceFile): boolean {
  const { startLine, endLine } = regionOf(file, start, end);
  return (startLine <= line && line <= endLine) || [race.read, race.write].some((one) => one?.file === file.path && one.line === line);
}

interface Look { readonly cwd: string; readonly paint: Paint; readonly width: number }

/** In the order of telling: the place, the calls, the harm, the key, the rewrite. */
export function story(finding: Finding, file: SourceFile, { cwd, paint, width }: Look): string[] {
  const { rule, message, start } = finding;
  const heading = (text: string) => ['', paint.bold(text)];
  const paragraph = (text: string) => wrap(text, width, '  ');
  const told = storyOf(finding, cwd);
  return [
    paint.bold(`${shown(file.path, cwd)}:${file.line(start)}  ${paint.yellow(rule)}`),
    paragraph(message),
    ...(isDisabled(file, rule, start) ? [paragraph('A comment of ESLint silences this report.')] : []),
    ...(told.steps.length ? [...heading(told.heading), ...timeline(told.steps, paint)] : []),
    ...heading('What the user sees'), paragraph(told.seen),
    ...heading('The key'), ...told.keys.map(paragraph),
    ...heading('The rewrite'), ...rewriteLines(finding, file, { cwd, paint, width }),
  ];
}

function timeline(steps: readonly Step[], paint: Paint): string[] {
  const rows = steps.map(({ call, file, line, label, result }) => ({ call, place: `${file}:${line}`, label, result }));
  const width = (name: 'place' | 'label') => Math.max(...rows.map((row) => row[name].length));
  const [places, labels] = [width('place'), width('label')];
  return rows.map((row, index) => `  ${index + 1}.  ${row.call === 1 ? paint.cyan('call 1') : paint.yellow('call 2')}  ${paint.dim(row.place.padEnd(places))}  ${row.label.padEnd(labels)}  ${row.result}`);
}

function rewriteLines(finding: Finding, file: SourceFile, { cwd, paint, width }: Look): string[] {
  const paragraph = (text: string) => wrap(text, width, '  ');
  const answer = finding.rewrite();
  if (answer.kind === 'refusal') {
    const { migration } = answer;
    return [
      paragraph(`Not offered (${answer.id}): ${answer.reason}`),
      ...(migration ? [paragraph('This key would allow one:'), ...Object.entries(migration.statements).map(([dialect, sql]) => `    ${sql.trim()}  -- ${dialect}`), ...(migration.duplicates ? [paragraph('Rows in its way are found by:'), `    ${migration.duplicates}`] : [])] : []),
    ];
  }
  return [
    paragraph(`${answer.title.replace(/\.$/, '')}. It rests on:`),
    ...answer.requires.map((one) => `    ${one.state === 'proven' ? paint.green('proven ') : paint.yellow('unknown')}  ${one.text}${one.state === 'unknown' ? ` (--accept ${one.id})` : ''}`),
    ...answer.changes.map((one) => paragraph(`Changes: ${one}`)),
    '', unifiedDiff(shown(file.path, cwd), file.text, applyEdits(file.text, answer.edits)).trimEnd(),
  ];
}
