import { ApiProperty } from '@nestjs/swagger';
import { LICENSE_STATUSES, type PublicJwk } from '@biplane/licensing';
import { ApiInstant } from '@biplane/service-kit';
import { DATABASE_STATES, type DatabaseState } from './domain/merge-applied.js';
import { LicenseDocumentDto } from './license-document.responses.js';

export class PublicJwkDto implements PublicJwk {
  @ApiProperty({ enum: ['EC'] }) readonly kty!: 'EC';
  @ApiProperty({ enum: ['P-256'] }) readonly crv!: 'P-256';
  @ApiProperty() readonly x!: string;
  @ApiProperty() readonly y!: string;
}

export class SigningKeyDto {
  @ApiProperty({ example: '2026-03-a' }) readonly kid!: string;
  @ApiProperty({ type: PublicJwkDto }) readonly publicJwk!: PublicJwkDto;
  @ApiInstant() readonly notBefore!: Date;
  @ApiInstant() readonly notAfter!: Date;
  @ApiInstant() readonly importedAt!: Date;
  @ApiProperty({ description: 'Whether licenses are signed with it' }) readonly signing!: boolean;
}

export class PublishedKeyDto extends PublicJwkDto {
  @ApiProperty({ example: '2026-03-a' }) readonly kid!: string;
  @ApiProperty({ enum: ['ES256'] }) readonly alg!: 'ES256';
  @ApiProperty({ enum: ['sig'] }) readonly use!: 'sig';
}

export class JwksDto {
  @ApiProperty({ type: [PublishedKeyDto] }) readonly keys!: readonly PublishedKeyDto[];
}

/** One version of a deployment's license. */
export class LicenseVersionDto {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ type: 'integer', example: 3 }) readonly version!: number;
  @ApiProperty() readonly jti!: string;
  @ApiProperty({ example: '2026-03-a' }) readonly kid!: string;
  @ApiProperty({ enum: LICENSE_STATUSES }) readonly status!: string;
  @ApiProperty({ example: 'created', description: 'Why it was signed' }) readonly cause!: string;
  @ApiInstant() readonly issuedAt!: Date;
  @ApiProperty({ type: LicenseDocumentDto }) readonly document!: LicenseDocumentDto;
  @ApiProperty({ description: 'Compact JWS' }) readonly signed!: string;
}

export class EnforcementDto {
  @ApiProperty({ example: 'tenant-api-eu-1-0' }) readonly instanceId!: string;
  @ApiProperty({ example: 'eu-1' }) readonly region!: string;
  @ApiProperty({ type: 'integer', example: 3 }) readonly version!: number;
  @ApiInstant() readonly since!: Date;
  @ApiProperty({ enum: DATABASE_STATES }) readonly database!: DatabaseState;
}

export class PropagationDto {
  @ApiInstant() readonly issuedAt!: Date;
  @ApiInstant({ nullable: true, description: 'When the last live instance of its home was known to enforce it' })
  readonly lastAppliedAt!: Date | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 180 }) readonly millis!: number | null;
}

/** The present license of a deployment and who enforces it. */
export class LicenseDto {
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
  @ApiProperty({ type: 'integer', example: 3 }) readonly version!: number;
  @ApiProperty({ enum: LICENSE_STATUSES }) readonly status!: string;
  @ApiProperty({ example: '2026-03-a' }) readonly kid!: string;
  @ApiProperty({ type: LicenseDocumentDto }) readonly document!: LicenseDocumentDto;
  @ApiProperty({ description: 'Compact JWS' }) readonly signed!: string;
  @ApiProperty({ type: [EnforcementDto], description: 'Live instances' })
  readonly enforcedBy!: readonly EnforcementDto[];
  @ApiProperty({ type: PropagationDto }) readonly propagation!: PropagationDto;
}
