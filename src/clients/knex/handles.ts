/** The handles of this client: connections, builders, raw fragments. */
import type { Call, ClientContext, Meaning } from '../client.ts';
import { driverViolation } from '../common/driver-violation.ts';
import { BUILDER, connectionHandle } from '../common/builder/connection.ts';
import { specOf } from '../common/builder/spec.ts';
import type { SpecOptions } from '../common/builder/spec.ts';
import type { BuilderState } from '../common/builder/state.ts';
import type { HandleValue, Value } from '../../value/terms.ts';
import type { Node } from '../../model.ts';

export const ID = BUILDER;

/**
 * `maker`: the library's function; `connection`: an instance or a transaction, callable; `provider`: what `transactionProvider()` gives;
 * `builder`: a statement; `raw`: a fragment or a statement of its own; `schema`, `migrator`: no rows.
 */
export type HandleType = 'maker' | 'connection' | 'provider' | 'builder' | 'raw' | 'functions' | 'other';

export const make = (context: ClientContext, type: HandleType, data: object = {}): HandleValue => context.terms.handle(ID, type, data as Readonly<Record<string, unknown>>);

export const connection = connectionHandle;

const OPTIONS: SpecOptions = { violation: driverViolation };
export const spec = (state: BuilderState, node: Node, context: ClientContext) => specOf(state, node, context, OPTIONS);

/** A builder that conditions of a group are collected on: it is part of another statement and never runs. */
export const group = (context: ClientContext) => (state: BuilderState): Value => make(context, 'builder', { ...state, root: undefined, mutates: undefined, own: { ...state.own, group: true } });

/** The builder with its next state. Steps change it in place, so that a variable that holds it sees them too. */
export function built(state: BuilderState, call: Call, context: ClientContext, inPlace: boolean): Meaning {
  const { root: _root, mutates: _mutates, ...plain } = state as BuilderState & { readonly mutates?: boolean };
  const root = inPlace && call.receiver.kind === 'handle' ? { mutates: true, root: call.receiver.data['root'] } : {};
  const isGroup = state.own?.['group'] === true;
  // An `insert` that nothing was given to, and a conflict clause without its action, are not finished.
  return { kind: 'handle', handle: make(context, 'builder', { ...plain, ...root }), ...(!isGroup && { pending: spec(plain, call.node, context) }) };
}
