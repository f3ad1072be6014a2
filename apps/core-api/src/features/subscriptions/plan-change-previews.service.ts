import { Injectable } from '@nestjs/common';
import { nextMonth } from '@biplane/billing-calendar';
import { rehearse, UnitOfWork, type Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { BilledMonths } from './billed-months.js';
import { PlanChanges, type DecidedChange, type PlanChangeRequest } from './plan-changes.service.js';
import type { Subscription } from './subscription.js';
import { TenantBills, type PreviewedBill } from './tenant-bills.js';

/** What a month comes to with the subscription as it is, and as it would be. */
export interface PreviewedMonth {
  readonly period: string;
  readonly before: PreviewedBill;
  readonly after: PreviewedBill;
}

export interface PlanChangePreview {
  readonly change: DecidedChange;
  /** The month that runs, by the usage so far, and the one after it, without any. */
  readonly months: readonly PreviewedMonth[];
}

/** The change itself, written and taken back: its lines are those of the invoice, because they are computed from the same rows. */
@Injectable()
export class PlanChangePreviews {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly planChanges: PlanChanges,
    private readonly bills: TenantBills,
    private readonly months: BilledMonths,
  ) {}

  preview(id: string, request: PlanChangeRequest, actor: Actor): Promise<PlanChangePreview> {
    const work = async (tx: Tx): Promise<PlanChangePreview> => {
      const held = await this.planChanges.hold(tx, id);
      const { subscription } = held;
      const present = await this.months.present(tx, subscription.tenantId, held.now);
      const periods = [present, nextMonth(present)];
      const before = await this.each(tx, subscription, periods);
      const change = await this.planChanges.append(tx, held, request, actor);
      const after = await this.each(tx, subscription, periods);
      const months = periods.map((period, index) => ({ period, before: before[index]!, after: after[index]! }));
      return { change, months };
    };
    // One snapshot: usage that arrives meanwhile is no part of the difference.
    return rehearse(this.unitOfWork, work, { isolation: 'RepeatableRead' });
  }

  private async each(tx: Tx, { tenantId }: Subscription, periods: readonly string[]): Promise<PreviewedBill[]> {
    const bills: PreviewedBill[] = [];
    for (const period of periods) bills.push(await this.bills.month(tx, tenantId, period));
    return bills;
  }
}
