import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiPage, KEY, mapPage, page, Scopes, UuidParam, type Page } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import {
  QuarantineDecisionDto,
  QuarantinedRecordDto,
  quarantinedRecordDto,
  QuarantineQuery,
} from './quarantine.dto.js';
import { QuarantineService } from './quarantine.service.js';
import type { QuarantinePosition } from './quarantine.store.js';

@ApiTags('usage')
@Controller('admin/usage/quarantine')
export class QuarantineController {
  constructor(private readonly quarantine: QuarantineService) {}

  @Get()
  @Scopes('platform:admin', 'platform:read')
  @ApiOperation({ summary: 'Records of the homes that broke a rule and are not counted, newest first' })
  @ApiPage(QuarantinedRecordDto)
  async list(@Query() query: QuarantineQuery): Promise<Page<QuarantinedRecordDto>> {
    const { reason, region, type, state, tenantId, deploymentId } = query;
    const deploymentIds = deploymentId === undefined ? undefined : [deploymentId.toLowerCase()];
    const filter = { reason, region, type, state, deploymentIds, tenantId: tenantId?.toLowerCase() };
    const found = await page(query, {
      fetch: ({ after, take }) => this.quarantine.list(filter, positionOf(after), take),
      keyOf: ({ receivedAt, id }) => [receivedAt.toISOString(), id],
      shape: [KEY.instant, KEY.uuid],
    });
    return mapPage(found, quarantinedRecordDto);
  }

  @Get(':id')
  @Scopes('platform:admin', 'platform:read')
  @ApiOperation({ summary: 'Show a quarantined record, and what was decided of it' })
  @ApiOkResponse({ type: QuarantinedRecordDto })
  async show(@UuidParam('id') id: string): Promise<QuarantinedRecordDto> {
    return quarantinedRecordDto(await this.quarantine.show(id));
  }

  @Post(':id/release')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOperation({ summary: 'Count it after all, by the present rules but for its age; its bill waits no longer' })
  @ApiOkResponse({ type: QuarantinedRecordDto })
  async release(
    @UuidParam('id') id: string,
    @Body() { reason }: QuarantineDecisionDto,
    @CurrentActor() actor: Actor,
  ): Promise<QuarantinedRecordDto> {
    return quarantinedRecordDto(await this.quarantine.release(id, reason, actor));
  }

  @Post(':id/discard')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOperation({ summary: 'Never count it; it stays, marked, and its bill waits no longer' })
  @ApiOkResponse({ type: QuarantinedRecordDto })
  async discard(
    @UuidParam('id') id: string,
    @Body() { reason }: QuarantineDecisionDto,
    @CurrentActor() actor: Actor,
  ): Promise<QuarantinedRecordDto> {
    return quarantinedRecordDto(await this.quarantine.discard(id, reason, actor));
  }
}

function positionOf(key: readonly string[] | null): QuarantinePosition | null {
  const [receivedAt, id] = key ?? [];
  return receivedAt === undefined || id === undefined ? null : { receivedAt: new Date(receivedAt), id };
}
