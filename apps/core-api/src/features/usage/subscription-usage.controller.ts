import { Body, Controller, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import { usageEventSchema } from '@biplane/contracts';
import { RefusalError } from '@biplane/kernel';
import { CurrentPrincipal, Scopes, type Principal } from '@biplane/service-kit';
import { UsageAnswerDto } from './control-usage.dto.js';
import { ControlUsage } from './control-usage.service.js';
import { UsageMetrics } from './usage.metrics.js';

const EVENT = usageEventSchema.json as object;

@ApiTags('usage')
@Controller('subscription/usage')
export class SubscriptionUsageController {
  constructor(
    private readonly usage: ControlUsage,
    private readonly metrics: UsageMetrics,
  ) {}

  /** One CloudEvent, or a list of at most 1,000. Answered when the accepted ones are durable; a rejected one spoils no other. */
  @Post()
  @HttpCode(202)
  @Scopes('usage:submit')
  @ApiOperation({ summary: 'Usage of the meters that core-api counts itself' })
  @ApiConsumes('application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json')
  @ApiBody({ schema: { oneOf: [EVENT, { type: 'array', maxItems: 1000, items: EVENT }] } })
  @ApiAcceptedResponse({ type: UsageAnswerDto })
  async submit(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Headers('content-length') length: string | undefined,
  ): Promise<UsageAnswerDto> {
    try {
      const answer = await this.usage.accept(body, principal);
      this.metrics.took(answer, bytesOf(length, body));
      return answer;
    } catch (error) {
      // A body that cannot be read is its sender's failure, not ours.
      if (!(error instanceof RefusalError)) this.metrics.failed();
      throw error;
    }
  }
}

/** A body that came in chunks did not say its length. */
function bytesOf(length: string | undefined, body: unknown): number {
  const said = Number.parseInt(length ?? '', 10);
  return Number.isSafeInteger(said) ? said : Buffer.byteLength(JSON.stringify(body));
}
