import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Value } from '../../model.ts';
import { operationsOf, USER } from './source.test.help.ts';
import { entitySource } from './schema.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}`).join(' & ')).join(' | ')
  + (predicate!.complete ? '' : ' …');
const operations = (body: string): readonly Operation[] => operationsOf(`
  import { Repository, EntityManager, DataSource, In, Not, IsNull, Brackets } from 'typeorm';
  import { User } from './user.entity';
  export async function run(users: Repository<User>, manager: EntityManager, dataSource: DataSource, email: string, id: number, name: string) { ${body} }`);
const only = (body: string): Operation => { const found = operations(body); expect(found).toHaveLength(1); return found[0]!; };

describe('reads', () => {
  it('reads find options and where objects', () => {
    const one = only('await users.findOne({ where: { email }, lock: { mode: "pessimistic_write" } });');
    expect(one).toMatchObject({ verb: 'find', many: false, table: { name: 'User' }, lock: 'update', miss: 'null', evidence: 'declaration', label: 'users.findOne', result: [{ path: [], is: 'row', miss: 'null' }] });
    expect(where(one.predicate)).toBe('email = email');
    expect(where(only('await users.findOneBy([{ email }, { name }]);').predicate)).toBe('email = email | name = name');
    expect(where(only('await users.findBy({ id: In([1]), name: Not(IsNull()) });').predicate)).toBe('id in array & name is not null null');
    expect(only('await users.findOneByOrFail({ id });')).toMatchObject({ miss: 'throws' });
    expect(where(only('await users.findOneBy({ email: undefined });').predicate)).toBe('');
  });

  it('counts, exists and aggregates', () => {
    expect(only('await users.countBy({ name });')).toMatchObject({ verb: 'count', result: [{ is: 'count' }] });
    expect(only('await users.existsBy({ name });')).toMatchObject({ verb: 'count', result: [{ is: 'exists' }] });
    expect(only('await users.maximum("hits", { name });')).toMatchObject({ verb: 'aggregate', aggregate: { function: 'max', column: 'hits' } });
  });

  it('reads a manager with the entity first', () => {
    const one = only('await manager.findOne(User, { where: { email } });');
    expect(one.table.name).toBe('User');
    expect(where(one.predicate)).toBe('email = email');
  });
});

