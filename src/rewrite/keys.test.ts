import { describe, expect, it } from 'vitest';
import { bodyOf, rewrite } from './rewrite.test.help.ts';

const ensure = (where: string, data: string, model = 'user') => `const row = await prisma.${model}.findFirst({ where: ${where} });\nif (row) return row;\nreturn prisma.${model}.create({ data: ${data} });`;
const HEAD = "import type { PrismaClient } from '@prisma/client';\n";
const withParameter = (parameter: string, value: string, accept: readonly string[] = []) =>
  rewrite(`${HEAD}export async function f(prisma: PrismaClient, ${parameter}) {\n${ensure(`{ email: ${value} }`, `{ email: ${value} }`)}\n}\n`, { accept });

describe('the key of a look-up', () => {
  it('is exactly one unique key', () => {
    expect(bodyOf(ensure('{ email }', '{ email }'))).toContain('where: { email }');
    expect(bodyOf(ensure('{ email, name }', '{ email, name }'))).toBe('key-differs');
    expect(bodyOf(ensure('{ name }', '{ name, email }'))).toBe('no-unique-key');
  });

  it('is never NULL', () => {
    expect(bodyOf(ensure('{ nick: name }', '{ nick: name }', 'nick'))).toBe('nullable-key');
  });

  it('is what is inserted, whatever a spread holds', () => {
    expect(bodyOf(`const row = await prisma.user.findUnique({ where: { email } });\nif (row) return row;\nreturn prisma.user.create({ data: { email, ...JSON.parse(name) } });`)).not.toContain('upsert');
  });

  it('is never undefined, by its declared type', () => {
    expect(withParameter('email: string', 'email').rewritten).toHaveLength(1);
    expect(withParameter('input: { email: string }', 'input.email').rewritten).toHaveLength(1);
    expect(withParameter('{ email }: { email: string }', 'email').rewritten).toHaveLength(1);
    expect(withParameter("kind: 'a' | 'b'", 'kind').rewritten).toHaveLength(1);
  });

  it('is refused where it is declared as possibly undefined', () => {
    for (const [parameter, value] of [['email?: string', 'email'], ['email: string | undefined', 'email'], ['input: { email?: string }', 'input.email'], ['input?: { email: string }', 'input?.email']] as const) {
      expect(withParameter(parameter, value).refused).toMatchObject([{ id: 'key-undefined' }]);
    }
  });

  it('asks to be vouched for where nobody says', () => {
    expect(withParameter('request: any', 'request.body.email').refused).toMatchObject([{ id: 'needs-accept', unproven: [{ id: 'key-defined' }] }]);
    expect(withParameter('request: any', 'request.body.email', ['key-defined']).rewritten).toHaveLength(1);
  });
});

describe('an insert that goes first', () => {
  const body = (model: string, data: string) => `const row = await prisma.${model}.findUnique({ where: { email } });\nif (row) return row;\nreturn prisma.${model}.create({ data: ${data} });`;
  it('reads the row that is there on a violation', () => {
    expect(bodyOf(body('user', '{ email }'), { provider: 'mysql' })).toMatch(/^return prisma\.user\.create\(\{ data: \{ email \} \}\)\.catch\(\(error: unknown\) => \{\n/);
  });
  it('is refused where another key can be the one that is told', () => {
    expect(bodyOf(body('seller', '{ email, handle: name }'), { provider: 'mysql' })).toBe('several-keys');
  });
  it('names the error so that nothing is hidden', () => {
    const { text } = rewrite(`${HEAD}export async function f(prisma: PrismaClient, error: string) {\nconst row = await prisma.user.findUnique({ where: { email: error } });\nif (row) return row;\nreturn prisma.user.create({ data: { email: error } });\n}\n`, { provider: 'mysql' });
    expect(text).toContain('.catch((error2: unknown) => {');
    expect(text).toContain('where: { email: error }');
  });
});
