import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ApiInstant, MoneyDto, PageQuery } from '@biplane/service-kit';
import { IsIn, IsOptional } from 'class-validator';
import { RESULTS, type RunResult } from './run-results.store.js';

export class ResultsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: RESULTS })
  @IsOptional()
  @IsIn(RESULTS)
  result?: RunResult['result'];
}

export class ResultsExportQuery {
  @ApiPropertyOptional({ enum: RESULTS })
  @IsOptional()
  @IsIn(RESULTS)
  result?: RunResult['result'];
}

export class RunResultDto {
  @ApiProperty({ format: 'uuid', description: 'Of the period, the statement, or the account without one' })
  readonly id!: string;
  @ApiProperty({ enum: RESULTS }) readonly result!: RunResult['result'];
  @ApiProperty({ format: 'uuid' }) readonly memberId!: string;
  @ApiProperty({ format: 'uuid' }) readonly accountId!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) readonly itemId!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly externalId!: string | null;
  @ApiInstant({ nullable: true }) readonly from!: string | null;
  @ApiInstant({ nullable: true }) readonly to!: string | null;
  @ApiProperty({ type: MoneyDto, nullable: true, description: 'Of the period, or what the statement closes with' })
  readonly amount!: MoneyDto | null;
  @ApiProperty({ type: String, nullable: true, example: 'LICENSE.MODULE_NOT_LICENSED' })
  readonly reason!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) readonly licenseVersion!: number | null;
  @ApiInstant() readonly decidedAt!: string;
  @ApiProperty({ enum: ['charged', 'forgiven'], nullable: true, description: 'Of a skipped period, since' })
  readonly decision!: 'charged' | 'forgiven' | null;
}
