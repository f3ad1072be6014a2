import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
  MinLength,
} from 'class-validator';
import { PLATFORM_EVENT_TYPES, type PlatformEventType } from '@biplane/contracts';
import { ApiInstant, PageQuery } from '@biplane/service-kit';
import { DELIVERY_STATES, TEST_EVENT_TYPE, type DeliveryState } from './delivery.js';

const DELIVERED_TYPES = [...PLATFORM_EVENT_TYPES, TEST_EVENT_TYPE] as const;

export class EndpointBody {
  @ApiProperty({ example: 'https://hooks.example.com/biplane' })
  @IsString()
  @MinLength(1)
  @MaxLength(2_048)
  url!: string;

  @ApiPropertyOptional({ type: String, nullable: true })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  description?: string | null;

  @ApiPropertyOptional({ type: [String], enum: PLATFORM_EVENT_TYPES, description: 'Every type when left out or empty' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsIn(PLATFORM_EVENT_TYPES, { each: true })
  eventTypes?: PlatformEventType[];

  @ApiPropertyOptional({
    type: String,
    format: 'uuid',
    nullable: true,
    description: "Gets this tenant's events alone; without it those of the platform and of every tenant",
  })
  @IsOptional()
  @IsUUID()
  tenantId?: string | null;
}

export class EndpointsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;
}

export class DeliveriesQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  endpointId?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'The `webhook-id`' })
  @IsOptional()
  @IsUUID()
  eventId?: string;

  @ApiPropertyOptional({ enum: DELIVERY_STATES })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  state?: DeliveryState;

  @ApiPropertyOptional({ enum: DELIVERED_TYPES })
  @IsOptional()
  @IsIn(DELIVERED_TYPES)
  eventType?: string;
}

export class EndpointDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Null: of the platform' })
  readonly tenantId!: string | null;
  @ApiProperty({ example: 'https://hooks.example.com/biplane' }) readonly url!: string;
  @ApiProperty({ type: String, nullable: true }) readonly description!: string | null;
  @ApiProperty({ type: [String], description: 'Empty: every type' }) readonly eventTypes!: readonly string[];
  @ApiProperty({ enum: ['enabled', 'disabled'] }) readonly state!: string;
  @ApiProperty({ type: String, enum: ['ASKED', 'FAILING', 'GONE', 'BACKLOG'], nullable: true })
  readonly disabledBecause!: string | null;
  @ApiInstant({ nullable: true, description: 'Until then the secret before the last rotation signs too' })
  readonly previousSecretUntil!: Date | null;
  @ApiInstant({ nullable: true, description: 'The first failure since the last success' })
  readonly failingSince!: Date | null;
  @ApiInstant() readonly createdAt!: Date;
  @ApiInstant() readonly updatedAt!: Date;
}

export class EndpointSecretDto extends EndpointDto {
  @ApiProperty({ example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD', description: 'Shown once' })
  readonly secret!: string;
}

export class DeliveryDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly endpointId!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly tenantId!: string | null;
  @ApiProperty({ format: 'uuid', description: 'Sent as `webhook-id`' }) readonly eventId!: string;
  @ApiProperty({ example: 'invoice.issued' }) readonly eventType!: string;
  @ApiProperty({ enum: DELIVERY_STATES }) readonly state!: DeliveryState;
  @ApiProperty({ type: 'integer', example: 1 }) readonly attempts!: number;
  @ApiInstant({ nullable: true, description: 'Of the next attempt; null when there is none' })
  readonly nextAttemptAt!: Date | null;
  @ApiInstant({ nullable: true }) readonly lastAttemptAt!: Date | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 500, description: 'What the receiver answered last' })
  readonly lastStatus!: number | null;
  @ApiProperty({ type: String, nullable: true, example: 'TIMEOUT' }) readonly lastError!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 84 }) readonly lastDurationMs!: number | null;
  @ApiInstant({ nullable: true }) readonly deliveredAt!: Date | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly replayOf!: string | null;
  @ApiInstant() readonly createdAt!: Date;
}

export class DeliveryPageDto extends DeliveryDto {
  @ApiProperty({ description: 'The body, byte for byte' }) readonly payload!: string;
  @ApiProperty({ type: String, nullable: true, description: 'The first KB of what the receiver answered last' })
  readonly lastResponse!: string | null;
}
