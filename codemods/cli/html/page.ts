/** The report as one file: everything stands in it, and it asks nobody for anything, which its own policy enforces. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { NAMESPACE, VERSION } from '../../../src/package.ts';
import { shown } from '../files.ts';
import type { Report } from '../findings.ts';
import type { FormatContext, ScanResult } from '../formats.ts';
import { counted } from '../terminal.ts';
import { findingHtml, SEVERITIES, severityOf, type Item, type Severity } from './finding.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { escaped, prose } from './text.ts';

const MAX_RELATED = 6;
const MAX_FOLDERS = 300;

export function html({ reports, errors, files, known = 0 }: ScanResult, { cwd }: FormatContext): string {
  const items = itemsOf(reports);
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const policy = `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const title = `${counted(reports.length, 'database race')} in ${basename(cwd)}`;
  const unread = errors.map((one) => `<li><code>${escaped(shown(one.path, cwd))}${one.line === undefined ? '' : `:${one.line}`}</code> ${prose(one.message)}</li>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="referrer" content="no-referrer">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#findings">To the findings</a>
<header class="wrap">
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(counted(files, 'file'))} looked at. A race is a read and a write of one row that another call can run between.${known ? ` ${escaped(counted(known, 'finding'))} of a baseline ${known === 1 ? 'is' : 'are'} not shown.` : ''}</p>
${tiles(reports)}
${reports.length ? overview(reports, items) : ''}
</header>
${reports.length ? tools(reports) : ''}
<main class="wrap" id="findings" tabindex="-1">
${reports.length ? '<p id="none" hidden>No finding fits these filters.</p>' : `<p>No ${known ? 'new ' : ''}race found.</p>`}
${groups(items)}
${errors.length ? `<section class="errors" id="errors"><h2>${escaped(counted(errors.length, 'file'))} could not be looked at</h2><ul>${unread}</ul></section>` : ''}
</main>
<footer class="wrap">${escaped(NAMESPACE)} ${escaped(VERSION)}. <span class="needs-script">Keys: <kbd>/</kbd> search, <kbd>j</kbd> and <kbd>k</kbd> next and previous finding, <kbd>Esc</kbd> end the search.</span></footer>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function itemsOf(reports: readonly Report[]): Item[] {
  const used = new Map<string, number>();
  const ids = reports.map(({ fingerprint }) => {
    const count = (used.get(fingerprint) ?? 0) + 1;
    used.set(fingerprint, count);
    return `f-${fingerprint}${count === 1 ? '' : `-${count}`}`;
  });
  const byPlace = new Map<string, number[]>();
  const placesOf = ({ file, read, write, told, startLine }: Report): Set<string> => new Set([`${file}:${startLine}`, ...[read, write].flatMap((one) => (one ? [`${one.file}:${one.line}`] : [])), ...told?.steps.map((one) => `${one.file}:${one.line}`) ?? []]);
  reports.forEach((report, at) => { for (const place of placesOf(report)) byPlace.set(place, [...byPlace.get(place) ?? [], at]); });
  return reports.map((report, at): Item => {
    const others = [...new Set([...placesOf(report)].flatMap((place) => byPlace.get(place) ?? []))].filter((one) => one !== at).slice(0, MAX_RELATED);
    return {
      report, id: ids[at]!, told: report.told ?? { heading: '', steps: [], seen: '', keys: [], excerpts: [], diff: '' },
      related: others.map((one) => ({ id: ids[one]!, text: `${reports[one]!.file}:${reports[one]!.startLine} (${reports[one]!.rule})` })),
    };
  });
}

function tiles(reports: readonly Report[]): string {
  const all = Object.keys(SEVERITIES) as Severity[];
  const rewritable = reports.filter((one) => one.answer.kind === 'rewrite').length;
  const tile = (count: number, text: string, kind = ''): string => `<li${kind && ` class="${kind}"`}><b>${count}</b> ${escaped(text)}</li>`;
  return `<ul class="tiles">${all.map((one) => tile(reports.filter((report) => severityOf(report) === one).length, `${SEVERITIES[one].name}: ${SEVERITIES[one].means}`, one)).join('')}${tile(rewritable, 'with a rewrite that db-race migrate can make')}</ul>`;
}

function countedBy(reports: readonly Report[], key: (report: Report) => string): [string, number][] {
  const counts = new Map<string, number>();
  for (const one of reports) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return [...counts].sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1));
}

/** Counts with bars, by rule and by file; each line leads on. */
function overview(reports: readonly Report[], items: readonly Item[]): string {
  const row = (head: string, count: number, most: number): string => `<tr><th scope="row">${head}</th><td class="bar"><svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="${Math.max(1, Math.round((100 * count) / most))}" height="6" rx="1"></rect></svg></td><td class="count">${count}</td></tr>`;
  const rules = countedBy(reports, (one) => one.rule);
  const files = countedBy(reports, (one) => one.file).slice(0, 11);
  const first = (test: (item: Item) => boolean): string => items.find(test)!.id;
  const ruleRows = rules.map(([rule, count]) => row(`<a href="#${first((one) => one.report.rule === rule)}" data-filter="rule" data-value="${escaped(rule)}">${escaped(rule)}</a>`, count, rules[0]![1]));
  const fileRows = files.map(([file, count]) => row(`<a href="#${first((one) => one.report.file === file)}">${escaped(file)}</a>`, count, files[0]![1]));
  return `<div class="overview"><table><caption>By rule</caption><tbody>${ruleRows.join('')}</tbody></table><table><caption>Files with the most</caption><tbody>${fileRows.join('')}</tbody></table></div>`;
}

function tools(reports: readonly Report[]): string {
  const select = (name: string, label: string, options: readonly (readonly [string, string])[]): string => `<label>${label}<select name="${name}"><option value="">all</option>${options.map(([value, text]) => `<option value="${escaped(value)}">${escaped(text)}</option>`).join('')}</select></label>`;
  const withCounts = (key: (report: Report) => string) => countedBy(reports, key).map(([value, count]) => [value, `${value} (${count})`] as const);
  return `<nav class="tools needs-script" aria-label="Filters"><form class="wrap" id="filters" autocomplete="off">
<label class="search">Search<input type="search" name="search" aria-keyshortcuts="/"></label>
${select('rule', 'Rule', withCounts((one) => one.rule))}
${select('library', 'Library', withCounts((one) => one.library))}
${select('severity', 'Severity', withCounts(severityOf))}
${select('directory', 'Directory', foldersOf(reports))}
<button type="button" id="clear">Reset</button> <button type="button" id="fold">Fold or unfold all</button>
<p class="shown" id="shown" role="status"></p>
</form></nav>`;
}

/** Every folder on the way to a finding, with what lies below it. */
function foldersOf(reports: readonly Report[]): [string, string][] {
  const counts = new Map<string, number>();
  for (const { file } of reports) {
    const parts = file.split('/').slice(0, -1);
    for (let at = 1; at <= parts.length; at++) {
      const folder = parts.slice(0, at).join('/');
      if (folder) counts.set(folder, (counts.get(folder) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, MAX_FOLDERS).map(([folder, count]) => [folder, `${folder}/ (${count})`]);
}

function groups(items: readonly Item[]): string {
  const byFile = new Map<string, Item[]>();
  for (const one of items) byFile.set(one.report.file, [...byFile.get(one.report.file) ?? [], one]);
  return [...byFile].map(([file, own]) => `<section class="group"><h2>${escaped(file)}</h2>\n${own.map(findingHtml).join('\n')}\n</section>`).join('\n');
}
