import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Answer } from '@biplane/testing';
import { InvoicesRig } from '../../testing/invoices-rig.js';

let rig: InvoicesRig;

beforeAll(async () => {
  rig = await InvoicesRig.start(14);
});
afterAll(async () => {
  await rig?.close();
});

const codeOf = ({ status, body }: Answer) => [status, (body as { code?: string }).code];
const usd = (amount: string) => ({ amount, currency: 'USD' });
const issued = async (period?: string) => {
  const { tenantId } = rig.tenant();
  return { tenantId, ...(await rig.issue(tenantId, period)) };
};
const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status).sort();

describe('a payment', () => {
  it('of a part leaves the rest due, and of the rest pays the invoice, which is told once', async () => {
    const { id, number } = await issued();
    expect((await rig.pay(id, '60.00')).body).toMatchObject({ applied: usd('60.00'), toBalance: usd('0.00') });
    expect(await rig.due(id)).toEqual(['issued', '3.25']);
    expect((await rig.pay(id)).body).toMatchObject({ amount: usd('3.25'), method: 'bank_transfer' });
    expect(await rig.due(id)).toEqual(['paid', '0.00']);
    expect(await rig.suite.events('invoice.paid', id)).toMatchObject([{ number, total: usd('63.25') }]);
    expect(codeOf(await rig.pay(id, '1.00'))).toEqual([422, 'INVOICE.NOT_PAYABLE']);
    const { body } = await rig.admin.get(`/api/v1/billing/invoices/${id}/payments?limit=1`);
    const { data, page } = body as { data: { amount: object }[]; page: { hasMore: boolean } };
    expect([data.map(({ amount }) => amount), page.hasMore]).toEqual([[usd('3.25')], true]);
  });

  it('of too much pays the invoice, and the rest pays the next ones until it is used up', async () => {
    const { tenantId, id } = await issued();
    expect((await rig.pay(id, '150.00')).body).toMatchObject({ applied: usd('63.25'), toBalance: usd('86.75') });
    const may = await rig.issue(tenantId, '2026-05');
    expect([may.status, may.settlement.creditApplied, may.settlement.amountDue]).toEqual([
      'paid',
      usd('63.25'),
      usd('0.00'),
    ]);
    expect(await rig.suite.events('invoice.paid', may.id)).toHaveLength(1);
    expect(await rig.balance(tenantId)).toBe('23.50');
    const { body } = await rig.admin.get(`/api/v1/billing/tenants/${tenantId}/balance-entries`);
    const entries = (body as { data: { cause: string; amount: object; balance: object; sequence: number }[] }).data;
    expect(entries.map(({ cause, amount, balance, sequence }) => [sequence, cause, amount, balance])).toEqual([
      [2, 'applied', usd('-63.25'), usd('23.50')],
      [1, 'overpayment', usd('86.75'), usd('86.75')],
    ]);
  });

  it('that its provider tells twice is one; of another invoice or amount it is refused', async () => {
    const [one, other] = [await issued(), await issued()];
    const over = { method: 'card', provider: 'stripe', providerReference: `pi_${randomUUID()}` };
    const first = await rig.pay(one.id, '10.00', over);
    const again = await rig.pay(one.id, '10.00', over);
    expect([first.status, again.status, again.body]).toEqual([201, 200, first.body]);
    expect(codeOf(await rig.pay(one.id, '11.00', over))).toEqual([422, 'INVOICE.PAYMENT_REFERENCE_USED']);
    const elsewhere = await rig.pay(other.id, '10.00', over);
    expect([codeOf(elsewhere), JSON.stringify(elsewhere.body).includes(one.id)]).toEqual([
      [422, 'INVOICE.PAYMENT_REFERENCE_USED'],
      false,
    ]);
    expect(await rig.due(one.id)).toEqual(['issued', '53.25']);
    // The same key is the same request, whatever the provider says.
    const key = { 'idempotency-key': randomUUID() };
    const body = { method: 'cash', amount: usd('1.00') };
    const [a, b] = [
      await rig.act(`invoices/${other.id}/payments`, body, key),
      await rig.act(`invoices/${other.id}/payments`, body, key),
    ];
    expect([a.body, await rig.due(other.id)]).toEqual([b.body, ['issued', '62.25']]);
  });

  it('F13: never with what looks like the number of a card', async () => {
    const { id } = await issued();
    for (const providerReference of ['4111111111111111', 'visa 4111-1111-1111-1111']) {
      const refused = await rig.pay(id, '1.00', { method: 'card', provider: 'stripe', providerReference });
      expect(codeOf(refused)).toEqual([422, 'INVOICE.CARD_DATA_REFUSED']);
      expect(JSON.stringify(refused.body)).not.toContain('4111');
    }
    const others: readonly (readonly [object, string])[] = [
      [{ receivedAt: '2027-01-01T00:00:00Z' }, 'INVOICE.PAYMENT_IN_FUTURE'],
      [{ amount: { amount: '1', currency: 'CHF' } }, 'INVOICE.CURRENCY_MISMATCH'],
      [{ amount: usd('0.001') }, 'VALUE.MONEY_SCALE'],
    ];
    for (const [over, code] of others) expect(codeOf(await rig.pay(id, '1.00', over))[1]).toBe(code);
    expect(await rig.due(id)).toEqual(['issued', '63.25']);
  });

  it('ten at once take no more than is due; the rest is refused or with the balance', async () => {
    const { id, tenantId } = await issued();
    const answers = await Promise.all(Array.from({ length: 10 }, () => rig.pay(id, '10.00')));
    expect(statuses(answers)).toEqual([201, 201, 201, 201, 201, 201, 201, 422, 422, 422]);
    expect([await rig.due(id), await rig.balance(tenantId)]).toEqual([['paid', '0.00'], '6.75']);
  });

  it('or a voiding comes first, never both', async () => {
    const { id, tenantId } = await issued();
    const [paid, voided] = await Promise.all([rig.pay(id), rig.void(id)]);
    expect([paid.status, voided.status].sort()).toEqual(paid.status === 201 ? [201, 422] : [200, 422]);
    expect((await rig.due(id))[0]).toBe(paid.status === 201 ? 'paid' : 'void');
    expect(await rig.balance(tenantId)).toBeUndefined();
  });
});

