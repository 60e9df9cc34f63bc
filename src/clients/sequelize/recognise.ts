/** What imports, declared types, decorators and properties hold. */
import type { Dialect, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import { makeHandle, modelHandle, originOf, PACKAGES, tableOf, type Fragment, type Origin } from './handles.ts';
import { modelName } from './options.ts';
import { transactionHandle } from './transactions.ts';
import { operatorKey } from './where.ts';
import { firstDeclared, isCombined, lastPart } from '../common/types.ts';

const FRAGMENTS: ReadonlySet<string> = new Set(['literal', 'fn', 'col', 'where', 'cast', 'and', 'or']);
const CONSTANTS: ReadonlySet<string> = new Set(['QueryTypes', 'IsolationLevel', 'Transaction', 'Lock', 'LOCK', 'TransactionType', 'ISOLATION_LEVELS']);

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (!PACKAGES.includes(source) || source.startsWith('@nestjs/')) return undefined;
  return name === '*' || name === 'default' ? makeHandle(context, 'module', {}) : exported(name, context);
}

/** An export of the packages, which are also properties of `Sequelize` and its instances. */
export function exported(name: string, context: ClientContext): Value | undefined {
  if (name === 'Op') return makeHandle(context, 'operators', {});
  if (CONSTANTS.has(name)) return makeHandle(context, 'constants', { name });
  return name === 'Sequelize' || FRAGMENTS.has(name) ? makeHandle(context, 'export', { name }) : undefined;
}

export function fragment(kind: string, args: readonly Value[], context: ClientContext): HandleValue | undefined {
  if (!FRAGMENTS.has(kind)) return undefined;
  const text = args[0] && context.literal(args[0])?.value;
  return makeHandle(context, 'sql', { kind: kind as Fragment['kind'], args, text: typeof text === 'string' ? text : undefined } satisfies Fragment);
}

/** A class of the project is left to the trace, which finds its body. */
export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  const origin: Origin = { evidence: type.resolved ? 'type' : 'declaration' };
  if (type.name === 'typeof') {
    const name = type.args[0] && lastPart(type.args[0].name);
    const table = name === undefined ? undefined : tableOf(name, context);
    return table?.name === name && name !== undefined ? modelHandle(context, name, origin) : undefined;
  }
  if (type.from === undefined || !PACKAGES.includes(type.from)) return undefined;
  switch (lastPart(type.name)) {
    case 'Sequelize': return makeHandle(context, 'connection', origin);
    case 'Transaction': return transactionHandle(context, context.transaction(type.node, 'default', 'manual', undefined));
    case 'ModelStatic': case 'ModelCtor': case 'ModelDefined': case 'ModelType': case 'Repository': { const [of] = type.args; return modelHandle(context, of && lastPart(of.name === 'typeof' ? of.args[0]?.name ?? '' : of.name), origin); }
    default: return undefined;
  }
}

export function decoratedValue(decorator: { readonly name: string; readonly from: string | undefined; readonly args: readonly Value[] }, type: DeclaredType | undefined, context: ClientContext): Value | undefined {
  if (decorator.from !== '@nestjs/sequelize') return undefined;
  const origin: Origin = { evidence: 'declaration' };
  if (decorator.name === 'InjectConnection') return makeHandle(context, 'connection', origin);
  if (decorator.name !== 'InjectModel') return undefined;
  const [given] = decorator.args;
  const typed = type?.name === 'typeof' ? type.args[0] : type?.args[0];
  const name = (given && modelName(given, context)) ?? (typed && lastPart(typed.name));
  return modelHandle(context, name, origin, given?.kind === 'class' ? { value: given } : {});
}

/** A property of a handle: `Sequelize.Op`, `Op.gt`, `Transaction.ISOLATION_LEVELS.SERIALIZABLE`, `sequelize.models.User`, `t.LOCK.UPDATE`. */
export function memberValue(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  switch (handle.type) {
    case 'module': return key === 'default' ? handle : exported(key, context);
    case 'export': return handle.data['name'] === 'Sequelize' ? exported(key, context) : undefined;
    case 'operators': return context.terms.literal(operatorKey(key));
    case 'constants': return CONSTANTS.has(key) ? makeHandle(context, 'constants', { name: key }) : context.terms.literal(key.replaceAll('_', ' '));
    case 'connection':
      if (key === 'models') return makeHandle(context, 'models', originOf(handle));
      return key === 'Sequelize' ? makeHandle(context, 'export', { name: key }) : CONSTANTS.has(key) || key === 'Op' ? exported(key, context) : undefined;
    case 'models': return /^\w+$/.test(key) ? modelHandle(context, key, originOf(handle)) : undefined;
    case 'transaction': return key === 'LOCK' ? makeHandle(context, 'constants', { name: key }) : undefined;
    case 'model': return key === 'sequelize' ? makeHandle(context, 'connection', originOf(handle)) : undefined;
    default: return undefined;
  }
}

const DIALECTS: Readonly<Record<string, Dialect>> = { postgres: 'postgres', postgresql: 'postgres', mysql: 'mysql', mariadb: 'mysql', sqlite: 'sqlite', sqlite3: 'sqlite' };

/** `new Sequelize(url, { dialect: 'postgres' })`, `new Sequelize('postgres://…')`. */
export function connectionFrom(args: readonly Value[], context: ClientContext): HandleValue {
  const options = args.findLast((one) => context.entries(one));
  const given = options && context.literal(context.property(options, 'dialect'))?.value;
  const url = args[0] && context.literal(args[0])?.value;
  const name = typeof given === 'string' ? given : typeof url === 'string' ? /^(\w+):/.exec(url)?.[1] : undefined;
  const dialect = name === undefined ? undefined : DIALECTS[name];
  return makeHandle(context, 'connection', { evidence: 'declaration', ...(dialect && { dialect }) } satisfies Origin);
}

