import { Inject, Injectable } from '@nestjs/common';
import { orThrow, type TenantId } from '@biplane/kernel';
import { IDS, type Ids, type Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import { MonthlyBillingService } from '../billing/index.js';
import { issuing, IssueInvoices, VoidInvoices, type IssueItem, type LiveInvoice } from '../invoices/index.js';
import { decisionOf, refused, type Asked, type Decided } from './rollup-pricing.js';

type ToIssue = Extract<Decided, { kind: 'issue' }>;

/** Stores what was decided, in the transaction of its chunk. */
@Injectable()
export class RollupIssuing {
  constructor(
    private readonly billing: MonthlyBillingService,
    private readonly invoices: IssueInvoices,
    private readonly voids: VoidInvoices,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** What became of each tenant, in their order. Numbers rise in that order too. */
  async issue(tx: Tx, asked: Asked, decided: readonly Decided[], actor: Actor): Promise<readonly Decided[]> {
    const replaced = await this.replace(tx, asked, decided, actor);
    const ready = decided.map((each) => (each.kind === 'replace' ? replaced.get(each.tenantId)! : each));
    const toIssue = ready.filter((each) => each.kind === 'issue');
    const outcomes = await this.invoices.issueAll(tx, toIssue.map(itemOf(asked.month)), asked.at, actor);
    const settled = new Map<TenantId, Decided>();
    const stale: TenantId[] = [];
    for (const { tenantId, outcome } of outcomes) {
      if (outcome === 'existing') settled.set(tenantId, { kind: 'skip', tenantId, reason: 'ALREADY_INVOICED' });
      if (outcome === 'stale') stale.push(tenantId);
    }
    for (const each of await this.issueLocked(tx, asked, stale, actor)) settled.set(each.tenantId, each);
    return ready.map((each) => settled.get(each.tenantId) ?? each);
  }

  /**
   * Another month was invoiced for these since they were computed, and may hold the same late usage. Their accounts are
   * locked by now: they are computed once more, and nothing comes between.
   */
  private async issueLocked(tx: Tx, asked: Asked, tenantIds: readonly TenantId[], actor: Actor): Promise<Decided[]> {
    if (tenantIds.length === 0) return [];
    const bills = await this.billing.calculateManyIn(tx, tenantIds, asked.month);
    const decided = tenantIds.map((tenantId): Decided => {
      const bill = bills.get(tenantId)!;
      return bill.ok ? decisionOf(tenantId, bill.value, asked.at) : refused(tenantId, bill.error);
    });
    const items = decided.filter((each) => each.kind === 'issue').map(itemOf(asked.month));
    await this.invoices.issueAll(tx, items, asked.at, actor);
    return decided;
  }

  /**
   * Voids, then computes: what a voided invoice corrected of earlier months is owed again. It was invoiced before, so it is
   * invoiced again, whatever it comes to and whatever hours are open now.
   */
  private async replace(
    tx: Tx,
    asked: Asked,
    decided: readonly Decided[],
    actor: Actor,
  ): Promise<Map<TenantId, ToIssue>> {
    const replaced = new Map<TenantId, ToIssue>();
    const successors = new Map<TenantId, LiveInvoice & { readonly byId: string }>();
    for (const each of decided) {
      if (each.kind !== 'replace') continue;
      const byId = this.ids.uuid();
      await this.voids.void(
        tx,
        each.live.id,
        { reason: `roll-up of ${asked.month} by force`, replacedById: byId },
        actor,
      );
      successors.set(each.tenantId, { ...each.live, byId });
    }
    if (successors.size === 0) return replaced;
    const bills = await this.billing.calculateManyIn(tx, [...successors.keys()], asked.month);
    for (const [tenantId, { id, number, byId }] of successors) {
      const bill = orThrow(bills.get(tenantId)!);
      const { state } = issuing(bill.period, bill.missingHours.length, bill.cutoffHours, asked.at);
      const replaces = { id, number, byId };
      replaced.set(tenantId, { kind: 'issue', tenantId, bill, provisional: state !== 'complete', replaces });
    }
    return replaced;
  }
}

function itemOf(month: string) {
  return ({ tenantId, bill, provisional, basis, replaces }: ToIssue): IssueItem => ({
    tenantId,
    month,
    bill,
    provisional,
    ...(basis !== undefined && { basis }),
    ...(replaces !== undefined && { replaces }),
  });
}
