/** Which imports and types stand for pools, connections and tags. */
import type { Evidence, Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import { driver, MODULES, moduleNamed } from './drivers.ts';
import type { DriverId, ExportKind } from './drivers.ts';
import { connectionHandle, make } from './handles.ts';
import type { Origin } from './handles.ts';
import { firstDeclared, isCombined } from '../common/types.ts';

export const PACKAGES: readonly string[] = Object.keys(MODULES);

export const origin = (id: DriverId, evidence: Evidence): Origin => ({ evidence, driver: driver(id), session: undefined, transaction: undefined });

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  const module = moduleNamed(source);
  if (!module) return undefined;
  const kind = Object.hasOwn(module.exports, name) ? module.exports[name] : undefined;
  const data = { ...origin(module.driver, 'declaration'), kind };
  if (kind === 'tag' || kind === 'slonik-sql' || kind === 'tag-maker') return make(context, kind, data);
  // `@vercel/postgres` exports a pool itself.
  if (kind === 'pool' && name === 'db') return make(context, 'pool', data);
  // What is imported makes a connection, and may have the other exports as properties (`pg.Pool`, `mysql.createPool`).
  return kind || name === 'default' || name === '*' ? make(context, 'maker', { ...data, source }) : undefined;
}

export const ofKind = (kind: ExportKind | undefined, data: Origin, context: ClientContext): Value | undefined =>
  (kind === 'connection' ? connectionHandle(context, data) : kind === 'pool' || kind === 'tag' ? make(context, kind, data) : undefined);

/** Types of Cloudflare Workers that are global. */
const GLOBAL: Readonly<Record<string, DriverId>> = { D1Database: 'd1', D1DatabaseSession: 'd1' };

export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const [inner] = type.args;
  if (inner && /^(?:Promise|Awaited|NonNullable|Readonly)$/.test(type.name)) return declaredValue(inner, context);
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  if (type.name === 'ReturnType' && inner?.name === 'typeof' && inner.args[0]?.from === 'postgres') return make(context, 'tag', origin('postgres.js', 'declaration'));
  const evidence = type.resolved ? 'type' : 'declaration';
  if (type.from === undefined) return Object.hasOwn(GLOBAL, type.name) ? make(context, 'pool', origin(GLOBAL[type.name]!, evidence)) : undefined;
  const module = moduleNamed(type.from);
  const kind = module && Object.hasOwn(module.types, type.name) ? module.types[type.name] : undefined;
  return module && ofKind(kind, origin(module.driver, evidence), context);
}
