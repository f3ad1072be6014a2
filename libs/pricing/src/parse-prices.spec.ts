import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { parsePlanPricing } from './parse-plan.js';
import type { PriceRequest } from './request.js';

const open = { upTo: null, unitPrice: '0.05' };
const hundred = { upTo: '100', unitPrice: '0.10' };
const tiered = (kind: string, tiers: unknown): PriceRequest => ({ kind, tiers });
const parse = (price: PriceRequest, currency = 'USD') =>
  parsePlanPricing({ currency, baseFee: '0', meters: [{ meter: 'units', price }] });

describe('a price is refused, with a code at a pointer', () => {
  const invalid = 'PRICING.INPUT_INVALID';
  const tiersInvalid = 'PRICING.TIERS_INVALID';
  const outOfRange = 'VALUE.DECIMAL_OUT_OF_RANGE';
  const noDecimal = 'VALUE.DECIMAL_INVALID';
  const tierRows: [string, unknown, string, string][] = [
    ['no tiers', undefined, '/tiers', tiersInvalid],
    ['tiers that are no list', { 0: open }, '/tiers', tiersInvalid],
    ['an empty list of tiers', [], '/tiers', tiersInvalid],
    ['more than 100 tiers', [...many(100), open], '/tiers', tiersInvalid],
    ['a tier that is none', [null], '/tiers/0', invalid],
    ['a tier that is a list', [[]], '/tiers/0', invalid],
    ['a member that no tier has', [{ ...open, price: '1' }], '/tiers/0/price', invalid],
    ['a last tier that ends', [hundred], '/tiers/0/upTo', tiersInvalid],
    ['a last tier without a word on its end', [{ unitPrice: '1' }], '/tiers/0/upTo', tiersInvalid],
    ['an open tier before the last', [open, open], '/tiers/0/upTo', tiersInvalid],
    ['a first tier that ends at zero', [{ ...hundred, upTo: '0' }, open], '/tiers/0/upTo', tiersInvalid],
    ['tiers of one end', [hundred, hundred, open], '/tiers/1/upTo', tiersInvalid],
    ['tiers that fall', [hundred, { ...hundred, upTo: '99.9' }, open], '/tiers/1/upTo', tiersInvalid],
    ['an end that is a number', [{ ...hundred, upTo: 100 }, open], '/tiers/0/upTo', noDecimal],
    ['a negative end', [{ ...hundred, upTo: '-1' }, open], '/tiers/0/upTo', outOfRange],
    ['an end of 13 decimals', [{ ...hundred, upTo: '1.0000000000001' }, open], '/tiers/0/upTo', outOfRange],
    ['a tier without a price', [{ upTo: null }], '/tiers/0/unitPrice', noDecimal],
    ['a negative price', [{ ...open, unitPrice: '-1' }], '/tiers/0/unitPrice', outOfRange],
    ['a price of 13 decimals', [{ ...open, unitPrice: '0.0000000000001' }], '/tiers/0/unitPrice', outOfRange],
    ['a flat fee with more decimals', [{ ...open, flatFee: '0.001' }], '/tiers/0/flatFee', outOfRange],
    ['a negative flat fee', [{ ...open, flatFee: '-1' }], '/tiers/0/flatFee', outOfRange],
  ];
  const rows: [string, PriceRequest, string, string][] = [
    ...['graduated', 'volume'].flatMap((kind) =>
      tierRows.map(([why, tiers, pointer, code]): [string, PriceRequest, string, string] => [
        `${kind}: ${why}`,
        tiered(kind, tiers),
        pointer,
        code,
      ]),
    ),
    ['a member that tiers do not have', { ...tiered('volume', [open]), unitPrice: '1' }, '/unitPrice', invalid],
    ['a package of nothing', { kind: 'package', size: '0', packagePrice: '1' }, '/size', invalid],
    ['a package without a size', { kind: 'package', packagePrice: '1' }, '/size', noDecimal],
    ['a negative package', { kind: 'package', size: '-1', packagePrice: '1' }, '/size', outOfRange],
    ['a package without a price', { kind: 'package', size: '1' }, '/packagePrice', noDecimal],
    ['a package price with more decimals', { kind: 'package', size: '1', packagePrice: '0.001' }, '/packagePrice', outOfRange],
    ['a percentage above one', { kind: 'percentage', rate: '1.000000000001' }, '/rate', invalid],
    ['a negative percentage', { kind: 'percentage', rate: '-0.1' }, '/rate', outOfRange],
    ['a percentage of 13 decimals', { kind: 'percentage', rate: '0.0000000000001' }, '/rate', outOfRange],
    ['a percentage that is a number', { kind: 'percentage', rate: 0.1 }, '/rate', noDecimal],
    ['a percentage with a flat fee', { kind: 'percentage', rate: '0', flatFee: '1' }, '/flatFee', invalid],
  ]; // prettier-ignore
  it.each(rows)('%s', (_why, price, pointer, code) => {
    const result = parse(price);
    if (result.ok) throw new Error('The price was accepted');
    const { detail } = result.error;
    expect(result.error.errors).toEqual([{ pointer: `/meters/0/price${pointer}`, code, detail }]);
  });

  it('a yen price may not have a fraction, a dinar price three', () => {
    const price = { kind: 'package', size: '1', packagePrice: '0.125' };
    expect(parse(price, 'JPY').ok).toBe(false);
    expect(parse(price, 'KWD').ok).toBe(true);
  });
});

describe('a price means the same, however it is written', () => {
  it.each<[string, PriceRequest, PriceRequest]>([
    ['no flat fee and one of zero', tiered('volume', [open]), tiered('volume', [{ ...open, flatFee: '0.00' }])],
    ['no flat fee and null', tiered('graduated', [open]), tiered('graduated', [{ ...open, flatFee: null }])],
    ['zeros behind the point', tiered('volume', [hundred, open]), tiered('volume', [{ upTo: '100.0', unitPrice: '0.1' }, open])],
  ])('%s', (_why, a, b) => {
    expect(orThrow(parse(a))).toEqual(orThrow(parse(b)));
  }); // prettier-ignore
});

function many(count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({ upTo: `${index + 1}`, unitPrice: '1' }));
}
