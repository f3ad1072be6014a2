import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import { AccountsStore } from './accounts.store.js';
import { amountJson } from './invoice.json.js';
import { InvoiceErrors } from './invoices.errors.js';
import { InvoicesStore } from './invoices.store.js';
import type { StoredInvoice } from './stored-invoice.js';

export interface Voiding {
  readonly reason: string;
  /** The invoice that takes its place in the same transaction. */
  readonly replacedById?: string;
}

/** Takes an invoice back as a whole, as long as nothing happened to it. It keeps its number and its content. */
@Injectable()
export class VoidInvoices {
  constructor(
    private readonly store: InvoicesStore,
    private readonly accounts: AccountsStore,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What it used of the balance is given back. Voiding what is void already changes nothing. */
  async void(tx: Tx, id: string, { reason, replacedById }: Voiding, actor: Actor): Promise<StoredInvoice> {
    const invoice = await this.locked(tx, id);
    if (invoice.status === 'void' && replacedById === undefined) return invoice;
    await this.refuseSettled(tx, invoice);
    const now = this.clock.now();
    const { tenantId, number, period, currency, creditAppliedMinor } = invoice;
    await this.store.void(tx, id, { at: now, reason, replacedById: replacedById ?? null });
    faultPoint('invoice.after_void');
    if (creditAppliedMinor > 0n) {
      const returned = { tenantId, currency, amountMinor: creditAppliedMinor, cause: 'returned', at: now } as const;
      await this.accounts.move(tx, [{ ...returned, sourceId: id, invoiceId: id }]);
    }
    await this.accounts.touch(tx, [tenantId]);
    await this.audit.record(tx, {
      actor,
      action: 'invoice.voided',
      object: { type: 'invoice', id },
      tenantId,
      before: { status: invoice.status },
      after: { status: 'void', number, ...(replacedById !== undefined && { replacedById }) },
      reason,
    });
    const about = { invoiceId: id, number, period, total: amountJson(invoice.totalMinor, invoice) };
    const data = { ...about, voidedAt: now.toISOString(), reason };
    await this.platformEvents.emit(tx, { type: 'invoice.voided', tenantId, subject: id, time: now, data });
    return (await this.store.find(tx, id))!;
  }

  /** Read again under the lock of its account: nothing is paid, credited or voided meanwhile. */
  private async locked(tx: Tx, id: string): Promise<StoredInvoice> {
    const found = await this.store.find(tx, id);
    if (found === null) throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    await this.accounts.lock(tx, [found.tenantId]);
    return (await this.store.find(tx, id))!;
  }

  private async refuseSettled(tx: Tx, invoice: StoredInvoice): Promise<void> {
    const { number, status, paidMinor, creditedMinor } = invoice;
    const members = { invoiceId: invoice.id, status };
    if (status !== 'issued' || paidMinor > 0n || creditedMinor > 0n) {
      const why = status !== 'issued' ? `is ${status}` : paidMinor > 0n ? 'is paid in part' : 'is credited in part';
      throw new RefusalError(InvoiceErrors.NOT_VOIDABLE({ detail: `The invoice ${number} ${why}`, members }));
    }
    const later = await this.store.correctedBy(tx, invoice);
    if (later === null) return;
    const detail = `The usage of its month is corrected by ${later}`;
    throw new RefusalError(InvoiceErrors.NOT_VOIDABLE({ detail, members: { ...members, correctedBy: later } }));
  }
}
