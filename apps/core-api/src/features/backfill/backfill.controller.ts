import { Controller, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Scopes } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { BackfillDto, BackfillQuery } from './backfill.dto.js';
import { Backfill } from './backfill.service.js';

@ApiTags('billing')
@Controller('admin/billing')
@Scopes('platform:admin')
export class BackfillController {
  constructor(private readonly backfill: Backfill) {}

  @Post('backfill')
  @HttpCode(200)
  @ApiOperation({ summary: 'Fill in what the histories of live deployments lack; again, it inserts nothing' })
  @ApiOkResponse({ type: BackfillDto })
  run(@Query() query: BackfillQuery, @CurrentActor() actor: Actor): Promise<BackfillDto> {
    return this.backfill.run(query.dryRun === 'true', actor);
  }
}
