/** What a project says of itself in its settings, and what the engine then knows. */
import { describe, expect, it } from 'vitest';
import { RULES } from '../rules/index.ts';
import { analyse } from './engine.ts';
import { parseSettings, type UserSettings } from './settings.ts';
import { parseSource } from './source/parse.ts';

function reports(code: string, settings: UserSettings, certainty: 'proven' | 'open' = 'proven'): string[] {
  const file = parseSource('/nowhere/src/service.ts', code);
  return analyse(file, { settings: parseSettings({ schema: false, ...settings }), cwd: '/nowhere', rules: RULES.map((rule) => ({ rule, options: {}, certainty })) }).map((one) => `${file.line(one.start)} ${one.rule}`);
}

describe('settings', () => {
  const HANDLE = `import { Batch } from './batch.js';
export async function ensure(deps: Deps, code: string) {
  if (!(await deps.store.findOneBy(Batch, { code }))) await deps.store.insert(Batch, { code });
}`;

  it('handles: an expression that the project names is a handle, whatever the shape of the calls on it', () => {
    expect(reports(HANDLE, {}, 'open')).toEqual([]);
    expect(reports(HANDLE, { handles: { 'deps.store': 'typeorm' } })).toEqual(['3 no-find-then-insert']);
  });

  const inside = (wrapper: string) => `import { PrismaClient } from '@prisma/client';
const prisma = new PrismaClient();
export async function ensure(name: string) {
  await ${wrapper}(async () => {
    const tag = await prisma.tag.findUnique({ where: { name } });
    if (!tag) await prisma.tag.create({ data: { name } });
  });
}`;

  it('locks: what runs inside a helper that the project names is serialised', () => {
    expect(reports(inside('helpers.oneAtATime'), {})).toEqual(['6 no-find-then-insert']);
    expect(reports(inside('helpers.oneAtATime'), { locks: ['oneAtATime'] })).toEqual([]);
    expect(reports(inside('helpers.oneAtATime'), { locks: ['others.oneAtATime'] })).toEqual(['6 no-find-then-insert']);
  });

  it('transactions: likewise for helpers that run their callback in a serialisable transaction', () => {
    expect(reports(inside('inSerializable'), { transactions: ['inSerializable'] })).toEqual([]);
    expect(reports(inside('inSerializable'), { transactions: ['another'] })).toEqual(['6 no-find-then-insert']);
  });

  it('clients: libraries that the project does not list are not looked for', () => {
    expect(reports(inside('run'), { clients: ['typeorm'] })).toEqual([]);
  });
});
