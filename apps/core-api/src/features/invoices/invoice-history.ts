import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import {
  answeredBill,
  InvoicedBills,
  type HashedBillJson,
  type InvoicedMonth,
  type InvoicedUsage,
  type InvoiceHistory,
} from '../billing/index.js';
import type { InvoiceDocument } from './domain/invoice-document.js';
import { InvoicedUsageStore, type TenantPeriod } from './invoiced-usage.store.js';
import { InvoicesStore } from './invoices.store.js';

/** Tells billing what was invoiced, so that nothing is billed a second time. */
@Injectable()
export class StoredInvoices implements InvoiceHistory, OnModuleInit {
  constructor(
    private readonly store: InvoicesStore,
    private readonly usage: InvoicedUsageStore,
    private readonly bills: InvoicedBills,
  ) {}

  onModuleInit(): void {
    this.bills.keptBy(this);
  }

  async billOf(tx: Tx, tenantId: string, month: string): Promise<HashedBillJson | null> {
    const invoice = await this.store.findLive(tx, tenantId, month);
    return invoice && answeredBill(JSON.parse(invoice.content) as InvoiceDocument);
  }

  monthsOf(tx: Tx, tenantIds: readonly string[]): Promise<ReadonlyMap<string, readonly InvoicedMonth[]>> {
    return this.usage.months(tx, tenantIds);
  }

  usageOf(tx: Tx, wanted: readonly TenantPeriod[]): Promise<readonly (readonly InvoicedUsage[])[]> {
    return this.usage.usageOf(tx, wanted);
  }
}
