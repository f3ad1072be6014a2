import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayUnique, IsArray, IsDefined, IsInt, IsString, IsUUID, IsUrl, Matches, Max, MaxLength, Min, ValidateNested,
} from 'class-validator'; // prettier-ignore

const QUANTITY = /^(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,12})?$/;
const TAG = /^[a-z0-9](?:[a-z0-9.-]{0,30}[a-z0-9])?$/;

export class PoolBody {
  @ApiProperty({ format: 'uuid' })
  @IsUUID()
  homeId!: string;

  @ApiProperty({ example: 'https://eu-1.example' })
  @IsUrl({
    protocols: ['http', 'https'],
    require_protocol: true,
    require_tld: false,
    require_valid_protocol: true,
    disallow_auth: true,
  })
  @MaxLength(1024)
  url!: string;
}

export class ThresholdsBody {
  @ApiProperty({ example: 500 })
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  members!: number;

  @ApiProperty({ example: '500' })
  @IsString()
  @Matches(QUANTITY, { message: 'storageGb must be a decimal string' })
  storageGb!: string;

  @ApiProperty({ example: '1000000' })
  @IsString()
  @Matches(QUANTITY, { message: 'requestsPerDay must be a decimal string' })
  requestsPerDay!: string;
}

export class RegionBody {
  @ApiProperty({ example: 'eu' })
  @Matches(TAG, { message: 'residency must be a tag of lower-case letters, digits, dots and hyphens' })
  residency!: string;

  /** One pool a region for now; none means that every deployment there is dedicated. */
  @ApiProperty({ type: [PoolBody] })
  @IsArray()
  @ArrayMaxSize(1)
  @ValidateNested({ each: true })
  @Type(() => PoolBody)
  pools!: PoolBody[];

  @ApiProperty()
  @IsDefined()
  @ValidateNested()
  @Type(() => ThresholdsBody)
  thresholds!: ThresholdsBody;

  @ApiProperty({ type: [String], example: ['hipaa', 'pci-dss'] })
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @Matches(TAG, {
    each: true,
    message: 'isolatingCompliance must hold tags of lower-case letters, digits, dots and hyphens',
  })
  isolatingCompliance!: string[];

  @ApiProperty({ example: 'eu-1.example' })
  @Matches(/^(?=.{1,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, {
    message: 'domain must be a DNS name',
  })
  domain!: string;
}

export class PoolDto {
  @ApiProperty({ format: 'uuid' }) readonly homeId!: string;
  @ApiProperty({ example: 'https://eu-1.example' }) readonly url!: string;
}

export class ThresholdsDto {
  @ApiProperty({ type: 'integer', example: 500 }) readonly members!: number;
  @ApiProperty({ example: '500' }) readonly storageGb!: string;
  @ApiProperty({ example: '1000000' }) readonly requestsPerDay!: string;
}

export class RegionDto {
  @ApiProperty({ example: 'eu-1' }) readonly code!: string;
  @ApiProperty({ example: 'eu' }) readonly residency!: string;
  @ApiProperty({ type: [PoolDto] }) readonly pools!: readonly PoolDto[];
  @ApiProperty({ type: ThresholdsDto, description: 'Above these a tenant gets a container of its own' })
  readonly thresholds!: ThresholdsDto;
  @ApiProperty({ type: [String], example: ['hipaa', 'pci-dss'] }) readonly isolatingCompliance!: readonly string[];
  @ApiProperty({ example: 'eu-1.example' }) readonly domain!: string;
}
