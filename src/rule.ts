/**
 * The house API of rules: a rule looks at a trace and yields races. It never touches a host, an edit or a client; one adapter
 * turns what it yields into ESLint reports, another into edits.
 */
import type { Race } from './model.ts';
import type { ConflictSite, SiteRows } from './trace/conflict-sites.ts';
import type { Trace } from './trace/index.ts';
import type { Pairs } from './trace/pairs.ts';
import type { HelperNames } from './trace/protection.ts';
import type { Node } from './value/terms.ts';

export interface RuleReport {
  readonly messageId: string;
  /** Placeholders of the message, without braces. */
  readonly data: Readonly<Record<string, string>>;
  readonly race: Race;
  /** Where the report stands: the write, or the call that leads to it. */
  readonly node: Node;
}

/** A write "insert, or update what is there" somewhere in the project. */
export interface PlacedKey extends SiteRows {
  /** A name that is equal for the same table. */
  readonly table: string;
  readonly columns: readonly string[];
  /** Absolute, and as people see it. */
  readonly file: string;
  readonly shown: string;
  /** 1-based. */
  readonly line: number;
}

/** What lies beyond the trace: the file's other functions, and the other files of its package. */
export interface Project {
  /** All such writes of files that mention the site's table; reads files only when asked. */
  conflictSites(site: ConflictSite): readonly PlacedKey[];
}

export interface RuleContext<Options = Record<string, never>> {
  readonly options: Options;
  /** Reads and writes of this trace that belong together, and what closes them. */
  readonly pairs: Pairs;
  readonly project: Project;
  /** What the project calls its own lock and transaction helpers. */
  readonly names: HelperNames;
}

/** A JSON schema of the rule's own options (an object); `certainty` is added by the adapter. */
export type OptionsSchema = Readonly<Record<string, unknown>>;

export interface RaceRule<Options = Record<string, never>> {
  /** Without prefix: `no-find-then-insert`. */
  readonly name: string;
  /** One line, for tables. */
  readonly description: string;
  /** Message templates with {{placeholders}}: the hazard, then the remedy; they end with a full stop. */
  readonly messages: Readonly<Record<string, string>>;
  readonly options: { readonly schema: OptionsSchema; readonly defaults: Options };
  find(trace: Trace, context: RuleContext<Options>): Iterable<RuleReport>;
}

export function defineRule<Options>(rule: RaceRule<Options>): RaceRule<Options> {
  return rule;
}
