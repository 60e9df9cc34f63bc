/** Calls on data sources, managers and repositories, by what they are called on. */
import type { Node, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { startBuilder } from './builder.ts';
import { instanceName, isRepositoryClass } from './entities.ts';
import { entityFrom, isHandle, makeHandle, repositoryData, repositoryHandle, targetOf, type EntityRef, type Origin } from './handles.ts';
import { raw } from './raw.ts';
import { readMeaning, READS } from './reads.ts';
import { typeEntity } from './recognise.ts';
import { callbackTransaction, queryRunner } from './transactions.ts';
import { writeMeaning, WRITES } from './writes.ts';

/** Methods on a known entity: repositories, and Active Record classes. */
export function onEntity(call: Call, origin: Origin, entity: EntityRef | undefined, context: ClientContext): Meaning | undefined {
  const target = targetOf(origin, entity, context.classOf(call.receiver)?.isStatic ? 'class' : 'repository', call.receiverText, call.method, call.node, context);
  const args = { values: call.args, nodes: call.argNodes };
  if (READS.has(call.method)) return readMeaning(call.method, target, args, context);
  if (WRITES.has(call.method)) return writeMeaning(call.method, target, args, context);
  switch (call.method) {
    case 'create': return created(call, entity, call.args[0], context);
    case 'merge': return { kind: 'value', value: context.terms.unknown(call.node, call.args) };
    case 'createQueryBuilder': return startBuilder(call, origin, entity, call.args[0], context);
    case 'query': return raw(call, origin, context);
    default: return undefined;
  }
}

/** `create(values)`: an instance and no statement. */
function created(call: Call, entity: EntityRef | undefined, from: Value | undefined, context: ClientContext): Meaning {
  if (from && context.elements(from)) return { kind: 'value', value: from };
  const of = entity && (entity.value ?? makeHandle(context, 'entity', { entity: entity.name }));
  return { kind: 'instance', from, of, node: call.node };
}

export function onManager(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [first, second] = call.args;
  switch (call.method) {
    case 'transaction': return callbackTransaction(call, origin, context);
    case 'getRepository': case 'getTreeRepository': case 'getMongoRepository':
      return { kind: 'handle', handle: repositoryHandle(context, entityFrom(first, context) ?? typeEntity(call.typeArgs[0]), origin) };
    case 'getCustomRepository': case 'withRepository': {
      if (isHandle(first, 'repository')) return { kind: 'handle', handle: makeHandle(context, 'repository', { ...repositoryData(first), ...origin }) };
      const facts = first && context.classOf(first);
      return { kind: 'handle', handle: repositoryHandle(context, facts && isRepositoryClass(facts) ? typeEntity(facts.superclass?.args[0]) : undefined, origin) };
    }
    case 'createQueryBuilder': return startBuilder(call, origin, entityFrom(first, context), second, context);
    case 'query': return raw(call, origin, context);
    default:
  }
  const target = (entity: EntityRef | undefined, entityNode?: Node) => targetOf(origin, entity, 'manager', call.receiverText, call.method, call.node, context, entityNode);
  if (['save', 'remove', 'softRemove', 'recover'].includes(call.method) && first) {
    const named = entityFrom(first, context);
    // `save(instance)`: an instance names its own entity; `save(User, values)` is given both.
    if (!named || !second || instanceName(first, context)) {
      const name = instanceName(first, context);
      return writeMeaning(call.method, target(name === undefined ? undefined : { name, value: undefined }), { values: call.args, nodes: call.argNodes }, context);
    }
  }
  const rest = { values: call.args.slice(1), nodes: call.argNodes.slice(1) };
  const entity = entityFrom(first, context);
  if (READS.has(call.method)) return readMeaning(call.method, target(entity, call.argNodes[0]), rest, context);
  if (WRITES.has(call.method)) return writeMeaning(call.method, target(entity, call.argNodes[0]), rest, context);
  if (call.method === 'create') return created(call, entity, second, context);
  if (call.method === 'merge') return { kind: 'value', value: context.terms.unknown(call.node, call.args) };
  return undefined;
}

export function onSource(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  if (call.method === 'createQueryRunner') return { kind: 'handle', handle: queryRunner(origin, context) };
  if (call.method === 'initialize' || call.method === 'connect') return { kind: 'value', value: call.receiver };
  return ['transaction', 'getRepository', 'getTreeRepository', 'getMongoRepository', 'getCustomRepository', 'createQueryBuilder', 'query'].includes(call.method) ? onManager(call, origin, context) : undefined;
}
