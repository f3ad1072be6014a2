import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class UsageItemResultDto {
  @ApiProperty({ type: String, nullable: true, description: 'As sent; null when the item has no id' })
  id!: string | null;

  @ApiProperty({ enum: ['accepted', 'duplicate', 'rejected'] })
  status!: 'accepted' | 'duplicate' | 'rejected';

  @ApiPropertyOptional({ description: 'Why it was rejected', example: 'METER.WRONG_PLANE' })
  code?: string;

  @ApiPropertyOptional()
  detail?: string;
}

export class UsageAnswerDto {
  @ApiProperty({ type: 'integer', description: 'Durable and counted' })
  accepted!: number;

  @ApiProperty({ type: 'integer', description: 'Accepted before, and not counted again' })
  duplicates!: number;

  @ApiProperty({ type: 'integer', description: 'Not counted; each result says why' })
  rejected!: number;

  @ApiProperty({ type: [UsageItemResultDto], description: 'One an item, in the order sent' })
  results!: readonly UsageItemResultDto[];
}
