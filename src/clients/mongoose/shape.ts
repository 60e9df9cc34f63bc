/** Recognition without declarations: `User.findOneAndUpdate(…)` of a module that was not found, `db.collection('users')`. */
import type { Call, ClientContext, Meaning } from '../client.ts';
import { collectionHandle, tableOf, type Origin } from './handles.ts';
import { READS, WRITES } from './methods.ts';
import { INSERTS, onCollection, onModel } from './models.ts';

/** Names that no other library has for its methods. */
export const OWN: ReadonlySet<string> = new Set([
  'findById', 'findByIdAndUpdate', 'findByIdAndDelete', 'findByIdAndRemove', 'findOneAndUpdate', 'findOneAndDelete', 'findOneAndReplace', 'findOneAndRemove', 'countDocuments', 'estimatedDocumentCount',
  'insertOne', 'updateOne', 'deleteOne', 'replaceOne',
]);

export const SHAPE_METHODS: ReadonlySet<string> = new Set([...READS, ...WRITES, ...INSERTS, 'collection', 'where', 'aggregate']);

/** `db`, `mongoDb`, `dbInstance`, `await getDb()`: what follows must be a method of a collection's, so that Firestore's is none. */
const DATABASE = /(?:db|database|mongo(?:db)?|connection)(?:_?(?:instance|handle|client|conn|connection))?(?:\([^()]*\))?$/i;

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'shape' };
  const text = call.receiverText;
  const last = text.slice(text.lastIndexOf('.') + 1);
  if (call.method === 'collection') {
    const [name] = call.args;
    return call.args.length === 1 && name?.kind === 'literal' && typeof name.value === 'string' && (DATABASE.test(last) || /\.db\([^()]*\)$/.test(text))
      ? { kind: 'handle', handle: collectionHandle(context, name, origin) } : undefined;
  }
  // `usersCollection.insertOne(…)`, `this.collection.findOne({ … })`.
  if (/collection$/i.test(last) && !/[()]/.test(last)) {
    const stem = last.replace(/_?collection$/i, '');
    return OWN.has(call.method) ? onCollection(call, stem || undefined, origin, context) : undefined;
  }
  const stem = last.replace(/_?Model$/i, '');
  const names = stem ? [stem, stem.charAt(0).toUpperCase() + stem.slice(1)] : [];
  const isModel = /^[A-Z][A-Za-z0-9_$]*$/.test(last) || /[a-z]_?Model$/.test(last);
  if (!isModel || !names.length) return undefined;
  const declared = names.find((one) => tableOf(one, context)?.name.toLowerCase() === one.toLowerCase());
  if (declared === undefined && !OWN.has(call.method)) return undefined;
  // A literal, an object under construction or a class of the project is no model.
  if (call.receiver.kind === 'literal' || call.receiver.kind === 'object' || call.receiver.kind === 'class' || call.receiver.kind === 'handle') return undefined;
  // `{ where: { … } }` are another library's options.
  const options = call.args[0] && context.entries(call.args[0])?.find((one) => one.kind === 'property' && one.key === 'where');
  if (options?.kind === 'property' && context.entries(options.value)) return undefined;
  return onModel(call, declared ?? (/^[A-Z]/.test(last) ? stem : names.at(-1)), declared !== undefined ? { evidence: 'declaration' } : origin, context);
}
