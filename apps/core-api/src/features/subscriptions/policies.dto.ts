import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { IsInstant } from '@biplane/service-kit';
import { IsReason } from '../../reason.js';
import { STRATEGIES, type Strategy } from '../catalog/index.js';

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
  @IsReason()
  reason!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'It ends by itself at this instant' })
  @IsOptional()
  @IsInstant()
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
  @IsReason()
  reason!: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'It ends by itself at this instant' })
  @IsOptional()
  @IsInstant()
  until?: string;
}
