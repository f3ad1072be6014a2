import { Controller, Headers, Res, type StreamableFile } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RefusalError, type Failure } from '@biplane/kernel';
import {
  answerPdf,
  CurrentPrincipal,
  GetPdf,
  Scopes,
  TENANT_SCOPE,
  UnitOfWork,
  UuidParam,
  type PdfReply,
  type Principal,
} from '@biplane/service-kit';
import { CreditNotes, InvoiceErrors, InvoicesService, mayReadOf } from '../invoices/index.js';
import { InvoicePdfs } from './invoice-pdfs.service.js';

/** Each tenant reads its own. */
const READERS = ['platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE] as const;

@ApiTags('billing')
@Controller('billing')
export class InvoicePdfsController {
  constructor(
    private readonly pdfs: InvoicePdfs,
    private readonly invoices: InvoicesService,
    private readonly creditNotes: CreditNotes,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Scopes(...READERS)
  @GetPdf('invoices/:id/pdf', 'The PDF of an issued invoice: made once, the same bytes each time')
  async invoice(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: PdfReply,
  ): Promise<StreamableFile | undefined> {
    const { tenantId } = await this.invoices.stored(this.unitOfWork.reader, id);
    refuseOthers(principal, tenantId, () => InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    return answerPdf(await this.pdfs.of(id), held, reply);
  }

  @Scopes(...READERS)
  @GetPdf('credit-notes/:id/pdf', 'The PDF of a credit note: made once, the same bytes each time')
  async creditNote(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: PdfReply,
  ): Promise<StreamableFile | undefined> {
    const { buyer } = await this.creditNotes.get(this.unitOfWork.reader, id);
    refuseOthers(principal, buyer.tenantId, () =>
      InvoiceErrors.CREDIT_NOTE_NOT_FOUND({ detail: `There is no credit note ${id}` }),
    );
    return answerPdf(await this.pdfs.creditNote(id), held, reply);
  }
}

function refuseOthers(principal: Principal, tenantId: string, failure: () => Failure): void {
  if (!mayReadOf(principal, tenantId)) throw new RefusalError(failure());
}
