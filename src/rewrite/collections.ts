/** Questions about collections as code writes them: whether one is tested for emptiness, filled, or made of another. */
import type { TSESTree } from '@typescript-eslint/types';
import type { SourceFile } from '../source/file.ts';
import { keyName, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';

export interface Emptiness { readonly list: Node; readonly empty: boolean }

/** `!rows.length`, `rows.length === 0`, `rows?.length`, `rows && rows.length > 0`. */
export function emptinessOf(test: Node): Emptiness | undefined {
  const node = unwrap(test);
  if (node.type === 'UnaryExpression' && node.operator === '!') {
    const inner = emptinessOf(node.argument);
    return inner && { ...inner, empty: !inner.empty };
  }
  const list = lengthOf(node);
  if (list) return { list, empty: false };
  if (node.type === 'BinaryExpression' && node.left.type !== 'PrivateIdentifier') {
    const counted = lengthOf(unwrap(node.left));
    const number = node.right.type === 'Literal' ? node.right.value : undefined;
    if (!counted || typeof number !== 'number') return undefined;
    if ((number === 0 && /^===?$/.test(node.operator)) || (number === 1 && node.operator === '<') || (number === 0 && node.operator === '<=')) return { list: counted, empty: true };
    return (number === 0 && /^(?:>|!==?)$/.test(node.operator)) || (number === 1 && node.operator === '>=') ? { list: counted, empty: false } : undefined;
  }
  return undefined;
}

function lengthOf(node: Node): Node | undefined {
  return node.type === 'MemberExpression' && !node.optional && keyName(node.property, node.computed) === 'length' ? unwrap(node.object) : undefined;
}

/** `rows.push(…)`, `seen.add(…)`: what is filled. */
export function pushedInto(node: TSESTree.CallExpression): Node | undefined {
  const callee = unwrap(node.callee);
  return callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier' && /^(?:push|unshift|add|set|sort)$/.test(callee.property.name) ? callee.object : undefined;
}

/** `list.map(fn)`: the list, with the callback, when each element becomes one. */
export function mappedOf(node: Node): { readonly list: Node; readonly callback: TSESTree.ArrowFunctionExpression } | undefined {
  const call = unwrap(node);
  if (call.type !== 'CallExpression' || call.arguments.length !== 1) return undefined;
  const callee = unwrap(call.callee);
  const [callback] = call.arguments;
  return callee.type === 'MemberExpression' && !callee.optional && keyName(callee.property, callee.computed) === 'map' && callback?.type === 'ArrowFunctionExpression' ? { list: unwrap(callee.object), callback } : undefined;
}

/** The value of a `const`, or the node itself. */
export function definitionOf(node: Node, file: SourceFile): Node {
  const at = unwrap(node);
  const variable = at.type === 'Identifier' ? file.variable(at) : undefined;
  const declared = variable?.defs.length === 1 ? variable.defs[0]!.node as unknown as Node : undefined;
  const writes = variable?.references.filter((one) => one.isWrite()).length ?? 0;
  const changed = variable?.references.some((one) => {
    const member = (one.identifier as unknown as Node).parent;
    return member?.type === 'MemberExpression' && member.object === (one.identifier as unknown as Node) && /^(?:push|unshift|pop|shift|splice|fill|length)$/.test(keyName(member.property, member.computed) ?? '') && isChange(member);
  });
  return declared?.type === 'VariableDeclarator' && declared.init && declared.id.type === 'Identifier' && writes === 1 && !changed ? unwrap(declared.init) : at;
}

/** Calls of it, and assignments to it: `rows.length` alone only asks. */
const isChange = (member: Node): boolean => member.parent?.type === 'CallExpression' || member.parent?.type === 'AssignmentExpression';

/** A variable or a path of properties: evaluating it again gives the same and does nothing. */
export function isPath(node: Node): boolean {
  const at = unwrap(node);
  return at.type === 'Identifier' || at.type === 'ThisExpression' || (at.type === 'MemberExpression' && !at.computed && !at.optional && isPath(at.object));
}

/** Whether one collection is empty exactly when the other is: the same, or one made of the other element by element. */
export function isSameCollection(one: Node, other: Node, file: SourceFile): boolean {
  const roots = (node: Node): string[] => {
    const texts: string[] = [];
    for (let at: Node | undefined = unwrap(node), steps = 0; at && steps < 6; steps++) {
      if (isPath(at)) texts.push(file.slice(at));
      const definition: Node = definitionOf(at, file);
      at = definition === at ? mappedOf(at)?.list : definition;
    }
    return texts;
  };
  const others = new Set(roots(other));
  return roots(one).some((text) => others.has(text));
}
