import { Injectable } from '@nestjs/common';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { PrismaClient } from '@biplane/prisma-core';

/** Which paper of a document: one of each kind at most. */
export type PdfKind = 'invoice' | 'credit_note' | `reminder_${number}`;

export interface PdfKey {
  readonly documentId: string;
  readonly kind: PdfKind;
}

export interface SealedPdf extends PdfKey {
  readonly tenantId: string;
  readonly number: string;
  readonly contentHash: string;
  /** Of the clear bytes. */
  readonly sha256: string;
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly madeAt: Date;
}

@Injectable()
export class InvoicePdfsStore {
  find(tx: Tx, { documentId, kind }: PdfKey): Promise<SealedPdf | null> {
    return client(tx).invoicePdf.findUnique({
      where: { documentId_kind: { documentId, kind } },
    }) as Promise<SealedPdf | null>;
  }

  /** Writes it unless there is one, and takes it off what is due. */
  async keep(tx: Tx, pdf: SealedPdf): Promise<void> {
    await client(tx).invoicePdf.createMany({ data: [pdf], skipDuplicates: true });
    await this.done(tx, pdf);
  }

  async done(tx: Tx, { documentId, kind }: PdfKey): Promise<void> {
    await client(tx).invoicePdfDue.deleteMany({ where: { documentId, kind } });
  }

  /**
   * Takes what is due, the longest first, for this process until `until`. A process that dies gives it back by the passing
   * of time.
   */
  take(tx: Tx, now: Date, until: Date, limit: number): Promise<(PdfKey & { readonly attempts: number })[]> {
    return querySql<PdfKey & { attempts: number }>(
      tx,
      `UPDATE invoice_pdf_due d SET attempts = d.attempts + 1, not_before = $2::timestamptz
         FROM (SELECT document_id, kind FROM invoice_pdf_due WHERE not_before <= $1::timestamptz
                ORDER BY not_before LIMIT $3 FOR UPDATE SKIP LOCKED) taken
        WHERE d.document_id = taken.document_id AND d.kind = taken.kind
        RETURNING d.document_id::text AS "documentId", d.kind, d.attempts`,
      [now.toISOString(), until.toISOString(), limit],
    );
  }

  async rest(tx: Tx, { documentId, kind }: PdfKey, until: Date): Promise<void> {
    await executeSql(
      tx,
      `UPDATE invoice_pdf_due SET not_before = $3::timestamptz WHERE document_id = $1::uuid AND kind = $2`,
      [documentId, kind, until.toISOString()],
    );
  }
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
