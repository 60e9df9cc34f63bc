/**
 * `unify-upserts`: one table that is written from several places by different keys gets one function, and every place calls it. All of
 * a table's places are rewritten, or none: half of them would leave two ways to look for one row.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { unification, type KeyedPlace } from '../../src/engine.ts';
import type { Edit, Refusal } from '../../src/model.ts';
import { parseSettings } from '../../src/settings.ts';
import type { SourceFile } from '../../src/source/file.ts';
import { parseSource } from '../../src/source/parse.ts';
import { readSource } from '../cli/files.ts';
import { applyEdits } from '../edits.ts';
import { collectGroups, spotOf as spotOfSite, type Collected, type Group, type Site } from './groups.ts';
import { defaultPath, presentIn, sameFunction, type Present } from './helper-file.ts';
import { importEdit, importLines, specifier } from './imports.ts';
import type { FileChange, RefusedTable, Spot, UnifiedTable, UnifyOptions, UnifyResult } from './model.ts';
import { Program } from './program.ts';

const { callText, finished, helperName, helperText, isRefusal, unify } = unification;
type Place = unification.Place;
type ReadSite = Site & { readonly place: Place };

/** Computes the new texts; writes nothing. @throws SettingsError */
export function unifyFiles(options: UnifyOptions): UnifyResult {
  const cwd = options.cwd ?? process.cwd();
  const settings = parseSettings(options.settings);
  const collected = collectGroups(options.files, { settings, cwd, table: options.table });
  const changes = new Map<string, FileChange>();
  const unified: UnifiedTable[] = [];
  const refused: RefusedTable[] = [];
  for (const group of collected.groups) {
    const found = unifyGroup(group, collected, changes, { ...options, cwd });
    if (found === undefined) continue;
    if ('reason' in found) { refused.push(found); continue; }
    unified.push(found.table);
    for (const one of found.changes) changes.set(one.path, one);
  }
  return { changes: [...changes.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), unified, refused, errors: collected.errors };
}

type GroupOptions = UnifyOptions & { readonly cwd: string };

function unifyGroup(group: Group, collected: Collected, before: ReadonlyMap<string, FileChange>, options: GroupOptions): RefusedTable | { readonly table: UnifiedTable; readonly changes: readonly FileChange[] } | undefined {
  const { cwd } = options;
  const sample = group.sites.find((one): one is ReadSite => !isRefused(one.place));
  const name = helperName(sample?.place.table.name ?? group.table.replace(/^.*\./, ''));
  const present = sample && presentFor(name, sample.place, group, collected, options);
  // What stands in the function itself is no place that should call it.
  const sites = group.sites.filter((one) => !(present && one.file.path === present.file.path && present.start <= one.start && one.start < present.end));
  if (!sites.length || (!present && new Set(sites.map((one) => one.keys)).size < 2)) return undefined;
  const label = sample?.place.table.name ?? sites[0]!.names[0]!;
  const refuse = ({ id, reason }: Pick<Refusal, 'id' | 'reason'>, why: (site: Site) => string | undefined = () => undefined, more: Partial<RefusedTable> = {}): RefusedTable => ({ table: label, id, reason, places: sites.map((one) => spotOf(one, cwd, why(one))), ...more });

  const reasons = new Map(sites.map((one) => [one, hindrance(one, collected, before)]));
  const hindered = sites.find((one) => reasons.get(one));
  if (hindered) return refuse({ id: reasons.get(hindered)!.id, reason: `Not every place can call one function, and as long as one does not, they can miss each other.` }, (one) => reasons.get(one)?.reason);
  const read = sites as readonly ReadSite[];
  const places = read.map((one) => one.place);
  const shownAt = (place: Place): string => { const { file, line } = spotOf(read.find((one) => one.place === place)!, cwd); return `${file}:${line}`; };
  const together = unify(places, shownAt, present);
  if (isRefusal(together)) return refuse(together);
  const open = together.requires.filter((one) => one.state === 'unknown' && !options.accept?.includes(one.id));
  if (open.length) return refuse({ id: 'needs-accept', reason: `One function \`${name}\` is possible where this holds: ${open.map((one) => one.text.replace(/\.$/, '')).join('; ')}. Accept with --accept ${open.map((one) => one.id).join(',')}.` }, undefined, { unproven: open });

  const written = texts(name, read, together, present, options);
  if (isRefusal(written)) return refuse(written);
  const { program, changes, helper } = written;
  const errors = program.newErrors(changes);
  if (errors.length) return refuse({ id: 'types', reason: `The code would no longer type-check: ${errors[0]!.replace(`${cwd}/`, '')}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}. Nothing was changed.` });
  return {
    changes,
    table: {
      table: label, name, helper, places: sites.map((one): Spot => spotOf(one, cwd)), keys: together.keys.map((one) => one.key.columns), form: together.form.id,
      requires: together.requires, changes: together.changes,
    },
  };
}

