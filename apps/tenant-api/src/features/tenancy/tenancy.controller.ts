import { Body, Controller, Get, HttpCode, Inject, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { page, PageQuery, Scopes, UnitOfWork, KEY } from '@biplane/service-kit';
import { FleetResponse, InitializeRequest, TenantDatabaseResponse } from './tenancy.dto.js';
import { TenancyService } from './tenancy.service.js';
import { listDatabases, type TenantDatabaseRow } from './tenancy.store.js';
import { TenantServer } from './tenant-server.js';

@ApiTags('tenancy')
@Controller('internal')
export class TenancyController {
  constructor(
    @Inject(TenancyService) private readonly tenancy: TenancyService,
    @Inject(TenantServer) private readonly server: TenantServer,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Makes the deployment's database ready and answers when it is. What is ready stays as it is. */
  @Post('database/initialize')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: TenantDatabaseResponse })
  async initialize(@Body() request: InitializeRequest): Promise<TenantDatabaseResponse> {
    const { deploymentId, replaceLost = false } = request;
    return this.show(await this.tenancy.initialize(deploymentId, { mayReplaceLost: replaceLost }));
  }

  /** Which database is at which migration. */
  @Get('fleet')
  @Scopes('internal:operate')
  @ApiOkResponse({ type: FleetResponse })
  async fleet(@Query() query: PageQuery): Promise<FleetResponse> {
    const found = await page(query, {
      fetch: ({ after, take }) => listDatabases(this.unitOfWork.reader, { after: after?.[0] ?? null, take }),
      keyOf: ({ deploymentId }) => [deploymentId],
      shape: [KEY.uuid],
    });
    return {
      schemaVersion: this.server.schema.version,
      data: found.data.map((row) => this.show(row)),
      page: found.page,
    };
  }

  private show(row: TenantDatabaseRow): TenantDatabaseResponse {
    const { deploymentId, tenantId, name, state, reason, schemaVersion, epoch, adminBootstrapped, attempts } = row;
    return {
      ...{ deploymentId, tenantId, name, state, reason, schemaVersion, epoch, adminBootstrapped, attempts },
      isCurrent: schemaVersion === this.server.schema.version,
      nextAttemptAt: row.nextAttemptAt?.toISOString() ?? null,
      readyAt: row.readyAt?.toISOString() ?? null,
    };
  }
}
