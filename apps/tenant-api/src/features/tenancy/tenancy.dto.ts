import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DATABASE_STATES, type DatabaseState } from '@biplane/contracts';
import { IsBoolean, IsOptional, IsString, Matches } from 'class-validator';

export class InitializeRequest {
  @ApiProperty({ format: 'uuid' })
  @IsString()
  @Matches(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, {
    message: 'deploymentId must be a UUID in lower case',
  })
  deploymentId!: string;

  @ApiPropertyOptional({ description: 'Put an empty database in the place of one that was ready and is gone' })
  @IsOptional()
  @IsBoolean()
  replaceLost?: boolean;
}

export class TenantDatabaseResponse {
  @ApiProperty({ format: 'uuid' }) deploymentId!: string;
  @ApiProperty({ format: 'uuid' }) tenantId!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: DATABASE_STATES }) state!: DatabaseState;
  @ApiProperty({ type: String, nullable: true }) reason!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The newest migration applied' })
  schemaVersion!: string | null;
  @ApiProperty({ description: 'Whether that is the newest migration of this program' }) isCurrent!: boolean;
  @ApiProperty() epoch!: number;
  @ApiProperty() adminBootstrapped!: boolean;
  @ApiProperty() attempts!: number;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' }) nextAttemptAt!: string | null;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' }) readyAt!: string | null;
}
