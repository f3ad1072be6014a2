import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { LicenseErrors } from '@biplane/licensing';
import { CurrentTenant, Members } from '../access/index.js';
import { TenantLicenseService, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { entitlementsOf } from './domain/entitlements.js';
import { MyEntitlementsDto } from './entitlements.dto.js';

@ApiTags('my account')
@Controller('public')
@Members('self:read')
@Ungated('it says what the license allows, also when that is nothing')
export class MyEntitlementsController {
  constructor(@Inject(TenantLicenseService) private readonly licenses: TenantLicenseService) {}

  /** What the deployment that one is signed in to may do now: for an application that shows only what would be let through. */
  @Get('entitlements')
  @ApiOkResponse({ type: MyEntitlementsDto })
  entitlements(@CurrentTenant() { deploymentId }: TenantHandle): MyEntitlementsDto {
    const license = this.licenses.licenseOf(deploymentId);
    if (!license)
      throw new RefusalError(LicenseErrors.UNAVAILABLE({ detail: 'No license is held for this deployment' }));
    const now = this.licenses.now();
    const { plan, version } = license;
    return {
      deploymentId,
      plan: plan.code,
      planVersion: plan.version,
      ...entitlementsOf(license, now),
      licenseVersion: version,
      asOf: now.toISOString(),
    };
  }
}
