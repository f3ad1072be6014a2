import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Scopes } from '@biplane/service-kit';
import { InitializeRequest, TenantDatabaseResponse } from './tenancy.dto.js';
import { TenancyService } from './tenancy.service.js';
import type { TenantDatabaseRow } from './tenancy.store.js';
import { TenantServer } from './tenant-server.js';

@ApiTags('tenancy')
@Controller('internal')
export class TenancyController {
  constructor(
    @Inject(TenancyService) private readonly tenancy: TenancyService,
    @Inject(TenantServer) private readonly server: TenantServer,
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
