import { describe, expect, it } from 'vitest';
import { bodyOf, rewrite } from './rewrite.test.help.ts';
import { editedRange, indentUnit, quoteOf, reindent } from './text.ts';

const HEAD = "import type { PrismaClient } from '@prisma/client'";

describe('text', () => {
  it('is edited by offsets of the file', () => {
    expect(editedRange('abcdef', 1, 5, [{ start: 3, end: 4, text: 'X' }, { start: 2, end: 2, text: '-' }])).toBe('b-cXe');
  });
  it('is indented anew, but for the lines of template literals', () => {
    expect(reindent('a(\n    b,\n  )', '  ', '    ')).toBe('a(\n      b,\n    )');
    expect(reindent('a(`\n  b`)', '  ', '', [[2, 7]])).toBe('a(`\n  b`)');
  });
  it('keeps the quotes and the unit of the file', () => {
    expect([quoteOf('"a" "b" \'c\''), quoteOf("'a'"), indentUnit('a\n\tb'), indentUnit('a\n    b\n        c'), indentUnit('')]).toEqual(['"', "'", '\t', '    ', '  ']);
  });
});

describe('a rewritten file', () => {
  const body = ['const user = await prisma.user.findUnique({ where: { email } })', 'if (user) return user', 'return prisma.user.create({ data: { email }, include: { profile: true } })'];
  const file = (indent: string, end: string, semicolon: string) => [HEAD + semicolon, '', 'export async function f(prisma: PrismaClient, email: string) {', ...body.map((one) => indent + one.replace('{ where: { email } }', '{ where: { email }, include: { profile: true } }') + semicolon), '}', ''].join(end);

  it('keeps its line ends', () => {
    expect(rewrite(file('  ', '\r\n', ';')).text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });
  it('keeps its tabs and goes without semicolons', () => {
    const { text, rewritten } = rewrite(file('\t', '\n', ''));
    expect(rewritten).toHaveLength(1);
    expect(text).toContain('\n\t\tif (');
    expect(text).not.toContain(';');
  });
  it('has no types in JavaScript', () => {
    const { text, rewritten } = rewrite("const { PrismaClient } = require('@prisma/client');\nconst prisma = new PrismaClient();\nexports.f = async (email) => {\n  const user = await prisma.user.findUnique({ where: { email }, include: { profile: true } });\n  if (user) return user;\n  return prisma.user.create({ data: { email }, include: { profile: true } });\n};\n", { file: 'case.cjs' });
    expect(rewritten).toHaveLength(1);
    expect(text).toContain(".catch((error) => {\n    if (!(error?.code === 'P2002')) throw error;");
  });
  it('loses no comment and has none twice', () => {
    const found = bodyOf('// 1\nconst user = await prisma.user.findUnique({ where: { email /* 2 */ } }); // 3\n// 4\nif (user) {\n// 5\nreturn prisma.user.update({ where: { email }, data: { name /* 6 */ } }); // 7\n}\n// 8\nreturn prisma.user.create({ data: { email, name /* 9 */ } });');
    expect([...found.matchAll(/\d/g)].map(Number).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const inline = bodyOf('return (await prisma.user.findUnique({ where: { email } }))\n// 1\n?? (await prisma.user.create({ data: { email /* 2 */ } }));');
    expect([...inline.matchAll(/\d/g)].map(Number).sort()).toEqual([1, 2]);
  });
});
