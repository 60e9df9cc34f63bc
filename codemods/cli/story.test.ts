/** Every finding of the fixtures can be told as steps. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RULES } from '../../rules/index.ts';
import { analyse } from '../../src/engine.ts';
import { parseSettings } from '../../src/settings.ts';
import { parseSource } from '../../src/source/parse.ts';
import { storyOf, type Story } from './story.ts';

const cases = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures/cases');

/** Of the first project of a rule that has findings; all of them are looked at in one or two. */
function storiesOf(name: string): Story[] {
  const rules = RULES.filter((rule) => rule.name === name).map((rule) => ({ rule, options: {}, certainty: 'open' as const }));
  const settings = parseSettings({});
  const stories: Story[] = [];
  for (const project of readdirSync(join(cases, name))) {
    if (stories.length >= 12) break;
    const cwd = join(cases, name, project);
    for (const file of readdirSync(cwd)) {
      if (!/^(?!.*\.(?:fixed|scenario|d)\.).*\.ts$/.test(file)) continue;
      const path = join(cwd, file);
      for (const finding of analyse(parseSource(path, readFileSync(path, 'utf8')), { settings, cwd, rules })) stories.push(storyOf(finding, cwd));
    }
  }
  return stories;
}

describe('the story of a finding', () => {
  it.each(RULES.map((rule) => rule.name))('%s: steps of one or two calls, the last of which does the harm', (name) => {
    const stories = storiesOf(name);
    expect(stories.length).toBeGreaterThan(0);
    for (const { heading, steps, seen, keys } of stories) {
      expect(steps.map((one) => one.harm)).toEqual(steps.map((_, at) => at === steps.length - 1));
      expect(steps.length).toBeGreaterThan(0);
      expect(heading).toMatch(new Set(steps.map((one) => one.call)).size === 1 ? /^One call alone$/ : /^Two calls/);
      for (const text of [seen, ...keys, ...steps.map((one) => one.result)]) expect(text).not.toMatch(/undefined|``|,\s*$/);
      for (const one of steps) expect([one.file.startsWith('/'), one.line > 0, one.label.length > 0]).toEqual([false, true, true]);
    }
  });
});
