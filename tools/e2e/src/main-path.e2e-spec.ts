import { beforeAll, describe, expect, it } from '@jest/globals';
import { expectGoldenBill, invoicesOf, issueInvoice, monthlyBill, type Bill, type Invoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { endMonth, openMonth, TIME_ZONE, type Month } from './support/month.js';
import { E2eStack, HOME } from './support/stack.js';
import {
  awaitAllowed,
  awaitEnforcedBy,
  awaitReady,
  checkGate,
  createTenant,
  licenseOf,
  type CreatedTenant,
} from './support/tenants.js';
import { awaitBillable, DROPLET_HOURS, dropletEvents, submit, usageEvent } from './support/usage.js';

/** The main job, step by step: each test goes on where the one before it ended. */
describe('the main path', () => {
  const stack = E2eStack.open();
  let month: Month;
  let acme: CreatedTenant;
  let invoice: Invoice;

  beforeAll(async () => {
    await authorCatalog(stack);
    month = await openMonth(stack);
  });

  it('a tenant is ready when its home reported its database and its admin, not before', async () => {
    acme = await createTenant(stack);
    expect(acme.deployment.type).toBe('shared');
    expect(acme.inviteToken).toMatch(/^[A-Za-z0-9_-]{20,}$/);
    await awaitReady(stack, acme);

    const license = await awaitEnforcedBy(stack, acme.deployment.id, HOME);
    expect(license.enforcedBy).toEqual([
      expect.objectContaining({ instanceId: HOME, version: license.version, database: 'ready' }),
    ]);
    const [database] = await stack.databases.query('postgres', 'SELECT 1 FROM pg_database WHERE datname = $1', [
      acme.deployment.database,
    ]);
    expect(database).toBeDefined();
  });

  it('the gate allows what the plan grants and denies what it does not', async () => {
    expect(await checkGate(stack, acme.deployment.id)).toMatchObject({ outcome: 'allow', isAllowed: true });
    expect(await checkGate(stack, acme.deployment.id, 'search:full_text')).toMatchObject({
      outcome: 'deny',
      isAllowed: false,
      code: 'LICENSE.MODULE_NOT_LICENSED',
    });
  });

  it('a period that has not ended is not invoiced', async () => {
    const answer = await stack.core.post(
      '/api/v1/billing/invoices',
      { tenantId: acme.tenant.id, period: month.period, action: 'issue' },
      { 'idempotency-key': `early-${acme.tenant.id}` },
    );
    expect(answer).toMatchObject({ status: 422, body: { code: 'BILLING.PERIOD_OPEN' } });
  });

  it('the license is re-issued by its job when the Clock jumps over a month', async () => {
    const before = await licenseOf(stack, acme.deployment.id);
    await endMonth(stack, month);
    await awaitAllowed(stack, acme.deployment.id);
    expect((await licenseOf(stack, acme.deployment.id)).version).toBeGreaterThan(before.version);
  });

  it('2,160 droplet hours sent twice and backwards are counted once each', async () => {
    const events = dropletEvents(acme.deployment.id, month, DROPLET_HOURS);
    const hostile = [...events, ...events.slice(0, 500)].reverse();
    expect(await submit(stack, hostile)).toMatchObject({ accepted: DROPLET_HOURS, duplicates: 500, rejected: 0 });
  });

  it('bad items of a batch are refused alone', async () => {
    const time = new Date(month.from.getTime() + 60_000);
    const before = new Date(month.from.getTime() - 24 * 3_600_000);
    const answer = await submit(stack, [
      usageEvent(acme.deployment.id, { id: 'good', time, quantity: '1', meter: 'api_calls' }),
      usageEvent(acme.deployment.id, { id: 'unknown-meter', time, quantity: '1', meter: 'moonbeams' }),
      usageEvent(acme.deployment.id, { id: 'too-early', time: before, quantity: '1' }),
      usageEvent('01900000-0000-7000-8000-000000000000', { id: 'nobody', time, quantity: '1' }),
    ]);
    expect(answer.results.map(({ status, code }) => [status, code])).toEqual([
      ['accepted', undefined],
      ['rejected', 'METER.UNKNOWN'],
      ['rejected', 'USAGE.BEFORE_START'],
      ['rejected', 'USAGE.DEPLOYMENT_UNKNOWN'],
    ]);
  });

  it('the month is complete when core-api holds every hour as its home closed it', async () => {
    const hours = (month.to.getTime() - month.from.getTime()) / 3_600_000;
    const report = await awaitBillable(stack, acme, month);
    expect(report.hoursExpected).toBe(report.hoursComplete);
    expect(report.hoursExpected).toBe(hours);
  });

  it('the bill from metered usage is golden bill 1, the same bytes each time', async () => {
    const bill = await monthlyBill(stack, acme.tenant.id, month);
    expectGoldenBill(bill);
    expect(await monthlyBill(stack, acme.tenant.id, month)).toEqual(bill);
  });

  it('a quote of the same usage agrees to the cent', async () => {
    const quote = (await stack.core.expect(200, 'POST', '/api/v1/quotes', {
      currency: 'USD',
      timeZone: TIME_ZONE,
      period: { from: month.from.toISOString(), to: month.to.toISOString() },
      taxes: [{ code: 'GST', name: 'GST 10 %', rate: '0.10' }],
      deployments: [
        {
          ref: 'planned',
          plan: { code: 'studio', version: 1 },
          addons: [{ code: 'storage_50gb', quantity: '1' }],
          active: [{ from: month.from.toISOString(), to: null }],
          usage: { droplet_hours: String(DROPLET_HOURS) },
        },
      ],
    })) as Bill;
    expectGoldenBill(quote);
  });

  it('the invoice is golden bill 1 to the cent, and issuing again answers with it', async () => {
    invoice = await issueInvoice(stack, acme.tenant.id, month);
    expectGoldenBill(invoice);
    expect(invoice.number).toMatch(/^INV-\d{4}-\d{6}$/);
    const again = await issueInvoice(stack, acme.tenant.id, month, 'again');
    expect([again.id, again.number, again.contentHash]).toEqual([invoice.id, invoice.number, invoice.contentHash]);
    expect(await invoicesOf(stack, acme.tenant.id)).toEqual([{ id: invoice.id, number: invoice.number }]);
  });

  it('an issued invoice cannot be changed, not even by SQL', async () => {
    const { databases } = stack;
    const change = databases.query(databases.core, 'UPDATE invoice SET total_minor = 1 WHERE id = $1', [invoice.id]);
    await expect(change).rejects.toThrow();
    const remove = databases.query(databases.core, 'DELETE FROM invoice WHERE id = $1', [invoice.id]);
    await expect(remove).rejects.toThrow();
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
  });
});
