import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { neutralized, restored } from './formula.js';

const hostile = fc.array(fc.constantFrom("'", '=', '+', '-', '@', ' ', '\t', '\r', '＝', '1', '.', 'a'), {
  maxLength: 6,
});

describe('formulas in cells', () => {
  it('whatever a text is, it leaves as no formula and comes back as it was', () => {
    const texts = fc.oneof(
      hostile.map((parts) => parts.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const cell = neutralized(text);
        expect(restored(cell)).toBe(text);
        expect(/^\s*[=+\-@\t\r＝＋－＠]/u.test(cell) && !/^-?\d+(?:\.\d+)?$/.test(cell)).toBe(false);
      }),
    );
  });

  it.each([
    ['a formula', '=1+1', "'=1+1"],
    ['one behind a blank', ' @SUM(A1)', "' @SUM(A1)"],
    ['a fullwidth one', '＝1', "'＝1"],
    ['a number below zero is a number', '-5.00', '-5.00'],
    ['a name with an apostrophe is a name', "'t Hooft", "'t Hooft"],
  ])('%s', (_why, text, cell) => {
    expect(neutralized(text)).toBe(cell);
  });

  it('a formula that comes in is kept as text', () => {
    expect(restored('=HYPERLINK("x")')).toBe('=HYPERLINK("x")');
  });
});
