/**
 * `rewriteSource`: the races of one file rewritten, by the same engine and with the same edits as the editor's suggestions.
 */
import { resolve } from 'node:path';
import { RULES } from '../rules/index.ts';
import { analyse, isCandidate, type AnalyseOptions, type EnabledRule, type Finding } from '../src/engine.ts';
import type { Edit, Migration, Requirement } from '../src/model.ts';
import { parseSettings, type UserSettings } from '../src/settings.ts';
import type { SourceFile } from '../src/source/file.ts';
import { parseSource } from '../src/source/parse.ts';
import { isDisabled } from './disabled.ts';
import { applyEdits, originOf, spansOverlap } from './edits.ts';

export interface RewriteOptions {
  /** The file's path, relative to `cwd` or absolute: imports, schema and library versions are looked up from there. */
  readonly filename: string;
  /** Default: the process's. */
  readonly cwd?: string;
  /** Rule names without prefix; default: all. */
  readonly rules?: readonly string[];
  /** As in `settings['db-race']` of an ESLint config. */
  readonly settings?: UserSettings;
  /** Ids of unproven requirements that the caller vouches for. */
  readonly accept?: readonly string[];
  /** Ids of rewrites of this very text: only these are applied. */
  readonly only?: ReadonlySet<string>;
}

export interface Rewritten {
  readonly rule: string;
  /** Of the report, in the text that was given. */
  readonly line: number;
  readonly title: string;
  readonly form: string;
  readonly requires: readonly Requirement[];
  readonly changes: readonly string[];
  /** Names it among the rewrites of this text, for `only`. */
  readonly id: string;
}

export interface Refused {
  readonly rule: string;
  readonly line: number;
  /** Stable: a refusal's id, `needs-accept`, `not-parsable` or `not-silent`. */
  readonly id: string;
  readonly reason: string;
  readonly migration?: Migration;
  /** For `needs-accept`: the requirements that are neither proven nor accepted. */
  readonly unproven?: readonly Requirement[];
}

export interface RewriteResult {
  readonly text: string;
  readonly rewritten: readonly Rewritten[];
  readonly refused: readonly Refused[];
}

/** A rewrite that could be applied to the text as it stands. */
export interface Offer {
  readonly entry: Rewritten;
  readonly edits: readonly Edit[];
  readonly finding: Finding;
  /** Requirements that are neither proven nor accepted; it may be applied all the same when somebody vouches for them. */
  readonly unproven: readonly Requirement[];
}

/** Each pass applies at least one rewrite; a file with more races than this is finished by another run. */
const MAX_PASSES = 200;

/** One text on its way: what can be rewritten in it now, and the text after some of that was. */
export class Rewriting {
  readonly #original: SourceFile;
  readonly #options: AnalyseOptions;
  readonly #accepted: ReadonlySet<string>;
  readonly #only: ReadonlySet<string> | undefined;
  /** The edits of each pass, for the way back to the lines of the text that was given. */
  readonly #history: (readonly Edit[])[] = [];
  readonly #done = new Set<string>();
  #file: SourceFile;

  /** @throws ParseFailure, SettingsError and RangeError, as `rewriteSource` does. */
  constructor(text: string, options: RewriteOptions) {
    const cwd = options.cwd ?? process.cwd();
    this.#options = { settings: parseSettings(options.settings), cwd, rules: enabled(options.rules) };
    this.#accepted = new Set(options.accept);
    this.#only = options.only;
    this.#file = this.#original = parseSource(resolve(cwd, options.filename), text);
  }

