import { describe, expect, it } from 'vitest';
import type { Operation, Predicate, Row, Value } from '../../model.ts';
import { handlingOf } from '../../trace/violations.ts';
import { operationsOf, tracesOf, type Setting } from './source.test.help.ts';

const show = (value: Value): string => (value.kind === 'literal' ? JSON.stringify(value.value) ?? 'undefined' : value.kind === 'input' ? value.name
  : value.kind === 'member' ? `${show(value.object)}.${value.key}` : value.kind);
const where = (predicate: Predicate | undefined): string => predicate!.arms.map((arm) => arm.map((one) => `${[...one.via, one.column].join('.')} ${one.operator} ${show(one.value)}${one.conditional ? '?' : ''}`).join(' & ')).join(' | ')
  + (predicate!.complete ? '' : ' …');
const row = (one: Row): string => [...one.assignments.map((each) => `${each.column} ${each.how} ${show(each.value)}${each.conditional ? '?' : ''}`), ...one.spreads.map((each) => `...${show(each)}`)].join(', ');
const brief = (one: Operation): string => `${one.verb} ${one.table.name}`;
const operations = (body: string, setting?: Setting): readonly Operation[] => operationsOf(`
  import { PrismaClient, Prisma } from '@prisma/client';
  const prisma = new PrismaClient();
  export async function run(email: string, id: number, name: string, input: any, ids: number[], url: string) { ${body} }`, setting);
const only = (body: string, setting?: Setting): Operation => { const found = operations(body, setting); expect(found.map(brief)).toHaveLength(1); return found[0]!; };
const condition = (text: string, method = 'findFirst'): string => where(only(`await prisma.user.${method}({ where: ${text} });`).predicate);

describe('reads', () => {
  it('tells rows, misses, counts and aggregates', () => {
    expect(only('await prisma.user.findUnique({ where: { email } });')).toMatchObject({ verb: 'find', many: false, miss: 'null', evidence: 'declaration', label: 'prisma.user.findUnique', result: [{ path: [], is: 'row', miss: 'null' }] });
    expect(only('await prisma.user.findFirstOrThrow({ where: { name }, orderBy: { hits: "desc" } });')).toMatchObject({ miss: 'throws', order: [{ column: 'hits', descending: true }] });
    expect(only('await prisma.user.findMany();')).toMatchObject({ many: true, result: [{ is: 'rows' }], predicate: { arms: [], complete: true } });
    expect(only('await prisma.user.findMany({ where: { name }, take: 1 });').many).toBe(false);
    expect(only('await prisma.user.count({ where: { name } });')).toMatchObject({ verb: 'count', result: [{ path: [], is: 'count', numeric: 'number' }] });
    expect(only('await prisma.user.aggregate({ where: { name }, _max: { hits: true }, _count: true });')).toMatchObject({
      verb: 'aggregate', aggregate: { function: 'max', column: 'hits' }, result: [{ path: ['_max', 'hits'], is: 'scalar', column: 'hits' }, { path: ['_count'], is: 'count' }],
    });
    expect(only('await prisma.user.groupBy({ by: ["teamId"], _count: { _all: true } });')).toMatchObject({ verb: 'aggregate', columns: ['teamId'], result: [{ is: 'rows' }] });
  });

  it('sends nothing before it is awaited', () => {
    expect(operations('const never = prisma.user.delete({ where: { id } }); void id;')).toEqual([]);
    expect(operations('const a = prisma.user.findMany(); const b = prisma.user.deleteMany(); await b; await a;').map(brief)).toEqual(['delete User', 'find User']);
    expect(operations('await Promise.all(ids.map((one) => prisma.user.delete({ where: { id: one } })));').map(brief)).toEqual(['delete User']);
  });

  it('knows what comes along', () => {
    expect(only('await prisma.user.findUnique({ where: { id }, select: { id: true, links: { where: { url } }, name: false } });')).toMatchObject({ columns: ['id'], includes: ['links'] });
    const counted = only('await prisma.team.findUnique({ where: { id }, include: { _count: { select: { members: { where: { role: name } } } } } });');
    expect(counted.includes).toEqual(['_count']);
    expect(where(counted.included!['members'])).toBe('role = name');
    expect(where(only('await prisma.user.findUnique({ where: { id } }).links({ where: { url } });').predicate)).toBe('user.id = id & url = url');
  });
});