describe('a credit note', () => {
  it('of a line takes its tax with it, lowers what is due, and is numbered for itself', async () => {
    const { id, number, lines } = await issued();
    const base = lines.find(({ kind }) => kind === 'plan_base')!;
    const note = await rig.credit(id, { lines: [{ lineId: base.id, amount: usd('20.00') }] });
    expect([note.status, note.body]).toMatchObject([
      201,
      {
        kind: 'credit_note',
        cause: 'manual',
        invoice: { id, number },
        subtotal: usd('20.00'),
        taxes: [{ code: 'GST', amount: usd('2.00') }],
        total: usd('22.00'),
        appliedToInvoice: usd('22.00'),
        toBalance: usd('0.00'),
      },
    ]);
    const { id: noteId, number: noteNumber } = note.body as { id: string; number: string };
    expect(noteNumber).toMatch(/^CN-2026-\d{6}$/);
    expect((await rig.admin.get(`/api/v1/billing/credit-notes/${noteId}`)).body).toEqual(note.body);
    expect(await rig.due(id)).toEqual(['issued', '41.25']);
    const over = await rig.credit(id, { lines: [{ lineId: base.id, amount: usd('30.01') }] });
    expect([codeOf(over), (over.body as { remaining?: object }).remaining]).toEqual([
      [422, 'INVOICE.CREDIT_TOO_LARGE'],
      usd('30.00'),
    ]);
    expect(codeOf(await rig.credit(id, { lines: [{ lineId: 'nope', amount: usd('1.00') }] }))).toEqual([
      422,
      'INVOICE.LINE_UNKNOWN',
    ]);
    expect(codeOf(await rig.credit(id, { amount: usd('41.26') }))).toEqual([422, 'INVOICE.CREDIT_TOO_LARGE']);
  });

  it('of all that is due pays the invoice; of what was paid it goes to the balance', async () => {
    const { id, tenantId } = await issued();
    await rig.pay(id, '60.00');
    expect((await rig.credit(id)).body).toMatchObject({
      total: usd('63.25'),
      appliedToInvoice: usd('3.25'),
      toBalance: usd('60.00'),
    });
    expect([await rig.due(id), await rig.balance(tenantId)]).toEqual([['paid', '0.00'], '60.00']);
    expect((await rig.show(id)).settlement).toEqual({
      creditApplied: usd('0.00'),
      paid: usd('60.00'),
      credited: usd('63.25'),
      amountDue: usd('0.00'),
    });
    expect(await rig.suite.events('invoice.paid', id)).toHaveLength(1);
    expect(codeOf(await rig.credit(id))).toEqual([422, 'INVOICE.NOT_CREDITABLE']);
  });

  it('D20: eight at once never credit more than the invoice came to', async () => {
    const { id } = await issued();
    const answers = await Promise.all(Array.from({ length: 8 }, () => rig.credit(id, { amount: usd('10.00') })));
    expect(statuses(answers)).toEqual([201, 201, 201, 201, 201, 201, 422, 422]);
    expect(await rig.due(id)).toEqual(['issued', '3.25']);
  });
});

