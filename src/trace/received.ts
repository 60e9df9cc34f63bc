/** Transactions that a function is given by whoever calls it. */
import type { DeclaredType } from '../clients/client.ts';
import type { Operation, Transaction } from '../model.ts';
import { chainRoot, unwrap } from '../source/syntax.ts';
import type { Node } from '../value/terms.ts';
import type { Walk } from './walk.ts';

/** `Knex | Knex.Transaction`, `Omit<PrismaClient, '$transaction'>`, `Parameters<Parameters<typeof db.transaction>[0]>[0]`. */
export function mayBeTransaction(type: DeclaredType): boolean {
  return /transaction/i.test(type.name) || type.args.some(mayBeTransaction);
}

/** `trx: Knex.Transaction`: whoever calls has opened one, and all that is done with it runs in there. One that may be left out is none. */
export function received(walk: Walk, type: DeclaredType): Transaction | undefined {
  const owner = type.node.parent?.type === 'TSTypeAnnotation' ? type.node.parent.parent : undefined;
  const isOptional = owner !== undefined && (('optional' in owner && owner.optional === true) || owner.parent?.type === 'AssignmentPattern');
  return isOptional || !isTransaction(type) ? undefined : walk.context.transaction(type.node, 'default', 'manual', undefined);
}

/** Not one of several that it may be, of which another is a plain connection. */
function isTransaction(type: DeclaredType): boolean {
  if (type.name === '|') return type.args.every(isTransaction);
  return /transaction/i.test(type.name) || (type.args.some(isTransaction) && !type.args.some(isUnion));
}

function isUnion(type: DeclaredType): boolean { return type.name === '|' || type.args.some(isUnion); }

/** A row is locked as it is read through a handle that the function was given: nobody locks where no transaction holds the lock. */
export function isLockedByCaller({ lock, transaction, node }: Operation): boolean {
  return lock !== undefined && lock !== 'share' && lock !== 'advisory' && !transaction && (isParameter(handleOf(node)) || transactedBy(node).some(isParameter));
}

const NAMED = /^(?:tx|trx|conn|connection|\w*(?:Tx|Trx|Transaction|Conn))$/;
const CONNECTION = /^(?:PoolClient|ClientBase|PoolConnection)$/;

/** One connection of many, or what is called a transaction, as a parameter: the caller has it to do several things in one transaction. */
export function mayBeCallers({ transaction, node }: Operation): boolean {
  const root = transaction ? undefined : handleOf(node);
  if (root?.type !== 'Identifier') return false;
  const parameter = parameterOf(root);
  const type = parameter?.type === 'Identifier' ? parameter.typeAnnotation?.typeAnnotation : undefined;
  return parameter !== undefined && (NAMED.test(root.name) || (type?.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && CONNECTION.test(type.typeName.name)));
}

/** `client` of `client.query(…)`, `trx` of `trx('users').where(…)` and of ``trx`select …` ``. */
function handleOf(call: Node): Node {
  const root = chainRoot(call);
  return root.type === 'TaggedTemplateExpression' ? handleOf(root.tag) : root;
}

/** `.transacting(trx)` in a chain of calls. */
function transactedBy(call: Node): readonly Node[] {
  const found: Node[] = [];
  for (let at: Node | undefined = unwrap(call); at; at = at.type === 'CallExpression' ? unwrap(at.callee) : at.type === 'MemberExpression' ? unwrap(at.object) : undefined) {
    if (at.type === 'CallExpression' && at.callee.type === 'MemberExpression' && at.callee.property.type === 'Identifier' && at.callee.property.name === 'transacting' && at.arguments[0]) found.push(at.arguments[0]);
  }
  return found;
}

/** The parameter of a function around it, without a default, that an identifier stands for. */
function parameterOf(node: Node): Node | undefined {
  if (node.type !== 'Identifier') return undefined;
  for (let at: Node | null | undefined = node.parent; at; at = at.parent) {
    if (at.type !== 'FunctionDeclaration' && at.type !== 'FunctionExpression' && at.type !== 'ArrowFunctionExpression') continue;
    const found = at.params.find((one) => bindsName(one, node.name));
    if (found) return found;
  }
  return undefined;
}

const isParameter = (node: Node): boolean => parameterOf(node) !== undefined;

function bindsName(pattern: Node, name: string): boolean {
  if (pattern.type === 'Identifier') return pattern.name === name && pattern.optional !== true;
  return pattern.type === 'ObjectPattern' && pattern.properties.some((one) => one.type === 'Property' && bindsName(one.value, name));
}
