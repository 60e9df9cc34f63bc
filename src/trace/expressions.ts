/** Expressions to values. Every sub-expression is evaluated exactly once, in source order, so that operations happen in order. */
import type { TSESTree } from '@typescript-eslint/types';
import type { ArrayEntry, ObjectEntry } from '../clients/client.ts';
import { keyName } from '../source/syntax.ts';
import { namedBy } from '../source/types.ts';
import type { Node, Value } from '../value/terms.ts';
import { call, construct, taggedTemplate } from './calls.ts';
import { classValue } from './classes.ts';
import { namedTest, shortCircuit, truthiness } from './conditions.ts';
import { lookup } from './lookup.ts';
import { baseOf, change, makeArray, makeObject, present, property } from './objects.ts';
import { bind, memberKey } from './patterns.ts';
import { facetOf, isRowCount } from './results.ts';
import type { Walk } from './walk.ts';

/** `ctx.db`, where the project's settings say what it is. */
function namedHandle(walk: Walk, node: Node): Value | undefined {
  const { handles } = walk.surroundings;
  if (!handles?.size) return undefined;
  const id = handles.get(walk.file.slice(node).replace(/[?!\s]/g, ''));
  return id === undefined ? undefined : walk.client(id)?.root?.(walk.context);
}

export function evaluate(walk: Walk, node: Node): Value {
  walk.steps++;
  if (walk.exhausted) return walk.terms.unknown(node);
  const { terms } = walk;
  switch (node.type) {
    case 'Identifier': return namedHandle(walk, node) ?? lookup(walk, node);
    case 'Literal': return terms.literal('regex' in node && node.regex ? String(node.raw) : 'bigint' in node && node.bigint ? BigInt(node.bigint) : (node.value as string | number | boolean | null));
    case 'TemplateLiteral': return template(walk, node);
    case 'TaggedTemplateExpression': return taggedTemplate(walk, node);
    case 'TSAsExpression': case 'TSTypeAssertion': return asserted(walk, evaluate(walk, node.expression), node.typeAnnotation);
    case 'TSNonNullExpression': case 'TSSatisfiesExpression': case 'TSInstantiationExpression': case 'ChainExpression':
      return evaluate(walk, node.expression);
    case 'ThisExpression': return walk.activation?.self ?? terms.input('this', node, 'this');
    case 'MemberExpression': return namedHandle(walk, node) ?? member(walk, node);
    case 'CallExpression': return call(walk, node);
    case 'NewExpression': return construct(walk, node);
    case 'AwaitExpression': return awaited(walk, node);
    case 'YieldExpression': return node.argument ? walk.settle(evaluate(walk, node.argument), node) : terms.unknown(node);
    case 'ObjectExpression': return objectLiteral(walk, node);
    case 'ArrayExpression': return arrayLiteral(walk, node);
    case 'ArrowFunctionExpression': case 'FunctionExpression':
      return terms.function(node, { file: walk.file }, node.type === 'ArrowFunctionExpression' ? walk.activation?.self : undefined);
    case 'ClassExpression': return classValue(walk, node, walk.file);
    case 'ConditionalExpression': return conditional(walk, node);
    case 'LogicalExpression': return logical(walk, node);
    case 'UnaryExpression': return unary(walk, node);
    case 'BinaryExpression': return binary(walk, node);
    case 'AssignmentExpression': return assignment(walk, node);
    case 'UpdateExpression': return update(walk, node);
    case 'SequenceExpression': return node.expressions.map((one) => evaluate(walk, one)).at(-1) ?? terms.undefined;
    case 'SpreadElement': return evaluate(walk, node.argument);
    case 'ImportExpression': evaluate(walk, node.source); return terms.unknown(node);
    case 'JSXElement': case 'JSXFragment': return jsx(walk, node);
    case 'JSXExpressionContainer': return node.expression.type === 'JSXEmptyExpression' ? terms.undefined : evaluate(walk, node.expression);
    default: return terms.unknown(node);
  }
}

/** `count as number`: a count that drivers give as a text equals no number; whoever says that it is one has a driver that parses it. */
function asserted(walk: Walk, value: Value, { type }: TSESTree.TypeNode): Value {
  const facet = type === 'TSNumberKeyword' ? facetOf(value) : undefined;
  return facet && isRowCount(facet) && facet.part.numeric === 'string' ? walk.terms.expression('call:Number', [value]) : value;
}