const spotOf = (site: Site, cwd: string, reason?: string): Spot => ({ ...spotOfSite(site, cwd, reason), ...(!isRefused(site.place) && { keys: site.place.chain.map((step) => step.key.columns) }) });

const isRefused = (place: KeyedPlace['place']): place is Refusal => 'kind' in place;

function hindrance(site: Site, { transacted }: Collected, before: ReadonlyMap<string, FileChange>): Pick<Refusal, 'id' | 'reason'> | undefined {
  if (isRefused(site.place)) return site.place;
  if (transacted.has(`${site.file.path}:${site.place.write.node.range[0]}`)) return { id: 'in-transaction', reason: 'A caller runs it in a transaction, which a violation would end: the row cannot be looked for again in it.' };
  return before.has(site.file.path) ? { id: 'again', reason: 'Another table\'s places in this file are rewritten first; run the command again.' } : undefined;
}

/** The function in a file of the group or in `--into`, where it is there and is what this command writes. */
function presentFor(name: string, place: Place, group: Group, { helpers }: Collected, { into, cwd }: GroupOptions): (Present & { readonly clashes: boolean }) | undefined {
  const files = new Map(group.sites.map((one) => [one.file.path, one.file]));
  const known = helpers.get(name);
  const paths = [...(into === undefined ? [] : [resolve(cwd, into)]), ...(known === undefined ? [] : [known]), defaultPath(name, group.sites.map((one) => one.file.path), cwd), ...files.keys()];
  for (const path of new Set(paths)) {
    const file = files.get(path) ?? parsed(path);
    const found = file && presentIn(file, name, place.table);
    if (!found) continue;
    const again = unify([{ ...place, chain: [], reads: new Set(), whole: false, tellsNew: false, changes: [] }], () => '', found);
    const same = !isRefusal(again) && sameFunction(found.text, helperText(name, again, styleOf(found.file, place)));
    return { ...found, clashes: !same };
  }
  return undefined;
}

function parsed(path: string): SourceFile | undefined {
  if (!existsSync(path)) return undefined;
  const read = readSource(path);
  try { return 'message' in read ? undefined : parseSource(path, read.text); } catch { return undefined; }
}

function styleOf(file: { readonly path: string }, { context: { forms, semicolon } }: Place): unification.HelperStyle {
  return { typescript: /\.[cm]?ts$/.test(file.path), quote: forms.quote, unit: forms.unit, semicolon };
}

