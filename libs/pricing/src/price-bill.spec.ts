import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { toBillJson, type BillJson } from './bill-json.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import type { BillRequest, DeploymentRequest } from './request.js';

const instant = (text: string) => new Date(text);
const april = { from: instant('2026-04-01T00:00:00Z'), to: instant('2026-05-01T00:00:00Z') };
const day = (from: number, to: number) => ({
  from: new Date(april.from.getTime() + (from - 1) * 86_400_000),
  to: new Date(april.from.getTime() + to * 86_400_000),
});

const web: DeploymentRequest = {
  ref: 'web',
  plan: { code: 'studio', name: 'Studio' },
  planVersion: {
    currency: 'USD',
    baseFee: '30.00',
    setupFee: '99.00',
    meters: [
      { meter: 'api_calls', name: 'API calls', price: { kind: 'per_unit', unitPrice: '0.001' } },
      { meter: 'droplet_hours', included: '100', price: { kind: 'per_unit', unitPrice: '0.01' } },
    ],
  },
  active: [{ from: april.from, to: null }],
};
const storage = {
  code: 'storage_50gb',
  resourceKind: 'storage',
  quantity: '1',
  price: { kind: 'flat', amount: '7.50' },
};

const billOf = (deployments: DeploymentRequest[], more: Partial<BillRequest> = {}): BillJson =>
  toBillJson(
    priceBill(orThrow(parseBillRequest({ currency: 'USD', timeZone: 'UTC', period: april, deployments, ...more }))),
  );
const shown = (bill: BillJson) => bill.lines.map((line) => `${line.id} ${line.quantity} ${line.amount.amount}`);

describe('priceBill', () => {
  it('orders lines by deployment, then base, add-ons, meters, setup; taxes last', () => {
    const full = {
      ...web,
      firstPeriod: true,
      usage: { droplet_hours: '101', api_calls: '1000' },
      addons: [storage, { ...storage, code: 'backup', price: { kind: 'per_unit', unitPrice: '2.00' }, quantity: '3' }],
    };
    const taxes = [
      { code: 'PST', name: 'PST', rate: '0.07' },
      { code: 'GST', name: 'GST', rate: '0.05' },
    ];
    const bill = billOf([full, { ...web, ref: 'api' }], { taxes });
    expect(shown(bill)).toEqual([
      'web/plan_base/studio 1 30.00',
      'web/addon/storage_50gb 1 7.50',
      'web/addon/backup 3 6.00',
      'web/overage/api_calls 1000 1.00',
      'web/overage/droplet_hours 1 0.01',
      'web/setup/studio 1 99.00',
      'api/plan_base/studio 1 30.00',
      'tax/PST 1 12.15',
      'tax/GST 1 8.68',
    ]);
    expect(bill.subtotal.amount).toBe('173.51');
    expect(bill.total.amount).toBe('194.34');
    expect(bill.lines.map((line) => line.description).slice(3, 6)).toEqual([
      'API calls',
      'droplet_hours, above what is included',
      'Studio, setup fee',
    ]);
  });

  it('rates usage per deployment, never pooled: each has its own included quantity', () => {
    const bill = billOf([
      { ...web, usage: { droplet_hours: '150' } },
      { ...web, ref: 'api', usage: { droplet_hours: '60' } },
    ]);
    expect(shown(bill)).toContain('web/overage/droplet_hours 50 0.50');
    expect(bill.lines.filter((line) => line.kind === 'overage')).toHaveLength(1);
  });

  it('does not prorate what is included', () => {
    const half = billOf([{ ...web, active: [day(1, 15)], usage: { droplet_hours: '101' } }]);
    expect(shown(half)).toEqual(['web/plan_base/studio 1 15.00', 'web/overage/droplet_hours 1 0.01']);
  });

  it('takes overage from the first unit above what is included, and none at or below', () => {
    const used = (droplets: string) => shown(billOf([{ ...web, usage: { droplet_hours: droplets } }]));
    expect(used('99')).toEqual(['web/plan_base/studio 1 30.00']);
    expect(used('100')).toEqual(['web/plan_base/studio 1 30.00']);
    expect(used('100.5')).toEqual(['web/plan_base/studio 1 30.00', 'web/overage/droplet_hours 0.5 0.01']);
  });

  it('shows a line that has a quantity and no amount, and leaves out one that has neither', () => {
    expect(shown(billOf([{ ...web, usage: { api_calls: '4' } }]))).toContain('web/overage/api_calls 4 0.00');
    expect(shown(billOf([{ ...web, usage: { api_calls: '0' } }]))).toEqual(['web/plan_base/studio 1 30.00']);
  });

  it('a tax line is never left out, at a subtotal of zero or a rate of zero neither', () => {
    const taxes = [
      { code: 'GST', name: 'GST', rate: '0.10' },
      { code: 'RC', name: 'Reverse charge', rate: '0' },
    ];
    const bill = billOf([{ ...web, active: [] }], { taxes });
    expect(shown(bill)).toEqual(['tax/GST 1 0.00', 'tax/RC 1 0.00']);
    expect(bill.total).toEqual({ amount: '0.00', currency: 'USD' });
  });

  it('takes each tax on the whole subtotal, rounded once, none on another', () => {
    const taxes = ['A', 'B', 'C'].map((code) => ({ code, name: code, rate: '0.005' }));
    const bill = billOf([{ ...web, planVersion: { currency: 'USD', baseFee: '3.00' } }], { taxes });
    expect(bill.taxes.map((tax) => tax.amount.amount)).toEqual(['0.02', '0.02', '0.02']);
    expect(bill.taxes.map((tax) => tax.base.amount)).toEqual(['3.00', '3.00', '3.00']);
    expect(bill.total.amount).toBe('3.06');
  });
});