function template(walk: Walk, node: TSESTree.TemplateLiteral): Value {
  const parts: Value[] = [];
  node.quasis.forEach((quasi, index) => {
    parts.push(walk.terms.literal(quasi.value.cooked ?? quasi.value.raw));
    const expression = node.expressions[index];
    if (expression) parts.push(evaluate(walk, expression));
  });
  // `${kind}Token` of a known kind: a text, which may name a field.
  if (parts.every((one) => one.kind === 'literal')) return walk.terms.literal(parts.map((one) => String(one.kind === 'literal' ? one.value : '')).join(''));
  return walk.terms.expression('template', parts);
}

function member(walk: Walk, node: TSESTree.MemberExpression): Value {
  if (node.object.type === 'Super') return walk.terms.unknown(node);
  const object = evaluate(walk, node.object);
  const key = memberKey(walk, node);
  if (key === undefined) {
    const index = evaluate(walk, node.property);
    return foundAt(walk, present(walk, object, node), index) ?? walk.terms.unknown(node, [object, index]);
  }
  return property(walk, present(walk, object, node), key, node);
}

/** `lines[index]` after `const index = lines.findIndex(…)`: what `find` would have given. */
function foundAt(walk: Walk, object: Value, index: Value): Value | undefined {
  const [found] = index.kind === 'expression' && index.operator === 'indexOf' ? index.operands : [];
  return found?.kind === 'filtered' && found.of === baseOf(walk, object) ? walk.terms.member(found, '0') : undefined;
}

function objectLiteral(walk: Walk, node: TSESTree.ObjectExpression): Value {
  const entries: ObjectEntry[] = [];
  const { file } = walk;
  let self: Value | undefined;
  for (const one of node.properties) {
    if (one.type === 'SpreadElement') {
      entries.push({ kind: 'spread', value: evaluate(walk, one.argument), node: one, conditional: false });
      continue;
    }
    const key = keyName(one.key, one.computed) ?? computedKey(walk, one.key);
    if (one.value.type === 'FunctionExpression' || one.value.type === 'ArrowFunctionExpression') {
      self ??= walk.terms.object(node);
      const fn = walk.terms.function(one.value, { file }, one.value.type === 'FunctionExpression' ? self : walk.activation?.self);
      if (key !== undefined) entries.push({ kind: 'property', key, value: fn, node: one, conditional: false });
      continue;
    }
    const value = evaluate(walk, one.value);
    // An unknown key may be any column: the object is then no longer known column by column.
    if (key === undefined) entries.push({ kind: 'spread', value: walk.terms.unknown(one, [value]), node: one, conditional: false });
    else entries.push({ kind: 'property', key, value, node: one, conditional: false });
  }
  if (!self) return makeObject(walk, node, entries);
  walk.state.heap.set(self.id, { entries });
  return self;
}

function computedKey(walk: Walk, key: Node): string | undefined {
  const value = evaluate(walk, key);
  return value.kind === 'literal' && (typeof value.value === 'string' || typeof value.value === 'number') ? String(value.value) : undefined;
}

function arrayLiteral(walk: Walk, node: TSESTree.ArrayExpression): Value {
  const elements: ArrayEntry[] = node.elements.map((one) => {
    if (!one) return { value: walk.terms.undefined, node, spread: false };
    if (one.type === 'SpreadElement') return { value: evaluate(walk, one.argument), node: one, spread: true };
    return { value: evaluate(walk, one), node: one, spread: false };
  });
  // `[...rows]` is the same collection.
  const only = elements.length === 1 && elements[0]!.spread ? elements[0]!.value : undefined;
  if (only && only.kind !== 'unknown') return only;
  return makeArray(walk, node, { elements });
}

function conditional(walk: Walk, node: TSESTree.ConditionalExpression): Value {
  const when = condition(walk, node.test);
  const not = walk.formulas.not(when);
  const { results, states } = walk.branches(node, [
    { when, run: () => evaluate(walk, node.consequent) },
    { when: not, run: () => evaluate(walk, node.alternate) },
  ]);
  if (states[0]!.dead) return results[1]!;
  if (states[1]!.dead) return results[0]!;
  return walk.terms.choice([{ when, value: results[0]! }, { when: not, value: results[1]! }], node);
}

function logical(walk: Walk, node: TSESTree.LogicalExpression): Value {
  const left = evaluate(walk, node.left);
  const goesOn = shortCircuit(walk, node.operator, left);
  const stays = walk.formulas.not(goesOn);
  if (goesOn.kind === 'false') return left;
  const { results } = walk.branches(node, [{ when: goesOn, run: () => evaluate(walk, node.right) }, { when: stays, run: () => left }]);
  if (goesOn.kind === 'true') return results[0]!;
  return walk.terms.choice([{ when: stays, value: left }, { when: goesOn, value: results[0]! }], node);
}

