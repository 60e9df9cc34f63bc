import { describe, expect, it } from 'vitest';
import { CalledFamilies, CalledNames } from './called.ts';

describe('names that a text calls', () => {
  const names = ['create', 'update', 'findFirst', 'sql'];
  const called = new CalledNames(names);
  const pattern = /\b(?:create|update|findFirst|sql)\s*[(<`]/;
  it.each([
    'user.create({})', 'user?.update<User>(x)', 'sql`select 1`', 'create\n  (x)', 'db\n.findFirst (', 'recreate(x)', 'create_(x)', 'createUser(x)', 'update', 'a < update < b', '(create)', 'const create = 1',
    'é.create(x)', 'écreate(x)', 'create\u00a0(x)', '$create(x)', '<Create />', '', '(', 'x'.repeat(200) + '(', 'async findFirst<T>(', 'sql\u2028`x`',
  ])('tells of %j what a regular expression would', (text) => {
    expect(called.test(text)).toBe(pattern.test(text));
  });

  const families = new CalledFamilies(['create', 'save']);
  it.each([['createUser(x)', true], ['save_all(x)', true], ['create(x)', false], ['creates(x)', false], ['recreateUser(x)', false], ['createUser', false], ['Pin.createWithCtx(ctx)', true]])('tells helpers named after a word: %j', (text, expected) => {
    expect(families.test(text as string)).toBe(expected);
  });
});
