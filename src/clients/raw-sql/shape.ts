/**
 * Recognition by shape: SQL text in the place where drivers take it (`db.query('SELECT …', [id])`). The text must be a statement
 * that was read wholly, or one of which a table is known.
 */
import type { Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { connectionHandle, dataOf, make, session } from './handles.ts';
import type { QueryData } from './handles.ts';
import { queryCall, statementCall } from './calls.ts';
import type { DriverId } from './drivers.ts';
import { origin } from './recognise.ts';
import { readOne, textOf } from './run.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set(['query', 'execute', 'prepare', 'batch', '']);

const STATEMENT = /^\s*(?:\/\*[\s\S]*?\*\/\s*)?(?:--[^\n]*\n\s*)*(?:select|insert|update|delete|with|begin|start\s+transaction|commit|rollback|replace)\b/i;

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  if (call.method === 'batch') {
    const elements = call.args[0] && context.elements(call.args[0]);
    const some = elements ? elements.map((one) => one.value) : call.args[0] ? [context.element(call.args[0])] : [];
    return some.some((one) => dataOf<QueryData>(one, 'statement')) ? { kind: 'batch', transaction: context.transaction(call.node, 'default', 'batch', undefined), elements: call.args[0]! } : undefined;
  }
  const [first] = call.args;
  const given = first && statementText(first, context);
  const text = given && textOf(given, context);
  if (!text || !STATEMENT.test(text.source.text)) return undefined;
  const known = readOne(text, origin('unknown', 'shape'), context);
  if (!known) return undefined;
  const { statement } = known;
  const isControl = statement.kind === 'transaction';
  if (!isControl && (statement.kind === 'opaque' || statement.kind === 'call')) return undefined;
  if (call.method === '') {
    // A tag that nobody knows: it runs the text when its result is awaited.
    if (call.node.type !== 'TaggedTemplateExpression' || !/(?:sql|db|pg|query|client)$/i.test(call.receiverText)) return undefined;
    return queryCall(make(context, 'tag', origin('unknown', 'shape')), call, context);
  }
  const id = driverOf(call, text.source.text, context);
  const handle = connectionHandle(context, sessionOf(call, id, context));
  if (call.method === 'prepare') return prepares(call) ? statementCall(handle, call, context) : undefined;
  return queryCall(handle, call, context);
}

/** The text itself, or the `text` or `sql` of an object that holds it. */
function statementText(value: Value, context: ClientContext): Value {
  const entries = context.entries(value);
  const key = entries?.find((one) => one.kind === 'property' && (one.key === 'text' || one.key === 'sql'));
  return key?.value ?? value;
}

/** One session for each receiver: `client.query('BEGIN')` concerns the statements after it on the same handle. */
const sessions = new WeakMap<Value, ReturnType<typeof origin>>();
function sessionOf(call: Call, id: DriverId, context: ClientContext): ReturnType<typeof origin> {
  const known = sessions.get(call.receiver);
  if (known?.driver.id === id) return known;
  // Only a value that is one thing throughout a run keeps its session; a pool by its name has none.
  const made = { ...origin(id, 'shape'), ...(!/pool/i.test(call.receiverText) && { session: known?.session ?? session(context) }) };
  sessions.set(call.receiver, made);
  return made;
}

/** Which driver the call looks like: its placeholders, its method, what becomes of the answer. */
function driverOf(call: Call, text: string, context: ClientContext): DriverId {
  if (call.method === 'prepare') return /(?:\bDB\b|D1|env\.)/.test(call.receiverText) || chained(call, 'bind') ? 'd1' : 'better-sqlite3';
  if (/\$\d/.test(text)) return 'unknown';
  const dialect = context.dialect;
  const taken = call.node.parent?.type === 'AwaitExpression' ? call.node.parent.parent : undefined;
  const list = taken?.type === 'VariableDeclarator' && taken.id.type === 'ArrayPattern';
  if (call.args.at(-1)?.kind === 'function' && dialect !== 'postgres') return 'mysql2';
  if (list && dialect !== 'postgres' && dialect !== 'sqlite') return 'mysql2';
  return dialect === 'sqlite' && call.method === 'execute' ? 'libsql' : 'unknown';
}

function chained(call: Call, name: string): boolean {
  const member = call.node.parent;
  return member?.type === 'MemberExpression' && member.property.type === 'Identifier' && member.property.name === name;
}

const prepares = (call: Call): boolean => call.args.length === 1;
