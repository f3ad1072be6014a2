import { Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, Scopes, UuidParam, type Principal } from '@biplane/service-kit';
import { ReservationResponse, TicketResponse } from './limits.dto.js';
import { LimitsService } from './limits.service.js';

@ApiTags('limits')
@Controller('internal/gate')
export class LimitsController {
  constructor(@Inject(LimitsService) private readonly limits: LimitsService) {}

  /** The work is done: what was held is used. A second confirmation answers what the first one did. */
  @Post('reservations/:id/confirm')
  @Scopes('entitlements:check')
  @HttpCode(200)
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ReservationResponse })
  async confirm(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<ReservationResponse> {
    return ReservationResponse.of(await this.limits.confirm(id, principal));
  }

  /** The work was not done: what was held is free again. A second release changes nothing. */
  @Post('reservations/:id/release')
  @Scopes('entitlements:check')
  @HttpCode(200)
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: ReservationResponse })
  async release(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<ReservationResponse> {
    return ReservationResponse.of(await this.limits.release(id, principal));
  }

  /** Where a queued request stands. Admitted, it names the reservation to confirm. */
  @Get('tickets/:id')
  @Scopes('entitlements:check')
  @ApiParam({ name: 'id', format: 'uuid' })
  @ApiOkResponse({ type: TicketResponse })
  async ticket(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<TicketResponse> {
    return TicketResponse.of(await this.limits.ticket(id, principal));
  }
}
