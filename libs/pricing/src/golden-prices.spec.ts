import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { toBillJson, type BillJson } from './bill-json.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import type { BillRequest, DeploymentRequest, PlanPricingRequest, PriceRequest } from './request.js';

// The golden bills of the money design that have no base fee, to the cent. The numbers are its numbers.

const january = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-02-01T00:00:00Z') };
const usd = (amount: string) => ({ amount, currency: 'USD' });
const deployment = (ref: string, planVersion: PlanPricingRequest, more: object = {}): DeploymentRequest => ({
  ref,
  plan: { code: 'tiny', name: 'Tiny' },
  planVersion,
  active: [{ from: january.from, to: null }],
  ...more,
});
const billOf = (deployments: DeploymentRequest[], more: Partial<BillRequest> = {}): BillJson => {
  const currency = deployments[0]!.planVersion.currency;
  const request = { currency, timeZone: 'UTC', period: january, deployments, ...more };
  return toBillJson(priceBill(orThrow(parseBillRequest(request))));
};
const metered = (price: PriceRequest, quantity: string): BillJson => {
  const planVersion = { currency: 'USD', baseFee: '0', meters: [{ meter: 'units', price }] };
  return billOf([deployment('web', planVersion, { usage: { units: quantity } })]);
};
const components = (bill: BillJson) =>
  bill.lines
    .filter(({ kind }) => kind === 'overage')
    .flatMap(({ explanation }) => explanation.map(({ text, amount }) => [text, amount?.amount ?? null]));

describe('golden bills', () => {
  it('golden bill 4: a module at 0.10 CHF a day, enabled for a morning and for three days, is four days = 0.40', () => {
    const planVersion = { currency: 'CHF', baseFee: '0', modules: [{ module: 'search', dailyPrice: '0.10' }] };
    const search = [
      { from: new Date('2026-01-03T10:00:00Z'), to: new Date('2026-01-03T18:00:00Z') },
      { from: new Date('2026-01-10T00:00:00Z'), to: new Date('2026-01-12T23:59:00Z') },
    ];
    const bill = billOf([deployment('web', planVersion, { modules: { search } })]);
    expect(bill.lines[1]).toEqual({
      id: 'web/module_days/search',
      kind: 'module_days',
      deployment: 'web',
      resourceKind: 'search',
      description: 'search, days enabled',
      quantity: '4',
      unitPrice: '0.10',
      amount: { amount: '0.40', currency: 'CHF' },
      period: { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' },
      explanation: [{ text: '4 days x 0.10 CHF', quantity: '4', amount: { amount: '0.40', currency: 'CHF' } }],
    });
    expect(bill.total.amount).toBe('0.40');
  });

  const tiers = [
    { upTo: '100', unitPrice: '0.10' },
    { upTo: '1000', unitPrice: '0.08' },
    { upTo: null, unitPrice: '0.05' },
  ];

  it('golden bill 5: 1,250.5 units graduated are 10.00 + 72.00 + 12.53 = 94.53', () => {
    const bill = metered({ kind: 'graduated', tiers }, '1250.5');
    expect(components(bill)).toEqual([
      ['used', null],
      ['included', null],
      ['0 to 100: 100 x 0.10 USD', '10.00'],
      ['100 to 1000: 900 x 0.08 USD', '72.00'],
      ['above 1000: 250.5 x 0.05 USD', '12.53'],
    ]);
    expect(bill.total.amount).toBe('94.53');
  });

  it.each([
    { quantity: '1250.5', amount: '62.53', unitPrice: '0.05', text: 'above 1000: 1250.5 x 0.05 USD' },
    { quantity: '100', amount: '10.00', unitPrice: '0.10', text: '0 to 100: 100 x 0.10 USD' },
    { quantity: '100.5', amount: '8.04', unitPrice: '0.08', text: '100 to 1000: 100.5 x 0.08 USD' },
  ])('golden bill 6: $quantity units by volume are $amount', ({ quantity, amount, unitPrice, text }) => {
    const bill = metered({ kind: 'volume', tiers }, quantity);
    expect(components(bill)[2]).toEqual([text, amount]);
    expect(bill.lines.find(({ kind }) => kind === 'overage')).toMatchObject({ quantity, unitPrice });
    expect(bill.total.amount).toBe(amount);
  });

  it.each([
    { quantity: '0', amount: '0.00', packages: 0 },
    { quantity: '1', amount: '2.00', packages: 1 },
    { quantity: '1000', amount: '2.00', packages: 1 },
    { quantity: '1001', amount: '4.00', packages: 2 },
  ])('golden bill 7: $quantity units in packages of 1,000 at 2.00 are $amount', ({ quantity, amount, packages }) => {
    const bill = metered({ kind: 'package', size: '1000', packagePrice: '2.00' }, quantity);
    const text = `${packages} x 2.00 USD for 1000 each`;
    expect(components(bill).slice(2)).toEqual(packages === 0 ? [] : [[text, amount]]);
    expect(bill.total.amount).toBe(amount);
  });

  it('golden bill 9: 10 % over three lines of 0.05 is 0.02, split 0.01, 0.01 and nothing', () => {
    const tiny = ['a', 'b', 'c'].map((ref) => deployment(ref, { currency: 'USD', baseFee: '0.05' }));
    const bill = billOf(tiny, { discounts: [{ kind: 'percent', rate: '0.10', description: 'pilot' }] });
    expect(bill.lines.map(({ id, amount }) => [id, amount.amount])).toEqual([
      ['a/plan_base/tiny', '0.05'],
      ['b/plan_base/tiny', '0.05'],
      ['c/plan_base/tiny', '0.05'],
      ['a/discount/plan_base/tiny', '-0.01'],
      ['b/discount/plan_base/tiny', '-0.01'],
    ]);
    expect(bill.lines[3]).toMatchObject({
      kind: 'discount',
      deployment: 'a',
      resourceKind: 'tiny',
      description: 'Discount: Tiny, base fee',
      quantity: '1',
      unitPrice: null,
      explanation: [
        { text: '10 % of 0.15 USD (pilot): 0.02 USD over all lines, by their amounts', amount: usd('-0.01') },
      ],
    });
    expect(bill.total).toEqual(usd('0.13'));
  });
});
