import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsOptional, IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import { ApiInstant, PageQuery } from '@biplane/service-kit';

// ISO 8601 knows weeks and ordinal days too, which no clock of ours reads.
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?$/;
const INSTANT_MESSAGE = '$property must be an RFC 3339 instant or a date';

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(128)
  actor?: string;

  @ApiPropertyOptional({ example: 'tenant.created' })
  @IsOptional()
  @IsString()
  @MaxLength(128)
  action?: string;

  @ApiPropertyOptional({ example: 'deployment' })
  @IsOptional()
  @IsString()
  @MaxLength(64)
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
