import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { DeploymentDto } from '../deployments/index.js';
import { LicenseDocumentDto } from '../licenses/index.js';

const YES_NO = ['true', 'false'] as const;
const NO_OBJECTS = ['SHARED', 'NOT_SUBSCRIBED', 'CLUSTER_SETTINGS_UNKNOWN'] as const;
export type NoObjects = (typeof NO_OBJECTS)[number];

export class DryRunQuery {
  @ApiPropertyOptional({ enum: YES_NO, description: 'Answer 200 with what would be made, make nothing, use up no key' })
  @IsOptional()
  @IsIn(YES_NO)
  dryRun?: 'true' | 'false';
}

export class PlannedObjectDto {
  @ApiProperty({ example: 'Deployment' }) readonly kind!: string;
  @ApiProperty({ example: 'tenant-api' }) readonly name!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 't-01990000000070008000000000000003',
    description: 'Null of a namespace',
  })
  readonly namespace!: string | null;
  @ApiProperty({ type: Object, description: 'As it would be applied; the values of a Secret are left out' })
  readonly manifest!: object;
}

/** Its ids were drawn for this answer alone: what is then made has others, and names, labels and database made from them. */
export class PlannedDeploymentDto {
  @ApiProperty({ type: DeploymentDto }) readonly deployment!: DeploymentDto;
  @ApiProperty({
    type: LicenseDocumentDto,
    nullable: true,
    description:
      'Its first, without invite and enrollment, whose tokens are not made yet; null while it is not subscribed',
  })
  readonly license!: LicenseDocumentDto | null;
  @ApiProperty({
    type: [PlannedObjectDto],
    description: 'Of a home of its own, in the order in which they would be applied',
  })
  readonly objects!: readonly PlannedObjectDto[];
  @ApiProperty({
    type: String,
    enum: NO_OBJECTS,
    nullable: true,
    description:
      'Why there are none. It stands in the pool; its home is made when it is subscribed; or core-api was not told how homes of the region are run, and only the reconciler knows',
  })
  readonly noObjectsBecause!: NoObjects | null;
}
