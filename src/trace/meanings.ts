/** Carrying out what a client said a call means. */
import type { Call, Client, Meaning } from '../clients/client.ts';
import type { Node, Value } from '../value/terms.ts';
import { executeWithCallback } from './callbacks.ts';
import { callFunction } from './functions.ts';
import { runHook } from './hooks.ts';
import { flush, keep } from './unit-of-work.ts';
import { assignFields, baseOf, elementOf, elementsOf, entriesOf, makeArray, makeObject, setProperty } from './objects.ts';
import type { Walk } from './walk.ts';

export function interpret(walk: Walk, client: Client, meaning: Meaning, call: Call): Value {
  const { node } = call;
  if (meaning.kind === 'value' || meaning.kind === 'instance' || meaning.kind === 'handle') walk.inert.add(node);
  switch (meaning.kind) {
    case 'handle': {
      const { handle, pending } = meaning;
      if (pending) walk.hold(handle, [pending]);
      const receiver = call.receiver;
      if (handle.data['mutates'] && receiver.kind === 'handle') {
        const root = (receiver.data['root'] as number | undefined) ?? receiver.id;
        const next = walk.terms.handle(handle.client, handle.type, { ...handle.data, root });
        if (pending) walk.hold(next, [pending]);
        walk.state.versions.set(root, next);
        return next;
      }
      return handle;
    }
    case 'operation': {
      if (meaning.lazy) return walk.defer(client.id, [meaning.operation]);
      return meaning.callback?.kind === 'function' ? executeWithCallback(walk, meaning.operation, meaning.callback) : walk.execute(meaning.operation);
    }
    case 'operations': return meaning.lazy ? walk.defer(client.id, meaning.operations) : walk.executeAll(meaning.operations);
    case 'transaction': {
      const { body, args, transaction, ambient, unit } = meaning;
      if (body.kind !== 'function') return walk.terms.unknown(node, [body]);
      if (ambient) walk.ambient.push({ client: client.id, transaction });
      try {
        const value = walk.settle(callFunction(walk, body, args, node), node);
        if (unit) flush(walk, client.id, unit, node);
        return value;
      } finally {
        if (ambient) walk.ambient.pop();
      }
    }
    case 'batch': {
      const run = (given: Value, at: Node): Value => {
        const value = walk.newest(given);
        const specs = value.kind === 'handle' ? walk.pending.get(value.id) : undefined;
        if (specs) return walk.executeAll(specs, meaning.transaction);
        // `condition ? [first] : []`, `flag && update`: whichever is there runs.
        if (value.kind === 'choice') return walk.terms.choice(walk.branches(at, value.arms.map((arm) => ({ when: arm.when, run: () => runAll(arm.value, at) }))).results.map((result, index) => ({ when: value.arms[index]!.when, value: result })), at);
        return walk.settle(value, at);
      };
      /** One for each element; of a mapped collection any one, as often as there are elements. */
      const runAll = (given: Value, at: Node): Value => {
        const elements = elementsOf(walk, given);
        if (elements) return makeArray(walk, node, { elements: elements.map((one) => ({ ...one, value: one.spread ? runAll(one.value, one.node) : run(one.value, one.node) })) });
        const base = baseOf(walk, given);
        if (given.kind !== 'array' || base === given) return run(given, at);
        walk.loops.push(node);
        const result = walk.maybe(at, walk.formulas.turns(at, [base, base]), () => run(elementOf(walk, given), at));
        walk.loops.pop();
        return makeArray(walk, node, { mapped: { of: base, element: result } });
      };
      return runAll(meaning.elements, node);
    }
    case 'begin':
      if (meaning.ambient) walk.state.begun.set(client.id, meaning.transaction);
      return walk.terms.undefined;
    case 'end':
      if (meaning.unit && meaning.how === 'commit') flush(walk, client.id, meaning.unit, node);
      if (meaning.ambient) walk.state.begun.set(client.id, 'closed');
      return walk.terms.undefined;
    case 'keep':
      keep(walk, meaning.unit, meaning.how, meaning.of, node);
      if (meaning.flush) flush(walk, client.id, meaning.unit, node);
      return meaning.value;
    case 'flush': flush(walk, client.id, meaning.unit, node); return meaning.value;
    case 'value': return meaning.value;
    case 'assign': {
      if (meaning.key === undefined) assignFields(walk, meaning.to, meaning.from, node);
      else setProperty(walk, meaning.to, meaning.key, meaning.from, node);
      return meaning.to;
    }
    case 'hooks': {
      // The library calls them some time later, for another row each time.
      for (const hook of walk.quiet ? [] : meaning.hooks) {
        const { callback } = hook;
        if (callback.kind === 'function' && !walk.visited.has(callback.node)) walk.deferred(callback.node, () => runHook(walk, hook, callback, hook.of, callback.node, 'callback'));
      }
      return meaning.value;
    }
    case 'instance': {
      const entries = meaning.from ? entriesOf(walk, meaning.from) ?? [{ kind: 'spread' as const, value: meaning.from, node: meaning.node, conditional: false }] : [];
      const made = makeObject(walk, meaning.node, entries, meaning.of);
      if (meaning.unit) keep(walk, meaning.unit, 'insert', made, meaning.node);
      return made;
    }
  }
}
