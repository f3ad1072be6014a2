import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsObject, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';

const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** One pair as the ceremony writes it. */
export class KeyBody {
  @ApiProperty({ example: '2026-03-a' })
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'kid must be letters, digits, underscores and hyphens' })
  kid!: string;

  /** EC P-256: kty, crv, x, y, d. */
  @ApiProperty({ type: Object })
  @IsObject()
  privateJwk!: Record<string, unknown>;

  /** Of the same pair; checked against it. */
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
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;
}
