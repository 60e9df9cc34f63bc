import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../rewrite/rewrite.test.help.ts';

const getOrCreate = (more = '', data = '{ email, name }') => `const user = await prisma.user.findUnique({ where: { email }${more} });\nif (user) return user;\nreturn prisma.user.create({ data: ${data}${more} });`;
const save = (data: string) => `const user = await prisma.user.findUnique({ where: { email } });\nif (user) return prisma.user.update({ where: { id: user.id }, data: ${data} });\nreturn prisma.user.create({ data: { email, name } });`;

describe('Prisma', () => {
  it('upserts where that is one statement', () => {
    const upsert = 'return prisma.user.upsert({ where: { email }, create: { email, name }, update: { email } });';
    expect(bodyOf(getOrCreate())).toBe(upsert);
    expect(bodyOf(getOrCreate(), { provider: 'sqlite' })).toBe(upsert);
    expect(bodyOf(getOrCreate(', select: { id: true }'))).toBe('return prisma.user.upsert({ where: { email }, create: { email, name }, update: { email }, select: { id: true } });');
  });

  it.each([
    ['a relation that is fetched', ', include: { profile: true }', '{ email, name }'],
    ['a relation that is selected', ', select: { id: true, profile: true }', '{ email, name }'],
  ])('inserts first with %s', (_, more, data) => {
    expect(bodyOf(getOrCreate(more, data))).toMatch(/^return prisma\.user\.create\([^]*\.catch\(\(error: unknown\) => \{[^]*findUniqueOrThrow/);
  });

  it('leaves an insert alone whose spread may hold relations and other keys', () => {
    expect(bodyOf(getOrCreate('', '{ ...(globalThis as any).more, email }'))).toBe('several-keys');
  });

  it('never upserts on MySQL', () => {
    expect(bodyOf(getOrCreate(), { provider: 'mysql' })).toContain("code === 'P2002'");
    expect(bodyOf(save('{ name }'), { provider: 'mysql' })).toContain('return prisma.user.update({ where: { email }, data: { name } });');
  });

  it('writes the key to itself where the update may be empty', () => {
    expect(bodyOf(save('{ name }'))).toContain('update: { name } }');
    expect(bodyOf(save('{ name: (globalThis as any).name }'))).toContain('update: { email, name: (globalThis as any).name } }');
    expect(bodyOf(save('{ hits: { increment: 1 } }'))).toContain('update: { hits: { increment: 1 } } }');
  });

  it('names a compound key as the schema does', () => {
    expect(bodyOf("const slot = await prisma.slot.findFirst({ where: { room: name, hour: 1 } });\nif (slot) return slot;\nreturn prisma.slot.create({ data: { room: name, hour: 1 } });"))
      .toBe('return prisma.slot.upsert({ where: { roomHour: { room: name, hour: 1 } }, create: { room: name, hour: 1 }, update: { room: name } });');
  });

  it('does not make two results of different columns one', () => {
    expect(bodyOf('const user = await prisma.user.findUnique({ where: { email }, select: { id: true } });\nif (user) return user.id;\nconst made = await prisma.user.create({ data: { email } });\nreturn made.id;')).toMatch(/\.catch\([^]*findUniqueOrThrow\(\{ where: \{ email \}, select: \{ id: true \} \}\)/);
  });

  it('goes behind a savepoint in a Postgres transaction, and nowhere else', () => {
    const inside = (end: string) => `return prisma.$transaction(async (tx) => {\nconst user = await tx.user.findUnique({ where: { email }, include: { profile: true } });\nif (user) return user;\nreturn tx.user.create({ data: { email }, include: { profile: true } });\n}${end});`;
    expect(bodyOf(inside(''))).toContain('return tx.$transaction((nested) => nested.user.create({ data: { email }, include: { profile: true } })).catch((error: unknown) => {');
    expect(bodyOf(inside(", { isolationLevel: 'RepeatableRead' }"))).toBe('in-transaction');
    expect(bodyOf(inside(''), { provider: 'mysql' })).toBe('in-transaction');
  });
});
