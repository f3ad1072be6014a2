import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsEmail, IsIn, IsOptional, IsString, Matches, MaxLength, MinLength,
} from 'class-validator'; // prettier-ignore
import { ApiInstant, IsInstant } from '@biplane/service-kit';
import { KEY_SCOPES, ROLES, type KeyScope, type Role } from './domain/role.js';

/** Without control characters. */
export const TEXT = /^[^\p{Cc}]*$/u;
const PASSWORD_MAX = 200;

export class SignInBody {
  @ApiProperty({ example: 'kim@acme.example' })
  @IsEmail({}, { message: 'email must be a mail address' })
  @MaxLength(254)
  email!: string;

  @ApiProperty({ minLength: 1, maxLength: PASSWORD_MAX })
  @IsString()
  @MinLength(1)
  @MaxLength(PASSWORD_MAX)
  password!: string;
}

export class AcceptInviteBody {
  /** The token of the invite, as it was shown once. */
  @ApiProperty({ minLength: 20, maxLength: 200 })
  @Matches(/^[A-Za-z0-9_-]{20,200}$/, { message: 'token must be the token of an invite' })
  token!: string;

  @ApiProperty({ minLength: 12, maxLength: PASSWORD_MAX })
  @IsString()
  @MinLength(12)
  @MaxLength(PASSWORD_MAX)
  password!: string;

  /** Needed by the first admin, whose address the data plane does not know; of anybody else that of the invite. */
  @ApiPropertyOptional({ example: 'kim@acme.example' })
  @IsOptional()
  @IsEmail({}, { message: 'email must be a mail address' })
  @MaxLength(254)
  email?: string;

  @ApiPropertyOptional({ example: 'Kim' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name?: string;
}

export class ChangePasswordBody {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(PASSWORD_MAX) current!: string;

  @ApiProperty({ minLength: 12, maxLength: PASSWORD_MAX })
  @IsString()
  @MinLength(12)
  @MaxLength(PASSWORD_MAX)
  next!: string;
}

export class MakeApiKeyBody {
  @ApiProperty({ example: 'nightly import' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name!: string;

  @ApiProperty({ enum: KEY_SCOPES, isArray: true })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(KEY_SCOPES.length)
  @ArrayUnique()
  @IsIn(KEY_SCOPES, { each: true })
  scopes!: KeyScope[];

  /** Never when it is left out. */
  @ApiPropertyOptional({ format: 'date-time' })
  @IsOptional()
  @IsInstant()
  expiresAt?: string;
}

export class SessionDto {
  @ApiProperty({ description: 'Shown once', nullable: true, type: String }) readonly token!: string | null;
  @ApiProperty({ format: 'uuid' }) readonly memberId!: string;
  @ApiInstant() readonly expiresAt!: string;
}

export class MeDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty({ enum: ROLES }) readonly role!: Role;
  @ApiProperty({ type: String, nullable: true }) readonly email!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly name!: string | null;
  @ApiProperty() readonly hasPassword!: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'Where it has linked an identity' })
  readonly identityIssuer!: string | null;
  @ApiProperty({ format: 'uuid' }) readonly deploymentId!: string;
}

export class ApiKeyDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty({ example: 'bpk_0195f2c0' }) readonly prefix!: string;
  @ApiProperty({ example: 'x9Qa' }) readonly lastFour!: string;
  @ApiProperty({ enum: KEY_SCOPES, isArray: true }) readonly scopes!: readonly string[];
  @ApiInstant() readonly createdAt!: string;
  @ApiInstant({ nullable: true }) readonly expiresAt!: string | null;
  @ApiInstant({ nullable: true }) readonly revokedAt!: string | null;
}

export class MadeApiKeyDto extends ApiKeyDto {
  @ApiProperty({ description: 'Shown once' }) readonly token!: string;
}

export class ApiKeysDto {
  @ApiProperty({ type: [ApiKeyDto] }) readonly data!: readonly ApiKeyDto[];
}
