import { Inject, Injectable } from '@nestjs/common';
import { monthOf } from '@biplane/billing-calendar';
import { RefusalError, type TenantId } from '@biplane/kernel';
import { faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor, type AuditRecord } from '../audit/index.js';
import type { MonthlyBill } from '../billing/index.js';
import { PlatformEvents, type PlatformEvent } from '../events/index.js';
import { AccountsStore, balanceKey, type NewBalanceEntry } from './accounts.store.js';
import { Buyers } from './buyers.js';
import { DocumentSeriesStore } from './document-series.store.js';
import { composeInvoice } from './compose-invoice.js';
import { openingOf, type DocumentRef, type Issuer, type Opening } from './domain/invoice-document.js';
import { DraftsStore } from './drafts.store.js';
import { BillingErrors } from './invoices.errors.js';
import { InvoicesStore, type NewInvoice } from './invoices.store.js';
import { ISSUER } from './issuer.js';
import { LateDecreases } from './late-decreases.js';
import type { StoredInvoice } from './stored-invoice.js';

/** A computed month that may be invoiced: its period has ended, and is complete or past its cut-off (`issuing`). */
export interface IssueItem {
  readonly tenantId: TenantId;
  readonly month: string;
  readonly bill: MonthlyBill;
  readonly provisional: boolean;
  /** What `basisOf` said before the bill was computed. Without it the bill was computed under the lock of the account. */
  readonly basis?: number;
  /** The void invoice of this month, and the id it was told its successor has. */
  readonly replaces?: DocumentRef & { readonly byId: string };
}

/**
 * `existing`: the month was invoiced before. `stale`: something else was invoiced for the tenant since its bill was computed,
 * which may hold the same late usage: compute it again.
 */
export interface IssuedInvoice {
  readonly tenantId: TenantId;
  readonly month: string;
  readonly outcome: 'issued' | 'existing' | 'stale';
  /** Null when stale. */
  readonly invoice: StoredInvoice | null;
}

