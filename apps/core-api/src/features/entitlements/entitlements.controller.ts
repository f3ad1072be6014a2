import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, Scopes, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { Transform } from 'class-transformer';
import { IsBoolean, IsOptional } from 'class-validator';
import { DeploymentsService } from '../deployments/index.js';
import { TenantsService } from '../tenants/index.js';
import {
  DeploymentEntitlementsDto,
  entitlementsJson,
  planJson,
  TenantEntitlementsDto,
  TenantPlanDto,
} from './entitlements.responses.js';
import { EntitlementsService } from './entitlements.service.js';

export class ExplainQuery {
  @ApiPropertyOptional({ type: Boolean, description: 'Adds to each entitlement the steps that led to it' })
  @IsOptional()
  @Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : (value as unknown)))
  @IsBoolean()
  explain?: boolean;
}

@ApiTags('entitlements')
@Controller()
@Scopes('platform:admin', 'platform:read', 'tenant:*')
export class EntitlementsController {
  constructor(
    private readonly entitlements: EntitlementsService,
    private readonly tenants: TenantsService,
    private readonly deployments: DeploymentsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get('subscription/tenants/:id/entitlements')
  @ApiOperation({ summary: 'What each deployment of a tenant is entitled to now, and on request by what' })
  @ApiOkResponse({ type: TenantEntitlementsDto })
  async ofTenant(
    @UuidParam('id') id: string,
    @Query() { explain = false }: ExplainQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<TenantEntitlementsDto> {
    const tx = this.unitOfWork.reader;
    await this.tenants.readable(tx, id, principal);
    const all = await this.entitlements.ofTenant(tx, id);
    return { tenantId: id, deployments: all.map((one) => entitlementsJson(one, explain)) };
  }

  @Get('deployments/:id/entitlements')
  @ApiOkResponse({ type: DeploymentEntitlementsDto })
  async ofDeployment(
    @UuidParam('id') id: string,
    @Query() { explain = false }: ExplainQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<DeploymentEntitlementsDto> {
    const tx = this.unitOfWork.reader;
    const deployment = await this.deployments.readable(tx, id, principal);
    return entitlementsJson(await this.entitlements.ofDeployment(tx, deployment), explain);
  }

  @Get('subscription/tenants/:id/plan')
  @ApiOperation({ summary: 'The plan of a tenant’s first deployment, and of all of them' })
  @ApiOkResponse({ type: TenantPlanDto })
  async plan(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<TenantPlanDto> {
    const tx = this.unitOfWork.reader;
    await this.tenants.readable(tx, id, principal);
    const plans = (await this.entitlements.ofTenant(tx, id)).map(planJson);
    // A tenant is made with its first deployment.
    return { tenantId: id, ...plans[0]!, deployments: plans };
  }
}
