import { Body, Controller, Get, Headers, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiConsumes, ApiOperation, ApiTags } from '@nestjs/swagger';
import { usageEventSchema } from '@biplane/contracts';
import { RefusalError } from '@biplane/kernel';
import {
  ApiPage,
  CurrentPrincipal,
  mapPage,
  page,
  Scopes,
  TENANT_SCOPE,
  UuidParam,
  type Page,
  type Principal,
} from '@biplane/service-kit';
import { UsageAnswerDto } from './control-usage.dto.js';
import { ControlUsage } from './control-usage.service.js';
import { TenantUsageQuery, UsageTotalDto, usageTotalDto } from './usage-report.dto.js';
import { UsageReport, type UsagePosition } from './usage-report.service.js';
import { UsageMetrics } from './usage.metrics.js';

const EVENT = usageEventSchema.json as object;

@ApiTags('usage')
@Controller('subscription/usage')
export class SubscriptionUsageController {
  constructor(
    private readonly usage: ControlUsage,
    private readonly metrics: UsageMetrics,
    private readonly report: UsageReport,
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
      if (!(error instanceof RefusalError) || error.failure.status >= 500) this.metrics.failed(eventsOf(body));
      throw error;
    }
  }

  @Get(':tenantId')
  @Scopes('platform:admin', 'platform:read', TENANT_SCOPE)
  @ApiOperation({ summary: 'What a tenant used, by meter, and by region, hour or day' })
  @ApiPage(UsageTotalDto)
  async show(
    @UuidParam('tenantId') tenantId: string,
    @Query() query: TenantUsageQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<Page<UsageTotalDto>> {
    const question = await this.report.question(tenantId, query, principal);
    const found = await page(query, {
      fetch: ({ after, take }) => this.report.rows(question, positionOf(after), take),
      keyOf: ({ bucket, meter }) => [bucket, meter],
      shape: [/^[a-zA-Z0-9.:-]{0,64}$/, /^[a-z0-9_]{1,63}$/],
    });
    return mapPage(found, (row) => usageTotalDto(row, question));
  }
}

function positionOf(key: readonly string[] | null): UsagePosition | null {
  const [bucket, meter] = key ?? [];
  return bucket === undefined || meter === undefined ? null : { bucket, meter };
}

/** A body that came in chunks did not say its length. */
function bytesOf(length: string | undefined, body: unknown): number {
  const said = Number.parseInt(length ?? '', 10);
  return Number.isSafeInteger(said) ? said : Buffer.byteLength(JSON.stringify(body));
}

const eventsOf = (body: unknown): number => (Array.isArray(body) ? body.length : 1);
