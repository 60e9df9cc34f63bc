/** Binding and assigning: identifiers, destructuring with renames, defaults and rests, fields. */
import type { TSESTree } from '@typescript-eslint/types';
import type { ObjectEntry } from '../clients/client.ts';
import { keyName, unwrap } from '../source/syntax.ts';
import type { Node, Value } from '../value/terms.ts';
import { nullish } from './conditions.ts';
import { evaluate } from './expressions.ts';
import { property, setProperty } from './objects.ts';
import { parameterValue } from './lookup.ts';
import { noteType } from './members.ts';
import type { Walk } from './walk.ts';

/** Binds the names of a declaration or assignment target to (parts of) `value`. */
export function bind(walk: Walk, target: Node, value: Value, declared?: Node | null): void {
  const pattern = unwrap(target);
  switch (pattern.type) {
    case 'Identifier': {
      const variable = walk.file.variable(pattern);
      if (!variable) return;
      // A declared type says more than an input that nobody recognised.
      const typed = value.kind === 'input' || value.kind === 'unknown' || value.kind === 'member' ? parameterValue(walk, pattern.typeAnnotation ?? declared, undefined) : undefined;
      if (!typed) noteType(walk, value, pattern.typeAnnotation ?? declared, walk.file);
      walk.state.variables.set(variable, typed ?? value);
      return;
    }
    case 'MemberExpression': {
      const object = evaluate(walk, pattern.object);
      const key = memberKey(walk, pattern);
      if (key !== undefined) setProperty(walk, object, key, value, pattern);
      return;
    }
    case 'AssignmentPattern': {
      const absent = nullish(walk, value);
      if (absent.kind === 'false') { bind(walk, pattern.left, value, declared); return; }
      const fallback = evaluate(walk, pattern.right);
      // A parameter with a handle as default (`tx = prisma`): callers that pass nothing get the plain connection.
      const merged = absent.kind === 'true' || (fallback.kind === 'handle' && value.kind !== 'handle')
        ? fallback
        : walk.terms.choice([{ when: walk.formulas.not(absent), value }, { when: absent, value: fallback }], pattern);
      bind(walk, pattern.left, merged, declared);
      return;
    }
    case 'ObjectPattern': {
      const taken: string[] = [];
      noteType(walk, value, pattern.typeAnnotation ?? declared, walk.file);
      for (const one of pattern.properties) {
        if (one.type === 'RestElement') {
          bind(walk, one.argument, restOf(walk, value, taken, one), undefined);
          continue;
        }
        const key = keyName(one.key, one.computed);
        if (key === undefined) { bind(walk, one.value, walk.terms.unknown(one, [value])); continue; }
        taken.push(key);
        bind(walk, one.value, property(walk, value, key, one));
      }
      return;
    }
    case 'ArrayPattern':
      pattern.elements.forEach((one, index) => {
        if (!one) return;
        if (one.type === 'RestElement') bind(walk, one.argument, walk.terms.unknown(one, [value]));
        else bind(walk, one, property(walk, value, String(index), one));
      });
      return;
    case 'RestElement': bind(walk, pattern.argument, value); return;
    case 'TSParameterProperty': bind(walk, pattern.parameter, value); return;
    default:
  }
}

export function memberKey(walk: Walk, node: TSESTree.MemberExpression): string | undefined {
  const name = keyName(node.property, node.computed);
  if (name !== undefined || !node.computed) return name;
  const value = evaluate(walk, node.property);
  return value.kind === 'literal' && (typeof value.value === 'string' || typeof value.value === 'number') ? String(value.value) : undefined;
}

/** `{ a, ...rest }`: a known object without the taken keys, or the whole value where it is not known. */
function restOf(walk: Walk, value: Value, taken: readonly string[], node: Node): Value {
  const entries = value.kind === 'object' ? walk.state.object(value.id)?.entries : undefined;
  const rest = walk.terms.object(node);
  const kept: ObjectEntry[] = entries
    ? entries.filter((entry) => entry.kind === 'spread' || !taken.includes(entry.key))
    // The rest of an unknown object still holds every column that was not taken out, under the object's own members.
    : [{ kind: 'spread', value, node, conditional: false }];
  walk.state.heap.set(rest.id, { entries: kept });
  return rest;
}
