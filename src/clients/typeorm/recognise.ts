/** What imports, declared types, decorators and properties hold. */
import type { Dialect, Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { declaredEntity, isRepositoryClass } from './entities.ts';
import { entityFrom, makeHandle, originOf, repositoryData, repositoryHandle, type EntityRef, type Origin } from './handles.ts';
import { OPERATORS } from './operators.ts';
import { queryRunner } from './transactions.ts';
import { firstDeclared, isCombined, lastPart } from '../common/types.ts';

export const PACKAGES: readonly string[] = ['typeorm', '@nestjs/typeorm', 'typeorm-typedi-extensions', 'typeorm-typedi', 'typeorm-transactional'];
const INJECTORS: ReadonlySet<string> = new Set(['@nestjs/typeorm', 'typeorm-typedi-extensions', 'typeorm-typedi']);

/** Exports that are called; the rest (decorators, types) says nothing by itself. `getRepository` and its kin are from before 0.3. */
const FUNCTIONS: ReadonlySet<string> = new Set([
  'getRepository', 'getTreeRepository', 'getMongoRepository', 'getCustomRepository', 'getManager', 'getMongoManager', 'getConnection',
  'getConnectionManager', 'createConnection', 'createQueryBuilder', 'DataSource', 'Connection', 'EntitySchema', 'Brackets', 'NotBrackets', 'Repository',
]);

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (source !== 'typeorm') return undefined;
  if (name === '*' || name === 'default') return makeHandle(context, 'module', {});
  if (OPERATORS.has(name)) return makeHandle(context, 'operator', { name });
  return FUNCTIONS.has(name) ? makeHandle(context, 'export', { name }) : undefined;
}

const REPOSITORY_TYPES = new Set(['Repository', 'TreeRepository', 'MongoRepository', 'AbstractRepository']);
const MANAGER_TYPES = new Set(['EntityManager', 'MongoEntityManager']);
const SOURCE_TYPES = new Set(['DataSource', 'Connection']);
const BUILDER_VERBS: Readonly<Record<string, string>> = {
  SelectQueryBuilder: 'select', InsertQueryBuilder: 'insert', UpdateQueryBuilder: 'update', DeleteQueryBuilder: 'delete', SoftDeleteQueryBuilder: 'soft-delete', QueryBuilder: 'select',
};

/**
 * A class of the project (`UserRepository`) is left to the trace, which finds its body: answering for it here would take a
 * wrapper's own `create` or `save` for this library's.
 */
export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  if (type.from !== 'typeorm') return undefined;
  const name = lastPart(type.name);
  const origin: Origin = { evidence: type.resolved ? 'type' : 'declaration' };
  if (REPOSITORY_TYPES.has(name)) return repositoryHandle(context, typeEntity(type.args[0]), origin);
  if (MANAGER_TYPES.has(name)) return makeHandle(context, 'manager', { ...origin, borrowed: true });
  if (SOURCE_TYPES.has(name)) return makeHandle(context, 'data-source', origin);
  if (name === 'QueryRunner') return queryRunner(origin, context);
  const verb = BUILDER_VERBS[name];
  if (verb) return makeHandle(context, 'builder', { ...origin, verb, entity: typeEntity(type.args[0]), handed: true });
  return undefined;
}

/** `T` of a generic base class is no entity that a table could be found for, but it is the same one all through the class. */
export function typeEntity(type: DeclaredType | undefined): EntityRef | undefined {
  return type && { name: lastPart(type.name), value: undefined };
}

