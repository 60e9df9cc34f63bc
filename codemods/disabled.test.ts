import { describe, expect, it } from 'vitest';
import { parseSource } from '../src/source/parse.ts';
import { isDisabled } from './disabled.ts';

const RULE = 'no-find-then-insert';
/** Whether a report at the mark `§` is silenced. */
function silenced(text: string, rule = RULE): boolean {
  const start = text.indexOf('§');
  return isDisabled(parseSource('/a.ts', text.replace('§', '')), rule, start);
}

describe('comments of ESLint', () => {
  it.each([
    ['the next line', '// eslint-disable-next-line\n§f();'],
    ['the next line, by name and with a reason', `// eslint-disable-next-line no-eval, db-race/${RULE} -- one worker\n§f();`],
    ['the line after a comment of several lines', `/* eslint-disable-next-line\n  db-race/${RULE}\n*/\n§f();`],
    ['its own line', `§f(); // eslint-disable-line db-race/${RULE}`],
    ['its own line, in front', '/* eslint-disable-line */ §f();'],
    ['all that follows', '/* eslint-disable */\ng();\n§f();'],
    ['all that follows, by name', `/* eslint-disable db-race/${RULE} */\n§f();`],
    ['all but another rule that is switched on again', `/* eslint-disable */\n/* eslint-enable no-eval */\n/* eslint-enable db-race/no-delete-then-insert */\n§f();`],
    ['the whole file by a configuration', `§f();\n/* eslint db-race/${RULE}: "off" */`],
    ['the whole file by a configuration with options', `/* eslint no-eval: 2, "db-race/${RULE}": [0, {}] -- why */\n§f();`],
  ])('silence %s', (_, text) => expect(silenced(text)).toBe(true));

  it.each([
    ['another line', '// eslint-disable-next-line\n\n§f();'],
    ['another rule', '// eslint-disable-next-line db-race/no-delete-then-insert\n§f();'],
    ['a rule named like ours in another plugin', `// eslint-disable-next-line other/${RULE}\n§f();`],
    ['a name that stands in the reason only', `// eslint-disable-next-line no-eval -- not db-race/${RULE}\n§f();`],
    ['what stands before', '§f();\n/* eslint-disable */'],
    ['what was switched on again', '/* eslint-disable */\n/* eslint-enable */\n§f();'],
    ['what a line comment cannot', '// eslint-disable\n§f();'],
    ['a comment in a string', "const text = '/* eslint-disable */';\n§f();"],
    ['a word that only begins so', '/* eslint-disabled */\n§f();'],
    ['a configuration that leaves it on', `/* eslint db-race/${RULE}: "warn" */\n§f();`],
    ['a configuration of another rule', '/* eslint db-race/no-delete-then-insert: off */\n§f();'],
  ])('do not silence %s', (_, text) => expect(silenced(text)).toBe(false));
});
