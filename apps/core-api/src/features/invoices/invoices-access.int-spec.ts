import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ServiceClient, type Answer } from '@biplane/testing';
import { InvoicesRig, type InvoiceShown } from '../../testing/invoices-rig.js';
import type { RunningCore } from '../../testing/running-core.js';

let rig: InvoicesRig;
let other: RunningCore;
let acme: { tenantId: string; deploymentId: string };
let rival: { tenantId: string; deploymentId: string };
let invoice: InvoiceShown;
let noteId: string;

beforeAll(async () => {
  rig = await InvoicesRig.start(5);
  [acme, rival] = [rig.tenant(), rig.tenant()];
  invoice = await rig.issue(acme.tenantId);
  await rig.pay(invoice.id, '1.00');
  noteId = ((await rig.credit(invoice.id, { amount: { amount: '1.00', currency: 'USD' } })).body as { id: string }).id;
  other = await rig.asTenants({ acme: acme.tenantId, rival: rival.tenantId });
});
afterAll(async () => {
  await other?.close();
  await rig?.close();
});

const as = (name: string) => new ServiceClient(other.url, { clientId: name, clientSecret: name });
const codeOf = ({ status, body }: Answer) => [status, (body as { code?: string }).code];

describe('documents of a tenant', () => {
  const reads = () => [
    `/api/v1/billing/invoices/${invoice.id}`,
    `/api/v1/billing/invoices/${invoice.id}?format=csv`,
    `/api/v1/billing/invoices/${invoice.id}/payments`,
    `/api/v1/billing/invoices/${invoice.id}/credit-notes`,
    `/api/v1/billing/credit-notes/${noteId}`,
    `/api/v1/billing/tenants/${acme.tenantId}/balance`,
    `/api/v1/billing/tenants/${acme.tenantId}/balance-entries`,
    `/api/v1/billing/invoices?tenantId=${acme.tenantId}`,
    `/api/v1/billing/invoices/export?period=2026-04&tenantId=${acme.tenantId}`,
  ];

  it('F1: are its own to read, and not there for another', async () => {
    for (const path of reads()) {
      expect([path, (await as('acme').get(path)).status]).toEqual([path, 200]);
      const refused = await as('rival').get(path);
      expect([path, refused.status]).toEqual([path, 404]);
      expect(JSON.stringify(refused.body)).not.toContain('INV-');
    }
    const mine = (await as('rival').get('/api/v1/billing/invoices')).body as { data: unknown[] };
    expect(mine.data).toEqual([]);
    const lines = (await as('rival').get('/api/v1/billing/invoices/export?period=2026-04')).body as string;
    expect(lines.trim().split('\r\n')).toHaveLength(1);
  });

  it('F1: are changed by nobody who only reads them, its own tenant neither', async () => {
    const writes: [string, string, object][] = [
      ['POST', 'invoices', { tenantId: acme.tenantId, period: '2026-05', action: 'issue' }],
      ['POST', `invoices/${invoice.id}/void`, { reason: 'x' }],
      ['POST', `invoices/${invoice.id}/payments`, { method: 'cash' }],
      ['POST', `invoices/${invoice.id}/credit-notes`, { reason: 'x' }],
      ['DELETE', `invoices/${invoice.id}`, {}],
    ];
    for (const [method, path, body] of writes) {
      const answer = await as('acme').send(method, `/api/v1/billing/${path}`, body, {
        'idempotency-key': randomUUID(),
      });
      expect([path, answer.status]).toEqual([path, 403]);
    }
  });

  it('drafts are not shown to it', async () => {
    const { body } = await rig.make('draft', acme.tenantId, '2026-05');
    const { id } = body as { id: string };
    expect((await as('acme').get(`/api/v1/billing/invoices/${id}`)).status).toBe(404);
    expect((await as('acme').get('/api/v1/billing/invoices?status=draft')).body).toMatchObject({ data: [] });
    await rig.admin.expect(204, 'DELETE', `/api/v1/billing/invoices/${id}`);
  });
});

