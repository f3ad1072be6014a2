import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';

export class ReminderDto {
  @ApiProperty({ example: 1, description: '1, 2, 3: at 7, 14 and 21 days' }) readonly level!: number;
  @ApiProperty({ enum: ['sent', 'skipped'] }) readonly state!: string;
  @ApiProperty({ type: String, nullable: true, example: 'LATE', enum: ['LATE', 'NO_ADDRESS'] })
  readonly skippedBecause!: string | null;
  @ApiInstant() readonly dueAt!: Date;
  @ApiInstant() readonly decidedAt!: Date;
  @ApiProperty({ type: String, nullable: true, description: 'SHA-256 of its paper, which is kept' })
  readonly pdfSha256!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly mailId!: string | null;
}

export class RemindersDto {
  @ApiProperty({ type: [ReminderDto] }) readonly data!: readonly ReminderDto[];
}
