import { gst, studioPlan } from '@biplane/testing';
import type { DemoContext } from '../context.js';
import type { Bill, Invoice } from '../bill.js';
import { insist, insistEqual } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { acme, scenario } from '../scenario.js';

/** Prices the same month by hand, as a salesperson would before the tenant exists: nothing is stored. */
export async function quote(context: DemoContext): Promise<Outcome> {
  const request = {
    currency: acme.billing.currency,
    timeZone: acme.billing.timeZone,
    period: scenario.april,
    taxes: [{ code: gst.code, name: gst.name, rate: gst.rate }],
    deployments: [
      {
        ref: 'acme',
        plan: { code: studioPlan.code, version: 1 },
        addons: acme.addons,
        active: [{ from: scenario.april.from, to: null }],
        suspended: [],
        modules: {},
        firstPeriod: false,
        usage: { droplet_hours: scenario.dropletHours },
      },
    ],
  };
  context.quote = (await context.core.expect(200, 'POST', '/api/v1/quotes', request)) as Bill;
  insistTheFigures(context.quote, 'the quote');
  return {
    headline: `2,160 droplet hours in April come to ${context.quote.total.amount} USD`,
    details: printed(context.quote),
  };
}

/** Bills what was really metered, and issues the invoice: the same computation, the same cents, once. */
export async function issueInvoice(context: DemoContext): Promise<Outcome> {
  const monthly = await context.monthlyBill();
  insistTheFigures(monthly, 'the monthly bill');

  const body = { tenantId: context.tenantId, period: scenario.period, action: 'issue' };
  const issued = (await context.core.expect(201, 'POST', '/api/v1/billing/invoices', body, {
    'Idempotency-Key': 'demo-issue-1',
  })) as Invoice;
  const again = (await context.core.expect(200, 'POST', '/api/v1/billing/invoices', body, {
    'Idempotency-Key': 'demo-issue-2',
  })) as Invoice;
  insistTheFigures(issued, 'the invoice');
  insistEqual(
    [again.id, again.number, again.contentHash],
    [issued.id, issued.number, issued.contentHash],
    'a second issue to answer with the first invoice',
  );
  insistEqual(issued.total, context.quote?.total, 'quote and invoice to agree to the cent');
  context.invoice = issued;
  return {
    headline: `${issued.number} issued: ${scenario.bill.subtotal} + ${scenario.bill.tax} = ${issued.total.amount} USD; quote and invoice agree to the cent`,
    details: [`content ${issued.contentHash.slice(0, 16)}…; issued again: the same invoice, no second number`],
  };
}

/** Acme pays: otherwise it would be reminded, past due after 14 days and suspended after 21. */
export async function payTheInvoice({ core, invoice }: DemoContext): Promise<Outcome> {
  const path = `/api/v1/billing/invoices/${invoice?.id}`;
  const body = { method: 'bank_transfer', amount: { amount: scenario.bill.total, currency: 'USD' } };
  await core.expect(201, 'POST', `${path}/payments`, body, { 'Idempotency-Key': 'demo-pay-1' });
  const { status } = (await core.expect(200, 'GET', path)) as Invoice;
  insistEqual(status, 'paid', 'the invoice after its payment');
  return { headline: `${invoice?.number} is paid: ${scenario.bill.total} USD by bank transfer` };
}

function insistTheFigures(bill: Bill, what: string): void {
  insistEqual(bill.subtotal, { amount: scenario.bill.subtotal, currency: 'USD' }, `the subtotal of ${what}`);
  insistEqual(
    bill.taxes.map(({ amount }) => amount.amount),
    [scenario.bill.tax],
    `the taxes of ${what}`,
  );
  insistEqual(bill.total, { amount: scenario.bill.total, currency: 'USD' }, `the total of ${what}`);
  for (const { kind, amount } of scenario.lines) {
    insist(
      bill.lines.some((line) => line.kind === kind && line.amount.amount === amount),
      `a line ${kind} of ${amount} in ${what}`,
    );
  }
  insistEqual(bill.lines.length, scenario.lines.length, `the number of lines of ${what}`);
}

function printed(bill: Bill): string[] {
  const row = (text: string, amount: string) => `${text.padEnd(52)}${amount.padStart(9)}`;
  return [
    ...bill.lines.map((line) =>
      row(
        line.unitPrice === null ? line.description : `${line.description} (${line.quantity} x ${line.unitPrice})`,
        line.amount.amount,
      ),
    ),
    row('total USD', bill.total.amount),
  ];
}
