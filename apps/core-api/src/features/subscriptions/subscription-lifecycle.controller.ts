import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { Scopes, UnitOfWork, UuidParam } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { SubscriptionDto } from '../deployments/index.js';
import { PlanChangePreviewDto, planChangePreviewJson } from './plan-change-previews.responses.js';
import { PlanChangePreviews } from './plan-change-previews.service.js';
import { PlanChanges } from './plan-changes.service.js';
import type { Subscription } from './subscription.js';
import { SubscriptionLifecycle } from './subscription-lifecycle.service.js';
import { SubscriptionViews } from './subscription-views.js';
import { CancelBody, ChangePlanBody, SubscriptionReasonBody } from './subscriptions.dto.js';
import { CancelledSubscriptionDto } from './subscriptions.responses.js';

@ApiTags('subscriptions')
@Controller('billing/subscriptions/:id')
@Scopes('platform:admin')
@ApiExtraModels(PlanChangePreviewDto, SubscriptionDto)
export class SubscriptionLifecycleController {
  constructor(
    private readonly lifecycle: SubscriptionLifecycle,
    private readonly planChanges: PlanChanges,
    private readonly previews: PlanChangePreviews,
    private readonly views: SubscriptionViews,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Its license is suspended and its days are not charged, until it is resumed. */
  @Post('pause')
  @HttpCode(200)
  @ApiOkResponse({ type: SubscriptionDto })
  async pause(
    @UuidParam('id') id: string,
    @Body() body: SubscriptionReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.show(await this.lifecycle.pause(id, body.reason, actor));
  }

  @Post('resume')
  @HttpCode(200)
  @ApiOkResponse({ type: SubscriptionDto })
  async resume(
    @UuidParam('id') id: string,
    @Body() body: SubscriptionReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto> {
    return this.show(await this.lifecycle.resume(id, body.reason, actor));
  }

  /** `period_end`: it works to the end of what is paid for, of a trial to its end. `now`: it stops, and is charged to now. */
  @Post('cancel')
  @HttpCode(200)
  @ApiOkResponse({ type: CancelledSubscriptionDto })
  async cancel(
    @UuidParam('id') id: string,
    @Body() body: CancelBody,
    @CurrentActor() actor: Actor,
  ): Promise<CancelledSubscriptionDto> {
    const { subscription, remaining } = await this.lifecycle.cancel(id, body.at, body.reason, actor);
    return { ...(await this.show(subscription)), remaining };
  }

  /** With `preview` the lines of this month and the next, as they are and as they would be, and nothing is changed. */
  @Post('change-plan')
  @HttpCode(200)
  @ApiOkResponse({
    schema: { oneOf: [{ $ref: getSchemaPath(SubscriptionDto) }, { $ref: getSchemaPath(PlanChangePreviewDto) }] },
  })
  async changePlan(
    @UuidParam('id') id: string,
    @Body() body: ChangePlanBody,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDto | PlanChangePreviewDto> {
    if (body.preview === true) return planChangePreviewJson(await this.previews.preview(id, body, actor));
    return this.show(await this.planChanges.change(id, body, actor));
  }

  private show(subscription: Subscription): Promise<SubscriptionDto> {
    return this.views.one(this.unitOfWork.reader, subscription);
  }
}
