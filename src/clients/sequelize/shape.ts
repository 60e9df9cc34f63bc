/** Recognition without declarations: `db.User.findByPk(id)` of models that a folder is searched for at run time, `sequelize.transaction(…)`. */
import type { Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { modelHandle, tableOf, targetOf, type Origin } from './handles.ts';
import { onModel, READS, WRITES } from './methods.ts';
import { raw } from './raw.ts';
import { begin } from './transactions.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set([...READS, ...WRITES, 'transaction', 'query', 'define', 'build', 'scope', 'unscoped']);

const CONNECTION = /(?:^|\.)_?(?:sequelize|sequelizeConnection)$/i;
/** Methods that no other library has, whoever they are called on. */
export const OWN: ReadonlySet<string> = new Set(['findByPk', 'findOrCreate', 'findCreateFind', 'findAndCountAll', 'findOrBuild', 'destroy', 'findAll']);
/** Of these, those with conditions, with what their arguments must hold. */
const WITH_WHERE: ReadonlySet<string> = new Set(['findOrCreate', 'findCreateFind', 'findAndCountAll', 'findOrBuild', 'destroy', 'findAll']);
/** Options of `findOne` and `count` that no other library with a `where` has. */
const OWN_OPTIONS: ReadonlySet<string> = new Set(['attributes', 'raw', 'paranoid', 'rejectOnEmpty', 'include', 'transaction', 'logging', 'benchmark']);

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  const origin: Origin = { evidence: 'shape' };
  const { method, receiver } = call;
  const [first] = call.args;
  if (CONNECTION.test(call.receiverText)) {
    if (method === 'transaction') return begin(call, origin, context);
    if (method === 'query') return raw(call, origin, context);
    if (method === 'define' || method === 'model') { const name = first && context.literal(first)?.value; return typeof name === 'string' ? { kind: 'handle', handle: modelHandle(context, name, origin) } : undefined; }
  }
  // A literal, an object under construction, a class of the project or another library's handle is no model.
  if (receiver.kind === 'literal' || receiver.kind === 'object' || receiver.kind === 'class' || receiver.kind === 'handle' || receiver.kind === 'function' || receiver.kind === 'array') return undefined;
  const last = /(?:^|[.'"\]])(\w+)['"]?\]?$/.exec(call.receiverText)?.[1] ?? '';
  if (!/^[A-Z]\w*$/.test(last) && !/(?:Model|Repository)$/.test(last)) return undefined;
  const stem = last.replace(/_?(?:Model|Repository)$/, '') || last;
  const names = [last, stem, stem.charAt(0).toUpperCase() + stem.slice(1), stem.charAt(0).toLowerCase() + stem.slice(1)];
  const name = names.find((one) => tableOf(one, context)?.name === one) ;
  const known: Origin = name === undefined ? origin : { evidence: 'declaration' };
  if (name === undefined ? !isOwn(call, context) : !fits(call, context)) return undefined;
  if (method === 'build') return { kind: 'instance', from: first, of: modelHandle(context, name, known), node: call.node };
  if (method === 'scope' || method === 'unscoped') return { kind: 'handle', handle: modelHandle(context, name, known, { scoped: method === 'scope' }) };
  return onModel(call, targetOf(call, known, name ?? stem, 'model', context), context);
}

const has = (value: Value | undefined, key: string, context: ClientContext): boolean => value !== undefined && (context.entries(value)?.some((one) => one.kind === 'property' && one.key === key) ?? false);

/** The shape alone tells this library from others that have a model of a known name. */
function isOwn(call: Call, context: ClientContext): boolean {
  const [first, second] = call.args;
  const { method } = call;
  if (method === 'findByPk') return true;
  if (WITH_WHERE.has(method)) return has(first, 'where', context);
  if (method === 'update') return has(second, 'where', context) && first !== undefined && context.entries(first) !== undefined;
  if (method === 'bulkCreate') return second !== undefined && (has(second, 'ignoreDuplicates', context) || has(second, 'updateOnDuplicate', context) || has(second, 'transaction', context));
  if (method === 'findOne' || method === 'count') return has(first, 'where', context) && (context.entries(first!)?.some((one) => one.kind === 'property' && OWN_OPTIONS.has(one.key)) ?? false);
  return false;
}

/** Of a declared model: callbacks are for arrays, not for models. */
function fits(call: Call, context: ClientContext): boolean {
  const [first] = call.args;
  if (call.method === 'find' || call.method === 'all' || call.method === 'query' || call.method === 'transaction' || call.method === 'define') return call.method === 'find' && has(first, 'where', context);
  return first?.kind !== 'function';
}
