import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsReason } from '../../reason.js';

export const MOVE_TARGETS = ['shared', 'container_per_tenant'] as const;
const REASON_MAX = 480;

export class MoveBody {
  @ApiProperty({ enum: MOVE_TARGETS })
  @IsIn(MOVE_TARGETS)
  to!: (typeof MOVE_TARGETS)[number];

  @ApiProperty({ maxLength: REASON_MAX, example: 'needs a container of its own' })
  @IsReason(REASON_MAX)
  reason!: string;
}

export class CancelMoveBody {
  @ApiProperty({ maxLength: REASON_MAX, example: 'not tonight' })
  @IsReason(REASON_MAX)
  reason!: string;
}
