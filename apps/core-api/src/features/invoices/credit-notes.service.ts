import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { monthOf } from '@biplane/billing-calendar';
import { canonicalJson, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import { AccountsStore } from './accounts.store.js';
import { Buyers } from './buyers.js';
import { CreditNotesStore, type CreditCause, type NewCreditNote, type StoredCreditNote } from './credit-notes.store.js';
import { DocumentSeriesStore } from './document-series.store.js';
import { creditLines, type CreditedLine, type CreditMistake, type CreditRequest } from './domain/credit.js';
import { creditNoteLines, type CreditNoteDocument } from './domain/credit-note-document.js';
import { creditNoteNumber, type BuyerDetails, type InvoiceDocument, type Issuer } from './domain/invoice-document.js';
import { amountJson } from './invoice.json.js';
import { InvoiceErrors } from './invoices.errors.js';
import { InvoicesStore } from './invoices.store.js';
import { ISSUER } from './issuer.js';
import type { StoredInvoice } from './stored-invoice.js';

export interface Crediting {
  readonly request: CreditRequest;
  readonly reason: string;
  readonly cause: CreditCause;
  /** By how much less was used, by line id. */
  readonly quantities?: ReadonlyMap<string, string>;
}

export type CreditNoteJson = CreditNoteDocument & {
  readonly buyer: CreditNoteDocument['buyer'] & Partial<BuyerDetails>;
  readonly contentHash: string;
};

/** Takes back some of an invoice: first of what is open, and what was paid already goes to the tenant's balance. */
@Injectable()
export class CreditNotes {
  constructor(
    private readonly invoices: InvoicesStore,
    private readonly store: CreditNotesStore,
    private readonly accounts: AccountsStore,
    private readonly series: DocumentSeriesStore,
    private readonly buyers: Buyers,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(ISSUER) private readonly issuer: Issuer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** Never more than what is left of the invoice, or of a line: the lock of the account and the database hold that. */
  async credit(tx: Tx, invoiceId: string, crediting: Crediting, actor: Actor): Promise<CreditNoteJson> {
    const found = await this.invoices.find(tx, invoiceId);
    if (found === null) throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${invoiceId}` }));
    await this.accounts.lock(tx, [found.tenantId]);
    const invoice = (await this.invoices.find(tx, invoiceId))!;
    if (invoice.status === 'void')
      throw new RefusalError(InvoiceErrors.NOT_CREDITABLE({ detail: `${invoice.number} is void` }));
    const lines = creditLines(await this.store.creditable(tx, invoiceId), crediting.request);
    if (!lines.ok) throw refusal(invoice, lines.error);
    const now = this.clock.now();
    const year = Number.parseInt(monthOf(now, this.issuer.timeZone), 10);
    const sequence = await this.series.take(tx, 'credit_note_series', this.issuer.code, year, 1);
    const note = this.note(invoice, lines.value, crediting, { year, sequence, now });
    await this.store.insert(tx, note);
    faultPoint('credit_note.after_insert');
    await this.settle(tx, invoice, note, now);
    await this.audit.record(tx, {
      actor,
      action: 'credit_note.issued',
      object: { type: 'credit_note', id: note.id },
      tenantId: note.tenantId,
      after: {
        number: note.number,
        invoice: invoice.number,
        total: amountJson(note.totalMinor, note),
        cause: note.cause,
      },
      reason: crediting.reason,
    });
    return this.json({ ...note, buyerEncrypted: invoice.buyerEncrypted });
  }

  async get(tx: Tx, id: string): Promise<CreditNoteJson> {
    const note = await this.store.find(tx, id);
    if (note === null)
      throw new RefusalError(InvoiceErrors.CREDIT_NOTE_NOT_FOUND({ detail: `There is no credit note ${id}` }));
    return this.json(note);
  }

  async list(tx: Tx, invoiceId: string, before: string | null, limit: number): Promise<CreditNoteJson[]> {
    return (await this.store.list(tx, invoiceId, before, limit)).map((note) => this.json(note));
  }

  private async settle(tx: Tx, invoice: StoredInvoice, note: NewCreditNote, now: Date): Promise<void> {
    const { tenantId, id: invoiceId, currency, number, period } = invoice;
    if (note.balanceMinor > 0n) {
      const given = { tenantId, currency, amountMinor: note.balanceMinor, cause: 'credit_note', at: now } as const;
      await this.accounts.move(tx, [{ ...given, sourceId: note.id, invoiceId }]);
    }
    if (invoice.openMinor === 0n || note.appliedMinor < invoice.openMinor) return;
    const about = { invoiceId, number, period, total: amountJson(invoice.totalMinor, invoice) };
    const data = { ...about, paidAt: now.toISOString() };
    await this.platformEvents.emit(tx, { type: 'invoice.paid', tenantId, subject: invoiceId, time: now, data });
  }

  private note(
    invoice: StoredInvoice,
    lines: readonly CreditedLine[],
    { reason, cause, quantities }: Crediting,
    at: { readonly year: number; readonly sequence: number; readonly now: Date },
  ): NewCreditNote {
    const document = JSON.parse(invoice.content) as InvoiceDocument;
    const { currency } = invoice;
    const kindOf = ({ position }: CreditedLine) => document.lines[position]?.kind;
    const total = sumOf(lines);
    const subtotal = sumOf(lines.filter((line) => kindOf(line) !== 'tax'));
    const applied = total < invoice.openMinor ? total : invoice.openMinor;
    const quantityOf = ({ position }: CreditedLine) => quantities?.get(document.lines[position]?.id ?? '') ?? '0';
    const named = lines.map((line) => ({
      ...line,
      quantity: quantityOf(line),
      amount: amountJson(line.amountMinor, invoice),
    }));
    const taxes = lines.filter((line) => kindOf(line) === 'tax');
    const [id, number] = [this.ids.uuid(), creditNoteNumber(at.year, at.sequence)];
    const content = canonicalJson({
      id, number, kind: 'credit_note', cause, reason, currency,
      invoice: { id: invoice.id, number: invoice.number, issuedAt: document.issuedAt },
      issuer: this.issuer,
      buyer: document.buyer,
      billedMonth: document.billedMonth,
      issuedAt: at.now.toISOString(),
      lines: creditNoteLines(document, named),
      subtotal: amountJson(subtotal, invoice),
      taxes: taxes.map(({ position, amountMinor }) => ({ code: document.lines[position]!.resourceKind, amount: amountJson(amountMinor, invoice) })),
      total: amountJson(total, invoice),
      appliedToInvoice: amountJson(applied, invoice),
      toBalance: amountJson(total - applied, invoice),
    } satisfies CreditNoteDocument); // prettier-ignore
    return {
      id, number, cause, currency, content,
      invoiceId: invoice.id,
      tenantId: invoice.tenantId,
      issuer: this.issuer.code,
      year: at.year,
      sequence: at.sequence,
      subtotalMinor: subtotal,
      totalMinor: total,
      appliedMinor: applied,
      balanceMinor: total - applied,
      contentHash: createHash('sha256').update(content).digest('hex'),
      issuedAt: at.now,
      lines: named.map(({ position, quantity, amountMinor }) => ({ invoicePosition: position, quantity, amountMinor })),
    }; // prettier-ignore
  }

  private json({
    invoiceId,
    content,
    contentHash,
    buyerEncrypted,
  }: Pick<StoredCreditNote, 'invoiceId' | 'content' | 'contentHash' | 'buyerEncrypted'>): CreditNoteJson {
    const document = JSON.parse(content) as CreditNoteDocument;
    return { ...document, buyer: { ...document.buyer, ...this.buyers.open(invoiceId, buyerEncrypted) }, contentHash };
  }
}

function refusal(invoice: StoredInvoice, mistake: CreditMistake): RefusalError {
  const { number } = invoice;
  if (mistake.why === 'NOTHING_LEFT') {
    return new RefusalError(InvoiceErrors.NOT_CREDITABLE({ detail: `Nothing of ${number} is left to credit` }));
  }
  if (mistake.why === 'LINE_UNKNOWN') {
    const detail = `${number} has no line ${mistake.lineId} that can be credited by itself`;
    return new RefusalError(InvoiceErrors.LINE_UNKNOWN({ detail, members: { lineId: mistake.lineId } }));
  }
  const remaining = amountJson(mistake.remainingMinor, invoice);
  const detail = `Of ${mistake.lineId ?? number} ${remaining.amount} ${remaining.currency} can be credited`;
  return new RefusalError(InvoiceErrors.CREDIT_TOO_LARGE({ detail, members: { lineId: mistake.lineId, remaining } }));
}

function sumOf(lines: readonly CreditedLine[]): bigint {
  return lines.reduce((total, { amountMinor }) => total + amountMinor, 0n);
}
