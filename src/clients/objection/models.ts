/** Calls on a model's class and on its rows. */
import type { Value } from '../../model.ts';
import type { Call, ClassFacts, ClientContext, Meaning } from '../client.ts';
import { connectionHandle } from '../common/builder/connection.ts';
import { NO_ORIGIN } from '../common/builder/state.ts';
import type { Origin } from '../common/builder/state.ts';
import { comparison } from '../common/rows.ts';
import { make, modelOfClass, transactionOf, type Model, type RowModel } from './handles.ts';
import { startQuery } from './query.ts';
import { relatedTo, relationOf } from './relations.ts';
import { begun, transaction } from './transactions.ts';

export const DECLARED: Origin = { ...NO_ORIGIN, evidence: 'declaration' };

/** `User.query()`, `this.query(trx)` of a class of the project; a method of its own goes first. */
export function onClass(call: Call, facts: ClassFacts, context: ClientContext): Meaning | undefined {
  const inherited = call.receiverText.startsWith('super');
  if (!inherited && context.property(call.receiver, call.method).kind === 'function') return undefined;
  return onModel(call, modelOfClass(call.receiver, facts.name, context), DECLARED, context);
}

export function onModel(call: Call, model: Model, origin: Origin, context: ClientContext): Meaning | undefined {
  const [first, second] = call.args;
  const of = model.value ?? call.receiver;
  switch (call.method) {
    case 'query': return startQuery(call, model, origin, context, { trx: first });
    case 'relatedQuery': {
      const relation = relationOf(model, textOf(first, context), context);
      return relation && startQuery(call, relation.model, origin, context, { trx: second, own: { related: 'other', ...(relation.link && relation.link.own === (model.ids[0] ?? 'id') && { foreign: relation.link.other }) } });
    }
    case 'fromJson': case 'fromDatabaseJson': case 'ensureModel': return { kind: 'instance', from: first, of, node: call.node };
    case 'transaction': return transaction(call, [], origin, context);
    case 'startTransaction': return begun(call, origin, context);
    case 'knex': return call.args.length ? undefined : { kind: 'handle', handle: connectionHandle(context, origin) };
    case 'bindTransaction': case 'bindKnex': return { kind: 'handle', handle: bound(model, { ...origin, transaction: transactionOf(first, call.node, context) ?? origin.transaction }, context) };
    case 'raw': return { kind: 'handle', handle: make(context, 'raw', { ...origin, text: first, bindings: call.args.slice(1) }) };
    default: return undefined;
  }
}

/** The class, whose queries run in a transaction. */
export function bound(model: Model, origin: Origin, context: ClientContext): Value & { kind: 'handle' } { return make(context, 'model', { ...origin, model }); }

const textOf = (value: Value | undefined, context: ClientContext): string | undefined => {
  const text = value && context.literal(value)?.value;
  return typeof text === 'string' ? text : undefined;
};

/** `user.$query().patch(…)`, `user.$relatedQuery('posts').insert(…)`; a method that the class has for its rows is followed. */
export function onRow(call: Call, { model }: RowModel, context: ClientContext): Meaning | undefined {
  const { receiver, node } = call;
  const [first, second] = call.args;
  switch (call.method) {
    case '$query': {
      const arm = model.ids.map((column) => comparison(column, '=', context.property(receiver, column), undefined));
      return startQuery(call, model, DECLARED, context, { trx: first, predicate: { arms: [arm], complete: true, node }, own: { row: receiver } });
    }
    case '$relatedQuery': {
      const relation = relationOf(model, textOf(first, context), context);
      if (!relation) return undefined;
      const { link } = relation;
      return startQuery(call, relation.model, DECLARED, context, { trx: second, predicate: relatedTo(receiver, relation, context, node), own: { related: link && model.ids.length === 1 && link.own === model.ids[0] ? 'has' : 'other', ...(link && { links: [{ column: link.other, value: context.property(receiver, link.own) }] }) } });
    }
    case '$set': case '$setJson': return first && { kind: 'assign', to: receiver, from: first };
    case '$id': return call.args.length ? undefined : { kind: 'value', value: context.property(receiver, model.ids[0] ?? 'id') };
    case '$toJson': case 'toJSON': case '$clone': case '$omit': case '$pick': return { kind: 'value', value: receiver };
    default: return ownMethod(call, model, context);
  }
}

/** A method that the project's class has for its rows, with the row as its `this`. */
function ownMethod(call: Call, model: Model, context: ClientContext): Meaning | undefined {
  if (!model.value || call.receiver.kind === 'object') return undefined;
  const own = context.property(context.terms.object(call.node, model.value), call.method);
  const value = own.kind === 'function' ? context.callback({ ...own, self: call.receiver }, call.args) : undefined;
  return value && { kind: 'value', value };
}
