/** Carrying out what a client said a call means. */
import type { Call, Client, Meaning } from '../clients/client.ts';
import type { Value } from '../value/terms.ts';
import { callFunction } from './functions.ts';
import { elementsOf, entriesOf, makeArray, makeObject } from './objects.ts';
import type { Walk } from './walk.ts';

export function interpret(walk: Walk, client: Client, meaning: Meaning, call: Call): Value {
  const { node } = call;
  switch (meaning.kind) {
    case 'handle': {
      const { handle, pending } = meaning;
      if (pending) walk.pending.set(handle.id, [pending]);
      const receiver = call.receiver;
      if (handle.data['mutates'] && receiver.kind === 'handle') {
        const root = (receiver.data['root'] as number | undefined) ?? receiver.id;
        const next = walk.terms.handle(handle.client, handle.type, { ...handle.data, root });
        if (pending) walk.pending.set(next.id, [pending]);
        walk.state.versions.set(root, next);
        return next;
      }
      return handle;
    }
    case 'operation': return meaning.lazy ? walk.defer(client.id, [meaning.operation]) : walk.execute(meaning.operation);
    case 'operations': return meaning.lazy ? walk.defer(client.id, meaning.operations) : walk.executeAll(meaning.operations);
    case 'transaction': {
      const { body, args } = meaning;
      if (body.kind === 'function') return walk.settle(callFunction(walk, body, args, node), node);
      return walk.terms.unknown(node, [body]);
    }
    case 'batch': {
      const elements = elementsOf(walk, meaning.elements);
      if (!elements) return walk.settle(meaning.elements, node);
      const results = elements.map((one) => {
        const value = walk.newest(one.value);
        const specs = value.kind === 'handle' ? walk.pending.get(value.id) : undefined;
        return specs ? walk.executeAll(specs.map((spec) => ({ ...spec, transaction: meaning.transaction }))) : walk.settle(one.value, one.node);
      });
      return makeArray(walk, node, { elements: results.map((value, index) => ({ value, node: elements[index]!.node, spread: false })) });
    }
    case 'begin': walk.state.open.set(meaning.handle.id, meaning.transaction); return walk.terms.undefined;
    case 'end': return walk.terms.undefined;
    case 'value': return meaning.value;
    case 'instance': {
      const entries = meaning.from ? entriesOf(walk, meaning.from) ?? [{ kind: 'spread' as const, value: meaning.from, node: meaning.node, conditional: false }] : [];
      return makeObject(walk, meaning.node, entries, meaning.of);
    }
  }
}
