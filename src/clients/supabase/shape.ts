/**
 * Recognition by shape: `<anything>.from('literal')` followed by one of the five verbs and steps that this client has.
 *
 * A SQL builder also has `.from('t')`, and a storage bucket too; so nothing is claimed on `.from` alone: the rest of
 * the chain must prove it, a verb next and no foreign step after it.
 */
import type { Evidence } from '../../model.ts';
import type { Meaning, Call, ClientContext } from '../client.ts';
import { STEPS, VERBS } from './builder.ts';
import { tableHandle } from './state.ts';
import type { Node, Value } from '../../value/terms.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set(['from', 'rpc', 'schema']);

/** Owners of another `from`: built-in classes, storage, and query builders that are commonly named so. */
const FOREIGN_OWNER = /^(?:\w*Array|Buffer|Object|Set|Map|Readable|Observable|Iterator|Stream|Promise|from|storage|bucket|knex|kysely|drizzle|qb|queryBuilder|trx)$/;
/** Steps that are this client's alone, or close to it. */
const TELLING = /^(?:maybeSingle|single|eq|neq|gte|ilike|upsert|throwOnError)$/;
const PROMISE = new Set(['then', 'catch', 'finally']);

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  const table = call.args[0] && context.literal(call.args[0])?.value;
  // Exactly one string: `Buffer.from('ab', 'hex')`, `from(users)` and `from('t as alias')` are others'.
  if (typeof table !== 'string' || call.args.length !== 1 || !/^[\w-]+$/.test(table) || isForeignOwner(call)) return undefined;
  const [verb, ...rest] = chainAfter(call.node);
  if (verb === undefined || !VERBS.has(verb) || !rest.every((step) => STEPS.has(step) || PROMISE.has(step))) return undefined;
  const evidence: Evidence = rest.some((step) => TELLING.test(step)) || verb === 'upsert' || answersAreTaken(call.node) ? 'shape' : 'name';
  return { kind: 'handle', handle: tableHandle(context, { table, known: true, schema: undefined, evidence, label: call.receiverText }) };
}

function isForeignOwner(call: Call): boolean {
  const last = /([\w$]+)[!?)\]]*(?:\([^()]*\))?$/.exec(call.receiverText.trim())?.[1];
  if (last !== undefined && FOREIGN_OWNER.test(last)) return true;
  for (let at: Value = call.receiver; at.kind === 'member'; at = at.object) if (at.key === 'storage') return true;
  return false;
}

/** Methods called on `node` one after the other. */
function chainAfter(node: Node): string[] {
  const names: string[] = [];
  for (let at: Node = node; ;) {
    const owner = skipWrappers(at);
    const member: Node | undefined = owner.parent;
    if (member?.type !== 'MemberExpression' || member.object !== owner) return names;
    const called = skipWrappers(member).parent;
    // A property that is read or computed is no step of a builder.
    if (member.computed || member.property.type !== 'Identifier' || called?.type !== 'CallExpression') return [...names, '?'];
    names.push(member.property.name);
    at = called;
  }
}

/** `const { data, error } = await …`, `.data` of the answer: what only an answer of this client holds together. */
function answersAreTaken(node: Node): boolean {
  let at: Node = node;
  for (;;) {
    const parent: Node | undefined = at.parent;
    if (!parent) return false;
    if (parent.type === 'VariableDeclarator') {
      const names = parent.id.type === 'ObjectPattern' ? parent.id.properties.map((one) => (one.type === 'Property' && one.key.type === 'Identifier' ? one.key.name : '')) : [];
      return names.length > 0 && names.every((name) => name === 'data' || name === 'error' || name === 'count' || name === 'status');
    }
    const passes = parent.type === 'MemberExpression' || parent.type === 'CallExpression' || parent.type === 'AwaitExpression' || isWrapper(parent) || parent.type === 'ChainExpression';
    if (!passes || (parent.type === 'CallExpression' && parent.callee !== at)) return false;
    at = parent;
  }
}

const isWrapper = (node: Node): boolean => node.type === 'TSNonNullExpression' || node.type === 'TSAsExpression' || node.type === 'TSSatisfiesExpression' || node.type === 'TSTypeAssertion';

function skipWrappers(node: Node): Node {
  let at = node;
  while (at.parent && (isWrapper(at.parent) || at.parent.type === 'ChainExpression')) at = at.parent;
  return at;
}
