import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Value } from '../../model.ts';
import { operationsOf } from './source.test.help.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind === 'result' ? 'row' : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}`).join(' & ')).join(' | ')
  + (predicate!.complete ? '' : ' …');
const operations = (body: string): readonly Operation[] => operationsOf(`
  import { EntityManager, EntityRepository, LockMode, IsolationLevel, raw, sql, wrap } from '@mikro-orm/postgresql';
  import { User } from './user.entity'; import { Team } from './team.entity';
  export async function run(em: EntityManager, users: EntityRepository<User>, email: string, id: number, name: string, team: Team, teamId: number) { ${body} }`);
const only = (body: string): Operation => { const found = operations(body); expect(found).toHaveLength(1); return found[0]!; };
const written = (operation: Operation | undefined): string => operation!.rows!.map((row) => row.assignments.map((one) => `${one.column} ${one.how} ${show(one.value)}`).join(', ')).join(' | ');

describe('reads', () => {
  it('reads where objects, keys and options', () => {
    const one = only('await em.findOne(User, { email }, { lockMode: LockMode.PESSIMISTIC_WRITE });');
    expect(one).toMatchObject({ verb: 'find', many: false, table: { name: 'User' }, lock: 'update', miss: 'null', evidence: 'declaration', label: 'em.findOne', dialect: 'postgres' });
    expect(where(one.predicate)).toBe('email = email');
    expect(where(only('await em.findOne(User, id);').predicate)).toBe('id = id');
    expect(where(only('await users.find({ $or: [{ email }, { name }], hits: { $gte: 3, $ne: null } });').predicate)).toBe('email = email & hits >= 3 & hits is not null null | name = name & hits >= 3 & hits is not null null');
    expect(where(only('await users.find({ id: [1, 2], name: null });').predicate)).toBe('id in array & name is null null');
    expect(where(only('await users.findAll({ where: { team: teamId } });').predicate)).toBe('team = teamId');
    expect(where(only('await users.findOne({ team, nick: name });').predicate)).toBe('team = team.id & nick = name');
    expect(where(only('await users.findOne({ team: { id: teamId } });').predicate)).toBe('team = teamId');
    expect(where(only('await users.findOne({ team: { seats: 3 } });').predicate)).toBe('team.seats = 3');
    expect(only('await users.findOneOrFail({ id });')).toMatchObject({ miss: 'throws' });
    expect(only('await em.count(User, { team });')).toMatchObject({ verb: 'count', result: [{ is: 'count' }] });
  });

  it('reads query builders', () => {
    expect(where(only('await em.createQueryBuilder(User, "u").where({ email }).andWhere({ name }).getSingleResult();').predicate)).toBe('email = email & name = name');
    expect(only('await em.createQueryBuilder(User).where({ team }).getCount();')).toMatchObject({ verb: 'count' });
    expect(only('await em.qb(User).update({ hits: raw("hits + 1") }).where({ id }).execute();')).toMatchObject({ verb: 'update', rows: [{ assignments: [{ column: 'hits', how: 'atomic' }] }] });
    expect(only('await em.createQueryBuilder(User).insert({ email, name }).onConflict("email").merge(["name"]);')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'update' } });
    expect(only('await em.createQueryBuilder(User).insert({ email }).onConflict(["email"]).ignore().execute();')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], action: 'ignore' } });
  });
});

