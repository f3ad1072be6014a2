import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
import { IsInstant, PageQuery } from '@biplane/service-kit';
import { IsReason } from '../../reason.js';
import { CANCELLATION_ENDS, type CancellationEnd } from '../deployments/index.js';
import { CHANGE_MODES, type ChangeMode } from './domain/plan-change.js';
import type { TermChange } from './domain/term.js';

export class SubscriptionsQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  tenantId?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsUUID()
  deploymentId?: string;
}

/** What is left out stays; null takes an end, or days of its own, back. */
export class TermBody {
  @ApiPropertyOptional({ format: 'date-time', description: 'Ahead of now' })
  @IsOptional()
  @IsInstant()
  startsAt?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, description: 'Null: it renews' })
  @IsOptional()
  @IsInstant()
  endsAt?: string | null;

  @ApiPropertyOptional({ type: 'integer', nullable: true, example: 30 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(365)
  noticeDays?: number | null;

  @ApiPropertyOptional({ type: 'integer', nullable: true, example: 14 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(365)
  graceDays?: number | null;
}

export class SetTermBody extends TermBody {
  @ApiPropertyOptional({ example: 'contract of 12 months' })
  @IsOptional()
  @IsReason()
  reason?: string;
}

export class ChangePlanBody {
  @ApiProperty({ example: 'team' })
  @Matches(/^[a-z](?:_?[a-z0-9]){0,62}$/, { message: 'planCode must be a plan code' })
  planCode!: string;

  /** The newest published one when it is left out. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  version?: number;

  /**
   * `now`: granted and priced at once, to a higher rank only. `next_invoice`: granted at once, priced from the next period on.
   * `next_period`: both from the next period on.
   */
  @ApiProperty({ enum: CHANGE_MODES })
  @IsIn(CHANGE_MODES)
  mode!: ChangeMode;

  /** True: what it would come to, line by line, and nothing is changed. */
  @ApiPropertyOptional({ example: false })
  @IsOptional()
  @IsBoolean()
  preview?: boolean;

  @ApiProperty({ example: 'asked for by the customer' })
  @IsReason()
  reason!: string;
}

export class SubscriptionReasonBody {
  @ApiProperty({ example: 'asked for by the customer' })
  @IsReason()
  reason!: string;
}

export class CancelBody extends SubscriptionReasonBody {
  @ApiProperty({ enum: CANCELLATION_ENDS })
  @IsIn(CANCELLATION_ENDS)
  at!: CancellationEnd;
}

export function termOf(body: TermBody): TermChange {
  const { startsAt, endsAt, noticeDays, graceDays } = body;
  return {
    ...(typeof startsAt === 'string' && { startsAt: new Date(startsAt) }),
    ...(endsAt !== undefined && { endsAt: endsAt === null ? null : new Date(endsAt) }),
    noticeDays,
    graceDays,
  };
}
