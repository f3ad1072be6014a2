import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import { PageQuery } from '@biplane/service-kit';
import { DEPLOYMENT_STATES, type DeploymentState } from './domain/deployment-state.js';

export class DeploymentsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ example: 'eu-1' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  region?: string;

  @ApiPropertyOptional({ enum: DEPLOYMENT_STATES })
  @IsOptional()
  @IsIn(DEPLOYMENT_STATES)
  state?: DeploymentState;
}

export class TransitionBody {
  @ApiProperty({ enum: DEPLOYMENT_STATES })
  @IsIn(DEPLOYMENT_STATES)
  to!: DeploymentState;

  @ApiProperty({ example: 'asked for by the customer' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;
}

export class BillingActionSuspendedBody {
  @ApiProperty({ example: true })
  @IsBoolean()
  suspended!: boolean;

  @ApiProperty({ example: 'payment is promised' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;
}
