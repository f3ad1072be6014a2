import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { orThrow, parseTenantId, RefusalError } from '@biplane/kernel';
import {
  CurrentPrincipal,
  principalMayRead,
  Scopes,
  TENANT_SCOPE,
  UuidParam,
  type Principal,
} from '@biplane/service-kit';
import { TenantErrors } from '../tenants/index.js';
import { BillDto, MonthQuery } from './bill.dto.js';
import { MonthlyBillingService } from './monthly-billing.service.js';
import { QuoteRequestDto } from './quotes.dto.js';
import { QuotesService } from './quotes.service.js';

@ApiTags('billing')
@Controller()
export class BillingController {
  constructor(
    private readonly quotes: QuotesService,
    private readonly monthly: MonthlyBillingService,
  ) {}

  @Post('quotes')
  @HttpCode(200)
  @Scopes('platform:admin', 'platform:read', 'billing:write')
  @ApiOperation({ summary: 'Price a planned subscription with assumed usage; stores nothing' })
  @ApiOkResponse({ type: BillDto })
  quote(@Body() body: QuoteRequestDto): Promise<BillDto> {
    return this.quotes.quote(body);
  }

  @Get('billing/tenants/:id/monthly')
  @Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
  @ApiOperation({ summary: 'What a tenant owes for a month, from metered usage; stores nothing' })
  @ApiOkResponse({ type: BillDto })
  month(
    @UuidParam('id') id: string,
    @Query() { period }: MonthQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<BillDto> {
    if (!mayBill(principal, id)) throw new RefusalError(TenantErrors.NOT_FOUND({ detail: `There is no tenant ${id}` }));
    return this.monthly.calculateMonthlyBilling(orThrow(parseTenantId(id)), period);
  }
}

function mayBill(principal: Principal, tenantId: string): boolean {
  return principal.scopes.includes('billing:write') || principalMayRead(principal, tenantId);
}
