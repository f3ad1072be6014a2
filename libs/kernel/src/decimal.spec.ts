import { describe, expect, it } from '@jest/globals';
import { Decimal as Oracle } from 'decimal.js';
import fc from 'fast-check';
import {
  addDecimal,
  compareDecimal,
  decimal,
  decimalToString,
  isZeroDecimal,
  maxDecimal,
  multiplyDecimal,
  negateDecimal,
  parseDecimal,
  subtractDecimal,
} from './decimal.js';
import { orThrow } from './result.js';

// Wide enough that the oracle never rounds: 30 digits times 30 digits.
const Exact = Oracle.clone({ precision: 200, toExpNeg: -200, toExpPos: 200 });
const limits = { allowNegative: true };
const read = (text: string) => orThrow(parseDecimal(text, limits));
const codeOf = (text: unknown, given = {}) => {
  const result = parseDecimal(text, given);
  return result.ok ? 'accepted' : result.error.code;
};

const decimalText = fc
  .tuple(fc.bigInt({ min: -(10n ** 30n) + 1n, max: 10n ** 30n - 1n }), fc.integer({ min: 0, max: 12 }))
  .map(([coefficient, scale]) => decimalToString(decimal(coefficient, scale)));

describe('Decimal', () => {
  it('adds, subtracts, multiplies and compares as decimal.js does, in 3,000 random pairs', () => {
    fc.assert(
      fc.property(decimalText, decimalText, (a, b) => {
        const [x, y] = [new Exact(a), new Exact(b)];
        expect(decimalToString(addDecimal(read(a), read(b)))).toBe(x.plus(y).toString());
        expect(decimalToString(subtractDecimal(read(a), read(b)))).toBe(x.minus(y).toString());
        expect(decimalToString(multiplyDecimal(read(a), read(b)))).toBe(x.times(y).toString());
        expect(compareDecimal(read(a), read(b))).toBe(x.comparedTo(y));
        expect(maxDecimal(read(a), read(b))).toEqual(read(Exact.max(x, y).toString()));
      }),
      { numRuns: 3_000 },
    );
  });

  it('prints what it reads, in one spelling for each value', () => {
    fc.assert(
      fc.property(decimalText, (text) => {
        expect(decimalToString(read(text))).toBe(text);
        expect(read(text.includes('.') ? `${text}00` : `${text}.00`)).toEqual(read(text));
      }),
    );
  });

  it.each([
    ['0', 0, '0'],
    ['0.5', 0, '0.5'],
    ['-0.05', 0, '-0.05'],
    ['7.5', 2, '7.50'],
    ['7', 2, '7.00'],
    ['0.003', 2, '0.003'],
    ['-7.5', 2, '-7.50'],
  ])('prints %s with at least %i decimals as %s', (text, minScale, printed) => {
    expect(decimalToString(read(text), minScale)).toBe(printed);
  });

  it.each([
    ['', 'empty'],
    [' 1', 'space'],
    ['1 ', 'space'],
    ['1\n', 'line end'],
    ['+1', 'plus sign'],
    ['01', 'leading zero'],
    ['.5', 'nothing before the point'],
    ['5.', 'nothing behind the point'],
    ['1e3', 'exponent'],
    ['1,5', 'comma'],
    ['0x10', 'hexadecimal'],
    ['NaN', 'not a number'],
    ['Infinity', 'not finite'],
    ['--1', 'two signs'],
    ['١', 'digits of another script'],
    ['9'.repeat(129), 'hostile length'],
    [5, 'a JSON number: floats never hold money'],
    [null, 'nothing'],
    [undefined, 'absent'],
    [['1'], 'a list'],
  ] as [unknown, string][])('refuses %j (%s)', (text) => {
    expect(codeOf(text, limits)).toBe('VALUE.DECIMAL_INVALID');
  });

  it('takes 12 decimals and 30 digits and no more', () => {
    expect(codeOf('0.123456789012')).toBe('accepted');
    expect(codeOf('0.1234567890123')).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
    expect(codeOf('9'.repeat(30))).toBe('accepted');
    expect(codeOf('9'.repeat(31))).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
    expect(codeOf(`${'9'.repeat(18)}.${'9'.repeat(12)}`)).toBe('accepted');
    expect(codeOf(`${'9'.repeat(19)}.${'9'.repeat(12)}`)).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
    expect(codeOf('1.25', { maxScale: 1 })).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
    expect(codeOf('1.20', { maxScale: 1 })).toBe('accepted');
    expect(codeOf('99', { maxDigits: 1 })).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
  });

  it('counts no zeros that PostgreSQL padded with', () => {
    expect(read(`${'9'.repeat(30)}.000000000000`)).toEqual(decimal(10n ** 30n - 1n));
  });

  it('refuses a negative value unless it is allowed, minus zero too', () => {
    expect(codeOf('-1')).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
    expect(codeOf('-0')).toBe('VALUE.DECIMAL_OUT_OF_RANGE');
    expect(read('-1')).toEqual(decimal(-1n));
    expect(decimalToString(read('-0'))).toBe('0');
  });

  it('is normalized, so that equal values are equal objects', () => {
    expect(decimal(1500n, 3)).toEqual({ coefficient: 15n, scale: 1 });
    expect(decimal(0n, 5)).toEqual({ coefficient: 0n, scale: 0 });
    expect(decimal(100n, 0)).toEqual({ coefficient: 100n, scale: 0 });
    expect(negateDecimal(decimal(15n, 1))).toEqual(decimal(-15n, 1));
    expect(isZeroDecimal(decimal(0n, 3))).toBe(true);
    expect(isZeroDecimal(decimal(-1n, 3))).toBe(false);
  });

  it('throws on a scale that is none', () => {
    expect(() => decimal(1n, -1)).toThrow(RangeError);
    expect(() => decimal(1n, 0.5)).toThrow(RangeError);
  });
});
