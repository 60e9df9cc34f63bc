/** Which imports and types stand for a connection, and connections known by the shape of what is called on them. */
import type { Dialect, Value } from '../../model.ts';
import type { Call, ClientContext, DeclaredType } from '../client.ts';
import { isStep } from '../common/builder/steps.ts';
import { stepsAfter } from '../common/nodes.ts';
import { NO_ORIGIN } from '../common/builder/state.ts';
import { connection, make } from './handles.ts';
import { firstDeclared, isCombined } from '../common/types.ts';

export const PACKAGES: readonly string[] = ['knex', 'nestjs-knex', 'nest-knexjs'];

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (source !== 'knex') return undefined;
  return name === 'default' || name === 'knex' || name === '*' || name === 'Knex' ? make(context, 'maker') : undefined;
}

const WRAPPERS = /^(?:Awaited|Promise|NonNullable|Readonly|Partial|Required)$/;

export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const inner = type.args[0];
  if (WRAPPERS.test(type.name) && inner) return declaredValue(inner, context);
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  // `typeof knex`, `ReturnType<typeof knex>`.
  if ((type.name === 'typeof' || type.name === 'ReturnType') && inner) return inner.from === 'knex' || inner.name === 'typeof' ? declaredValue(inner, context) : undefined;
  if (type.from !== 'knex') return undefined;
  const name = type.name.replace(/^(?:Knex|knex)\./, '');
  return name === 'Knex' || name === 'knex' || name === 'Transaction' ? connection(context, { ...NO_ORIGIN, evidence: type.resolved ? 'type' : 'declaration' }) : undefined;
}

const CLIENTS: Readonly<Record<string, Dialect>> = {
  pg: 'postgres', postgres: 'postgres', postgresql: 'postgres', pgnative: 'postgres', 'pg-native': 'postgres', cockroachdb: 'postgres', redshift: 'postgres', mysql: 'mysql', mysql2: 'mysql', mariadb: 'mysql',
  sqlite3: 'sqlite', sqlite: 'sqlite', 'better-sqlite3': 'sqlite',
};

/** `knex({ client: 'pg', … })`, `knex('postgres://…')`. */
export function dialectOfConfig(config: Value | undefined, context: ClientContext): Dialect | undefined {
  if (!config) return undefined;
  const text = context.literal(config)?.value;
  if (typeof text === 'string') return CLIENTS[/^(?<scheme>[\w-]+):/.exec(text)?.groups?.['scheme'] ?? ''];
  const named = context.literal(context.property(config, 'client'))?.value ?? context.literal(context.property(config, 'dialect'))?.value;
  return typeof named === 'string' ? CLIENTS[named.toLowerCase()] : undefined;
}

/** What projects call a connection. `knex` says it alone; the others only in a project that has the library. */
const OWN_NAME = /(?:^|[._$#(\s])(?:\w*[kK]nex\w*)(?:\(\))?\)?!?$/;
const NAMED = /(?:^|[._$#(\s])(?:\w*[dD]b|DB|database|tx|trx|\w*Trx|\w*Tx|t|conn|connection|transaction|readOnly|writer|reader|pg|sql)(?:\(\))?\)?!?$/;

export function namesConnection(text: string, context: ClientContext): boolean {
  return OWN_NAME.test(text) || (NAMED.test(text) && context.version('knex') !== undefined);
}

/** All steps that follow are this builder's, and one of them only this kind of builder has. */
const TELLING = /^(?:where|whereIn|whereNull|whereNotNull|whereNot|whereRaw|whereNotIn|orWhere|andWhere|first|insert|update|del|delete|pluck|count|countDistinct|max|min|sum|onConflict|increment|decrement|returning|forUpdate|transacting|orderBy|join|innerJoin|leftJoin|select|truncate|from|into|modify|clone|limit|distinct|groupBy)$/;
const LATER: ReadonlySet<string> = new Set(['transacting', 'from', 'into', 'table', 'then', 'catch', 'finally', 'stream', 'toSQL', 'toString', 'toQuery', 'rowCount', 'pipe']);

export function continues(call: Call): boolean {
  const steps = stepsAfter(call.node);
  return steps.length > 0 && TELLING.test(steps[0]!) && steps.every((one) => LATER.has(one) || isStep(one));
}
