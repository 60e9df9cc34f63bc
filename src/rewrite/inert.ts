/** Whether code does nothing but give a value: then nobody notices whether, or how often, it runs. */
import type { TSESTree } from '@typescript-eslint/types';
import { unwrap } from '../source/syntax.ts';
import type { Trace } from '../trace/index.ts';
import type { Node } from '../value/terms.ts';
import { someNode } from './text.ts';

const EFFECTS = /^(?:AwaitExpression|AssignmentExpression|UpdateExpression|YieldExpression|ImportExpression|ThrowStatement)$/;
/** Calls that the trace does not follow and that do nothing but give a value. */
/** What only a new row needed would fail for one that is there. */
const THROWS = /^(?:JSON\.parse|BigInt|structuredClone|decodeURI(?:Component)?)$/;
const PURE_CALL = /^(?:Math|Object|Number|String|Array|Date|Boolean|crypto|Symbol|Intl)(?:\.\w+)*$|^JSON\.stringify$|^(?:parseInt|parseFloat|isNaN|randomUUID|randomBytes|randomInt|uuid|uuidv4|v4|nanoid|cuid|createId|ulid|slugify)$/;
const PURE_METHODS = /^(?:trim|trimStart|trimEnd|toLowerCase|toUpperCase|toString|toISOString|toFixed|slice|substring|replace|replaceAll|split|join|concat|padStart|padEnd|includes|startsWith|endsWith|getTime|valueOf|normalize|map|filter|flatMap|find|some|every|reduce|at|keys|values|entries)$/;
const PURE_CLASSES = /^(?:Date|Set|Map|Error|Decimal|ObjectId)$/;

export function isInert(node: Node, trace: Trace): boolean {
  return !someNode(node, (one) => {
    if (EFFECTS.test(one.type)) return true;
    if (one.type === 'UnaryExpression') return one.operator === 'delete';
    // A library's own tag (`sql`…``) makes a value; any other may do anything.
    if (one.type === 'TaggedTemplateExpression') return !trace.inert.has(one);
    if (one.type === 'NewExpression') return !trace.inert.has(one) && !(one.callee.type === 'Identifier' && PURE_CLASSES.test(one.callee.name));
    if (one.type === 'CallExpression') return THROWS.test(trace.file.slice(one.callee)) || (!trace.inert.has(one) && !PURE_CALL.test(trace.file.slice(one.callee)) && !isPureMethod(one));
    return false;
  });
}

/** Whether working out what a call is given, along its whole chain, does nothing but give values. */
export function isGivenValues(call: Node, trace: Trace): boolean {
  for (let at = unwrap(call); at.type === 'CallExpression';) {
    if (!at.arguments.every((one) => isInert(one, trace))) return false;
    const callee = unwrap(at.callee);
    if (callee.type !== 'MemberExpression') return true;
    at = unwrap(callee.object);
  }
  return true;
}

function isPureMethod(node: TSESTree.CallExpression): boolean {
  const callee = unwrap(node.callee);
  return callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier' && PURE_METHODS.test(callee.property.name);
}

/** Gives the same value each time and wherever it stands: no call, no `new`, no `await`. */
export function isStable(node: Node): boolean {
  return !someNode(node, (one) => /^(?:CallExpression|NewExpression|UpdateExpression|AssignmentExpression|AwaitExpression|YieldExpression|TaggedTemplateExpression|ArrowFunctionExpression|FunctionExpression|ClassExpression|ImportExpression)$/.test(one.type));
}
