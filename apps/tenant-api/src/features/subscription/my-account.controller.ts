import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { moneyToJson, type Clock } from '@biplane/kernel';
import { ApiList, CLOCK } from '@biplane/service-kit';
import { CurrentMember, CurrentTenant, Members, type MemberPrincipal } from '../access/index.js';
import { activeItems, BalanceDto, ItemDto, itemJson, listAccounts } from '../financials/index.js';
import { Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';

/** A member has few accounts: one for each currency it is charged in. */
const ACCOUNTS_MAX = 200;

@ApiTags('my account')
@Controller('public/me')
@Members('self:read')
@Ungated('a member may read what it owes whatever the license says')
export class MyAccountController {
  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** What it is charged for now, on all its accounts. */
  @Get('subscription')
  @ApiList(ItemDto)
  async subscription(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() { memberId }: MemberPrincipal,
  ): Promise<{ data: ItemDto[] }> {
    const items = await tenant.read((reader) => activeItems(reader, memberId, this.clock.now()));
    return { data: items.map(itemJson) };
  }

  /** What it owes now, account by account; below zero the tenant owes it. */
  @Get('balance')
  @ApiList(BalanceDto)
  async balance(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() { memberId }: MemberPrincipal,
  ): Promise<{ data: BalanceDto[] }> {
    const at = this.clock.now().toISOString();
    const accounts = await tenant.read((reader) => listAccounts(reader, { after: null, take: ACCOUNTS_MAX, memberId }));
    return { data: accounts.map(({ id, balance }) => ({ accountId: id, balance: moneyToJson(balance), at })) };
  }
}
