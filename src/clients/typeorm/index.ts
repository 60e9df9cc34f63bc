/**
 * TypeORM 0.3 and 1.x: repositories, managers, Active Record, query builders. Calls run at once, errors are thrown, and only what
 * is made from a transaction's own manager runs inside it.
 */
import type { Call, Client, ClientContext, ClassFacts, Meaning } from '../client.ts';
import { EVIDENCE } from './evidence.ts';
import { brackets, builderCall } from './builder.ts';
import { onEntity, onManager, onSource } from './calls.ts';
import { instanceName, isActiveRecord, isRepositoryClass, rowTable } from './entities.ts';
import { entityFrom, ID, isHandle, makeHandle, originOf, repositoryData, repositoryHandle, targetOf, type Origin } from './handles.ts';
import { forms } from './forms.ts';
import { HOOKS, hookMethod } from './hooks.ts';
import { operatorTerm } from './operators.ts';
import { raw } from './raw.ts';
import { READS, reload } from './reads.ts';
import { dataSourceFrom, declaredValue, decoratedValue, extensionMember, importedValue, memberValue, PACKAGES, typeEntity } from './recognise.ts';
import { entitySource } from './schema.ts';
import { SHAPE_METHODS, fromShape } from './shape.ts';
import { runnerCall } from './transactions.ts';
import { rowPredicate } from './where.ts';
import { save, writeMeaning, WRITES } from './writes.ts';

const BUILDER_READS = ['getOne', 'getOneOrFail', 'getMany', 'getCount', 'getExists', 'getRawOne', 'getRawMany', 'getManyAndCount', 'query'];

function onExport(call: Call, name: string, context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'declaration' };
  switch (name) {
    case 'DataSource': case 'Connection': case 'createConnection': return { kind: 'handle', handle: dataSourceFrom(call.args[0], context) };
    case 'getConnection': return { kind: 'handle', handle: makeHandle(context, 'data-source', origin) };
    case 'getManager': return { kind: 'handle', handle: makeHandle(context, 'manager', origin) };
    case 'getRepository': case 'getTreeRepository': case 'getCustomRepository': case 'createQueryBuilder': return onManager({ ...call, method: name }, origin, context);
    case 'Repository': return { kind: 'handle', handle: repositoryHandle(context, entityFrom(call.args[0], context) ?? typeEntity(call.typeArgs[0]), origin) };
    case 'Brackets': return brackets(call, context);
    case 'EntitySchema': {
      const entity = call.args[0] && context.literal(context.property(call.args[0], 'name'))?.value;
      return typeof entity === 'string' ? { kind: 'handle', handle: makeHandle(context, 'entity', { entity }) } : undefined;
    }
    default: return undefined;
  }
}

/** `this.findOne(…)` of a custom repository, `User.findOneBy(…)`, `user.save()`. The class's own methods go first. */
function onClass(call: Call, facts: ClassFacts, context: ClientContext): Meaning | undefined {
  const inherited = call.receiverText.startsWith('super');
  if (!inherited && context.property(call.receiver, call.method).kind === 'function') return undefined;
  const origin: Origin = { evidence: 'declaration' };
  if (isRepositoryClass(facts)) return facts.isStatic ? undefined : onEntity(call, origin, typeEntity(facts.superclass?.args[0]), context);
  if (facts.isStatic) return onEntity(call, origin, { name: facts.name, value: call.receiver }, context);
  return onRow(call, facts.name, origin, context);
}

function onRow(call: Call, name: string, origin: Origin, context: ClientContext): Meaning | undefined {
  const target = targetOf(origin, { name, value: undefined }, 'row', call.receiverText, call.method, call.node, context);
  switch (call.method) {
    case 'save': return save(target, call.receiver, call.node, context);
    case 'remove': case 'softRemove': case 'recover': return writeMeaning(call.method, target, { values: [call.receiver], nodes: [call.node] }, context);
    case 'reload': return reload(target, call, rowPredicate(call.receiver, target.ref.table, context, call.node), context);
    default: return undefined;
  }
}

export const typeorm: Client = {
  id: ID,
  name: 'TypeORM',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: {
    reads: [...READS, ...BUILDER_READS],
    writes: [...WRITES, 'execute', 'query'],
    hooks: HOOKS,
  },
  schema: entitySource,

  forms,

  imported: importedValue,
  declared: declaredValue,
  root: (context) => makeHandle(context, 'manager', { evidence: 'declaration' }),
  decorated: decoratedValue,
  member: memberValue,
  claims: (facts) => isRepositoryClass(facts) || isActiveRecord(facts),

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (isHandle(receiver)) {
      const origin = originOf(receiver);
      switch (receiver.type) {
        case 'module': return onExport(call, call.method, context);
        case 'export': return call.method === '' ? onExport(call, String(receiver.data['name']), context) : undefined;
        case 'operator': return { kind: 'value', value: operatorTerm(String(receiver.data['name']), call.args, context) };
        case 'data-source': return onSource(call, origin, context);
        case 'manager': return onManager(call, origin, context);
        case 'repository': {
          if (call.method === 'extend') return { kind: 'handle', handle: makeHandle(context, 'repository', { ...repositoryData(receiver), extension: call.args[0] }) };
          const own = extensionMember(receiver, call.method, context);
          if (own) { const value = context.callback(own, call.args); return value && { kind: 'value', value }; }
          return onEntity(call, origin, repositoryData(receiver).entity, context);
        }
        case 'query-runner': return runnerCall(call, receiver, context) ?? (call.method === 'query' ? raw(call, origin, context) : undefined);
        case 'builder': return builderCall(call, receiver, context);
        default: return undefined;
      }
    }
    const facts = context.classOf(receiver);
    if (facts && (isRepositoryClass(facts) || isActiveRecord(facts))) return onClass(call, facts, context);
    // `(found ?? User.create({ … })).save()`: a row or a new entity, of one table either way.
    const row = receiver.kind === 'choice' ? instanceName(receiver, context) : rowTable(receiver, context);
    return row === undefined ? undefined : onRow(call, row, { evidence: 'declaration' }, context);
  },

  hook: hookMethod,

  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
