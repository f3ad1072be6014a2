import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  CurrentPrincipal, Idempotent, IdempotencyKey, IdempotencyService, Scopes, UuidParam, type IdempotentRequest, type Principal,
  type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import { CurrentActor, type Actor } from '../audit/index.js';
import { deploymentJson } from '../deployments/index.js';
import { OperationsService } from './operations.service.js';
import { operationJson } from './operations.json.js';
import { CreateTenantBody } from './provisioning.dto.js';
import { CreatedTenantDto, OperationDto } from './provisioning.responses.js';
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
  @ApiAcceptedResponse({ type: CreatedTenantDto })
  createTenant(
    @IdempotencyKey() request: IdempotentRequest,
    @Body() body: CreateTenantBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    return this.idempotency.run(request, async (tx) => {
      const { tenant, deployment, operation, inviteToken } = await this.provisioning.createTenant(tx, body, actor);
      const created: CreatedTenantDto = {
        tenant,
        deployment: deploymentJson(deployment),
        operation: operationJson(operation),
        inviteToken,
      };
      return {
        status: 202,
        headers: { location: `/api/v1/operations/${operation.id}` },
        body: created,
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
  @ApiOkResponse({ type: OperationDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<OperationDto> {
    return operationJson(await this.operations.readable(id, principal));
  }

  @Post(':id/retry')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: OperationDto })
  async retry(@UuidParam('id') id: string, @CurrentActor() actor: Actor): Promise<OperationDto> {
    return operationJson(await this.operations.retry(id, actor));
  }
}
