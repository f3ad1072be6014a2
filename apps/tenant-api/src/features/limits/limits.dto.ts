import { ApiProperty } from '@nestjs/swagger';
import type { Reservation, Ticket } from '@biplane/limits';

export class ReservationResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) deploymentId!: string;
  @ApiProperty() meter!: string;
  @ApiProperty({ description: 'Decimal string' }) quantity!: string;
  @ApiProperty({ enum: ['held', 'confirmed', 'released', 'expired'] }) state!: string;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiProperty({ format: 'date-time' }) expiresAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) endedAt!: string | null;

  static of({
    id,
    deploymentId,
    meter,
    quantity,
    state,
    createdAt,
    expiresAt,
    endedAt,
  }: Reservation): ReservationResponse {
    const instants = { createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() };
    return { id, deploymentId, meter, quantity, state, ...instants, endedAt: endedAt?.toISOString() ?? null };
  }
}

export class TicketResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) deploymentId!: string;
  @ApiProperty() meter!: string;
  @ApiProperty({ example: 'ingest:write' }) action!: string;
  @ApiProperty({ description: 'Decimal string' }) quantity!: string;
  @ApiProperty({ enum: ['waiting', 'admitted', 'cancelled', 'refused'] }) state!: string;
  @ApiProperty({ description: 'How many of the same meter come first' }) ahead!: number;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Once admitted: confirm or release it' })
  reservationId!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) expiresAt!: string | null;
  @ApiProperty({ format: 'date-time' }) createdAt!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) admittedAt!: string | null;

  static of(ticket: Ticket): TicketResponse {
    const { id, deploymentId, meter, action, quantity, state, ahead, reservationId } = ticket;
    return {
      id,
      deploymentId,
      meter,
      action,
      quantity,
      state,
      ahead,
      reservationId,
      expiresAt: ticket.expiresAt?.toISOString() ?? null,
      createdAt: ticket.createdAt.toISOString(),
      admittedAt: ticket.admittedAt?.toISOString() ?? null,
    };
  }
}
