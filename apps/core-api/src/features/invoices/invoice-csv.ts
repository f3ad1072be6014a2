import { Readable } from 'node:stream';
import { csvRecord, type CsvCell } from './domain/csv.js';
import type { InvoiceDocument } from './domain/invoice-document.js';
import type { StoredInvoice } from './stored-invoice.js';

const COLUMNS = [
  'invoice', 'status', 'issuedAt', 'dueAt', 'billedMonth', 'tenantId', 'tenant', 'lineId', 'kind', 'deployment', 'resourceKind',
  'description', 'quantity', 'unitPrice', 'amount', 'currency', 'periodFrom', 'periodTo',
] as const; // prettier-ignore

/** How many invoices are in memory at once. */
const PAGE = 100;

/** The lines of one invoice, a record each. */
export function invoiceCsv(invoice: StoredInvoice): string {
  return header() + linesOf(invoice);
}

/** The lines of many invoices, read page by page as the reader takes them. `after` is the number of the last one before. */
export function invoicesCsv(
  pages: (after: string | null, take: number) => Promise<readonly StoredInvoice[]>,
): Readable {
  return Readable.from(records(pages), { encoding: 'utf8' });
}

async function* records(
  pages: (after: string | null, take: number) => Promise<readonly StoredInvoice[]>,
): AsyncGenerator<string> {
  yield header();
  for (let after: string | null = null; ;) {
    const invoices: readonly StoredInvoice[] = await pages(after, PAGE);
    if (invoices.length > 0) yield invoices.map(linesOf).join('');
    const last = invoices.at(-1);
    if (last === undefined || invoices.length < PAGE) return;
    after = last.number;
  }
}

function header(): string {
  return csvRecord(COLUMNS);
}

function linesOf({ content, status }: StoredInvoice): string {
  const { number, issuedAt, dueAt, billedMonth, buyer, lines } = JSON.parse(content) as InvoiceDocument;
  const of: CsvCell[] = [number, status, issuedAt, dueAt, billedMonth, buyer.tenantId, buyer.name];
  return lines
    .map((line) => [
      ...of,
      ...[line.id, line.kind, line.deployment, line.resourceKind, line.description, line.quantity, line.unitPrice],
      ...[line.amount.amount, line.amount.currency, line.period.from, line.period.to],
    ])
    .map(csvRecord)
    .join('');
}
