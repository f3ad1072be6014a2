import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { licenseState, type HeldLicense } from '@biplane/licensing';
import { CurrentPrincipal, page, PageQuery, Scopes, type Principal, KEY } from '@biplane/service-kit';
import { LicenseKeeper } from './license-keeper.service.js';
import { DecisionResponse, GateCheckRequest, HeldLicensesResponse, type HeldLicenseResponse } from './license.dto.js';
import { mayActFor } from './tenant-gate.js';
import { TenantLicenseService } from './tenant-license.service.js';

/** For whom a deployment is not theirs, none has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

@ApiTags('license')
@Controller('internal')
export class TenantLicenseController {
  constructor(
    @Inject(TenantLicenseService) private readonly licenses: TenantLicenseService,
    @Inject(LicenseKeeper) private readonly keeper: LicenseKeeper,
  ) {}

  /**
   * May this deployment do this now? The answer is a Decision, also when it denies. With `reserve` it holds the quantity; with
   * an `idempotencyKey` the same question gets the same Decision again.
   */
  @Post('gate/check')
  @Scopes('entitlements:check')
  @HttpCode(200)
  @ApiOkResponse({ type: DecisionResponse })
  async check(@Body() request: GateCheckRequest, @CurrentPrincipal() principal: Principal): Promise<DecisionResponse> {
    const { action, ...question } = request;
    const license = this.licenses.licenseOf(request.deploymentId);
    const deploymentId = license && !mayActFor(principal, license) ? NOBODY : request.deploymentId;
    const asked = { ...question, principal: principal.clientId };
    return this.licenses.checkModuleAccess({ deploymentId }, action, asked);
  }

  /** What this instance enforces. */
  @Get('licenses')
  @Scopes('internal:operate')
  @ApiOkResponse({ type: HeldLicensesResponse })
  async list(@Query() query: PageQuery): Promise<HeldLicensesResponse> {
    const sorted = this.keeper.own().sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    const found = await page(query, {
      fetch: async ({ after, take }) => sorted.filter((held) => idOf(held) > (after?.[0] ?? '')).slice(0, take),
      keyOf: (held) => [idOf(held)],
      shape: [KEY.uuid],
    });
    return { data: found.data.map((held) => this.show(held)), page: found.page };
  }

  private show({ claims, version, kid }: HeldLicense): HeldLicenseResponse {
    return {
      deploymentId: claims.deployment.id,
      tenantId: claims.sub,
      version,
      jti: claims.jti,
      status: claims.status,
      state: licenseState(claims, this.keeper.now()),
      kid,
      epoch: claims.placement.epoch,
      expiresAt: new Date(claims.exp * 1000).toISOString(),
    };
  }
}

const idOf = (held: HeldLicense): string => held.claims.deployment.id;
