import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock, type TenantId } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { MonthlyBillingService, type MonthlyBill } from '../billing/index.js';
import { AccountsStore } from './accounts.store.js';
import { Buyers } from './buyers.js';
import { issuing } from './domain/issuing.js';
import { owesNothing } from './domain/nothing-owed.js';
import { DraftsStore, type DraftPosition } from './drafts.store.js';
import {
  draftJson,
  invoiceJson,
  previewJson,
  type DraftJson,
  type InvoiceJson,
  type UnissuedJson,
} from './invoice.json.js';
import { BillingErrors, InvoiceErrors } from './invoices.errors.js';
import { InvoicesStore, type InvoiceFilter, type InvoicePosition } from './invoices.store.js';
import { IssueInvoices, type IssueItem } from './issue-invoices.js';
import type { StoredInvoice } from './stored-invoice.js';
import { VoidInvoices } from './void-invoices.js';

/** Issues what `calculateMonthlyBilling` returned; it never computes. */
@Injectable()
export class InvoicesService {
  constructor(
    private readonly store: InvoicesStore,
    private readonly drafts: DraftsStore,
    private readonly accounts: AccountsStore,
    private readonly billing: MonthlyBillingService,
    private readonly issues: IssueInvoices,
    private readonly voids: VoidInvoices,
    private readonly buyers: Buyers,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async preview(tx: Tx, tenantId: TenantId, month: string): Promise<UnissuedJson> {
    return previewJson(await this.billing.billIn(tx, tenantId, month));
  }

  /** Keeps what issuing would store now, to be looked at; computed anew each time. A month that is invoiced has none. */
  async draft(tx: Tx, tenantId: TenantId, month: string, actor: Actor): Promise<DraftJson> {
    await this.accounts.lock(tx, [tenantId]);
    const existing = await this.store.findLive(tx, tenantId, month);
    if (existing !== null) {
      const detail = `${month} is invoiced by ${existing.number}`;
      throw new RefusalError(InvoiceErrors.ALREADY_ISSUED({ detail, members: { invoiceId: existing.id } }));
    }
    const bill = await this.billing.calculateIn(tx, tenantId, month);
    refuseEmpty(month, bill);
    const [id, now, content] = [this.ids.uuid(), this.clock.now(), JSON.stringify(bill.json)];
    const draft = await this.drafts.put(tx, { id, tenantId, period: month, content, createdAt: now, computedAt: now });
    await this.audit.record(tx, {
      actor,
      action: 'invoice.drafted',
      object: { type: 'invoice_draft', id: draft.id },
      tenantId,
      after: { period: month, total: bill.json.total, inputHash: bill.json.inputHash },
    });
    return draftJson(draft);
  }

  /** A draft goes without a trace but the audit's; an issued invoice is voided instead. */
  async deleteDraft(tx: Tx, id: string, actor: Actor): Promise<void> {
    const draft = await this.drafts.find(tx, id);
    if (draft === null || !(await this.drafts.delete(tx, id))) {
      if ((await this.store.find(tx, id)) === null) throw notFound(id);
      throw new RefusalError(InvoiceErrors.NOT_A_DRAFT({ detail: `The invoice ${id} is issued` }));
    }
    await this.audit.record(tx, {
      actor,
      action: 'invoice.draft_deleted',
      object: { type: 'invoice_draft', id },
      tenantId: draft.tenantId,
      before: { period: draft.period },
    });
  }

  /**
   * Issues the invoice of a tenant's month, or answers with the one that was issued before. Number, document, lines,
   * balance, audit row and event are one transaction; the unique index on (tenant, period) decides any race.
   */
  async issue(
    tx: Tx,
    tenantId: TenantId,
    month: string,
    actor: Actor,
  ): Promise<{ invoice: InvoiceJson; issued: boolean }> {
    await this.accounts.lock(tx, [tenantId]);
    const existing = await this.store.findLive(tx, tenantId, month);
    if (existing !== null) return { invoice: this.json(existing), issued: false };
    return { invoice: await this.issueComputed(tx, { tenantId, month }, actor), issued: true };
  }

  /**
   * `force`: the invoice of the month is voided and another takes its place, each with a reference to the other. Refused
   * when anything was paid on it or credited. A month that is not invoiced is issued as ever.
   */
  async reissue(
    tx: Tx,
    tenantId: TenantId,
    month: string,
    reason: string,
    actor: Actor,
  ): Promise<{ invoice: InvoiceJson; issued: boolean }> {
    await this.accounts.lock(tx, [tenantId]);
    const previous = await this.store.findLive(tx, tenantId, month);
    if (previous === null) return { invoice: await this.issueComputed(tx, { tenantId, month }, actor), issued: true };
    const byId = this.ids.uuid();
    // Before the month is computed: what the void one holds of earlier months is not invoiced any more.
    await this.voids.void(tx, previous.id, { reason, replacedById: byId }, actor);
    const replaces = { id: previous.id, number: previous.number, byId };
    return { invoice: await this.issueComputed(tx, { tenantId, month, replaces }, actor), issued: true };
  }

  /** Under the lock of the tenant's account. */
  private async issueComputed(
    tx: Tx,
    of: Pick<IssueItem, 'tenantId' | 'month' | 'replaces'>,
    actor: Actor,
  ): Promise<InvoiceJson> {
    const { tenantId, month } = of;
    const now = this.clock.now();
    const bill = await this.billing.calculateIn(tx, tenantId, month);
    refuseEmpty(month, bill);
    const decision = issuing(bill.period, bill.missingHours.length, bill.cutoffHours, now);
    if (decision.state === 'open') throw new RefusalError(periodOpen(month, bill, decision));
    // What was invoiced is invoiced again, whatever it comes to now: it is replaced.
    if (of.replaces === undefined && owesNothing(bill)) throw new RefusalError(nothingOwed(month));
    const item = { ...of, bill, provisional: decision.state === 'provisional' };
    const [made] = await this.issues.issueAll(tx, [item], now, actor);
    if (!made?.invoice) throw new Error(`The invoice of ${month} was not issued under the lock of its tenant`);
    return this.json(made.invoice);
  }

  async get(tx: Tx, id: string): Promise<InvoiceJson> {
    return this.json(await this.stored(tx, id));
  }

  async stored(tx: Tx, id: string): Promise<StoredInvoice> {
    const stored = await this.store.find(tx, id);
    if (stored === null) throw notFound(id);
    return stored;
  }

  /** Null when there is none of that id. */
  async findDraft(tx: Tx, id: string): Promise<DraftJson | null> {
    const draft = await this.drafts.find(tx, id);
    return draft && draftJson(draft);
  }

  async list(
    tx: Tx,
    filter: InvoiceFilter,
    after: InvoicePosition | null,
    limit: number,
  ): Promise<{ invoice: InvoiceJson; position: InvoicePosition }[]> {
    const rows = await this.store.list(tx, filter, after, limit);
    return rows.map((row) => ({ invoice: this.json(row), position: { issuedAt: row.issuedAt, id: row.id } }));
  }

  async listDrafts(
    tx: Tx,
    filter: Omit<InvoiceFilter, 'status'>,
    after: InvoicePosition | null,
    limit: number,
  ): Promise<{ invoice: DraftJson; position: InvoicePosition }[]> {
    const behind: DraftPosition | null = after && { createdAt: after.issuedAt, id: after.id };
    const rows = await this.drafts.list(tx, filter, behind, limit);
    return rows.map((row) => ({ invoice: draftJson(row), position: { issuedAt: row.createdAt, id: row.id } }));
  }

  ofMonth(
    tx: Tx,
    filter: InvoiceFilter & { readonly period: string },
    after: string | null,
    limit: number,
  ): Promise<StoredInvoice[]> {
    return this.store.ofMonth(tx, filter, after, limit);
  }

  json(invoice: StoredInvoice): InvoiceJson {
    return invoiceJson(invoice, this.buyers.open(invoice.id, invoice.buyerEncrypted));
  }
}

export function notFound(id: string): RefusalError {
  return new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
}

function nothingOwed(month: string) {
  const detail = `Nothing was supplied in ${month}: its bill has no line but taxes`;
  return BillingErrors.NOTHING_TO_BILL({ detail });
}

function refuseEmpty(month: string, { deployments, adjustments, decreases }: MonthlyBill): void {
  if (deployments + adjustments + decreases.length > 0) return;
  throw new RefusalError(BillingErrors.NOTHING_TO_BILL({ detail: `The tenant had no subscription in ${month}` }));
}

function periodOpen(month: string, bill: MonthlyBill, open: { readonly because: string; readonly opensAt: Date }) {
  const why =
    open.because === 'PERIOD_RUNS'
      ? `${month} ends at ${bill.period.to.toISOString()} in the tenant's zone`
      : `${bill.missingHours.length} hours of ${month} are not closed by their homes yet`;
  return BillingErrors.PERIOD_OPEN({
    detail: `${why}; it can be invoiced from ${open.opensAt.toISOString()} at the latest`,
    members: { opensAt: open.opensAt.toISOString(), missingHours: bill.missingHours.length },
  });
}
