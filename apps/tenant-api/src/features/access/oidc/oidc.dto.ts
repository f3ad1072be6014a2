import { ApiProperty, ApiPropertyOptional, IntersectionType, OmitType } from '@nestjs/swagger';
import {
  ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsOptional, IsString, IsUUID, Matches, MaxLength, MinLength,
} from 'class-validator'; // prettier-ignore
import { ApiInstant } from '@biplane/service-kit';
import { AcceptInviteBody, TEXT } from '../access.dto.js';

/** An address of the tenant's own pages: https, or the loopback of who develops them; nothing after the path. */
const REDIRECT = /^(?:https:\/\/|http:\/\/(?:localhost|127\.0\.0\.1)(?::|\/))[^\s?#@\\]{1,480}$/;
const REDIRECT_MISTAKE = 'each of redirectUris must be an https address without query and fragment';
const PRINTABLE = /^[\x21-\x7e]+$/;
const URL_TOKEN = /^[A-Za-z0-9_-]{43}$/;

export class NewProviderBody {
  @ApiProperty({ example: 'Acme staff' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name!: string;

  /** As the provider's discovery document has it, to the letter. */
  @ApiProperty({ example: 'https://login.acme.example' })
  @IsString()
  @MaxLength(500)
  @Matches(PRINTABLE, { message: 'issuer must be an address' })
  issuer!: string;

  @ApiProperty({ example: 'biplane' })
  @IsString()
  @MaxLength(255)
  @Matches(PRINTABLE, { message: 'clientId must be printable' })
  clientId!: string;

  /** Never shown again; left out of a client that has none. */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(PRINTABLE, { message: 'clientSecret must be printable' })
  clientSecret?: string;

  @ApiProperty({ type: [String], example: ['https://members.acme.example/signed-in'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @ArrayUnique()
  @Matches(REDIRECT, { each: true, message: REDIRECT_MISTAKE })
  redirectUris!: string[];
}

export class ChangeProviderBody {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  @Matches(TEXT, { message: 'name must not hold control characters' })
  name?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(255)
  @Matches(PRINTABLE, { message: 'clientId must be printable' })
  clientId?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(PRINTABLE, { message: 'clientSecret must be printable' })
  clientSecret?: string;

  @ApiPropertyOptional({ type: [String] })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(10)
  @ArrayUnique()
  @Matches(REDIRECT, { each: true, message: REDIRECT_MISTAKE })
  redirectUris?: string[];

  @ApiPropertyOptional() @IsOptional() @IsBoolean() enabled?: boolean;
}

export class BeginBody {
  @ApiProperty({ format: 'uuid' }) @IsUUID() providerId!: string;

  /** One of the provider's, to the letter. */
  @ApiProperty({ example: 'https://members.acme.example/signed-in' })
  @IsString()
  @MaxLength(500)
  redirectUri!: string;
}

/** What is accepted, and by whom; who it is, the provider says instead of a password. */
export class BeginAcceptBody extends IntersectionType(BeginBody, OmitType(AcceptInviteBody, ['password'])) {}

export class CompleteBody {
  /** As the beginning showed it, to nobody else. */
  @ApiProperty() @Matches(URL_TOKEN, { message: 'flowToken must be that of the beginning' }) flowToken!: string;

  /** As it came back to the redirect address. */
  @ApiProperty() @Matches(URL_TOKEN, { message: 'state must be the one that came back' }) state!: string;

  /** As it came back to the redirect address. */
  @ApiProperty()
  @IsString()
  @MaxLength(2_000)
  @Matches(PRINTABLE, { message: 'code must be the one that came back' })
  code!: string;

  /** As it came back to the redirect address, if it did (RFC 9207). */
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(500)
  @Matches(PRINTABLE, { message: 'iss must be the one that came back' })
  iss?: string;
}

export class BegunDto {
  @ApiProperty({ description: 'Where the member proves who it is' }) readonly authorizationUrl!: string;
  @ApiProperty({ description: 'Shown once: it completes what is begun here' }) readonly flowToken!: string;
  @ApiInstant() readonly expiresAt!: string;
}

export class CompletedDto {
  @ApiProperty({ enum: ['sign_in', 'link', 'accept'] }) readonly purpose!: 'sign_in' | 'link' | 'accept';
  @ApiProperty({ format: 'uuid' }) readonly memberId!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Of the session, shown once; null when an identity was linked',
  })
  readonly token!: string | null;
  @ApiInstant({ nullable: true }) readonly expiresAt!: string | null;
}

export class OfferedProviderDto {
  @ApiProperty({ format: 'uuid' }) readonly id!: string;
  @ApiProperty() readonly name!: string;
}

export class ProviderDto extends OfferedProviderDto {
  @ApiProperty() readonly issuer!: string;
  @ApiProperty() readonly clientId!: string;
  @ApiProperty() readonly hasSecret!: boolean;
  @ApiProperty({ type: [String] }) readonly redirectUris!: readonly string[];
  @ApiProperty() readonly enabled!: boolean;
  @ApiInstant() readonly createdAt!: string;
  @ApiInstant() readonly updatedAt!: string;
}
