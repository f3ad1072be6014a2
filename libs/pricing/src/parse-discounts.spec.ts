import { describe, expect, it } from '@jest/globals';
import { parsePlanPricing } from './parse-plan.js';
import { parseBillRequest } from './parse-request.js';

const amount = { kind: 'amount', amount: '5.00' };
const percent = { kind: 'percent', rate: '0.10' };
const usage = { kind: 'usage', quantity: '100' };
const period = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };

const ofMeter = (discounts: unknown) =>
  parsePlanPricing({
    currency: 'USD',
    baseFee: '0',
    meters: [{ meter: 'units', price: { kind: 'per_unit', unitPrice: '1' }, discounts: discounts as unknown[] }],
  });
const ofTenant = (discounts: unknown) =>
  parseBillRequest({ currency: 'USD', timeZone: 'UTC', period, deployments: [], discounts: discounts as unknown[] });

const places = [
  { whose: 'a meter', parse: ofMeter, at: '/meters/0/discounts' },
  { whose: 'a tenant', parse: ofTenant, at: '/discounts' },
];

describe.each(places)('the discounts of $whose', ({ parse, at }) => {
  it.each<[string, unknown, string, string]>([
    ['no list', { 0: percent }, '', 'PRICING.INPUT_INVALID'],
    ['a text', 'percent', '', 'PRICING.INPUT_INVALID'],
    ['a discount that is none', [null], '/0', 'PRICING.INPUT_INVALID'],
    ['a discount that is a list', [[]], '/0', 'PRICING.INPUT_INVALID'],
    ['no kind', [{ rate: '0.1' }], '/0/kind', 'PRICING.KIND_UNSUPPORTED'],
    ['a kind that does not exist', [{ kind: 'half' }], '/0/kind', 'PRICING.KIND_UNSUPPORTED'],
    ['a kind named like a member of every object', [{ kind: 'toString' }], '/0/kind', 'PRICING.KIND_UNSUPPORTED'],
    ['a second of one kind', [percent, amount, percent], '/2/kind', 'PRICING.NOT_UNIQUE'],
    ['a rate above one', [{ ...percent, rate: '1.01' }], '/0/rate', 'PRICING.INPUT_INVALID'],
    ['a negative rate', [{ ...percent, rate: '-0.1' }], '/0/rate', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    ['an amount with more decimals', [{ ...amount, amount: '0.001' }], '/0/amount', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    ['a negative amount', [{ ...amount, amount: '-1' }], '/0/amount', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    ['a member of another kind', [{ ...percent, amount: '1' }], '/0/amount', 'PRICING.INPUT_INVALID'],
  ])('refuse %s, with a code at a pointer', (_why, discounts, pointer, code) => {
    const result = parse(discounts);
    if (result.ok) throw new Error('The discounts were accepted');
    expect(result.error.errors).toEqual([{ pointer: `${at}${pointer}`, code, detail: result.error.detail }]);
  });

  it.each([
    ['none', []],
    ['null', null],
    ['one of each, in any order', [percent, amount]],
    ['a rate of one', [{ ...percent, rate: '1' }]],
  ])('may be %s', (_why, discounts) => {
    expect(parse(discounts).ok).toBe(true);
  });
});

describe('what only one of them has', () => {
  it('a usage discount is for meters', () => {
    expect(ofMeter([usage]).ok).toBe(true);
    const refused = ofTenant([usage]);
    expect(refused.ok ? '' : refused.error.code).toBe('PRICING.KIND_UNSUPPORTED');
  });

  it('a negative usage discount would be a surcharge and is refused', () => {
    const refused = ofMeter([{ ...usage, quantity: '-1' }]);
    expect(refused.ok ? [] : refused.error.errors?.map(({ pointer }) => pointer)).toEqual([
      '/meters/0/discounts/0/quantity',
    ]);
  });

  it('a tenant discount may say why it is given, in a text of at most 200 characters', () => {
    expect(ofTenant([{ ...percent, description: 'x'.repeat(200) }]).ok).toBe(true);
    for (const description of ['x'.repeat(201), 7]) {
      const refused = ofTenant([{ ...percent, description }]);
      expect(refused.ok ? '' : refused.error.errors?.[0]?.pointer).toBe('/discounts/0/description');
    }
    expect(ofMeter([{ ...percent, description: 'pilot' }]).ok).toBe(false);
  });
});
