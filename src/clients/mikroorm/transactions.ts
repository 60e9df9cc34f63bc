/** Transactions: `em.transactional(callback)`, `em.begin` / `commit` / `rollback`, forks. */
import type { Isolation, Node, Transaction, Value } from '../../model.ts';
import type { Around, Call, ClientContext, DecoratorUse, Meaning } from '../client.ts';
import { ID, isPackage } from './entities.ts';
import { dialectOf, makeHandle, type Origin } from './handles.ts';
import { isolationOf } from './options.ts';
import { isOfContext, makeUnit, openUnit, unitOf } from './unit.ts';

export function begin(call: Pick<Call, 'node'>, isolation: Isolation, form: Transaction['form'], origin: Origin, context: ClientContext): Transaction {
  const made = context.transaction(call.node, isolation, form, origin.transaction ?? context.ambient(ID));
  const dialect = dialectOf(origin, context);
  return made.dialect === dialect ? made : { ...made, dialect };
}

/**
 * `em.transactional(async (em) => …)`: all managers and repositories of the context are inside as long as the callback runs, whether they
 * were handed to it or not, and what it changed is written before the commit.
 */
export function transactional(call: Call, origin: Origin, context: ClientContext): Meaning | undefined {
  const [body, options] = call.args;
  if (!body) return undefined;
  const transaction = begin(call, isolationOf(options, context), 'callback', origin, context);
  const unit = openUnit(transaction, origin, context);
  return { kind: 'transaction', transaction, body, args: [makeHandle(context, 'manager', { ...origin, transaction, unit })], ambient: isOfContext(origin), unit };
}

/** `@Transactional({ isolationLevel })`: the method is the callback. */
export function decorated(decorator: DecoratorUse, node: Node, context: ClientContext): Around | undefined {
  if (decorator.name !== 'Transactional' || !isPackage(decorator.from)) return undefined;
  const origin: Origin = { evidence: 'declaration' };
  const transaction = begin({ node }, isolationOf(decorator.args[0], context), 'declared', origin, context);
  return { transaction, unit: openUnit(transaction, origin, context) };
}

/** Manual control. A fork's statements name their manager, all others are of the context, which the transaction then holds for. */
export function controlled(call: Call, receiver: Value, origin: Origin, context: ClientContext): Meaning | undefined {
  if (receiver.kind !== 'handle') return undefined;
  switch (call.method) {
    case 'begin': return { kind: 'begin', transaction: begin(call, isolationOf(call.args[0], context), 'manual', origin, context), handle: receiver, ambient: true };
    case 'commit': return { kind: 'end', handle: receiver, how: 'commit', ambient: true, unit: unitOf(origin, context) };
    case 'rollback': return { kind: 'end', handle: receiver, how: 'rollback', ambient: true };
    default: return undefined;
  }
}

export function fork(origin: Origin, context: ClientContext): Meaning {
  return { kind: 'handle', handle: makeHandle(context, 'manager', { ...origin, transaction: undefined, unit: makeUnit() }) };
}
