import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsUUID, Matches } from 'class-validator';

export class CompletenessQuery {
  @ApiProperty({
    example: '2026-04',
    description: "A calendar month: in the tenant's zone when one is named, else in UTC",
  })
  // 9999-12 ends in a year of five digits, which PostgreSQL does not read.
  @Matches(/^(?!9999-12)[1-9]\d{3}-(?:0[1-9]|1[0-2])$/, { message: '$property must be a month such as 2026-04' })
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

  @ApiProperty()
  hoursClosed!: number;

  @ApiProperty({ description: 'Closed, and core-api holds exactly the windows that the home counted' })
  hoursComplete!: number;
}

export class CompletenessDto {
  @ApiProperty({ description: 'Whether every home that served in the period has closed every hour it served' })
  complete!: boolean;

  @ApiProperty()
  hoursExpected!: number;

  @ApiProperty()
  hoursComplete!: number;

  @ApiProperty({ type: [HomeCompletenessDto] })
  homes!: HomeCompletenessDto[];

  @ApiProperty({
    type: 'array',
    items: { type: 'object' },
    description: 'The first hours that are missing, at most 100',
  })
  missing!: { homeId: string; hour: string }[];
}
