import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Scopes } from '@biplane/service-kit';
import { ReconcileRequest, RecountResponse } from './reconcile.dto.js';
import { UsageReconciler } from './usage-reconciler.service.js';

@ApiTags('usage')
@Controller('internal/usage')
export class ReconcileController {
  constructor(@Inject(UsageReconciler) private readonly reconciler: UsageReconciler) {}

  /** Counts again what late usage may still change, now and not within the hour; answers what was set right. */
  @Post('reconcile')
  @Scopes('internal:operate')
  @HttpCode(200)
  @ApiOkResponse({ type: RecountResponse })
  async reconcile(@Body() { deploymentId }: ReconcileRequest): Promise<RecountResponse> {
    return RecountResponse.of(await this.reconciler.reconcile(deploymentId ?? null));
  }
}