describe('where', () => {
  it('flattens compound keys and relations to columns', () => {
    expect(where(only('await prisma.member.findUnique({ where: { userId_teamId: { userId: id, teamId: 1 } } });').predicate)).toBe('userId = id & teamId = 1');
    expect(where(only('await prisma.member.findUnique({ where: { seat: { teamId: id, role: name } } });').predicate)).toBe('teamId = id & role = name');
    expect(condition('{ team: { id } }')).toBe('teamId = id');
    expect(condition('{ team: { is: { slug: name } } }')).toBe('team.slug = name');
    expect(condition('{ team: null }')).toBe('teamId is null null');
    expect(condition('{ members: { some: { teamId: id } } }')).toBe('members.teamId = id');
    expect(condition('{ members: { none: { teamId: id } } }')).toBe('members.teamId other id …');
  });

  it('reads operators', () => {
    expect(condition('{ email: { equals: email }, hits: { gte: 1, lt: id } }')).toBe('email = email & hits >= 1 & hits < id');
    expect(condition('{ email: { equals: email, mode: "insensitive" } }')).toBe('email like email');
    expect(condition('{ id: { in: ids }, name: { not: null }, email: { not: email } }')).toBe('id in ids & name is not null null & email != email');
    expect(condition('{ name: null, tags: { has: name } }')).toBe('name is null null & tags contains name');
    expect(condition('{ meta: { path: ["a"], equals: name } }')).toBe('meta other object …');
  });

  it('reads AND, OR, NOT', () => {
    expect(condition('{ OR: [{ email }, { name, hits: 1 }], id }')).toBe('email = email & id = id | name = name & hits = 1 & id = id');
    expect(condition('{ AND: [{ email }, { NOT: { name } }] }')).toBe('email = email & name != name');
    expect(condition('{ NOT: { email, name } }')).toBe('email other email & name other name …');
    expect(condition('{ OR: [] }')).toBe(' …');
  });

  it('drops undefined and keeps what is uncertain apart', () => {
    expect(condition('{ email: undefined }')).toBe('');
    expect(condition('{ email, ...(name && { name }) }')).toBe('email = email & name = name?');
    expect(condition('{ email: email || undefined }')).toBe('email = choice?');
    expect(condition('{ email, ...input }')).toBe('email = email …');
    expect(condition('input')).toBe(' …');
  });
});

describe('writes', () => {
  it('reads rows and how each column is written', () => {
    const updated = only('await prisma.user.update({ where: { id }, data: { hits: { increment: 1 }, tags: { push: name }, name: { set: name }, email: undefined, meta: { set: 1 } } });');
    expect(updated).toMatchObject({ verb: 'update', many: false, miss: 'throws', result: [{ path: [], is: 'written' }] });
    expect(row(updated.rows![0]!)).toBe('hits atomic 1, tags append name, name set name, meta set object');
    expect(only('await prisma.user.updateMany({ where: { teamId: id }, data: input });')).toMatchObject({ many: true, miss: 'count', result: [{ path: ['count'], is: 'affected' }], rows: [{ spreads: [{}] }] });
    expect(only('await prisma.user.deleteMany({ where: { teamId: id } });')).toMatchObject({ verb: 'delete', result: [{ path: ['count'] }] });
    expect(only('await prisma.user.create(input);').rows![0]!.spreads).toHaveLength(1);
    expect(row(only('await prisma.user.create({ data: { email, ...input } });').rows![0]!)).toBe('email set email, ...input');
  });

  it('reads many rows and the conflict clause', () => {
    const many = only('await prisma.user.createMany({ data: ids.map((one) => ({ id: one, email })), skipDuplicates: true });');
    expect(many).toMatchObject({ verb: 'upsert', many: true, conflict: { target: undefined, action: 'ignore', atomic: true } });
    expect(many.rowsOf).toBeDefined();
    expect(row(many.rows![0]!)).toBe('id set element, email set email');
    expect(only('await prisma.user.createMany({ data: [{ email }, { email: name }] });')).toMatchObject({ verb: 'insert', rows: [{}, {}] });
    expect(only('await prisma.user.createMany({ data: input, skipDuplicates: input.skip });').conflict!.atomic).toBe('unknown');
    expect(only('await prisma.user.createManyAndReturn({ data: input });').result).toEqual([{ path: [], is: 'written' }]);
  });

  it('sees statements in nested writes, in one transaction, with the foreign key', () => {
    const found = operations('const user = await prisma.user.update({ where: { id }, data: { links: { create: [{ url }], deleteMany: {} } } }); await prisma.link.deleteMany({ where: { userId: user.id } });');
    expect(found.map(brief)).toEqual(['find User', 'delete Link', 'insert Link', 'delete Link']);
    expect(new Set(found.slice(0, 3).map((one) => one.transaction)).size).toBe(1);
    expect(found[0]!.transaction).toMatchObject({ form: 'batch', isolation: 'default' });
    expect(where(found[1]!.predicate)).toBe('userId = id');
    expect(row(found[2]!.rows![0]!)).toBe('userId set id, url set url');
    // The call gives the row, not what the last nested statement returned.
    expect(found[3]!.predicate!.arms[0]![0]!.value).toMatchObject({ kind: 'member', object: { operation: { id: found[0]!.id } } });
    const created = operations('await prisma.user.create({ data: { email, team: { connect: { id } }, members: { create: { teamId: id, role: name } } } });');
    expect(created.map(brief)).toEqual(['insert User', 'insert Member']);
    expect(row(created[0]!.rows![0]!)).toBe('email set email, teamId set id');
    expect(row(created[1]!.rows![0]!)).toBe('userId set unknown, teamId set id, role set name');
    const linked = operations('await prisma.user.create({ data: { email, team: { connectOrCreate: { where: { slug: name }, create: { slug: name } } } } });');
    expect(linked.map(brief)).toEqual(['upsert Team', 'insert User']);
    expect(linked[0]!.conflict).toMatchObject({ target: ['slug'], action: 'ignore', atomic: false, why: '`connectOrCreate` is a SELECT and then an INSERT' });
  });
});

