/** Functions of the common utility packages that build objects: what the language's own spelling of them would give. */
import type { TSESTree } from '@typescript-eslint/types';
import { importOf } from '../source/types.ts';
import type { Value } from '../value/terms.ts';
import { elementsOf, makeObject, property } from './objects.ts';
import type { Walk } from './walk.ts';

const PACKAGES = /^(?:lodash|lodash-es|underscore|radash|es-toolkit)$/;

/** Whether a value is such a package, imported as a whole (`import _ from 'lodash'`). */
export function isUtility(walk: Walk, value: Value): boolean {
  if (value.kind !== 'input' || value.node.type !== 'Identifier') return false;
  const variable = walk.file.variable(value.node);
  const imported = variable && importOf(variable);
  return imported !== undefined && (imported.name === 'default' || imported.name === '*') && PACKAGES.test(imported.source);
}

/** What the language calls the functions that tidy a text or a number. */
const TIDYING: Readonly<Record<string, string>> = {
  trim: 'trim', toLower: 'toLowerCase', toUpper: 'toUpperCase', toString: 'String', toNumber: 'Number', toInteger: 'parseInt', toSafeInteger: 'parseInt', parseInt: 'parseInt',
};

/** `_.assign({ … }, values)` is left to the language's own; `_.pick(values, ['a', 'b'])` has what it names. */
export function utilityCall(walk: Walk, node: TSESTree.CallExpression, name: string, args: readonly Value[]): Value | undefined {
  const [first, ...rest] = args;
  const tidied = first && Object.hasOwn(TIDYING, name) ? TIDYING[name] : undefined;
  if (tidied) return walk.terms.expression(`call:${tidied}`, [first!]);
  if (name !== 'pick' || !first) return undefined;
  const keys = rest.flatMap((one) => elementsOf(walk, one)?.map((each) => each.value) ?? [one]);
  const names = keys.map((one) => (one.kind === 'literal' && typeof one.value === 'string' ? one.value : undefined));
  if (!names.length || !names.every((one) => one !== undefined)) return undefined;
  // What is not there is left out: such a property is undefined.
  return makeObject(walk, node, names.map((key) => ({ kind: 'property' as const, key, value: property(walk, first, key, node), node, conditional: true })));
}

/** Other names of `Object.assign`. */
export const ASSIGNING: ReadonlySet<string> = new Set(['assign', 'assignIn', 'extend']);
