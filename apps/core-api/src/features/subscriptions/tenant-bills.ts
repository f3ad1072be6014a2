import { Injectable } from '@nestjs/common';
import type { BillJson } from '@biplane/pricing';
import type { Tx } from '@biplane/service-kit';

/** A computed bill as the billing feature answers it. */
export type PreviewedBill = BillJson & { readonly inputHash: string };

/** What a tenant would owe for a month, by what the transaction holds. */
export type MonthComputation = (tx: Tx, tenantId: string, month: string) => Promise<PreviewedBill>;

/** Where billing tells what a month comes to, without subscriptions knowing it: it computes from what they hold. */
@Injectable()
export class TenantBills {
  private computation: MonthComputation | null = null;

  computedBy(computation: MonthComputation): void {
    if (this.computation !== null) throw new Error('Bills are computed twice');
    this.computation = computation;
  }

  month(tx: Tx, tenantId: string, month: string): Promise<PreviewedBill> {
    if (this.computation === null) throw new Error('Nobody computes bills');
    return this.computation(tx, tenantId, month);
  }
}