describe('writes', () => {
  it('tells inserts of new instances from saves of loaded rows', () => {
    expect(only('await users.save(users.create({ email }));')).toMatchObject({ verb: 'insert', rows: [{ assignments: [{ column: 'email', how: 'set' }] }] });
    expect(only('await users.save({ id, email });')).toMatchObject({ verb: 'save', detail: { primaryKey: ['id'] } });
    const [, saved] = operations('const user = await users.findOneByOrFail({ id }); user.name = name; await users.save(user);');
    expect(saved).toMatchObject({ verb: 'save' });
    expect(saved!.rows![0]!.assignments.find((one) => one.column === 'name')).toMatchObject({ how: 'set' });
    expect(saved!.rows![0]!.assignments.find((one) => one.column === 'email')).toMatchObject({ how: 'carried' });
  });

  it('reads update, increment, delete and upsert', () => {
    const update = only('await users.update({ id }, { name });');
    expect(update).toMatchObject({ verb: 'update', miss: 'count', many: false, rows: [{ assignments: [{ column: 'name' }] }] });
    expect(where(update.predicate)).toBe('id = id');
    expect(only('await users.increment({ id }, "hits", 1);')).toMatchObject({ verb: 'update', rows: [{ assignments: [{ column: 'hits', how: 'atomic' }] }] });
    expect(only('await users.update(id, { hits: () => "hits + 1" });').rows![0]!.assignments[0]).toMatchObject({ column: 'hits', how: 'atomic', value: { value: 1 } });
    expect(only('await users.delete(id);')).toMatchObject({ verb: 'delete', predicate: { arms: [[{ column: 'id' }]] } });
    expect(only('await users.upsert({ email }, ["email"]);')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update', atomic: true } });
    expect(only('await users.upsert({ email }, { conflictPaths: { email: true } });')).toMatchObject({ conflict: { target: ['email'] } });
    expect(only('await users.insert({ email });')).toMatchObject({ verb: 'insert', violation: { arrives: 'thrown' } });
    expect(only('await manager.save(User, { email });')).toMatchObject({ verb: 'insert', table: { name: 'User' } });
  });
});

describe('transactions', () => {
  it('puts in what is made from the manager of the callback, and nothing else', () => {
    const [inside, outside] = operations('await dataSource.transaction("SERIALIZABLE", async (tx) => { await tx.findOneBy(User, { email }); await users.save({ email }); });');
    expect(inside!.transaction).toMatchObject({ form: 'callback', isolation: 'serializable' });
    expect(outside!.transaction).toBeUndefined();
  });

  it('follows query runners and withRepository', () => {
    const found = operations(`const runner = dataSource.createQueryRunner(); await runner.connect(); await runner.startTransaction();
      await runner.manager.findOneBy(User, { email }); await runner.manager.withRepository(users).insert({ email }); await runner.commitTransaction(); await runner.manager.insert(User, { email });`);
    expect(found.map((one) => one.transaction?.form)).toEqual(['manual', 'manual', undefined]);
    expect(found[0]!.transaction).toBe(found[1]!.transaction);
  });

  it('reads locks in SQL', () => {
    expect(only('await manager.query("SELECT pg_advisory_xact_lock($1)", [id]);')).toMatchObject({ verb: 'lock', lock: 'advisory' });
    expect(only('await manager.query("SELECT * FROM users WHERE id = $1 FOR UPDATE", [id]);')).toMatchObject({ verb: 'find', lock: 'update', table: { name: 'User' } });
  });
});

describe('query builder', () => {
  it('reads conditions', () => {
    const one = only(`await users.createQueryBuilder('u').where('u.email = :email', { email }).andWhere('u.hits > 3').orWhere('u.name IS NULL').setLock('pessimistic_write').getOne();`);
    expect(one).toMatchObject({ verb: 'find', many: false, lock: 'update', table: { name: 'User' } });
    expect(where(one.predicate)).toBe('email = email & hits > 3 | name is null null');
    expect(where(only(`await users.createQueryBuilder('u').where('u.id IN (:...ids) AND LOWER(u.email) = :email', { ids: id, email }).getMany();`).predicate)).toBe('id in id …');
    expect(where(only(`await users.createQueryBuilder('u').where('u.name = :name').setParameter('name', name).getCount();`).predicate)).toBe('name = name');
    expect(where(only(`await users.createQueryBuilder('u').where('u.id = :id', { id }).andWhere(new Brackets((qb) => { qb.where('u.name = :name', { name }).orWhere('u.email = :email', { email }); })).getExists();`).predicate))
      .toBe('id = id & name = name | id = id & email = email');
    expect(where(only(`const qb = users.createQueryBuilder('u'); qb.where('u.email = :email', { email }); await qb.getOne();`).predicate)).toBe('email = email');
  });

  it('reads writes', () => {
    const ignored = only('await dataSource.createQueryBuilder().insert().into(User).values({ email }).orIgnore().execute();');
    expect(ignored).toMatchObject({ verb: 'upsert', table: { name: 'User' }, conflict: { action: 'ignore' }, rows: [{ assignments: [{ column: 'email' }] }] });
    expect(only('await users.createQueryBuilder().insert().values({ email, name }).orUpdate(["name"], ["email"]).execute();')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], update: { assignments: [{ column: 'name' }] } } });
    const updated = only('await users.createQueryBuilder().update().set({ hits: () => "hits + 1" }).where("id = :id", { id }).execute();');
    expect(updated).toMatchObject({ verb: 'update', many: false, rows: [{ assignments: [{ column: 'hits', how: 'atomic' }] }] });
    expect(where(only('await users.createQueryBuilder().delete().where("email = :email", { email }).execute();').predicate)).toBe('email = email');
  });
});

