/** The command line read strictly: what cannot be meant is a `UsageError` that says what can. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { RULES } from '../../rules/index.ts';
import type { EnabledRule } from '../../src/engine.ts';
import type { Dialect } from '../../src/model.ts';
import { assumedKey } from '../../src/schema/index.ts';
import { NAMESPACE } from '../../src/package.ts';
import { parseSettings, type UserSettings } from '../../src/settings.ts';
import { nearest, UsageError } from './usage.ts';

export { nearest, UsageError } from './usage.ts';

export type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;
export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
export interface Arguments { readonly values: Values; readonly paths: readonly string[] }

/** Which files, for `scan` and `migrate`. */
export const FILE_OPTIONS = { ignore: { type: 'string', multiple: true }, 'ignore-file': { type: 'string', multiple: true }, 'no-ignore': { type: 'boolean' }, 'allow-errors': { type: 'boolean' } } as const satisfies Options;
/** What `settings['db-race']` says in a config of ESLint. */
export const SETTING_OPTIONS = {
  settings: { type: 'string' }, schema: { type: 'string', multiple: true }, 'no-schema': { type: 'boolean' }, dialect: { type: 'string' },
  'assume-unique': { type: 'string', multiple: true }, clients: { type: 'string', multiple: true }, 'no-follow-imports': { type: 'boolean' },
} as const satisfies Options;

/** @throws UsageError for options that `command` does not have. */
export function readArguments(command: string, args: readonly string[], options: Options): Arguments {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true, strict: true });
    return { values: values as Values, paths: positionals };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const name = /'(-[^' ]*)/.exec(message)?.[1];
    const known = Object.keys(options).map((one) => `--${one}`);
    const near = name && code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? nearest(name, known) : undefined;
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw new UsageError(`${command} has no option ${name}${near ? `; did you mean ${near}?` : '.'} It knows ${known.join(', ')}. See 'db-race ${command} --help'.`);
    throw new UsageError(`${message.split('\n')[0]!.replace(/\.?$/, '.')} See 'db-race ${command} --help'.`);
  }
}

export const text = (values: Values, name: string): string | undefined => values[name] as string | undefined;
export const flag = (values: Values, name: string): boolean => values[name] === true;
/** `--x a --x b` and `--x a,b`. */
export const list = (values: Values, name: string): string[] | undefined => (values[name] as string[] | undefined)?.flatMap((one) => one.split(',')).map((one) => one.trim()).filter(Boolean);

export function oneOf<T extends string>(value: string, allowed: readonly T[], option: string): T {
  if ((allowed as readonly string[]).includes(value)) return value as T;
  const near = nearest(value, allowed);
  throw new UsageError(`--${option} ${value}: expected ${allowed.join(', ')}${near ? `; did you mean ${near}?` : '.'}`);
}

/** Rules by `--rule` (with or without prefix; default: all), as sure as `--config` asks for. */
export function rulesOf(values: Values): EnabledRule[] {
  const certainty = oneOf(text(values, 'config') ?? 'recommended', ['recommended', 'strict'], 'config') === 'strict' ? 'open' : 'proven';
  const names = ruleNames(values);
  return RULES.filter((rule) => !names || names.includes(rule.name)).map((rule) => ({ rule, options: {}, certainty }));
}

export function ruleNames(values: Values): readonly string[] | undefined {
  return list(values, 'rule')?.map((name) => oneOf(name.replace(new RegExp(`^${NAMESPACE}/`), ''), RULES.map((rule) => rule.name), 'rule'));
}

/** The file of `--settings` (JSON, or a module with a default export), then the single options. @throws SettingsError, UsageError. */
export async function settingsOf(values: Values, cwd: string): Promise<UserSettings> {
  const path = text(values, 'settings');
  if (flag(values, 'no-schema') && values['schema'] !== undefined) throw new UsageError('--schema and --no-schema contradict each other; give one of them.');
  const schema = flag(values, 'no-schema') ? false : list(values, 'schema');
  for (const one of schema || []) {
    if (!/[*?{[]/.test(one) && !existsSync(resolve(cwd, one))) throw new UsageError(`--schema ${one}: there is no such file or folder. Paths start at ${cwd}.`);
  }
  const clients = list(values, 'clients');
  const dialect = text(values, 'dialect') as Dialect | undefined;
  const file = path === undefined ? {} : await settingsFile(path, cwd);
  const unique = assumed(values);
  const made: UserSettings = {
    ...file, ...(unique && { uniqueKeys: [...file.uniqueKeys ?? [], ...unique] }),
    ...(schema !== undefined && { schema }), ...(clients && { clients }), ...(dialect !== undefined && { dialect }),
    ...(flag(values, 'no-follow-imports') && { followImports: false }),
  };
  parseSettings(made);
  return made;
}

/** `--workers N`; undefined: as many as pay. */
export function workersAsked(values: Values): number | undefined {
  const given = text(values, 'workers');
  if (given === undefined) return undefined;
  if (!/^[1-9]\d?$/.test(given)) throw new UsageError(`--workers ${given}: expected a number from 1 to 99; 1 does all in one process.`);
  return Number(given);
}

/** `--assume-unique "users(email)"`, also several of them with commas between. */
function assumed(values: Values): string[] | undefined {
  return (values['assume-unique'] as string[] | undefined)?.flatMap((one) => one.split(/,(?![^(]*\))/)).map((one) => {
    const key = assumedKey(one);
    if (!key) throw new UsageError(`--assume-unique ${one.trim()}: expected a table and its columns, quoted for the shell: --assume-unique "users(email)".`);
    return key.text;
  });
}

async function settingsFile(path: string, cwd: string): Promise<UserSettings> {
  const full = resolve(cwd, path);
  if (!existsSync(full)) throw new UsageError(`--settings ${path}: there is no such file.`);
  let found: unknown;
  try {
    found = /\.[cm]?js$/.test(path) ? ((await import(pathToFileURL(full).href)) as { default?: unknown }).default : JSON.parse(readFileSync(full, 'utf8'));
  } catch (error) {
    throw new UsageError(`--settings ${path}: it cannot be read (${(error as Error).message}). Expected JSON, or a module (.js, .mjs) whose default export is what stands in settings['${NAMESPACE}'].`);
  }
  if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new UsageError(`--settings ${path}: expected an object, as in settings['${NAMESPACE}'] of an ESLint config.`);
  return found;
}
