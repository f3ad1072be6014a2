import { Inject, Injectable } from '@nestjs/common';
import { parseMoney, RefusalError, type Clock, type MoneyJson } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { holdsCardNumber } from '../../card-number.js';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import { AccountsStore } from './accounts.store.js';
import { amountJson } from './invoice.json.js';
import { InvoiceErrors } from './invoices.errors.js';
import { InvoicesStore } from './invoices.store.js';
import { PaymentsStore, type Payment } from './payments.store.js';
import type { StoredInvoice } from './stored-invoice.js';

export interface PaymentRequest {
  /** All that is open, when left out. */
  readonly amount?: MoneyJson | undefined;
  readonly method: string;
  readonly provider: string | null;
  /** By which the provider knows the payment; never card data. */
  readonly providerReference: string | null;
  /** Now, when left out. */
  readonly receivedAt?: Date | undefined;
}

/** Records money that came for an invoice. */
@Injectable()
export class Payments {
  constructor(
    private readonly invoices: InvoicesStore,
    private readonly store: PaymentsStore,
    private readonly accounts: AccountsStore,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /**
   * What is more than was open goes to the tenant's balance. A provider's reference that comes again is the same payment:
   * a callback that is repeated changes nothing.
   */
  async record(
    tx: Tx,
    invoiceId: string,
    request: PaymentRequest,
    actor: Actor,
  ): Promise<{ payment: Payment; recorded: boolean }> {
    refuseCardData(request);
    const found = await this.invoices.find(tx, invoiceId);
    if (found === null) throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${invoiceId}` }));
    await this.accounts.lock(tx, [found.tenantId]);
    const invoice = (await this.invoices.find(tx, invoiceId))!;
    const repeated = await this.repeated(tx, invoice, request);
    if (repeated !== null) return { payment: repeated, recorded: false };
    if (invoice.status !== 'issued') {
      const detail = `The invoice ${invoice.number} is ${invoice.status}`;
      throw new RefusalError(InvoiceErrors.NOT_PAYABLE({ detail, members: { status: invoice.status } }));
    }
    const payment = this.payment(invoice, request);
    await this.store.insert(tx, payment);
    faultPoint('invoice.after_payment');
    await this.settled(tx, invoice, payment, actor);
    return { payment, recorded: true };
  }

  list(tx: Tx, invoiceId: string, before: string | null, limit: number): Promise<Payment[]> {
    return this.store.list(tx, invoiceId, before, limit);
  }

  private payment(invoice: StoredInvoice, request: PaymentRequest): Payment {
    const now = this.clock.now();
    const { method, provider, providerReference, receivedAt = now } = request;
    if (receivedAt > now) {
      throw new RefusalError(InvoiceErrors.PAYMENT_IN_FUTURE({ detail: `It is ${now.toISOString()}` }));
    }
    const amountMinor = amountOf(invoice, request.amount);
    const appliedMinor = amountMinor < invoice.openMinor ? amountMinor : invoice.openMinor;
    const { id: invoiceId, tenantId, currency } = invoice;
    const of = { id: this.ids.uuid(), invoiceId, tenantId, currency, method, provider, providerReference };
    return { ...of, amountMinor, appliedMinor, excessMinor: amountMinor - appliedMinor, receivedAt, recordedAt: now };
  }

  private async settled(tx: Tx, invoice: StoredInvoice, payment: Payment, actor: Actor): Promise<void> {
    const { id: invoiceId, tenantId, currency, number, period } = invoice;
    const { id, excessMinor, appliedMinor, recordedAt: at } = payment;
    if (excessMinor > 0n) {
      const excess = { tenantId, currency, amountMinor: excessMinor, cause: 'overpayment', at } as const;
      await this.accounts.move(tx, [{ ...excess, sourceId: id, invoiceId }]);
    }
    const open = invoice.openMinor - appliedMinor;
    await this.audit.record(tx, {
      actor,
      action: 'invoice.payment_recorded',
      object: { type: 'invoice', id: invoiceId },
      tenantId,
      before: { amountDue: amountJson(invoice.openMinor, invoice) },
      after: { paymentId: id, amount: amountJson(payment.amountMinor, payment), amountDue: amountJson(open, invoice) },
    });
    if (open > 0n) return;
    const data = {
      invoiceId,
      number,
      period,
      total: amountJson(invoice.totalMinor, invoice),
      paidAt: at.toISOString(),
    };
    await this.platformEvents.emit(tx, { type: 'invoice.paid', tenantId, subject: invoiceId, time: at, data });
  }

  private async repeated(tx: Tx, invoice: StoredInvoice, request: PaymentRequest): Promise<Payment | null> {
    const { provider, providerReference, amount } = request;
    if (provider === null || providerReference === null) return null;
    const known = await this.store.findByReference(tx, provider, providerReference);
    if (known === null) return null;
    if (known.invoiceId === invoice.id && (amount === undefined || amountOf(invoice, amount) === known.amountMinor))
      return known;
    // Of another tenant's payment nothing is told.
    const members = known.tenantId === invoice.tenantId ? { invoiceId: known.invoiceId } : {};
    const detail = `${provider} ${providerReference} was recorded for another invoice or amount`;
    throw new RefusalError(InvoiceErrors.PAYMENT_REFERENCE_USED({ detail, members }));
  }
}

function amountOf(invoice: StoredInvoice, amount: MoneyJson | undefined): bigint {
  if (amount === undefined) return invoice.openMinor;
  if (amount.currency !== invoice.currency) {
    const detail = `The invoice ${invoice.number} is in ${invoice.currency}`;
    throw new RefusalError(InvoiceErrors.CURRENCY_MISMATCH({ detail }));
  }
  const parsed = parseMoney(amount);
  if (!parsed.ok) throw new RefusalError(parsed.error);
  return parsed.value.minor;
}

function refuseCardData({ provider, providerReference }: PaymentRequest): void {
  if (![provider, providerReference].some((text) => text !== null && holdsCardNumber(text))) return;
  throw new RefusalError(InvoiceErrors.CARD_DATA_REFUSED({ detail: 'What was given reads like the number of a card' }));
}
