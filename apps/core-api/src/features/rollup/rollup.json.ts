import { money, moneyToJson, orThrow, parseCurrency } from '@biplane/kernel';
import { skippedTotal, waitingTotal, type Tally } from './domain/tally.js';
import type { ParkedTenantDto, RollupDto, StandingParkedDto } from './rollup.dto.js';
import type { Parked, ParkedRow, Run } from './rollup.store.js';

export function runJson(run: Run, parked: readonly Parked[]): RollupDto {
  const { id, month, trigger, force, state, at, endedAt, reason, expected, tally } = run;
  return {
    id,
    period: month,
    trigger,
    dryRun: false,
    force,
    state,
    at: at.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    reason,
    tenantsExpected: expected,
    ...tallyJson(tally),
    parked: parked.map(parkedJson),
  };
}

export function rehearsalJson(
  { month, force }: { readonly month: string; readonly force: boolean },
  { at, tally, parked }: { readonly at: Date; readonly tally: Tally; readonly parked: readonly Parked[] },
): RollupDto {
  return {
    id: null,
    period: month,
    trigger: 'demand',
    dryRun: true,
    force,
    state: 'rehearsed',
    at: at.toISOString(),
    endedAt: null,
    reason: null,
    tenantsExpected: tally.examined,
    ...tallyJson(tally),
    parked: parked.map(parkedJson),
  };
}

export function standingJson(row: ParkedRow): StandingParkedDto {
  return { ...parkedJson(row), period: row.month, rollupId: row.runId, parkedAt: row.parkedAt.toISOString() };
}

function parkedJson({ tenantId, code, detail }: Parked): ParkedTenantDto {
  return { tenantId, code, reason: detail };
}

function tallyJson(tally: Tally) {
  const { examined, issued, replaced, provisional, parked, skipped, totals } = tally;
  return {
    tenants: examined,
    issued,
    replaced,
    provisional,
    skipped: skippedTotal(tally),
    waiting: waitingTotal(tally),
    skippedBecause: Object.entries(skipped).map(([reason, tenants]) => ({ reason, tenants })),
    parkedTenants: parked,
    totals: Object.entries(totals).map(([currency, minor]) =>
      moneyToJson(money(minor, orThrow(parseCurrency(currency)))),
    ),
  };
}
