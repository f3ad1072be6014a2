import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer } from '@biplane/testing';
import { InvoicesRig, type InvoiceShown } from '../../testing/invoices-rig.js';
import { studio } from '../../testing/scenario.js';

let rig: InvoicesRig;

beforeAll(async () => {
  rig = await InvoicesRig.start(12);
});
afterAll(async () => {
  await rig?.close();
});

const codeOf = ({ status, body }: Answer) => [status, (body as { code?: string }).code];
const invoiceOf = ({ body }: Answer) => body as InvoiceShown;

describe('a draft', () => {
  it('has no number, is computed anew under its id, and becomes the invoice', async () => {
    const { tenantId } = rig.tenant();
    const first = await rig.make('draft', tenantId, '2026-04');
    const again = await rig.make('draft', tenantId, '2026-04');
    expect([first.status, invoiceOf(first).number, invoiceOf(first).status]).toEqual([200, null, 'draft']);
    expect(invoiceOf(again).id).toBe(invoiceOf(first).id);
    expect(await rig.show(invoiceOf(first).id)).toMatchObject({
      status: 'draft',
      tenantId,
      total: { amount: '63.25' },
    });
    const listed = await rig.admin.expect(200, 'GET', `/api/v1/billing/invoices?status=draft&tenantId=${tenantId}`);
    expect((listed as { data: InvoiceShown[] }).data.map(({ id }) => id)).toEqual([invoiceOf(first).id]);

    const issued = await rig.issue(tenantId);
    expect([issued.id, issued.status, issued.total.amount]).toEqual([invoiceOf(first).id, 'issued', '63.25']);
    expect(codeOf(await rig.make('draft', tenantId, '2026-04'))).toEqual([422, 'INVOICE.ALREADY_ISSUED']);
    const deleted = await rig.admin.send('DELETE', `/api/v1/billing/invoices/${issued.id}`);
    expect(codeOf(deleted)).toEqual([422, 'INVOICE.NOT_A_DRAFT']);
    expect(await rig.suite.postgres.query('SELECT 1 FROM invoice_draft WHERE tenant_id = $1', [tenantId])).toEqual([]);
  });

  it('can be deleted, and leaves no number behind', async () => {
    const { tenantId } = rig.tenant();
    const numbers = () => rig.suite.postgres.query<{ n: number }>('SELECT last_number AS n FROM invoice_series');
    const before = await numbers();
    const { id } = invoiceOf(await rig.make('draft', tenantId, '2026-04'));
    await rig.admin.expect(204, 'DELETE', `/api/v1/billing/invoices/${id}`);
    expect((await rig.admin.get(`/api/v1/billing/invoices/${id}`)).status).toBe(404);
    expect((await rig.admin.send('DELETE', `/api/v1/billing/invoices/${id}`)).status).toBe(404);
    expect(await numbers()).toEqual(before);
  });
});

describe('a month that is issued', () => {
  it('D2: by eight at once has one invoice, which all of them are answered with', async () => {
    const { tenantId } = rig.tenant();
    const answers = await Promise.all(Array.from({ length: 8 }, () => rig.make('issue', tenantId, '2026-04')));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array.from({ length: 7 }, () => 200), 201]);
    expect(new Set(answers.map((answer) => invoiceOf(answer).id)).size).toBe(1);
    expect(await rig.suite.events('invoice.issued', invoiceOf(answers[0]!).id)).toHaveLength(1);
  });
});

describe('an invoice that is voided', () => {
  it('keeps its number and its content, tells of it once, and leaves its month free', async () => {
    const { tenantId } = rig.tenant();
    const issued = await rig.issue(tenantId);
    const voided = await rig.void(issued.id);
    expect([voided.status, invoiceOf(voided)]).toMatchObject([
      200,
      { status: 'void', number: issued.number, contentHash: issued.contentHash, voided: { replacedBy: null } },
    ]);
    expect((await rig.void(issued.id)).status).toBe(200);
    expect(await rig.suite.events('invoice.voided', issued.id)).toMatchObject([
      { number: issued.number, period: '2026-04', reason: 'sent to the wrong company' },
    ]);
    expect(codeOf(await rig.pay(issued.id))).toEqual([422, 'INVOICE.NOT_PAYABLE']);
    expect(codeOf(await rig.credit(issued.id))).toEqual([422, 'INVOICE.NOT_CREDITABLE']);
    const next = await rig.issue(tenantId);
    expect([next.id === issued.id, next.replaces]).toEqual([false, undefined]);
  });

  it('gives back what it used of the balance', async () => {
    const { tenantId } = rig.tenant();
    const april = await rig.issue(tenantId);
    await rig.pay(april.id, '73.25');
    const may = await rig.issue(tenantId, '2026-05');
    expect([may.atIssue, may.settlement.amountDue.amount]).toEqual([
      { creditApplied: { amount: '10.00', currency: 'USD' }, amountDue: { amount: '53.25', currency: 'USD' } },
      '53.25',
    ]);
    expect(await rig.balance(tenantId)).toBe('0.00');
    await rig.void(may.id);
    expect(await rig.balance(tenantId)).toBe('10.00');
    expect(codeOf(await rig.void(april.id))).toEqual([422, 'INVOICE.NOT_VOIDABLE']);
  });
});

