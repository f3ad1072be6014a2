import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import {
  ApiPage,
  CurrentPrincipal,
  KEY,
  page,
  principalMayRead,
  Scopes,
  UnitOfWork,
  UuidParam,
  type Page,
  type Principal,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { SubscriptionDto } from '../deployments/index.js';
import { SubscriptionViews } from './subscription-views.js';
import { SetTermBody, SubscriptionsQuery, termOf } from './subscriptions.dto.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';
import { Terms } from './terms.service.js';

@ApiTags('subscriptions')
@Controller('billing/subscriptions')
@Scopes('platform:admin', 'platform:read', 'tenant:*')
export class SubscriptionsController {
  constructor(
    private readonly store: SubscriptionsStore,
    private readonly terms: Terms,
    private readonly views: SubscriptionViews,
    private readonly unitOfWork: UnitOfWork,
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
    return { data: await this.views.many(tx, rows.data), page: rows.page };
  }

  @Get(':id')
  @ApiOkResponse({ type: SubscriptionDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<SubscriptionDto> {
    const tx = this.unitOfWork.reader;
    const subscription = await this.store.find(tx, id);
    if (!subscription || !principalMayRead(principal, subscription.tenantId)) {
      throw new RefusalError(SubscriptionErrors.NOT_FOUND({ detail: `There is no subscription ${id}` }));
    }
    return this.views.one(tx, subscription);
  }

  @Put(':id/term')
  @Scopes('platform:admin')
  @ApiOkResponse({ type: SubscriptionDto })
  async setTerm(
    @UuidParam('id') id: string,
    @Body() body: SetTermBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.views.one(this.unitOfWork.reader, await this.terms.set(id, termOf(body), body.reason, actor));
  }
}

/** A principal that came this far without a platform scope holds exactly one tenant's. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
