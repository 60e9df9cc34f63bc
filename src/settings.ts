/**
 * `settings['db-race']`: what a project tells the plugin about itself. Read once, checked completely, with messages that name the
 * path of what is wrong and what is allowed there.
 */
import type { Client } from './clients/client.ts';
import { CLIENTS } from './clients/index.ts';
import { assumedKey, type AssumedKey } from './schema/assumed.ts';
import type { Dialect } from './schema/model.ts';

/** What users write under `settings: { 'db-race': … }`. Everything is optional. */
export interface UserSettings {
  /** Ids of the libraries to look for; all of them when left out. */
  readonly clients?: readonly string[];
  /** Libraries and data layers of your own, each made with `defineClient`. */
  readonly extraClients?: readonly Client[];
  /** The database, where the project's schema does not say. */
  readonly dialect?: Dialect;
  /** Files, folders or globs that declare the schema, relative to the working directory; `false` reads none. */
  readonly schema?: readonly string[] | string | false;
  /** Unique keys that the database has and no file declares: `users(email)`, `user_roles(user_id, role_id)`. */
  readonly uniqueKeys?: readonly string[];
  /** Whether imported files of the project are read to see what their functions do. Default: true. */
  readonly followImports?: boolean;
  /** Functions of the project that run their callback, or go on, under a lock: `withLock`, `mutex.runExclusive`. */
  readonly locks?: readonly string[];
  /** Functions of the project that run their callback in a serialisable transaction: `runSerializable`. */
  readonly transactions?: readonly string[];
  /** Expressions that hold a database handle, with the library that they belong to: `{ 'ctx.db': 'prisma' }`. */
  readonly handles?: Readonly<Record<string, string>>;
  /** Set by the presets, so that `eslint --cache` notices a changed schema; not read. */
  readonly schemaHash?: string;
}

/** Settings after checking, with defaults. */
export interface Settings {
  readonly clients: readonly string[] | undefined;
  readonly extraClients: readonly Client[];
  readonly dialect: Dialect | undefined;
  readonly schema: readonly string[] | false | undefined;
  readonly uniqueKeys: readonly AssumedKey[];
  readonly followImports: boolean;
  readonly locks: readonly string[];
  readonly transactions: readonly string[];
  readonly handles: ReadonlyMap<string, string>;
}

/** Settings that cannot be meant: `path` is where, and the message says what is allowed there. */
export class SettingsError extends Error {
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'SettingsError';
    this.path = path;
  }
}

const ROOT = "settings['db-race']";
const DIALECTS: readonly Dialect[] = ['postgres', 'mysql', 'sqlite'];
const KEYS = ['clients', 'extraClients', 'dialect', 'schema', 'uniqueKeys', 'followImports', 'locks', 'transactions', 'handles', 'schemaHash'] as const satisfies readonly (keyof UserSettings)[];
/** `withLock`, `this.locks.run`: what a call's callee looks like in code. */
const DOTTED = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.#?[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u;

const byIdentity = new WeakMap<object, Settings>();
/** Hosts that merge settings anew for each file give equal objects, not identical ones; caches of the engine hang on identity. */
const byContent = new Map<string, Settings>();
const MAX_CONTENTS = 100;

/** @throws SettingsError naming the first thing that is wrong. */
export function parseSettings(raw: unknown): Settings {
  const source = raw ?? NONE;
  if (!isPlainObject(source)) throw new SettingsError(ROOT, `expected an object, got ${show(raw)}.`);
  const known = byIdentity.get(source);
  if (known) return known;
  let made: Settings | undefined;
  // Clients hold functions, which have no content to compare by.
  const key = source['extraClients'] === undefined ? JSON.stringify({ ...source, schemaHash: undefined }) : undefined;
  if (key !== undefined) made = byContent.get(key);
  made ??= check(source);
  byIdentity.set(source, made);
  if (key !== undefined) {
    if (byContent.size >= MAX_CONTENTS) byContent.clear();
    byContent.set(key, made);
  }
  return made;
}

const NONE = Object.freeze({});

function check(source: Record<string, unknown>): Settings {
  for (const key of Object.keys(source)) {
    if (!(KEYS as readonly string[]).includes(key)) throw new SettingsError(`${ROOT}.${key}`, `there is no such setting; known are ${list(KEYS)}.`);
  }
  const extraClients = clients(source['extraClients'], `${ROOT}.extraClients`);
  const ids = [...CLIENTS, ...extraClients].map((one) => one.id);
  return {
    clients: ifGiven(source['clients'], (value) => strings(value, `${ROOT}.clients`, (one, path) => oneOf(one, ids, path))),
    extraClients,
    dialect: ifGiven(source['dialect'], (value) => oneOf(value, DIALECTS, `${ROOT}.dialect`)),
    schema: ifGiven(source['schema'], (value) => schema(value, `${ROOT}.schema`)),
    uniqueKeys: ifGiven(source['uniqueKeys'], (value) => uniqueKeys(value, `${ROOT}.uniqueKeys`)) ?? [],
    followImports: ifGiven(source['followImports'], (value) => boolean(value, `${ROOT}.followImports`)) ?? true,
    locks: ifGiven(source['locks'], (value) => strings(value, `${ROOT}.locks`, dotted)) ?? [],
    transactions: ifGiven(source['transactions'], (value) => strings(value, `${ROOT}.transactions`, dotted)) ?? [],
    handles: ifGiven(source['handles'], (value) => handles(value, ids, `${ROOT}.handles`)) ?? new Map(),
  };
}

