import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  CurrentPrincipal,
  KEY,
  page,
  PageQuery,
  Scopes,
  UnitOfWork,
  UuidParam,
  type Principal,
} from '@biplane/service-kit';
import { DatabaseMigrator } from './database-migrator.js';
import type { RunCommand } from './domain/run-rules.js';
import { FleetService } from './fleet.service.js';
import { listRuns, tallyOf, type RunRow } from './fleet.store.js';
import { listFleet } from './fleet-view.store.js';
import {
  FleetQuery,
  FleetResponse,
  FleetRunResponse,
  FleetRunsResponse,
  MigrateFleetRequest,
  MigrateFleetResponse,
} from './fleet.dto.js';
import { showDatabase, showRun, skippedOf } from './fleet-view.js';

@ApiTags('fleet')
@Controller('internal/fleet')
export class FleetController {
  constructor(
    @Inject(FleetService) private readonly fleet: FleetService,
    @Inject(DatabaseMigrator) private readonly migrator: DatabaseMigrator,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Which database is at which migration. */
  @Get()
  @Scopes('internal:operate')
  @ApiOkResponse({ type: FleetResponse })
  async list(@Query() query: FleetQuery): Promise<FleetResponse> {
    const { schema, checksum } = this.migrator.target;
    const { state = null, schemaState = null, runId = null } = query;
    const filter = { targetVersion: schema.version, state, schemaState, runId };
    const found = await page(query, {
      fetch: ({ after, take }) => listFleet(this.unitOfWork.reader, filter, { after: after?.[0] ?? null, take }),
      keyOf: ({ deploymentId }) => [deploymentId],
      shape: [KEY.uuid],
    });
    const data = found.data.map((row) => showDatabase(row, this.migrator.target));
    return { schemaVersion: schema.version, checksum, data, page: found.page };
  }

  /** Brings all databases to the schema of this program: canaries first, then wave by wave. While a run is open, it is answered. */
  @Post('migrate')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: MigrateFleetResponse })
  async migrate(
    @Body() { dryRun = false, ...settings }: MigrateFleetRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<MigrateFleetResponse> {
    const plan = await this.fleet.plan(settings);
    const run = dryRun ? null : await this.fleet.begin(plan, settings, principal.clientId);
    return {
      schemaVersion: this.migrator.target.schema.version,
      databases: plan.databases,
      current: plan.current,
      plannedWaves: plan.waves,
      skipped: skippedOf(plan),
      run: run && (await this.show(run)),
    };
  }

  /** Newest first. */
  @Get('runs')
  @Scopes('internal:operate')
  @ApiOkResponse({ type: FleetRunsResponse })
  async runs(@Query() query: PageQuery): Promise<FleetRunsResponse> {
    const found = await page(query, {
      fetch: (window) => listRuns(this.unitOfWork.reader, window),
      keyOf: ({ createdAt, id }) => [createdAt.toISOString(), id],
      shape: [KEY.instant, KEY.uuid],
    });
    return { data: await Promise.all(found.data.map((run) => this.show(run))), page: found.page };
  }

  /** How far a run is; its databases stand at `GET /internal/fleet?runId=`. */
  @Get('runs/:id')
  @Scopes('internal:operate')
  @ApiOkResponse({ type: FleetRunResponse })
  async run(@UuidParam('id') id: string): Promise<FleetRunResponse> {
    return this.show(await this.fleet.find(id));
  }

  /** Begins no further database; those in hand are finished. */
  @Post('runs/:id/pause')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: FleetRunResponse })
  pause(@UuidParam('id') id: string): Promise<FleetRunResponse> {
    return this.command(id, 'pause');
  }

  /** A paused or stopped run goes on; what has failed so far does not stop it again. */
  @Post('runs/:id/continue')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: FleetRunResponse })
  goOn(@UuidParam('id') id: string): Promise<FleetRunResponse> {
    return this.command(id, 'continue');
  }

  /** Takes what failed or was skipped once more, and goes on. */
  @Post('runs/:id/retry')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: FleetRunResponse })
  retry(@UuidParam('id') id: string): Promise<FleetRunResponse> {
    return this.command(id, 'retry');
  }

  /** Ends the run where it is. Databases that are migrated stay so. */
  @Post('runs/:id/cancel')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: FleetRunResponse })
  cancel(@UuidParam('id') id: string): Promise<FleetRunResponse> {
    return this.command(id, 'cancel');
  }

  private async command(id: string, command: RunCommand): Promise<FleetRunResponse> {
    return this.show(await this.fleet.command(id, command));
  }

  private async show(run: RunRow): Promise<FleetRunResponse> {
    return showRun(run, await tallyOf(this.unitOfWork.reader, run.id));
  }
}
