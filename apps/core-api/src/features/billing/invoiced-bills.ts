import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import type { HashedBillJson } from './bill.js';

/** A month that was invoiced. */
export interface InvoicedMonth {
  readonly month: string;
  readonly period: Period;
  readonly currency: string;
  readonly issuedAt: Date;
  /** Late usage of it stood on an invoice that is void: the invoices that came after do not say that it was looked at. */
  readonly isOwedAgain: boolean;
}

/** What was invoiced so far for one meter of one deployment in one period, adjustments on later invoices included. */
export interface InvoicedUsage {
  readonly deploymentId: string;
  readonly meter: string;
  readonly quantity: string;
  readonly amountMinor: bigint;
}

/** What billing asks of whoever keeps the invoices. */
export interface InvoiceHistory {
  /** The bill that was invoiced for the month, byte for byte; null when none is. */
  billOf(tx: Tx, tenantId: string, month: string): Promise<HashedBillJson | null>;
  /** The months of each tenant that are invoiced, oldest first; two statements. Who has none may be absent. */
  monthsOf(tx: Tx, tenantIds: readonly string[]): Promise<ReadonlyMap<string, readonly InvoicedMonth[]>>;
  /** What was invoiced for the usage of each tenant's period, in the order asked; one statement. */
  usageOf(
    tx: Tx,
    wanted: readonly { readonly tenantId: string; readonly period: Period }[],
  ): Promise<readonly (readonly InvoicedUsage[])[]>;
}

/** Where the invoices tell billing what was invoiced, without billing knowing them: they store what it computes. */
@Injectable()
export class InvoicedBills {
  private kept: InvoiceHistory | null = null;

  keptBy(history: InvoiceHistory): void {
    if (this.kept !== null) throw new Error('Invoices are kept twice');
    this.kept = history;
  }

  get history(): InvoiceHistory {
    if (this.kept === null) throw new Error('Nobody keeps invoices');
    return this.kept;
  }
}
