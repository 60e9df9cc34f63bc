/** What imports and declared types hold, and models known by the shape of what is called on them. */
import type { Value } from '../../model.ts';
import type { Call, ClientContext, DeclaredType, Meaning } from '../client.ts';
import { connectionHandle } from '../common/builder/connection.ts';
import { NO_ORIGIN, tableNamed } from '../common/builder/state.ts';
import { stepsAfter } from '../common/nodes.ts';
import { firstDeclared, isCombined, lastPart } from '../common/types.ts';
import { ID, make, modelNamed, PACKAGES, type Model } from './handles.ts';
import { bound } from './models.ts';
import { isQueryStep, startQuery, TELLING } from './query.ts';

const EXPORTS: ReadonlySet<string> = new Set(['transaction', 'raw', 'ref', 'fn', 'lit', 'val', 'mixin', 'compose']);

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (!PACKAGES.includes(source)) return undefined;
  return name === '*' || name === 'default' ? make(context, 'module') : exported(name, context);
}

export function exported(name: string, context: ClientContext): Value | undefined {
  if (name === 'Model') return make(context, 'base');
  return EXPORTS.has(name) ? make(context, 'export', { name }) : undefined;
}

const WRAPPERS = /^(?:Awaited|Promise|NonNullable|Readonly)$/;

/** `ModelClass<User>`, `TransactionOrKnex`; a class of the project is left to the trace, which finds its body. */
export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const [inner] = type.args;
  if (WRAPPERS.test(type.name) && inner) return declaredValue(inner, context);
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  if (type.from === undefined || !PACKAGES.includes(type.from)) return undefined;
  const origin = { ...NO_ORIGIN, evidence: type.resolved ? 'type' as const : 'declaration' as const };
  switch (lastPart(type.name)) {
    case 'ModelClass': case 'ModelConstructor': return inner && bound(modelNamed(lastPart(inner.name === 'typeof' ? inner.args[0]?.name ?? '' : inner.name), context), origin, context);
    case 'Transaction': return connectionHandle(context, { ...origin, transaction: context.transaction(type.node, 'default', 'manual', undefined) });
    case 'TransactionOrKnex': return connectionHandle(context, origin);
    default: return undefined;
  }
}

const LATER: ReadonlySet<string> = new Set(['then', 'catch', 'finally', 'execute']);

/**
 * `context.currentUser.$relatedQuery('flows')`: a row whose model is not in sight. The relation's name stands for its table, and what ties
 * the rows to their parent is not known.
 */
function related(call: Call, context: ClientContext): Meaning | undefined {
  const [relation, trx] = call.args;
  const name = relation && context.literal(relation)?.value;
  if (typeof name !== 'string' || call.args.length > 2) return undefined;
  const model: Model = { name: undefined, table: { name, table: tableNamed(ID, name, context) }, ids: ['id'] };
  return startQuery(call, model, NO_ORIGIN, context, { trx, predicate: { arms: [], complete: false, node: call.node } });
}

/** `app.models.users.query()`: a collection of models, which knows each by its class's or by its table's name. */
const KEPT = /(?:^|\.)models\??\.(?<name>[a-z]\w*)$/;

/** `User.query().findById(id)`: a class whose body was not found, by its name, and by steps that only this builder has. */
export function fromShape(call: Call, context: ClientContext): Meaning | undefined {
  if (call.method === '$relatedQuery') return related(call, context);
  const [first] = call.args;
  if (call.method !== 'query' || call.args.length > 1 || call.receiverText === call.method) return undefined;
  // SQL, or a request of another kind.
  if (first && (first.kind === 'literal' || first.kind === 'object' || first.kind === 'array' || first.kind === 'function' || first.kind === 'expression')) return undefined;
  const isInstalled = context.version('objection') !== undefined;
  const name = (/(?:^|\.)(?<name>[A-Z]\w*|\w+Model)$/.exec(call.receiverText) ?? (isInstalled ? KEPT.exec(call.receiverText) : null))?.groups?.['name'];
  if (name === undefined) return undefined;
  const steps = stepsAfter(call.node);
  if (!steps.length || !steps.every((one) => LATER.has(one) || isQueryStep(one))) return undefined;
  if (!isInstalled && !steps.some((one) => TELLING.has(one))) return undefined;
  return startQuery(call, modelNamed(name, context), NO_ORIGIN, context, { trx: first });
}
