import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { CurrentPrincipal, Scopes, UnitOfWork, UuidParam, type Principal } from '@biplane/service-kit';
import { ReservationDto, reservationJson, TicketDto, ticketJson } from './reservations.dto.js';
import { ReservationsService } from './reservations.service.js';
import { TicketsService } from './tickets.service.js';

@ApiTags('entitlements')
@Controller('subscription')
@Scopes('platform:admin', 'entitlements:check')
export class ReservationsController {
  constructor(
    private readonly reservations: ReservationsService,
    private readonly tickets: TicketsService,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  @Get('reservations/:id')
  @ApiOkResponse({ type: ReservationDto })
  async get(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<ReservationDto> {
    return reservationJson(await this.reservations.readable(this.unitOfWork.reader, id, principal));
  }

  /** What was held is usage from now on. A second time says the same and counts nothing. */
  @Post('reservations/:id/confirm')
  @HttpCode(200)
  @ApiOkResponse({ type: ReservationDto })
  async confirm(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<ReservationDto> {
    return reservationJson(await this.reservations.confirm(id, principal));
  }

  /** What was held is free again. */
  @Post('reservations/:id/release')
  @HttpCode(200)
  @ApiOkResponse({ type: ReservationDto })
  async release(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<ReservationDto> {
    return reservationJson(await this.reservations.release(id, principal));
  }

  @Get('tickets/:id')
  @ApiOkResponse({ type: TicketDto })
  async ticket(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<TicketDto> {
    return ticketJson(await this.tickets.readable(this.unitOfWork.reader, id, principal));
  }

  /** Gives up the place in the line. */
  @Delete('tickets/:id')
  @ApiOkResponse({ type: TicketDto })
  async cancel(@UuidParam('id') id: string, @CurrentPrincipal() principal: Principal): Promise<TicketDto> {
    return ticketJson(await this.tickets.cancel(id, principal));
  }
}
