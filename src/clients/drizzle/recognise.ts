/** Which imports and types stand for connections, tables, operators. */
import type { Dialect, Evidence, Value } from '../../model.ts';
import type { Call, ClientContext, DeclaredType, Meaning } from '../client.ts';
import { OPERATORS } from './conditions.ts';
import { make, ORIGIN, tableHandle } from './handles.ts';
import { firstDeclared, isCombined } from '../common/types.ts';

/** Modules that export `drizzle`, with the dialect that they speak. */
const DRIVERS: Readonly<Record<string, Dialect>> = {
  'node-postgres': 'postgres', 'postgres-js': 'postgres', 'neon-http': 'postgres', 'neon-serverless': 'postgres', neon: 'postgres', 'vercel-postgres': 'postgres', pglite: 'postgres',
  'aws-data-api/pg': 'postgres', 'xata-http': 'postgres', 'pg-proxy': 'postgres', 'bun-sql': 'postgres', supabase: 'postgres', prisma: 'postgres',
  mysql2: 'mysql', 'planetscale-serverless': 'mysql', 'tidb-serverless': 'mysql', 'mysql-proxy': 'mysql',
  'better-sqlite3': 'sqlite', libsql: 'sqlite', 'libsql/web': 'sqlite', 'libsql/node': 'sqlite', 'libsql/http': 'sqlite', d1: 'sqlite', 'bun-sqlite': 'sqlite', 'durable-sqlite': 'sqlite',
  'expo-sqlite': 'sqlite', 'op-sqlite': 'sqlite', 'sql-js': 'sqlite', 'sqlite-proxy': 'sqlite', 'node-sqlite': 'sqlite', 'sqlite-cloud': 'sqlite',
};
const CORES: Readonly<Record<string, Dialect>> = { 'pg-core': 'postgres', 'mysql-core': 'mysql', 'sqlite-core': 'sqlite' };

export const PACKAGES: readonly string[] = ['drizzle-orm', ...[...Object.keys(DRIVERS), ...Object.keys(CORES)].map((one) => `drizzle-orm/${one}`)];

const TABLE_MAKERS: Readonly<Record<string, Dialect>> = { pgTable: 'postgres', mysqlTable: 'mysql', sqliteTable: 'sqlite', pgView: 'postgres', mysqlView: 'mysql', sqliteView: 'sqlite', pgMaterializedView: 'postgres' };
const TABLE_CREATORS: Readonly<Record<string, Dialect>> = { pgTableCreator: 'postgres', mysqlTableCreator: 'mysql', sqliteTableCreator: 'sqlite' };
const SCHEMA_MAKERS: Readonly<Record<string, Dialect>> = { pgSchema: 'postgres', mysqlSchema: 'mysql' };

export function dialectOfModule(source: string): Dialect | undefined {
  const path = source.replace(/^drizzle-orm\//, '');
  return DRIVERS[path] ?? CORES[path.split('/')[0]!] ?? DRIVERS[path.split('/')[0]!];
}

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (source !== 'drizzle-orm' && !source.startsWith('drizzle-orm/')) return undefined;
  if (name === '*' || name === 'default') return make(context, 'module', { source });
  if (OPERATORS.has(name)) return make(context, 'operator', { name });
  if (name === 'sql') return make(context, 'sql', {});
  if (name === 'drizzle') return make(context, 'maker', { ...ORIGIN, dialect: dialectOfModule(source), driver: source.slice('drizzle-orm/'.length) });
  if (name in TABLE_MAKERS) return make(context, 'table-maker', { dialect: TABLE_MAKERS[name], schema: undefined });
  if (name in TABLE_CREATORS) return make(context, 'table-creator', { dialect: TABLE_CREATORS[name] });
  if (name in SCHEMA_MAKERS) return make(context, 'schema-maker', { dialect: SCHEMA_MAKERS[name] });
  if (name === 'alias' || name === 'aliasedTable') return make(context, 'operator', { name: 'alias' });
  if (name === 'withReplicas') return make(context, 'operator', { name });
  return undefined;
}

