/**
 * For tests: evaluates an expression of builder calls with a minimal context, without the trace. Identifiers are inputs, objects
 * and arrays are known, `client` is whatever `roots` says.
 */
import { parse } from '@typescript-eslint/parser';
import type { TSESTree } from '@typescript-eslint/types';
import type { OperationSpec, Value } from '../../model.ts';
import type { Catalogue } from '../../schema/model.ts';
import { Terms } from '../../value/terms.ts';
import type { ArrayEntry, Call, Client, ClientContext, Meaning, ObjectEntry } from '../client.ts';

const EMPTY: Catalogue = { dialect: undefined, tables: [], find: () => undefined, unread: [], files: [] };

export interface Evaluated { readonly value: Value | undefined; readonly spec: OperationSpec | undefined; readonly terms: Terms; input(name: string): Value }

/** What the last expression of `code` means to `client`. */
export function evaluate(client: Client, code: string, options: { roots?: (context: ClientContext) => Readonly<Record<string, Value | undefined>>; catalogue?: Catalogue } = {}): Evaluated {
  const program = parse(code, { range: true, loc: true, sourceType: 'module' }) as TSESTree.Program;
  link(program, undefined);
  const terms = new Terms();
  const objects = new Map<Value, ObjectEntry[]>();
  const arrays = new Map<Value, ArrayEntry[]>();
  const pending = new Map<Value, OperationSpec>();
  const text = (node: TSESTree.Node) => code.slice(node.range[0], node.range[1]);
  const context: ClientContext = {
    terms, catalogue: options.catalogue ?? EMPTY, dialect: undefined,
    version: () => undefined, nearest: () => [],
    entries: (value) => objects.get(value),
    property: (value, key) => {
      const found = objects.get(value)?.findLast((one) => one.kind === 'property' && one.key === key);
      return found?.value ?? (objects.has(value) ? terms.undefined : terms.member(value, key));
    },
    elements: (value) => arrays.get(value),
    element: (value) => terms.element(value),
    literal: (value) => (value.kind === 'literal' ? { value: value.value } : undefined),
    callback: () => undefined, classOf: () => undefined, newest: (value) => value, text, ambient: () => undefined,
    transaction: () => { throw new Error('no transactions here'); }, session: (transaction) => ({ transaction }),
  };
  const inputs = new Map<string, Value>();
  const input = (name: string): Value => {
    const known = inputs.get(name) ?? terms.input(name, program, name);
    inputs.set(name, known);
    return known;
  };
  for (const [name, value] of Object.entries(options.roots?.(context) ?? {})) if (value) inputs.set(name, value);

  const evaluateCall = (node: TSESTree.CallExpression | TSESTree.NewExpression): Value => {
    const callee = node.callee;
    const owner = callee.type === 'MemberExpression' ? callee.object : callee;
    const method = callee.type === 'MemberExpression' && callee.property.type === 'Identifier' ? callee.property.name : '';
    const receiver = walk(owner);
    const call: Call = {
      receiver, method, args: node.arguments.map(walk), argNodes: node.arguments, typeArgs: [], node, receiverText: text(owner), isNew: node.type === 'NewExpression',
    };
    if (call.method === 'join') return terms.expression('call:join', [receiver, ...call.args]);
    const own = receiver.kind === 'handle' && receiver.client === client.id;
    const meaning: Meaning | undefined = own ? client.call(call, context) : client.shapeMethods?.has(method) ? client.shape?.(call, context) : undefined;
    if (meaning?.kind !== 'handle') return terms.unknown(node, call.args);
    if (meaning.pending) pending.set(meaning.handle, meaning.pending);
    return meaning.handle;
  };
  const walk = (node: TSESTree.Node): Value => {
    switch (node.type) {
      case 'Literal': return terms.literal(node.value as string);
      case 'Identifier': return node.name === 'undefined' ? terms.undefined : input(node.name);
      case 'ThisExpression': return input('this');
      case 'UnaryExpression': return terms.literal(-Number((node.argument as TSESTree.Literal).value));
      case 'AwaitExpression': return walk(node.argument);
      case 'TSAsExpression': case 'TSNonNullExpression': case 'ChainExpression': return walk(node.expression);
      case 'TemplateLiteral':
        return node.expressions.length ? terms.expression('template', node.quasis.flatMap((quasi, at) => [terms.literal(quasi.value.cooked), ...(node.expressions[at] ? [walk(node.expressions[at])] : [])]))
          : terms.literal(node.quasis[0]!.value.cooked);
      case 'ObjectExpression': {
        const object = terms.object(node);
        objects.set(object, node.properties.map((one): ObjectEntry => (one.type === 'SpreadElement'
          ? { kind: 'spread', value: walk(one.argument), node: one, conditional: false }
          : { kind: 'property', key: one.key.type === 'Identifier' ? one.key.name : String((one.key as TSESTree.Literal).value), value: walk(one.value), node: one.value, conditional: false })));
        return object;
      }
      case 'ArrayExpression': {
        const array = terms.array(node);
        arrays.set(array, node.elements.map((one) => ({ value: walk(one!), node: one!, spread: false })));
        return array;
      }
      case 'MemberExpression': {
        const object = walk(node.object);
        const key = (node.property as TSESTree.Identifier).name;
        return (object.kind === 'handle' ? client.member?.(object, key, context) : undefined) ?? terms.member(object, key);
      }
      case 'CallExpression': case 'NewExpression': return evaluateCall(node);
      default: return terms.unknown(node);
    }
  };
  const last = program.body.at(-1)!;
  const expression = last.type === 'ExpressionStatement' ? last.expression : last.type === 'VariableDeclaration' ? last.declarations[0]!.init! : undefined;
  const value = expression && walk(expression);
  return { value, spec: value && pending.get(value), terms, input };
}

function link(node: TSESTree.Node, parent: TSESTree.Node | undefined): void {
  (node as { parent?: TSESTree.Node | undefined }).parent = parent;
  for (const [key, child] of Object.entries(node)) {
    if (key === 'parent') continue;
    for (const one of Array.isArray(child) ? child : [child]) if (one && typeof one === 'object' && 'type' in one) link(one as TSESTree.Node, node);
  }
}
