import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize, ArrayMinSize, IsArray, IsBase64, IsOptional, IsString, Matches, MaxLength, MinLength,
} from 'class-validator'; // prettier-ignore
import { LOCALE_TAG } from '@biplane/kernel';
import { ApiInstant } from '@biplane/service-kit';
import { TEXT } from '../access/index.js';

const LINE_MAX = 100;
/** 256 KiB in base64. */
const LOGO_MAX = 349_528;
const ONE_LINE = { message: '$property must be text of one line' };

/** The whole letterhead: what is left out is not on it, but for the logo. */
export class LetterheadBody {
  @ApiProperty({ minLength: 1, maxLength: 200, example: 'Acme Rowing Club' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, ONE_LINE)
  legalName!: string;

  @ApiProperty({ type: [String], maxItems: 8, example: ['1 Harbor Road', '8002 Zürich'] })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(8)
  @IsString({ each: true })
  @MaxLength(LINE_MAX, { each: true })
  @Matches(TEXT, { each: true, ...ONE_LINE })
  address!: string[];

  @ApiPropertyOptional({ type: String, maxLength: 64, nullable: true })
  @IsOptional()
  @IsString()
  @MaxLength(64)
  @Matches(TEXT, ONE_LINE)
  taxId?: string | null;

  @ApiPropertyOptional({ type: String, maxLength: 100, nullable: true, description: 'Its number in a public register' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  @Matches(TEXT, ONE_LINE)
  registration?: string | null;

  @ApiPropertyOptional({ type: [String], maxItems: 6, example: ['office@acme.example', '+41 44 000 00 00'] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(6)
  @IsString({ each: true })
  @MaxLength(LINE_MAX, { each: true })
  @Matches(TEXT, { each: true, ...ONE_LINE })
  contact?: string[] | null;

  @ApiPropertyOptional({ type: String, maxLength: 300, nullable: true, description: 'At the foot of each page' })
  @IsOptional()
  @IsString()
  @MaxLength(300)
  @Matches(TEXT, ONE_LINE)
  footer?: string | null;

  @ApiProperty({ example: 'de-CH', description: 'Papers follow it: ar, de, el, en, es, fr, ja or zh, with any region' })
  @Matches(LOCALE_TAG, { message: 'locale must be a BCP 47 tag such as de-CH' })
  @MaxLength(35)
  locale!: string;

  @ApiProperty({ example: 'Europe/Zurich', description: 'The dates of papers are days there' })
  @IsString()
  @MaxLength(64)
  timeZone!: string;

  @ApiPropertyOptional({
    type: String,
    format: 'byte',
    nullable: true,
    maxLength: LOGO_MAX,
    description: 'PNG or JPEG in base64; left out, the present one stays; null: none',
  })
  @IsOptional()
  @IsString()
  @MaxLength(LOGO_MAX)
  @IsBase64({}, { message: 'logo must be a file in base64' })
  logo?: string | null;
}

export class LogoDto {
  @ApiProperty({ description: 'SHA-256 of it as papers bear it' }) readonly sha256!: string;
}

export class LetterheadDto {
  @ApiProperty({ type: 'integer', minimum: 1 }) readonly version!: number;
  @ApiProperty() readonly legalName!: string;
  @ApiProperty({ type: [String] }) readonly address!: readonly string[];
  @ApiProperty({ type: String, nullable: true }) readonly taxId!: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly registration!: string | null;
  @ApiProperty({ type: [String] }) readonly contact!: readonly string[];
  @ApiProperty({ type: String, nullable: true }) readonly footer!: string | null;
  @ApiProperty() readonly locale!: string;
  @ApiProperty() readonly timeZone!: string;
  @ApiProperty({ type: LogoDto, nullable: true }) readonly logo!: LogoDto | null;
  @ApiInstant() readonly recordedAt!: string;
  @ApiProperty({ example: 'member:01990000-0000-7000-8000-000000000001' }) readonly recordedBy!: string;
}
