/** Documents: made by `new Model(values)` or handed out by a look-up, written by `save`, `updateOne`, `deleteOne`. */
import type { Node, OperationSpec, Row, Table, Transaction, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { documentPredicate } from './filter.ts';
import { documentModel, isHandle, specFor, targetOf, transactionIn, type Origin, type Target } from './handles.ts';
import { statement } from './methods.ts';
import { startQuery } from './query.ts';
import { savedRow } from './update.ts';
import { VIOLATION } from './violation.ts';

export function onDocument(call: Call, context: ClientContext): Meaning | undefined {
  const { receiver, node } = call;
  const name = documentModel(receiver);
  if (name === undefined) return undefined;
  const origin: Origin = { evidence: 'declaration' };
  const target = targetOf(call, origin, name, 'document', context);
  const [first, second] = call.args;
  switch (call.method) {
    case 'save': {
      const operation = saved(target, receiver, transactionIn(first, context), context, node);
      const callback = call.args.find((one) => one.kind === 'function');
      return { kind: 'operation', operation, lazy: false, ...(callback && { callback }) };
    }
    case 'updateOne': case 'update':
      return first && startQuery(call, { target, method: 'updateOne', predicate: documentPredicate(receiver, context, node), update: { value: first, node: call.argNodes[0] }, options: second, transaction: transactionIn(second, context) }, context);
    case 'deleteOne': case 'remove': case 'delete': {
      const operation = statement({ target, method: 'deleteOne', predicate: documentPredicate(receiver, context, node), transaction: transactionIn(first, context) }, context);
      // Sent at once, and silent about a document that is gone.
      return operation && { kind: 'operation', operation: { ...operation, many: false, miss: 'silent', result: [] }, lazy: false };
    }
    case 'set': return setFields(call, context);
    default: return undefined;
  }
}

/** `document.set({ name })`: fields are assigned, and the document is given back. Of `set('name', value)` the field is not told here. */
function setFields({ args: [first], receiver }: Call, context: ClientContext): Meaning | undefined {
  if (!first || !context.entries(first)) return { kind: 'value', value: receiver };
  return { kind: 'assign', to: receiver, from: first };
}

/**
 * The filter of a save holds the version of the document where an array is written as a whole, or the schema asks for it always: then
 * it fails with a VersionError when the document was changed meanwhile. Appended elements and scalars are not guarded.
 */
function isGuarded(row: Row, table: Table | undefined): boolean {
  return table?.columns.get('__v')?.version === true || row.assignments.some((one) => one.how === 'set' && table?.columns.get(one.column)?.type === 'array');
}

/**
 * `document.save()`: an insert of a new document; of a loaded one an update by `_id` of the paths that were assigned, with values that
 * code computed. Of a variable that holds either, the trace decides.
 */
export function saved(target: Target, value: Value, transaction: Transaction | undefined, context: ClientContext, node: Node): OperationSpec {
  const isNew = value.kind === 'object' && isHandle(value.of, 'model') && !context.entries(value)?.some((one) => one.kind === 'property' && one.key === 'isNew');
  const row = savedRow(value, target.table.table, context, node);
  return specFor(target, {
    verb: isNew ? 'insert' : 'save', many: false, rows: [row], saved: value, partial: true, transaction, violation: VIOLATION,
    ...(!isNew && { predicate: documentPredicate(value, context, node), miss: 'silent' as const }),
    ...(!isNew && isGuarded(row, target.table.table) && { optimistic: true, miss: 'throws' as const }),
    result: [{ path: [], is: 'written' }],
    detail: { method: 'save' },
  });
}
