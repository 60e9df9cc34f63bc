/**
 * MikroORM 5 to 7: entity managers, repositories, query builders. Reads run at once; entities that were made, changed or removed are
 * written when the unit of work is flushed, all in one transaction.
 */
import type { Call, Client, ClassFacts, ClientContext, Meaning } from '../client.ts';
import { EVIDENCE } from './evidence.ts';
import { builderCall } from './builder.ts';
import { onExport, onManager, onRepository, onWrapped } from './calls.ts';
import { ID, isRepositoryClass } from './entities.ts';
import { forms } from './forms.ts';
import { dialectOfPackage, entityOf, isHandle, makeHandle, originOf, type Origin } from './handles.ts';
import { READS } from './reads.ts';
import { declaredValue, decoratedValue, importedValue, inherited, memberValue, PACKAGES, typeEntity } from './recognise.ts';
import { entitySource } from './schema.ts';
import { SHAPE_METHODS, fromShape } from './shape.ts';
import { decorated } from './transactions.ts';
import { WRITES } from './writes.ts';

const BUILDER_READS = ['getSingleResult', 'getSingleResultOrFail', 'getResult', 'getResultList', 'getResultAndCount', 'getCount', 'execute'];
const UNIT_WRITES = ['flush', 'persist', 'persistAndFlush', 'remove', 'removeAndFlush', 'create', 'transactional', 'Transactional', 'commit'];

/** `this.findOne(…)` of a custom repository. The class's own methods go first. */
function onClass(call: Call, facts: ClassFacts, context: ClientContext): Meaning | undefined {
  const isInherited = call.receiverText.startsWith('super');
  if (!isInherited && context.property(call.receiver, call.method).kind === 'function') return undefined;
  const origin: Origin = { evidence: 'declaration' };
  return facts.isStatic ? undefined : onRepository(call, origin, typeEntity(facts.superclass?.args[0]), context);
}

export const mikroorm: Client = {
  id: ID,
  name: 'MikroORM',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: { reads: [...READS, ...BUILDER_READS], writes: [...WRITES, ...UNIT_WRITES, 'execute'] },
  schema: entitySource,
  forms,

  imported: importedValue,
  declared: declaredValue,
  decorated: decoratedValue,
  around: decorated,
  root: (context) => makeHandle(context, 'manager', { evidence: 'declaration' }),
  member: memberValue,
  claims: isRepositoryClass,
  instance: (facts, context) => (isRepositoryClass(facts) ? inherited(facts.superclass, context) : undefined),

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (!isHandle(receiver)) {
      const facts = context.classOf(receiver);
      return facts && isRepositoryClass(facts) ? onClass(call, facts, context) : undefined;
    }
    const origin = originOf(receiver);
    switch (receiver.type) {
      case 'module': return onExport(call, call.method, dialectOfPackage(String(receiver.data['source'])), context);
      case 'export': return onExport(call, String(receiver.data['name']), dialectOfPackage(String(receiver.data['source'])), context);
      case 'manager': return onManager(call, origin, context);
      case 'repository': return onRepository(call, origin, entityOf(receiver), context);
      case 'builder': return builderCall(call, receiver, context);
      case 'wrapped': return onWrapped(call, receiver.data['row'] as Call['receiver'], context);
      case 'orm': return call.method === 'getRepository' ? onManager(call, origin, context) : undefined;
      default: return undefined;
    }
  },

  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
