import { Controller, Get, Headers, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { CurrentPrincipal, Scopes, TENANT_SCOPE, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { InvoiceErrors, InvoicesService, mayReadOf } from '../invoices/index.js';
import { InvoicePdfs } from './invoice-pdfs.service.js';

/** What is used of Fastify's reply. */
interface Reply {
  header(name: string, value: string): Reply;
  status(code: number): Reply;
}

@ApiTags('billing')
@Controller('billing/invoices')
export class InvoicePdfsController {
  constructor(
    private readonly pdfs: InvoicePdfs,
    private readonly invoices: InvoicesService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get(':id/pdf')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'The PDF of an issued invoice: made once, the same bytes each time' })
  @ApiOkResponse({
    description: 'Its ETag is the SHA-256 of the bytes',
    content: { 'application/pdf': { schema: { type: 'string', format: 'binary' } } },
  })
  @ApiResponse({ status: 304, description: 'The asker has it: If-None-Match names it' })
  async show(
    @UuidParam('id') id: string,
    @CurrentPrincipal() principal: Principal,
    @Headers('if-none-match') held: string | undefined,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile | undefined> {
    const invoice = await this.invoices.stored(this.unitOfWork.reader, id);
    if (!mayReadOf(principal, invoice.tenantId)) {
      throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    }
    const { bytes, sha256, fileName } = await this.pdfs.of(id);
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
}
