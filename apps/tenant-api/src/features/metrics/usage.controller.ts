import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiTags } from '@nestjs/swagger';
import { usageEventSchema } from '@biplane/contracts';
import { RefusalError } from '@biplane/kernel';
import { CurrentPrincipal, principalMayUseRegion, Scopes, type Principal } from '@biplane/service-kit';
import type { FastifyRequest } from 'fastify';
import { HOME, Ungated, type HomeIdentity } from '../license/index.js';
import { UsageIntakeErrors } from '@biplane/metering';
import { MetricsService } from './metrics.service.js';
import { UsageResponse } from './usage.dto.js';
import { UsageMetrics } from './usage.metrics.js';

const EVENT = usageEventSchema.json as object;

@ApiTags('usage')
@Controller('usage')
export class UsageController {
  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(MetricsService) private readonly usage: MetricsService,
    @Inject(UsageMetrics) private readonly metrics: UsageMetrics,
  ) {}

  /** One CloudEvent, or a list of at most 1,000. Answered when the accepted ones are durable; a rejected one spoils no other. */
  @Post()
  @HttpCode(202)
  @Scopes('usage:submit')
  @Ungated('usage is counted whatever the license says')
  @ApiConsumes('application/cloudevents+json', 'application/cloudevents-batch+json', 'application/json')
  @ApiBody({ schema: { oneOf: [EVENT, { type: 'array', maxItems: 1000, items: EVENT }] } })
  @ApiAcceptedResponse({ type: UsageResponse })
  async submit(
    @Body() body: unknown,
    @CurrentPrincipal() principal: Principal,
    @Req() request: FastifyRequest,
  ): Promise<UsageResponse> {
    if (!principalMayUseRegion(principal, this.home.region)) {
      throw new RefusalError(UsageIntakeErrors.REGION_FORBIDDEN({ detail: 'This client is bound to another region' }));
    }
    try {
      const answer = await this.usage.accept(body, principal.tenantId);
      this.metrics.took(answer, bytesOf(request, body));
      return answer;
    } catch (error) {
      // A body that cannot be read is its sender's failure, not ours.
      if (!(error instanceof RefusalError) || error.failure.status >= 500) this.metrics.failed(eventsOf(body));
      throw error;
    }
  }
}

const eventsOf = (body: unknown): number => (Array.isArray(body) ? body.length : 1);

/** A body that came in chunks did not say its length. */
function bytesOf({ headers }: FastifyRequest, body: unknown): number {
  const said = Number(headers['content-length']);
  return Number.isSafeInteger(said) ? said : Buffer.byteLength(JSON.stringify(body));
}
