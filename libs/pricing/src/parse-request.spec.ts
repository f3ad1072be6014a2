import { describe, expect, it } from '@jest/globals';
import type { Failure } from '@biplane/kernel';
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
const withAddon = (change: object): BillRequest => withDeployment({ addons: [{ ...addon, ...change }] });
const previous = (until: string, change: object = {}) => ({
  plan: { code: 'old' },
  planVersion: { ...plan, ...change },
  until: new Date(until),
});
const DAY_MS = 86_400_000;
const ofLength = (millis: number) => ({ from: period.from, to: new Date(period.from.getTime() + millis) });
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
      'a period of a millisecond more than 3,660 days',
      withBill({ period: ofLength(3_660 * DAY_MS + 1) }),
      '/period',
      'PRICING.PERIOD_INVALID',
    ],
    ['a date that is none', withBill({ period: dated('never', '2037-01-01') }), '/period', 'PRICING.PERIOD_INVALID'],
    [
      'reverse charge with a rate',
      withBill({ taxes: [{ code: 'T', name: 'T', rate: '0.1', reverseCharge: true }] }),
      '/taxes/0/rate',
      'PRICING.INPUT_INVALID',
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
      'a previous plan in another currency',
      withDeployment({ previousPlans: [previous('2026-04-10T00:00:00Z', { currency: 'EUR' })] }),
      '/deployments/0/previousPlans/0/planVersion/currency',
      'PRICING.CURRENCY_MISMATCH',
    ],
    [
      'previous plans that do not rise',
      withDeployment({ previousPlans: [previous('2026-04-10T00:00:00Z'), previous('2026-04-10T00:00:00Z')] }),
      '/deployments/0/previousPlans/1/until',
      'PRICING.PLANS_INVALID',
    ],
    [
      'a previous plan until no date',
      withDeployment({ previousPlans: [previous('never')] }),
      '/deployments/0/previousPlans/0/until',
      'PRICING.PLANS_INVALID',
    ],
    [
      'usage of a meter that only a previous plan has',
      withDeployment({
        previousPlans: [previous('2026-04-10T00:00:00Z')],
        planVersion: { currency: 'USD', baseFee: '1' },
        usage: { units: '1' },
      }),
      '/deployments/0/usage/units',
      'PRICING.METER_NOT_IN_PLAN',
    ],
    [
      'a backward stretch of a module that costs nothing',
      withDeployment({ modules: { search: [{ from: period.to, to: period.from }] } }),
      '/deployments/0/modules/search/0',
      'PRICING.PERIOD_INVALID',
    ],
    [
      'one attachment of an add-on twice',
      withDeployment({ addons: [1, 2].map(() => ({ ...addon, attachment: 'a' })) }),
      '/deployments/0/addons/1/code',
      'PRICING.NOT_UNIQUE',
    ],
    [
      'an add-on in another currency',
      withAddon({ currency: 'EUR' }),
      '/deployments/0/addons/0/currency',
      'PRICING.CURRENCY_MISMATCH',
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
    [
      'an add-on of another kind',
      withAddon({ price: { kind: 'volume' } }),
      '/deployments/0/addons/0/price/kind',
      'PRICING.KIND_UNSUPPORTED',
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
    ['empty discounts', withBill({ discounts: [] })],
    [
      'two attachments of one add-on',
      withDeployment({
        addons: [
          { ...addon, attachment: 'a' },
          { ...addon, attachment: 'b' },
        ],
      }),
    ],
    ['reverse charge', withBill({ taxes: [{ code: 'T', name: 'T', rate: '0', reverseCharge: true }] })],
    [
      'a module that only a previous plan has',
      withDeployment({
        previousPlans: [previous('2026-04-10T00:00:00Z')],
        planVersion: { currency: 'USD', baseFee: '1' },
        modules: { search: [] },
      }),
    ],
    ['a rate of one', withBill({ taxes: [{ code: 'T', name: 'T', rate: '1' }] })],
    ['a period of 3,660 days', withBill({ period: ofLength(3_660 * DAY_MS) })],
    ['modules of the plan', withDeployment({ modules: { search: [{ from: period.from, to: null }] } })],
    ['a stretch of no length', withDeployment({ active: [{ from: period.from, to: period.from }] })],
    ['the same currency on an add-on', withAddon({ currency: 'USD' })],
  ])('%s', (_why, request) => {
    expect(parseBillRequest(request).ok).toBe(true);
  });
});
