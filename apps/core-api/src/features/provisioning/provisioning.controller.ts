import { Body, Controller, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  Idempotent, IdempotencyKey, IdempotencyService, LocatedAt, Scopes, type IdempotentRequest, type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { deploymentJson } from '../deployments/index.js';
import { operationJson } from '../operations/index.js';
import { DryRunQuery, PlannedDeploymentDto } from './dry-run.dto.js';
import { DryRuns } from './dry-runs.service.js';
import { CreateTenantBody } from './provisioning.dto.js';
import { CreatedTenantDto } from './provisioning.responses.js';
import { TenantProvisioningService } from './tenant-provisioning.service.js';

@ApiTags('tenants')
@Controller('tenants')
export class ProvisioningController {
  constructor(
    private readonly provisioning: TenantProvisioningService,
    private readonly dryRuns: DryRuns,
    private readonly idempotency: IdempotencyService,
  ) {}

  /** 202: the operation says when the data plane did its part. The invite token is shown once. */
  @Post()
  @HttpCode(202)
  @Idempotent()
  @Scopes('platform:admin')
  @ApiOkResponse({ type: PlannedDeploymentDto, description: 'Of a dry run' })
  @ApiAcceptedResponse({ type: CreatedTenantDto })
  @LocatedAt({ 202: 'operations/{operation.id}' })
  createTenant(
    @IdempotencyKey() request: IdempotentRequest,
    @Query() { dryRun }: DryRunQuery,
    @Body() body: CreateTenantBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    if (dryRun === 'true') return this.dryRuns.ofTenant(body, actor);
    return this.idempotency.run(request, async (tx) => {
      const { tenant, deployment, operation, inviteToken } = await this.provisioning.createTenant(tx, body, actor);
      const created: CreatedTenantDto = {
        tenant,
        deployment: deploymentJson(deployment),
        operation: operationJson(operation),
        inviteToken,
      };
      return { status: 202, body: created, secretPointers: ['/inviteToken'] };
    });
  }
}