describe('what cannot be read', () => {
  const usd = (amount: unknown) => ({ amount: { amount, currency: 'USD' } });
  const bad: readonly (readonly [string, string, unknown])[] = [
    ['an amount of nothing', 'payments', { method: 'cash', ...usd('0.00') }],
    ['an amount below zero', 'payments', { method: 'cash', ...usd('-1.00') }],
    ['an amount as a number', 'payments', { method: 'cash', ...usd(1) }],
    ['an exponent', 'payments', { method: 'cash', ...usd('1e3') }],
    ['more digits than anybody owes', 'payments', { method: 'cash', ...usd('9'.repeat(30)) }],
    ['an amount without currency', 'payments', { method: 'cash', amount: { amount: '1.00' } }],
    ['an unknown member', 'payments', { method: 'cash', cardNumber: '4111111111111111' }],
    ['an unknown member inside', 'payments', { method: 'cash', amount: { amount: '1.00', currency: 'USD', cvv: '1' } }],
    ['an unknown method', 'payments', { method: 'barter' }],
    ['a reference without its provider', 'payments', { method: 'card', providerReference: 'x' }],
    ['a provider without reference', 'payments', { method: 'card', provider: 'stripe' }],
    ['a reference with NUL', 'payments', { method: 'card', provider: 'stripe', providerReference: 'a\u0000b' }],
    ['a week as an instant', 'payments', { method: 'cash', receivedAt: '2026-W20' }],
    ['nothing', 'payments', {}],
    ['a list', 'payments', []],
    ['no reason', 'credit-notes', {}],
    ['a reason of blanks', 'credit-notes', { reason: '   ' }],
    ['a reason that is too long', 'credit-notes', { reason: 'x'.repeat(501) }],
    ['an amount and lines', 'credit-notes', { reason: 'x', ...usd('1.00'), lines: [{ lineId: 'x', ...usd('1.00') }] }],
    ['no lines', 'credit-notes', { reason: 'x', lines: [] }],
    ['a line without its amount', 'credit-notes', { reason: 'x', lines: [{ lineId: 'x' }] }],
    [
      'the same line twice',
      'credit-notes',
      {
        reason: 'x',
        lines: [
          { lineId: 'x', ...usd('1.00') },
          { lineId: 'x', ...usd('1.00') },
        ],
      },
    ],
    [
      '501 lines',
      'credit-notes',
      { reason: 'x', lines: Array.from({ length: 501 }, (_, index) => ({ lineId: `${index}`, ...usd('1.00') })) },
    ],
    ['a reason that is no text', 'void', { reason: { toString: 'x' } }],
    ['a void without reason', 'void', {}],
  ];

  it.each(bad)('%s is refused with its place, and changes nothing', async (_what, verb, body) => {
    const before = await rig.show(invoice.id);
    const answer = await rig.act(`invoices/${invoice.id}/${verb}`, body as object);
    expect(codeOf(answer)).toEqual([400, expect.stringMatching(/^REQUEST\.(INVALID|MALFORMED)$/)]);
    expect(await rig.show(invoice.id)).toEqual(before);
  });

  it('a list or an export with a filter that is not known is refused', async () => {
    const queries = [
      '?status=open',
      '?status=issued&status=void',
      '?period=2026-13',
      '?period=April',
      '?tenantId=acme',
      '?cursor=x',
      '?sort=total',
      '?limit=0',
    ];
    for (const query of queries) {
      expect([query, (await rig.admin.get(`/api/v1/billing/invoices${query}`)).status]).toEqual([query, 400]);
    }
    for (const query of ['', '?period=2026-4', '?period=2026-04&status=draft', '?period=2026-04&columns=total']) {
      expect([query, (await rig.admin.get(`/api/v1/billing/invoices/export${query}`)).status]).toEqual([query, 400]);
    }
    expect((await rig.admin.get(`/api/v1/billing/invoices/${invoice.id}?format=xml`)).status).toBe(400);
    const cursor = `/api/v1/billing/tenants/${acme.tenantId}/balance-entries?cursor=WzFd`;
    expect((await rig.admin.get(cursor)).status).toBe(400);
  });

  it('money is not made without an Idempotency-Key, nor for an invoice that is not there', async () => {
    for (const [verb, body] of [
      ['payments', { method: 'cash' }],
      ['credit-notes', { reason: 'x' }],
    ] as const) {
      const path = `/api/v1/billing/invoices/${invoice.id}/${verb}`;
      expect(codeOf(await rig.admin.post(path, body))).toEqual([400, 'IDEMPOTENCY.KEY_MISSING']);
      expect(codeOf(await rig.act(`invoices/${randomUUID()}/${verb}`, body))).toEqual([404, 'INVOICE.NOT_FOUND']);
    }
    expect(codeOf(await rig.void(randomUUID()))).toEqual([404, 'INVOICE.NOT_FOUND']);
    expect((await rig.act('invoices/nonsense/void', { reason: 'x' })).status).toBe(400);
  });
});

