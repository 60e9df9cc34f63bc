/**
 * Recognition by shape: `<anything>.<model>.<method>({ … })`, for handles that come from where nothing was read (`ctx.prisma`, `this.db`, a
 * `tx` without a type). The argument must be one that only this client takes, or the accessor a model of the catalogue.
 */
import type { Evidence, Value } from '../../model.ts';
import type { Call, ClientContext, Meaning } from '../client.ts';
import { modelCall, clientCall, CLIENT_METHODS } from './calls.ts';
import { declaredModel, hasModels } from './handles.ts';
import { READS } from './reads.ts';
import { WRITES } from './writes.ts';

export const SHAPE_METHODS: ReadonlySet<string> = new Set([...READS, ...WRITES, ...CLIENT_METHODS]);

const COMMON = ['where', 'select', 'include', 'omit'];
const LISTED = [...COMMON, 'orderBy', 'cursor', 'take', 'skip', 'distinct', 'relationLoadStrategy'];
const AGGREGATED = ['where', 'orderBy', 'cursor', 'take', 'skip', '_count', '_max', '_min', '_sum', '_avg'];
/** The options of each method; `needs` are those without which another library's call may look the same. */
const SHAPES: Readonly<Record<string, { readonly keys: readonly string[]; readonly needs: readonly string[] }>> = {
  findUnique: { keys: [...COMMON, 'cacheStrategy', 'relationLoadStrategy'], needs: ['where'] },
  findUniqueOrThrow: { keys: [...COMMON, 'cacheStrategy', 'relationLoadStrategy'], needs: ['where'] },
  findFirst: { keys: [...LISTED, 'cacheStrategy'], needs: [] },
  findFirstOrThrow: { keys: [...LISTED, 'cacheStrategy'], needs: [] },
  findMany: { keys: [...LISTED, 'cacheStrategy'], needs: [] },
  count: { keys: ['where', 'orderBy', 'cursor', 'take', 'skip', 'select', 'cacheStrategy'], needs: ['where'] },
  aggregate: { keys: AGGREGATED, needs: [] },
  groupBy: { keys: [...AGGREGATED, 'by', 'having'], needs: ['by'] },
  create: { keys: ['data', 'select', 'include', 'omit'], needs: ['data'] },
  createMany: { keys: ['data', 'skipDuplicates'], needs: ['data'] },
  createManyAndReturn: { keys: ['data', 'skipDuplicates', 'select', 'include', 'omit'], needs: ['data'] },
  update: { keys: [...COMMON, 'data'], needs: ['where', 'data'] },
  updateMany: { keys: ['where', 'data', 'limit'], needs: ['data'] },
  updateManyAndReturn: { keys: ['where', 'data', 'limit', 'select', 'include', 'omit'], needs: ['data'] },
  upsert: { keys: [...COMMON, 'create', 'update'], needs: ['where', 'create', 'update'] },
  delete: { keys: COMMON, needs: ['where'] },
  deleteMany: { keys: ['where', 'limit'], needs: ['where'] },
};
/** Methods whose name and options together are this client's alone. */
const TELLING: ReadonlySet<string> = new Set(['findUnique', 'findUniqueOrThrow', 'findFirstOrThrow', 'createManyAndReturn', 'updateManyAndReturn', 'groupBy', 'upsert']);
/** What projects call the client, or what holds it. Supports a shape, and is never evidence of its own. */
const NAMED = /(?:^|[._$])(?:prisma\w*|\w*Prisma(?:Client|Service)?|db|database|dbClient|tx|trx|transaction)$/;
/** Owners whose members look alike and are another library's: relational queries of query builders, stores, caches. */
const FOREIGN = /(?:^|\.)(?:query|_query|cache\w*|store|redis|storage|localStorage|entityService|documents|api|http|axios)$/;

export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  if (call.method.startsWith('$')) return clientShape(call, context);
  const parts = receiverParts(call);
  const shape = SHAPES[call.method];
  if (!parts || !shape) return undefined;
  const { owner, accessor } = parts;
  if (FOREIGN.test(owner)) return undefined;
  const named = NAMED.test(owner);
  const declared = declaredModel(accessor, context) !== undefined;
  const evidence = evidenceOf(call, shape, named, declared, context);
  return evidence && modelCall(call, accessor, { evidence }, context);
}

function evidenceOf(call: Call, shape: { readonly keys: readonly string[]; readonly needs: readonly string[] }, named: boolean, declared: boolean, context: ClientContext): Evidence | undefined {
  const [args] = call.args;
  // More arguments than one are another library's (`update(data, { where })`).
  if (call.args.length > 1) return undefined;
  const keys = args && optionKeys(args, context);
  if (!keys) return named && declared && (!args || args.kind !== 'literal') ? 'declaration' : undefined;
  if (!keys.every((key) => shape.keys.includes(key)) || !shape.needs.every((key) => keys.includes(key))) return undefined;
  if (!keys.length) return named && declared ? 'declaration' : undefined;
  // Conditions and values are objects here; a builder's are calls (`where: eq(users.id, id)`) or callbacks, a list of options an array.
  if (['where', 'data', 'create', 'update'].some((key) => keys.includes(key) && isForeign(context.property(args, key), key, call.method, context))) return undefined;
  if (declared) return 'declaration';
  const telling = TELLING.has(call.method) || (keys.includes('where') && keys.includes('data')) || (call.method === 'aggregate' && keys.some((key) => key.startsWith('_')));
  // The schema is known and has no such model: the handle may be another package's.
  if (hasModels(context)) return telling && named ? 'name' : undefined;
  return telling || named ? 'shape' : undefined;
}

function isForeign(value: Value, key: string, method: string, context: ClientContext): boolean {
  if (value.kind === 'function' || value.kind === 'handle') return true;
  if (value.kind === 'literal') return value.value !== undefined;
  if (value.kind === 'unknown') return value.node.type === 'CallExpression' && key === 'where';
  return value.kind === 'array' && context.elements(value) !== undefined && !(key === 'data' && method.startsWith('createMany'));
}

function optionKeys(value: Value, context: ClientContext): string[] | undefined {
  const entries = value.kind === 'object' && value.of !== undefined ? undefined : context.entries(value);
  const keys = entries?.flatMap((entry) => (entry.kind === 'property' ? [entry.key] : []));
  return entries && keys && (entries.length === keys.length || keys.length > 0) ? keys : undefined;
}

/** `ctx.prisma.user` → owner `ctx.prisma`, accessor `user`; accessors start with a small letter. */
function receiverParts(call: Call): { readonly owner: string; readonly accessor: string } | undefined {
  const found = /^([\s\S]+?)[!?)]*\s*(?:\?)?\.\s*([a-z_]\w*)[!?)]*$/.exec(call.receiverText.trim());
  if (!found) return undefined;
  return { owner: found[1]!.replace(/\(\)$/, '').replace(/[!?)]+$/, ''), accessor: found[2]! };
}

/** `x.$transaction(async (tx) => …)`: no other client's method is called so. The rest needs a name as well. */
function clientShape(call: Call, context: ClientContext): Meaning | undefined {
  const [first] = call.args;
  if (call.method === '$transaction') {
    const given = first?.kind === 'function' || first?.kind === 'array' || NAMED.test(call.receiverText) || hasModels(context);
    return given ? clientCall(call, { evidence: hasModels(context) ? 'declaration' : 'shape' }, context) : undefined;
  }
  return clientCall(call, { evidence: 'shape' }, context);
}
