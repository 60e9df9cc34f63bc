/** What clients may ask while they look at a call: the trace's knowledge, without its machinery. */
import type { ClientContext } from '../clients/client.ts';
import { contains } from '../source/syntax.ts';
import type { FunctionValue } from '../value/terms.ts';
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
    entries: (value) => entriesOf(walk, value),
    property: (value, key) => property(walk, value, key, walk.file.ast),
    elements: (value) => elementsOf(walk, value),
    element: (value) => elementOf(walk, value),
    literal: (value) => (value.kind === 'literal' ? { value: value.value } : undefined),
    callback: (value, args) => (value.kind === 'function' ? callFunction(walk, value as FunctionValue, args, value.node) : undefined),
    classOf: (value) => classFacts(walk, value),
    text: (node) => (contains(walk.file.ast, node) ? walk.file.slice(node) : ''),
    transaction: (node, isolation, form, parent) => ({ id: walk.nextTransaction(), isolation, dialect: surroundings.dialect, parent, form, node }),
  };
}
