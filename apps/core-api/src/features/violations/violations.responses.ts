import { ApiProperty } from '@nestjs/swagger';
import { ApiInstant } from '@biplane/service-kit';
import { SEVERITIES, VIOLATION_KINDS, VIOLATION_SOURCES } from './domain/violation.js';
import type { Violation } from './violation.js';

const nullableText = (example: string): PropertyDecorator => ApiProperty({ type: String, nullable: true, example });

export class ViolationDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ example: 'limit_denied' }) readonly rule!: string;
  @ApiProperty({ enum: SEVERITIES }) readonly severity!: Violation['severity'];
  @ApiInstant({ description: 'When it was first met' }) readonly at!: Date;
  @ApiInstant() readonly lastAt!: Date;
  @ApiInstant({ description: 'When core-api learnt of it' }) readonly detectedAt!: Date;
  @ApiProperty({ type: 'integer', example: 3, description: 'How often' }) readonly count!: number;
  @ApiProperty({ format: 'uuid' }) readonly tenantId!: string;
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @nullableText('connectors') readonly module!: string | null;
  @nullableText('connectors') readonly meter!: string | null;
  @ApiProperty({ enum: VIOLATION_KINDS, nullable: true }) readonly kind!: Violation['kind'];
  @nullableText('10') readonly used!: string | null;
  @nullableText('10') readonly cap!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '0.8', description: 'The share of the cap that was passed' })
  readonly threshold!: string | null;
  @ApiProperty({
    enum: VIOLATION_SOURCES,
    description: 'control: decided here; data: told by a home; manual: reported',
  })
  readonly source!: Violation['source'];
  @nullableText('Seen by the ingestion gateway') readonly detail!: string | null;
  @ApiInstant({ description: 'Where the billing period begins in which it was met' }) readonly periodStart!: Date;
  @ApiProperty({ type: 'integer', example: 3 }) readonly licenseVersion!: number;
  @ApiInstant({ nullable: true }) readonly resolvedAt!: Date | null;
  @nullableText('admin') readonly resolvedBy!: string | null;
  @nullableText('The plan was changed') readonly resolvedReason!: string | null;
}

export function violationJson({ firstAt, module, meter, ...violation }: Violation): ViolationDto {
  return { ...violation, at: firstAt, module: module || null, meter: meter || null };
}
