/** What imports, declared types and members hold. */
import type { Dialect, Value } from '../../model.ts';
import type { HandleValue } from '../../value/terms.ts';
import type { ClassFacts, ClientContext, DeclaredType } from '../client.ts';
import { accessorOf, clientHandle, isHandle, makeHandle, modelHandle, originOf, type Origin } from './handles.ts';
import { firstDeclared, isCombined } from '../common/types.ts';

export const PACKAGES: readonly string[] = ['@prisma/client', '.prisma/client', '@prisma/client/edge', '@prisma/client/wasm', '@prisma/extension-accelerate', 'nestjs-prisma'];

const PACKAGE = /^(?:@prisma\/client|\.prisma\/client)(?:\/|$)/;
/** Where the generator writes the client when the project says where: `./generated/prisma/client`, `@/generated/prisma`, `../prisma/client`. */
const GENERATED = /(?:^|[/@~#])(?:[\w-]*generated[\w-]*\/(?:.*\/)?[\w-]*(?:prisma|client)|(?:.*\/)?prisma\/(?:generated|client)|prisma-client|[\w-]*prisma[\w-]*\/generated)(?:[/.]|$)/i;
export const isClientModule = (source: string): boolean => PACKAGE.test(source) || GENERATED.test(source);

/** Databases of the driver adapters; others were not measured. */
const ADAPTERS: Readonly<Record<string, Dialect>> = {
  pg: 'postgres', neon: 'postgres', ppg: 'postgres', mariadb: 'mysql', planetscale: 'mysql', 'better-sqlite3': 'sqlite', libsql: 'sqlite', d1: 'sqlite',
};

/** Generated names that no other module has reason to export. */
/** `DynamicClientExtensionThis`: what the checker calls the result of `$extends`. */
const CLIENT_CLASS = /^(?:(?:Base|Extended)?PrismaClient|DynamicClientExtensionThis)$/;

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  const adapter = /^@prisma\/adapter-([\w-]+)$/.exec(source)?.[1];
  if (adapter !== undefined) return /^Prisma[A-Z]/.test(name) ? makeHandle(context, 'adapter', { dialect: ADAPTERS[adapter] }) : undefined;
  const own = isClientModule(source);
  // A workspace package that hands the generated client on.
  if (name === 'PrismaClient') return makeHandle(context, 'export', { name });
  if (name === 'Prisma' && (own || /prisma|database|\bdb\b/i.test(source))) return makeHandle(context, 'namespace', {});
  if (own && (name === '*' || name === 'default')) return makeHandle(context, 'module', {});
  return undefined;
}

const WRAPPERS = new Set(['Omit', 'Pick', 'Partial', 'Required', 'Readonly', 'NonNullable', 'Awaited', 'Promise', 'ReturnType', 'InstanceType', 'Parameters', 'DynamicClientExtensionThis']);
const TRANSACTION_TYPES = /^(?:Prisma(?:Tx|Transaction)(?:Client)?|TransactionClient|Prisma\.TransactionClient)$/;

/** A class of the project (`PrismaService`) is left to the trace, which finds its body and what it extends. */
export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  const origin: Origin = { evidence: type.resolved ? 'type' : 'declaration' };
  if (isCombined(type) || WRAPPERS.has(type.name)) return firstDeclared(type.args, context, declaredValue);
  if (type.name === '[]') return indexed(type, origin, context);
  if (type.name === 'typeof') return type.args.some((one) => one.name === 'PrismaClient') ? makeHandle(context, 'export', { name: 'PrismaClient' }) : undefined;
  const bare = type.name.replace(/^Prisma\./, '');
  if (CLIENT_CLASS.test(bare) || TRANSACTION_TYPES.test(type.name)) return clientHandle(context, origin);
  if (type.name.startsWith('Prisma.') || (type.from !== undefined && isClientModule(type.from))) {
    const delegate = /^(\w+)Delegate$/.exec(bare);
    if (delegate) return modelHandle(context, accessorOf(delegate[1]!), origin);
  }
  return undefined;
}

/** `PrismaClient['user']`, `Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]`. */
function indexed(type: DeclaredType, origin: Origin, context: ClientContext): Value | undefined {
  const [object, index] = type.args;
  if (!object || !index) return undefined;
  const inner = declaredValue(object, context);
  if (!isHandle(inner, 'client')) return undefined;
  const key = index.name;
  if (key.startsWith('$')) return inner;
  // A position in a list of parameters: what was found inside is what it holds.
  if (/^\d+$/.test(key)) return inner;
  return modelHandle(context, key, origin);
}

/** Methods of the client itself; everything else on it is a model. */
const NOT_MODELS = /^(?:\$|_|constructor$|then$|catch$|toString$|toJSON$)/;

export function memberValue(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  switch (handle.type) {
    case 'module':
      return key === 'default' ? handle : importedValue('@prisma/client', key, context);
    case 'namespace':
      if (key === 'TransactionIsolationLevel') return makeHandle(context, 'export', { name: key });
      // Leaves the field out.
      if (key === 'skip') return context.terms.undefined;
      if (key === 'DbNull' || key === 'AnyNull') return context.terms.null;
      return undefined;
    case 'export': return handle.data['name'] === 'TransactionIsolationLevel' ? context.terms.literal(key) : undefined;
    case 'client': {
      if (NOT_MODELS.test(key)) return undefined;
      const origin = originOf(handle);
      return extensionMember(origin.extensions, 'client', key, context) ?? modelHandle(context, key, origin);
    }
    default: return undefined;
  }
}

/** A method that `$extends({ client: { … }, model: { user: { … } } })` added; the newest extension wins. */
export function extensionMember(extensions: readonly Value[] | undefined, part: 'client' | 'model', key: string, context: ClientContext, accessor?: string): Value | undefined {
  for (const extension of extensions ?? []) {
    if (!context.entries(extension)) continue;
    const section = context.property(extension, part);
    const homes = part === 'client' ? [section] : [accessor === undefined ? undefined : context.property(section, accessor), context.property(section, '$allModels')];
    for (const home of homes) {
      const entry = home && context.entries(home)?.findLast((one) => one.kind === 'property' && one.key === key);
      if (entry?.kind === 'property' && entry.value.kind === 'function') return entry.value;
    }
  }
  return undefined;
}

export function isClientClass(facts: ClassFacts): boolean {
  const { superclass } = facts;
  return superclass !== undefined && CLIENT_CLASS.test(superclass.name.slice(superclass.name.lastIndexOf('.') + 1));
}
