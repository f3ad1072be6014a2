import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { monthOf } from '@biplane/billing-calendar';
import {
  canonicalJson,
  decimalToString,
  RefusalError,
  type Clock,
  type InvoiceId,
  type TenantId,
} from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import { MonthlyBillingService, type HashedBillJson, type MonthlyBill } from '../billing/index.js';
import { dueAt, invoiceNumber, statusAtIssue, type InvoiceDocument, type Issuer } from './domain/invoice-document.js';
import { issuing } from './domain/issuing.js';
import { BillingErrors, InvoiceErrors } from './invoices.errors.js';
import { ISSUER } from './issuer.js';
import {
  InvoicesStore,
  type InvoiceFilter,
  type InvoicePosition,
  type NewInvoice,
  type StoredInvoice,
} from './invoices.store.js';

/** An invoice as it is answered: what was issued, and the status that alone may still change. */
export type InvoiceJson = InvoiceDocument & { readonly status: string; readonly contentHash: string };

/** What issuing would store, computed now: no number, no id, no status beyond `preview`. */
export type InvoicePreview = HashedBillJson & {
  readonly id: null;
  readonly number: null;
  readonly status: 'preview';
  readonly issuedAt: null;
  readonly dueAt: null;
  readonly contentHash: null;
};

/** Issues what `calculateMonthlyBilling` returned; it never computes. */
@Injectable()
export class InvoicesService {
  constructor(
    private readonly store: InvoicesStore,
    private readonly billing: MonthlyBillingService,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(ISSUER) private readonly issuer: Issuer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async preview(tx: Tx, tenantId: TenantId, month: string): Promise<InvoicePreview> {
    const json = await this.billing.billIn(tx, tenantId, month);
    return { ...json, id: null, number: null, status: 'preview', issuedAt: null, dueAt: null, contentHash: null };
  }

  /**
   * Issues the invoice of a tenant's month, or answers with the one that was issued before. Number, document, lines,
   * audit row and event are one transaction; the unique index on (tenant, period) decides any race.
   */
  async issue(
    tx: Tx,
    tenantId: TenantId,
    month: string,
    actor: Actor,
  ): Promise<{ invoice: InvoiceJson; issued: boolean }> {
    await this.store.lockTenant(tx, tenantId);
    const existing = await this.store.findLive(tx, tenantId, month);
    if (existing !== null) return { invoice: toJson(existing), issued: false };

    const now = this.clock.now();
    const bill = await this.billing.calculateIn(tx, tenantId, month);
    if (bill.deployments + bill.adjustments === 0)
      throw new RefusalError(BillingErrors.NOTHING_TO_BILL({ detail: `The tenant had no subscription in ${month}` }));
    const decision = issuing(bill.period, bill.missingHours.length, bill.cutoffHours, now);
    if (decision.state === 'open') throw new RefusalError(periodOpen(month, bill, decision));

    refuseTooLarge(month, bill);

    const year = Number.parseInt(monthOf(now, this.issuer.timeZone), 10);
    const sequence = await this.store.takeNumber(tx, this.issuer.code, year);
    faultPoint('invoice.after_number');
    const invoice = this.document(tenantId, month, bill, {
      year,
      sequence,
      now,
      provisional: decision.state === 'provisional',
    });
    await this.store.insert(tx, invoice);
    await this.audit.record(tx, {
      actor,
      action: 'invoice.issued',
      object: { type: 'invoice', id: invoice.id },
      tenantId,
      after: { number: invoice.number, period: month, total: bill.json.total, contentHash: invoice.contentHash },
    });
    await this.tell(tx, tenantId, invoice, bill);
    faultPoint('invoices.after_insert_before_commit');
    return { invoice: toJson(invoice), issued: true };
  }

  private async tell(tx: Tx, tenantId: TenantId, invoice: NewInvoice, bill: MonthlyBill): Promise<void> {
    const { id, number, period, issuedAt, contentHash, provisional } = invoice;
    const about = { invoiceId: id, number, period, total: bill.json.total };
    const envelope = { tenantId, subject: id, time: issuedAt };
    const at = issuedAt.toISOString();
    await this.platformEvents.emit(tx, {
      ...envelope,
      type: 'invoice.issued',
      data: { ...about, issuedAt: at, dueAt: invoice.dueAt.toISOString(), contentHash, provisional },
    });
    if (invoice.status === 'paid') {
      await this.platformEvents.emit(tx, { ...envelope, type: 'invoice.paid', data: { ...about, paidAt: at } });
    }
  }

  async get(tx: Tx, id: InvoiceId): Promise<InvoiceJson> {
    const stored = await this.store.find(tx, id);
    if (stored === null) throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    return toJson(stored);
  }

  async list(
    tx: Tx,
    filter: InvoiceFilter,
    after: InvoicePosition | null,
    limit: number,
  ): Promise<{ invoice: InvoiceJson; position: InvoicePosition }[]> {
    const rows = await this.store.list(tx, filter, after, limit);
    return rows.map((row) => ({ invoice: toJson(row), position: { issuedAt: row.issuedAt, id: row.id } }));
  }

  private document(
    tenantId: TenantId,
    month: string,
    bill: MonthlyBill,
    at: { readonly year: number; readonly sequence: number; readonly now: Date; readonly provisional: boolean },
  ): NewInvoice {
    const { profile, period } = bill;
    const head = {
      id: this.ids.uuid() as InvoiceId,
      number: invoiceNumber(at.year, at.sequence),
      issuedAt: at.now,
      dueAt: dueAt(at.now),
      currency: profile.currency,
      provisional: at.provisional,
    };
    const document: InvoiceDocument = {
      ...bill.json,
      ...head,
      kind: 'cycle',
      issuer: this.issuer,
      buyer: { tenantId, name: profile.tenantName, country: profile.country, locale: profile.locale },
      billedMonth: month,
      period: { from: period.from.toISOString(), to: period.to.toISOString() },
      issuedAt: head.issuedAt.toISOString(),
      dueAt: head.dueAt.toISOString(),
    };
    const content = canonicalJson(document);
    return {
      ...head,
      tenantId,
      status: statusAtIssue(bill.bill.total.minor),
      period: month,
      periodFrom: period.from,
      periodTo: period.to,
      issuer: this.issuer.code,
      year: at.year,
      sequence: at.sequence,
      subtotalMinor: bill.bill.subtotal.minor,
      totalMinor: bill.bill.total.minor,
      content,
      contentHash: createHash('sha256').update(content).digest('hex'),
      lines: bill.bill.lines.map((line) => ({
        lineId: line.id,
        kind: line.kind,
        deploymentId: line.deployment,
        resourceKind: line.resourceKind,
        quantity: decimalToString(line.quantity),
        amountMinor: line.amount.minor,
        periodFrom: line.period.from,
        periodTo: line.period.to,
      })),
    };
  }
}

function toJson({ content, contentHash, status }: StoredInvoice): InvoiceJson {
  return { ...(JSON.parse(content) as InvoiceDocument), status, contentHash };
}

/** What the columns of minor units hold. A bill beyond it is wrong somewhere, and is parked rather than cut. */
const MINOR_MAX = 2n ** 63n - 1n;

function refuseTooLarge(month: string, { bill }: MonthlyBill): void {
  const amounts = [bill.subtotal, bill.total, ...bill.lines.map((line) => line.amount)];
  if (amounts.every(({ minor }) => -MINOR_MAX <= minor && minor <= MINOR_MAX)) return;
  throw new RefusalError(
    BillingErrors.AMOUNT_TOO_LARGE({ detail: `An amount of ${month} has more than ${MINOR_MAX} minor units` }),
  );
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