describe('time', () => {
  it('a deployment without an active instant owes only its usage: no base, no add-on, no setup', () => {
    const usage = { droplet_hours: '200' };
    const idle = { ...web, firstPeriod: true, addons: [storage], usage };
    const outside = { from: instant('2026-05-01T00:00:00Z'), to: null };
    for (const active of [[], [outside], [{ from: april.from, to: april.from }]]) {
      expect(shown(billOf([{ ...idle, active }]))).toEqual(['web/overage/droplet_hours 100 1.00']);
    }
    expect(shown(billOf([{ ...idle, suspended: [{ from: april.from, to: null }] }]))).toEqual([
      'web/overage/droplet_hours 100 1.00',
    ]);
  });

  it('charges the setup fee once, whole, in the first period only', () => {
    const late = { ...web, active: [day(30, 30)] };
    expect(shown(billOf([{ ...late, firstPeriod: true }]))).toEqual([
      'web/plan_base/studio 1 1.00',
      'web/setup/studio 1 99.00',
    ]);
    expect(shown(billOf([late]))).toEqual(['web/plan_base/studio 1 1.00']);
  });

  it('shows no setup line for a plan without a setup fee', () => {
    for (const setupFee of ['0.00', null, undefined]) {
      const bill = billOf([
        { ...web, firstPeriod: true, planVersion: { currency: 'USD', baseFee: '30.00', setupFee } as never },
      ]);
      expect(shown(bill)).toEqual(['web/plan_base/studio 1 30.00']);
    }
  });

  it('a day counts when at any instant of it the deployment is active and not suspended', () => {
    const base = (suspended: DeploymentRequest['suspended']) => shown(billOf([{ ...web, suspended: suspended! }]))[0];
    expect(base([day(10, 14)])).toBe('web/plan_base/studio 1 25.00');
    // Suspended from noon to noon: both days have an active half.
    const noons = { from: instant('2026-04-10T12:00:00Z'), to: instant('2026-04-11T12:00:00Z') };
    expect(base([noons])).toBe('web/plan_base/studio 1 30.00');
    // Overlapping suspensions are one sum.
    expect(base([day(10, 12), day(11, 14), day(11, 14)])).toBe('web/plan_base/studio 1 25.00');
  });

  it('charges an add-on while it was attached and the deployment was chargeable', () => {
    const addon = (attached: DeploymentRequest['active'], suspended: DeploymentRequest['active'] = []) =>
      shown(billOf([{ ...web, suspended, addons: [{ ...storage, attached }] }]))[1];
    expect(addon([day(16, 30)])).toBe('web/addon/storage_50gb 1 3.75');
    expect(addon([day(16, 30)], [day(28, 30)])).toBe('web/addon/storage_50gb 1 3.00');
    expect(addon([{ from: april.to, to: null }])).toBeUndefined();
  });

  it('prorates by second when the plan says so', () => {
    const planVersion = { ...web.planVersion, proration: 'second' };
    const active = [{ from: instant('2026-04-16T12:00:00Z'), to: null }];
    const bill = billOf([{ ...web, planVersion, active }]);
    expect(shown(bill)).toEqual(['web/plan_base/studio 1 14.50']);
    expect(bill.lines[0]?.explanation[0]?.text).toBe('1 x 30.00 USD x 1252800 of 2592000 seconds');
  });

  it('counts days in the zone of the tenant', () => {
    const active = [{ from: instant('2026-04-29T14:00:00Z'), to: null }];
    const period = { from: instant('2026-03-31T14:00:00Z'), to: instant('2026-04-30T14:00:00Z') };
    expect(shown(billOf([{ ...web, active }], { period, timeZone: 'Australia/Brisbane' }))).toEqual([
      'web/plan_base/studio 1 1.00',
    ]);
    expect(shown(billOf([{ ...web, active }], { period }))).toEqual(['web/plan_base/studio 1 1.94']);
  });
});

describe('line identities', () => {
  it('cannot be made equal by a choice of names', () => {
    const bill = billOf([
      { ...web, ref: 'a/addon', plan: { code: 'b' } },
      { ...web, ref: 'a%2Faddon', plan: { code: 'b' } },
    ]);
    expect(bill.lines.map((line) => line.id)).toEqual(['a%2Faddon/plan_base/b', 'a%252Faddon/plan_base/b']);
  });
});
