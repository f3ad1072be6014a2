import { ApiProperty } from '@nestjs/swagger';
import type { Reservation, Ticket } from '@biplane/limits';
import { ApiInstant } from '@biplane/service-kit';

export class ReservationDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ example: 'connectors' }) readonly meter!: string;
  @ApiProperty({ example: '1' }) readonly quantity!: string;
  @ApiProperty({ enum: ['held', 'confirmed', 'released', 'expired'] }) readonly state!: Reservation['state'];
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant() readonly expiresAt!: Date;
  @ApiInstant({ nullable: true, description: 'When it was confirmed, released, or found to be over' })
  readonly endedAt!: Date | null;
}

export class TicketDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ example: 'ingestion:ingest' }) readonly action!: string;
  @ApiProperty({ example: 'ingested_gb' }) readonly meter!: string;
  @ApiProperty({ example: '5' }) readonly quantity!: string;
  @ApiProperty({
    enum: ['waiting', 'admitted', 'cancelled', 'refused'],
    description:
      'refused: the cap was lowered below its quantity while it waited, or its action is not licensed any more',
  })
  readonly state!: Ticket['state'];
  @ApiProperty({ type: 'integer', example: 0, description: 'How many come first' }) readonly ahead!: number;
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    description: 'Of an admitted one: confirm or release it',
  })
  readonly reservationId!: string | null;
  @ApiInstant({ nullable: true, description: 'When that reservation ends' }) readonly expiresAt!: Date | null;
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant({ nullable: true }) readonly admittedAt!: Date | null;
}

export function reservationJson(reservation: Reservation): ReservationDto {
  const { id, deploymentId, meter, quantity, state, createdAt, expiresAt, endedAt } = reservation;
  return { id, deploymentId, meter, quantity, state, createdAt, expiresAt, endedAt };
}

export function ticketJson(ticket: Ticket): TicketDto {
  const { id, deploymentId, action, meter, quantity, state, ahead } = ticket;
  const { reservationId, expiresAt, createdAt, admittedAt } = ticket;
  return {
    ...{ id, deploymentId, action, meter, quantity, state, ahead },
    ...{ reservationId, expiresAt, createdAt, admittedAt },
  };
}
