import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RULES } from '../../rules/index.ts';
import { analyse } from '../engine.ts';
import { parseSettings } from '../settings.ts';
import { parseSource } from '../source/parse.ts';

let top: string;
beforeAll(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'db-race-outcome-')));
  mkdirSync(join(top, 'prisma'));
  writeFileSync(join(top, 'package.json'), '{ "dependencies": { "@prisma/client": "^6.0.0" } }');
  writeFileSync(join(top, 'prisma/schema.prisma'), `datasource db { provider = "postgresql" }
model Group {
  id    Int    @id @default(autoincrement())
  name  String
  team  String
  queue String @unique
}`);
});
afterAll(() => { rmSync(top, { recursive: true, force: true }); });

const outcome = (queue: string): string => {
  const file = parseSource(join(top, 'groups.ts'), `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export async function ensure(name: string, team: string, given: string) {
  const known = await prisma.group.findFirst({ where: { name, team } });
  if (!known) await prisma.group.create({ data: { name, team, queue: ${queue} } });
}`);
  const [found] = analyse(file, { settings: parseSettings({}), cwd: top, rules: RULES.map((rule) => ({ rule, options: {}, certainty: 'proven' })) });
  return `${found!.race.outcome}`;
};

it('counts a key on what is computed from the columns that were asked for', () => {
  expect(outcome('name')).toBe('violation');
  expect(outcome('`${team}-${name}`')).toBe('violation');
  expect(outcome('`${team}-default`')).toBe('violation');
});

it('counts no key on what comes from elsewhere', () => {
  expect(outcome('given')).toBe('duplicate');
  expect(outcome('`${name}-${given}`')).toBe('duplicate');
  expect(outcome('`${name}-${crypto.randomUUID()}`')).toBe('duplicate');
});