describe('what is null', () => {
  it('is refused where it could be left out, and taken for nothing', async () => {
    const bodies: readonly (readonly [string, object, string])[] = [
      ['payments', { method: 'cash', amount: null }, '/amount'],
      ['payments', { method: 'cash', receivedAt: null }, '/receivedAt'],
      ['credit-notes', { reason: 'x', amount: null }, '/amount'],
      ['credit-notes', { reason: 'x', lines: null }, '/lines'],
    ];
    const before = await rig.due(invoice.id);
    for (const [verb, body, pointer] of bodies) {
      const { status, body: problem } = await rig.act(`invoices/${invoice.id}/${verb}`, body);
      const { errors } = problem as { errors?: { pointer: string }[] };
      expect([pointer, status, errors?.map((error) => error.pointer)]).toEqual([pointer, 400, [pointer]]);
    }
    const forced = await rig.make('issue', acme.tenantId, '2026-04', { force: true, reason: null });
    expect([forced.status, await rig.due(invoice.id)]).toEqual([400, before]);
  });
});

describe('lines as CSV', () => {
  it('are those of the invoice, by format or by Accept, and of a month for all', async () => {
    const path = `/api/v1/billing/invoices/${invoice.id}`;
    const [csv, accepted, json] = [
      await rig.admin.get(`${path}?format=csv`),
      await rig.admin.get(path, { accept: 'text/csv' }),
      await rig.admin.get(`${path}?format=json`, { accept: 'text/csv' }),
    ];
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect([accepted.body, (json.body as InvoiceShown).id]).toEqual([csv.body, invoice.id]);
    const rows = (csv.body as string).trim().split('\r\n');
    expect(rows[0]).toMatch(/^invoice,status,issuedAt,dueAt,billedMonth,tenantId,tenant,lineId,kind,/);
    expect(rows.slice(1).map((row) => row.split(',').slice(-4, -2))).toEqual(
      invoice.lines.map(({ amount }) => [amount.amount, amount.currency]),
    );
    await rig.issue(rival.tenantId);
    const month = (await rig.admin.get('/api/v1/billing/invoices/export?period=2026-04')).body as string;
    expect(
      new Set(
        month
          .trim()
          .split('\r\n')
          .slice(1)
          .map((row) => row.split(',')[0]),
      ),
    ).toEqual(new Set(['INV-2026-000001', 'INV-2026-000002']));
    const paid = (await rig.admin.get('/api/v1/billing/invoices/export?period=2026-04&status=paid')).body as string;
    expect(paid.trim().split('\r\n')).toHaveLength(1);
  });
});

