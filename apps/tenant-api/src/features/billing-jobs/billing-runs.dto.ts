import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { ApiInstant } from '@biplane/service-kit';
import { RUN_KINDS, type RunKind } from './domain/schedule.js';

const RUN_STATES = ['running', 'failing', 'succeeded'] as const;

export class ScheduleBody {
  @ApiProperty() @IsBoolean() enabled!: boolean;

  @ApiProperty({ example: 'Europe/Zurich', description: 'Runs are due as a day begins there' })
  @IsString()
  @MaxLength(64)
  timeZone!: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 28,
    nullable: true,
    description: 'Every day without it',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(28)
  dayOfMonth?: number | null;
}

export class RequestRunBody {
  @ApiProperty({ enum: RUN_KINDS })
  @IsIn(RUN_KINDS)
  kind!: RunKind;
}

export class ScheduleDto {
  @ApiProperty({ enum: RUN_KINDS }) readonly kind!: RunKind;
  @ApiProperty() readonly enabled!: boolean;
  @ApiProperty() readonly timeZone!: string;
  @ApiProperty({ type: 'integer', nullable: true }) readonly dayOfMonth!: number | null;
  @ApiInstant({ nullable: true }) readonly nextDueAt!: string | null;
}

export class FailingDto {
  @ApiProperty({ type: 'integer', description: 'Turns that failed in a row' }) readonly failures!: number;
  @ApiProperty({
    example: 'DATABASE_UNAVAILABLE',
    description: 'Why the last one did; the log of the service says more',
  })
  readonly reason!: string;
  @ApiInstant() readonly retryAt!: string;
}

export class RunDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: RUN_KINDS }) readonly kind!: RunKind;
  @ApiInstant() readonly dueAt!: string;
  @ApiProperty({ example: 'job:billing-schedule' }) readonly requestedBy!: string;
  @ApiProperty({ enum: RUN_STATES }) readonly state!: (typeof RUN_STATES)[number];
  @ApiInstant() readonly startedAt!: string;
  @ApiInstant({ nullable: true }) readonly endedAt!: string | null;
  @ApiProperty({ type: 'integer', description: 'Charged periods, or statements made' }) readonly done!: number;
  @ApiProperty({ type: 'integer' }) readonly skipped!: number;
  @ApiProperty({ type: FailingDto, nullable: true, description: 'Of one that is failing: it is tried again by itself' })
  readonly failing!: FailingDto | null;
}
