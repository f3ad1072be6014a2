import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Invoice } from '../bill.js';
import type { DemoContext } from '../context.js';
import { insist, insistEqual, until } from '../expect.js';
import { hoursOf, june, may } from '../initech.js';
import type { Outcome } from '../narrator.js';
import { passTo } from './month.js';
import { submit } from './usage.js';

interface Rollup {
  readonly state: string;
  readonly issued: number;
  readonly skipped: number;
  readonly waiting: number;
  readonly parked: readonly { readonly reason: string }[];
}

/** May is over: one roll-up invoices every tenant once, and the next one nobody. */
export async function rollUpMay(context: DemoContext): Promise<Outcome> {
  await context.moveClockTo(may.overAt);
  await rollUp(context, may.period);
  const invoice = await invoiceOf(context, may.period);
  const { deploymentId: web, stagingId: staging } = context.initech;
  const expected = may.lines.map(({ deployment, kind, amount }) => [
    deployment === 'web' ? web : staging,
    kind,
    amount,
  ]);
  const lines = invoice.lines.filter(({ kind }) => kind !== 'tax');
  insistEqual(
    lines.map(({ deployment, kind, amount }) => [deployment, kind, amount.amount]),
    expected,
    "the lines of Initech's May",
  );
  insistEqual(amountsOf(invoice), [may.subtotal, may.tax, may.total], "the figures of Initech's May");
  context.may = invoice;
  return {
    headline: `every tenant is invoiced for May, once; Initech: ${may.subtotal} + ${may.tax} = ${may.total} CHF (${invoice.number})`,
    details: may.lines.map(
      ({ deployment, why, amount }) => `${deployment.padEnd(8)} ${why.padEnd(44)}${amount.padStart(9)}`,
    ),
  };
}

/** Ten hours of May arrive in June: May's invoice stays, June's has them as a line of their true period. */
export async function billLateUsage(context: DemoContext): Promise<Outcome> {
  const late = hoursOf(context.initech.deploymentId, 'compute-late', may.usedLateAt, '10');
  const { accepted } = await submit(context, [late]);
  insistEqual(accepted, 1, 'usage of May to be accepted in June');
  await until(
    "the late usage to be on June's bill",
    60_000,
    () => context.monthlyBill(june.period, context.initech.tenantId),
    ({ lines }) => lines.some(({ kind }) => kind === 'adjustment'),
  );
  await passTo(context, june.lastAt);
  await context.moveClockTo(june.overAt);
  await rollUp(context, june.period);
  const invoice = await invoiceOf(context, june.period);
  insistEqual(amountsOf(invoice), [june.subtotal, june.tax, june.total], "the figures of Initech's June");
  const adjustment = invoice.lines.find(({ kind }) => kind === 'adjustment');
  insist(adjustment !== undefined, 'a line for the late usage');
  insistEqual(
    [adjustment.amount.amount, adjustment.period.from.slice(0, 10)],
    [june.late, '2026-04-30'],
    'the late usage to stand in its true period, which began at 22:00 UTC',
  );
  const unchanged = await invoiceOf(context, may.period);
  insistEqual(unchanged.contentHash, context.may?.contentHash, "May's invoice to stay as it was issued");
  return {
    headline: `ten late hours of May are a line of CHF ${june.late} on June's invoice; May's is unchanged`,
    details: [`${adjustment.description}: ${june.subtotal} + ${june.tax} = ${june.total} CHF (${invoice.number})`],
  };
}

/** The PDF, twice: it was made once, and its bytes stay. */
export async function fetchThePdf(context: DemoContext, folder: string): Promise<Outcome> {
  const { may: invoice } = context;
  insist(invoice !== null, "May's invoice to be issued");
  const [first, again] = [await pdfOf(context, invoice.id), await pdfOf(context, invoice.id)];
  insist(first.subarray(0, 5).toString('latin1') === '%PDF-', 'a PDF');
  insist(first.equals(again), 'the same bytes each time');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${invoice.number}.pdf`);
  writeFileSync(path, first);
  const hash = createHash('sha256').update(first).digest('hex').slice(0, 16);
  return { headline: `${path}: ${Math.round(first.length / 1024)} KB, ${hash}…, the same bytes each time` };
}

/** Until every tenant whose month is over is invoiced; then once more, which must issue nothing. */
async function rollUp({ core }: DemoContext, period: string): Promise<void> {
  const path = `/api/v1/admin/billing/rollup?period=${period}`;
  await until(
    `the roll-up of ${period} to have invoiced everybody`,
    120_000,
    async () => (await core.expect(200, 'POST', path)) as Rollup,
    ({ state, waiting, parked }) => state === 'succeeded' && waiting === 0 && parked.length === 0,
  );
  const again = (await core.expect(200, 'POST', path)) as Rollup;
  insistEqual(again.issued, 0, 'a second roll-up to issue nothing');
}

async function invoiceOf({ core, initech }: DemoContext, period: string): Promise<Invoice> {
  const path = `/api/v1/billing/invoices?tenantId=${initech.tenantId}&period=${period}`;
  const { data } = (await core.expect(200, 'GET', path)) as { readonly data: readonly { readonly id: string }[] };
  insistEqual(data.length, 1, `one invoice for ${period}`);
  return (await core.expect(200, 'GET', `/api/v1/billing/invoices/${data[0]?.id}`)) as Invoice;
}

const amountsOf = ({ subtotal, taxes, total }: Invoice) => [
  subtotal.amount,
  ...taxes.map(({ amount }) => amount.amount),
  total.amount,
];

async function pdfOf({ core }: DemoContext, id: string): Promise<Buffer> {
  const answer = await fetch(`${core.baseUrl}/api/v1/billing/invoices/${id}/pdf`, {
    headers: { authorization: `Bearer ${await core.accessToken()}` },
    signal: AbortSignal.timeout(60_000),
  });
  insist(answer.status === 200, `the PDF of the invoice, got ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}
