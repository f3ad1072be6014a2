import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  CurrentPrincipal, Idempotent, IdempotencyKey, IdempotencyService, Scopes, UuidParam, type IdempotentRequest, type Principal,
  type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { deploymentJson } from '../deployments/index.js';
import { OperationsService } from './operations.service.js';
import type { Operation } from './operations.store.js';
import { CreateTenantBody } from './provisioning.dto.js';
import { TenantProvisioningService } from './tenant-provisioning.service.js';

@ApiTags('tenants')
@Controller('tenants')
export class ProvisioningController {
  constructor(
    private readonly provisioning: TenantProvisioningService,
    private readonly idempotency: IdempotencyService,
  ) {}

  /** 202: the operation says when the data plane did its part. The invite token is shown once. */
  @Post()
  @HttpCode(202)
  @Idempotent()
  @Scopes('platform:admin')
  createTenant(
    @IdempotencyKey() request: IdempotentRequest,
    @Body() body: CreateTenantBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    return this.idempotency.run(request, async (tx) => {
      const { tenant, deployment, operation, inviteToken } = await this.provisioning.createTenant(tx, body, actor);
      return {
        status: 202,
        headers: { location: `/api/v1/operations/${operation.id}` },
        body: { tenant, deployment: deploymentJson(deployment), operation: operationJson(operation), inviteToken },
        secretPointers: ['/inviteToken'],
      };
    });
  }
}

@ApiTags('operations')
@Controller('operations')
export class OperationsController {
  constructor(private readonly operations: OperationsService) {}

  @Get(':id')
  @Scopes('platform:admin', 'platform:read', 'tenant:*')
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<unknown> {
    return operationJson(await this.operations.readable(id, principal));
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Scopes('platform:admin')
  async retry(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<unknown> {
    return operationJson(await this.operations.retry(id, actor));
  }
}

function operationJson({
  id,
  kind,
  tenantId,
  deploymentId,
  state,
  reason,
  steps,
  createdAt,
  endedAt,
  deadlineAt,
}: Operation) {
  return { id, kind, tenantId, deploymentId, state, reason, steps, createdAt, endedAt, nextActionAt: deadlineAt };
}
