import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsInt, IsObject, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength, ValidateNested,
} from 'class-validator'; // prettier-ignore
import { SLUG, SLUG_MESSAGE } from '../../codes.js';
import { AdminBody, OrderBody, PlanChoice, RequirementsBody, TEXT } from './provisioning.dto.js';

const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const NAME = /^[a-z](?:[-_.]?[a-z0-9]){0,62}$/;

export class SubscribeBody extends OrderBody {
  @ApiProperty({ example: 'studio' })
  @Matches(CODE, { message: 'planCode must be a plan code' })
  planCode!: string;

  /** The newest published one when it is left out. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  version?: number;

  /** The first administrator; the one of the tenant's newest invite when it is left out. */
  @ApiPropertyOptional()
  @IsOptional()
  @ValidateNested()
  @Type(() => AdminBody)
  admin?: AdminBody;
}

export class StartSubscriptionBody extends SubscribeBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  deploymentId!: string;
}

export class CreateDeploymentBody extends OrderBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  tenantId!: string;

  @ApiProperty({ example: 'staging' })
  @Matches(SLUG, { message: SLUG_MESSAGE })
  slug!: string;

  @ApiProperty({ example: 'Acme staging' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  @Matches(TEXT, { message: 'displayName must not hold control characters' })
  displayName!: string;

  @ApiProperty({ example: 'eu-1' })
  @IsString()
  @MaxLength(64)
  region!: string;

  /** Without one nothing is provisioned until it is subscribed. */
  @ApiPropertyOptional()
  @IsOptional()
  @ValidateNested()
  @Type(() => PlanChoice)
  plan?: PlanChoice;

  @ApiPropertyOptional()
  @IsOptional()
  @ValidateNested()
  @Type(() => RequirementsBody)
  requirements?: RequirementsBody;

  /** The first administrator; the one of the tenant's newest invite when it is left out. */
  @ApiPropertyOptional()
  @IsOptional()
  @ValidateNested()
  @Type(() => AdminBody)
  admin?: AdminBody;

  /** Kept among the settings. */
  @ApiPropertyOptional({ example: 'hosted' })
  @IsOptional()
  @Matches(NAME, { message: 'llmMode must be a word' })
  llmMode?: string;

  /** Free words of whoever runs it: at most 50 texts, numbers and flags. */
  @ApiPropertyOptional({ type: Object, example: { theme: 'dark' } })
  @IsOptional()
  @IsObject()
  settings?: Record<string, unknown>;

  @ApiPropertyOptional({ type: String, nullable: true, example: 'blank' })
  @IsOptional()
  @Matches(CODE, { message: 'templateCode must be a code' })
  templateCode?: string | null;

  @ApiPropertyOptional({ type: 'integer', nullable: true, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  templateVersion?: number | null;
}
