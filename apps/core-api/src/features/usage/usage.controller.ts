import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { orThrow, parseTenantId } from '@biplane/kernel';
import { Scopes, UnitOfWork } from '@biplane/service-kit';
import { CurrentActor, type Actor } from '../audit/index.js';
import { TenantsService } from '../tenants/index.js';
import { CompletenessDto, CompletenessQuery } from './completeness.dto.js';
import { CompletenessService } from './completeness.service.js';
import { ReconciliationDto } from './reconcile.dto.js';
import { Reconciliation } from './reconcile.service.js';

@ApiTags('usage')
@Controller('admin/usage')
export class UsageController {
  constructor(
    private readonly completeness: CompletenessService,
    private readonly tenants: TenantsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly reconciliation: Reconciliation,
  ) {}

  @Get('completeness')
  @Scopes('platform:admin', 'platform:read')
  @ApiOperation({ summary: 'Which hours of a month the homes have closed, and whether a bill still waits for any' })
  @ApiOkResponse({ type: CompletenessDto })
  async show(@Query() { period, tenantId }: CompletenessQuery): Promise<CompletenessDto> {
    if (tenantId === undefined) return this.completeness.report(period, 'UTC');
    const id = orThrow(parseTenantId(tenantId.toLowerCase()));
    const { timeZone } = await this.tenants.billingProfile(this.unitOfWork.reader, id);
    return this.completeness.report(period, timeZone, id);
  }

  @Post('reconcile')
  @HttpCode(200)
  @Scopes('platform:admin')
  @ApiOperation({ summary: 'Count again from the log, set right what differs, and tell what the homes lack' })
  @ApiOkResponse({ type: ReconciliationDto })
  reconcile(@CurrentActor() actor: Actor): Promise<ReconciliationDto> {
    return this.reconciliation.reconcile(actor);
  }
}
