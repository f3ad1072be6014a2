import { applyDecorators, Controller, Get, Headers, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError, type Failure } from '@biplane/kernel';
import { CurrentPrincipal, Scopes, TENANT_SCOPE, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { CreditNotes, InvoiceErrors, InvoicesService, mayReadOf } from '../invoices/index.js';
import { InvoicePdfs, type StoredPdf } from './invoice-pdfs.service.js';

/** What is used of Fastify's reply. */
interface Reply {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
}

/** A GET of a PDF that each tenant may read of its own. */
function GetPdf(path: string, summary: string): MethodDecorator {
  return applyDecorators(
    Get(path),
    Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE),
    ApiOperation({ summary }),
    ApiOkResponse({
      description: 'Its ETag is the SHA-256 of the bytes',
      content: { 'application/pdf': { schema: { type: 'string', format: 'binary' } } },
    }),
    ApiResponse({ status: 304, description: 'The asker has it: If-None-Match names it' }),
  );
}

@ApiTags('billing')
@Controller('billing')
export class InvoicePdfsController {
  constructor(
    private readonly pdfs: InvoicePdfs,
    private readonly invoices: InvoicesService,
    private readonly creditNotes: CreditNotes,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @GetPdf('invoices/:id/pdf', 'The PDF of an issued invoice: made once, the same bytes each time')
  async invoice(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile | undefined> {
    const { tenantId } = await this.invoices.stored(this.unitOfWork.reader, id);
    refuseOthers(principal, tenantId, () => InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    return send(await this.pdfs.of(id), held, reply);
  }

  @GetPdf('credit-notes/:id/pdf', 'The PDF of a credit note: made once, the same bytes each time')
  async creditNote(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile | undefined> {
    const { buyer } = await this.creditNotes.get(this.unitOfWork.reader, id);
    refuseOthers(principal, buyer.tenantId, () =>
      InvoiceErrors.CREDIT_NOTE_NOT_FOUND({ detail: `There is no credit note ${id}` }),
    );
    return send(await this.pdfs.creditNote(id), held, reply);
  }
}

function refuseOthers(principal: Principal, tenantId: string, failure: () => Failure): void {
  if (!mayReadOf(principal, tenantId)) throw new RefusalError(failure());
}

function send(pdf: StoredPdf, held: string | undefined, reply: Reply): StreamableFile | undefined {
  const { bytes, sha256, fileName } = pdf;
  const etag = `"${sha256}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (held !== undefined && held.split(',').some((tag) => [etag, `W/${etag}`, '*'].includes(tag.trim()))) {
    reply.status(304);
    return undefined;
  }
  return new StreamableFile(bytes, {
    type: 'application/pdf',
    disposition: `attachment; filename="${fileName}"`,
    length: bytes.length,
  });
}
