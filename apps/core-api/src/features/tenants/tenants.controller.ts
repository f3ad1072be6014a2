import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  CurrentPrincipal,
  mapPage,
  page,
  Scopes,
  UnitOfWork,
  UuidParam,
  type Page,
  type Principal,
  KEY,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { deploymentJson, DeploymentsService } from '../deployments/index.js';
import { TenantSuspensions } from './tenant-suspensions.service.js';
import { TenantDto, TenantPageDto, TenantReasonBody, TenantsQuery } from './tenants.dto.js';
import { TenantsService } from './tenants.service.js';

@ApiTags('tenants')
@Controller('tenants')
@Scopes('platform:admin', 'platform:read', 'tenant:*')
export class TenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly deployments: DeploymentsService,
    private readonly suspensions: TenantSuspensions,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** A tenant's own token sees itself alone. */
  @Get()
  @ApiPage(TenantDto)
  async list(@Query() query: TenantsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<TenantDto>> {
    const { limit, cursor, slug } = query;
    const readsAll = principal.scopes.some((scope) => scope === 'platform:admin' || scope === 'platform:read');
    const filter = { slug, ...(!readsAll && { id: principal.tenantId }) };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.tenants.list(filter, after?.[0] ?? null, take),
        keyOf: (tenant) => [tenant.id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, (tenant) => tenant);
  }

  @Get(':id')
  @ApiOkResponse({ type: TenantPageDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<TenantPageDto> {
    const tx = this.unitOfWork.reader;
    const tenant = await this.tenants.readable(tx, id, principal);
    const { currency, timeZone, country, payByInvoice, locale, taxId } = await this.tenants.billingProfile(tx, id);
    return {
      ...tenant,
      billing: { currency, timeZone, country, taxId, payByInvoice, locale },
      deployments: (await this.deployments.ofTenant(tx, id)).map(deploymentJson),
    };
  }

  /** All its deployments stop, until it is resumed; suspending it again changes nothing. */
  @Post(':id/suspend')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: TenantPageDto })
  async suspend(
    @UuidParam('id') id: string,
    @Body() body: TenantReasonBody,
    @CurrentActor() actor: Actor,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TenantPageDto> {
    await this.suspensions.suspend(id, body.reason, actor);
    return this.get(id, principal);
  }

  /** What was suspended with it goes on, unless something else keeps it suspended. */
  @Post(':id/resume')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: TenantPageDto })
  async resume(
    @UuidParam('id') id: string,
    @Body() body: TenantReasonBody,
    @CurrentActor() actor: Actor,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TenantPageDto> {
    await this.suspensions.resume(id, body.reason, actor);
    return this.get(id, principal);
  }
}
