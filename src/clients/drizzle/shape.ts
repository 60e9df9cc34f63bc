/**
 * Recognition by shape, for connections that come from where nothing was read (`ctx.db`, `c.get('db')`, a `tx` without a type): a
 * statement about a table that is declared with this library, or a chain of steps that only this library has.
 */
import type { Evidence, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { memberAfter } from '../common/nodes.ts';
import { startOf } from './builder.ts';
import { OPERATORS, unreadOperator } from './conditions.ts';
import { asTable, dataOf, make, ORIGIN } from './handles.ts';
import type { Origin, TableData } from './handles.ts';
import { count, FINDS, find, queryPath, tableOfQuery } from './relational.ts';
import { raw } from './raw.ts';
import { batch, transaction } from './transactions.ts';
import type { Node } from '../../value/terms.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set(['select', 'selectDistinct', 'insert', 'update', 'delete', '$count', 'findFirst', 'findMany', 'transaction', 'execute', 'run', 'all', 'get', 'batch', ...OPERATORS]);

/** What projects call a connection. Supports a shape, and is never evidence of its own. */
const NAMED = /(?:^|[._$#(\s])(?:\w*[dD]b|database|drizzle\w*|\w*[dD]rizzle|tx|trx|\w*Tx|executor|conn|connection|client)(?:\(\))?\)?!?$/;

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  const origin = (evidence: Evidence): Origin => ({ ...ORIGIN, evidence });
  switch (call.method) {
    case 'findFirst': case 'findMany': {
      const key = FINDS.has(call.method) ? queryPath(call.receiver) : undefined;
      if (key === undefined || !takesQuery(call, context)) return undefined;
      const table = tableOfQuery(key, context);
      return find(call, origin(table.declared ? 'declaration' : 'shape'), table, context);
    }
    case '$count': return dataOf(call.args[0], 'table') ? count(call, origin('declaration'), context) : undefined;
    case 'insert': case 'update': case 'delete': return statement(call, context);
    case 'select': case 'selectDistinct': return selection(call, context);
    case 'transaction': return NAMED.test(call.receiverText) && uses(context) && call.args[0]?.kind === 'function' && call.args[0].node.type !== 'FunctionDeclaration' && takesHandle(call.args[0]) ? transaction(call, origin('shape'), context) : undefined;
    case 'batch': return call.args[0] && (context.elements(call.args[0])?.some((one) => dataOf(one.value, 'builder'))) ? batch(call, origin('declaration'), context) : undefined;
    // Only text made by this library's own tag.
    default:
      if (OPERATORS.has(call.method)) return call.receiverText === call.method ? unreadOperator(call.method, call, uses(context), context) : undefined;
      return dataOf(call.args[0], 'fragment') ? raw(call, origin('declaration'), context) : undefined;
  }
}

const uses = (context: ClientContext): boolean => context.version('drizzle-orm') !== undefined;
const takesHandle = (value: Value): boolean => value.kind === 'function' && 'params' in value.node && (value.node as { params: unknown[] }).params.length === 1;

/** Options of a relational query: nothing, or an object of which every property is one of its own. */
function takesQuery(call: Call, context: ClientContext): boolean {
  const [options] = call.args;
  if (!options) return true;
  const entries = context.entries(options);
  return call.args.length === 1 && (entries === undefined ? options.kind !== 'literal' : entries.every((one) => one.kind === 'spread' || /^(?:where|with|columns|orderBy|limit|offset|extras)$/.test(one.key)));
}

const STEP: Readonly<Record<string, RegExp>> = { insert: /^(?:values|select|ignore)$/, update: /^set$/, delete: /^(?:where|returning)$/ };

/** `x.insert(users).values(…)`, `x.update(users).set(…)`, `x.delete(users).where(…)`. */
function statement(call: Call, context: ClientContext): Meaning | undefined {
  const table = tableArgument(call.args[0], context);
  if (!table || call.args.length !== 1) return undefined;
  const next = stepAfter(call.node);
  const fits = next !== undefined && STEP[call.method]!.test(next);
  if (table.declared) return fits || next === undefined ? startOf(call, { ...ORIGIN, evidence: 'declaration' }, context) : undefined;
  return fits && NAMED.test(call.receiverText) && uses(context) ? startOf(call, { ...ORIGIN, evidence: 'shape' }, context) : undefined;
}

/** `x.select(…).from(users)`: the table stands in the next step. */
function selection(call: Call, context: ClientContext): Meaning | undefined {
  if (stepAfter(call.node) !== 'from') return undefined;
  const argument = stepArgument(call.node);
  // A text (`.from('users')`) is another builder's table.
  if (!argument || (argument.type !== 'Identifier' && argument.type !== 'MemberExpression')) return undefined;
  const name = argument.type === 'Identifier' ? argument.name : argument.property.type === 'Identifier' ? argument.property.name : '';
  const declared = context.catalogue.tables.some((one) => one.client === 'drizzle' && one.name === name);
  if (!declared && !(NAMED.test(call.receiverText) && uses(context))) return undefined;
  if (call.args[0] && context.literal(call.args[0])) return undefined;
  return startOf(call, { ...ORIGIN, evidence: declared ? 'declaration' : 'shape' }, context);
}

/** A declared table, or a plain name; the literals, objects and arrays of other libraries are none. */
function tableArgument(value: Value | undefined, context: ClientContext): TableData | undefined {
  return value?.kind === 'handle' || value?.kind === 'input' || value?.kind === 'member' ? asTable(value, context) : undefined;
}

function stepAfter(node: Node): string | undefined {
  const member = memberAfter(node);
  return member?.property.type === 'Identifier' ? member.property.name : undefined;
}

function stepArgument(node: Node): Node | undefined {
  const call = memberAfter(node)?.parent;
  return call?.type === 'CallExpression' && call.arguments.length === 1 ? call.arguments[0] : undefined;
}

/** `db.query` of a connection by shape is not a handle: its look-ups are recognised by their path. */
export const relationalHandle = (origin: Origin, key: string, context: ClientContext): Value => make(context, 'relational', { ...origin, table: tableOfQuery(key, context) });
