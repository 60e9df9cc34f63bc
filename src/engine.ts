/**
 * One engine for all hosts: text or a host's tree in, findings out, each with its rewrite or the reason why there is none.
 */
import type { Client } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import type { Race, Refusal, Rewrite } from './model.ts';
import { rewriteOf } from './rewrite/index.ts';
import type { RaceRule } from './rule.ts';
import { catalogueFor, EMPTY_CATALOGUE } from './schema/index.ts';
import type { Settings } from './settings.ts';
import type { SourceFile } from './source/file.ts';
import { resolveImport } from './source/modules.ts';
import { packageVersion } from './source/packages.ts';
import { traceFile, type Surroundings, type Trace } from './trace/index.ts';
import { Pairs } from './trace/pairs.ts';
import { mayRace, wordsOf } from './source/scan.ts';

export interface EnabledRule {
  // Rules differ in their options; the engine only hands them on.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly rule: RaceRule<any>;
  readonly options: Readonly<Record<string, unknown>>;
  /** `proven`: complete evidence only; `open`: also races with one open question. */
  readonly certainty: 'proven' | 'open';
}

export interface Finding {
  readonly rule: string;
  readonly messageId: string;
  readonly message: string;
  /** Offsets of the reported node in the file's text. */
  readonly start: number;
  readonly end: number;
  readonly race: Race;
  /** Computed when asked for: most hosts show only some. */
  readonly rewrite: () => Rewrite | Refusal;
}

export interface AnalyseOptions {
  readonly settings: Settings;
  /** Absolute; where relative paths of settings start. */
  readonly cwd: string;
  readonly rules: readonly EnabledRule[];
}

/** False when the text holds no pair of words that any client could make a race of: the file need not be parsed. */
export function isCandidate(text: string, settings: Settings): boolean {
  return mayRace(text, wordsOf(clientsOf(settings)));
}

function clientsOf(settings: Settings): readonly Client[] {
  const known = settings.extraClients.length ? [...CLIENTS, ...settings.extraClients] : CLIENTS;
  return settings.clients ? known.filter((one) => settings.clients!.includes(one.id)) : known;
}

const analysed = new WeakMap<SourceFile['ast'], { settings: Settings; traces: readonly Trace[]; surroundings: Surroundings }>();

/** All findings of the enabled rules, in the order of the text. The traces are shared by every rule that asks for this tree. */
export function analyse(file: SourceFile, options: AnalyseOptions): Finding[] {
  const { traces, surroundings } = tracesOf(file, options);
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const trace of traces) {
    const pairs = new Pairs(trace, surroundings.catalogue, options.settings);
    for (const { rule, options: ruleOptions, certainty } of options.rules) {
      for (const report of rule.find(trace, { options: { ...rule.options.defaults, ...ruleOptions }, pairs })) {
        if (certainty === 'proven' && report.race.open.length) continue;
        if (report.race.open.length > 1) continue;
        const key = `${rule.name}:${report.node.range[0]}`;
        if (seen.has(key)) continue;
        seen.add(key);
        findings.push({
          rule: rule.name, messageId: report.messageId, message: render(rule.messages[report.messageId]!, report.data),
          start: report.node.range[0], end: report.node.range[1], race: report.race,
          rewrite: once(() => rewriteOf(report.race, { trace, surroundings, rule: rule.name })),
        });
      }
    }
  }
  return findings.sort((a, b) => a.start - b.start || a.rule.localeCompare(b.rule));
}

function tracesOf(file: SourceFile, options: AnalyseOptions): { traces: readonly Trace[]; surroundings: Surroundings } {
  const known = analysed.get(file.ast);
  if (known && known.settings === options.settings) return known;
  const { settings, cwd } = options;
  const clients = clientsOf(settings);
  const sources = clients.flatMap((one) => (one.schema ? [{ client: one.id, source: one.schema }] : []));
  const catalogue = settings.schema === false ? EMPTY_CATALOGUE : catalogueFor(file.path, { cwd, schema: settings.schema, sources });
  const surroundings: Surroundings = {
    clients, catalogue,
    dialect: settings.dialect ?? catalogue.dialect,
    version: (name) => packageVersion(name, file.path),
    resolve: (binding, from) => (settings.followImports ? resolveImport(binding, from) : undefined),
  };
  const words = wordsOf(clients);
  const traces = traceFile(file, surroundings, (node) => words.any.test(file.slice(node)));
  const made = { settings, traces, surroundings };
  analysed.set(file.ast, made);
  return made;
}

export function render(template: string, data: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => data[name] ?? '');
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
