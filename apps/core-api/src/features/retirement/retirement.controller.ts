import { Body, Controller, Delete, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { LocatedAt, Scopes, UnitOfWork, UuidParam } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { operationJson, OperationDto } from '../operations/index.js';
import { TenantsService } from '../tenants/index.js';
import { RetiredTenantDto, RetirementReasonBody } from './retirement.dto.js';
import { Retirements } from './retirements.service.js';

@ApiTags('retirement')
@Controller()
@Scopes('platform:admin')
export class RetirementController {
  constructor(
    private readonly retirements: Retirements,
    private readonly tenants: TenantsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** It stops now, for good. The operation says how far its end is; asking again answers with the same one. */
  @Delete('deployments/:id')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: OperationDto })
  @LocatedAt({ 202: 'operations/{id}' })
  async retireDeployment(
    @UuidParam('id') id: string,
    @Body() body: RetirementReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<OperationDto> {
    return operationJson(await this.retirements.retireDeployment(id, body.reason, actor));
  }

  /** All its deployments stop now, for good; the tenant is archived with the last of them. */
  @Delete('tenants/:id')
  @HttpCode(202)
  @ApiAcceptedResponse({ type: RetiredTenantDto })
  @LocatedAt({ 202: 'tenants/{tenantId}' })
  async retireTenant(
    @UuidParam('id') id: string,
    @Body() body: RetirementReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<RetiredTenantDto> {
    const operations = await this.retirements.retireTenant(id, body.reason, actor);
    const { state } = await this.tenants.required(this.unitOfWork.reader, id);
    return { tenantId: id, state, operations: operations.map(operationJson) };
  }

  /** Its home will never report again: nothing is awaited of it any more, and what has failed for that goes on. */
  @Post('deployments/:id/retirement/give-up-home')
  @HttpCode(200)
  @ApiOkResponse({ type: OperationDto })
  async giveUpHome(
    @UuidParam('id') id: string,
    @Body() body: RetirementReasonBody,
    @CurrentActor() actor: Actor,
  ): Promise<OperationDto> {
    return operationJson(await this.retirements.giveUpHome(id, body.reason, actor));
  }
}
