import { describe, expect, it } from '@jest/globals';
import { orThrow } from '@biplane/kernel';
import { parseBillRequest, priceBill, toBillJson } from '@biplane/pricing';
import type { InvoiceJson } from '../invoices/index.js';
import { printedInvoice, printedReminder } from './printed.js';

const eur = (amount: string) => ({ amount, currency: 'EUR' });
const period = { from: new Date('2026-04-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };

/** An invoice of a bill as pricing makes it. */
function invoiceOf(tax: { rate: string; reverseCharge?: boolean }, over: Partial<InvoiceJson> = {}): InvoiceJson {
  const planVersion = { currency: 'EUR', baseFee: '100.00', meters: [] };
  const bill = priceBill(
    orThrow(
      parseBillRequest({
        currency: 'EUR',
        timeZone: 'UTC',
        period,
        taxes: [{ code: 'VAT', name: 'VAT', ...tax }],
        deployments: [{ ref: 'web', plan: { code: 'studio' }, planVersion, active: [period] }],
      }),
    ),
  );
  const settlement = { creditApplied: eur('0.00'), paid: eur('0.00'), credited: eur('0.00'), amountDue: eur('100.00') };
  return { ...toBillJson(bill), contentHash: 'a'.repeat(64), settlement, ...over } as unknown as InvoiceJson;
}

describe('what is printed', () => {
  it('reverse charge is told where pricing says so, and nowhere else', () => {
    const told = (invoice: InvoiceJson) =>
      printedInvoice(invoice, new Map()).document.taxes.map((tax) => tax.reverseCharge);
    expect(told(invoiceOf({ rate: '0', reverseCharge: true }))).toEqual([true]);
    expect(told(invoiceOf({ rate: '0.20' }))).toEqual([false]);
    expect(told(invoiceOf({ rate: '0' }))).toEqual([false]);
  });

  it('an invoice shows what was due at its issue, whatever was paid since', () => {
    const atIssue = { creditApplied: eur('30.00'), amountDue: eur('70.00') };
    const { options } = printedInvoice(invoiceOf({ rate: '0' }, { atIssue }), new Map());
    expect(options.settlement).toEqual({
      creditApplied: eur('30.00'),
      paid: null,
      credited: null,
      amountDue: eur('70.00'),
    });
  });

  it('a reminder shows what is open now, and every step to it adds up to the total', () => {
    const settlement = {
      creditApplied: eur('30.00'),
      paid: eur('20.00'),
      credited: eur('15.00'),
      amountDue: eur('40.00'),
    };
    const reminder = { level: 1, at: new Date('2026-05-22T00:00:00Z') };
    const { options } = printedReminder(invoiceOf({ rate: '0' }, { settlement }), reminder, new Map());
    // Of 15.00 credited, 5.00 went to the balance: 100 - 30 - 20 - 40 is what came off the invoice.
    expect(options.settlement).toEqual({
      creditApplied: eur('30.00'),
      paid: eur('20.00'),
      credited: eur('10.00'),
      amountDue: eur('40.00'),
    });
  });
});
