import { Body, Controller, Delete, Get, Headers, HttpCode, Post, Query, StreamableFile } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { orThrow, parseTenantId, RefusalError } from '@biplane/kernel';
import {
  ApiPage,
  CurrentPrincipal,
  IdempotencyKey,
  IdempotencyService,
  Idempotent,
  invalid,
  LocatedAt,
  mapPage,
  page,
  Scopes,
  TENANT_SCOPE,
  UnitOfWork,
  UuidParam,
  type IdempotentRequest,
  type Page,
  type Principal,
  type StoredAnswer,
  KEY,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { invoiceCsv, invoicesCsv } from './invoice-csv.js';
import {
  InvoiceDto,
  InvoiceExportQuery,
  InvoiceFormatQuery,
  InvoiceListQuery,
  InvoiceRequestDto,
  VoidInvoiceDto,
} from './invoices.dto.js';
import { InvoicesService, notFound } from './invoices.service.js';
import type { InvoicePosition } from './invoices.store.js';
import { mayReadOf, seesAll, visibleTenant } from './visibility.js';
import { VoidInvoices } from './void-invoices.js';

@ApiTags('billing')
@Controller('billing/invoices')
export class InvoicesController {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly idempotency: IdempotencyService,
    private readonly voids: VoidInvoices,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Post()
  @Idempotent()
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: "Preview, draft or issue the invoice of a tenant's month; a month is issued once" })
  @ApiCreatedResponse({ type: InvoiceDto, description: 'Issued now' })
  @ApiOkResponse({ type: InvoiceDto, description: 'A preview, a draft, or the invoice that was issued before' })
  @LocatedAt({ 201: 'billing/invoices/{id}' })
  create(
    @Body() body: InvoiceRequestDto,
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    refuseHalfForced(body);
    const tenantId = orThrow(parseTenantId(body.tenantId.toLowerCase()));
    return this.idempotency.run(request, async (tx) => {
      const { action, period, reason } = body;
      if (action === 'preview') {
        return { status: 200, body: (await this.invoices.preview(tx, tenantId, period)) satisfies InvoiceDto };
      }
      if (action === 'draft') {
        return { status: 200, body: (await this.invoices.draft(tx, tenantId, period, actor)) satisfies InvoiceDto };
      }
      const { invoice, issued } =
        reason === undefined
          ? await this.invoices.issue(tx, tenantId, period, actor)
          : await this.invoices.reissue(tx, tenantId, period, reason, actor);
      return { status: issued ? 201 : 200, body: invoice satisfies InvoiceDto };
    });
  }

  @Get()
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'List invoices, newest first: issued, paid and void ones, or the drafts' })
  @ApiPage(InvoiceDto)
  async list(@Query() query: InvoiceListQuery, @CurrentPrincipal() principal: Principal): Promise<Page<InvoiceDto>> {
    const { period, status, limit, cursor } = query;
    const filter = { tenantId: visibleTenant(principal, query.tenantId), period };
    if (status === 'draft' && !seesAll(principal)) return { data: [], page: { nextCursor: null, hasMore: false } };
    const reader = this.unitOfWork.reader;
    const found = await page<{ invoice: InvoiceDto; position: InvoicePosition }>(
      { limit, cursor },
      {
        fetch: ({ after, take }) =>
          status === 'draft'
            ? this.invoices.listDrafts(reader, filter, positionOf(after), take)
            : this.invoices.list(reader, { ...filter, status }, positionOf(after), take),
        keyOf: ({ position }) => [position.issuedAt.toISOString(), position.id],
        shape: [KEY.instant, KEY.uuid],
      },
    );
    return mapPage(found, ({ invoice }) => invoice);
  }

  /** Every line of every invoice of a month, in the order of their numbers. */
  @Get('export')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'The lines of a month as CSV, as they are read' })
  @ApiOkResponse({ content: { 'text/csv': { schema: { type: 'string' } } } })
  export(@Query() query: InvoiceExportQuery, @CurrentPrincipal() principal: Principal): StreamableFile {
    const filter = { ...query, tenantId: visibleTenant(principal, query.tenantId) };
    const lines = invoicesCsv((after, take) => this.invoices.ofMonth(this.unitOfWork.reader, filter, after, take));
    return new StreamableFile(lines, csvFile(`invoices-${query.period}`));
  }

  @Get(':id')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'Show an invoice, its lines as CSV if so asked; a draft to those who bill' })
  @ApiExtraModels(InvoiceDto)
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(InvoiceDto) } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  async show(
    @UuidParam('id') id: string,
    @Query() { format }: InvoiceFormatQuery,
    @Headers('accept') accept: string | undefined,
    @CurrentPrincipal() principal: Principal,
  ): Promise<InvoiceDto | StreamableFile> {
    const reader = this.unitOfWork.reader;
    const draft = seesAll(principal) ? await this.invoices.findDraft(reader, id) : null;
    if (draft !== null) return draft;
    const stored = await this.invoices.stored(reader, id);
    if (!mayReadOf(principal, stored.tenantId)) throw notFound(id);
    const asCsv =
      format === undefined ? accept?.trim().toLowerCase().startsWith('text/csv') === true : format === 'csv';
    if (!asCsv) return this.invoices.json(stored);
    return new StreamableFile(Buffer.from(invoiceCsv(stored)), csvFile(stored.number));
  }

  @Delete(':id')
  @HttpCode(204)
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: 'Delete a draft; what is issued is never deleted' })
  @ApiNoContentResponse()
  async deleteDraft(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<void> {
    await this.unitOfWork.run((tx) => this.invoices.deleteDraft(tx, id, actor));
  }

  @Post(':id/void')
  @HttpCode(200)
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: 'Take an invoice back that nobody paid; it keeps its number' })
  @ApiOkResponse({ type: InvoiceDto })
  void(
    @UuidParam('id') id: string,
    @Body() { reason }: VoidInvoiceDto,
    @CurrentActor() actor: Actor,
  ): Promise<InvoiceDto> {
    return this.unitOfWork.run(async (tx) => {
      await this.voids.void(tx, id, { reason }, actor);
      return this.invoices.get(tx, id);
    });
  }
}

function csvFile(name: string) {
  return { type: 'text/csv; charset=utf-8; header=present', disposition: `attachment; filename="${name}.csv"` };
}

/** `force` says that something is taken back, so it needs a reason, and nothing else takes one. */
function refuseHalfForced({ action, force = false, reason }: InvoiceRequestDto): void {
  if (force ? action === 'issue' && reason !== undefined : reason === undefined) return;
  const detail = 'force goes with the action issue and a reason, and a reason with force';
  throw new RefusalError(invalid([{ pointer: force ? '/force' : '/reason', code: 'FORCE', detail }]));
}

function positionOf(key: readonly string[] | null): InvoicePosition | null {
  const [issuedAt, id] = key ?? [];
  return issuedAt === undefined || id === undefined ? null : { issuedAt: new Date(issuedAt), id };
}
