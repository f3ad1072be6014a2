import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { ApiInstant, PageQuery } from '@biplane/service-kit';
import { MAIL_STATES, type MailState } from './mail.js';

export class MailsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: MAIL_STATES })
  @IsOptional()
  @IsIn(MAIL_STATES)
  state?: MailState;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;
}

/** How a mail is doing. To whom it goes and what it says is not shown. */
export class MailDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'reminder:019d77…:1' }) readonly key!: string;
  @ApiProperty({ example: 'invoice.reminder' }) readonly kind!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly tenantId!: string | null;
  @ApiProperty({ enum: MAIL_STATES }) readonly state!: MailState;
  @ApiProperty({ example: 1 }) readonly attempts!: number;
  @ApiInstant() readonly dueAt!: Date;
  @ApiProperty({ type: String, nullable: true, example: 'SMTP_451' }) readonly lastError!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly sentAt!: Date | null;
  @ApiInstant() readonly createdAt!: Date;
}
