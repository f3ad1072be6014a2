import { Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ApiPage, KEY, LocatedAt, mapPage, page, Scopes, UnitOfWork, UuidParam, type Page } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { RollupDto, RollupListQuery, RollupQuery, StandingParkedDto } from './rollup.dto.js';
import { rehearsalJson, runJson, standingJson } from './rollup.json.js';
import { PARKED_SHOWN, Rollups } from './rollup.service.js';
import { RollupStore, type Run } from './rollup.store.js';

interface Reply {
  status(code: number): unknown;
}

@ApiTags('billing')
@Controller('admin/billing')
export class RollupController {
  constructor(
    private readonly rollups: Rollups,
    private readonly store: RollupStore,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Post('rollup')
  @HttpCode(200)
  @Scopes('platform:admin', 'billing:write')
  @ApiOperation({ summary: 'Invoice a month of every tenant whose month is over; again, it issues what was left' })
  @ApiOkResponse({ type: RollupDto, description: 'It has ended, or was a dry run' })
  @ApiAcceptedResponse({ type: RollupDto, description: 'It is not over after 20 s and goes on; see Location' })
  @LocatedAt({ 202: 'admin/billing/rollups/{id}' })
  async run(
    @Query() query: RollupQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<RollupDto> {
    const [month, force] = [query.period, query.force === 'true'];
    if (query.dryRun === 'true') {
      return rehearsalJson({ month, force }, await this.rollups.rehearse(month, force, actor));
    }
    const run = await this.rollups.demand(month, force, actor);
    if (run.endedAt === null) reply.status(202);
    return this.shown(run);
  }

  @Get('rollups')
  @Scopes('platform:admin', 'platform:read', 'billing:write')
  @ApiOperation({ summary: 'Roll-ups that run or ran, newest first' })
  @ApiPage(RollupDto)
  async list(@Query() query: RollupListQuery): Promise<Page<RollupDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) => {
        const [at, id] = after ?? [];
        const position = at === undefined || id === undefined ? null : { at: new Date(at), id };
        return this.store.list(this.unitOfWork.reader, query.period ?? null, position, take);
      },
      keyOf: ({ at, id }) => [at.toISOString(), id],
      shape: [KEY.instant, KEY.uuid],
    });
    return { ...found, data: await Promise.all(found.data.map((run) => this.shown(run))) };
  }

  @Get('rollups/parked')
  @Scopes('platform:admin', 'platform:read', 'billing:write')
  @ApiOperation({ summary: 'Tenants that stand parked: no roll-up could invoice them since' })
  @ApiPage(StandingParkedDto)
  async parked(@Query() query: RollupListQuery): Promise<Page<StandingParkedDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) => {
        const [month, tenantId] = after ?? [];
        const position = month === undefined || tenantId === undefined ? null : { month, tenantId };
        return this.store.standing(this.unitOfWork.reader, query.period ?? null, position, take);
      },
      keyOf: ({ month, tenantId }) => [month, tenantId],
      shape: [/^\d{4}-\d{2}$/, KEY.uuid],
    });
    return mapPage(found, standingJson);
  }

  @Get('rollups/:id')
  @Scopes('platform:admin', 'platform:read', 'billing:write')
  @ApiOperation({ summary: 'Show a roll-up: how far it is, what it issued, whom it parked and why' })
  @ApiOkResponse({ type: RollupDto })
  async show(@UuidParam('id') id: string): Promise<RollupDto> {
    return this.shown(await this.rollups.show(this.unitOfWork.reader, id));
  }

  private async shown(run: Run): Promise<RollupDto> {
    const parked =
      run.tally.parked === 0 ? [] : await this.store.parkedBy(this.unitOfWork.reader, run.id, PARKED_SHOWN);
    return runJson(run, parked);
  }
}
