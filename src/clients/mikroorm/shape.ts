/** Recognition without declarations: `DI.em.findOne(User, …)`, `this.em.persistAndFlush(user)`, `DI.userRepository.findOne({ email })`. */
import type { Call, ClientContext, Meaning } from '../client.ts';
import { onManager, onRepository } from './calls.ts';
import { declaredEntity, instanceName } from './entities.ts';
import { entityFrom, type Origin } from './handles.ts';
import { READS } from './reads.ts';
import { entityByName } from './recognise.ts';
import { WRITES } from './writes.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set([
  ...READS, ...WRITES, 'create', 'persist', 'persistAndFlush', 'remove', 'removeAndFlush', 'flush', 'transactional', 'fork', 'getRepository', 'getReference', 'assign', 'begin', 'commit', 'rollback',
]);

const MANAGER = /(?:^|\.|_)(?:em|entityManager|entitymanager|orm\.em)$/i;
/** Methods that no other library's manager has. */
const OWN: ReadonlySet<string> = new Set(['persistAndFlush', 'removeAndFlush', 'nativeInsert', 'nativeUpdate', 'nativeDelete', 'transactional', 'fork', 'findOneOrFail', 'upsertMany', 'insertMany']);

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  // Only of a project that depends on the library: the names alone are anybody's.
  if (context.version('@mikro-orm/core') === undefined && !context.catalogue.tables.some((one) => one.client === 'mikroorm')) return undefined;
  const origin: Origin = { evidence: 'shape' };
  const receiver = call.receiverText.replace(/[!?]/g, '');
  if (MANAGER.test(receiver)) {
    const [first] = call.args;
    const named = first && (entityFrom(first, context)?.name ?? instanceName(first, context));
    const known = named !== undefined && declaredEntity(named, context) !== undefined;
    return known || OWN.has(call.method) || call.method === 'flush' || call.method === 'persist' ? onManager(call, origin, context) : undefined;
  }
  const name = receiver.slice(receiver.lastIndexOf('.') + 1);
  const own = entityByName(name, context);
  return own && onRepository(call, origin, own, context);
}
