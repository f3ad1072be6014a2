import { Body, Controller, Get, Inject, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { moneyToJson, orThrow, parseCurrency, parseMoney, type Clock } from '@biplane/kernel';
import {
  ApiPage, CLOCK, Idempotent, IdempotencyKey, KEY, LocatedAt, mapPage, page, PageQuery, UuidParam, type IdempotentRequest, type Page,
  type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import {
  actorOf,
  CurrentMember,
  CurrentTenant,
  Members,
  recordAccess,
  TenantIdempotency,
  type MemberPrincipal,
} from '../access/index.js';
import { RequireModule, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { FinancialService } from './financial.service.js';
import {
  AccountDto, AccountsQuery, BalanceDto, BalanceQuery, BookingBody, EntryDto, OpenAccountBody,
} from './financials.dto.js'; // prettier-ignore
import { accountJson, bookedJson, entryJson } from './financials.json.js';
import { listAccounts, listEntries } from './ledger.store.js';

@ApiTags('financials')
@Controller('accounts')
@Members('financials:read')
@Ungated('a tenant may read its own books whatever the license says')
export class AccountsController {
  constructor(
    @Inject(FinancialService) private readonly financials: FinancialService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiPage(AccountDto)
  async list(@CurrentTenant() tenant: TenantHandle, @Query() query: AccountsQuery): Promise<Page<AccountDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) => listAccounts(reader, { after: after?.[0] ?? null, take, memberId: query.memberId })),
      keyOf: ({ id }) => [id],
      shape: [KEY.uuid],
    });
    return mapPage(found, ({ balance, ...account }) => accountJson(account, balance));
  }

  @Get(':id')
  @ApiOkResponse({ type: AccountDto })
  show(@CurrentTenant() tenant: TenantHandle, @UuidParam('id') id: string): Promise<AccountDto> {
    return tenant.read(async (reader) =>
      accountJson(await this.financials.account(reader, id), await this.financials.balance(reader, id)),
    );
  }

  @Get(':id/balance')
  @ApiOkResponse({ type: BalanceDto })
  async balance(
    @CurrentTenant() tenant: TenantHandle,
    @UuidParam('id') accountId: string,
    @Query() query: BalanceQuery,
  ): Promise<BalanceDto> {
    const at = query.at === undefined ? this.clock.now() : new Date(query.at);
    const balance = await tenant.read((reader) => this.financials.balance(reader, accountId, at));
    return { accountId, balance: moneyToJson(balance), at: at.toISOString() };
  }

  /** In the order in which they were booked. */
  @Get(':id/entries')
  @ApiPage(EntryDto)
  async entries(
    @CurrentTenant() tenant: TenantHandle,
    @UuidParam('id') id: string,
    @Query() query: PageQuery,
  ): Promise<Page<EntryDto>> {
    const { currency } = await tenant.read((reader) => this.financials.account(reader, id));
    const found = await page(query, {
      fetch: ({ after, take }) => tenant.read((reader) => listEntries(reader, id, { after: after?.[0] ?? null, take })),
      keyOf: ({ number }) => [number],
      shape: [KEY.number],
    });
    return mapPage(found, (entry) => entryJson(entry, currency));
  }
}

@ApiTags('financials')
@Controller('accounts')
@Members('financials:write')
export class BookingController {
  constructor(
    @Inject(FinancialService) private readonly financials: FinancialService,
    @Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency,
  ) {}

  @Post()
  @Idempotent()
  @RequireModule('financials:ledger')
  @ApiCreatedResponse({ type: AccountDto })
  @LocatedAt({ 201: 'accounts/{id}' })
  open(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Body() { memberId, currency }: OpenAccountBody,
  ): Promise<StoredAnswer> {
    const code = orThrow(parseCurrency(currency));
    return this.idempotency.run(tenant, request, async (tx) => {
      const account = await this.financials.openAccount(tx, memberId, code);
      const [at, object] = [account.createdAt, `account:${account.id}`];
      await recordAccess(tx, { at, actor: actorOf(by), action: 'account.opened', object });
      return { status: 201, body: accountJson(account, await this.financials.balance(tx, account.id)) };
    });
  }

  /** Nothing is changed afterwards: what was wrong is booked again with the other sign. */
  @Post(':id/entries')
  @Idempotent()
  @RequireModule('financials:ledger')
  @ApiCreatedResponse({ type: EntryDto })
  book(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') accountId: string,
    @Body() body: BookingBody,
  ): Promise<StoredAnswer> {
    const booking = {
      accountId,
      amount: orThrow(parseMoney(body.amount)),
      description: body.description,
      reference: body.reference ?? null,
      valueAt: body.valueAt == null ? null : new Date(body.valueAt),
      actor: actorOf(by),
    };
    return this.idempotency.run(tenant, request, async (tx) => {
      return { status: 201, body: bookedJson(await this.financials.book(tx, body.kind, booking)) };
    });
  }
}