describe('the unit of work', () => {
  it('writes what was made and changed when it is flushed', () => {
    const made = only('em.create(User, { email, name }); await em.flush();');
    expect(made).toMatchObject({ verb: 'insert', table: { name: 'User' }, transaction: { form: 'batch' } });
    expect(written(made)).toBe('email set email, name set name');
    expect(written(only('const user = new User(); user.email = email; await em.persistAndFlush(user);'))).toBe('email set email');
    expect(written(only('const user = new User(); user.email = email; em.persist(user); user.name = name; await em.flush();'))).toBe('email set email, name set name');
    const [, changed] = operations('const user = await em.findOneOrFail(User, { id }); user.name = name; await em.flush();');
    expect(changed).toMatchObject({ verb: 'update', label: 'em.flush', miss: 'silent' });
    expect(where(changed!.predicate)).toBe('id = row.id');
    expect(written(changed)).toBe('name set name');
  });

  it('writes nothing without a flush, and nothing twice', () => {
    expect(operations('const user = await em.findOneOrFail(User, { id }); user.name = name;')).toHaveLength(1);
    expect(operations('em.create(User, { email }); await em.flush(); await em.flush();')).toHaveLength(1);
    const again = operations('const user = em.create(User, { email }); await em.flush(); user.name = name; await em.flush();');
    expect(again.map((one) => one.verb)).toEqual(['insert', 'update']);
    expect(written(again[1])).toBe('name set name');
    const twice = operations('const user = await em.findOneOrFail(User, { id }); user.name = name; await em.flush(); user.email = email; await em.flush();');
    expect(twice.slice(1).map(written)).toEqual(['name set name', 'email set email']);
  });

  it('keeps the conditions of what was made in branches', () => {
    const [, first, second] = operations('let user = await em.findOne(User, { email }); if (!user) { user = new User(); user.email = email; em.persist(user); } user.name = name; await em.flush();');
    expect(first).toMatchObject({ verb: 'insert' });
    expect(first!.condition.kind).toBe('not');
    expect(second).toMatchObject({ verb: 'update' });
    expect(second!.condition.kind).toBe('exists');
  });

  it('removes', () => {
    const [, removed] = operations('const user = await users.findOneOrFail({ id }); em.remove(user); await em.flush();');
    expect(removed).toMatchObject({ verb: 'delete', table: { name: 'User' } });
    expect(operations('const user = await users.findOneOrFail({ id }); await em.removeAndFlush(user);')[1]).toMatchObject({ verb: 'delete' });
    expect(operations('const user = em.create(User, { email }); em.remove(user); await em.flush();')).toHaveLength(0);
  });

  it('keeps forks apart', () => {
    expect(operations('const other = em.fork(); const user = await em.findOneOrFail(User, { id }); user.name = name; await other.flush();')).toHaveLength(1);
    expect(operations('const other = em.fork(); const user = await other.findOneOrFail(User, { id }); user.name = name; await other.flush();')).toHaveLength(2);
  });

  it('assigns', () => {
    expect(written(operations('const user = await users.findOneOrFail({ id }); em.assign(user, { name }); await em.flush();')[1])).toBe('name set name');
    expect(written(operations('const user = await users.findOneOrFail({ id }); wrap(user).assign({ name }); await em.flush();')[1])).toBe('name set name');
    expect(written(operations('const user = await users.findOneOrFail({ id }); user.team = em.getReference(Team, teamId); await em.flush();')[1])).toBe('team set teamId');
    expect(operations('const user = await users.findOneOrFail({ id }); user.hits = raw("hits + 2"); await em.flush();')[1]).toMatchObject({ rows: [{ assignments: [{ column: 'hits', how: 'atomic', value: { value: 2 } }] }] });
  });

  it('guards versioned entities', () => {
    expect(operations('const found = await em.findOneOrFail(Team, { id }); found.seats = 3; await em.flush();')[1]).toMatchObject({ optimistic: true, miss: 'throws' });
  });
});

describe('writes at once', () => {
  it('reads inserts, updates, deletes and upserts', () => {
    expect(only('await em.insert(User, { email });')).toMatchObject({ verb: 'insert', violation: { arrives: 'thrown' } });
    expect(only('await em.nativeUpdate(User, { id, hits: { $gt: 0 } }, { hits: sql`hits - 1` });')).toMatchObject({ verb: 'update', miss: 'count', rows: [{ assignments: [{ how: 'atomic' }] }] });
    expect(only('await em.nativeDelete(User, { team });')).toMatchObject({ verb: 'delete', many: true });
    expect(only('await em.upsert(User, { email, name });')).toMatchObject({ verb: 'upsert', conflict: { target: ['email'], atomic: true, update: { assignments: [{ column: 'name' }] } } });
    expect(only('await em.upsert(User, { name });')).toMatchObject({ conflict: { atomic: false } });
    expect(only('await em.upsert(User, { email, name }, { onConflictFields: ["email"], onConflictAction: "ignore" });')).toMatchObject({ conflict: { target: ['email'], action: 'ignore', atomic: true } });
    expect(only('await em.execute("update users set hits = hits + 1 where id = ?", [id]);')).toMatchObject({ verb: 'update', table: { name: 'User' } });
  });
});

describe('transactions', () => {
  it('holds for everything of the context, and flushes at its end', () => {
    const found = operations('await em.transactional(async () => { const user = await users.findOne({ email }); if (!user) users.create({ email }); }, { isolationLevel: IsolationLevel.SERIALIZABLE });');
    expect(found.map((one) => one.verb)).toEqual(['find', 'insert']);
    expect(found[0]!.transaction).toMatchObject({ form: 'callback', isolation: 'serializable', dialect: 'postgres' });
    expect(found[0]!.transaction).toBe(found[1]!.transaction);
  });

  it('begins and commits by hand', () => {
    const found = operations('await em.begin({ isolationLevel: IsolationLevel.REPEATABLE_READ }); const user = await users.findOneOrFail({ id }); user.name = name; await em.commit(); await users.findOne({ email });');
    expect(found.map((one) => one.verb)).toEqual(['find', 'update', 'find']);
    expect(found[1]!.transaction).toMatchObject({ form: 'manual', isolation: 'repeatable read' });
    expect(found[2]!.transaction).toBeUndefined();
  });
});
