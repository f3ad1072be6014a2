import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, Scopes, UuidParam, type Principal } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { operationJson } from './operations.json.js';
import { OperationDto } from './operations.responses.js';
import { Operations } from './operations.service.js';

@ApiTags('operations')
@Controller('operations')
export class OperationsController {
  constructor(private readonly operations: Operations) {}

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