describe('upsert', () => {
  const upsert = (text: string, setting?: Setting): unknown => operations(`await prisma.user.upsert(${text});`, setting).find((one) => one.verb === 'upsert' && one.table.name === 'User')!.conflict!.atomic;

  it('is one statement in the measured shapes only', () => {
    expect(upsert('{ where: { email }, create: { email, name }, update: { name } }')).toBe(true);
    expect(upsert('{ where: { email }, create: { email }, update: { email } }')).toBe(true);
    expect(upsert('{ where: { email }, create: { email }, update: { hits: { increment: 1 } } }', { dialect: 'sqlite' })).toBe(true);
    expect(upsert('{ where: { email, name }, create: { email, name }, update: { name }, select: { id: true } }')).toBe(true);
    for (const shape of [
      '{ where: { email }, create: { email }, update: {} }',
      '{ where: { email }, create: { email }, update: { name: undefined } }',
      '{ where: { id }, create: { email }, update: { name } }',
      '{ where: { id, email }, create: { id, email }, update: { name } }',
      '{ where: { email, name }, create: { email }, update: { name } }',
      '{ where: { email, OR: [{ name }] }, create: { email, name }, update: { name } }',
      '{ where: { email }, create: { email, team: { connect: { id } } }, update: { name } }',
      '{ where: { email }, create: { email }, update: { name, links: { create: { url } } } }',
      '{ where: { email }, create: { email }, update: { name }, include: { team: true } }',
      '{ where: { email }, create: { email }, update: { name }, select: { _count: true } }',
    ]) expect(upsert(shape), shape).toBe(false);
    expect(upsert('{ where: { email }, create: { email, name }, update: { name } }', { dialect: 'mysql' })).toBe(false);
  });

  it('says when it cannot tell', () => {
    expect(upsert('{ where: { email }, create: { email: email.toLowerCase() }, update: { name } }')).toBe('unknown');
    expect(upsert('{ where: { email }, create: input, update: { name } }')).toBe('unknown');
    expect(upsert('{ where: { email }, create: { email }, update: input }')).toBe('unknown');
    expect(upsert('{ where: { email }, create: { email }, update: { ...(name && { name }) } }')).toBe('unknown');
    expect(upsert('{ where: { email }, create: { email, name }, update: { name } }', { version: 4 })).toBe('unknown');
  });
});

