import { describe, expect, it } from 'vitest';
import { applyEdits, originOf, spansOverlap } from './edits.ts';

const text = 'one two three';

describe('edits', () => {
  it('apply in the order of the text, insertions at one place in their own', () => {
    expect(applyEdits(text, [{ start: 8, end: 13, text: '3' }, { start: 0, end: 0, text: 'a' }, { start: 0, end: 0, text: 'b' }, { start: 4, end: 7, text: '' }])).toBe('abone  3');
  });

  it('overlap when one lies between the first and the last of the other', () => {
    const outer = [{ start: 0, end: 1, text: '' }, { start: 10, end: 11, text: '' }];
    expect(spansOverlap(outer, [{ start: 4, end: 5, text: '' }])).toBe(true);
    expect(spansOverlap(outer, [{ start: 11, end: 11, text: 'x' }])).toBe(true);
    expect(spansOverlap(outer, [{ start: 12, end: 13, text: '' }])).toBe(false);
    expect(spansOverlap(outer, [])).toBe(false);
  });

  it('lead back to the offset in the first text, over several steps', () => {
    const first = [{ start: 0, end: 3, text: 'eleven' }];
    const second = [{ start: 7, end: 7, text: 'and ' }];
    const last = applyEdits(applyEdits(text, first), second);
    expect(last).toBe('eleven and two three');
    expect(originOf(last.indexOf('three'), [first, second])).toBe(text.indexOf('three'));
    expect(originOf(last.indexOf('two'), [first, second])).toBe(text.indexOf('two'));
    expect(originOf(2, [first, second])).toBe(0);
    expect(originOf(5, [])).toBe(5);
  });
});
