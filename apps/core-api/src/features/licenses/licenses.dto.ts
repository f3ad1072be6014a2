import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsObject, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsReason } from '../../reason.js';
import { SIGNER_KINDS, type SignerKind } from './signers/license-signer.js';

const KID = /^[A-Za-z0-9_-]{1,64}$/;
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** One pair as the ceremony writes it. */
export class KeyBody {
  @ApiProperty({ example: '2026-03-a' })
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'kid must be letters, digits, underscores and hyphens' })
  kid!: string;

  /** Where the private key is: in this body, a file of SIGNING_KEYS_FOLDER, or the key service at KMS_URL. */
  @ApiPropertyOptional({ enum: SIGNER_KINDS, default: 'database' })
  @IsOptional()
  @IsIn(SIGNER_KINDS)
  signer?: SignerKind;

  /** EC P-256: kty, crv, x, y, d. Only with signer `database`. */
  @ApiPropertyOptional({ type: Object })
  @IsOptional()
  @IsObject()
  privateJwk?: Record<string, unknown>;

  /** Of the same pair; checked against it, and required when the private half is elsewhere. */
  @ApiPropertyOptional({ type: Object })
  @IsOptional()
  @IsObject()
  publicJwk?: Record<string, unknown>;

  /** Signed by the offline root: this key is trusted. */
  @ApiProperty()
  @IsString()
  @MaxLength(4_096)
  @Matches(COMPACT_JWS, { message: 'trusted must be a compact JWS' })
  trusted!: string;

  /** Signed by the offline root beforehand, published only when the key is to be revoked. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(4_096)
  @Matches(COMPACT_JWS, { message: 'revoked must be a compact JWS' })
  revoked?: string;
}

export class LicenseReasonBody {
  @ApiProperty({ example: 'asked for by the customer' })
  @IsReason()
  reason!: string;
}

export class RotateKeyBody extends LicenseReasonBody {
  /** An imported key. */
  @ApiProperty({ example: '2026-09-a' })
  @Matches(KID, { message: 'kid must be letters, digits, underscores and hyphens' })
  kid!: string;

  /** Does not wait for the homes to confirm the key: those that do not hold it keep the license they have until they read it. */
  @ApiPropertyOptional({ default: false })
  @IsOptional()
  @IsBoolean()
  force?: boolean;

  @ApiPropertyOptional({
    type: 'integer',
    default: 600,
    description: 'Refused when homes have not confirmed it by then',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  deadlineSeconds?: number;
}

export class RevokeKeyBody extends LicenseReasonBody {
  /** Which key signs instead; chosen when it is left out. */
  @ApiPropertyOptional({ example: '2026-09-a' })
  @IsOptional()
  @Matches(KID, { message: 'next must be letters, digits, underscores and hyphens' })
  next?: string;

  /** Revokes it even if no other can sign, or if live homes do not hold the next one. */
  @ApiPropertyOptional({ default: false })
  @IsOptional()
  @IsBoolean()
  force?: boolean;

  /** Of the root, when the key was imported without it. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(4_096)
  @Matches(COMPACT_JWS, { message: 'revoked must be a compact JWS' })
  revoked?: string;
}
