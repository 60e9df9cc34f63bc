import { describe, expect, it } from 'vitest';
import { bodyOf } from './rewrite.test.help.ts';

const FIND = 'await prisma.user.findUnique({ where: { email } })';
const CREATE = 'prisma.user.create({ data: { email, name } })';
const UPSERT = 'prisma.user.upsert({ where: { email }, create: { email, name }, update: { email } })';

describe('a decision', () => {
  it.each([
    ['an early return', `const user = ${FIND};\nif (user) return user;\nreturn ${CREATE};`, `return ${UPSERT};`],
    ['if and else', `const user = ${FIND};\nif (user) {\nreturn user;\n} else {\nreturn ${CREATE};\n}`, `return ${UPSERT};`],
    ['a variable that is filled', `let user = ${FIND};\nif (!user) user = await ${CREATE};\nreturn user;`, `const user = await ${UPSERT};\nreturn user;`],
    ['??', `return (${FIND}) ?? (await ${CREATE});`, `return await ${UPSERT};`],
    ['||', `const user = (${FIND}) || (await ${CREATE});\nreturn user.id;`, `const user = await ${UPSERT};\nreturn user.id;`],
    ['a ternary', `const user = ${FIND};\nreturn user ? user : ${CREATE};`, `return ${UPSERT};`],
    ['a count', `if ((await prisma.user.count({ where: { email } })) === 0) await ${CREATE};`, `await ${UPSERT};`],
    ['&& as a statement', `const user = ${FIND};\n!user && (await ${CREATE});`, `await ${UPSERT};`],
    ['a switch case', `switch (name) {\ncase 'a':\nconst user = ${FIND};\nif (user) break;\nawait ${CREATE};\nbreak;\n}`, `switch (name) {\ncase 'a':\nawait ${UPSERT};\nbreak;\n}`],
    ['a loop that goes on', `for (const one of [name]) {\nconst user = ${FIND};\nif (user) continue;\nawait prisma.user.create({ data: { email, name: one } });\n}`, `for (const one of [name]) {\nawait prisma.user.upsert({ where: { email }, create: { email, name: one }, update: { email } });\n}`],
  ])('is read from %s', (_, body, expected) => {
    expect(bodyOf(body)).toBe(expected);
  });

  it('compares a miss with what a miss is', () => {
    expect(bodyOf(`const user = ${FIND};\nif (user === null) return ${CREATE};\nreturn user;`)).toBe(`return ${UPSERT};`);
    expect(bodyOf(`const user = ${FIND};\nif (user == undefined) return ${CREATE};\nreturn user;`)).toBe(`return ${UPSERT};`);
    expect(bodyOf(`const user = ${FIND};\nif (user === undefined) return ${CREATE};\nreturn user;`)).not.toContain('upsert');
  });

  it('is refused where the condition asks for more', () => {
    expect(bodyOf(`const user = ${FIND};\nif (!user && name) await ${CREATE};`)).not.toContain('upsert');
  });

  it('is refused where the look-up stands in an outer block that goes on to read it', () => {
    expect(bodyOf(`let user = ${FIND};\nif (name) {\nif (!user) user = await ${CREATE};\n}\nreturn user;`)).toBe('read-later');
  });
});
