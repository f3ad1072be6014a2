import { beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { expectGoldenBill, invoicesOf, issueInvoice, monthlyBill, type Bill } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { endMonth, monthFrom, openMonth, type Month } from './support/month.js';
import { E2eStack } from './support/stack.js';
import { awaitAllowed, createReadyTenant } from './support/tenants.js';
import { awaitBillable, awaitHeld, completenessOf, dropletEvents, submit, usageEvent } from './support/usage.js';

const COMPLETE = { deadlineMs: 150_000, everyMs: 250 };

describe('usage that comes late', () => {
  const stack = E2eStack.open();

  beforeAll(() => authorCatalog(stack));

  const adjustmentsOf = ({ lines }: Bill) =>
    lines.filter(({ kind }) => kind === 'adjustment').map(({ amount }) => amount.amount);

  it('C12: after the issued invoice it becomes a line of the next bill, once, and the invoice stays', async () => {
    const first = await openMonth(stack);
    const { tenant, deployment } = await createReadyTenant(stack);
    const ended = async (month: Month) => {
      await endMonth(stack, month);
      await awaitAllowed(stack, deployment.id);
      await waitFor(
        `${month.period} to be complete`,
        async () => (await completenessOf(stack, tenant.id, month)).complete,
        COMPLETE,
      );
    };
    await endMonth(stack, first);
    await submit(stack, dropletEvents(deployment.id, first, 36));
    await awaitBillable(stack, { tenant, deployment }, first);
    const invoice = await issueInvoice(stack, tenant.id, first);
    expectGoldenBill(invoice);

    const time = new Date(first.to.getTime() - 3_600_000);
    const late = usageEvent(deployment.id, { id: 'late', time, quantity: '100' });
    expect(await submit(stack, [late, late])).toMatchObject({ accepted: 1, duplicates: 1 });
    await awaitHeld(stack, deployment.id, '2260');
    expect((await issueInvoice(stack, tenant.id, first, 'again')).contentHash).toBe(invoice.contentHash);

    const second = await openMonth(stack);
    // The month that the late usage came in: `openMonth` takes the next one that has not begun.
    const present = monthBefore(second);
    await ended(present);
    expect(adjustmentsOf(await monthlyBill(stack, tenant.id, present))).toEqual(['1.00']);
    const next = await issueInvoice(stack, tenant.id, present);
    expect(adjustmentsOf(next)).toEqual(['1.00']);
    expect((await issueInvoice(stack, tenant.id, present, 'again')).contentHash).toBe(next.contentHash);
    expect(adjustmentsOf(await monthlyBill(stack, tenant.id, second))).toEqual([]);
    expect(await invoicesOf(stack, tenant.id)).toHaveLength(2);
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});

function monthBefore(month: Month): Month {
  const [year = 0, number = 0] = month.period.split('-').map(Number);
  return monthFrom(year, number - 2);
}
