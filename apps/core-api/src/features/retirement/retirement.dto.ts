import { ApiProperty } from '@nestjs/swagger';
import { IsReason } from '../../reason.js';
import { OperationDto } from '../operations/index.js';

export class RetirementReasonBody {
  @ApiProperty({ example: 'the customer has left' })
  @IsReason()
  reason!: string;
}

export class RetiredTenantDto {
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ enum: ['retiring', 'archived'] }) readonly state!: string;
  @ApiProperty({ type: [OperationDto], description: 'One for each of its deployments' })
  readonly operations!: readonly OperationDto[];
}
