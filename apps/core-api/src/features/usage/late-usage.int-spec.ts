import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { HashedBillJson } from '../billing/index.js';
import { billingRig, type BillingRig } from '../../testing/billing-rig.js';

type Bill = Pick<HashedBillJson, 'lines' | 'subtotal' | 'total'>;

const april = { from: '2026-03-31T14:00:00.000Z', to: '2026-04-30T14:00:00.000Z' };
let rig: BillingRig;
let at: BillingRig['at'];

beforeAll(async () => {
  rig = await billingRig(april.from);
  ({ at } = rig);
  const levy = { country: 'AU', code: 'LEVY', name: 'Levy 5 %', rate: '0.05', from: '2026-05-15', to: null };
  await rig.admin.expect(201, 'POST', '/api/v1/catalog/taxes', levy);
});
afterAll(() => rig?.close());

/** A tenant that is ready from the start, and its invoices. */
async function scene() {
  const made = await rig.tenant({});
  const issue = async (status: number, period: string) => {
    const body = { tenantId: made.tenantId, period, action: 'issue' };
    const key = { 'idempotency-key': randomUUID() };
    return (await rig.admin.expect(status, 'POST', '/api/v1/billing/invoices', body, key)) as Bill;
  };
  return { ...made, issue };
}

const adjustments = (bill: Bill) =>
  bill.lines
    .filter(({ kind }) => kind === 'adjustment')
    .map(({ quantity, amount, period }) => [quantity, amount.amount, period.from]);
const computed = ({ lines, subtotal, total }: Bill) => ({ lines, subtotal, total });

describe('C12: usage that arrives after the invoice was issued', () => {
  it('C12: leaves the invoice as it is and stands on the next one, once, in its true period', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { used, month, issue } = await scene();
    await at('2026-04-30T13:30:00.000Z');
    await used('2026-04-30T12:00:00Z', '2160');
    await at('2026-05-01T14:00:00.000Z');
    const asComputed = await month('2026-04');
    const invoice = await issue(201, '2026-04');
    expect(invoice.total.amount).toBe('70.64');
    expect(JSON.stringify(await month('2026-04'))).toBe(JSON.stringify(asComputed));

    // A second after the cut-off.
    await used('2026-04-30T12:00:00Z', '2260', 2);
    const again = await issue(200, '2026-04');
    expect([computed(again), JSON.stringify(await month('2026-04'))]).toEqual([
      computed(invoice),
      JSON.stringify(asComputed),
    ]);
    const may = await month('2026-05');
    expect(adjustments(may)).toEqual([['100', '1.00', april.from]]);
    // The tax of May's last day is on all of May's invoice, what was used in April included: GST 5.85 and the levy of 2.93.
    expect([may.subtotal.amount, may.total.amount]).toEqual(['58.50', '67.28']);

    await at('2026-06-01T14:00:00.000Z');
    expect(computed(await issue(201, '2026-05'))).toEqual(computed(may));
    expect(computed(await issue(200, '2026-05'))).toEqual(computed(may));
    expect(adjustments(await month('2026-06'))).toEqual([]);
  });

  it('C12: a decrease is no line of the next bill: it is to be credited', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { used, month, issue } = await scene();
    await at('2026-04-30T13:30:00.000Z');
    await used('2026-04-30T12:00:00Z', '2160');
    await at('2026-05-01T14:00:00.000Z');
    await issue(201, '2026-04');
    await used('2026-04-30T12:00:00Z', '1500', 2);
    expect(adjustments(await month('2026-05'))).toEqual([]);
  });

  it('C12: two months that are invoiced at the same time bill the late usage of a third once', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { used, issue } = await scene();
    await at('2026-05-01T14:00:00.000Z');
    await issue(201, '2026-04');
    await used('2026-04-30T12:00:00Z', '1588');
    await at('2026-07-02T14:00:00.000Z');
    const both = await Promise.all([issue(201, '2026-05'), issue(201, '2026-06')]);
    expect(both.flatMap(adjustments)).toEqual([['100', '1.00', april.from]]);
  });

  it('C14: what a deployment used before it ended is billed after its final invoice too', async () => {
    await at('2026-03-31T14:00:00.000Z');
    const { deploymentId, used, month, issue } = await scene();
    await at('2026-04-20T00:00:00.000Z');
    const body = { to: 'cancelled', reason: 'the tenant was deleted' };
    await rig.admin.expect(200, 'POST', `/api/v1/deployments/${deploymentId}/transition`, body);
    await at('2026-04-30T13:30:00.000Z');
    await used('2026-04-30T12:00:00Z', '1588');
    await at('2026-05-01T14:00:00.000Z');
    expect(computed(await month('2026-04'))).toEqual(computed(await issue(201, '2026-04')));
    await used('2026-04-30T12:00:00Z', '1688', 2);
    await at('2026-06-01T14:00:00.000Z');
    const last = await issue(201, '2026-05');
    expect([adjustments(last), last.subtotal.amount]).toEqual([[['100', '1.00', april.from]], '1.00']);
  });
});
