/**
 * What every jscodeshift transform of `transforms/` runs: options of the command line in, text out, and a report of what was
 * rewritten and what was refused and why. jscodeshift is the runner only: its parser and printer are never used.
 */
import type { Dialect } from '../src/model.ts';
import type { UserSettings } from '../src/settings.ts';
import { rewriteSource, type Refused, type RewriteOptions, type RewriteResult, type Rewritten } from './rewrite.ts';

/** What jscodeshift hands to a transform, as far as it is used here. */
interface File { readonly path: string; readonly source: string }
interface Api {
  /** Counts; the stock runner shows them with `--dry` only. */
  readonly stats: (name: string, quantity?: number) => void;
  readonly report: (message: string) => void;
}
export type CommandLine = Readonly<Record<string, unknown>>;

/** @returns the new text; undefined ("skipped") when the file has nothing for these rules. */
export function transform(file: File, api: Api, commandLine: CommandLine, rules?: readonly string[]): string | undefined {
  const result = rewriteSource(file.source, { filename: file.path, ...readCommandLine(commandLine), ...(rules && { rules }) });
  for (const one of result.rewritten) api.stats(`${one.rule}: rewritten`);
  for (const one of result.refused) api.stats(`${one.rule}: refused (${one.id})`);
  const lines = reportLines(result);
  if (lines.length) api.report(lines.join('\n'));
  return result.rewritten.length || result.refused.length ? result.text : undefined;
}

/** What was done and not done to one file, a line each, in the order of the file. */
export function reportLines({ rewritten, refused }: RewriteResult): string[] {
  return [...rewritten, ...refused].sort((a, b) => a.line - b.line).flatMap((one) => ('form' in one ? rewrittenLines(one) : refusedLines(one)));
}

function rewrittenLines(one: Rewritten): string[] {
  return [`  line ${one.line}: rewritten (${one.rule}): ${one.title}`, ...one.changes.map((change) => `    changes: ${change}`)];
}

function refusedLines(one: Refused): string[] {
  const lines = [`  line ${one.line}: not rewritten (${one.rule}, ${one.id}): ${one.reason}`];
  if (!one.migration) return lines;
  lines.push(`    a rewrite needs this migration, \`${one.migration.name}\`:`);
  for (const [dialect, sql] of Object.entries(one.migration.statements)) lines.push(...indented(`-- ${dialect}\n${sql}`));
  if (one.migration.duplicates) lines.push('    rows that stand in its way are found by:', ...indented(one.migration.duplicates));
  return lines;
}

const indented = (sql: string): string[] => sql.trim().split('\n').map((line) => `      ${line}`);

const LISTS = ['accept', 'schema', 'clients'] as const;

/** `--accept=a,b --schema=db/schema.sql --dialect=postgres --clients=… --no-follow-imports`; what else there is belongs to jscodeshift. */
export function readCommandLine(commandLine: CommandLine): Pick<RewriteOptions, 'accept' | 'settings'> {
  const lists = Object.fromEntries(LISTS.map((name) => [name, list(commandLine[name])]));
  const dialect = commandLine['dialect'] as Dialect | undefined;
  const follow = commandLine['followImports'] ?? commandLine['follow-imports'];
  const settings: UserSettings = {
    // `--schema=false` reads none.
    ...(lists['schema'] && { schema: lists['schema'].join() === 'false' ? false : lists['schema'] }),
    ...(lists['clients'] && { clients: lists['clients'] }),
    ...(dialect !== undefined && { dialect }),
    ...(follow !== undefined && { followImports: follow === true || follow === 'true' }),
  };
  return { settings, ...(lists['accept'] && { accept: lists['accept'] }) };
}

/** jscodeshift reads `--x=1` as a number and a repeated option as an array. */
function list(value: unknown): string[] | undefined {
  if (value === undefined) return undefined;
  return [value].flat().flatMap((one) => String(one).split(',')).map((one) => one.trim()).filter(Boolean);
}
