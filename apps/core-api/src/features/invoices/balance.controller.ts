import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import {
  ApiPage,
  CurrentPrincipal,
  mapPage,
  page,
  PageQuery,
  Scopes,
  TENANT_SCOPE,
  UnitOfWork,
  UuidParam,
  type Page,
  type Principal,
} from '@biplane/service-kit';
import { TenantErrors, TenantsService } from '../tenants/index.js';
import { AccountsStore, type BalanceEntry } from './accounts.store.js';
import { amountJson } from './invoice.json.js';
import { BalanceDto, BalanceEntryDto } from './settlement.dto.js';
import { mayReadOf } from './visibility.js';

/** What the column of sequences holds. */
const SEQUENCE = /^\d{1,9}$/;

@ApiTags('billing')
@Controller('billing/tenants/:id')
@Scopes('platform:admin', 'platform:read', 'billing:write', TENANT_SCOPE)
export class BalanceController {
  constructor(
    private readonly accounts: AccountsStore,
    private readonly tenants: TenantsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get('balance')
  @ApiOperation({ summary: 'What a tenant has with the platform; its next invoice uses it' })
  @ApiOkResponse({ type: BalanceDto })
  async balance(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<BalanceDto> {
    await this.readable(id, principal);
    const balances = await this.accounts.ofTenant(this.unitOfWork.reader, id);
    return { tenantId: id, balances: balances.map((balance) => amountJson(balance.balanceMinor, balance)) };
  }

  @Get('balance-entries')
  @ApiOperation({ summary: 'What moved the balance, newest first' })
  @ApiPage(BalanceEntryDto)
  async entries(
    @UuidParam('id') id: string,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<BalanceEntryDto>> {
    await this.readable(id, principal);
    const reader = this.unitOfWork.reader;
    const found = await page<BalanceEntry>(query, {
      fetch: ({ after, take }) => this.accounts.entries(reader, id, after && Number.parseInt(after[0] ?? '', 10), take),
      keyOf: ({ sequence }) => [String(sequence)],
      shape: [SEQUENCE],
    });
    return mapPage(found, entryJson);
  }

  private async readable(id: string, principal: Principal): Promise<void> {
    const missing = new RefusalError(TenantErrors.NOT_FOUND({ detail: `There is no tenant ${id}` }));
    if (!mayReadOf(principal, id)) throw missing;
    await this.tenants.required(this.unitOfWork.reader, id);
  }
}

function entryJson({ sequence, cause, sourceId, invoiceId, at, ...amounts }: BalanceEntry): BalanceEntryDto {
  return {
    ...{ sequence, cause, sourceId, invoiceId },
    amount: amountJson(amounts.amountMinor, amounts),
    balance: amountJson(amounts.balanceMinor, amounts),
    at: at.toISOString(),
  };
}
