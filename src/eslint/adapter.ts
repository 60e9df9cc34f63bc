/**
 * The only file that speaks to ESLint: a rule of the house becomes an ESLint rule. It keeps to what ESLint 8.57, 9, 10 and oxlint's
 * plugin API have in common. One analysis a file serves all enabled rules; files without words of a database cost one text scan.
 */
import { isAbsolute, resolve } from 'node:path';
import type { TSESLint, TSESTree } from '@typescript-eslint/utils';
import { analyse, isCandidate, type EnabledRule, type Finding } from '../engine.ts';
import type { Refusal, Rewrite } from '../model.ts';
import { docsUrl, NAMESPACE } from '../package.ts';
import type { RaceRule } from '../rule.ts';
import { parseSettings, type Settings } from '../settings.ts';
import { SourceFile } from '../source/file.ts';
import { typesOf } from './types.ts';

type SourceCode = Readonly<TSESLint.SourceCode>;
type Context = Readonly<TSESLint.RuleContext<string, readonly unknown[]>>;
type ReportFix = TSESLint.ReportFixFunction;

/** What rules of one file share. */
interface FileState {
  readonly settings: Settings;
  readonly candidate: boolean;
  /** Rules that were created for this file and whose findings nobody asked for yet. */
  readonly waiting: Map<string, EnabledRule>;
  readonly found: Map<string, readonly Finding[]>;
}

const states = new WeakMap<TSESTree.Program, FileState>();

/** Reasons longer than this make a warning unreadable; the codemod prints them in full. */
const MAX_REASON = 160;

// Rules differ in their options; the adapter only hands them on.
export type AnyRule = RaceRule<Record<string, unknown>>;

/** @returns an ESLint rule: reports, and one suggestion for each race that has a rewrite. Nothing is fixed automatically. */
export function toEslintRule(rule: AnyRule): TSESLint.LooseRuleDefinition {
  const definition = {
    meta: {
      type: 'problem',
      docs: { description: rule.description, url: docsUrl(rule.name), recommended: true },
      hasSuggestions: true,
      schema: [optionsSchema(rule)],
      // `{{note}}` carries why there is no rewrite.
      messages: Object.fromEntries(Object.entries(rule.messages).map(([id, text]) => [id, `${text}{{note}}`])),
    },
    create(context: Context): TSESLint.RuleListener {
      const { sourceCode } = context;
      const state = stateOf(context, sourceCode);
      if (!state.candidate) return {};
      const { certainty = 'proven', ...options } = (context.options[0] ?? {}) as { certainty?: EnabledRule['certainty'] };
      state.waiting.set(rule.name, { rule, options, certainty });
      state.found.delete(rule.name);
      return {
        'Program:exit'() {
          for (const finding of findingsOf(rule.name, state, context, sourceCode)) report(finding, context, sourceCode);
        },
      };
    },
  };
  return definition as unknown as TSESLint.LooseRuleDefinition;
}

/** The rule's own options and `certainty`. */
export function optionsSchema(rule: AnyRule): Record<string, unknown> {
  const own = rule.options.schema;
  return {
    ...own,
    type: 'object',
    properties: {
      ...(own['properties'] as Record<string, unknown> | undefined),
      certainty: { enum: ['proven', 'open'], description: '`proven`: complete evidence only; `open`: also races with one open question.' },
    },
    additionalProperties: false,
  };
}

function stateOf(context: Context, sourceCode: SourceCode): FileState {
  const settings = parseSettings(context.settings[NAMESPACE]);
  const known = states.get(sourceCode.ast);
  if (known?.settings === settings) return known;
  const at = { path: pathOf(context), cwd: context.cwd, told: typesOf(sourceCode) !== undefined };
  const made: FileState = { settings, candidate: isCandidate(sourceCode.text, settings, at), waiting: new Map(), found: new Map() };
  states.set(sourceCode.ast, made);
  return made;
}

/** Text without a file ("<input>") stands in the working directory. */
function pathOf({ cwd, filename }: Context): string { return isAbsolute(filename) ? filename : resolve(cwd, filename); }

/** The first rule that arrives here has the file analysed for all that were created for it. */
function findingsOf(name: string, state: FileState, context: Context, sourceCode: SourceCode): readonly Finding[] {
  const known = state.found.get(name);
  if (known) return known;
  const cwd = context.cwd;
  const file = new SourceFile(pathOf(context), sourceCode.text, sourceCode.ast, () => sourceCode.scopeManager as ReturnType<ConstructorParameters<typeof SourceFile>[3]>, typesOf(sourceCode));
  const rules = [...state.waiting.values()];
  state.waiting.clear();
  for (const { rule } of rules) state.found.set(rule.name, []);
  for (const finding of analyse(file, { settings: state.settings, cwd, rules })) {
    state.found.set(finding.rule, [...(state.found.get(finding.rule) ?? []), finding]);
  }
  return state.found.get(name) ?? [];
}

function report(finding: Finding, context: Context, sourceCode: SourceCode): void {
  const answer = finding.rewrite();
  context.report({
    loc: { start: sourceCode.getLocFromIndex(finding.start), end: sourceCode.getLocFromIndex(finding.end) },
    messageId: finding.messageId,
    data: { ...finding.data, note: answer.kind === 'refusal' ? noteOf(answer) : '' },
    ...(answer.kind === 'rewrite' && { suggest: [suggestionOf(answer)] }),
  } as TSESLint.ReportDescriptor<string>);
}

function noteOf(refusal: Refusal): string {
  const reason = refusal.reason.trim();
  return reason.length <= MAX_REASON && !reason.includes('\n') ? ` Not rewritten: ${reason}` : '';
}

function suggestionOf(rewrite: Rewrite): { desc: string; fix: ReportFix } {
  return {
    desc: describeRewrite(rewrite),
    fix: (fixer) => rewrite.edits.map((edit) => fixer.replaceTextRange([edit.start, edit.end], edit.text)),
  };
}

/** "Replace with `upsert` on `email` (needs a unique index on `email`). The id is not returned." */
export function describeRewrite(rewrite: Rewrite): string {
  const needs = rewrite.requires.filter((one) => one.state === 'unknown').map((one) => one.text.replace(/\.$/, ''));
  const title = rewrite.title.replace(/\.$/, '');
  return [`${title}${needs.length ? ` (unproven: ${needs.join('; ')})` : ''}.`, ...rewrite.changes].join(' ');
}
