import { describe, expect, it } from '@jest/globals';
import { orThrow, parseCurrency } from '@biplane/kernel';
import { parseAddonPricing } from './parse-addon.js';
import { parsePlanPricing } from './parse-plan.js';
import type { MeterRequest, PlanPricingRequest } from './request.js';

const meter: MeterRequest = { meter: 'units', included: '1', price: { kind: 'per_unit', unitPrice: '0.01' } };
const search = { module: 'search' };
const plan: PlanPricingRequest = { currency: 'USD', baseFee: '1.00', modules: [search], meters: [meter] };
const withPlan = (change: object): PlanPricingRequest => ({ ...plan, ...change });
const withMeter = (change: object): PlanPricingRequest => withPlan({ meters: [{ ...meter, ...change }] });

describe('parsePlanPricing', () => {
  const refused: [string, PlanPricingRequest, string, string][] = [
    ['a currency that does not exist', withPlan({ currency: 'DEM' }), '/currency', 'VALUE.CURRENCY_UNKNOWN'],
    ['a meter twice', withPlan({ meters: [meter, meter] }), '/meters/1/meter', 'PRICING.NOT_UNIQUE'],
    [
      'a fee with more decimals than its currency',
      withPlan({ baseFee: '1.005' }),
      '/baseFee',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    ['a setup fee with more decimals', withPlan({ setupFee: '1.005' }), '/setupFee', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    ['a negative fee', withPlan({ baseFee: '-1' }), '/baseFee', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    [
      'a unit price of 13 decimals',
      withMeter({ price: { kind: 'per_unit', unitPrice: '0.0000000000001' } }),
      '/meters/0/price/unitPrice',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a price without its price',
      withMeter({ price: { kind: 'per_unit' } }),
      '/meters/0/price/unitPrice',
      'VALUE.DECIMAL_INVALID',
    ],
    [
      'a member that the kind of price does not know',
      withMeter({ price: { kind: 'per_unit', unitPrice: '1', tiers: [] } }),
      '/meters/0/price/tiers',
      'PRICING.INPUT_INVALID',
    ],
    [
      'a kind of price that does not exist',
      withMeter({ price: { kind: 'auction' } }),
      '/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    [
      'a kind named like a member of every object',
      withMeter({ price: { kind: 'toString' } }),
      '/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    ['no price', withMeter({ price: null }), '/meters/0/price/kind', 'PRICING.KIND_UNSUPPORTED'],
    [
      'a flat price on a meter',
      withMeter({ price: { kind: 'flat', amount: '1' } }),
      '/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    ['a plan billed by the year', withPlan({ interval: 'year' }), '/interval', 'PRICING.INTERVAL_UNSUPPORTED'],
    ['an unknown proration', withPlan({ proration: 'hour' }), '/proration', 'PRICING.INPUT_INVALID'],
    [
      'a minimum commitment with more decimals',
      withPlan({ minimumCommitment: '0.001' }),
      '/minimumCommitment',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    ['a negative maximum', withPlan({ maximum: '-1' }), '/maximum', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    [
      'a minimum commitment above the maximum',
      withPlan({ minimumCommitment: '10.01', maximum: '10' }),
      '/minimumCommitment',
      'PRICING.BOUNDS_CROSSED',
    ],
    ['a module twice', withPlan({ modules: [search, search] }), '/modules/1/module', 'PRICING.NOT_UNIQUE'],
    [
      'a daily price of 13 decimals',
      withPlan({ modules: [{ ...search, dailyPrice: '0.0000000000001' }] }),
      '/modules/0/dailyPrice',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    ['a minimum that is a number', withMeter({ minimum: 1 }), '/meters/0/minimum', 'VALUE.DECIMAL_INVALID'],
    [
      'a maximum of a meter with more decimals',
      withMeter({ maximum: '0.001' }),
      '/meters/0/maximum',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a minimum of a meter above its maximum',
      withMeter({ minimum: '2', maximum: '1.99' }),
      '/meters/0/minimum',
      'PRICING.BOUNDS_CROSSED',
    ],
  ];
  it.each(refused)('refuses %s, with a code at a pointer', (_why, request, pointer, code) => {
    const result = parsePlanPricing(request);
    if (result.ok) throw new Error('The plan was accepted');
    expect(result.error.errors).toEqual([{ pointer, code, detail: result.error.detail }]);
    expect(result.error).toMatchObject({ code, status: 422 });
  });

  it.each<[string, PlanPricingRequest]>([
    ['a plan that says only what it must', { currency: 'USD', baseFee: '1' }],
    [
      'rules that are written as absent',
      withPlan({ minimumCommitment: null, maximum: null, setupFee: null, interval: 'month' }),
    ],
    ['a module without a daily price', withPlan({ modules: [{ module: 'search', dailyPrice: null }] })],
    ['bounds of a meter that are written as absent', withMeter({ discounts: [], minimum: null, maximum: null })],
    ['a minimum that is the maximum', withPlan({ minimumCommitment: '5', maximum: '5.00' })],
    ['a minimum without a maximum', withPlan({ minimumCommitment: '5' })],
    ['bounds of a meter that are one', withMeter({ minimum: '5', maximum: '5.00' })],
    ['a daily price of 12 decimals', withPlan({ modules: [{ ...search, dailyPrice: '0.000000000001' }] })],
    ['a unit price of 12 decimals', withMeter({ price: { kind: 'per_unit', unitPrice: '0.000000000001' } })],
  ])('accepts %s', (_why, request) => {
    expect(parsePlanPricing(request).ok).toBe(true);
  });

  it('puts a pointer of the caller before its own', () => {
    const result = parsePlanPricing(withMeter({ included: 'x' }), '/version');
    expect(result.ok ? [] : result.error.errors?.map((error) => error.pointer)).toEqual(['/version/meters/0/included']);
  });
});

describe('parseAddonPricing', () => {
  const usd = orThrow(parseCurrency('USD'));

  it('gives the price of one unit, whatever its kind', () => {
    for (const price of [
      { kind: 'flat', amount: '7.50' },
      { kind: 'per_unit', unitPrice: '7.5' },
    ]) {
      expect(orThrow(parseAddonPricing(price, usd))).toEqual({ coefficient: 75n, scale: 1 });
    }
  });

  it('refuses a kind that is not for add-ons', () => {
    const result = parseAddonPricing({ kind: 'volume' }, usd);
    expect(result.ok ? [] : result.error.errors?.map((error) => error.pointer)).toEqual(['/price/kind']);
  });
});
