import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { toBillJson } from './bill-json.js';
import { parseBillRequest } from './parse-request.js';
import { priceBill } from './price-bill.js';
import type { AdjustmentRequest, BillRequest } from './request.js';

const instant = (text: string) => new Date(text);
const april = { from: instant('2026-04-01T00:00:00Z'), to: instant('2026-05-01T00:00:00Z') };
const may = { from: instant('2026-05-01T00:00:00Z'), to: instant('2026-06-01T00:00:00Z') };

const late: AdjustmentRequest = {
  ref: 'web',
  meter: 'droplet_hours',
  name: 'Droplet hours',
  period: april,
  currency: 'USD',
  quantity: '100',
  due: '7.72',
  invoiced: '6.72',
};

function request(...adjustments: AdjustmentRequest[]): BillRequest {
  return {
    currency: 'USD',
    timeZone: 'UTC',
    period: may,
    taxes: [{ code: 'GST', name: 'GST 10 %', rate: '0.10' }],
    deployments: [
      {
        ref: 'web',
        plan: { code: 'studio', name: 'Studio' },
        planVersion: { currency: 'USD', baseFee: '50.00' },
        active: [{ from: april.from, to: null }],
      },
    ],
    adjustments,
  };
}

const billOf = (...adjustments: AdjustmentRequest[]) =>
  toBillJson(priceBill(orThrow(parseBillRequest(request(...adjustments)))));

describe('C12: late usage of an invoiced period', () => {
  it('C12: is one line of the period in which it was used, the sum of what is due and what was invoiced', () => {
    const bill = billOf(late);
    expect(bill.lines[1]).toEqual({
      id: 'web/adjustment/droplet_hours@2026-04-01T00:00:00.000Z',
      kind: 'adjustment',
      deployment: 'web',
      resourceKind: 'droplet_hours',
      description: 'Droplet hours, late usage of an invoiced period',
      quantity: '100',
      unitPrice: null,
      amount: { amount: '1.00', currency: 'USD' },
      period: { from: april.from.toISOString(), to: april.to.toISOString() },
      explanation: [
        { text: 'rated again: 7.72 USD', quantity: null, amount: { amount: '7.72', currency: 'USD' } },
        { text: 'invoiced before: 6.72 USD', quantity: null, amount: { amount: '-6.72', currency: 'USD' } },
      ],
    });
  });

  it('C12: is taxed with the bill on which it stands', () => {
    const { subtotal, taxes, total } = billOf(late);
    expect([subtotal.amount, taxes[0]?.amount.amount, total.amount]).toEqual(['51.00', '5.10', '56.10']);
  });

  it('C12: a decrease is a line below zero, and lowers the tax', () => {
    const { lines, subtotal, taxes, total } = billOf({ ...late, quantity: '-672', due: '0.00' });
    expect(lines[1]).toMatchObject({ quantity: '-672', amount: { amount: '-6.72' } });
    expect([subtotal.amount, taxes[0]?.amount.amount, total.amount]).toEqual(['43.28', '4.33', '47.61']);
  });

  it('stands by period, deployment and meter, whatever the order in which it was found', () => {
    const all = [
      late,
      { ...late, meter: 'api_calls' },
      { ...late, ref: 'api' },
      { ...late, period: { from: instant('2026-03-01T00:00:00Z'), to: april.from } },
    ];
    expect(billOf(...all)).toEqual(billOf(...all.toReversed()));
    const ids = billOf(...all).lines.flatMap((line) => (line.kind === 'adjustment' ? [line.id] : []));
    expect(ids.map((id) => id.slice(0, id.indexOf('T')))).toEqual([
      'web/adjustment/droplet_hours@2026-03-01',
      'api/adjustment/droplet_hours@2026-04-01',
      'web/adjustment/api_calls@2026-04-01',
      'web/adjustment/droplet_hours@2026-04-01',
    ]);
  });

  it('is left out when it changes neither quantity nor amount', () => {
    expect(billOf({ ...late, quantity: '0', due: '6.72' })).toEqual(billOf());
  });

  it.each([
    ['another currency than the bill', { ...late, currency: 'CHF' }, '/adjustments/0/currency'],
    ['more decimals than the currency has', { ...late, due: '7.725' }, '/adjustments/0/due'],
    [
      'a period that ends before it starts',
      { ...late, period: { from: may.from, to: april.from } },
      '/adjustments/0/period',
    ],
  ])('is refused with %s', (_why, wrong, pointer) => {
    const parsed = parseBillRequest(request(wrong));
    expect(!parsed.ok && parsed.error.errors?.map((error) => error.pointer)).toEqual([pointer]);
  });

  it('is refused when one meter of one deployment and period stands twice', () => {
    const parsed = parseBillRequest(request(late, late));
    expect(!parsed.ok && parsed.error.code).toBe('PRICING.NOT_UNIQUE');
  });
});
