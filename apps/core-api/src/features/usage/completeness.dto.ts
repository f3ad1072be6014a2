import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { IsOptional, IsUUID, Matches } from 'class-validator';
import { MONTH, MONTH_MESSAGE } from '../../month.js';

export class CompletenessQuery {
  @ApiProperty({
    example: '2026-04',
    description: "A calendar month: in the tenant's zone when one is named, else in UTC",
  })
  @Matches(MONTH, { message: MONTH_MESSAGE })
  period!: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'Only the homes that served this tenant' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;
}

export class HomeCompletenessDto {
  @ApiProperty({ example: 'eu-1' })
  region!: string;

  @ApiProperty({ format: 'uuid' })
  homeId!: string;

  @ApiProperty({ type: 'integer', example: 744, description: 'In which it served, and which it must close' })
  hoursExpected!: number;

  @ApiProperty({ type: 'integer', example: 720 })
  hoursClosed!: number;

  @ApiProperty({
    type: 'integer',
    example: 719,
    description: 'Closed, and core-api holds exactly the windows that the home counted',
  })
  hoursComplete!: number;

  @ApiProperty({ type: 'integer', description: 'Not over, or not for five minutes' })
  hoursOpen!: number;

  @ApiProperty({ type: 'integer', description: 'Over, and not closed by the home' })
  hoursMissing!: number;

  @ApiProperty({ type: 'integer', description: 'Closed, but core-api holds other windows than the home counted' })
  hoursMismatched!: number;

  @ApiProperty({ type: 'integer', description: "A window of the tenant's own stands in quarantine" })
  hoursBlocked!: number;
}

export class RegionCompletenessDto {
  @ApiProperty({ example: 'eu-1' })
  region!: string;

  @ApiProperty()
  complete!: boolean;

  @ApiProperty({ type: 'integer', example: 3 })
  homes!: number;

  @ApiProperty({ type: 'integer', example: 2160 })
  hoursExpected!: number;

  @ApiProperty({ type: 'integer', example: 2159 })
  hoursComplete!: number;
}

export class MissingHourDto {
  @ApiProperty({ format: 'uuid' })
  homeId!: string;

  @ApiProperty({ example: 'eu-1' })
  region!: string;

  @ApiProperty({
    enum: ['open', 'missing', 'mismatched', 'blocked'],
    description: 'Not over yet; not closed; other windows are held than were closed; a window stands in quarantine',
  })
  state!: string;

  @ApiInstant({ description: 'Where the hour begins' })
  hour!: string;
}

export class CompletenessDto {
  @ApiProperty({ description: 'Whether every home that served in the period has closed every hour it served' })
  complete!: boolean;

  @ApiProperty({ type: 'integer', example: 720 })
  hoursExpected!: number;

  @ApiProperty({ type: 'integer', example: 719 })
  hoursComplete!: number;

  @ApiProperty({ type: [RegionCompletenessDto] })
  regions!: RegionCompletenessDto[];

  @ApiProperty({ type: [HomeCompletenessDto] })
  homes!: HomeCompletenessDto[];

  @ApiProperty({ type: [MissingHourDto], description: 'The first hours that are missing, at most 100' })
  missing!: MissingHourDto[];
}
