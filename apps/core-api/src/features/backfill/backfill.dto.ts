import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';

const YES_NO = ['true', 'false'] as const;

export class BackfillQuery {
  @ApiPropertyOptional({ enum: YES_NO, description: 'Count what would be inserted, and insert nothing' })
  @IsOptional()
  @IsIn(YES_NO)
  dryRun?: 'true' | 'false';
}

export class BackfillDto {
  @ApiProperty({ type: 'integer', example: 12, description: 'Tenants with a deployment that is not archived' })
  readonly tenantsExamined!: number;
  @ApiProperty({ type: 'integer', example: 0, description: 'Changes of state' }) readonly lifecycleInserted!: number;
  @ApiProperty({ type: 'integer', example: 3, description: 'Modules that were enabled or disabled' })
  readonly eventsInserted!: number;
  @ApiProperty({ type: 'integer', example: 0, description: 'Suspensions and resumptions' })
  readonly suspensionEventsInserted!: number;
}
