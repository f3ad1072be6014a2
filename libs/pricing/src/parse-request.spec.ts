import { describe, expect, it } from '@jest/globals';
import { orThrow, parseCurrency, type Failure } from '@biplane/kernel';
import { parseAddonPricing } from './parse-addon.js';
import { parsePlanPricing } from './parse-plan.js';
import { parseBillRequest } from './parse-request.js';
import type { AddonRequest, BillRequest, DeploymentRequest, MeterRequest, PlanPricingRequest } from './request.js';

const period = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };
const meter: MeterRequest = { meter: 'units', included: '1', price: { kind: 'per_unit', unitPrice: '0.01' } };
const plan: PlanPricingRequest = { currency: 'USD', baseFee: '1.00', modules: [{ module: 'search' }], meters: [meter] };
const addon: AddonRequest = {
  code: 'extra',
  resourceKind: 'storage',
  quantity: '1',
  price: { kind: 'flat', amount: '1' },
};
const web: DeploymentRequest = { ref: 'web', plan: { code: 'p' }, planVersion: plan, active: [] };
const valid: BillRequest = { currency: 'USD', timeZone: 'UTC', period, deployments: [web] };

const withBill = (change: object): BillRequest => ({ ...valid, ...change });
const withDeployment = (change: object): BillRequest => withBill({ deployments: [{ ...web, ...change }] });
const withPlan = (change: object): BillRequest => withDeployment({ planVersion: { ...plan, ...change } });
const withMeter = (change: object): BillRequest => withPlan({ meters: [{ ...meter, ...change }] });
const withAddon = (change: object): BillRequest => withDeployment({ addons: [{ ...addon, ...change }] });
const dated = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) });

function failureOf(request: BillRequest): Failure {
  const result = parseBillRequest(request);
  if (result.ok) throw new Error('The request was accepted');
  return result.error;
}

