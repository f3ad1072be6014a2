import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';

export class AddonQuantityBody {
  @ApiProperty({ example: '2' })
  @IsString()
  @MaxLength(45)
  quantity!: string;
}

export class AttachAddonBody {
  @ApiProperty({ example: 'storage_50gb' })
  @Matches(/^[a-z](?:_?[a-z0-9]){0,62}$/, { message: 'code must be an add-on code' })
  code!: string;

  /** One when it is left out. */
  @ApiPropertyOptional({ example: '1' })
  @IsOptional()
  @IsString()
  @MaxLength(45)
  quantity?: string;
}
