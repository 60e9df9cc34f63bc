/** Transactions that code was given by somebody else. */
import type { Node, Transaction, Value } from '../../model.ts';
import type { ClientContext } from '../client.ts';

const received = new WeakMap<Value, Transaction>();

/**
 * The transaction that `value` may stand for. One that was received is the same for all calls that are given it, and nothing else is known of it;
 * one that a caller may leave out protects nobody.
 * @param told what the library itself says of a value; undefined: nothing, so that it may be a received one
 */
export function receivedTransaction(value: Value, told: (value: Value) => { readonly transaction: Transaction | undefined } | undefined, node: Node, context: ClientContext): Transaction | undefined {
  const own = told(value);
  if (own) return own.transaction;
  if (value.kind === 'choice') {
    const arms = value.arms.map((arm) => receivedTransaction(arm.value, told, node, context));
    return arms.every((one) => one !== undefined) ? arms[0] : undefined;
  }
  const known = received.get(value);
  if (known) return known;
  const made = context.transaction(node, 'default', 'manual', undefined);
  received.set(value, made);
  return made;
}
