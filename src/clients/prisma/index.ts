/**
 * Prisma 5 to 7: models of a client, transactions, nested writes. Promises are lazy: a call runs where it is awaited. Errors are thrown under
 * the library's own codes.
 */
import type { Dialect, OperationSpec, Value } from '../../model.ts';
import type { Call, Client, ClassFacts, ClientContext, Meaning } from '../client.ts';
import { EVIDENCE } from './evidence.ts';
import { clientCall, modelCall } from './calls.ts';
import { clientHandle, ID, isHandle, originOf, type ModelData, type Origin } from './handles.ts';
import { option, READS, related } from './reads.ts';
import { declaredValue, importedValue, isClientClass, memberValue, PACKAGES } from './recognise.ts';
import { schemaSource } from './schema.ts';
import { forms } from './forms.ts';
import { fromShape, SHAPE_METHODS } from './shape.ts';
import { isolationOf } from './transactions.ts';
import { WRITES } from './writes.ts';

/** `new PrismaClient({ adapter: new PrismaPg(…), transactionOptions: { isolationLevel } })`. */
function configured(options: Value, context: ClientContext): Partial<Origin> {
  const adapter = option(options, 'adapter', context)?.value;
  // Options that were not read hold the database's default, as nearly all do.
  const isolation = isolationOf(option(options, 'transactionOptions', context)?.value, context);
  return { ...(isHandle(adapter, 'adapter') && { dialect: adapter.data['dialect'] as Dialect | undefined }), ...(isolation !== 'default' && { isolation }) };
}

/** `new PrismaClient(…)`, `Prisma.sql`…``, `Prisma.validator<…>()(…)`. */
function onExport(call: Call, name: string, context: ClientContext): Meaning | undefined {
  const [first] = call.args;
  switch (name) {
    case 'PrismaClient': return { kind: 'handle', handle: clientHandle(context, { evidence: 'declaration', ...(first && configured(first, context)) }) };
    case 'defineExtension': case 'sql': return first && { kind: 'value', value: first };
    default: return undefined;
  }
}

/** Calls of a class on the client that it is (`this.$transaction(…)`). The class's own methods go first. */
function onInstance(call: Call, context: ClientContext): Meaning | undefined {
  const inherited = call.receiverText.startsWith('super');
  if (!inherited && context.property(call.receiver, call.method).kind === 'function') return undefined;
  return clientCall(call, { evidence: 'declaration' }, context);
}

export const prisma: Client = {
  id: ID,
  name: 'Prisma',
  packages: PACKAGES,
  evidence: EVIDENCE,
  words: {
    // Without the `$`, which is no part of a word.
    reads: [...READS, 'queryRaw', 'queryRawUnsafe'],
    writes: [...WRITES, 'executeRaw', 'executeRawUnsafe', 'queryRaw', 'queryRawUnsafe'],
  },
  schema: schemaSource,
  forms,

  imported: importedValue,
  declared: declaredValue,
  root: (context) => clientHandle(context, { evidence: 'declaration' }),
  member: memberValue,
  claims: isClientClass,
  instance: (_facts: ClassFacts, context) => clientHandle(context, { evidence: 'declaration' }),

  call(call: Call, context: ClientContext): Meaning | undefined {
    const { receiver } = call;
    if (!isHandle(receiver)) return onInstance(call, context);
    switch (receiver.type) {
      // `new PrismaPg(…)`: the adapter is all that is known of it.
      case 'adapter': return call.method === '' ? { kind: 'value', value: receiver } : undefined;
      case 'module': return onExport(call, call.method, context);
      case 'namespace': return onExport(call, call.method, context);
      case 'export': return call.method === '' ? onExport(call, String(receiver.data['name']), context) : undefined;
      case 'client': return clientCall(call, originOf(receiver), context);
      case 'model': return modelCall(call, (receiver.data as unknown as ModelData).accessor, originOf(receiver), context);
      case 'query': {
        const spec = receiver.data['spec'] as OperationSpec;
        return related(spec, call.method, call.args[0] as Value | undefined, { origin: { evidence: spec.evidence, transaction: spec.transaction }, label: `${call.receiverText}.${call.method}`, node: call.node }, context);
      }
      default: return undefined;
    }
  },

  shapeMethods: SHAPE_METHODS,
  shape: fromShape,
};