/** `PgDatabase`, `NodePgDatabase`, `PgTransaction`, `BetterSQLite3Database` … of any of the library's modules. */
const CONNECTION = /^(?:\w*Database|\w*Transaction|BaseSQLiteDatabase|Drizzle\w*)$/;

export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const inner = type.args[0];
  if (/^(?:Awaited|Promise|NonNullable|Readonly|Omit|Pick|Partial|Required)$/.test(type.name) && inner) return declaredValue(inner, context);
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  // `Parameters<Parameters<typeof db.transaction>[0]>[0]`: what the callback of a transaction receives.
  if (type.name === '[]' && callbackParameter(type)) return database(context, 'declaration', undefined, undefined);
  if (type.name === 'ReturnType' && inner?.name === 'typeof' && inner.args[0]?.name === 'drizzle' && inner.args[0].from?.startsWith('drizzle-orm')) {
    return database(context, 'declaration', dialectOfModule(inner.args[0].from), inner.args[0].from.slice('drizzle-orm/'.length));
  }
  const { from } = type;
  if (from !== 'drizzle-orm' && !from?.startsWith('drizzle-orm/')) return undefined;
  if (!CONNECTION.test(type.name)) return undefined;
  const driver = from.split('/').slice(1).filter((one) => !/^(?:driver|session|db|index)$/.test(one)).join('/');
  return database(context, type.resolved ? 'type' : 'declaration', dialectOfModule(from) ?? dialectOfType(type.name), driver in DRIVERS ? driver : undefined);
}

const dialectOfType = (name: string): Dialect | undefined => (/pg|postgres|neon/i.test(name) ? 'postgres' : /mysql|planetscale|tidb/i.test(name) ? 'mysql' : /sqlite|libsql|d1/i.test(name) ? 'sqlite' : undefined);

function callbackParameter(type: DeclaredType): boolean {
  const [owner, index] = type.args;
  if (index?.name !== '0' && index?.name !== 'literal') { if (index?.name !== '0') return false; }
  for (let at: DeclaredType | undefined = owner, depth = 0; at && depth < 6; at = at.args[0], depth++) {
    if (at.name === 'typeof') return /(?:^|\.)transaction$/.test(at.args[0]?.name ?? '');
    // `Parameters<NodePgDatabase['transaction']>`.
    if (at.name === '[]' && at.args[1]?.name === 'transaction') return true;
  }
  return false;
}

const database = (context: ClientContext, evidence: Evidence, dialect: Dialect | undefined, driver: string | undefined): Value =>
  make(context, 'database', { ...ORIGIN, evidence, dialect, driver });

/** `pgTable('users', { … })`: a table named after the variable that holds it. */
export function tableCall(call: Call, dialect: Dialect | undefined, schema: string | undefined, context: ClientContext): Meaning | undefined {
  const name = call.args[0] && context.literal(call.args[0])?.value;
  const variable = variableOf(call.node);
  if (typeof name !== 'string' && variable === undefined) return undefined;
  return { kind: 'handle', handle: tableHandle(context, variable ?? String(name), typeof name === 'string' ? name : variable!, schema, dialect, call.node.loc?.start.line) };
}

/** The variable, or the property, that a call's value is kept in. */
function variableOf(node: Call['node']): string | undefined {
  let at = node.parent;
  while (at && (at.type === 'TSAsExpression' || at.type === 'TSSatisfiesExpression' || at.type === 'TSNonNullExpression')) at = at.parent;
  if (at?.type === 'VariableDeclarator' && at.id.type === 'Identifier') return at.id.name;
  if (at?.type === 'Property' && at.key.type === 'Identifier') return at.key.name;
  if (at?.type === 'AssignmentExpression' && at.left.type === 'MemberExpression' && at.left.property.type === 'Identifier') return at.left.property.name;
  // `pgTable(…).enableRLS()`.
  if (at?.type === 'MemberExpression' && at.parent.type === 'CallExpression') return variableOf(at.parent);
  return undefined;
}
