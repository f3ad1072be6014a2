import { Body, Controller, Delete, Param, Post, Put } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  IdempotencyService, LocatedAt, MaybeIdempotent, MaybeIdempotencyKey, Scopes, UnitOfWork, UuidParam, type IdempotentRequest,
  type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { SubscriptionDto } from '../deployments/index.js';
import { AddonQuantityBody, AttachAddonBody } from './addons.dto.js';
import { Addons } from './addons.service.js';
import { SubscriptionViews } from './subscription-views.js';

@ApiTags('deployments')
@Controller('deployments/:id/addons')
@Scopes('platform:admin')
export class AddonsController {
  constructor(
    private readonly addons: Addons,
    private readonly views: SubscriptionViews,
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Its price and its grants are kept as they are sold now; it is charged for from now on. */
  @Post()
  @MaybeIdempotent()
  @ApiCreatedResponse({ type: SubscriptionDto })
  @LocatedAt({ 201: 'billing/subscriptions/{id}' })
  attach(
    @MaybeIdempotencyKey() request: IdempotentRequest | null,
    @UuidParam('id') id: string,
    @Body() body: AttachAddonBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    const { code, quantity = '1' } = body;
    return this.idempotency.maybe(request, async (tx) => {
      const subscription = await this.addons.attach(tx, id, { code, quantity }, actor);
      return { status: 201, body: await this.views.one(tx, subscription) };
    });
  }

  @Put(':code')
  @ApiOkResponse({ type: SubscriptionDto })
  async setQuantity(
    @UuidParam('id') id: string,
    @Param('code') code: string,
    @Body() { quantity }: AddonQuantityBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.unitOfWork.run(async (tx) =>
      this.views.one(tx, await this.addons.setQuantity(tx, id, { code, quantity }, actor)),
    );
  }

  /** It is charged for to now; what it granted is gone with the next license. */
  @Delete(':code')
  @ApiOkResponse({ type: SubscriptionDto })
  async detach(
    @UuidParam('id') id: string,
    @Param('code') code: string,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.unitOfWork.run(async (tx) => this.views.one(tx, await this.addons.detach(tx, id, code, actor)));
  }
}