describe('transactions', () => {
  it('carries the transaction on the callback handle', () => {
    const found = operations('await prisma.$transaction(async (tx) => { await tx.user.count(); await prisma.user.count(); await tx.$transaction(async (inner) => { await inner.link.count(); }); }, { isolationLevel: Prisma.TransactionIsolationLevel.Serializable });');
    expect(found.map((one) => one.transaction?.isolation)).toEqual(['serializable', undefined, 'default']);
    expect(found[2]!.transaction!.parent).toBe(found[0]!.transaction);
    expect(operations('await prisma.$transaction(async (tx) => { await tx.user.count(); }, { isolationLevel: input.level });')[0]!.transaction!.isolation).toBe('unknown');
  });

  it('takes dialect and isolation from how the client was made', () => {
    const made = (options: string, setting?: Setting): Operation => operationsOf(`import { PrismaClient } from '@prisma/client'; import { PrismaMariaDb } from '@prisma/adapter-mariadb';
      const prisma = new PrismaClient(${options}); export async function run() { await prisma.$transaction(async (tx) => { await tx.user.count(); }); }`, setting)[0]!;
    expect(made('{ adapter: new PrismaMariaDb({}), transactionOptions: { isolationLevel: "Serializable" } }')).toMatchObject({ dialect: 'mysql', transaction: { dialect: 'mysql', isolation: 'serializable' } });
    expect(made('{ transactionOptions: { maxWait: 1 } }')).toMatchObject({ dialect: 'postgres', transaction: { isolation: 'default' } });
  });

  it('runs lists in order, mapped and conditional parts too', () => {
    const found = operations('await prisma.$transaction([prisma.link.deleteMany({ where: { userId: id } }), ...ids.map((one) => prisma.link.create({ data: { userId: one, url } })), ...(name ? [prisma.user.update({ where: { id }, data: { name } })] : [])], { isolationLevel: "RepeatableRead" });');
    expect(found.map(brief)).toEqual(['delete Link', 'insert Link', 'update User']);
    expect(new Set(found.map((one) => one.transaction)).size).toBe(1);
    expect(found[0]!.transaction).toMatchObject({ form: 'batch', isolation: 'repeatable read' });
  });

  it('reads raw statements', () => {
    expect(only('await prisma.$queryRaw`SELECT * FROM users WHERE email = ${email} FOR UPDATE`;')).toMatchObject({ verb: 'find', lock: 'update', table: { name: 'User' } });
    expect(only('await prisma.$executeRaw(Prisma.sql`SELECT pg_advisory_xact_lock(${id})`);')).toMatchObject({ verb: 'lock', lock: 'advisory' });
    const updated = only('const n = await prisma.$executeRawUnsafe("UPDATE users SET updated_at = now() WHERE id = $1", id);');
    expect(updated).toMatchObject({ verb: 'update', result: [{ path: [], is: 'affected' }], rows: [{ assignments: [{ column: 'updatedAt' }] }] });
    expect(where(updated.predicate)).toBe('id = id');
  });
});

describe('violations', () => {
  const how = (test: string, setting?: Setting): string => {
    const [trace] = tracesOf(`import { PrismaClient, Prisma } from '@prisma/client'; const prisma = new PrismaClient();
      export async function run(email: string) { try { await prisma.user.create({ data: { email } }); } catch (error: any) { if (${test}) return null; throw error; } }`, setting);
    return handlingOf(trace!.operations[0]!, trace!).how;
  };

  it('knows the code of the library and that of the driver', () => {
    expect(how('error.code === "P2002"')).toBe('handled');
    expect(how('error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002"')).toBe('handled');
    expect(how('error.message.includes("Unique constraint failed")')).toBe('handled');
    expect(how('error.code === "23505"')).toBe('dead');
    expect(how('error.code === "ER_DUP_ENTRY"')).toBe('dead');
    expect(how('error.code === "P2025"')).toBe('none');
  });

  it('knows where each version names the key', () => {
    const target = 'error.code === "P2002" && error.meta?.target?.includes("email")';
    expect(how(target, { version: 5 })).toBe('handled');
    expect(how(target, { version: 7 })).toBe('dead');
    expect(how('error.meta?.driverAdapterError?.cause?.kind === "UniqueConstraintViolation"', { version: 7 })).toBe('handled');
    expect(how('error.meta?.driverAdapterError?.cause?.kind === "UniqueConstraintViolation"', { version: 5 })).toBe('dead');
  });
});

