import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { orThrow, parseInvoiceId, parseTenantId, RefusalError, type InvoiceId, type TenantId } from '@biplane/kernel';
import {
  ApiPage,
  CurrentPrincipal,
  IdempotencyKey,
  IdempotencyService,
  Idempotent,
  mapPage,
  page,
  principalMayRead,
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
import { InvoiceDto, InvoiceListQuery, InvoiceRequestDto } from './invoices.dto.js';
import { InvoiceErrors } from './invoices.errors.js';
import { InvoicesService } from './invoices.service.js';
import type { InvoicePosition } from './invoices.store.js';

@ApiTags('billing')
@Controller('billing/invoices')
export class InvoicesController {
  constructor(
    private readonly invoices: InvoicesService,
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Post()
  @Idempotent()
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: "Preview or issue the invoice of a tenant's month; a month is issued once" })
  @ApiCreatedResponse({ type: InvoiceDto, description: 'Issued now' })
  @ApiOkResponse({ type: InvoiceDto, description: 'A preview, or the invoice that was issued before' })
  create(
    @Body() body: InvoiceRequestDto,
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    const tenantId = orThrow(parseTenantId(body.tenantId.toLowerCase()));
    return this.idempotency.run(request, async (tx) => {
      if (body.action === 'preview') {
        const preview: InvoiceDto = await this.invoices.preview(tx, tenantId, body.period);
        return { status: 200, body: preview };
      }
      const { invoice, issued } = await this.invoices.issue(tx, tenantId, body.period, actor);
      return { status: issued ? 201 : 200, body: invoice satisfies InvoiceDto };
    });
  }

  @Get()
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'List issued invoices, newest first' })
  @ApiPage(InvoiceDto)
  async list(@Query() query: InvoiceListQuery, @CurrentPrincipal() principal: Principal): Promise<Page<InvoiceDto>> {
    const filter = { tenantId: visibleTenant(principal, query.tenantId), period: query.period };
    const found = await page(query, {
      fetch: ({ after, take }) => this.invoices.list(this.unitOfWork.reader, filter, positionOf(after), take),
      keyOf: ({ position }) => [position.issuedAt.toISOString(), position.id],
      shape: [KEY.instant, KEY.uuid],
    });
    return mapPage(found, ({ invoice }) => invoice);
  }

  @Get(':id')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'Show an issued invoice' })
  @ApiOkResponse({ type: InvoiceDto })
  async show(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<InvoiceDto> {
    const invoice = await this.invoices.get(this.unitOfWork.reader, orThrow<InvoiceId>(parseInvoiceId(id)));
    if (!seesAll(principal) && !principalMayRead(principal, invoice.buyer.tenantId)) {
      throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no invoice ${id}` }));
    }
    return invoice;
  }
}

/** A tenant's own token lists its own invoices, whatever it filters by. */
function visibleTenant(principal: Principal, asked: string | undefined): TenantId | undefined {
  const own = seesAll(principal) ? undefined : principal.tenantId;
  if (own !== undefined && asked !== undefined && asked.toLowerCase() !== own) {
    throw new RefusalError(InvoiceErrors.NOT_FOUND({ detail: `There is no tenant ${asked}` }));
  }
  const tenantId = own ?? asked?.toLowerCase();
  return tenantId === undefined ? undefined : orThrow(parseTenantId(tenantId));
}

function seesAll({ scopes }: Principal): boolean {
  return ['platform:admin', 'platform:read', 'billing:write'].some((scope) => scopes.includes(scope));
}

function positionOf(key: readonly string[] | null): InvoicePosition | null {
  const [issuedAt, id] = key ?? [];
  return issuedAt === undefined || id === undefined ? null : { issuedAt: new Date(issuedAt), id };
}
