/** Calls on managers, repositories, exports and rows, by what they are called on. */
import type { Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { startBuilder } from './builder.ts';
import { instanceName } from './entities.ts';
import { entityFrom, makeHandle, repositoryHandle, targetOf, type EntityRef, type Origin } from './handles.ts';
import { execute, fragment } from './raw.ts';
import { ofRow, readMeaning, READS } from './reads.ts';
import { typeEntity } from './recognise.ts';
import { controlled, fork, transactional } from './transactions.ts';
import { unitOf } from './unit.ts';
import { writeMeaning, WRITES } from './writes.ts';

const KEEPS: ReadonlySet<string> = new Set(['persist', 'persistLater', 'persistAndFlush', 'remove', 'removeLater', 'removeEntity', 'removeAndFlush']);

/** What waits for a flush, and the flush itself. Repositories had these methods up to version 5. */
function unitCall(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const unit = unitOf(origin, context);
  const [first] = call.args;
  if (call.method === 'flush') return { kind: 'flush', unit, value: context.terms.undefined };
  if (!KEEPS.has(call.method) || !first) return undefined;
  const flushes = call.method.endsWith('AndFlush');
  // `em.remove(User, where)` of version 3 and before was a statement of its own.
  const how = call.method.startsWith('remove') ? 'delete' as const : 'insert' as const;
  return { kind: 'keep', unit, how, of: first, flush: flushes, value: flushes ? context.terms.undefined : call.receiver };
}

/** `create(values)`: a new entity, which the next flush inserts unless it is told otherwise (version 5: until it is persisted). */
function created(call: Call, origin: Origin, entity: EntityRef | undefined, from: Value | undefined, options: Value | undefined, context: ClientContext): Meaning {
  const version = context.version('@mikro-orm/core');
  const told = options && context.entries(options) ? context.literal(context.property(options, 'persist'))?.value : undefined;
  const persists = told ?? (version === undefined || version >= 6);
  return { kind: 'instance', from, of: target(entity, context), node: call.node, ...(persists === true && { unit: unitOf(origin, context) }) };
}

function target(entity: EntityRef | undefined, context: ClientContext): Value | undefined {
  return entity && (entity.value ?? makeHandle(context, 'entity', { entity: entity.name }));
}

/** `getReference(User, id)`: an entity of which the key is known; nothing is read. */
function reference(call: Call, entity: EntityRef | undefined, id: Value | undefined, context: ClientContext): Meaning {
  const key = entity && context.catalogue.find('mikroorm', entity.name)?.keys.find((one) => one.primary)?.columns;
  const column = key?.length === 1 ? key[0]! : 'id';
  return { kind: 'assign', to: context.terms.object(call.node, target(entity, context)), from: id ?? context.terms.undefined, key: column };
}

export function onManager(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [first, second, third] = call.args;
  const { method } = call;
  switch (method) {
    case 'transactional': return transactional(call, origin, context);
    case 'begin': case 'commit': case 'rollback': return controlled(call, call.receiver, origin, context);
    case 'fork': return fork(origin, context);
    case 'getContext': return { kind: 'value', value: call.receiver };
    case 'clear': case 'isInTransaction': return undefined;
    case 'getRepository': case 'repo': return { kind: 'handle', handle: repositoryHandle(context, entityFrom(first, context) ?? typeEntity(call.typeArgs[0]), origin) };
    case 'createQueryBuilder': case 'qb': return startBuilder(call, origin, entityFrom(first, context), context);
    case 'execute': return execute(call, origin, context);
    case 'getConnection': case 'getDriver': return { kind: 'value', value: call.receiver };
    case 'create': return created(call, origin, entityFrom(first, context), second, third, context);
    case 'getReference': return reference(call, entityFrom(first, context), second, context);
    case 'assign': return first && second && { kind: 'assign', to: first, from: second };
    case 'merge': return first && { kind: 'value', value: second ? context.terms.unknown(call.node, call.args) : first };
    case 'lock': case 'refresh': case 'refreshOrFail': {
      const name = first && instanceName(first, context);
      return ofRow(method, targetOf(call, origin, name === undefined ? undefined : { name, value: undefined }, 'manager', context), call.args, context);
    }
    default:
  }
  const kept = unitCall(call, origin, context);
  if (kept) return kept;
  const entity = entityFrom(first, context);
  // `em.upsert(entity)`, `em.insert(entity)`: an instance names its own entity.
  const instance = !entity && first && WRITES.has(method) ? instanceName(context.elements(first) ? context.element(first) : first, context) : undefined;
  if (instance !== undefined) return writeMeaning(method, targetOf(call, origin, { name: instance, value: undefined }, 'manager', context), { values: call.args, nodes: call.argNodes }, context);
  const own = targetOf(call, origin, entity, 'manager', context);
  const rest = { values: call.args.slice(1), nodes: call.argNodes.slice(1) };
  if (READS.has(method)) return readMeaning(method, own, rest, context);
  return WRITES.has(method) ? writeMeaning(method, own, rest, context) : undefined;
}

export function onRepository(call: Call, origin: Origin, entity: EntityRef | undefined, context: ClientContext): Meaning | undefined {
  const [first, second] = call.args;
  const own = targetOf(call, origin, entity, 'repository', context);
  const args = { values: call.args, nodes: call.argNodes };
  switch (call.method) {
    case 'getEntityManager': return { kind: 'handle', handle: makeHandle(context, 'manager', origin) };
    case 'createQueryBuilder': case 'qb': return startBuilder(call, origin, entity, context);
    case 'create': return created(call, origin, entity, first, second, context);
    case 'getReference': return reference(call, entity, first, context);
    case 'assign': return first && second && { kind: 'assign', to: first, from: second };
    case 'merge': return first && { kind: 'value', value: context.terms.unknown(call.node, call.args) };
    default:
  }
  const kept = unitCall(call, origin, context);
  if (kept) return kept;
  if (READS.has(call.method)) return readMeaning(call.method, own, args, context);
  return WRITES.has(call.method) ? writeMeaning(call.method, own, args, context) : undefined;
}

export function onExport(call: Call, name: string, dialect: Origin['dialect'], context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'declaration', ...(dialect && { dialect }) };
  const [first, second] = call.args;
  switch (name) {
    case 'MikroORM': return call.method === 'init' || call.method === 'initSync' || call.isNew ? { kind: 'handle', handle: makeHandle(context, 'orm', origin) } : undefined;
    case 'RequestContext': return call.method === 'getEntityManager' || call.method === 'currentRequestContext' ? { kind: 'handle', handle: makeHandle(context, 'manager', origin) } : undefined;
    case 'raw': return { kind: 'value', value: fragment(call.args, context) };
    case 'sql': return call.method === '' || call.method === 'raw' ? { kind: 'value', value: fragment(call.args, context) } : undefined;
    case 'wrap': return first && { kind: 'handle', handle: makeHandle(context, 'wrapped', { row: first }) };
    case 'ref': return second && call.method === '' ? reference({ ...call, method: 'getReference' }, entityFrom(first, context), second, context) : first && { kind: 'value', value: first };
    case 'Reference': return call.method === 'create' && first ? { kind: 'value', value: first } : call.method === 'createFromPK' ? reference(call, entityFrom(first, context), second, context) : undefined;
    case 'EntitySchema': case 'defineEntity': {
      const given = first && context.entries(first) ? context.literal(context.property(first, 'name'))?.value : undefined;
      const own = typeof given === 'string' ? given : first && context.entries(first) ? entityFrom(context.property(first, 'class'), context)?.name : undefined;
      return own === undefined ? undefined : { kind: 'handle', handle: makeHandle(context, 'entity', { entity: own }) };
    }
    default: return undefined;
  }
}

/** `wrap(user).assign({ … })`. */
export function onWrapped(call: Call, row: Value, context: ClientContext): Meaning | undefined {
  switch (call.method) {
    case 'assign': return call.args[0] && { kind: 'assign', to: row, from: call.args[0] };
    case 'init': case 'populate': case 'toReference': return { kind: 'value', value: row };
    default: return { kind: 'value', value: context.terms.unknown(call.node, [row, ...call.args]) };
  }
}