export function decoratedValue(
  decorator: { readonly name: string; readonly from: string | undefined; readonly args: readonly Value[] }, type: DeclaredType | undefined, context: ClientContext,
): Value | undefined {
  if (decorator.from === undefined || !INJECTORS.has(decorator.from)) return undefined;
  const origin: Origin = { evidence: 'declaration' };
  switch (decorator.name) {
    case 'InjectDataSource': case 'InjectConnection': return makeHandle(context, 'data-source', origin);
    case 'InjectEntityManager': case 'InjectManager': return makeHandle(context, 'manager', origin);
    case 'InjectRepository': {
      const declared = type && declaredValue(type, context);
      const target = decorator.args[0];
      const facts = target && context.classOf(target);
      // `@InjectRepository(UserRepository)`: a class of its own, whose body the trace follows through the declared type.
      if (facts && isRepositoryClass(facts)) return undefined;
      if (declared && !(target && entityFrom(target, context))) return declared;
      const entity = entityFrom(target, context) ?? typeEntity(type?.args[0]);
      if (entity && type && type.from !== 'typeorm' && /Repository$/.test(entity.name) && entity.name === lastPart(type.name)) return undefined;
      return repositoryHandle(context, entity, origin);
    }
    default: return undefined;
  }
}

/** A property of a handle: `repo.manager`, `ds.manager`, `qr.manager`, `manager.connection`. */
export function memberValue(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  const origin = originOf(handle);
  switch (handle.type) {
    case 'module': return importedValue('typeorm', key, context);
    case 'repository':
      if (key === 'manager') return makeHandle(context, 'manager', origin);
      if (key === 'repository') return handle;
      if (key === 'target') { const { entity } = repositoryData(handle); return entity?.value ?? (entity && makeHandle(context, 'entity', { entity: entity.name })); }
      return extensionMember(handle, key, context);
    case 'manager':
      // The pool again: what is made from it runs outside the manager's transaction.
      if (key === 'connection' || key === 'dataSource') return makeHandle(context, 'data-source', { evidence: origin.evidence, dialect: origin.dialect });
      if (key === 'queryRunner') return makeHandle(context, 'query-runner', { ...origin, session: origin.session ?? { transaction: origin.transaction } });
      return undefined;
    case 'data-source': return key === 'manager' || key === 'mongoManager' ? makeHandle(context, 'manager', origin) : undefined;
    case 'query-runner':
      if (key === 'manager') return makeHandle(context, 'manager', { ...origin, runner: handle.id });
      if (key === 'connection' || key === 'dataSource') return makeHandle(context, 'data-source', { evidence: origin.evidence, dialect: origin.dialect });
      return undefined;
    default: return undefined;
  }
}

export function extensionMember(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  const { extension } = repositoryData(handle);
  const entry = extension && context.entries(extension)?.findLast((one) => one.kind === 'property' && one.key === key);
  return entry?.kind === 'property' ? entry.value : undefined;
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgres: 'postgres', 'aurora-postgres': 'postgres', mysql: 'mysql', mariadb: 'mysql', 'aurora-mysql': 'mysql',
  sqlite: 'sqlite', 'better-sqlite3': 'sqlite', sqljs: 'sqlite', expo: 'sqlite', capacitor: 'sqlite', cordova: 'sqlite', 'react-native': 'sqlite', nativescript: 'sqlite',
};

/** `new DataSource({ type: 'postgres', … })`. CockroachDB, Oracle and others are no dialect that was measured. */
export function dataSourceFrom(options: Value | undefined, context: ClientContext): HandleValue {
  const type = options && context.literal(context.property(options, 'type'))?.value;
  const dialect = typeof type === 'string' ? DIALECTS[type] : undefined;
  return makeHandle(context, 'data-source', { evidence: 'declaration', ...(dialect && { dialect }) });
}

/** `User` for a receiver named `userRepository`, `usersRepo`: only when the catalogue has that entity. */
export function entityByName(receiver: string, context: ClientContext): EntityRef | undefined {
  const stem = receiver.replace(/(Entity)?_?(Repository|Repo|repository|repo)s?$/, '').replace(/^_+/, '');
  if (!stem) return undefined;
  const singular = stem.replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '');
  for (const name of [stem, singular]) {
    const table = declaredEntity(name.charAt(0).toUpperCase() + name.slice(1), context);
    if (table) return { name: table.name, value: undefined };
  }
  return undefined;
}
