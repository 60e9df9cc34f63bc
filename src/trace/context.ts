/** What clients may ask while they look at a call: the trace's knowledge, without its machinery. */
import type { ClientContext, Session } from '../clients/client.ts';
import type { Transaction } from '../model.ts';
import { contains } from '../source/syntax.ts';
import type { SourceFile } from '../source/file.ts';
import type { FunctionValue, Value } from '../value/terms.ts';
import { callFunction } from './functions.ts';
import { classFacts, elementOf, elementsOf, entriesOf, property } from './objects.ts';
import type { Walk } from './walk.ts';

export function createContext(walk: Walk): ClientContext {
  const { surroundings } = walk;
  return {
    terms: walk.terms,
    catalogue: surroundings.catalogue,
    dialect: surroundings.dialect,
    version: surroundings.version,
    nearest: (packages) => surroundings.nearest?.(packages) ?? [],
    entries: (value) => entriesOf(walk, value),
    property: (value, key) => property(walk, value, key, walk.file.ast),
    elements: (value) => elementsOf(walk, value),
    element: (value) => elementOf(walk, value),
    literal: (value) => (value.kind === 'literal' ? { value: value.value } : undefined),
    callback: (value, args) => (value.kind === 'function' ? callback(walk, value, args) : undefined),
    newest: (value) => walk.newest(value),
    classOf: (value) => classFacts(walk, value),
    text: (node) => (contains(walk.file.ast, node) ? walk.file.slice(node) : ''),
    ambient: (client) => walk.ambientOf(client),
    transaction: (node, isolation, form, parent) => ({ id: walk.nextTransaction(), isolation, dialect: surroundings.dialect, parent, form, node }),
    session: (transaction) => session(walk, transaction),
  };
}

/** Kept in the state, so that what a branch that leaves did to it is not done to the others. */
function session(walk: Walk, transaction: Transaction | undefined): Session {
  const id = walk.nextSession();
  if (transaction) walk.state.sessions.set(id, transaction);
  return {
    get transaction() { const found = walk.state.session(id); return found === 'closed' ? undefined : found; },
    set transaction(next) { walk.state.sessions.set(id, next ?? 'closed'); },
  };
}

/** A method that the class of a row has is called where the row's is; a callback runs where it is written. */
function callback(walk: Walk, fn: FunctionValue, args: readonly Value[]): Value {
  const { calling, file } = walk;
  const isGiven = !calling || ((fn.scope as { file: SourceFile }).file === file && contains(calling, fn.node));
  const value = callFunction(walk, fn, args, isGiven ? fn.node : calling);
  walk.calling = calling;
  return value;
}