describe('recognition', () => {
  it('knows sources of unresolved modules by their calls', () => {
    const found = operationsOf(`import { AppDataSource } from './nowhere'; import { User } from './user.entity';
      const repo = AppDataSource.getRepository(User); export async function run(email: string) { await repo.findOneBy({ email }); }`);
    expect(found[0]).toMatchObject({ verb: 'find', evidence: 'shape', table: { name: 'User' } });
  });

  it('knows custom repositories and injected ones', () => {
    const found = operationsOf(`import { Repository } from 'typeorm'; import { User } from './user.entity';
      export class UserRepository extends Repository<User> { async make(email: string) { const found = await this.findOneBy({ email }); if (!found) await this.save(this.create({ email })); } }`);
    expect(found.map((one) => `${one.verb} ${one.table.name}`)).toEqual(['find User', 'insert User']);
    const injected = operationsOf(`import { InjectRepository } from '@nestjs/typeorm'; import { User } from './user.entity';
      export class Users { constructor(@InjectRepository(User) private readonly repo) {} async make(email: string) { await this.repo.insert({ email }); } }`);
    expect(injected).toMatchObject([{ verb: 'insert', table: { name: 'User' } }]);
  });

  it('knows Active Record classes and instances', () => {
    const found = operationsOf(`import { BaseEntity, Entity } from 'typeorm'; @Entity() export class User extends BaseEntity {}
      export async function run(email: string) { const user = await User.findOneBy({ email }); if (user) { user.name = 'x'; await user.save(); } const made = new User(); made.email = email; await made.save(); }`);
    expect(found.map((one) => `${one.verb} ${one.table.name}`)).toEqual(['find User', 'save User', 'insert User']);
  });

  it('knows a repository that creates what it saves', () => {
    const found = operationsOf(`export class S { constructor(private tagsRepository: any) {} async run(slug: string) {
      const tag = await this.tagsRepository.findOne({ where: { slug } }); if (!tag) await this.tagsRepository.save(this.tagsRepository.create({ slug })); } }`);
    expect(found.map((one) => `${one.verb} ${one.table.name} ${one.evidence}`)).toEqual(['find this.tagsRepository shape', 'save this.tagsRepository shape']);
  });

  it('takes no other library for this one', () => {
    expect(operationsOf(`export async function run(cache, list) { await cache.save({ a: 1 }); await list.findOne({ where: { a: 1 } }); await cache.delete('x'); }`)).toEqual([]);
  });
});

describe('entities', () => {
  it('reads columns, keys, relations and listeners, base classes included', () => {
    const parts = entitySource.read([{ path: 'user.entity.ts', text: USER }, { path: 'base.ts', text: `import { PrimaryGeneratedColumn } from 'typeorm'; export abstract class Base { @PrimaryGeneratedColumn() id: number; }` },
      { path: 'data-source.ts', text: `import { DataSource } from 'typeorm'; export const ds = new DataSource({ type: 'postgres' });` }]);
    expect(parts[0]!.dialect).toBe('postgres');
    const user = parts[0]!.tables[0]!;
    expect(user).toMatchObject({ name: 'User', dbName: 'users', complete: true, sideEffects: ['@BeforeInsert() hash'] });
    expect(user.keys.map((key) => [key.primary, ...key.columns, key.where].filter((one) => one !== undefined))).toEqual([[true, 'id'], [false, 'teamId', 'nick', 'nick IS NOT NULL'], [false, 'email']]);
    expect([...user.columns.keys()]).toEqual(['id', 'email', 'name', 'nick', 'hits', 'teamId']);
    expect(user.relations).toMatchObject([{ name: 'team', target: 'Team', columns: ['teamId'], references: ['id'], many: false }]);
    expect(user.columns.get('id')!.default).toBe('generated-id');
    expect(user.columns.get('hits')).toMatchObject({ default: 'database', defaultLiteral: 0 });
  });

  it('reads embedded columns', () => {
    const text = `import { Entity, Column, PrimaryColumn } from 'typeorm'; class Name { @Column() first: string } @Entity() export class Person { @PrimaryColumn() id: number; @Column(() => Name) name: Name }`;
    const table = entitySource.read([{ path: 'person.entity.ts', text }])[0]!.tables[0]!;
    expect([...table.columns.values()].map((one) => `${one.name} ${one.dbName}`)).toEqual(['id id', 'name.first nameFirst']);
    expect(table.complete).toBe(true);
  });

  it('reads entity schemas', () => {
    const text = `import { EntitySchema } from 'typeorm'; export const Tag = new EntitySchema({ name: 'Tag', tableName: 'tags', columns: { id: { type: Number, primary: true, generated: true }, slug: { type: 'varchar', unique: true } }, indices: [{ columns: ['slug', 'id'], unique: true }] });`;
    const table = entitySource.read([{ path: 'tag.entity.ts', text }])[0]!.tables[0]!;
    expect(table).toMatchObject({ name: 'Tag', dbName: 'tags', complete: true });
    expect(table.keys.map((key) => key.columns)).toEqual([['id'], ['slug'], ['slug', 'id']]);
  });

  it('says what it could not read', () => {
    expect(entitySource.read([{ path: 'broken.entity.ts', text: `import 'typeorm'; class {` }])[0]!.unread).toHaveLength(1);
    expect(entitySource.read([{ path: 'b.entity.ts', text: `import { Entity } from 'typeorm'; import { Base } from 'far'; @Entity() class B extends Base {}` }])[0]!.tables[0]!.complete).toBe(false);
  });
});
