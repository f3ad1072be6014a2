import { Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { ApiPage, KEY, mapPage, page, PageQuery, UuidParam, type Page } from '@biplane/service-kit';
import { actorOf, CurrentMember, CurrentTenant, Members, type MemberPrincipal } from '../access/index.js';
import { RequireModule, TenantLicenseService, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { SkippedPeriodDto } from './financials.dto.js';
import { skippedJson } from './financials.json.js';
import { ItemCharging } from './item-charging.service.js';
import { skippedPeriods } from './items.store.js';

@ApiTags('financials')
@Controller('financials/skipped-periods')
@Members('financials:read')
export class SkippedPeriodsController {
  /** What no run charged because the license did not allow it, and nobody decided yet; the first to be skipped first. */
  @Get()
  @Ungated('a tenant may read its own books whatever the license says')
  @ApiPage(SkippedPeriodDto)
  async list(@CurrentTenant() tenant: TenantHandle, @Query() query: PageQuery): Promise<Page<SkippedPeriodDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) =>
          skippedPeriods(reader, { after: after && { at: new Date(after[0]!), id: after[1]! }, take }),
        ),
      keyOf: ({ recordedAt, id }) => [recordedAt.toISOString(), id],
      shape: [KEY.instant, KEY.uuid],
    });
    return mapPage(found, skippedJson);
  }
}

@ApiTags('financials')
@Controller('financials/skipped-periods')
@Members('financials:write')
export class SkippedPeriodDecisionsController {
  constructor(
    @Inject(ItemCharging) private readonly charging: ItemCharging,
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
  ) {}

  /** The member owes nothing for it, for good. A second one is refused: it is decided. */
  @Post(':id/forgive')
  @HttpCode(204)
  @Ungated('forgiving charges nobody')
  @ApiNoContentResponse()
  async forgive(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<void> {
    await tenant.run((tx) => this.charging.forgiveSkipped(tx, id, actorOf(by)));
  }

  /** Charged at what it came to when it was skipped. The license must allow charging now. */
  @Post(':id/charge')
  @HttpCode(204)
  @RequireModule('financials:automated_billing')
  @ApiNoContentResponse()
  async charge(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @UuidParam('id') id: string,
  ): Promise<void> {
    const licenseVersion = this.licenses.licenseOf(tenant.deploymentId)?.version ?? 0;
    await tenant.run((tx) => this.charging.chargeSkipped(tx, id, { actor: actorOf(by), licenseVersion }));
  }
}
