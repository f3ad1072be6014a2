import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsISO8601, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { STRATEGIES, type Strategy } from '../catalog/index.js';
import { INSTANT, INSTANT_MESSAGE } from './instant.js';

export class OverrideBody {
  @ApiPropertyOptional({ example: '20' })
  @IsOptional()
  @IsString()
  @MaxLength(45)
  cap?: string;

  @ApiPropertyOptional({ enum: STRATEGIES })
  @IsOptional()
  @IsIn(STRATEGIES)
  strategy?: Strategy;

  @ApiProperty({ example: 'pilot' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'It ends by itself at this instant' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  until?: string;
}

export class ModuleBody {
  @ApiProperty({ example: true })
  @IsBoolean()
  enabled!: boolean;
}

export class FlagBody {
  @ApiProperty({ example: true })
  @IsBoolean()
  enabled!: boolean;

  @ApiProperty({ example: 'pilot' })
  @IsString()
  @MinLength(1)
  @MaxLength(500)
  reason!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'It ends by itself at this instant' })
  @IsOptional()
  @IsISO8601({ strict: true })
  @Matches(INSTANT, { message: INSTANT_MESSAGE })
  until?: string;
}