describe('what was recorded', () => {
  it('stays whatever SQL says, from the owner of the tables too', async () => {
    const { postgres } = rig.suite;
    for (const table of ['invoice_payment', 'credit_note', 'credit_note_line', 'tenant_balance_entry']) {
      await expect(postgres.query(`DELETE FROM ${table}`)).rejects.toThrow('stays');
      await expect(postgres.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow('stays');
    }
    await expect(postgres.query('UPDATE invoice_payment SET method = method')).rejects.toThrow('stays');
    await expect(postgres.query('UPDATE credit_note SET number = number')).rejects.toThrow('stays');
    await expect(postgres.query('UPDATE credit_note_line SET amount_minor = 0')).rejects.toThrow('stays');
    await expect(postgres.query('UPDATE tenant_balance_entry SET amount_minor = 1')).rejects.toThrow('stays');
  });

  it('moves a balance by entries alone, and never below nothing', async () => {
    const { postgres } = rig.suite;
    await expect(postgres.query('UPDATE tenant_balance SET balance_minor = 1')).rejects.toThrow('by its entries alone');
    await expect(postgres.query('DELETE FROM tenant_balance')).rejects.toThrow('by its entries alone');
    const entry = (amount: number, cause: string) => `INSERT INTO tenant_balance_entry
      SELECT tenant_id, currency, 0, ${amount}, 0, '${cause}', gen_random_uuid(), id, issued_at FROM invoice LIMIT 1`;
    await expect(postgres.query(entry(-1_000_000, 'applied'))).rejects.toThrow('never_below_zero');
    await expect(postgres.query(entry(1, 'applied'))).rejects.toThrow('cause_known');
  });

  it('takes no payment that is more than what is open, by SQL neither', async () => {
    const { id } = await issued();
    const payment = (applied: number) => `INSERT INTO invoice_payment
      SELECT gen_random_uuid(), id, tenant_id, currency, ${applied}, ${applied}, 0, 'cash', NULL, NULL, issued_at, issued_at
      FROM invoice WHERE id = '${id}'`;
    await expect(rig.suite.postgres.query(payment(6326))).rejects.toThrow();
    expect(await rig.due(id)).toEqual(['issued', '63.25']);
  });
});

describe('what the routes of invoices answer', () => {
  it('is what the OpenAPI document says', async () => {
    const { tenantId } = rig.tenant();
    const [drafted, april] = [
      await rig.make('draft', tenantId, '2026-04'),
      await rig.make('issue', tenantId, '2026-04'),
    ];
    const forced = await rig.make('issue', tenantId, '2026-04', { force: true, reason: 'a test' });
    const { id } = forced.body as { id: string };
    // Before there is a balance that would pay it.
    const voidable = (await rig.make('issue', tenantId, '2026-05')).body as { id: string };
    const [paid, credited] = [await rig.pay(id, '70.00'), await rig.credit(id)];
    const noteId = (credited.body as { id: string }).id;
    const get = (path: string) => rig.admin.get(`/api/v1/billing/${path}`);
    expect(
      rig.mistakes([
        ['POST', 'invoices', drafted],
        ['POST', 'invoices', april],
        ['POST', 'invoices', forced],
        ['POST', 'invoices/{id}/payments', paid],
        ['POST', 'invoices/{id}/credit-notes', credited],
        ['GET', 'invoices', await get(`invoices?tenantId=${tenantId}`)],
        ['GET', 'invoices/{id}', await get(`invoices/${id}`)],
        ['GET', 'invoices/{id}', await get(`invoices/${(april.body as { id: string }).id}`)],
        ['GET', 'invoices/{id}/payments', await get(`invoices/${id}/payments`)],
        ['GET', 'invoices/{id}/credit-notes', await get(`invoices/${id}/credit-notes`)],
        ['GET', 'credit-notes/{id}', await get(`credit-notes/${noteId}`)],
        ['GET', 'tenants/{id}/balance', await get(`tenants/${tenantId}/balance`)],
        ['GET', 'tenants/{id}/balance-entries', await get(`tenants/${tenantId}/balance-entries`)],
        ['POST', 'invoices/{id}/void', await rig.void(voidable.id)],
      ]),
    ).toEqual([]);
  });
});
