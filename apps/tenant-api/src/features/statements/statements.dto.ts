import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant, MoneyDto } from '@biplane/service-kit';
import { EntryDto } from '../financials/index.js';
import { SENDING_STATES, type SendingState } from './statement-mail.store.js';

/** How its mail is doing. To whom it goes is not shown. */
export class SendingDto {
  @ApiProperty({ enum: SENDING_STATES, description: '`failed`: given up until staff sends it again' })
  readonly state!: SendingState;

  @ApiProperty({ type: 'integer' }) readonly attempts!: number;

  @ApiProperty({ type: String, nullable: true, example: 'SMTP_550', description: 'Why the last attempt failed' })
  readonly lastError!: string | null;

  @ApiInstant({ nullable: true }) readonly sentAt!: string | null;
}

export class StatementDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ format: 'uuid' }) readonly accountId!: string;
  @ApiInstant() readonly from!: string;
  @ApiInstant({ description: 'Exclusive' }) readonly to!: string;
  @ApiProperty({ type: MoneyDto, description: 'What the statement before it closed with' }) readonly opening!: MoneyDto;
  @ApiProperty({ type: MoneyDto, description: 'Owed by the member at the end' }) readonly closing!: MoneyDto;
  @ApiInstant() readonly issuedAt!: string;
  @ApiProperty({
    type: SendingDto,
    nullable: true,
    description: 'Null of one that is not mailed: no letterhead, no address',
  })
  readonly sending!: SendingDto | null;
}

export class WholeStatementDto extends StatementDto {
  @ApiProperty({ type: [EntryDto] }) readonly entries!: readonly EntryDto[];
}