describe('D5: a run of an issued period with force', () => {
  const forced = { force: true, reason: 'the discount was missing' };

  it('D5: voids the invoice and puts another in its place, each with a reference to the other', async () => {
    const { tenantId } = rig.tenant();
    const first = await rig.issue(tenantId);
    const plain = await rig.make('issue', tenantId, '2026-04');
    expect([plain.status, invoiceOf(plain).id]).toEqual([200, first.id]);

    const second = await rig.issue(tenantId, '2026-04', forced);
    expect(second.replaces).toEqual({ id: first.id, number: first.number });
    expect(await rig.show(first.id)).toMatchObject({
      status: 'void',
      contentHash: first.contentHash,
      voided: { reason: forced.reason, replacedBy: { id: second.id, number: second.number } },
    });
    expect(invoiceOf(await rig.make('issue', tenantId, '2026-04')).id).toBe(second.id);
    expect(await rig.suite.events('invoice.voided', first.id)).toHaveLength(1);
  });

  it.each([
    ['a payment in part', (id: string) => rig.pay(id, '1.00')],
    ['a payment', (id: string) => rig.pay(id)],
    ['a credit note', (id: string) => rig.credit(id, { amount: { amount: '1.00', currency: 'USD' } })],
  ])('D5: after %s it is refused, and nothing changes', async (_what, settle) => {
    const { tenantId } = rig.tenant();
    const first = await rig.issue(tenantId);
    expect((await settle(first.id)).status).toBe(201);
    const before = await rig.show(first.id);
    expect(codeOf(await rig.make('issue', tenantId, '2026-04', forced))).toEqual([422, 'INVOICE.NOT_VOIDABLE']);
    expect(codeOf(await rig.void(first.id))).toEqual([422, 'INVOICE.NOT_VOIDABLE']);
    expect(await rig.show(first.id)).toEqual(before);
    expect(invoiceOf(await rig.make('issue', tenantId, '2026-04')).id).toBe(first.id);
  });

  it('says why: force without a reason, and a reason without force, are refused', async () => {
    const { tenantId } = rig.tenant();
    for (const over of [{ force: true }, { reason: 'x' }, { force: false, reason: 'x' }]) {
      expect(codeOf(await rig.make('issue', tenantId, '2026-04', over))).toEqual([400, 'REQUEST.INVALID']);
    }
    expect(codeOf(await rig.make('preview', tenantId, '2026-04', forced))).toEqual([400, 'REQUEST.INVALID']);
  });
});

describe('a price that is changed after the fact', () => {
  it('changes no month that is issued, and none that is computed again', async () => {
    const { tenantId } = rig.tenant();
    const april = await rig.issue(tenantId);
    const path = (month: string) => `/api/v1/billing/tenants/${tenantId}/monthly?period=${month}`;
    const before = [await rig.admin.get(path('2026-04')), await rig.admin.get(path('2026-05'))].map(({ body }) => body);
    const version = { ...studio.version, baseFee: '99.00' };
    await rig.admin.expect(201, 'POST', '/api/v1/subscription/plans/studio/versions', { version });
    await rig.admin.expect(200, 'POST', '/api/v1/subscription/plans/studio/versions/2/publish');
    const dearer = {
      country: 'AU',
      code: 'LATER',
      name: 'Later',
      rate: '0.5',
      from: '2026-06-01',
      to: null,
    };
    await rig.admin.expect(201, 'POST', '/api/v1/catalog/taxes', dearer);
    expect(
      [await rig.admin.get(path('2026-04')), await rig.admin.get(path('2026-05'))].map(({ body: now }) => now),
    ).toEqual(before);
    expect((await rig.show(april.id)).contentHash).toBe(april.contentHash);
  });
});
