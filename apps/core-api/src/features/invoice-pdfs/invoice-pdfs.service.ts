import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Papers } from '@biplane/invoice-pdf';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, FieldCipher, UnitOfWork, type Tx } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { CreditNotes, InvoicesService, type CreditNoteJson, type InvoiceJson } from '../invoices/index.js';
import { InvoicePdfErrors } from './invoice-pdfs.errors.js';
import { InvoicePdfsStore, type PdfKey, type PdfKind, type SealedPdf } from './invoice-pdfs.store.js';
import { printedCreditNote, printedInvoice, printedReminder, type Printing } from './printed.js';

/** A paper as it is sent to people. */
export interface StoredPdf extends PdfKey {
  readonly tenantId: string;
  /** SHA-256 of the bytes, hexadecimal. */
  readonly sha256: string;
  readonly bytes: Buffer;
  /** Letters, digits, `-` and `.` only. */
  readonly fileName: string;
}

type Printed = InvoiceJson | CreditNoteJson;

/** Makes each paper once and keeps it: what was shown or sent is shown again, byte for byte. */
@Injectable()
export class InvoicePdfs {
  constructor(
    private readonly store: InvoicePdfsStore,
    private readonly invoices: InvoicesService,
    private readonly creditNotes: CreditNotes,
    private readonly deployments: DeploymentsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly cipher: FieldCipher,
    private readonly papers: Papers,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The invoice as it was issued: the stored paper, or made now. Of two that make it at once, both answer the first. */
  of(invoiceId: string): Promise<StoredPdf> {
    return this.storedOrMade({ documentId: invoiceId, kind: 'invoice' }, async (reader) => {
      const invoice = await this.invoices.get(reader, invoiceId);
      return { printed: invoice, printing: printedInvoice(invoice, await this.deploymentNames(reader, invoice)) };
    });
  }

  creditNote(id: string): Promise<StoredPdf> {
    return this.storedOrMade({ documentId: id, kind: 'credit_note' }, async (reader) => {
      const note = await this.creditNotes.get(reader, id);
      return { printed: note, printing: printedCreditNote(note, await this.deploymentNames(reader, note)) };
    });
  }

  /**
   * The reminder of this level, made in the caller's transaction with what is open in it, or the one that was made before.
   * `at` is the date that it bears.
   */
  async reminder(tx: Tx, invoiceId: string, level: number, at: Date): Promise<StoredPdf> {
    const key = { documentId: invoiceId, kind: `reminder_${level}` } as const;
    const found = await this.store.find(tx, key);
    if (found !== null) return this.open(found);
    const invoice = await this.invoices.get(tx, invoiceId);
    const names = await this.deploymentNames(tx, invoice);
    return this.open(
      await this.keep(tx, await this.make(key, invoice, printedReminder(invoice, { level, at }, names))),
    );
  }

  /** Drawn outside of any transaction: it may wait for others, and locks nothing. */
  private async storedOrMade(
    key: PdfKey,
    load: (reader: Tx) => Promise<{ printed: Printed; printing: Printing }>,
  ): Promise<StoredPdf> {
    const { reader } = this.unitOfWork;
    const found = await this.store.find(reader, key);
    if (found !== null) return this.open(found);
    const { printed, printing } = await load(reader);
    const made = await this.make(key, printed, printing);
    faultPoint('invoice_pdf_after_render_before_store');
    return this.open(await this.unitOfWork.run((tx) => this.keep(tx, made)));
  }

  private async keep(tx: Tx, made: SealedPdf): Promise<SealedPdf> {
    await this.store.keep(tx, made);
    const kept = await this.store.find(tx, made);
    if (kept === null) throw new Error(`The ${made.kind} of ${made.documentId} vanished inside its own transaction`);
    return kept;
  }

  private async make(key: PdfKey, printed: Printed, { document, options }: Printing): Promise<SealedPdf> {
    const bytes = await this.papers.invoice(document, options);
    return {
      ...key,
      tenantId: printed.buyer.tenantId,
      number: printed.number,
      contentHash: printed.contentHash,
      sha256: sha256Of(bytes),
      sealed: new Uint8Array(this.cipher.encryptBytes(placeOf(key), bytes)),
      madeAt: this.clock.now(),
    };
  }

  private open({ documentId, kind, tenantId, number, sha256, sealed }: SealedPdf): StoredPdf {
    const bytes = this.opened({ documentId, kind }, sealed);
    if (bytes === null || sha256Of(bytes) !== sha256) {
      throw new RefusalError(InvoicePdfErrors.UNREADABLE({ detail: `The PDF of ${number} (${kind}) does not open` }));
    }
    return { documentId, kind, tenantId, sha256, bytes, fileName: fileNameOf(number, kind) };
  }

  private opened(key: PdfKey, sealed: Uint8Array): Buffer | null {
    try {
      return this.cipher.decryptBytes(placeOf(key), sealed);
    } catch {
      // Which of the causes it is says nothing to who asks; the help names them all.
      return null;
    }
  }

  private async deploymentNames(tx: Tx, { lines }: Printed): Promise<Map<string, string>> {
    const ids = [...new Set(lines.flatMap(({ deployment }) => (deployment === null ? [] : [deployment])))];
    const found = await this.deployments.findMany(tx, ids);
    // The slug too: deployments of one tenant often bear one name.
    return new Map([...found].map(([id, { displayName, slug }]) => [id, `${displayName} (${slug})`]));
  }
}

const placeOf = ({ documentId, kind }: PdfKey) => ({
  table: 'invoice_pdf',
  column: 'sealed',
  id: `${documentId}/${kind}`,
});

const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** `INV-2026-000042.pdf`, `INV-2026-000042-reminder-1.pdf`. */
function fileNameOf(number: string, kind: PdfKind): string {
  const suffix = kind.startsWith('reminder_') ? `-${kind.replace('_', '-')}` : '';
  return `${number.replace(/[^A-Za-z0-9-]/g, '-')}${suffix}.pdf`;
}
