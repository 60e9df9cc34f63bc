/**
 * ESLint's own comments, read without ESLint: `eslint-disable`, `-enable`, `-disable-line`, `-disable-next-line`, with and without
 * rule names, and `eslint db-race/x: "off"` in a block comment. Whoever silenced a report in the editor has answered it for all hosts.
 */
import { NAMESPACE } from '../src/package.ts';
import type { SourceFile } from '../src/source/file.ts';

interface Directive {
  readonly kind: 'disable' | 'enable' | 'line' | 'off';
  /** Without prefix; empty: all rules. */
  readonly rules: readonly string[];
  /** Where it stands, or, for `line`, the 1-based line that it is about. */
  readonly at: number;
}

const DIRECTIVE = /^\s*eslint-(?<kind>disable-next-line|disable-line|disable|enable)(?:\s+(?<rules>[\s\S]*))?$/;
const CONFIGURATION = /^\s*eslint\s+(?<rules>[\s\S]*)$/;
const OFF = new RegExp(`["']?${NAMESPACE}/(?<rule>[\\w-]+)["']?\\s*:\\s*\\[?\\s*(?:["']?off["']?|0)(?![\\w.])`, 'g');
const known = new WeakMap<SourceFile, readonly Directive[]>();

/** Whether a comment of the file silences this report. `rule` has no prefix; `start` is an offset. */
export function isDisabled(file: SourceFile, rule: string, start: number): boolean {
  let directives = known.get(file);
  if (!directives) known.set(file, (directives = directivesOf(file)));
  if (!directives.length) return false;
  const line = file.line(start);
  let disabled = false;
  for (const { kind, rules, at } of directives) {
    if (rules.length && !rules.includes(rule)) continue;
    if (kind === 'off') return true;
    if (kind === 'line') {
      if (at === line) return true;
    } else if (at <= start) disabled = kind === 'disable';
  }
  return disabled;
}

function directivesOf(file: SourceFile): Directive[] {
  return file.comments.flatMap((comment): Directive[] => {
    const block = comment.type === 'Block';
    const found = DIRECTIVE.exec(comment.value)?.groups;
    const [start, end] = comment.range;
    if (found) {
      const kind = found['kind']!;
      const listed = namesIn(found['rules']);
      const rules = listed.filter((one) => one.startsWith(`${NAMESPACE}/`)).map((one) => one.slice(NAMESPACE.length + 1));
      // Names of other plugins' rules only: nothing of ours.
      if (listed.length && !rules.length) return [];
      if (kind === 'disable-line') return file.line(start) === file.line(end) ? [{ kind: 'line', rules, at: file.line(start) }] : [];
      if (kind === 'disable-next-line') return [{ kind: 'line', rules, at: file.line(end) + 1 }];
      return block ? [{ kind: kind as 'disable' | 'enable', rules, at: start }] : [];
    }
    const configuration = block ? CONFIGURATION.exec(comment.value)?.groups?.['rules'] : undefined;
    const off = configuration === undefined ? [] : [...withoutReason(configuration).matchAll(OFF)].map((one) => one.groups!['rule']!);
    return off.length ? [{ kind: 'off', rules: off, at: start }] : [];
  });
}

const namesIn = (text: string | undefined): string[] => withoutReason(text ?? '').split(',').map((one) => one.trim()).filter(Boolean);

/** What stands behind ` -- ` is for people. */
const withoutReason = (text: string): string => text.split(/\s-{2,}(?:\s|$)|^-{2,}\s/)[0]!;
