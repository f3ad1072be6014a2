import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  CurrentPrincipal,
  mapPage,
  page,
  PageQuery,
  Public,
  Scopes,
  UnitOfWork,
  UuidParam,
  type Page,
  type Principal,
  KEY,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { LicenseService } from './license.service.js';
import { LicenseView } from './license-view.js';
import { LicenseReasonBody } from './licenses.dto.js';
import { JwksDto, LicenseDto, LicenseVersionDto } from './licenses.responses.js';
import { LicensesStore, type LicenseRow } from './licenses.store.js';
import { SigningKeys } from './signing-keys.service.js';

@ApiTags('licenses')
@Controller('licenses')
@Scopes('platform:admin')
export class LicenseController {
  constructor(
    private readonly licenses: LicenseService,
    private readonly view: LicenseView,
    private readonly store: LicensesStore,
    private readonly deployments: DeploymentsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get(':deploymentId')
  @Scopes('platform:admin', 'platform:read', 'tenant:*')
  @ApiOkResponse({ type: LicenseDto })
  async get(@UuidParam('deploymentId') id: string, @CurrentPrincipal() principal: Principal): Promise<LicenseDto> {
    const tx = this.unitOfWork.reader;
    await this.deployments.readable(tx, id, principal);
    return this.view.show(tx, id);
  }

  /** Newest first. */
  @Get(':deploymentId/history')
  @Scopes('platform:admin', 'platform:read', 'tenant:*')
  @ApiPage(LicenseVersionDto)
  async history(
    @UuidParam('deploymentId') id: string,
    @Query() query: PageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<LicenseVersionDto>> {
    const tx = this.unitOfWork.reader;
    await this.deployments.readable(tx, id, principal);
    const rows = await page(query, {
      fetch: ({ after, take }) => this.store.history(tx, id, after && Number(after[0]), take),
      keyOf: (license) => [String(license.version)],
      shape: [KEY.number],
    });
    return mapPage(rows, versionJson);
  }

  @Post(':deploymentId/reissue')
  @HttpCode(200)
  @ApiOkResponse({ type: LicenseVersionDto })
  async reissue(
    @UuidParam('deploymentId') id: string,
    @Body() body: LicenseReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<LicenseVersionDto> {
    return versionJson(await this.licenses.reissue(id, body.reason, actor));
  }

  @Post(':deploymentId/revoke')
  @HttpCode(200)
  @ApiOkResponse({ type: LicenseVersionDto })
  async revoke(
    @UuidParam('deploymentId') id: string,
    @Body() body: LicenseReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<LicenseVersionDto> {
    return versionJson(await this.licenses.revoke(id, body.reason, actor));
  }
}

@ApiTags('licenses')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: SigningKeys) {}

  @Get('jwks.json')
  @Public('public keys are public')
  @ApiOkResponse({ type: JwksDto })
  jwks(): Promise<JwksDto> {
    return this.keys.jwks();
  }
}

function versionJson({
  deploymentId,
  version,
  jti,
  kid,
  status,
  cause,
  issuedAt,
  claims,
  signed,
}: LicenseRow): LicenseVersionDto {
  return { deploymentId, version, jti, kid, status, cause, issuedAt, document: claims, signed };
}
