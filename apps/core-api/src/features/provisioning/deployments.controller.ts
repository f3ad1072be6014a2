import { Body, Controller, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  Idempotent, IdempotencyKey, IdempotencyService, LocatedAt, MaybeIdempotencyKey, MaybeIdempotent, Scopes, UuidParam,
  type IdempotentRequest, type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { deploymentJson } from '../deployments/index.js';
import { operationJson } from '../operations/index.js';
import { SubscriptionViews } from '../subscriptions/index.js';
import { CreateDeploymentBody, StartSubscriptionBody, SubscribeBody } from './deployments.dto.js';
import { DryRunQuery, PlannedDeploymentDto } from './dry-run.dto.js';
import { DryRuns } from './dry-runs.service.js';
import { FurtherDeployments } from './further-deployments.service.js';
import { CreatedDeploymentDto, SubscribedDto } from './provisioning.responses.js';

@ApiTags('deployments')
@Controller()
@Scopes('platform:admin')
export class FurtherDeploymentsController {
  constructor(
    private readonly deployments: FurtherDeployments,
    private readonly views: SubscriptionViews,
    private readonly dryRuns: DryRuns,
    private readonly idempotency: IdempotencyService,
  ) {}

  /** With a plan it is provisioned like the tenant's first one (202); without one it is recorded and waits for it (201). */
  @Post('deployments')
  @Idempotent()
  @ApiOkResponse({ type: PlannedDeploymentDto, description: 'Of a dry run' })
  @ApiAcceptedResponse({ type: CreatedDeploymentDto })
  @ApiCreatedResponse({ type: CreatedDeploymentDto })
  @LocatedAt({ 201: 'deployments/{deployment.id}', 202: 'operations/{operation.id}' })
  create(
    @IdempotencyKey() request: IdempotentRequest,
    @Query() { dryRun }: DryRunQuery,
    @Body() body: CreateDeploymentBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    if (dryRun === 'true') return this.dryRuns.ofDeployment(body, actor);
    return this.idempotency.run(request, async (tx) => {
      const { deployment, provisioned } = await this.deployments.create(tx, body, actor);
      const created: CreatedDeploymentDto = {
        deployment: deploymentJson(deployment),
        operation: provisioned && operationJson(provisioned.operation),
        inviteToken: provisioned?.inviteToken ?? null,
      };
      return { status: provisioned ? 202 : 201, body: created, secretPointers: ['/inviteToken'] };
    });
  }

  @Post('deployments/:id/subscribe')
  @MaybeIdempotent()
  @ApiCreatedResponse({ type: SubscribedDto })
  @LocatedAt({ 201: 'billing/subscriptions/{id}' })
  subscribe(
    @MaybeIdempotencyKey() request: IdempotentRequest | null,
    @UuidParam('id') id: string,
    @Body() body: SubscribeBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    return this.start(request, id, body, actor);
  }

  /** The same, by the name of what is made. */
  @Post('billing/subscriptions')
  @MaybeIdempotent()
  @ApiTags('subscriptions')
  @ApiCreatedResponse({ type: SubscribedDto })
  @LocatedAt({ 201: 'billing/subscriptions/{id}' })
  startSubscription(
    @MaybeIdempotencyKey() request: IdempotentRequest | null,
    @Body() { deploymentId, ...body }: StartSubscriptionBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    return this.start(request, deploymentId, body, actor);
  }

  private start(
    request: IdempotentRequest | null,
    deploymentId: string,
    body: SubscribeBody,
    actor: Actor,
  ): Promise<StoredAnswer> {
    return this.idempotency.maybe(request, async (tx) => {
      const { subscription, operation, inviteToken } = await this.deployments.subscribe(tx, deploymentId, body, actor);
      const view = await this.views.one(tx, subscription);
      const started: SubscribedDto = { ...view, operation: operationJson(operation), inviteToken };
      return { status: 201, body: started, secretPointers: ['/inviteToken'] };
    });
  }
}
