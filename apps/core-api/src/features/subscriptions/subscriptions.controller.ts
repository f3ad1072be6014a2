import { Body, Controller, Get, HttpCode, Inject, Post, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError, type Clock } from '@biplane/kernel';
import {
  ApiPage, CLOCK, CurrentPrincipal, KEY, mapPage, page, principalMayRead, Scopes, UnitOfWork, UuidParam, type Page, type Principal,
  type Tx,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { DeploymentsService, SubscriptionDto, subscriptionStatusOf } from '../deployments/index.js';
import { PlanChanges } from './plan-changes.service.js';
import type { Subscription } from './subscription.js';
import { ChangePlanBody, SetTermBody, SubscriptionsQuery, termOf } from './subscriptions.dto.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { subscriptionJson } from './subscriptions.json.js';
import { SubscriptionsStore } from './subscriptions.store.js';
import { Terms } from './terms.service.js';

@ApiTags('subscriptions')
@Controller('billing/subscriptions')
@Scopes('platform:admin', 'platform:read', 'tenant:*')
export class SubscriptionsController {
  constructor(
    private readonly store: SubscriptionsStore,
    private readonly planChanges: PlanChanges,
    private readonly terms: Terms,
    private readonly deployments: DeploymentsService,
    private readonly unitOfWork: UnitOfWork,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** A tenant's own token sees its own, whatever it filters for. */
  @Get()
  @ApiPage(SubscriptionDto)
  async list(
    @Query() query: SubscriptionsQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<SubscriptionDto>> {
    const { limit, cursor, ...filter } = query;
    const tx = this.unitOfWork.reader;
    const readsAll = principal.scopes.some((scope) => scope === 'platform:admin' || scope === 'platform:read');
    const isForeign = !readsAll && filter.tenantId !== undefined && filter.tenantId !== principal.tenantId;
    if (isForeign) return { data: [], page: { nextCursor: null, hasMore: false } };
    const scoped = readsAll ? filter : { ...filter, tenantId: principal.tenantId ?? NOBODY };
    const rows = await page(
      { limit, cursor },
      {
        fetch: ({ after, take }) => this.store.list(tx, scoped, after?.[0] ?? null, take),
        keyOf: (subscription) => [subscription.id],
        shape: [KEY.uuid],
      },
    );
    const states = await this.deployments.findMany(
      tx,
      rows.data.map(({ deploymentId }) => deploymentId),
    );
    return mapPage(rows, (subscription) => this.json(subscription, states.get(subscription.deploymentId)!.state));
  }

  @Get(':id')
  @ApiOkResponse({ type: SubscriptionDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<SubscriptionDto> {
    const tx = this.unitOfWork.reader;
    const subscription = await this.store.find(tx, id);
    if (!subscription || !principalMayRead(principal, subscription.tenantId)) {
      throw new RefusalError(SubscriptionErrors.NOT_FOUND({ detail: `There is no subscription ${id}` }));
    }
    return this.show(tx, subscription);
  }

  @Post(':id/change-plan')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: SubscriptionDto })
  async changePlan(
    @UuidParam('id') id: string,
    @Body() body: ChangePlanBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.show(this.unitOfWork.reader, await this.planChanges.change(id, body, actor));
  }

  @Put(':id/term')
  @Scopes('platform:admin')
  @ApiOkResponse({ type: SubscriptionDto })
  async setTerm(
    @UuidParam('id') id: string,
    @Body() body: SetTermBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.show(this.unitOfWork.reader, await this.terms.set(id, termOf(body), body.reason, actor));
  }

  private async show(tx: Tx, subscription: Subscription): Promise<SubscriptionDto> {
    const { state } = await this.deployments.required(tx, subscription.deploymentId);
    return this.json(subscription, state);
  }

  private json(subscription: Subscription, state: Parameters<typeof subscriptionStatusOf>[0]): SubscriptionDto {
    const ended = subscription.endedAt !== null && subscription.endedAt <= this.clock.now();
    return subscriptionJson(subscription, subscriptionStatusOf(state, ended));
  }
}

/** A principal that came this far without a platform scope holds exactly one tenant's. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