describe('address and tax id on an invoice', () => {
  it('F13: are those of then, encrypted at rest, and covered by its hash', async () => {
    const { tenantId } = rig.tenant();
    const path = `/api/v1/tenants/${tenantId}/billing-settings`;
    const settings = {
      ...{
        currency: 'USD',
        timeZone: 'Australia/Brisbane',
        country: 'AU',
        payByInvoice: true,
        autoInvoice: true,
        autoReminders: true,
      },
      ...{
        locale: 'en-AU',
        taxId: 'AU-CANARY-51824753556',
        taxIdValid: false,
        address: ['1 Canary Street', 'Brisbane'],
        dueDays: 30,
      },
    };
    await rig.admin.expect(200, 'PUT', path, settings);
    const issued = await rig.issue(tenantId);
    expect(issued).toMatchObject({ buyer: { address: settings.address, taxId: settings.taxId } });
    await rig.admin.expect(200, 'PUT', path, { ...settings, address: ['2 Elsewhere'], taxId: null });
    const shown = await rig.show(issued.id);
    expect(shown).toMatchObject({
      buyer: { address: settings.address, taxId: settings.taxId },
      contentHash: issued.contentHash,
    });
    const [row] = await rig.suite.postgres.query<{ row: string; days: number }>(
      `SELECT i::text AS row, extract(day FROM due_at - issued_at)::int AS days FROM invoice i WHERE id = $1`,
      [issued.id],
    );
    expect([row?.row.includes('Canary'), row?.row.includes('51824753556'), row?.days]).toEqual([false, false, 30]);
    expect(shown.buyer.detailsHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('C12: usage that was less in the end', () => {
  it('C12: is credited with its tax before the next invoice, which uses it, and once', async () => {
    const { tenantId, deploymentId } = acme;
    await rig.used(deploymentId, '2026-05-30T12:00:00Z', 1, '2160');
    const may = await rig.issue(tenantId, '2026-05');
    expect(may.total.amount).toBe('70.64');
    await rig.pay(may.id);
    await rig.used(deploymentId, '2026-05-30T12:00:00Z', 2, '1588');
    await rig.at(InvoicesRig.julyAt);
    const june = await rig.issue(tenantId, '2026-06');
    // 572 droplet hours less, and 10 % of that.
    expect([june.atIssue.creditApplied.amount, june.total.amount, june.atIssue.amountDue.amount]).toEqual([
      '6.29',
      '63.25',
      '56.96',
    ]);
    const { body } = await rig.admin.get(`/api/v1/billing/invoices/${may.id}/credit-notes`);
    expect((body as { data: object[] }).data).toMatchObject([
      {
        cause: 'late_usage',
        total: { amount: '6.29' },
        lines: [
          { kind: 'overage', quantity: '572', amount: { amount: '5.72' } },
          { kind: 'tax', amount: { amount: '0.57' } },
        ],
      },
    ]);
    expect(await rig.show(may.id)).toMatchObject({
      total: { amount: '70.64' },
      contentHash: may.contentHash,
      status: 'paid',
    });
    await rig.at('2026-08-02T00:00:00.000Z');
    const july = await rig.issue(tenantId, '2026-07');
    expect([july.atIssue.creditApplied.amount, july.lines.some(({ kind }) => kind === 'adjustment')]).toEqual([
      '0.00',
      false,
    ]);
  });
});

describe('C12: late usage that a voided invoice held', () => {
  it('C12: is owed again, though a later month is invoiced by then', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    const adjusted = ({ lines }: InvoiceShown) =>
      lines.filter(({ kind }) => kind === 'adjustment').map(({ amount }) => amount.amount);
    await rig.issue(tenantId, '2026-07');
    await rig.used(deploymentId, '2026-07-29T12:00:00Z', 1, '1588');
    await rig.at('2026-09-02T00:00:00.000Z');
    expect(adjusted(await rig.issue(tenantId, '2026-08'))).toEqual(['1.00']);
    await rig.at('2026-10-02T00:00:00.000Z');
    expect(adjusted(await rig.issue(tenantId, '2026-09'))).toEqual([]);
    const again = await rig.issue(tenantId, '2026-08', { force: true, reason: 'a test' });
    expect(adjusted(again)).toEqual(['1.00']);
    // Voided for good, it stands on the next one, once.
    expect((await rig.void(again.id)).status).toBe(200);
    await rig.at('2026-12-02T00:00:00.000Z');
    expect(adjusted(await rig.issue(tenantId, '2026-10'))).toEqual(['1.00']);
    // Looked at only: when reminders have suspended it by then there is nothing to invoice.
    const { body } = await rig.make('preview', tenantId, '2026-11');
    expect(adjusted(body as InvoiceShown)).toEqual([]);
  });
});

describe('C12: usage that was less in the end, of a tenant with a discount of its own', () => {
  it('C12: is credited with what the discount takes of the other lines now, and once', async () => {
    const { tenantId, deploymentId } = rig.tenant();
    const path = `/api/v1/tenants/${tenantId}/billing-settings`;
    const settings = {
      ...{ currency: 'USD', timeZone: 'Australia/Brisbane', country: 'AU', taxId: null, locale: 'en-AU', dueDays: 14 },
      ...{ payByInvoice: true, autoInvoice: true, autoReminders: true },
      discounts: [{ kind: 'amount', amount: '10.00', from: '2026-11-01', to: null }],
    };
    await rig.admin.expect(200, 'PUT', path, settings);
    await rig.at('2027-01-02T00:00:00.000Z');
    await rig.used(deploymentId, '2026-12-29T12:00:00Z', 1, '2160');
    const december = await rig.issue(tenantId, '2026-12');
    await rig.used(deploymentId, '2026-12-29T12:00:00Z', 2, '1488');
    await rig.at('2027-02-02T00:00:00.000Z');
    await rig.issue(tenantId, '2027-01');
    const { body } = await rig.admin.get(`/api/v1/billing/invoices/${december.id}/credit-notes`);
    // 672 hours less, 6.72, whatever lines the 10.00 are spread over.
    expect((body as { data: object[] }).data).toMatchObject([{ cause: 'late_usage', subtotal: { amount: '6.72' } }]);
    await rig.used(deploymentId, '2026-12-29T12:00:00Z', 3, '1588');
    await rig.at('2027-03-02T00:00:00.000Z');
    const february = await rig.issue(tenantId, '2027-02');
    const late = february.lines.filter(({ kind }) => kind === 'adjustment').map(({ amount }) => Number(amount.amount));
    expect(late.reduce((sum, amount) => sum + amount, 0)).toBeCloseTo(1, 9);
  });
});
