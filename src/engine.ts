/**
 * One engine for all hosts: text or a host's tree in, findings out, each with its rewrite or the reason why there is none.
 */
import type { Client } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import type { Race, Refusal, Rewrite } from './model.ts';
import { rewriteOf } from './rewrite/index.ts';
import { readPlace, type Place } from './rewrite/unify/index.ts';
import { keepKeys, projectAround, type Followed } from './project/conflicts.ts';
import type { RaceRule } from './rule.ts';
import { catalogueFor, EMPTY_CATALOGUE, ownedBy } from './schema/index.ts';
import type { Catalogue } from './schema/model.ts';
import type { Settings } from './settings.ts';
import type { Node, SourceFile } from './source/file.ts';
import { resolveImport, sourceFile } from './source/modules.ts';
import { candidatesFor } from './source/ports.ts';
import { importsReach, portNames, reachOf } from './source/reach.ts';
import { dependsOn, nearestPackages, packageVersion } from './source/packages.ts';
import { conflictSites, siteRows, tableName, type SiteRows } from './trace/conflict-sites.ts';
import { traceFile, type Surroundings, type Trace } from './trace/index.ts';
import { Pairs } from './trace/pairs.ts';
import { startOf } from './trace/place.ts';
import { isElsewhere } from './trace/place.ts';
import { clientsIn, evidenceOf, mayRace, wordsOf, type Evidence } from './source/scan.ts';
import { marksOf } from './source/shown.ts';

export * as unification from './rewrite/unify/index.ts';
export { mayMeet } from './trace/conflict-sites.ts';

export interface EnabledRule {
  // Rules differ in their options; the engine only hands them on.
  readonly rule: RaceRule<any>;
  readonly options: Readonly<Record<string, unknown>>;
  /** `proven`: complete evidence only; `open`: also races with one open question. */
  readonly certainty: 'proven' | 'open';
}