describe('recognition', () => {
  const found = (text: string, setting?: Setting): string[] => operationsOf(text, setting).map((one) => `${brief(one)} ${one.evidence}`);

  it.each([
    ['a generated client', `import { PrismaClient } from './generated/prisma/client'; const db = new PrismaClient({ adapter: x }); export async function f() { await db.user.count(); }`],
    ['a singleton', `import { PrismaClient } from '@prisma/client'; const g = globalThis as unknown as { prisma?: PrismaClient }; const db = g.prisma ?? new PrismaClient(); export async function f() { await db.user.count(); }`],
    ['a namespace import', `import * as P from '@prisma/client'; const db = new P.PrismaClient(); export async function f() { await db.user.count(); }`],
    ['require', `const { PrismaClient } = require('@prisma/client'); const db = new PrismaClient(); exports.f = async () => { await db.user.count(); };`],
    ['an extended client', `import { PrismaClient } from '@prisma/client'; const db = new PrismaClient().$extends({ model: {} }); export async function f() { await db.user.count(); }`],
    ['a method of an extension', `import { PrismaClient } from '@prisma/client'; const base = new PrismaClient(); const db = base.$extends({ model: { user: { async total() { return base.user.count(); } } } }); export async function f() { await db.user.total(); }`],
    ['a service that extends it', `import { PrismaClient } from '@prisma/client'; class PrismaService extends PrismaClient {} export class S { constructor(private readonly db: PrismaService) {} async f() { await this.db.user.count(); } }`],
    ['the service itself', `import { PrismaClient } from '@prisma/client'; export class PrismaService extends PrismaClient { async f() { await this.user.count(); } }`],
    ['a transaction type', `import type { Prisma } from '@prisma/client'; export async function f(tx: Prisma.TransactionClient) { await tx.user.count(); }`],
    ['an alias of a transaction type', `import { PrismaClient } from '@prisma/client'; type Tx = Omit<PrismaClient, '$connect'>; export async function f(tx: Tx) { await tx.user.count(); }`],
    ['the parameter of a callback', `import { PrismaClient } from '@prisma/client'; type Tx = Parameters<Parameters<PrismaClient['$transaction']>[0]>[0]; export async function f(tx: Tx) { await tx.user.count(); }`],
    ['a model by its type', `import type { PrismaClient } from '@prisma/client'; export async function f(users: PrismaClient['user']) { await users.count(); }`],
    ['a delegate', `import type { Prisma } from '@prisma/client'; export async function f(users: Prisma.UserDelegate) { await users.count(); }`],
    ['typeof', `import { PrismaClient } from '@prisma/client'; const db = new PrismaClient(); export async function f(client: typeof db) { await client.user.count(); }`],
    ['a union', `import type { Prisma, PrismaClient } from '@prisma/client'; export async function f(db: PrismaClient | Prisma.TransactionClient) { await db.user.count(); }`],
    ['destructured models', `import { PrismaClient } from '@prisma/client'; const { user } = new PrismaClient(); export async function f() { await user.count(); }`],
    ['a context, by shape and schema', `export async function f(ctx: any) { await ctx.prisma.user.count(); }`],
  ])('knows %s', (_, text) => { expect(found(text)).toEqual(['count User declaration']); });

  it('goes by shape where nothing else is known', () => {
    const none: Setting = { schema: '' };
    expect(found('export async function f(x: any, email: string) { await x.user.upsert({ where: { email }, create: { email }, update: {} }); }', none)).toEqual(['upsert User shape']);
    expect(found('export async function f(ctx: any, email: string) { await ctx.db.post.create({ data: { email } }); }', none)).toEqual(['insert Post shape']);
    expect(found('export async function f(s: any, id: string) { await s.client.$transaction(async (tx: any) => { await tx.user.update({ where: { id }, data: { id } }); }); }', none)).toEqual(['update User shape']);
  });

  it('takes nothing of others', () => {
    for (const schema of ['', undefined]) {
      expect(found(`export async function f(map: Map<string, any>, api: any, repo: any, payload: any, qb: any, db: any, where: any, eq: any) {
        map.delete('x'); await api.users.create({ data: { a: 1 } }); await repo.find({ where: { a: 1 } }); await repo.count({ where: { a: 1 } });
        await payload.create({ collection: 'users', data: { a: 1 } }); await db.query.users.findFirst({ where: eq(1, 2) }); await api.User.update({ a: 1 }, { where: { id: 1 } });
        await api.User.findAll({ where: { id: 1 } }); await this.cache.user.delete({ where: { id: 1 } }); [1].find((one) => one === 1); await api.Post.deleteMany({ where: { a: 1 } });
      }`, { schema })).toEqual([]);
    }
  });
});
