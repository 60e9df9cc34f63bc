/** Recognition without declarations: `User.findOneAndUpdate(…)` of a module that was not found, `db.collection('users')`. */
import type { Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { stepsAfter } from '../common/nodes.ts';
import { collectionHandle, tableOf, type Origin } from './handles.ts';
import { READS, WRITES } from './methods.ts';
import { INSERTS, onCollection, onModel } from './models.ts';

/** Names that no other library has for its methods. */
export const OWN: ReadonlySet<string> = new Set([
  'findById', 'findByIdAndUpdate', 'findByIdAndDelete', 'findByIdAndRemove', 'findOneAndUpdate', 'findOneAndDelete', 'findOneAndReplace', 'findOneAndRemove', 'countDocuments', 'estimatedDocumentCount',
  'insertOne', 'updateOne', 'deleteOne', 'replaceOne',
]);

/** Names that the driver has and nobody else, by which a property of a database's is a collection: `req.app.db.users.insertOne(…)`. */
export const DRIVER: ReadonlySet<string> = new Set([...OWN].filter((one) => !/^findById|Remove$/.test(one)));

/** What Firestore's collections have not. */
const COLLECTION: ReadonlySet<string> = new Set([...DRIVER, 'findOne', 'find', 'insertMany', 'updateMany', 'deleteMany', 'aggregate', 'distinct', 'bulkWrite', 'createIndex']);

export const SHAPE_METHODS: ReadonlySet<string> = new Set([...READS, ...WRITES, ...INSERTS, 'collection', 'where', 'aggregate']);

/** `db`, `mongoDb`, `dbInstance`, `await getDb()`: what follows must be a method of a collection's, so that Firestore's is none. */
const DATABASE = /(?:db|database|mongo(?:db)?|connection)(?:_?(?:instance|handle|client|conn|connection))?(?:\([^()]*\))?$/i;

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'shape' };
  const text = call.receiverText;
  const last = text.slice(text.lastIndexOf('.') + 1);
  if (call.method === 'collection') {
    const [name] = call.args;
    return call.args.length === 1 && name?.kind === 'literal' && typeof name.value === 'string' && (DATABASE.test(last) || /\.db\([^()]*\)$/.test(text) || isAsked(call))
      ? { kind: 'handle', handle: collectionHandle(context, name, origin) } : undefined;
  }
  const kept = keptCollection(call, context);
  if (kept !== undefined) return onCollection(call, kept, origin, context);
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
  if (isOptions(call.args[0], context)) return undefined;
  return onModel(call, declared ?? (/^[A-Z]/.test(last) ? stem : names.at(-1)), declared !== undefined ? { evidence: 'declaration' } : origin, context);
}

/** `dbo.collection('users').findOne(…)`: whatever gives the collection. */
const isAsked = (call: Call): boolean => COLLECTION.has(stepsAfter(call.node)[0] ?? '');

/** `req.app.db.users.findOne({ … })`: collections that somebody keeps as properties of the database, where the project has the driver. */
function keptCollection(call: Call, context: ClientContext): string | undefined {
  const parts = /(?<database>\w+)\??\.(?<name>[a-z]\w*)$/.exec(call.receiverText)?.groups;
  if (!parts || !DATABASE.test(parts['database']!) || call.receiver.kind === 'handle' || call.receiver.kind === 'object') return undefined;
  if (context.version('mongodb') === undefined && context.version('mongoose') === undefined) return undefined;
  return DRIVER.has(call.method) || (COLLECTION.has(call.method) && !isOptions(call.args[0], context)) ? parts['name'] : undefined;
}

/** `{ where: { … } }` are another library's options. */
function isOptions(value: Value | undefined, context: ClientContext): boolean {
  const where = value && context.entries(value)?.find((one) => one.kind === 'property' && one.key === 'where');
  return where?.kind === 'property' && context.entries(where.value) !== undefined;
}