  get file(): SourceFile { return this.#file; }

  /** In the order of the text; offers may overlap. */
  look(): { readonly offers: readonly Offer[]; readonly refused: readonly Refused[] } {
    const offers: Offer[] = [];
    const refused: Refused[] = [];
    for (const finding of analyse(this.#file, this.#options)) {
      // Silenced in the editor: somebody has looked at it.
      if (isDisabled(this.#file, finding.rule, finding.start)) continue;
      const start = originOf(finding.start, this.#history);
      const place = { rule: finding.rule, line: this.#original.line(start) };
      const answer = finding.rewrite();
      if (answer.kind === 'refusal') {
        refused.push({ ...place, id: answer.id, reason: answer.reason, ...(answer.migration && { migration: answer.migration }) });
        continue;
      }
      const id = `${finding.rule}:${start}:${answer.form}`;
      if (this.#only && !this.#only.has(id)) continue;
      const hindrance = this.#history.length >= MAX_PASSES ? LIMIT : this.#done.has(id) ? { id: 'not-silent', reason: `${finding.rule} still reports this code after it was rewritten.` } : parses(this.#file, answer.edits) ? undefined : NOT_PARSABLE;
      if (hindrance) refused.push({ ...place, ...hindrance });
      else {
        const unproven = answer.requires.filter((one) => one.state === 'unknown' && !this.#accepted.has(one.id));
        offers.push({ finding, edits: answer.edits, unproven, entry: { ...place, title: answer.title, form: answer.form, requires: answer.requires, changes: answer.changes, id } });
      }
    }
    return { offers, refused };
  }

  /** Applies offers of the last look that do not overlap; the next look sees the new text. @returns those that were applied. */
  apply(offers: readonly Offer[]): readonly Offer[] {
    const applied = parses(this.#file, offers.flatMap((one) => one.edits)) ? offers : offers.slice(0, 1);
    const edits = applied.flatMap((one) => one.edits);
    for (const { entry } of applied) this.#done.add(entry.id);
    this.#history.push(edits);
    this.#file = parseSource(this.#file.path, applyEdits(this.#file.text, edits));
    return applied;
  }
}

/**
 * Rewrites what can be rewritten and says why of the rest. Text without races comes back as it was given.
 * @throws ParseFailure when `text` has a syntax error, SettingsError and RangeError for options that cannot be meant.
 */
export function rewriteSource(text: string, options: RewriteOptions): RewriteResult {
  const settings = parseSettings(options.settings);
  enabled(options.rules);
  const cwd = options.cwd ?? process.cwd();
  if (!isCandidate(text, settings, { path: resolve(cwd, options.filename), cwd })) return { text, rewritten: [], refused: [] };
  const run = new Rewriting(text, options);
  const rewritten: Rewritten[] = [];
  for (;;) {
    const { offers, refused } = run.look();
    const batch: Offer[] = [];
    const open: Refused[] = [];
    for (const offer of offers) {
      if (offer.unproven.length) open.push(needsAccept(offer));
      // What overlaps another rewrite of this pass is looked at again in the next, on the new text.
      else if (!batch.some((other) => spansOverlap(offer.edits, other.edits))) batch.push(offer);
    }
    if (!batch.length) return { text: run.file.text, rewritten, refused: [...refused, ...open].sort((a, b) => a.line - b.line) };
    rewritten.push(...run.apply(batch).map((one) => one.entry));
  }
}

const LIMIT = { id: 'too-many', reason: `After ${MAX_PASSES} rounds of rewriting; run the codemod again.` };
const NOT_PARSABLE = { id: 'not-parsable', reason: 'The rewritten text would have a syntax error; please report this with the code.' };

function needsAccept({ entry, unproven }: Offer): Refused {
  const holds = unproven.map((one) => one.text.replace(/\.$/, '')).join('; ');
  return { rule: entry.rule, line: entry.line, id: 'needs-accept', unproven, reason: `${entry.title.replace(/\.$/, '')} is possible where this holds: ${holds}. Accept with --accept=${unproven.map((one) => one.id).join(',')}.` };
}

function parses(file: SourceFile, edits: readonly Edit[]): boolean {
  try {
    parseSource(file.path, applyEdits(file.text, edits));
    return true;
  } catch {
    return false;
  }
}

function enabled(names: readonly string[] | undefined): EnabledRule[] {
  for (const name of names ?? []) {
    if (!RULES.some((rule) => rule.name === name)) throw new RangeError(`there is no rule '${name}'; known are ${RULES.map((rule) => rule.name).join(', ')}.`);
  }
  return RULES.filter((rule) => !names || names.includes(rule.name)).map((rule) => ({ rule, options: {}, certainty: 'proven' }));
}
