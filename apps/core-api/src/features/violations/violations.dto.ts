import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, IsUUID, Matches, MaxLength, MinLength } from 'class-validator';
import { IsInstant, PageQuery } from '@biplane/service-kit';
import { IsReason } from '../../reason.js';
import {
  SEVERITIES,
  VIOLATION_KINDS,
  VIOLATION_SOURCES,
  type Severity,
  type ViolationKind,
} from './domain/violation.js';

const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const CODE_MESSAGE = '$property must be a code of lower-case letters, digits and single underscores';
const QUANTITY = /^(?=(?:[0-9]\.?){1,30}$)(?:0|[1-9][0-9]*)(?:\.[0-9]{1,12})?$/;
const QUANTITY_MESSAGE = '$property must be a decimal string, not negative, of at most 30 digits, 12 of them decimals';
const INSTANT = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;
const INSTANT_MESSAGE = '$property must be an RFC 3339 instant in UTC';

export class ViolationBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  deploymentId!: string;

  @ApiProperty({ example: 'fair_use', description: 'What was broken: `limit_denied` and its like, or a rule of yours' })
  @Matches(CODE, { message: CODE_MESSAGE })
  rule!: string;

  @ApiPropertyOptional({
    format: 'uuid',
    description: 'Names this report: sent again under the same id, it counts once',
  })
  @IsOptional()
  @IsUUID()
  id?: string;

  @ApiPropertyOptional({ enum: SEVERITIES, description: 'What follows from the figures counts when it is graver' })
  @IsOptional()
  @IsIn(SEVERITIES)
  severity?: Severity;

  @ApiPropertyOptional({ enum: VIOLATION_KINDS, description: 'What was done about the limit' })
  @IsOptional()
  @IsIn(VIOLATION_KINDS)
  kind?: ViolationKind;

  @ApiPropertyOptional({ example: 'ingestion' })
  @IsOptional()
  @Matches(CODE, { message: CODE_MESSAGE })
  module?: string;

  @ApiPropertyOptional({ example: 'ingested_gb' })
  @IsOptional()
  @Matches(CODE, { message: CODE_MESSAGE })
  meter?: string;

  @ApiPropertyOptional({ example: '51' })
  @IsOptional()
  @IsString()
  @Matches(QUANTITY, { message: QUANTITY_MESSAGE })
  used?: string;

  @ApiPropertyOptional({ example: '50' })
  @IsOptional()
  @IsString()
  @Matches(QUANTITY, { message: QUANTITY_MESSAGE })
  cap?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'When it happened; now, when left out' })
  @IsOptional()
  @IsString()
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  at?: string;

  @ApiPropertyOptional({ example: 'Seen by the ingestion gateway' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  detail?: string;
}

export class ResolveBody {
  @ApiProperty({ example: 'The plan was changed' })
  @IsReason()
  reason!: string;
}

export class ViolationsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  deploymentId?: string;

  @ApiPropertyOptional({ example: 'limit_denied' })
  @IsOptional()
  @Matches(CODE, { message: CODE_MESSAGE })
  rule?: string;

  @ApiPropertyOptional({ enum: SEVERITIES })
  @IsOptional()
  @IsIn(SEVERITIES)
  severity?: Severity;

  @ApiPropertyOptional({ enum: VIOLATION_SOURCES })
  @IsOptional()
  @IsIn(VIOLATION_SOURCES)
  source?: string;

  @ApiPropertyOptional({ type: Boolean, description: 'true: not resolved yet; false: resolved' })
  @IsOptional()
  @Transform(({ value }) => (value === 'true' ? true : value === 'false' ? false : (value as unknown)))
  @IsBoolean()
  open?: boolean;

  @ApiPropertyOptional({ format: 'date-time', description: 'First met at or after' })
  @IsOptional()
  @IsInstant({ message: INSTANT_MESSAGE })
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'First met before' })
  @IsOptional()
  @IsInstant({ message: INSTANT_MESSAGE })
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  to?: string;
}
