/** One finding of the report: the two calls as two lanes, the code, the key and the rewrite. */
import type { Answer, Report, Told } from '../findings.ts';
import { diffLines, escaped, prose } from './text.ts';

export interface Item {
  readonly report: Report;
  readonly told: Told;
  /** Of its element; unique in the page. */
  readonly id: string;
  /** Other findings that share a place with it. */
  readonly related: readonly { readonly id: string; readonly text: string }[];
}

export const SEVERITIES = {
  high: { name: 'high', means: 'data is wrong, and nobody is told' },
  medium: { name: 'medium', means: 'a caller who did nothing wrong gets an error' },
  open: { name: 'open', means: 'which of both, the schema that was read does not tell' },
} as const;

export type Severity = keyof typeof SEVERITIES;

/** How bad it is, by what the user sees. */
export function severityOf({ rule, outcome }: Report): Severity {
  // Its statement fails, or inserts again, each time.
  if (rule === 'valid-conflict-target') return 'high';
  return outcome === 'unknown' ? 'open' : outcome === 'violation' ? 'medium' : 'high';
}

export function findingHtml(item: Item): string {
  const { report, told, id, related } = item;
  const severity = severityOf(report);
  return `<article class="finding" id="${id}" tabindex="-1" data-rule="${escaped(report.rule)}" data-library="${escaped(report.library)}" data-severity="${severity}" data-file="${escaped(report.file)}" aria-labelledby="${id}-h">
<h3 id="${id}-h"><a class="place" href="#${id}">${escaped(report.file.slice(report.file.lastIndexOf('/') + 1))}:${report.startLine}</a> <span class="rule">${escaped(report.rule)}</span> <span class="badge ${severity}" title="${escaped(SEVERITIES[severity].means)}">${SEVERITIES[severity].name}</span> <span class="badge plain">${escaped(report.library)}</span> <span class="table"><code>${escaped(report.table)}</code></span></h3>
<p class="message">${prose(report.message)}</p>
${lanes(item)}
<div class="facts">
<section><h4>What the user sees</h4><p>${prose(told.seen)}</p></section>
<section><h4>The key</h4>${told.keys.map((one) => `<p>${prose(one)}</p>`).join('')}</section>
</div>
${code(item)}
${rewrite(report.answer, told.diff)}
${related.length ? `<p class="related">See also: ${related.map((one) => `<a href="#${one.id}">${escaped(one.text)}</a>`).join(', ')}</p>\n` : ''}</article>`;
}

/** A list in order, which the style sheet lays out as two lanes with time running down. */
function lanes({ told: { heading, steps }, id, told }: Item): string {
  if (!steps.length) return '';
  const both = steps.some((one) => one.call === 2);
  // Turn by turn, the boxes may reach past each other; otherwise each has its own height.
  const zip = both && steps.every((one, at) => one.call === (at % 2) + 1);
  const rows = steps.map(({ call, file, line, label, result, harm }) => `<li class="step call${call}${harm ? ' harm' : ''}"><span class="who">Call ${call}</span> <code>${escaped(label)}</code> <span class="what">${prose(result)}</span> <a class="at" href="#${lineId(id, told, file, line)}">${escaped(file.slice(file.lastIndexOf('/') + 1))}:${line}</a></li>`);
  return `<figure class="timeline"><figcaption>${escaped(heading)}</figcaption>
<div class="heads" aria-hidden="true"><span>Call 1</span>${both ? '<span>Call 2</span>' : ''}</div>
<ol class="lanes${both ? zip ? ' zip' : '' : ' alone'}">${rows.join('')}</ol></figure>`;
}

function lineId(id: string, { excerpts }: Told, file: string, line: number): string {
  const at = excerpts.findIndex((one) => one.file === file);
  const has = at >= 0 && excerpts[at]!.lines.some((one) => one.number === line);
  return has ? `${id}-${at}-${line}` : id;
}

function code({ id, told: { excerpts }, report }: Item): string {
  if (!excerpts.length) return '';
  const blocks = excerpts.map(({ file, lines }, at) => {
    let last: number | undefined;
    const rows = lines.map(({ number, text, mark }) => {
      const gap = last !== undefined && number > last + 1 ? '<span class="gap">⋯</span>\n' : '';
      last = number;
      return `${gap}<span class="line${mark ? ` ${mark}` : ''}" id="${id}-${at}-${number}"><span class="number">${number}</span>${escaped(text)}${mark ? `<span class="mark">${mark === 'both' ? 'reads and writes' : mark === 'read' ? 'reads' : 'writes'}</span>` : ''}</span>`;
    });
    return `<p class="file">${escaped(file)}</p><pre tabindex="0"><code>${rows.join('\n')}</code></pre>`;
  });
  return `<details class="code" open><summary>Code</summary>${blocks.join('')}${report.open.length ? `<p>Open: whether ${report.open.map(prose).join('; ')}.</p>` : ''}</details>`;
}

function rewrite(answer: Answer, diff: string): string {
  if (answer.kind === 'refusal') {
    const { migration } = answer;
    const sql = migration && Object.entries(migration.statements).map(([dialect, text]) => `<p class="file">${escaped(dialect)}</p><pre tabindex="0"><code>${escaped(text.trim())}</code></pre>`).join('');
    const duplicates = migration?.duplicates ? `<p>Rows in its way are found by:</p><pre tabindex="0"><code>${escaped(migration.duplicates)}</code></pre>` : '';
    return `<details class="rewrite refused"><summary>Not rewritten <span class="id">${escaped(answer.id)}</span></summary><p>${prose(answer.reason)}</p>${sql ? `<p>This would allow a rewrite:</p>${sql}${duplicates}` : ''}</details>`;
  }
  const open = answer.requires.some((one) => one.state === 'unknown');
  const requires = answer.requires.map((one) => `<li class="${one.state}"><span class="state">${one.state === 'proven' ? 'proven' : 'not proven'}</span> ${prose(one.text)}${one.state === 'unknown' ? ` (<code>--accept ${escaped(one.id)}</code>)` : ''}</li>`).join('');
  const changes = answer.changes.length ? `<p>What is different afterwards:</p><ul>${answer.changes.map((one) => `<li>${prose(one)}</li>`).join('')}</ul>` : '';
  return `<details class="rewrite"><summary>${open ? 'Rewrite, with a condition' : 'Rewrite'}: ${prose(answer.title.replace(/\.$/, ''))}</summary><p>It rests on:</p><ul class="requires">${requires}</ul>${changes}<pre tabindex="0" class="diff"><code>${diffLines(diff)}</code></pre></details>`;
}
