/** Questions about syntax that need no evaluation. */
import type { TSESTree } from '@typescript-eslint/types';
import type { Node } from './file.ts';

export type FunctionNode = TSESTree.FunctionDeclaration | TSESTree.FunctionExpression | TSESTree.ArrowFunctionExpression;

export function isFunction(node: Node): node is FunctionNode {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

/** Without the wrappers that change no value: parentheses, `as`, `!`, `satisfies`, `<T>x`, `?.` chains. */
export function unwrap(node: Node): Node {
  for (let at = node; ;) {
    switch (at.type) {
      case 'TSAsExpression': case 'TSNonNullExpression': case 'TSTypeAssertion': case 'TSSatisfiesExpression': case 'TSInstantiationExpression':
      case 'ChainExpression':
        at = at.expression;
        break;
      default:
        if ((at.type as string) === 'ParenthesizedExpression') { at = (at as unknown as { expression: Node }).expression; break; }
        return at;
    }
  }
}

/** The static name of a property key or member, or undefined when it is computed from something unknown. */
export function keyName(key: Node, computed: boolean): string | undefined {
  if (!computed && key.type === 'Identifier') return key.name;
  if (key.type === 'PrivateIdentifier') return `#${key.name}`;
  if (key.type === 'Literal' && (typeof key.value === 'string' || typeof key.value === 'number')) return String(key.value);
  if (key.type === 'TemplateLiteral' && key.quasis.length === 1) return key.quasis[0]!.value.cooked ?? undefined;
  return undefined;
}

/** What a chain of calls starts from: `tx` of `tx.user.create(…)` and of `tx('users').insert(…)`, `this.tx` of `this.tx.user.create(…)`. */
export function chainRoot(call: Node): Node {
  let at = unwrap(call);
  for (;;) {
    const inner: Node | undefined = at.type === 'CallExpression' ? at.callee : at.type === 'MemberExpression' && at.object.type !== 'ThisExpression' ? at.object : undefined;
    if (!inner) return at;
    at = unwrap(inner);
  }
}

/** The function that directly contains `node`, or undefined at module level. */
export function enclosingFunction(node: Node): FunctionNode | undefined {
  for (let at = node.parent; at; at = at.parent) if (isFunction(at)) return at;
  return undefined;
}

/** The name under which people know a function: its own, its variable's, method's or property's. */
export function functionName(node: FunctionNode): string | undefined {
  if (node.id) return node.id.name;
  const parent = node.parent;
  switch (parent.type) {
    case 'VariableDeclarator': return parent.id.type === 'Identifier' ? parent.id.name : undefined;
    case 'MethodDefinition': case 'Property': case 'PropertyDefinition': return keyName(parent.key, parent.computed);
    case 'AssignmentExpression': return parent.left.type === 'MemberExpression' ? keyName(parent.left.property, parent.left.computed) : parent.left.type === 'Identifier' ? parent.left.name : undefined;
    default: return undefined;
  }
}

/** The statement that contains `node`. */
export function enclosingStatement(node: Node): TSESTree.Statement {
  let at: Node = node;
  while (at.parent && !(at.parent.type === 'BlockStatement' || at.parent.type === 'Program' || at.parent.type === 'SwitchCase' || at.parent.type === 'StaticBlock' || at.parent.type === 'TSModuleBlock')) {
    if (/Statement$|Declaration$/.test(at.type) && !isFunction(at)) break;
    at = at.parent;
  }
  return at as TSESTree.Statement;
}

export function contains(outer: Node, inner: Node): boolean {
  return outer.range[0] <= inner.range[0] && inner.range[1] <= outer.range[1];
}

/** Every node below `root`, itself included, outermost first. `visit` returns false to leave a node's children out. */
export function eachNode(root: Node, visit: (node: Node) => boolean | void): void {
  const pending: Node[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (visit(node) === false) continue;
    const children: Node[] = [];
    for (const key in node) {
      if (key === 'parent' || key === 'loc' || key === 'range') continue;
      const child = (node as unknown as Record<string, unknown>)[key];
      if (Array.isArray(child)) { for (const one of child) if (isNode(one)) children.push(one); } else if (isNode(child)) children.push(child);
    }
    for (let index = children.length - 1; index >= 0; index--) pending.push(children[index]!);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}