export interface Finding {
  readonly rule: string;
  readonly messageId: string;
  readonly message: string;
  /** The message's placeholders, for hosts that render it themselves. */
  readonly data: Readonly<Record<string, string>>;
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

/**
 * False when the text holds no pair of words that any client could make a race of, or, where `at` says which file it is, when neither
 * it nor a file that it imports shows anything of a client: the file need not be parsed. `told`: a checker knows the types, which stand
 * in no text.
 */
export function isCandidate(text: string, settings: Settings, at?: { readonly path: string; readonly cwd: string; readonly told?: boolean }): boolean {
  const words = wordsOf(clientsOf(settings));
  // What an interface calls its methods is nobody's vocabulary: there who stands behind it is asked.
  if (!mayRace(text, words, settings.followImports)) return at !== undefined && settings.followImports && callsPorts(text, at, settings);
  if (!at || at.told || words.hook?.test(text) || isNamed(text, settings)) return true;
  const shown = shownIn(text, at.path, catalogueAt(at.path, at.cwd, settings), settings);
  const { write } = wordsOf(shown);
  return shown.length > 0 && (write.test(text) || (settings.followImports && importsReach(text, at.path, write)));
}

/**
 * The clients of which the text, or a file that it imports, shows anything: no other library's calls are recognised there, and only a
 * word of theirs writes.
 */
function shownIn(text: string, path: string, catalogue: Catalogue, settings: Settings): readonly Client[] {
  return clientsIn(clientsOf(settings), marksOf(text, path, evidenceAt(path, catalogue, settings), settings.followImports));
}

/** Whether the text calls an interface behind which a database is used. */
function callsPorts(text: string, { path, cwd }: { readonly path: string; readonly cwd: string }, settings: Settings): boolean {
  return portNames(text, path, () => evidenceAt(path, catalogueAt(path, cwd, settings), settings)).size > 0;
}

/** The settings say what an expression in the text holds. */
function isNamed(text: string, { handles }: Settings): boolean {
  for (const expression of handles.keys()) if (text.includes(/[\w$]+$/.exec(expression)?.[0] ?? expression)) return true;
  return false;
}

function evidenceAt(path: string, catalogue: Catalogue, settings: Settings): Evidence {
  const clients = clientsOf(settings);
  return evidenceOf(clients, new Set(clients.filter((one) => ownedBy(catalogue, one.id) || dependsOn(one.packages, path)).map((one) => one.id)));
}

function catalogueAt(path: string, cwd: string, settings: Settings): Catalogue {
  if (settings.schema === false) return EMPTY_CATALOGUE;
  const sources = clientsOf(settings).flatMap((one) => (one.schema ? [{ client: one.id, source: one.schema }] : []));
  return catalogueFor(path, { cwd, schema: settings.schema, sources, assumed: settings.uniqueKeys });
}

const clientLists = new WeakMap<Settings, readonly Client[]>();

/** The same list for the same settings: the words of the text scan are kept by it. */
function clientsOf(settings: Settings): readonly Client[] {
  const known = clientLists.get(settings);
  if (known) return known;
  const all = settings.extraClients.length ? [...CLIENTS, ...settings.extraClients] : CLIENTS;
  const made = settings.clients ? all.filter((one) => settings.clients!.includes(one.id)) : all;
  clientLists.set(settings, made);
  return made;
}

const analysed = new WeakMap<SourceFile['ast'], { settings: Settings; traces: readonly Trace[]; surroundings: Surroundings }>();

/** All findings of the enabled rules, in the order of the text. The traces are shared by every rule that asks for this tree. */
export function analyse(file: SourceFile, options: AnalyseOptions): Finding[] {
  const { surroundings } = tracesOf(file, options);
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const followed = follow(file, options);
  const project = projectAround(file, followed, { settings: options.settings, cwd: options.cwd, follow: (other) => followOnce(other, options) });
  for (const { trace, pairs } of followed) {
    for (const { rule, options: ruleOptions, certainty } of options.rules) {
      for (const report of rule.find(trace, { options: { ...rule.options.defaults, ...ruleOptions }, pairs, project, names: options.settings })) {
        if (certainty === 'proven' && report.race.open.length) continue;
        if (report.race.open.length > 1) continue;
        if (isElsewhere(report.race.read, report.race.write, trace)) continue;
        const key = `${rule.name}:${report.node.range[0]}`;
        if (seen.has(key)) continue;
        seen.add(key);
        findings.push({
          rule: rule.name, messageId: report.messageId, message: render(rule.messages[report.messageId]!, report.data), data: report.data,
          start: startOf(report.node, report.race, file.text), end: report.node.range[1], race: report.race,
          rewrite: once(() => rewriteOf(report.race, { trace, surroundings, rule: rule.name })),
        });
      }
    }
  }
  if (options.settings.followImports) keepKeys(file, followed, { settings: options.settings, cwd: options.cwd });
  return findings.sort((a, b) => a.start - b.start || a.rule.localeCompare(b.rule));
}

/** For a host that has told what there is to tell of a file, and keeps its tree for those who import it. */
export function forgetTraces(file: SourceFile): void { analysed.delete(file.ast); }

/** Of a file that is asked about in passing the answer is kept, and what it was read from is not: traces are by far the larger. */
function followOnce(file: SourceFile, options: AnalyseOptions): Followed[] {
  const followed = follow(file, options);
  analysed.delete(file.ast);
  return followed;
}

/** A place of a file that writes a table by some key. */
export interface KeyedPlace extends SiteRows {
  /** Equal for the same table. */
  readonly table: string;
  /** The table's names in code and in the database. */
  readonly names: readonly string[];
  readonly columns: readonly string[];
  readonly line: number;
  /** Offset of the write in its file. */
  readonly start: number;
  readonly place: Place | Refusal;
}

/**
 * All places of a file that write "insert, or update what is there", each read as far as it can be, and the writes of any file that a
 * caller in this one runs in a transaction (`<path>:<offset>`).
 */
export function keyedPlaces(file: SourceFile, options: Pick<AnalyseOptions, 'settings' | 'cwd'>): { readonly places: readonly KeyedPlace[]; readonly transacted: readonly string[] } {
  const { surroundings } = tracesOf(file, options);
  const found = new Map<number, KeyedPlace & { readonly depth: number }>();
  const transacted: string[] = [];
  for (const { trace, pairs } of follow(file, options)) {
    for (const one of trace.operations) if (one.transaction) transacted.push(`${one.file}:${one.node.range[0]}`);
    for (const site of conflictSites(trace, pairs)) {
      const start = site.write.node.range[0];
      const depth = site.write.frames.length;
      const known = found.get(start);
      // Seen by itself a function means what it says; seen from a caller, what that caller does with it.
      if (known && known.depth <= depth) continue;
      const { table } = site.write;
      found.set(start, {
        ...siteRows(site), table: tableName(site), names: [table.name, ...(table.table ? [table.table.name, table.table.dbName] : [])], columns: site.key, start, depth,
        line: file.line(site.node.range[0]), place: readPlace(site, trace, surroundings),
      });
    }
  }
  return { places: [...found.values()].sort((a, b) => a.start - b.start), transacted };
}

function follow(file: SourceFile, options: Pick<AnalyseOptions, 'settings' | 'cwd'>): Followed[] {
  const { traces, surroundings } = tracesOf(file, options);
  return traces.map((trace) => ({ trace, pairs: new Pairs(trace, surroundings.catalogue, options.settings) }));
}

function tracesOf(file: SourceFile, options: Pick<AnalyseOptions, 'settings' | 'cwd'>): { traces: readonly Trace[]; surroundings: Surroundings } {
  const known = analysed.get(file.ast);
  if (known && known.settings === options.settings) return known;
  const { settings, cwd } = options;
  const catalogue = catalogueAt(file.path, cwd, settings);
  const clients = clientsOf(settings);
  const words = wordsOf(clients);
  const isHooked = words.hook?.test(file.text) === true;
  // Types that a checker tells stand in no text.
  const isTold = file.typeAt !== undefined || isNamed(file.text, settings);
  const shown = isTold ? clients : shownIn(file.text, file.path, catalogue, settings);
  const surroundings: Surroundings = {
    clients, catalogue, handles: settings.handles,
    dialect: settings.dialect ?? catalogue.dialect,
    version: (name, part) => packageVersion(name, file.path, part),
    nearest: (names) => nearestPackages(names, file.path),
    resolve: (binding, from) => (settings.followImports ? resolveImport(binding, from) : undefined),
    // A file that is being linted is there as the host has it.
    ...(settings.followImports && { behind: candidatesFor, file: (path) => (path === file.path ? file : sourceFile(path)) }),
  };
  const writes = reachOf(file, wordsOf(shown).write, settings.followImports);
  // A race needs a write, be it in what the root calls; after a hook the library writes.
  const holdsWord = (node: Node): boolean => words.any.test(file.slice(node));
  // Both ends may stand behind helpers of another file that are named after what they do (`this.groups.insertGroup(row)`).
  const callsHelper = (node: Node): boolean => settings.followImports && words.helper.test(file.slice(node));
  const shows = isTold ? undefined : reachOf(file, evidenceAt(file.path, catalogue, settings), settings.followImports);
  // Asked for every function of the file: the names are looked up, and made an expression of, once.
  let portCall: RegExp | false | undefined;
  const callsPort = (node: Node): boolean => {
    if (!settings.followImports) return false;
    if (portCall === undefined) {
      const names = [...portNames(file.text, file.path, () => evidenceAt(file.path, catalogue, settings))];
      portCall = names.length > 0 && new RegExp(`\\b(?:${names.join('|')})\\s*\\.`);
    }
    return portCall && portCall.test(file.slice(node));
  };
  const isWorth = (node: Node): boolean => (holdsWord(node) || callsHelper(node) || callsPort(node)) && (isHooked || (writes(node) && (!shows || shows(statementAround(node)))));
  const traces = traceFile(file, surroundings, isWorth, (node) => isHooked || holdsWord(node) || writes(node) || callsPort(node));
  const made = { settings, traces, surroundings };
  analysed.set(file.ast, made);
  return made;
}

/** The statement at the file's top that `node` stands in: members of a class or object share what they work with. */
function statementAround(node: Node): Node {
  let at = node;
  while (at.parent && at.parent.type !== 'Program') at = at.parent;
  return at;
}

export function render(template: string, data: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => data[name] ?? '');
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
