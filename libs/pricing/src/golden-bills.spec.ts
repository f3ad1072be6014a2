import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { toBillJson, type BillJson } from './bill-json.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import type { BillRequest, PlanPricingRequest } from './request.js';

// The golden bills of the money design, to the cent. The numbers are its numbers.

const billOf = (request: BillRequest): BillJson => toBillJson(priceBill(orThrow(parseBillRequest(request))));
const instant = (text: string) => new Date(text);
const always = [{ from: instant('2020-01-01T00:00:00Z'), to: null }];
const amounts = (bill: BillJson) => bill.lines.map((line) => [line.kind, line.resourceKind, line.amount.amount]);

const studio: PlanPricingRequest = {
  currency: 'USD',
  interval: 'month',
  proration: 'day',
  baseFee: '50.00',
  setupFee: '0.00',
  minimumCommitment: null,
  maximum: null,
  modules: [{ module: 'financials', dailyPrice: null }],
  meters: [{ meter: 'droplet_hours', included: '1488', price: { kind: 'per_unit', unitPrice: '0.01' } }],
};

describe('golden bills', () => {
  it('golden bill 1: Studio with storage and 2,160 droplet hours is 64.22 + 6.42 = 70.64 USD', () => {
    const bill = billOf({
      currency: 'USD',
      timeZone: 'Australia/Brisbane',
      period: { from: instant('2026-03-31T14:00:00Z'), to: instant('2026-04-30T14:00:00Z') },
      taxes: [{ code: 'GST', name: 'GST 10 %', rate: '0.10' }],
      deployments: [
        {
          ref: 'web',
          plan: { code: 'studio', name: 'Studio' },
          planVersion: studio,
          addons: [
            {
              code: 'storage_50gb',
              name: 'Storage 50 GB',
              resourceKind: 'storage',
              quantity: '1',
              price: { kind: 'flat', amount: '7.50' },
            },
          ],
          active: always,
          usage: { droplet_hours: '2160' },
          licenseVersions: { droplet_hours: [10, 9] },
        },
      ],
    });
    const period = { from: '2026-03-31T14:00:00.000Z', to: '2026-04-30T14:00:00.000Z' };
    const usd = (amount: string) => ({ amount, currency: 'USD' });
    // Whole, so that no member of the answer changes unseen.
    expect(bill).toEqual({
      lines: [
        {
          id: 'web/plan_base/studio',
          kind: 'plan_base',
          deployment: 'web',
          resourceKind: 'studio',
          description: 'Studio, base fee',
          quantity: '1',
          unitPrice: '50.00',
          amount: usd('50.00'),
          period,
          explanation: [{ text: '1 x 50.00 USD x 30 of 30 days', quantity: '1', amount: usd('50.00') }],
        },
        {
          id: 'web/addon/storage_50gb',
          kind: 'addon',
          deployment: 'web',
          resourceKind: 'storage',
          description: 'Storage 50 GB',
          quantity: '1',
          unitPrice: '7.50',
          amount: usd('7.50'),
          period,
          explanation: [{ text: '1 x 7.50 USD x 30 of 30 days', quantity: '1', amount: usd('7.50') }],
        },
        {
          id: 'web/overage/droplet_hours',
          kind: 'overage',
          deployment: 'web',
          resourceKind: 'droplet_hours',
          description: 'droplet_hours, above what is included',
          quantity: '672',
          unitPrice: '0.01',
          amount: usd('6.72'),
          period,
          explanation: [
            { text: 'used', quantity: '2160', amount: null },
            { text: 'included', quantity: '1488', amount: null },
            { text: '672 x 0.01 USD', quantity: '672', amount: usd('6.72') },
            { text: 'allowed under license version 9, 10', quantity: null, amount: null },
          ],
        },
        {
          id: 'tax/GST',
          kind: 'tax',
          deployment: null,
          resourceKind: 'GST',
          description: 'GST 10 %',
          quantity: '1',
          unitPrice: null,
          amount: usd('6.42'),
          period,
          explanation: [{ text: '10 % of 64.22 USD', quantity: '1', amount: usd('6.42') }],
        },
      ],
      subtotal: usd('64.22'),
      taxes: [{ code: 'GST', rate: '0.10', base: usd('64.22'), amount: usd('6.42') }],
      total: usd('70.64'),
    });
  });

  const january = { from: instant('2026-01-01T00:00:00Z'), to: instant('2026-02-01T00:00:00Z') };
  const monthlyChf = (suspended: { from: Date; to: Date }[]): BillRequest => ({
    currency: 'CHF',
    timeZone: 'UTC',
    period: january,
    taxes: [{ code: 'VAT', name: 'VAT 8.1 %', rate: '0.081' }],
    deployments: [
      {
        ref: 'web',
        plan: { code: 'monthly' },
        planVersion: { currency: 'CHF', proration: 'day', baseFee: '49.00' },
        active: [{ from: instant('2026-01-16T09:30:00Z'), to: null }],
        suspended,
      },
    ],
  });

  it('golden bill 2: 49.00 CHF a month from 16 January is 16/31 = 25.29, with VAT 27.34', () => {
    const bill = billOf(monthlyChf([]));
    expect(amounts(bill)).toEqual([
      ['plan_base', 'monthly', '25.29'],
      ['tax', 'VAT', '2.05'],
    ]);
    expect(bill.lines[0]?.explanation[0]?.text).toBe('1 x 49.00 CHF x 16 of 31 days');
    expect(bill.taxes[0]?.rate).toBe('0.081');
    expect(bill.total).toEqual({ amount: '27.34', currency: 'CHF' });
  });

  it('golden bill 3: the same, suspended for five whole days, is 11/31 = 17.39, with VAT 18.80', () => {
    const bill = billOf(monthlyChf([{ from: instant('2026-01-20T00:00:00Z'), to: instant('2026-01-25T00:00:00Z') }]));
    expect(amounts(bill)).toEqual([
      ['plan_base', 'monthly', '17.39'],
      ['tax', 'VAT', '1.41'],
    ]);
    expect(bill.total.amount).toBe('18.80');
  });

  it.each([
    { currency: 'JPY', quantity: '1250.5', unitPrice: '0.3', amount: '375', why: '375.15, no decimals' },
    { currency: 'KWD', quantity: '3', unitPrice: '0.3335', amount: '1.001', why: '1.0005 is half, away from zero' },
    {
      currency: 'USD',
      quantity: '1.5',
      unitPrice: '0.003333333333',
      amount: '0.00',
      why: 'the product keeps its scale',
    },
  ])(
    'golden bill 8: $quantity units at $unitPrice $currency are $amount ($why)',
    ({ currency, quantity, unitPrice, amount }) => {
      const bill = billOf({
        currency,
        timeZone: 'UTC',
        period: january,
        deployments: [
          {
            ref: 'web',
            plan: { code: 'payg' },
            planVersion: {
              currency,
              baseFee: '0',
              meters: [{ meter: 'units', price: { kind: 'per_unit', unitPrice } }],
            },
            active: always,
            usage: { units: quantity },
          },
        ],
      });
      expect(bill.lines.find((line) => line.kind === 'overage')?.amount).toEqual({ amount, currency });
      expect(bill.total.amount).toBe(amount);
    },
  );
});