/** All new texts of one table, or why they cannot be. */
function texts(name: string, sites: readonly ReadSite[], together: unification.Unified, present: (Present & { clashes: boolean }) | undefined, { cwd, into, files, whole }: GroupOptions): { readonly program: Program; readonly changes: readonly FileChange[]; readonly helper: string } | Refusal {
  if (present?.clashes) return refusal('name-taken', `\`${name}\` is there already (${present.file.path}) and is not what would be written; rename it, or let the places call it by hand.`);
  const byFile = new Map<SourceFile, ReadSite[]>();
  for (const one of sites) byFile.set(one.file, [...(byFile.get(one.file) ?? []), one]);
  const helper = present?.file.path ?? (into !== undefined ? resolve(cwd, into) : defaultPath(name, [...byFile.keys()].map((one) => one.path), cwd));
  const old = present?.file ?? parsed(helper);
  if (!present && existsSync(helper) && (into === undefined || !old)) return refusal('file-taken', `${helper} is there already; name another file with --into.`);
  const commonjs = [...byFile.keys()].find((one) => /\.[cm]?jsx?$/.test(one.path) && !one.ast.body.some((each) => each.type === 'ImportDeclaration'));
  if (commonjs) return refusal('commonjs', `${commonjs.path} imports nothing by \`import\`, so a module cannot be imported into it.`);
  if ([...byFile.keys()].some((one) => one.path === helper)) return refusal('file-taken', `${helper} is one of the places; name another file with --into.`);
  const place = sites[0]!.place;
  const style = old ? { ...styleOf({ path: helper }, place), quote: unification.quoteOf(old.text), unit: unification.indentUnit(old.text) } : styleOf({ path: helper }, place);
  const program = new Program(helper, [...files.map((one) => resolve(cwd, one)), ...[...byFile.keys()].map((one) => one.path)], whole === true);
  const changes: FileChange[] = [];
  const importNames = [...byFile.keys()];
  for (const [file, own] of byFile) {
    if (mentions(file, name) && !present) return refusal('name-taken', `\`${name}\` means something else in ${file.path}.`);
    const calls = own.flatMap((site) => site.place.edits(callText(name, site.place, together.chains[sites.indexOf(site)]!, together.keys)));
    const { forms: { quote }, semicolon } = own[0]!.place.context;
    const added = importEdit(file, name, specifier(file, helper, program.resolution, importNames), { quote, semicolon });
    const edits = finished(file, [...(added ? [added] : []), ...calls]);
    if (isRefusal(edits)) return edits;
    const mark = markOf(file.path);
    changes.push({ path: file.path, before: mark + file.text, after: mark + applyEdits(file.text, edits) });
  }
  const text = helperText(name, together, style);
  const needed = style.typescript ? together.imports : together.imports.filter((one) => !one.type);
  const helperChange = withHelper(helper, old, present, text, importLines(needed, helper, style));
  if (helperChange) changes.push(helperChange);
  const values = together.imports.filter((one) => !one.type).map((one) => program.resolve(one.from, one.importer ?? helper)).filter((one) => one !== undefined);
  const circle = program.reaches(helper, values, [...byFile.keys()].map((one) => one.path));
  if (circle !== undefined) return refusal('circular-import', `${helper} would load ${circle}, which would load it; name a file with --into that imports none of the places.`);
  return { program, changes, helper };
}

const refusal = (id: string, reason: string): Refusal => ({ kind: 'refusal', id, reason });

function markOf(path: string): string {
  const read = readSource(path);
  return 'message' in read || !read.mark ? '' : '\ufeff';
}

/** Some variable of this name is there. */
function mentions(file: SourceFile, name: string): boolean {
  return new RegExp(`(?<![\\w$.])${name}(?![\\w$])`).test(file.text);
}

function withHelper(path: string, old: SourceFile | undefined, present: Present | undefined, text: string, imports: readonly string[]): FileChange | undefined {
  if (!old) return { path, before: undefined, after: `${imports.length ? `${imports.join('\n')}\n\n` : ''}${text}` };
  const edits: Edit[] = [];
  if (present) edits.push({ start: present.start, end: present.end, text: text.trimEnd() });
  else edits.push({ start: old.text.length, end: old.text.length, text: `${old.text.endsWith('\n') || !old.text ? '' : '\n'}\n${text}` });
  const missing = imports.filter((line) => !old.text.includes(line.replace(/;$/, '')) && !isImported(old, line));
  if (missing.length) {
    const last = old.ast.body.findLast((one) => one.type === 'ImportDeclaration');
    edits.push(last ? { start: last.range[1], end: last.range[1], text: `\n${missing.join('\n')}` } : { start: 0, end: 0, text: `${missing.join('\n')}\n\n` });
  }
  const after = applyEdits(old.text, edits);
  return after === old.text ? undefined : { path, before: markOf(path) + old.text, after: markOf(path) + after };
}

/** All names of an import line are there under their own names. */
function isImported(file: SourceFile, line: string): boolean {
  const names = /\{ (.*) \}/.exec(line)?.[1]?.split(', ') ?? [];
  const there = new Set(file.ast.body.flatMap((one) => (one.type === 'ImportDeclaration' ? one.specifiers.map((each) => each.local.name) : [])));
  return names.length > 0 && names.every((one) => there.has(one));
}

