import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { parseTimeZone } from '@biplane/billing-calendar';
import { orThrow } from '@biplane/kernel';
import {
  ApiList, ApiPage, Idempotent, IdempotencyKey, KEY, LocatedAt, mapPage, page, PageQuery, UuidParam, type IdempotentRequest, type Page,
  type StoredAnswer,
} from '@biplane/service-kit'; // prettier-ignore
import {
  actorOf,
  CurrentMember,
  CurrentTenant,
  Members,
  recordAccess,
  TenantIdempotency,
  type MemberPrincipal,
} from '../access/index.js';
import { RequireModule, Ungated } from '../license/index.js';
import type { TenantHandle } from '../tenancy/index.js';
import { BillingRuns } from './billing-runs.service.js';
import { RequestRunBody, RunDto, ScheduleBody, ScheduleDto } from './billing-runs.dto.js';
import { DueIndex } from './due-index.service.js';
import { RunKindPipe } from './run-kind.pipe.js';
import type { RunKind } from './domain/schedule.js';
import { listRuns, listSchedules, type Run, type Schedule } from './runs.store.js';

@ApiTags('billing runs')
@Controller()
@Members('financials:read')
@Ungated('a tenant may read its own books whatever the license says')
export class BillingRunsController {
  constructor(@Inject(BillingRuns) private readonly runs: BillingRuns) {}

  /** The newest first. */
  @Get('billing-runs')
  @ApiPage(RunDto)
  async list(@CurrentTenant() tenant: TenantHandle, @Query() query: PageQuery): Promise<Page<RunDto>> {
    const found = await page(query, {
      fetch: ({ after, take }) =>
        tenant.read((reader) => listRuns(reader, { after: after && { at: new Date(after[0]!), id: after[1]! }, take })),
      keyOf: ({ dueAt, id }) => [dueAt.toISOString(), id],
      shape: [KEY.instant, KEY.uuid],
    });
    return mapPage(found, runJson);
  }

  /** The counts of one that is under way are those of what is decided so far. */
  @Get('billing-runs/:id')
  @ApiOkResponse({ type: RunDto })
  async show(@CurrentTenant() tenant: TenantHandle, @UuidParam('id') id: string): Promise<RunDto> {
    return runJson(await tenant.read((reader) => this.runs.run(reader, id)));
  }

  @Get('billing-schedules')
  @ApiList(ScheduleDto)
  async schedules(@CurrentTenant() tenant: TenantHandle): Promise<{ data: ScheduleDto[] }> {
    return { data: (await tenant.read((reader) => listSchedules(reader))).map(scheduleJson) };
  }
}

@ApiTags('billing runs')
@Controller()
@Members('financials:write')
export class BillingRunAdministrationController {
  constructor(
    @Inject(BillingRuns) private readonly runs: BillingRuns,
    @Inject(DueIndex) private readonly index: DueIndex,
    @Inject(TenantIdempotency) private readonly idempotency: TenantIdempotency,
  ) {}

  /** Its turns are counted from now on; none that passed is made up for. */
  @Put('billing-schedules/:kind')
  @RequireModule('financials:ledger')
  @ApiOkResponse({ type: ScheduleDto })
  async schedule(
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Param('kind', RunKindPipe) kind: RunKind,
    @Body() { enabled, timeZone, dayOfMonth }: ScheduleBody,
  ): Promise<ScheduleDto> {
    const wanted = { kind, enabled, timeZone: orThrow(parseTimeZone(timeZone)), dayOfMonth: dayOfMonth ?? null };
    const schedule = await tenant.run(async (tx) => {
      const changed = await this.runs.schedule(tx, wanted);
      const object = `billing_schedule:${kind}`;
      await recordAccess(tx, { at: changed.updatedAt, actor: actorOf(by), action: 'billing_schedule.changed', object });
      return changed;
    });
    await this.index.changed(tenant.deploymentId);
    return scheduleJson(schedule);
  }

  /** Now, beside the schedule: decides what is due and not decided yet. */
  @Post('billing-runs')
  @HttpCode(202)
  @Idempotent()
  @RequireModule('financials:ledger')
  @ApiAcceptedResponse({ type: RunDto })
  @LocatedAt({ 202: 'billing-runs/{id}' })
  async request(
    @IdempotencyKey() request: IdempotentRequest,
    @CurrentTenant() tenant: TenantHandle,
    @CurrentMember() by: MemberPrincipal,
    @Body() { kind }: RequestRunBody,
  ): Promise<StoredAnswer> {
    const answer = await this.idempotency.run(tenant, request, async (tx) => {
      return { status: 202, body: runJson(await this.runs.request(tx, kind, actorOf(by))) };
    });
    await this.index.changed(tenant.deploymentId);
    return answer;
  }
}

function runJson({ id, kind, dueAt, requestedBy, startedAt, endedAt, done, skipped, ...run }: Run): RunDto {
  const { failures, lastError, retryAt } = run;
  const isFailing = run.state === 'running' && failures > 0;
  return {
    ...{ id, kind, requestedBy, done, skipped },
    state: isFailing ? 'failing' : run.state,
    failing: isFailing ? { failures, reason: lastError ?? '', retryAt: retryAt!.toISOString() } : null,
    dueAt: dueAt.toISOString(),
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
  };
}

function scheduleJson({ kind, enabled, timeZone, dayOfMonth, nextDueAt }: Schedule): ScheduleDto {
  return { kind, enabled, timeZone, dayOfMonth, nextDueAt: nextDueAt?.toISOString() ?? null };
}
