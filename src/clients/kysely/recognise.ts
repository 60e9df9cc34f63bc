/** Which imports, types and decorators stand for a connection. */
import type { Dialect, Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import { NO_ORIGIN } from '../common/builder/state.ts';
import { connection, dataOf, make } from './handles.ts';
import type { DialectData } from './handles.ts';
import { firstDeclared, isCombined } from '../common/types.ts';

/** Packages with a dialect of their own, and what they speak. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  'kysely-postgres-js': 'postgres', 'kysely-neon': 'postgres', '@neondatabase/serverless': 'postgres', 'kysely-pglite': 'postgres', 'kysely-planetscale': 'mysql', 'kysely-d1': 'sqlite', '@libsql/kysely-libsql': 'sqlite', 'kysely-bun-sqlite': 'sqlite', 'kysely-bun-worker': 'sqlite', '@vercel/postgres-kysely': 'postgres',
};
export const PACKAGES: readonly string[] = ['kysely', 'nestjs-kysely', 'kysely-codegen', ...Object.keys(DIALECTS).filter((one) => one.includes('kysely'))];

export const dialectOfName = (name: string): Dialect | undefined => (/postgres|pg|neon/i.test(name) ? 'postgres' : /mysql|planetscale/i.test(name) ? 'mysql' : /sqlite|libsql|d1/i.test(name) ? 'sqlite' : undefined);

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  const own = source === 'kysely';
  if (own && name === 'Kysely') return make(context, 'maker');
  if (own && name === 'sql') return make(context, 'sql');
  if (own && name === '*') return make(context, 'other', { module: true });
  if (own && name === 'expressionBuilder') return make(context, 'eb-method', { state: undefined, name: 'expressionBuilder' });
  if (source === '@vercel/postgres-kysely' && name === 'createKysely') return make(context, 'maker', { dialect: 'postgres' });
  if ((own || source in DIALECTS || /kysely/.test(source)) && name.endsWith('Dialect')) return make(context, 'dialect-maker', { dialect: own ? dialectOfName(name) : DIALECTS[source] ?? dialectOfName(name) } satisfies DialectData);
  return undefined;
}

const WRAPPERS = /^(?:Awaited|Promise|NonNullable|Readonly|Omit|Pick)$/;

export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const inner = type.args[0];
  if (WRAPPERS.test(type.name) && inner) return declaredValue(inner, context);
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  if (type.from !== 'kysely') return undefined;
  return /^(?:Kysely|Transaction|ControlledTransaction|QueryCreator)$/.test(type.name) ? connection(context, { ...NO_ORIGIN, evidence: type.resolved ? 'type' : 'declaration' }) : undefined;
}

/** `new Kysely({ dialect: new PostgresDialect({ pool }) })`. */
export function dialectOfConfig(config: Value | undefined, context: ClientContext): Dialect | undefined {
  return config && dataOf<DialectData>(context.property(config, 'dialect'), 'dialect')?.dialect;
}
