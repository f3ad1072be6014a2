import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { waitFor } from '@biplane/testing';
import { expectGoldenBill, invoicesOf, issueInvoice, monthlyBill, type Invoice } from './support/bill.js';
import { authorCatalog } from './support/catalog.js';
import { invariantsHold } from './support/invariants.js';
import { endMonth, openMonth, type Month } from './support/month.js';
import { insistently } from './support/persist.js';
import { CORE, E2eStack, HOME } from './support/stack.js';
import { awaitAllowed, awaitReady, createReadyTenant, createTenant, type CreatedTenant } from './support/tenants.js';
import { awaitBillable, dropletEvents, submit, usageEvent } from './support/usage.js';

const EVENTS = 36;

/** One month of one tenant per death: whoever died and wherever, each ends with the same bill. */
describe('the path with a SIGKILL at each step', () => {
  const stack = E2eStack.open();
  const { databases, services } = stack;
  const tenants: CreatedTenant[] = [];
  let month: Month;

  beforeAll(async () => {
    await authorCatalog(stack);
    month = await openMonth(stack);
  });
  afterAll(() => services.ensureRunning(CORE, HOME));

  it.each([
    { service: CORE, point: 'create_tenant_before_license', title: 'in the transaction: nothing of it stays' },
    { service: CORE, point: 'after_commit_before_publish', title: 'A5: between commit and publish: it is published' },
    { service: CORE, point: 'after_publish_before_mark', title: 'A3: published and not marked: twice is once' },
    { service: HOME, point: 'tenancy.after_intent', title: 'E3: with nothing but the intent' },
    { service: HOME, point: 'tenancy.after_create_database', title: 'E1: with a database of nobody yet' },
    { service: HOME, point: 'tenancy.after_bootstrap', title: 'E3: with all done and nothing said' },
  ])('createTenant with $service dead at $point; $title', async ({ service, point }) => {
    const tenant = await services.dyingAt(service, point, () => createTenant(stack));
    await awaitReady(stack, tenant);
    tenants.push(tenant);
    const sameSlug = await databases.query(databases.core, 'SELECT 1 FROM tenant WHERE slug = $1', [
      tenant.tenant.slug,
    ]);
    expect(sameSlug).toHaveLength(1);
  });

  it.each([
    { point: 'metrics.after_insert_before_commit', title: 'before the commit: nothing of it stays' },
    { point: 'metrics.after_commit_before_reply', title: 'C3: after the commit: the retry finds duplicates' },
  ])('usage with the home dead at $point; $title', async ({ point }) => {
    const tenant = await createReadyTenant(stack);
    const time = stack.clock.now();
    const events = Array.from({ length: EVENTS }, (_, index) =>
      usageEvent(tenant.deployment.id, { id: `${point}-${index}`, time, quantity: '60' }),
    );
    const answer = await services.dyingAt(HOME, point, () => submit(stack, events));
    expect([answer.accepted + answer.duplicates, answer.rejected]).toEqual([EVENTS, 0]);
    expect(answer.duplicates).toBe(point.endsWith('before_reply') ? EVENTS : 0);
    const held = await databases.query(
      databases.home,
      'SELECT trim_scale(sum(quantity))::text AS held FROM usage_window WHERE deployment_id = $1',
      [tenant.deployment.id],
    );
    expect(held).toEqual([{ held: '2160' }]);
  });

  it('the month’s end with the home dead while it closes hours, and core-api dead while it takes them in', async () => {
    const closed = await hoursClosed();
    await endMonth(stack, month);
    await waitFor('the home to be closing hours', async () => (await hoursClosed()) > closed, { everyMs: 1 });
    await stack.control.kill(HOME);
    await stack.control.start(HOME);
    const first = tenants[0] as CreatedTenant;
    await awaitAllowed(stack, first.deployment.id);
    await services.dyingAt(CORE, 'usage.after_count_before_compare', async () => {
      for (const { deployment } of tenants) {
        expect(await submit(stack, dropletEvents(deployment.id, month, EVENTS))).toMatchObject({ accepted: EVENTS });
      }
    });
    for (const tenant of tenants) await awaitBillable(stack, tenant, month);
  });

  it('D4: the invoice with core-api dead after its number was taken leaves no gap', async () => {
    const [first] = tenants as [CreatedTenant];
    const invoice = await services.dyingAt(CORE, 'invoice.after_number', () =>
      issueInvoice(stack, first.tenant.id, month),
    );
    expectGoldenBill(invoice);
    expect(await invoicesOf(stack, first.tenant.id)).toHaveLength(1);
  });

  it('the bill is golden bill 1, whoever died', async () => {
    for (const { tenant } of tenants) {
      expectGoldenBill(await monthlyBill(stack, tenant.id, month));
      expectGoldenBill(await issueInvoice(stack, tenant.id, month));
    }
  });

  it('an invoice whose payment or voiding core-api died in is paid once, or void', async () => {
    const [{ tenant: payer }, { tenant: other }] = tenants as [CreatedTenant, CreatedTenant];
    const [paid, voided] = [await issueInvoice(stack, payer.id, month), await issueInvoice(stack, other.id, month)];
    const ofInvoice = ({ id }: Invoice, verb: string, body: object) => ({
      method: 'POST',
      path: `/api/v1/billing/invoices/${id}/${verb}`,
      body,
    });
    const headers = { 'idempotency-key': `pay-${paid.id}` };
    const payment = { ...ofInvoice(paid, 'payments', { method: 'cash', amount: paid.total }), headers };
    await services.dyingAt(CORE, 'invoice.after_payment', () => insistently(stack.core, payment, 201));
    const voiding = ofInvoice(voided, 'void', { reason: 'sent to nobody' });
    await services.dyingAt(CORE, 'invoice.after_void', () => insistently(stack.core, voiding, 200));
    const states = await databases.query(
      databases.core,
      `SELECT i.id, i.status::text, (SELECT count(*)::int FROM invoice_payment p WHERE p.invoice_id = i.id) AS payments,
         (SELECT count(*)::int FROM audit_entry a WHERE a.object_id = i.id::text
           AND a.action IN ('invoice.payment_recorded', 'invoice.voided')) AS told
       FROM invoice i WHERE i.id = ANY($1::uuid[]) ORDER BY status`,
      [[paid.id, voided.id]],
    );
    expect(states).toEqual([
      { id: paid.id, status: 'paid', payments: 1, told: 1 },
      { id: voided.id, status: 'void', payments: 0, told: 1 },
    ]);
  });

  it('every invariant holds in both planes afterwards', async () => {
    expect(await invariantsHold(stack)).not.toHaveLength(0);
    await waitFor('nothing to wait in an outbox', async () => (await waiting()) === 0);
  });

  const hoursClosed = async () => (await databases.query(databases.home, 'SELECT 1 FROM hour_close')).length;
  const waiting = async () => {
    const sql = 'SELECT 1 FROM outbox WHERE published_at IS NULL';
    return (await databases.query(databases.core, sql)).length + (await databases.query(databases.home, sql)).length;
  };
});
