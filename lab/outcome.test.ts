import { describe, expect, test } from 'vitest';
import type { Outcome, Row } from './model.ts';
import { errorText, orders, outcomeText, resultOf, textOf } from './outcome.ts';

const generated = new Set(['id', 'created_at']);
const outcome = (results: unknown[], rows: Row[]): Outcome => ({ results: results.map((value) => ({ value })), tables: rows.length ? { t: rows } : {} });
const text = (...args: Parameters<typeof outcome>) => outcomeText(outcome(...args), generated);

describe('outcomes are equal', () => {
  test.each<[string, Parameters<typeof outcome>, Parameters<typeof outcome>]>([
    ['whatever order the rows have', [[], [{ a: 1 }, { a: 2 }]], [[], [{ a: 2 }, { a: 1 }]]],
    ['whatever order the keys have', [[{ a: 1, b: 2 }], []], [[{ b: 2, a: 1 }], []]],
    ['whatever the ids and clocks are', [[{ id: 7, a: 1 }], [{ id: 7, a: 1, created_at: '2026-01-01T00:00:00Z' }]], [[{ id: 9, a: 1 }], [{ id: 9, a: 1, created_at: '2026-02-01T00:00:00Z' }]]],
    ['for equal rows with swapped ids', [[{ id: 1 }, { id: 2 }], [{ id: 1, a: 1 }, { id: 2, a: 1 }]], [[{ id: 2 }, { id: 1 }], [{ id: 1, a: 1 }, { id: 2, a: 1 }]]],
    ['for a random id alone', [['9b2d7c1e-0000-4000-8000-000000000001'], [{ id: '9b2d7c1e-0000-4000-8000-000000000001' }]], [['9b2d7c1e-0000-4000-8000-000000000002'], [{ id: '9b2d7c1e-0000-4000-8000-000000000002' }]]],
  ])('%s', (_, a, b) => expect(text(...a)).toBe(text(...b)));
});

describe('outcomes differ', () => {
  test.each<[string, Parameters<typeof outcome>, Parameters<typeof outcome>]>([
    ['by a row more', [[], [{ id: 1, a: 1 }]], [[], [{ id: 1, a: 1 }, { id: 2, a: 1 }]]],
    ['by a value', [[], [{ id: 1, a: 1 }]], [[], [{ id: 1, a: 2 }]]],
    ['by the row that a result names', [[{ id: 1 }, { id: 1 }], [{ id: 1, a: 1 }, { id: 2, a: 2 }]], [[{ id: 1 }, { id: 2 }], [{ id: 1, a: 1 }, { id: 2, a: 2 }]]],
    ['by null and absent', [[null], []], [[undefined], []]],
    ['by type', [[1], []], [['1'], []]],
    ['by an id that is in no row', [[{ id: 3 }], [{ id: 1 }]], [[{ id: 1 }], [{ id: 1 }]]],
  ])('%s', (_, a, b) => expect(text(...a)).not.toBe(text(...b)));

  test('by an error', () => {
    expect(outcomeText({ results: [{ error: '23505' }], tables: {} }, generated)).not.toBe(outcomeText({ results: [{ value: '23505' }], tables: {} }, generated));
  });
});

test('values as text', () => {
  const circular: { self?: unknown; date: Date } = { date: new Date(0) };
  circular.self = circular;
  expect(textOf(circular)).toBe('{date: "1970-01-01T00:00:00.000Z", self: (itself)}');
  expect(textOf([1n, undefined, new Uint8Array([255]), new Map([['a', 1]]), { f: () => 0, u: undefined }])).toBe('[1n, undefined, bytes ff, [["a", 1]], {}]');
});

test('errors are told by their code, their cause\'s code, or themselves', async () => {
  expect(errorText(Object.assign(new Error('x'), { code: 'P2002' }))).toBe('P2002');
  expect(errorText(new Error('x', { cause: Object.assign(new Error('y'), { code: '23505' }) }))).toBe('23505');
  expect(errorText(new TypeError('first\nlast'))).toBe('TypeError: last');
  expect(errorText({ code: 'PGRST116', message: 'm' })).toBe('PGRST116');
  expect(await resultOf(async () => { throw new Error('no'); })).toEqual({ error: 'Error: no' });
});

test('orders', () => {
  expect(orders(3).map((one) => one.join('')).sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  expect(orders(0)).toEqual([[]]);
});