describe('parseBillRequest refuses, with a code at a pointer', () => {
  const rows: [string, BillRequest, string, string][] = [
    ['an unknown currency', withBill({ currency: 'DEM' }), '/currency', 'VALUE.CURRENCY_UNKNOWN'],
    ['an unknown zone', withBill({ timeZone: 'Mars/Base' }), '/timeZone', 'CALENDAR.TIME_ZONE_UNKNOWN'],
    [
      'an empty period',
      withBill({ period: { from: period.from, to: period.from } }),
      '/period',
      'PRICING.PERIOD_INVALID',
    ],
    [
      'a backward period',
      withBill({ period: { from: period.to, to: period.from } }),
      '/period',
      'PRICING.PERIOD_INVALID',
    ],
    [
      'a period of eleven years',
      withBill({ period: dated('2026-01-01', '2037-01-01') }),
      '/period',
      'PRICING.PERIOD_INVALID',
    ],
    ['a date that is none', withBill({ period: dated('never', '2037-01-01') }), '/period', 'PRICING.PERIOD_INVALID'],
    [
      'discounts of the tenant',
      withBill({ discounts: [{ kind: 'percent' }] }),
      '/discounts',
      'PRICING.RULE_UNSUPPORTED',
    ],
    [
      'a rate above one',
      withBill({ taxes: [{ code: 'T', name: 'T', rate: '1.01' }] }),
      '/taxes/0/rate',
      'PRICING.INPUT_INVALID',
    ],
    [
      'a negative rate',
      withBill({ taxes: [{ code: 'T', name: 'T', rate: '-0.1' }] }),
      '/taxes/0/rate',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a rate of 13 decimals',
      withBill({ taxes: [{ code: 'T', name: 'T', rate: '0.0000000000001' }] }),
      '/taxes/0/rate',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a tax twice',
      withBill({ taxes: [1, 2].map(() => ({ code: 'T', name: 'T', rate: '0' })) }),
      '/taxes/1/code',
      'PRICING.NOT_UNIQUE',
    ],
    ['a ref twice', withBill({ deployments: [web, web] }), '/deployments/1/ref', 'PRICING.NOT_UNIQUE'],
    [
      'an add-on twice',
      withDeployment({ addons: [addon, addon] }),
      '/deployments/0/addons/1/code',
      'PRICING.NOT_UNIQUE',
    ],
    [
      'a meter twice',
      withPlan({ meters: [meter, meter] }),
      '/deployments/0/planVersion/meters/1/meter',
      'PRICING.NOT_UNIQUE',
    ],
    [
      'usage of a meter that the plan lacks',
      withDeployment({ usage: { 'a/b~c': '1' } }),
      '/deployments/0/usage/a~1b~0c',
      'PRICING.METER_NOT_IN_PLAN',
    ],
    [
      'usage of a meter named like a member of every object',
      withDeployment({ usage: { constructor: '1' } }),
      '/deployments/0/usage/constructor',
      'PRICING.METER_NOT_IN_PLAN',
    ],
    [
      'negative usage',
      withDeployment({ usage: { units: '-1' } }),
      '/deployments/0/usage/units',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'usage of 31 digits',
      withDeployment({ usage: { units: '9'.repeat(31) } }),
      '/deployments/0/usage/units',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a module that the plan lacks',
      withDeployment({ modules: { chat: [] } }),
      '/deployments/0/modules/chat',
      'PRICING.MODULE_NOT_IN_PLAN',
    ],
    [
      'a stretch that ends before it starts',
      withDeployment({ active: [{ from: period.to, to: period.from }] }),
      '/deployments/0/active/0',
      'PRICING.PERIOD_INVALID',
    ],
    [
      'a backward suspension',
      withDeployment({
        suspended: [
          { from: period.from, to: null },
          { from: period.to, to: period.from },
        ],
      }),
      '/deployments/0/suspended/1',
      'PRICING.PERIOD_INVALID',
    ],
    [
      'a stretch from no date',
      withDeployment({ active: [{ from: new Date('never'), to: null }] }),
      '/deployments/0/active/0',
      'PRICING.PERIOD_INVALID',
    ],
    [
      'a plan in another currency',
      withPlan({ currency: 'EUR' }),
      '/deployments/0/planVersion/currency',
      'PRICING.CURRENCY_MISMATCH',
    ],
    [
      'an add-on in another currency',
      withAddon({ currency: 'EUR' }),
      '/deployments/0/addons/0/currency',
      'PRICING.CURRENCY_MISMATCH',
    ],
    [
      'a fee with more decimals than its currency',
      withPlan({ baseFee: '1.005' }),
      '/deployments/0/planVersion/baseFee',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a setup fee with more decimals',
      withPlan({ setupFee: '1.005' }),
      '/deployments/0/planVersion/setupFee',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a flat price with more decimals',
      withAddon({ price: { kind: 'flat', amount: '0.001' } }),
      '/deployments/0/addons/0/price/amount',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a per-unit add-on with more decimals',
      withAddon({ price: { kind: 'per_unit', unitPrice: '0.001' } }),
      '/deployments/0/addons/0/price/unitPrice',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    ['a negative fee', withPlan({ baseFee: '-1' }), '/deployments/0/planVersion/baseFee', 'VALUE.DECIMAL_OUT_OF_RANGE'],
    [
      'a unit price of 13 decimals',
      withMeter({ price: { kind: 'per_unit', unitPrice: '0.0000000000001' } }),
      '/deployments/0/planVersion/meters/0/price/unitPrice',
      'VALUE.DECIMAL_OUT_OF_RANGE',
    ],
    [
      'a price without its price',
      withMeter({ price: { kind: 'per_unit' } }),
      '/deployments/0/planVersion/meters/0/price/unitPrice',
      'VALUE.DECIMAL_INVALID',
    ],
    [
      'a member that the kind of price does not know',
      withMeter({ price: { kind: 'per_unit', unitPrice: '1', tiers: [] } }),
      '/deployments/0/planVersion/meters/0/price/tiers',
      'PRICING.INPUT_INVALID',
    ],
    [
      'a kind of price that does not exist',
      withMeter({ price: { kind: 'graduated' } }),
      '/deployments/0/planVersion/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    [
      'a kind named like a member of every object',
      withMeter({ price: { kind: 'toString' } }),
      '/deployments/0/planVersion/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    [
      'no price',
      withMeter({ price: null }),
      '/deployments/0/planVersion/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    [
      'a flat price on a meter',
      withMeter({ price: { kind: 'flat', amount: '1' } }),
      '/deployments/0/planVersion/meters/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    [
      'an add-on of another kind',
      withAddon({ price: { kind: 'volume' } }),
      '/deployments/0/addons/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
    ],
    [
      'a plan billed by the year',
      withPlan({ interval: 'year' }),
      '/deployments/0/planVersion/interval',
      'PRICING.RULE_UNSUPPORTED',
    ],
    [
      'an unknown proration',
      withPlan({ proration: 'hour' }),
      '/deployments/0/planVersion/proration',
      'PRICING.INPUT_INVALID',
    ],
    [
      'a minimum commitment',
      withPlan({ minimumCommitment: '1' }),
      '/deployments/0/planVersion/minimumCommitment',
      'PRICING.RULE_UNSUPPORTED',
    ],
    ['a maximum', withPlan({ maximum: '1' }), '/deployments/0/planVersion/maximum', 'PRICING.RULE_UNSUPPORTED'],
    [
      'a daily price',
      withPlan({ modules: [{ module: 'search', dailyPrice: '0.10' }] }),
      '/deployments/0/planVersion/modules/0/dailyPrice',
      'PRICING.RULE_UNSUPPORTED',
    ],
    [
      'a discount on a meter',
      withMeter({ discounts: [{}] }),
      '/deployments/0/planVersion/meters/0/discounts',
      'PRICING.RULE_UNSUPPORTED',
    ],
    [
      'a minimum on a meter',
      withMeter({ minimum: '1' }),
      '/deployments/0/planVersion/meters/0/minimum',
      'PRICING.RULE_UNSUPPORTED',
    ],
    [
      'a maximum on a meter',
      withMeter({ maximum: '1' }),
      '/deployments/0/planVersion/meters/0/maximum',
      'PRICING.RULE_UNSUPPORTED',
    ],
  ];
  it.each(rows)('%s', (_why, request, pointer, code) => {
    const failure = failureOf(request);
    expect(failure.errors).toEqual([{ pointer, code, detail: failure.detail }]);
    expect(failure.code).toBe(code);
    expect(failure.status).toBe(422);
  });

  it('all mistakes at once, under a code of their own when they differ and their common one when not', () => {
    const differing = failureOf(withDeployment({ usage: { other: '1', units: 'x' } }));
    expect(differing.code).toBe('PRICING.INPUT_INVALID');
    expect(differing.errors?.map((error) => error.code)).toEqual([
      'PRICING.METER_NOT_IN_PLAN',
      'VALUE.DECIMAL_INVALID',
    ]);
    const alike = failureOf(withDeployment({ usage: { other: '1', another: '1' } }));
    expect(alike.code).toBe('PRICING.METER_NOT_IN_PLAN');
    expect(alike.errors).toHaveLength(2);
  });
});

describe('parseBillRequest accepts', () => {
  it.each<[string, BillRequest]>([
    ['a request with all that may be left out left out', valid],
    [
      'rules that are written as absent',
      withPlan({ minimumCommitment: null, maximum: null, setupFee: null, interval: 'month' }),
    ],
    ['empty discounts', withBill({ discounts: [] })],
    ['a rate of one', withBill({ taxes: [{ code: 'T', name: 'T', rate: '1' }] })],
    ['a period of ten years', withBill({ period: dated('2026-01-01', '2036-01-01') })],
    ['modules of the plan', withDeployment({ modules: { search: [{ from: period.from, to: null }] } })],
    ['a stretch of no length', withDeployment({ active: [{ from: period.from, to: period.from }] })],
    ['the same currency on an add-on', withAddon({ currency: 'USD' })],
    ['a unit price of 12 decimals', withMeter({ price: { kind: 'per_unit', unitPrice: '0.000000000001' } })],
  ])('%s', (_why, request) => {
    expect(parseBillRequest(request).ok).toBe(true);
  });
});

describe('the catalog', () => {
  it('can check the prices of a plan version and of an add-on by themselves, at pointers of its own', () => {
    const usd = orThrow(parseCurrency('USD'));
    expect(parsePlanPricing(plan).ok).toBe(true);
    expect(orThrow(parseAddonPricing({ kind: 'flat', amount: '7.50' }, usd))).toEqual({ coefficient: 75n, scale: 1 });
    const badPlan = parsePlanPricing({ ...plan, currency: 'DEM' }, '/version');
    const badAddon = parseAddonPricing({ kind: 'volume' }, usd);
    const pointersOf = (result: typeof badPlan | typeof badAddon) =>
      result.ok ? [] : result.error.errors?.map((error) => error.pointer);
    expect([pointersOf(badPlan), pointersOf(badAddon)]).toEqual([['/version/currency'], ['/price/kind']]);
  });
});
