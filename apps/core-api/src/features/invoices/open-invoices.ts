import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { InvoicesStore } from './invoices.store.js';
import type { StoredInvoice } from './stored-invoice.js';

/** How many are read at once at most. */
export const OPEN_INVOICES_MAX = 500;

/** What tenants still owe: for those who remind of it. */
@Injectable()
export class OpenInvoices {
  constructor(private readonly store: InvoicesStore) {}

  /** Not paid in full, not void, and due before `dueBefore`; the longest due first, of all tenants or of these. */
  openInvoices(
    reader: Tx,
    dueBefore: Date,
    options: { readonly limit?: number; readonly tenantIds?: readonly string[] } = {},
  ): Promise<StoredInvoice[]> {
    const limit = Math.min(options.limit ?? OPEN_INVOICES_MAX, OPEN_INVOICES_MAX);
    return this.store.open(reader, dueBefore, limit, options.tenantIds);
  }
}
