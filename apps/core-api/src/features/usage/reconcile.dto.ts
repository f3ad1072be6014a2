import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';

export class UsageAdjustmentDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'uuid' })
  deploymentId!: string;

  @ApiProperty({ example: 'ingested_gb' })
  meter!: string;

  @ApiInstant()
  windowStart!: string;

  @ApiProperty({ example: '12' })
  before!: string;

  @ApiProperty({ example: '10.5', description: 'What the log comes to' })
  after!: string;
}

export class CounterAdjustmentDto {
  @ApiProperty({ format: 'uuid' })
  deploymentId!: string;

  @ApiProperty({ example: 'ingested_gb' })
  meter!: string;

  @ApiProperty({ enum: ['day', 'month', 'level'] })
  window!: string;

  @ApiProperty({ example: '12' })
  before!: string;

  @ApiProperty({ example: '10.5' })
  after!: string;

  @ApiProperty({ example: '-1.5', description: 'Signed' })
  difference!: string;
}

export class HomeGapsDto {
  @ApiProperty({ format: 'uuid' })
  homeId!: string;

  @ApiProperty({ example: 'eu-1' })
  region!: string;

  @ApiProperty({ type: 'integer', description: 'Over for five minutes, and never closed' })
  hoursNeverClosed!: number;

  @ApiProperty({ type: 'integer', description: 'Closed with another digest than what is held has' })
  hoursMismatched!: number;

  @ApiProperty({ type: 'integer', description: 'That the home counted in the mismatched hours' })
  windowsClosed!: number;

  @ApiProperty({ type: 'integer', description: 'That core-api holds of them' })
  windowsHeld!: number;

  @ApiInstant({ description: 'The earliest such hour' })
  firstHour!: string;
}

export class ReconciliationDto {
  @ApiInstant({ description: 'From where usage was looked at' })
  from!: string;

  @ApiInstant()
  to!: string;

  @ApiProperty({ type: 'integer', description: 'Windows of the control plane that were recounted from their log' })
  windowsChecked!: number;

  @ApiProperty({ type: [UsageAdjustmentDto] })
  windowsAdjusted!: UsageAdjustmentDto[];

  @ApiProperty({ type: [CounterAdjustmentDto] })
  countersAdjusted!: CounterAdjustmentDto[];

  @ApiProperty({ type: 'integer', description: 'Closed windows whose history says something else: always 0' })
  windowsWithoutHistory!: number;

  @ApiProperty({ type: [HomeGapsDto], description: 'Homes that lack something' })
  homes!: HomeGapsDto[];
}
