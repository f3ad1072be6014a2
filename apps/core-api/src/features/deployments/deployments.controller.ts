import { Body, Controller, Delete, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
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
import { BillingActions } from './billing-actions.service.js';
import { DeploymentDetails } from './deployment-details.js';
import { DeploymentLifecycle } from './deployment-lifecycle.js';
import { BillingActionSuspendedBody, DeploymentsQuery, TransitionBody } from './deployments.dto.js';
import { deploymentJson } from './deployments.json.js';
import { DeploymentDto, DeploymentPageDto } from './deployments.responses.js';
import { DeploymentsService } from './deployments.service.js';

@ApiTags('deployments')
@Controller('deployments')
@Scopes('platform:admin', 'platform:read', 'tenant:*')
export class DeploymentsController {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly billingActions: BillingActions,
    private readonly details: DeploymentDetails,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** A tenant's own token sees its own, whatever it filters for. */
  @Get()
  @ApiPage(DeploymentDto)
  async list(@Query() query: DeploymentsQuery, @CurrentPrincipal() principal: Principal): Promise<Page<DeploymentDto>> {
    const { limit, cursor, ...filter } = query;
    const scoped = ownOnly(filter, principal);
    if (scoped === null) return { data: [], page: { nextCursor: null, hasMore: false } };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.deployments.list(scoped, after?.[0] ?? null, take),
        keyOf: (deployment) => [deployment.id],
        shape: [KEY.uuid],
      },
    );
    return mapPage(rows, deploymentJson);
  }

  @Get(':id')
  @ApiOkResponse({ type: DeploymentPageDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<DeploymentPageDto> {
    const tx = this.unitOfWork.reader;
    const deployment = await this.deployments.readable(tx, id, principal);
    return {
      ...deploymentJson(deployment),
      placements: deployment.placements.map(({ homeId, epoch, from, to }) => ({ homeId, epoch, from, to })),
      events: await this.deployments.events(tx, id),
      ...(await this.details.of(tx, deployment)),
    };
  }

  @Post(':id/transition')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: DeploymentDto })
  async transition(
    @UuidParam('id') id: string,
    @Body() body: TransitionBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeploymentDto> {
    const request = { deploymentId: id, to: body.to, reason: body.reason, actor };
    const { deployment } = await this.unitOfWork.run((tx) => this.lifecycle.transition(tx, request));
    return deploymentJson(deployment);
  }

  /** An unpaid invoice changes nothing of this deployment by itself; what an operator decides is done all the same. */
  @Put(':id/billing-action-suspended')
  @Scopes('platform:admin')
  @ApiOkResponse({ type: DeploymentDto })
  async setBillingActionSuspended(
    @UuidParam('id') id: string,
    @Body() body: BillingActionSuspendedBody,
    @CurrentActor() actor: Actor,
  ): Promise<DeploymentDto> {
    return deploymentJson(await this.billingActions.setSuspended(id, body.suspended, body.reason, actor));
  }

  /** The same as `{"suspended": false}`. */
  @Delete(':id/billing-action-suspended')
  @Scopes('platform:admin')
  @ApiOkResponse({ type: DeploymentDto })
  async removeBillingActionSuspended(
    @UuidParam('id') id: string,
    @CurrentActor() actor: Actor,
  ): Promise<DeploymentDto> {
    return deploymentJson(await this.billingActions.setSuspended(id, false, 'removed', actor));
  }
}

/** Null when a tenant's token asks for another tenant: it owns none of those. */
function ownOnly<F extends { tenantId?: string }>(filter: F, principal: Principal): F | null {
  if (principal.scopes.some((scope) => scope === 'platform:admin' || scope === 'platform:read')) return filter;
  if (filter.tenantId !== undefined && filter.tenantId !== principal.tenantId) return null;
  // A principal that came this far without a platform scope holds exactly one tenant's.
  return { ...filter, tenantId: principal.tenantId ?? '00000000-0000-0000-0000-000000000000' };
}
