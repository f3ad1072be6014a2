import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { orThrow, parseTenantId } from '@biplane/kernel';
import { UnitOfWork } from '@biplane/service-kit';
import { InvoicesRig } from '../../testing/invoices-rig.js';
import { madeBill } from '../../testing/made-bill.js';
import { IssueInvoices, type IssueItem } from './issue-invoices.js';

const now = new Date(InvoicesRig.juneAt);
const actor = { id: 'job:rollup', requestId: null };
let rig: InvoicesRig;

beforeAll(async () => {
  rig = await InvoicesRig.start(9);
});
afterAll(async () => {
  await rig?.close();
});

const issues = () => rig.suite.core.app.get(IssueInvoices, { strict: false });
const unitOfWork = () => rig.suite.core.app.get(UnitOfWork, { strict: false });
const issueAll = (items: readonly IssueItem[]) =>
  unitOfWork().run((tx) => issues().issueAll(tx, items, now, actor), { timeoutMs: 60_000, waitMs: 30_000 });

function item(tenantId: string, month: string, over: Parameters<typeof madeBill>[2] = {}): IssueItem {
  return { tenantId: orThrow(parseTenantId(tenantId)), month, bill: madeBill('Acme', month, over), provisional: false };
}

/** Late usage of January that comes to so much less than was invoiced: a line below zero. */
function less(ref: string, invoiced: string) {
  const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-02-01T00:00:00Z') };
  return { ref, meter: 'droplet_hours', period, currency: 'USD', quantity: '-1', due: '0.00', invoiced };
}

describe('many bills at once', () => {
  it('become invoices under one range of numbers, in their order, each with its lines, audit row and event', async () => {
    const tenants = [rig.tenant(), rig.tenant(), rig.tenant()].map(({ tenantId }) => tenantId);
    const made = await issueAll(tenants.map((tenantId) => item(tenantId, '2026-02')));
    expect(made.map(({ tenantId, outcome }) => [tenantId, outcome])).toEqual(tenants.map((id) => [id, 'issued']));
    const numbers = made.map(({ invoice }) => Number.parseInt(invoice!.number.slice(-6), 10));
    expect(numbers.map((number) => number - numbers[0]!)).toEqual([0, 1, 2]);
    for (const { invoice } of made) {
      expect(await rig.suite.events('invoice.issued', invoice!.id)).toHaveLength(1);
      expect((await rig.show(invoice!.id)).total.amount).toBe('55.00');
    }
  });

  it('leave out what is invoiced, and what was computed before something else was invoiced for the tenant', async () => {
    const [one, other] = [rig.tenant().tenantId, rig.tenant().tenantId];
    const basis = await issues().basisOf(unitOfWork().reader, [one, other]);
    const [first] = await issueAll([item(one, '2026-02')]);
    const based = (tenantId: string, month: string) => ({ ...item(tenantId, month), basis: basis.get(tenantId)! });
    const again = await issueAll([based(one, '2026-02'), based(one, '2026-03'), based(other, '2026-03')]);
    expect(again.map(({ outcome, invoice }) => [outcome, invoice?.id === first!.invoice!.id])).toEqual([
      ['existing', true],
      ['stale', false],
      ['issued', false],
    ]);
  });

  it('that come to nothing are paid at once', async () => {
    const [made] = await issueAll([item(rig.tenant().tenantId, '2026-02', { deployments: [] })]);
    const { id, status } = made!.invoice!;
    expect([status, await rig.due(id)]).toEqual(['paid', ['paid', '0.00']]);
    expect(await rig.suite.events('invoice.paid', id)).toHaveLength(1);
  });

  it('below zero become a balance, which the next month in the same list uses', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    const negative = { deployments: [], taxes: [], adjustments: [less(deploymentId, '60.00')] };
    const made = await issueAll([item(tenantId, '2026-02', negative), item(tenantId, '2026-03')]);
    expect(made.map(({ invoice }) => [invoice!.totalMinor, invoice!.creditAppliedMinor, invoice!.openMinor])).toEqual([
      [-6000n, 0n, 0n],
      [5500n, 5500n, 0n],
    ]);
    expect(await rig.balance(tenantId)).toBe('5.00');
    expect((await rig.void(made[0]!.invoice!.id)).status).toBe(422);
    expect((await rig.credit(made[0]!.invoice!.id)).status).toBe(422);
  });

  it('are refused as a whole when one is larger than an invoice can be', async () => {
    const tenants = [rig.tenant().tenantId, rig.tenant().tenantId];
    const [good, huge] = [item(tenants[0]!, '2026-02'), item(tenants[1]!, '2026-02')];
    const { bill } = huge.bill;
    const total = { ...bill.total, minor: 2n ** 63n };
    const both = issueAll([good, { ...huge, bill: { ...huge.bill, bill: { ...bill, total } } }]);
    await expect(both).rejects.toMatchObject({ failure: { code: 'BILLING.AMOUNT_TOO_LARGE' } });
    const invoiced = await rig.suite.postgres.query('SELECT 1 FROM invoice WHERE tenant_id = ANY ($1)', [tenants]);
    expect(invoiced).toEqual([]);
  });
});
