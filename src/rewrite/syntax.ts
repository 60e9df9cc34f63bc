/** Statements and expressions as rewrites look at them. */
import type { TSESTree } from '@typescript-eslint/types';
import { isFunction, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';

export type Statement = TSESTree.Statement;

/** Whether a statement always leaves its block. */
export function leaves(node: Statement | null | undefined): boolean {
  switch (node?.type) {
    case 'ReturnStatement': case 'ThrowStatement': case 'ContinueStatement': case 'BreakStatement': return true;
    case 'BlockStatement': return node.body.length > 0 && leaves(node.body.at(-1));
    case 'IfStatement': return leaves(node.consequent) && leaves(node.alternate);
    default: return false;
  }
}

export function bodyOf(node: Statement): readonly Statement[] {
  return node.type === 'BlockStatement' ? node.body : [node];
}

/** The statements of a block, module or case. */
export function statementsOf(node: Node): readonly Statement[] | undefined {
  if (node.type === 'BlockStatement') return node.body;
  if (node.type === 'Program') return node.body as readonly Statement[];
  return node.type === 'SwitchCase' ? node.consequent : undefined;
}

/** `await x`, `x as T`, `(x)!`: the expression and the value that it hands on. */
export function awaited(node: Node): Node {
  let at = unwrap(node);
  while (at.type === 'AwaitExpression') at = unwrap(at.argument);
  return at;
}

/** The `await` around a call, wrappers included; the call itself when nothing awaits it. */
export function withAwait(call: Node): Node {
  let at = call;
  for (let parent = at.parent; parent && awaited(parent) === unwrap(call) && parent.type !== 'ExpressionStatement'; parent = at.parent) {
    at = parent;
    if (parent.type === 'AwaitExpression') return at;
  }
  return call;
}

/** The nearest `try` of the same function whose handler or `finally` comes after a node. */
export function enclosingTry(node: Node): TSESTree.TryStatement | undefined {
  for (let at: Node | undefined = node; at?.parent && !isFunction(at); at = at.parent) {
    if (at.parent.type === 'TryStatement' && (at.parent.block === at || (at.parent.finalizer && at.parent.finalizer !== at))) return at.parent;
  }
  return undefined;
}

/** Whether `inner` is evaluated whenever `outer` is: no branch, loop or function lies between. */
export function isUnconditionalIn(outer: Node, inner: Node): boolean {
  for (let at = inner.parent; at && at !== outer; at = at.parent) {
    if (/^(?:ConditionalExpression|LogicalExpression|ArrowFunctionExpression|FunctionExpression|FunctionDeclaration|IfStatement|TryStatement|SwitchStatement|ClassBody)$/.test(at.type) || /^(?:For|While|DoWhile)/.test(at.type)) return false;
    if (at.type === 'ChainExpression' || (at.type === 'CallExpression' && at.optional)) return false;
  }
  return true;
}

/** The range of an expression with the parentheses around it, which no tree keeps. */
export function withParentheses(node: Node, text: string): [number, number] {
  let [start, end] = node.range;
  for (;;) {
    const before = /\(\s*$/.exec(text.slice(Math.max(0, start - 80), start));
    const after = /^\s*\)/.exec(text.slice(end, end + 80));
    if (!before || !after || opensArguments(text, start - before[0].length)) return [start, end];
    start -= before[0].length;
    end += after[0].length;
  }
}

/** The parenthesis opens arguments or a condition, not a grouping. */
function opensArguments(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 20), at);
  return /[\w$)\]>]\s*$/.test(before) && !/(?:\b(?:return|await|throw|yield|typeof|void|in|of|case)|=>)\s*$/.test(before);
}
