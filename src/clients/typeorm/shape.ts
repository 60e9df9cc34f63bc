/** Recognition without declarations: `AppDataSource.getRepository(User)` of a module that was not found, `this.usersRepository.findOne({ where })`. */
import type { Call, ClientContext, Meaning } from '../client.ts';
import { instanceName } from './entities.ts';
import { entityFrom, type Origin } from './handles.ts';
import { onEntity, onManager, onSource } from './calls.ts';
import { isFindOptions } from './options.ts';
import { READS } from './reads.ts';
import { entityByName } from './recognise.ts';
import { WRITES } from './writes.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set([...READS, ...WRITES, 'create', 'getRepository', 'transaction', 'createQueryRunner', 'createQueryBuilder']);

const SOURCE = /(data_?source|connection|entity_?manager|^manager|\.manager)$/i;
const REPOSITORY = /repo(sitory|sitories)?$/i;

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'shape' };
  const name = call.receiverText.slice(call.receiverText.lastIndexOf('.') + 1);
  const entity = entityFrom(call.args[0], context);
  switch (call.method) {
    case 'getRepository': return entity ? onManager(call, origin, context) : undefined;
    case 'createQueryRunner': return SOURCE.test(call.receiverText) ? onSource(call, origin, context) : undefined;
    case 'transaction': return SOURCE.test(call.receiverText) && call.args.some((one) => one.kind === 'function') ? onManager(call, origin, context) : undefined;
    default:
  }
  // A manager shows itself by an entity class as the first argument, or an instance of one.
  if (SOURCE.test(call.receiverText) && call.method !== 'create') {
    const given = call.args[0];
    return given && (instanceName(given, context) || (entity && given.kind !== 'literal')) ? onManager(call, origin, context) : undefined;
  }
  if (!REPOSITORY.test(name)) return undefined;
  const own = entityByName(name, context);
  if (own) return onEntity(call, origin, own, context);
  const options = call.args[0];
  const optioned = options !== undefined && isFindOptions(options, context) && context.entries(options)!.some((one) => one.kind === 'property' && one.key === 'where');
  if (optioned && READS.has(call.method)) return onEntity(call, origin, undefined, context);
  return call.method === 'save' ? savesCreated(call, origin, context) : undefined;
}

/** `repository.save(repository.create({ … }))`: no other library builds rows this way. */
function savesCreated(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const made = call.argNodes[0];
  if (made?.type !== 'CallExpression' || made.callee.type !== 'MemberExpression') return undefined;
  const { object, property } = made.callee;
  if (property.type !== 'Identifier' || property.name !== 'create' || context.text(object).replace(/\s+/g, ' ') !== call.receiverText) return undefined;
  return onEntity(call, origin, undefined, context);
}
