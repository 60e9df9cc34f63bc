/** What imports, declared types, decorators and properties hold. */
import type { Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { firstDeclared, isCombined, lastPart } from '../common/types.ts';
import { declaredEntity, isPackage } from './entities.ts';
import { dialectOfPackage, entityFrom, makeHandle, originOf, repositoryHandle, type EntityRef, type Origin } from './handles.ts';
import { ENUMS } from './options.ts';

export const PACKAGES: readonly string[] = [
  '@mikro-orm/core', '@mikro-orm/postgresql', '@mikro-orm/mysql', '@mikro-orm/mariadb', '@mikro-orm/sqlite', '@mikro-orm/better-sqlite', '@mikro-orm/libsql', '@mikro-orm/mssql',
  '@mikro-orm/mongodb', '@mikro-orm/knex', '@mikro-orm/sql', '@mikro-orm/nestjs', '@mikro-orm/decorators', 'mikro-orm', 'nestjs-mikro-orm',
];

/** Exports that are called; the rest (decorators, types) says nothing by itself. */
const FUNCTIONS: ReadonlySet<string> = new Set(['MikroORM', 'EntitySchema', 'defineEntity', 'raw', 'sql', 'wrap', 'ref', 'Reference', 'RequestContext', 'EntityManager']);

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (!isPackage(source)) return undefined;
  if (name === '*' || name === 'default') return makeHandle(context, 'module', { source });
  if (ENUMS.has(name)) return makeHandle(context, 'enum', { name });
  return FUNCTIONS.has(name) ? makeHandle(context, 'export', { name, source }) : undefined;
}

const MANAGERS = new Set(['EntityManager', 'SqlEntityManager', 'PostgreSqlEntityManager', 'MySqlEntityManager', 'MariaDbEntityManager', 'MongoEntityManager', 'MsSqlEntityManager', 'LibSqlEntityManager']);
const REPOSITORIES = new Set(['EntityRepository', 'SqlEntityRepository', 'MongoEntityRepository']);

/**
 * A class of the project (`UserRepository`) is left to the trace, which finds its body: answering for it here would take a
 * wrapper's own `create` or `flush` for this library's.
 */
export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  // `MikroORM['em']`.
  if (type.name === '[]') return type.args[0] && isPackage(type.args[0].from) && type.args[0].name === 'MikroORM' && type.args[1]?.name === 'em' ? makeHandle(context, 'manager', originFor(type.args[0])) : undefined;
  if (!isPackage(type.from)) return undefined;
  const name = lastPart(type.name);
  const origin = originFor(type);
  if (MANAGERS.has(name)) return makeHandle(context, 'manager', origin);
  if (REPOSITORIES.has(name)) return repositoryHandle(context, typeEntity(type.args[0]), origin);
  if (name === 'MikroORM') return makeHandle(context, 'orm', origin);
  if (name === 'QueryBuilder') return makeHandle(context, 'builder', { ...origin, verb: 'select', entity: typeEntity(type.args[0]), narrowed: true });
  return undefined;
}

function originFor(type: DeclaredType): Origin {
  const dialect = type.from === undefined ? undefined : dialectOfPackage(type.from);
  return { evidence: type.resolved ? 'type' : 'declaration', ...(dialect && { dialect }) };
}

/** `T` of a generic base class is no entity that a table could be found for, but it is the same one all through the class. */
export function typeEntity(type: DeclaredType | undefined): EntityRef | undefined { return type && { name: lastPart(type.name), value: undefined }; }

export function decoratedValue(
  decorator: { readonly name: string; readonly from: string | undefined; readonly args: readonly Value[] }, type: DeclaredType | undefined, context: ClientContext,
): Value | undefined {
  if (!isPackage(decorator.from)) return undefined;
  const origin: Origin = { evidence: 'declaration' };
  switch (decorator.name) {
    case 'InjectEntityManager': return makeHandle(context, 'manager', origin);
    case 'InjectMikroORM': return makeHandle(context, 'orm', origin);
    case 'InjectRepository': {
      // `@InjectRepository(User) users: UserRepository`: a class of its own, whose body the trace follows through the declared type.
      if (type && !isPackage(type.from) && type.name !== 'any') return undefined;
      const entity = entityFrom(decorator.args[0], context) ?? typeEntity(type?.args[0]);
      return repositoryHandle(context, entity, origin);
    }
    default: return undefined;
  }
}

/** A property of a handle: `orm.em`, `LockMode.PESSIMISTIC_WRITE`, `DI.em`. */
export function memberValue(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  switch (handle.type) {
    case 'module': return importedValue(String(handle.data['source']), key, context);
    case 'enum': return context.terms.literal(key);
    case 'orm': return key === 'em' ? makeHandle(context, 'manager', originOf(handle)) : undefined;
    case 'repository': return key === 'em' || key === '_em' ? makeHandle(context, 'manager', originOf(handle)) : undefined;
    default: return undefined;
  }
}

/** The handle whose members the instances of a repository class inherit: `this.em`. */
export function inherited(superclass: DeclaredType | undefined, context: ClientContext): HandleValue {
  return repositoryHandle(context, typeEntity(superclass?.args[0]), { evidence: 'declaration' });
}

/** `User` for a receiver named `userRepository`, `usersRepo`: only when the catalogue has that entity. */
export function entityByName(receiver: string, context: ClientContext): EntityRef | undefined {
  const stem = receiver.replace(/(Entity)?_?(Repository|Repo|repository|repo)s?$/, '').replace(/^_+/, '');
  if (!stem || stem === receiver) return undefined;
  const singular = stem.replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '');
  for (const name of [stem, singular]) {
    const table = declaredEntity(name.charAt(0).toUpperCase() + name.slice(1), context);
    if (table) return { name: table.name, value: undefined };
  }
  return undefined;
}