/** Makes documents of bills: many at once, or one. Whatever it does is the caller's transaction. */
@Injectable()
export class IssueInvoices {
  constructor(
    private readonly store: InvoicesStore,
    private readonly series: DocumentSeriesStore,
    private readonly accounts: AccountsStore,
    private readonly drafts: DraftsStore,
    private readonly buyers: Buyers,
    private readonly decreases: LateDecreases,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(ISSUER) private readonly issuer: Issuer,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** How often something was invoiced for each tenant. Read it before the bills are computed, and give it with them. */
  basisOf(reader: Tx, tenantIds: readonly string[]): Promise<Map<string, number>> {
    return this.accounts.revisions(reader, tenantIds);
  }

  /**
   * Issues these bills, in this order: one range of numbers, and a number of statements that does not grow with the list.
   * Documents, lines, balances, an audit row and an event each are the caller's transaction; a bill that is too large
   * refuses all of it.
   */
  async issueAll(tx: Tx, items: readonly IssueItem[], now: Date, actor: Actor): Promise<IssuedInvoice[]> {
    if (items.length === 0) return [];
    const tenantIds = items.map(({ tenantId }) => tenantId);
    const revisions = await this.accounts.lock(tx, tenantIds);
    const live = new Map(
      (await this.store.findLiveOf(tx, items)).map((invoice) => [keyOf(invoice.tenantId, invoice.period), invoice]),
    );
    const fresh = items.filter(({ tenantId, month, basis }) => {
      return !live.has(keyOf(tenantId, month)) && (basis === undefined || basis === revisions.get(tenantId));
    });
    const issued = new Map<IssueItem, StoredInvoice>();
    if (fresh.length > 0)
      for (const [item, invoice] of await this.write(tx, fresh, now, actor)) issued.set(item, invoice);
    return items.map((item) => {
      const { tenantId, month } = item;
      const [made, existing] = [issued.get(item), live.get(keyOf(tenantId, month))];
      const outcome = made ? 'issued' : existing ? 'existing' : 'stale';
      return { tenantId, month, outcome, invoice: made ?? existing ?? null };
    });
  }

  private async write(
    tx: Tx,
    items: readonly IssueItem[],
    now: Date,
    actor: Actor,
  ): Promise<[IssueItem, StoredInvoice][]> {
    items.forEach(refuseTooLarge);
    const tenantIds = items.map(({ tenantId }) => tenantId);
    // First, so that what comes back to a tenant is used on this invoice of it.
    for (const { tenantId, bill } of items) await this.decreases.credit(tx, tenantId, bill.decreases, actor);
    const settings = await this.buyers.settingsOf(tx, tenantIds);
    const balances = await this.accounts.balances(tx, tenantIds);
    const drafted = await this.drafts.take(tx, items);
    const draftIds = new Map(drafted.map(({ id, tenantId, month }) => [keyOf(tenantId, month), id]));
    const year = Number.parseInt(monthOf(now, this.issuer.timeZone), 10);
    const first = await this.series.take(tx, 'invoice_series', this.issuer.code, year, items.length);
    faultPoint('invoice.after_number');
    const made = items.map((item, index) => {
      const { tenantId, month, bill, replaces } = item;
      const opening = opened(balances, tenantId, bill);
      const id = replaces?.byId ?? draftIds.get(keyOf(tenantId, month)) ?? this.ids.uuid();
      const own = settings.get(tenantId);
      if (own === undefined) throw new Error(`The tenant ${tenantId} has no billing settings`);
      const sealed = this.buyers.seal(id, bill.profile.tenantName, own, this.ids.random(SALT_BYTES));
      const invoice = composeInvoice({
        ...{
          id,
          tenantId,
          month,
          bill,
          year,
          opening,
          now,
          provisional: item.provisional,
          issuer: this.issuer,
          ...sealed,
        },
        dueDays: own.dueDays,
        sequence: first + index,
        replaces: replaces ? { id: replaces.id, number: replaces.number } : null,
      });
      return { item, invoice, opening };
    });
    await this.store.insertAll(
      tx,
      made.map(({ invoice }) => invoice),
    );
    await this.accounts.move(
      tx,
      made.flatMap(({ invoice, opening }) => entriesOf(invoice, opening)),
    );
    await this.accounts.touch(tx, tenantIds);
    await this.audit.recordAll(
      tx,
      made.map(({ invoice, item }) => auditOf(invoice, item, actor)),
    );
    await this.platformEvents.emitAll(
      tx,
      made.flatMap(({ invoice, item, opening }) => eventsOf(invoice, item, opening)),
    );
    faultPoint('invoices.after_insert_before_commit');
    return made.map(({ item, invoice, opening }) => [item, storedOf(invoice, opening)]);
  }
}

const SALT_BYTES = 16;

const keyOf = (tenantId: string, month: string): string => `${tenantId}|${month}`;

/** Takes what it uses out of the balances, so that a second month of the same tenant in one list finds what is left. */
function opened(balances: Map<string, bigint>, tenantId: string, { bill }: MonthlyBill): Opening {
  const key = balanceKey(tenantId, bill.currency);
  const balance = balances.get(key) ?? 0n;
  const opening = openingOf(bill.total.minor, balance);
  balances.set(key, balance - opening.creditApplied + opening.toBalance);
  return opening;
}

function entriesOf(invoice: NewInvoice, { creditApplied, toBalance }: Opening): NewBalanceEntry[] {
  const { id, tenantId, currency, issuedAt } = invoice;
  const about = { tenantId, currency, sourceId: id, invoiceId: id, at: issuedAt };
  if (creditApplied > 0n) return [{ ...about, cause: 'applied', amountMinor: -creditApplied }];
  return toBalance > 0n ? [{ ...about, cause: 'negative_total', amountMinor: toBalance }] : [];
}

function auditOf(invoice: NewInvoice, { bill, replaces }: IssueItem, actor: Actor): AuditRecord {
  const { id, number, period, contentHash, tenantId } = invoice;
  return {
    actor,
    action: 'invoice.issued',
    object: { type: 'invoice', id },
    tenantId,
    after: { number, period, total: bill.json.total, contentHash, ...(replaces && { replaces: replaces.number }) },
  };
}

function eventsOf(invoice: NewInvoice, { bill }: IssueItem, { due }: Opening): PlatformEvent[] {
  const { id, number, period, issuedAt, contentHash, provisional, tenantId } = invoice;
  const about = { invoiceId: id, number, period, total: bill.json.total };
  const envelope = { tenantId, subject: id, time: issuedAt };
  const at = issuedAt.toISOString();
  const data = { ...about, issuedAt: at, dueAt: invoice.dueAt.toISOString(), contentHash, provisional };
  const issued: PlatformEvent = { ...envelope, type: 'invoice.issued', data };
  return due === 0n ? [issued, { ...envelope, type: 'invoice.paid', data: { ...about, paidAt: at } }] : [issued];
}

/** What the database makes of it: it is read again nowhere. */
function storedOf(invoice: NewInvoice, { due, creditApplied }: Opening): StoredInvoice {
  const isPaid = due === 0n;
  return {
    ...invoice,
    status: isPaid ? 'paid' : 'issued',
    creditAppliedMinor: creditApplied,
    paidMinor: 0n,
    creditedMinor: 0n,
    openMinor: due,
    paidAt: isPaid ? invoice.issuedAt : null,
    voidedAt: null,
    voidReason: null,
    replacedBy: null,
  };
}

/** What the columns of minor units hold. A bill beyond it is wrong somewhere, and is parked rather than cut. */
const MINOR_MAX = 2n ** 63n - 1n;

function refuseTooLarge({ month, bill: { bill } }: IssueItem): void {
  const amounts = [bill.subtotal, bill.total, ...bill.lines.map((line) => line.amount)];
  if (amounts.every(({ minor }) => -MINOR_MAX <= minor && minor <= MINOR_MAX)) return;
  throw new RefusalError(
    BillingErrors.AMOUNT_TOO_LARGE({ detail: `An amount of ${month} has more than ${MINOR_MAX} minor units` }),
  );
}
