import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CURRENCY_EXPONENTS } from './currency-exponents.js';
import { currencyExponent, parseCurrency, type Currency } from './currency.js';
import { decimal } from './decimal.js';
import {
  addMoney,
  compareMoney,
  money,
  moneyFromDecimal,
  moneyFromRational,
  moneyToDecimal,
  moneyToJson,
  negateMoney,
  parseMoney,
  subtractMoney,
  sumMoney,
  zeroMoney,
} from './money.js';
import { rational } from './rational.js';
import { orThrow } from './result.js';

const currencyOf = (code: string) => orThrow(parseCurrency(code));
const [usd, jpy, kwd] = [currencyOf('USD'), currencyOf('JPY'), currencyOf('KWD')];
const anyCurrency = fc.constantFrom(...CURRENCY_EXPONENTS.keys()).map(currencyOf);

describe('Currency', () => {
  it('knows every current code by capitals, 0, 2, 3 or 4 decimals', () => {
    expect(CURRENCY_EXPONENTS.size).toBe(165);
    for (const [code, exponent] of CURRENCY_EXPONENTS) {
      expect(code).toMatch(/^[A-Z]{3}$/);
      expect([0, 2, 3, 4]).toContain(exponent);
    }
    const codesWith = (wanted: number) => [...CURRENCY_EXPONENTS].filter(([, exponent]) => exponent === wanted).length;
    expect([0, 2, 3, 4].map(codesWith)).toEqual([17, 139, 7, 2]);
  });

  it.each([
    ['HUF', 2, 'Intl may say 0'],
    ['IDR', 2, 'Intl may say 0'],
    ['LAK', 2, 'Intl may say 0'],
    ['IQD', 3, 'Intl may say 0'],
    ['JPY', 0, ''],
    ['KRW', 0, ''],
    ['CHF', 2, ''],
    ['KWD', 3, ''],
    ['TND', 3, ''],
    ['CLF', 4, ''],
    ['UYW', 4, ''],
  ])('%s has %i decimals %s', (code, exponent) => {
    expect(currencyExponent(currencyOf(code))).toBe(exponent);
  });

  it.each(['usd', 'US', 'USDX', 'DEM', 'XXX', 'XAU', '', 'constructor', null, 5])('refuses %j', (code) => {
    const result = parseCurrency(code);
    expect(result.ok ? 'accepted' : result.error.code).toBe('VALUE.CURRENCY_UNKNOWN');
  });

  it('throws for a currency that was never parsed', () => {
    expect(() => currencyExponent('DEM' as Currency)).toThrow('Unknown currency DEM');
  });
});

describe('Money', () => {
  it('goes to JSON and back unchanged, in every currency', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), anyCurrency, (minor, currency) => {
        expect(orThrow(parseMoney(moneyToJson(money(minor, currency))))).toEqual(money(minor, currency));
      }),
    );
  });

  it('always shows the decimals of its currency', () => {
    expect(moneyToJson(money(6422n, usd))).toEqual({ amount: '64.22', currency: 'USD' });
    expect(moneyToJson(money(5n, usd)).amount).toBe('0.05');
    expect(moneyToJson(money(-5n, usd)).amount).toBe('-0.05');
    expect(moneyToJson(money(5000n, usd)).amount).toBe('50.00');
    expect(moneyToJson(money(375n, jpy)).amount).toBe('375');
    expect(moneyToJson(money(1001n, kwd)).amount).toBe('1.001');
    expect(moneyToJson(zeroMoney(usd)).amount).toBe('0.00');
  });

  it('never rounds an amount that has more decimals than its currency: it refuses it', () => {
    const codeOf = (amount: string, currency: string) => {
      const result = parseMoney({ amount, currency });
      return result.ok ? result.value.minor : result.error.code;
    };
    expect(codeOf('1.005', 'USD')).toBe('VALUE.MONEY_SCALE');
    expect(codeOf('1.5', 'JPY')).toBe('VALUE.MONEY_SCALE');
    expect(codeOf('1.0005', 'KWD')).toBe('VALUE.MONEY_SCALE');
    expect(codeOf('1.000', 'USD')).toBe(100n);
    expect(codeOf('1.', 'USD')).toBe('VALUE.DECIMAL_INVALID');
    expect(codeOf('1', 'DEM')).toBe('VALUE.CURRENCY_UNKNOWN');
    expect(orThrow(moneyFromDecimal(decimal(75n, 1), usd))).toEqual(money(750n, usd));
  });

  it('rounds a finished component half away from zero at the exponent of its currency', () => {
    expect(moneyFromRational(rational(12_525n, 1000n), usd)).toEqual(money(1253n, usd));
    expect(moneyFromRational(rational(-15n, 1000n), usd)).toEqual(money(-2n, usd));
    expect(moneyFromRational(rational(10_005n, 10_000n), kwd)).toEqual(money(1001n, kwd));
    expect(moneyFromRational(rational(1n, 2n), jpy)).toEqual(money(1n, jpy));
  });

  it('adds, subtracts, negates, sums and compares in one currency', () => {
    const [a, b] = [money(700n, usd), money(50n, usd)];
    expect(addMoney(a, b)).toEqual(money(750n, usd));
    expect(subtractMoney(b, a)).toEqual(money(-650n, usd));
    expect(negateMoney(a)).toEqual(money(-700n, usd));
    expect(sumMoney([a, b, b], usd)).toEqual(money(800n, usd));
    expect(sumMoney([], usd)).toEqual(zeroMoney(usd));
    expect([compareMoney(a, b), compareMoney(b, a), compareMoney(a, a)]).toEqual([1, -1, 0]);
    expect(moneyToDecimal(b)).toEqual(decimal(5n, 1));
  });

  it('throws when currencies are mixed', () => {
    const [dollars, yen] = [money(1n, usd), money(1n, jpy)];
    for (const mix of [addMoney, subtractMoney, compareMoney]) expect(() => mix(dollars, yen)).toThrow('Cannot mix');
    expect(() => sumMoney([dollars, yen], usd)).toThrow('Cannot mix USD with JPY');
  });
});
