import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { parseBillRequest, priceBill, toBillJson } from '@biplane/pricing';
import { meteredRequest, type MeteredDeployment } from './metered-request.js';

const at = (text: string) => new Date(text);
const april = { from: at('2026-03-31T14:00:00Z'), to: at('2026-04-30T14:00:00Z') };
const gst = { code: 'GST', name: 'GST 10 %', rate: '0.10' };

const studioPricing = {
  currency: 'USD',
  interval: 'month',
  proration: 'day',
  baseFee: '50.00',
  setupFee: '12.00',
  meters: [{ meter: 'droplet_hours', included: '1488', price: { kind: 'per_unit', unitPrice: '0.01' } }],
};

function studio(over: Partial<MeteredDeployment> = {}): MeteredDeployment {
  return {
    deploymentId: 'd-1',
    plans: [{ code: 'studio', name: 'Studio', pricing: studioPricing, until: null }],
    addons: [
      {
        code: 'storage_50gb',
        resourceKind: 'storage',
        currency: 'USD',
        quantity: '1',
        price: { kind: 'flat', amount: '7.50' },
      },
    ],
    active: [{ from: at('2026-03-31T03:00:05Z'), to: null }],
    suspended: [],
    modules: {},
    usage: [{ meter: 'droplet_hours', quantity: '2160', licenseVersion: 9 }],
    ...over,
  };
}

function bill(...deployments: MeteredDeployment[]) {
  const month = { currency: 'USD', timeZone: 'Australia/Brisbane', period: april, taxes: [gst], discounts: [] };
  const request = meteredRequest({ ...month, deployments });
  return toBillJson(priceBill(orThrow(parseBillRequest(request))));
}

describe('a metered month becomes the request that a quote would make of it', () => {
  it('golden bill 1: 2,160 droplet hours of Studio come to 70.64', () => {
    const { subtotal, total, taxes } = bill(studio());
    expect([subtotal.amount, taxes[0]?.amount.amount, total.amount]).toEqual(['64.22', '6.42', '70.64']);
  });

  it('the order in which deployments are read changes nothing', () => {
    const [a, b] = [studio(), studio({ deploymentId: 'd-0', usage: [] })];
    expect(bill(a, b)).toEqual(bill(b, a));
  });

  it('usage of a meter that the plan limits but does not price is not billed', () => {
    const usage = [{ meter: 'api_calls', quantity: '12', licenseVersion: 1 }, ...studio().usage];
    expect(bill(studio({ usage }))).toEqual(bill(studio()));
  });

  it.each([
    ['active as the period begins', '2026-03-31T14:00:00Z', [], 1],
    ['active a millisecond before', '2026-03-31T13:59:59.999Z', [], 0],
    ['active a millisecond before its end', '2026-04-30T13:59:59.999Z', [], 1],
    ['active as it ends', '2026-04-30T14:00:00Z', [], 0],
    ['suspended from before its first day to the middle', '2026-03-01T00:00:00Z', [['2026-03-01T00:00:00Z', '2026-04-15T00:00:00Z']], 1],
    ['suspended up to its end', '2026-03-01T00:00:00Z', [['2026-03-01T00:00:00Z', '2026-04-30T14:00:00Z']], 0],
    ['charged for a day long before', '2026-02-01T00:00:00Z', [['2026-02-02T00:00:00Z', '2026-04-15T00:00:00Z']], 0],
  ] as [string, string, [string, string][], number][])(
    'the setup fee belongs to the period that is charged first: %s',
    (_why, from, suspended, lines) => {
      const active = [{ from: at(from), to: null }];
      const stretches = suspended.map(([start, end]) => ({ from: at(start), to: at(end) }));
      const setups = bill(studio({ active, suspended: stretches })).lines.filter(({ kind }) => kind === 'setup');
      expect(setups).toHaveLength(lines);
    },
  ); // prettier-ignore

  it('a deployment that was never ready owes only what it used', () => {
    const { lines } = bill(studio({ active: [] }));
    expect(lines.map(({ kind }) => kind)).toEqual(['overage', 'tax']);
  });
});
