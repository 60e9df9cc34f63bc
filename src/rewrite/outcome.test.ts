import { describe, expect, it } from 'vitest';
import { bodyOf } from './rewrite.test.help.ts';

const FIND = 'const user = await prisma.user.findUnique({ where: { email } });';
const CREATE = 'prisma.user.create({ data: { email, name } })';
const UPDATE = 'prisma.user.update({ where: { email }, data: { name } })';

describe('what the branches hand out', () => {
  it('may be the same in other words', () => {
    expect(bodyOf(`${FIND}\nif (user) return user!.id;\nreturn (await ${CREATE}).id;`)).toMatch(/^return \(await prisma\.user\.upsert\(.*\)\)\.id;$/);
  });

  it('must be the same', () => {
    expect(bodyOf(`${FIND}\nif (user) return { user, made: false };\nreturn { user: await ${CREATE}, made: true };`)).toBe('answers-differ');
  });

  it('may not be the row from before the update', () => {
    expect(bodyOf(`${FIND}\nif (user) {\nawait ${UPDATE};\nreturn user;\n}\nreturn ${CREATE};`)).toBe('previous-value');
    expect(bodyOf(`${FIND}\nif (user) {\nawait ${UPDATE};\nreturn user.name;\n}\nreturn (await ${CREATE}).name;`)).toBe('previous-value');
  });

  it('may be a column that the update leaves alone', () => {
    expect(bodyOf(`${FIND}\nif (user) {\nawait ${UPDATE};\nreturn user.id;\n}\nconst made = await ${CREATE};\nreturn made.id;`)).toMatch(/^const made = await prisma\.user\.upsert\(.*\);\nreturn made\.id;$/);
  });

  it('keeps its place beside the statement', () => {
    expect(bodyOf(`${FIND}\nif (user) {\nconsole.log(name);\nawait ${UPDATE};\n} else {\nawait ${CREATE};\nconsole.log(name);\n}`)).toBe('answers-differ');
  });

  it('may not be computed for a new row only', () => {
    expect(bodyOf(`${FIND}\nif (user) return user;\nreturn prisma.user.create({ data: { email, name: await fetch(email).then(String) } });`)).toBe('work-between');
    expect(bodyOf(`${FIND}\nif (user) return user;\nreturn prisma.user.create({ data: { email, name: JSON.parse(name).first } });`)).toBe('work-between');
  });

  it('meets the same handlers', () => {
    expect(bodyOf(`try {\n${FIND}\nif (user) return user;\nreturn ${CREATE};\n} catch {\nreturn null;\n}`)).toBe('handling-differs');
    expect(bodyOf(`try {\n${FIND}\nif (user) return user;\nreturn await ${CREATE};\n} catch {\nreturn null;\n}`)).toContain('return await prisma.user.upsert');
  });

  it('runs in one transaction', () => {
    expect(bodyOf(`return prisma.$transaction(async (tx) => {\nconst user = await prisma.user.findUnique({ where: { email } });\nif (user) return user;\nreturn tx.user.create({ data: { email } });\n});`)).toBe('other-transaction');
  });
});

describe('a handler', () => {
  const seller = (test: string, before = '') => `try {\nreturn await prisma.seller.create({ data: { email, handle: name } });\n} catch (error: any) {\n${before}if (${test}) return prisma.seller.findUniqueOrThrow({ where: { email } });\nthrow error;\n}`;
  it('goes where it only tells the violation', () => {
    expect(bodyOf(seller("error.code === 'P2002'"))).toMatch(/^return prisma\.seller\.upsert/);
  });
  it('stays where it asks for something else too', () => {
    expect(bodyOf(seller("error.code === 'P2002' && name"))).toBe('handler');
  });
  it('stays where it does something before it answers', () => {
    expect(bodyOf(seller("error.code === 'P2002'", 'console.log(error);\n'))).toBe('handler');
  });
});