/**
 * Teaches the plugin a library: returns `client` unchanged, after a check of its shape.
 * @throws SettingsError when a required part is missing or of the wrong kind.
 */
export function defineClient<const C extends Client>(client: C): C {
  checkClient(client, 'defineClient(client)');
  return client;
}

function checkClient(value: unknown, path: string): asserts value is Client {
  if (!isPlainObject(value)) throw new SettingsError(path, `expected a client (see defineClient), got ${show(value)}.`);
  if (typeof value['id'] !== 'string' || !/^[a-z][\w-]*$/.test(value['id'])) throw new SettingsError(`${path}.id`, `expected a name of lower-case letters, digits and '-', got ${show(value['id'])}.`);
  if (typeof value['name'] !== 'string' || !value['name']) throw new SettingsError(`${path}.name`, `expected the library's name as people write it, got ${show(value['name'])}.`);
  strings(value['packages'], `${path}.packages`, string);
  const words = value['words'];
  if (!isPlainObject(words)) throw new SettingsError(`${path}.words`, `expected { reads: […], writes: […] }, got ${show(words)}.`);
  strings(words['reads'], `${path}.words.reads`, string);
  if (strings(words['writes'], `${path}.words.writes`, string).length === 0) throw new SettingsError(`${path}.words.writes`, 'expected at least one method that writes.');
  if (typeof value['call'] !== 'function') throw new SettingsError(`${path}.call`, `expected a function, got ${show(value['call'])}.`);
  for (const optional of ['imported', 'declared', 'decorated', 'around', 'member', 'claims', 'shape']) {
    if (value[optional] !== undefined && typeof value[optional] !== 'function') throw new SettingsError(`${path}.${optional}`, `expected a function, got ${show(value[optional])}.`);
  }
  if (value['shape'] !== undefined && !(value['shapeMethods'] instanceof Set)) throw new SettingsError(`${path}.shapeMethods`, `expected a Set of the method names that \`shape\` looks at, got ${show(value['shapeMethods'])}.`);
}

function clients(value: unknown, path: string): readonly Client[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new SettingsError(path, `expected an array of clients, got ${show(value)}.`);
  const seen = new Set(CLIENTS.map((one) => one.id));
  value.forEach((one: unknown, at) => {
    checkClient(one, `${path}[${at}]`);
    if (seen.has(one.id)) throw new SettingsError(`${path}[${at}].id`, `'${one.id}' is taken; ids in use are ${list([...seen])}.`);
    seen.add(one.id);
  });
  return value as Client[];
}

function schema(value: unknown, path: string): readonly string[] | false {
  if (value === false) return false;
  if (typeof value === 'string') return [string(value, path)];
  if (!Array.isArray(value)) throw new SettingsError(path, `expected a path, an array of paths, or false, got ${show(value)}.`);
  return strings(value, path, string);
}

function uniqueKeys(value: unknown, path: string): readonly AssumedKey[] {
  return strings(value, path, string).map((one, at) => {
    const key = assumedKey(one);
    if (!key) throw new SettingsError(`${path}[${at}]`, `expected a table and its columns, such as 'users(email)' or 'user_roles(user_id, role_id)', got ${show(one)}.`);
    return key;
  });
}

function handles(value: unknown, ids: readonly string[], path: string): ReadonlyMap<string, string> {
  if (!isPlainObject(value)) throw new SettingsError(path, `expected an object such as { 'ctx.db': '${ids[0]}' }, got ${show(value)}.`);
  return new Map(Object.entries(value).map(([name, id]) => [dotted(name, `${path}[${show(name)}]`), oneOf(id, ids, `${path}[${show(name)}]`)]));
}

function strings<T extends string>(value: unknown, path: string, each: (one: unknown, path: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw new SettingsError(path, `expected an array of strings, got ${show(value)}.`);
  return value.map((one: unknown, at) => each(one, `${path}[${at}]`));
}

function string(value: unknown, path: string): string {
  if (typeof value !== 'string' || !value.trim()) throw new SettingsError(path, `expected a string that is not empty, got ${show(value)}.`);
  return value;
}

function dotted(value: unknown, path: string): string {
  if (typeof value !== 'string' || !DOTTED.test(value)) throw new SettingsError(path, `expected a name as code writes it, such as 'withLock' or 'locks.run', got ${show(value)}.`);
  return value;
}

function boolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new SettingsError(path, `expected true or false, got ${show(value)}.`);
  return value;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], path: string): T {
  if (!(allowed as readonly unknown[]).includes(value)) throw new SettingsError(path, `expected one of ${list(allowed)}, got ${show(value)}.`);
  return value as T;
}

function ifGiven<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const list = (names: readonly string[]): string => names.map((one) => `'${one}'`).join(', ');

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
