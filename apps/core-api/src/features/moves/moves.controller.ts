import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  CurrentPrincipal,
  Idempotent,
  IdempotencyKey,
  IdempotencyService,
  LocatedAt,
  Scopes,
  UnitOfWork,
  UuidParam,
  type IdempotentRequest,
  type Principal,
  type StoredAnswer,
} from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { OperationDto, operationJson } from '../operations/index.js';
import { MoveRequests } from './move-requests.service.js';
import { CancelMoveBody, MoveBody } from './moves.dto.js';
import { moveJson, MovesDto } from './moves.responses.js';
import { Moves } from './moves.service.js';

@ApiTags('moves')
@Controller('deployments')
export class MovesController {
  constructor(
    private readonly requests: MoveRequests,
    private readonly moves: Moves,
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** From the region's pool to a home of its own, or back. 422 with `reasons` when that cannot be, 409 while another one runs. */
  @Post(':id/move')
  @HttpCode(202)
  @Idempotent()
  @Scopes('platform:admin')
  @ApiAcceptedResponse({ type: OperationDto })
  @LocatedAt({ 202: 'operations/{id}' })
  move(
    @IdempotencyKey() request: IdempotentRequest,
    @UuidParam('id') id: string,
    @Body() { to, reason }: MoveBody,
    @CurrentActor() actor: Actor,
  ): Promise<StoredAnswer> {
    return this.idempotency.run(request, async (tx) => {
      const operation = await this.requests.start(tx, id, to, reason, actor);
      return { status: 202, body: operationJson(operation) };
    });
  }

  /** Undoes a move that has not flipped: the old home takes writes again. 422 once the new home was named. */
  @Post(':id/move/cancel')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOkResponse({ type: OperationDto })
  async cancel(
    @UuidParam('id') id: string,
    @Body() { reason }: CancelMoveBody,
    @CurrentActor() actor: Actor,
  ): Promise<OperationDto> {
    return operationJson(await this.unitOfWork.run((tx) => this.moves.cancel(tx, id, reason, actor)));
  }

  /** What became of the moves of a deployment: what each home reported, and for how long nothing could be written. */
  @Get(':id/moves')
  @Scopes('platform:admin', 'platform:read', 'tenant:*')
  @ApiOkResponse({ type: MovesDto })
  async list(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<MovesDto> {
    return { data: (await this.requests.list(id, principal)).map(moveJson) };
  }
}
