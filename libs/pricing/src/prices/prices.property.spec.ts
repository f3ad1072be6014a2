import { describe, expect, it } from '@jest/globals';
import {
  addDecimal,
  compareDecimal,
  decimal,
  money,
  orThrow,
  parseCurrency,
  parseDecimal,
  subtractDecimal,
  sumMoney,
  type Decimal,
} from '@biplane/kernel';
import fc from 'fast-check';
import { roundedProduct } from '../component.js';
import { Mistakes } from '../mistakes.js';
import type { PriceRequest } from '../request.js';
import type { PreparedPrice } from './price-kind.js';
import { parseMeterPrice, preparePrice } from './registry.js';

const currencies = ['USD', 'JPY', 'KWD', 'CLF'].map((code) => orThrow(parseCurrency(code)));
const currency = fc.constantFrom(...currencies);
const usd = currencies[0]!;

const text = (most: bigint, scale: number) =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: most }), fc.bigInt({ min: 0n, max: 10n ** BigInt(scale) - 1n }))
    .map(([integer, part]) => (scale === 0 ? `${integer}` : `${integer}.${`${part}`.padStart(scale, '0')}`));
const tiers = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 500 }),
      unitPrice: text(3n, 12),
      flatFee: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((steps) => {
    let upTo = 0;
    return steps.map(({ step, unitPrice, flatFee }, index) => {
      upTo += step;
      return { upTo: index === steps.length - 1 ? null : `${upTo / 2}`, unitPrice, flatFee: `${flatFee}` };
    });
  });
const rising: fc.Arbitrary<PriceRequest> = fc.oneof(
  tiers.map((list) => ({ kind: 'graduated', tiers: list })),
  text(9n, 12).map((unitPrice) => ({ kind: 'per_unit', unitPrice })),
  text(0n, 12).map((rate) => ({ kind: 'percentage', rate })),
  fc.integer({ min: 1, max: 900 }).map((size) => ({ kind: 'package', size: `${size / 4}`, packagePrice: '3' })),
);
const any: fc.Arbitrary<PriceRequest> = fc.oneof(
  rising,
  tiers.map((list) => ({ kind: 'volume', tiers: list })),
);
const quantity = fc
  .oneof(text(10n ** 4n, 12), text(10n ** 4n, 1), text(10n ** 17n, 3))
  .map((value) => orThrow(parseDecimal(value)));

function prepared(request: PriceRequest, code = usd): PreparedPrice {
  const mistakes = new Mistakes();
  const price = parseMeterPrice(request, { mistakes, pointer: '', currency: code });
  return preparePrice(orThrow(mistakes.result(price)), code);
}

describe('any price', () => {
  it('comes to the sum of its components, whichever way it is asked', () => {
    fc.assert(
      fc.property(any, quantity, currency, (request, units, code) => {
        const price = prepared(request, code);
        const amounts = price.componentsOf(units).flatMap(({ amount }) => amount ?? []);
        expect(money(price.minorOf(units), code)).toEqual(sumMoney(amounts, code));
      }),
      { numRuns: 1_000 },
    );
  });

  it('never falls when more is used, but for volume prices', () => {
    fc.assert(
      fc.property(rising, quantity, quantity, currency, (request, units, more, code) => {
        const price = prepared(request, code);
        expect(price.minorOf(addDecimal(units, more))).toBeGreaterThanOrEqual(price.minorOf(units));
      }),
      { numRuns: 1_000 },
    );
  });

  it('has a unit price that its quantity comes to, when it has one', () => {
    const flatless: fc.Arbitrary<PriceRequest> = fc.oneof(
      text(9n, 12).map((unitPrice) => ({ kind: 'per_unit', unitPrice })),
      tiers.map((list) => ({ kind: 'volume', tiers: list.map((tier) => ({ ...tier, flatFee: '0' })) })),
    );
    fc.assert(
      fc.property(flatless, quantity, (request, units) => {
        const price = prepared(request);
        expect(roundedProduct(price.unitPriceOf(units)!, units, usd).minor).toBe(price.minorOf(units));
      }),
    );
  });
});

describe('a graduated price', () => {
  it('is the integral of the marginal price, each tier rounded once', () => {
    fc.assert(
      fc.property(tiers, quantity, currency, (list, units, code) => {
        let below: Decimal = decimal(0n);
        let sum = 0n;
        for (const { upTo, unitPrice, flatFee } of list) {
          if (below.coefficient > 0n && compareDecimal(units, below) <= 0) break;
          const end = upTo === null ? units : orThrow(parseDecimal(upTo));
          const inTier = subtractDecimal(compareDecimal(units, end) < 0 ? units : end, below);
          sum += roundedProduct(orThrow(parseDecimal(unitPrice)), inTier, code).minor;
          sum += roundedProduct(orThrow(parseDecimal(flatFee)), decimal(1n), code).minor;
          below = end;
        }
        expect(prepared({ kind: 'graduated', tiers: list }, code).minorOf(units)).toBe(sum);
      }),
      { numRuns: 1_000 },
    );
  });

  it('costs at a bound what the tiers below it cost: the unit behind it begins the next', () => {
    fc.assert(
      fc.property(tiers, (list) => {
        const price = prepared({ kind: 'graduated', tiers: list });
        list.forEach(({ upTo }, index) => {
          if (upTo === null) return;
          const bound = orThrow(parseDecimal(upTo));
          const open = prepared({
            kind: 'graduated',
            tiers: [...list.slice(0, index), { ...list[index], upTo: null }],
          });
          expect(price.minorOf(bound)).toBe(open.minorOf(bound));
          const entered = price.minorOf(addDecimal(bound, decimal(1n, 12))) - price.minorOf(bound);
          expect(entered).toBeGreaterThanOrEqual(BigInt(list[index + 1]!.flatFee) * 100n);
        });
      }),
    );
  });
});

it('the package count is the least that holds the quantity', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900 }), quantity, (quarters, units) => {
      const size = decimal(BigInt(quarters) * 25n, 2);
      const price = prepared({ kind: 'package', size: `${quarters / 4}`, packagePrice: '1' });
      const packages = price.minorOf(units) / 100n;
      const holds = (count: bigint) => compareDecimal(units, decimal(size.coefficient * count, size.scale)) <= 0;
      expect(holds(packages)).toBe(true);
      expect(packages > 0n && holds(packages - 1n)).toBe(false);
    }),
  );
});
