import type { PaperOptions, PrintedDocument, PrintedLine } from '../index.js';

export const usd = (amount: string) => ({ amount, currency: 'USD' });

export const APRIL = { from: '2026-03-31T14:00:00.000Z', to: '2026-04-30T14:00:00.000Z' };

export const line = (over: Partial<PrintedLine> = {}): PrintedLine => ({
  kind: 'plan_base',
  deployment: 'web',
  description: 'Studio, base fee',
  quantity: '1',
  unitPrice: '50.00',
  amount: usd('50.00'),
  period: APRIL,
  explanation: [],
  ...over,
});

/** Golden bill 1 as an invoice. */
export function sampleInvoice(over: Partial<PrintedDocument> = {}): PrintedDocument {
  return {
    number: 'INV-2026-000042',
    issuer: {
      name: 'Biplane GmbH',
      address: ['1 Runway Road', '8001 Zürich'],
      taxId: 'CHE-123.456.789',
      timeZone: 'Europe/Zurich',
      payment: ['IBAN: CH93 0076 2011 6238 5295 7'],
    },
    buyer: buyer(),
    billedMonth: '2026-04',
    period: APRIL,
    currency: 'USD',
    issuedAt: '2026-05-01T03:00:00.000Z',
    dueAt: '2026-05-15T03:00:00.000Z',
    lines: [
      line(),
      line({ kind: 'addon', description: 'Storage 50 GB', unitPrice: '7.50', amount: usd('7.50') }),
      line({
        kind: 'overage',
        description: 'Droplet hours, above what is included',
        quantity: '672',
        unitPrice: '0.01',
        amount: usd('6.72'),
      }),
      line({ kind: 'tax', deployment: null, description: 'GST', quantity: '64.22', amount: usd('6.42') }),
    ],
    subtotal: usd('64.22'),
    taxes: [{ code: 'GST', rate: '0.10', base: usd('64.22'), amount: usd('6.42') }],
    total: usd('70.64'),
    ...over,
  };
}

export function buyer(over: Partial<PrintedDocument['buyer']> = {}): PrintedDocument['buyer'] {
  const address = ['12 Queen Street', 'Brisbane QLD 4000'];
  return { name: 'Acme Pty Ltd', country: 'AU', locale: 'en-AU', address, taxId: 'ABN 51 824 753 556', ...over };
}

export const asInvoice = (over: Partial<PaperOptions> = {}): PaperOptions => ({
  paper: { kind: 'invoice' },
  contentHash: 'a3f5'.repeat(16),
  ...over,
});
