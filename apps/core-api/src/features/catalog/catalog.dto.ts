import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';

const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const CODE_MESSAGE = '$property must be a code of lower-case letters, digits and single underscores';
const DATE = /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$/;

export class MeterBody {
  @ApiProperty({ example: 'droplet_hours' })
  @Matches(CODE, { message: CODE_MESSAGE })
  meter!: string;

  @ApiProperty({ example: 'Droplet hours' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  name!: string;

  @ApiProperty({ example: 'hour' })
  @IsString()
  @MinLength(1)
  @MaxLength(40)
  unit!: string;

  /** `sum` is a counter, `peak` and `last` are gauges. */
  @ApiProperty({ enum: ['sum', 'peak', 'last'] })
  @IsIn(['sum', 'peak', 'last'])
  aggregation!: 'sum' | 'peak' | 'last';

  /** The plane that counts it. */
  @ApiProperty({ enum: ['control', 'data'] })
  @IsIn(['control', 'data'])
  authority!: 'control' | 'data';
}

export class AddonBody {
  @ApiProperty({ example: 'storage_50gb' })
  @Matches(CODE, { message: CODE_MESSAGE })
  code!: string;

  @ApiProperty({ example: 'Storage 50 GB' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  name!: string;

  @ApiProperty({ example: 'storage' })
  @Matches(CODE, { message: CODE_MESSAGE })
  resourceKind!: string;

  @ApiProperty({ example: 'USD' })
  @IsString()
  @MaxLength(3)
  currency!: string;

  @ApiProperty({ example: { kind: 'flat', amount: '7.50' }, type: Object })
  @IsObject()
  price!: Record<string, unknown>;

  @ApiPropertyOptional({ example: [{ module: 'storage', meter: 'storage_gb', addToCap: '50' }], type: [Object] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  grants?: unknown[];
}

export class TaxBody {
  @ApiProperty({ example: 'AU' })
  @IsISO31661Alpha2()
  @Matches(/^[A-Z]{2}$/, { message: 'country must be in capitals' })
  country!: string;

  @ApiProperty({ example: 'GST' })
  @Matches(/^[A-Z][A-Z0-9_-]{0,19}$/, { message: 'code must be capitals, digits, underscores and hyphens' })
  code!: string;

  @ApiProperty({ example: 'GST 10 %' })
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  name!: string;

  @ApiProperty({ example: '0.10' })
  @IsString()
  @MaxLength(40)
  rate!: string;

  @ApiProperty({ example: '2000-07-01' })
  @Matches(DATE, { message: 'from must be a date such as 2000-07-01' })
  from!: string;

  /** The first day on which the rate no longer holds; null when it is open. */
  @ApiPropertyOptional({ nullable: true, type: String })
  @IsOptional()
  @Matches(DATE, { message: 'to must be a date such as 2030-07-01, or null' })
  to?: string | null;
}

export class PlanVersionBody {
  /** The version as in the API by example: judged member by member, each mistake at its place. */
  @ApiProperty({ type: Object })
  @IsObject()
  version!: Record<string, unknown>;
}

export class PlanBody extends PlanVersionBody {
  @ApiProperty({ example: 'studio' })
  @Matches(CODE, { message: CODE_MESSAGE })
  code!: string;

  @ApiProperty({ example: 'Studio' })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  name!: string;

  @ApiProperty({ example: 'standard' })
  @Matches(CODE, { message: CODE_MESSAGE })
  tier!: string;

  /** Decides what is an upgrade; never the price. */
  @ApiProperty({ example: 20 })
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  rank!: number;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(2_000)
  description?: string;
}