/** A test as a formula, its operations executed on the way. */
export function condition(walk: Walk, given: Node): ReturnType<typeof truthiness> {
  const node = given.type === 'ChainExpression' || given.type === 'TSNonNullExpression' || given.type === 'TSAsExpression' ? given.expression : given;
  if (node.type === 'LogicalExpression' && node.operator !== '??') {
    const left = condition(walk, node.left);
    const goesOn = node.operator === '&&' ? left : walk.formulas.not(left);
    const { results } = walk.branches(node, [{ when: goesOn, run: () => condition(walk, node.right) }, { when: walk.formulas.not(goesOn), run: () => walk.formulas.true }]);
    return node.operator === '&&' ? walk.formulas.and(left, results[0]!) : walk.formulas.or(left, results[0]!);
  }
  if (node.type === 'UnaryExpression' && node.operator === '!') return walk.formulas.not(condition(walk, node.argument));
  if (node.type === 'BinaryExpression' && node.operator === 'instanceof') {
    return namedTest(walk, node, walk.file.slice(node.right), [evaluate(walk, node.left)], namedBy(node.right, walk.file)?.from);
  }
  return truthiness(walk, evaluate(walk, node));
}

function unary(walk: Walk, node: TSESTree.UnaryExpression): Value {
  if (node.operator === 'delete' && node.argument.type === 'MemberExpression') { change(walk, evaluate(walk, node.argument.object), []); return walk.terms.true; }
  const value = evaluate(walk, node.argument);
  if (node.operator === 'void') return walk.terms.undefined;
  if (value.kind === 'literal' && node.operator === '-' && typeof value.value === 'number') return walk.terms.literal(-value.value);
  if (value.kind === 'literal' && node.operator === '!') return walk.terms.literal(!value.value);
  if (node.operator === '+') return walk.terms.expression('call:Number', [value]);
  return walk.terms.expression(node.operator, [value]);
}

function binary(walk: Walk, node: TSESTree.BinaryExpression): Value {
  const left = evaluate(walk, node.left as Node);
  const right = evaluate(walk, node.right);
  if (left.kind === 'literal' && right.kind === 'literal' && node.operator === '+') {
    const sum = (left.value as string) + (right.value as string);
    return walk.terms.literal(sum);
  }
  if (node.operator === 'instanceof') return walk.terms.expression(`instanceof:${walk.file.slice(node.right)}`, [left]);
  return walk.terms.expression(node.operator, [left, right]);
}

function assignment(walk: Walk, node: TSESTree.AssignmentExpression): Value {
  if (node.operator === '=') {
    const value = evaluate(walk, node.right);
    bind(walk, node.left, value);
    return value;
  }
  const current = evaluate(walk, node.left);
  if (node.operator === '??=' || node.operator === '||=' || node.operator === '&&=') {
    const goesOn = shortCircuit(walk, node.operator.slice(0, -1) as '??', current);
    walk.maybe(node, goesOn, () => bind(walk, node.left, evaluate(walk, node.right)));
    return evaluate(walk, node.left);
  }
  const value = walk.terms.expression(node.operator.slice(0, -1), [current, evaluate(walk, node.right)]);
  bind(walk, node.left, value);
  return value;
}

function update(walk: Walk, node: TSESTree.UpdateExpression): Value {
  const current = evaluate(walk, node.argument);
  const value = walk.terms.expression(node.operator[0]!, [current, walk.terms.literal(1)]);
  bind(walk, node.argument, value);
  return node.prefix ? value : current;
}

/** Elements are not called here, but functions that stand in their attributes are called by somebody, some time. */
function jsx(walk: Walk, node: TSESTree.JSXElement | TSESTree.JSXFragment): Value {
  const visit = (one: TSESTree.JSXChild): void => {
    if (one.type === 'JSXElement') {
      for (const attribute of one.openingElement.attributes) {
        if (attribute.type === 'JSXSpreadAttribute') evaluate(walk, attribute.argument);
        else if (attribute.value?.type === 'JSXExpressionContainer') evaluate(walk, attribute.value);
      }
      one.children.forEach(visit);
    } else if (one.type === 'JSXFragment') one.children.forEach(visit);
    else if (one.type === 'JSXExpressionContainer') evaluate(walk, one);
  };
  visit(node);
  return walk.terms.unknown(node);
}

function awaited(walk: Walk, node: TSESTree.AwaitExpression): Value {
  const value = evaluate(walk, node.argument);
  // What was not followed may wait for anything, and other calls run meanwhile.
  if (value.kind === 'unknown' && !walk.quiet) walk.pauses.push({ condition: walk.state.condition, node, order: walk.operations.length, name: walk.file.slice(node.argument) });
  return walk.settle(value, node);
}
