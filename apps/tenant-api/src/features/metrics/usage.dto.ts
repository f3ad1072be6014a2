import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class UsageResultResponse {
  @ApiProperty({ type: String, nullable: true, description: 'As sent; null when the item has no id' })
  id!: string | null;

  @ApiProperty({ enum: ['accepted', 'duplicate', 'rejected'] })
  status!: 'accepted' | 'duplicate' | 'rejected';

  @ApiPropertyOptional({ description: 'Why it was rejected', example: 'METER.UNKNOWN' })
  code?: string;

  @ApiPropertyOptional()
  detail?: string;
}

export class UsageResponse {
  @ApiProperty({ description: 'Durable and counted' })
  accepted!: number;

  @ApiProperty({ description: 'Accepted before, and not counted again' })
  duplicates!: number;

  @ApiProperty({ description: 'Not counted; each result says why' })
  rejected!: number;

  @ApiProperty({ type: [UsageResultResponse], description: 'One an item, in the order sent' })
  results!: readonly UsageResultResponse[];
}
