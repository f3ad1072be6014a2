import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { PageQuery } from '@biplane/service-kit';
import { REGION_CODE, REGION_CODE_MESSAGE } from '../../codes.js';
import { IsReason } from '../../reason.js';
import { DEPLOYMENT_STATES, type DeploymentState } from './domain/deployment-state.js';

export class DeploymentsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ example: 'eu-1' })
  @IsOptional()
  @Matches(REGION_CODE, { message: REGION_CODE_MESSAGE })
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
  @IsReason()
  reason!: string;
}

export class BillingActionSuspendedBody {
  @ApiProperty({ example: true })
  @IsBoolean()
  suspended!: boolean;

  @ApiProperty({ example: 'payment is promised' })
  @IsReason()
  reason!: string;
}
