import { parse } from '@typescript-eslint/parser';
import { expect, test } from 'vitest';
import { Formulas } from './formula.ts';
import { Terms, type Value } from './terms.ts';

const node = parse('x');

test('choices of choices that share arms do not grow without bound', () => {
  const formulas = new Formulas();
  const terms = new Terms();
  let value: Value = terms.unknown(node);
  for (let depth = 0; depth < 60; depth++) {
    const when = formulas.opaque(node, [terms.unknown(node)]);
    value = terms.choice([{ when, value: terms.member(value, 'left') }, { when: formulas.not(when), value }], node);
  }
  let deepest: Value = value;
  for (let depth = 0; depth < 60; depth++) {
    const when = formulas.opaque(node, [terms.unknown(node)]);
    deepest = terms.choice([{ when, value: deepest }, { when: formulas.not(when), value: terms.choice([{ when, value: deepest }, { when: formulas.not(when), value: terms.unknown(node) }], node) }], node);
  }
  const spelled = (one: Value): number => (one.kind === 'choice' ? one.arms.reduce((sum, arm) => sum + spelled(arm.value), 0) : 1);
  expect(spelled(value)).toBeLessThanOrEqual(200);
  expect(spelled(deepest)).toBeLessThanOrEqual(200);
});
