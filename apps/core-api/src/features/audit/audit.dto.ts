import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsISO8601, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min } from 'class-validator';
import { ApiInstant, PageQuery } from '@biplane/service-kit';

// ISO 8601 knows weeks and ordinal days too, which no clock of ours reads.
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?$/;
const INSTANT_MESSAGE = '$property must be an RFC 3339 instant or a date';

/** Which entries: those for which all hold. */
export class AuditQuery extends PageQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(128)
  actor?: string;

  @ApiPropertyOptional({ example: 'tenant.created' })
  @IsOptional()
  @MaxLength(128)
  @Matches(/^[a-z_]+(?:\.[a-z_]+)+$/, { message: 'action must be what was done to what, such as tenant.created' })
  action?: string;

  @ApiPropertyOptional({ example: 'deployment' })
  @IsOptional()
  @Matches(/^[a-z][a-z_]{0,63}$/, { message: 'objectType must be a kind of object, such as deployment' })
  objectType?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(128)
  objectId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'At or after' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Before' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  to?: string;
}

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;

export class AuditExportQuery extends OmitType(AuditQuery, ['limit', 'cursor'] as const) {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, default: 'ndjson' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: (typeof EXPORT_FORMATS)[number];
}

export const VERIFY_MAX = 50_000;

export class AuditVerifyQuery {
  @ApiPropertyOptional({
    description: 'A head that was written down earlier (the log has them): it must stand in the chain',
  })
  @IsOptional()
  @Matches(/^[0-9a-f]{64}$/, { message: 'head must be 64 hexadecimal digits' })
  head?: string;

  @ApiPropertyOptional({
    type: 'integer',
    default: 0,
    description: 'Begins behind this link: `next` of the answer before',
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  @ApiPropertyOptional({ type: 'integer', default: VERIFY_MAX, description: 'Links to compute again' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(VERIFY_MAX)
  limit?: number;
}

export class AuditProblemDto {
  @ApiProperty({ enum: ['ENTRY_CHANGED', 'ENTRY_MISSING', 'SEAL_MISSING', 'CHAIN_BROKEN', 'HEAD_MISSING'] })
  readonly kind!: string;
  @ApiProperty({ type: String, nullable: true, example: '1024' }) readonly seq!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '1024' }) readonly entryId!: string | null;
}

export class AuditSealedThroughDto {
  @ApiProperty({ example: '1024' }) readonly seq!: string;
  @ApiProperty({ example: '1024' }) readonly entryId!: string;
  @ApiProperty({ description: 'Write it down elsewhere: with it a later cut is found' }) readonly head!: string;
  @ApiInstant() readonly sealedAt!: Date;
}

/** What computing a stretch of the chain again found. */
export class AuditVerificationDto {
  @ApiProperty({ description: 'Nothing was found in this stretch' }) readonly intact!: boolean;
  @ApiProperty({ type: [AuditProblemDto], description: 'The first 100' })
  readonly problems!: readonly AuditProblemDto[];
  @ApiProperty({ example: '0', description: 'Links behind this one' }) readonly after!: string;
  @ApiProperty({ example: '1024', description: 'and up to this one were computed again' }) readonly through!: string;
  @ApiProperty({ type: String, nullable: true, description: 'Give it as `?after=`; null at the end of the chain' })
  readonly next!: string | null;
  @ApiProperty({ type: AuditSealedThroughDto, nullable: true }) readonly sealedThrough!: AuditSealedThroughDto | null;
  @ApiProperty({ type: 'integer', description: 'Entries that the next run seals, counted to 10,000' })
  readonly unsealed!: number;
}

/** One change: who made it, to what, and how the object looked before and after. */
export class AuditEntryDto {
  @ApiProperty({ example: '1024', description: 'Rises with time' })
  readonly id!: string;

  @ApiInstant()
  readonly at!: Date;

  @ApiProperty({ example: 'admin', description: 'A client, or a job as `job:<name>`' })
  readonly actor!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly requestId!: string | null;

  @ApiProperty({ example: 'tenant.created' })
  readonly action!: string;

  @ApiProperty({ example: 'tenant' })
  readonly objectType!: string;

  @ApiProperty()
  readonly objectId!: string;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  readonly tenantId!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  readonly before!: unknown;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: { slug: 'acme' } })
  readonly after!: unknown;

  @ApiProperty({ type: String, nullable: true })
  readonly reason!: string | null;
}
