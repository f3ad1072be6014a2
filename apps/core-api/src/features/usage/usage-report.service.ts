import { Inject, Injectable } from '@nestjs/common';
import {
  calendarMonth,
  dayOf,
  hourOf,
  intersection,
  monthOf,
  startOfDay,
  type Period,
} from '@biplane/billing-calendar';
import { RefusalError, type Clock, type FieldError } from '@biplane/kernel';
import { CLOCK, invalid, principalMayRead, UnitOfWork, type Principal } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import { TenantErrors, TenantsService } from '../tenants/index.js';
import type { TenantUsageQuery } from './usage-report.dto.js';
import { UsageReportStore, type UsageGroup, type UsageQuestion, type UsageRow } from './usage-report.store.js';

/** A year and a leap day: more is asked for year by year. */
const RANGE_MS_MAX = 366 * 24 * 3_600_000;

export interface UsagePosition {
  readonly bucket: string;
  readonly meter: string;
}

/** What a tenant used, for itself and for the platform: the windows that bills are made from. */
@Injectable()
export class UsageReport {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: UsageReportStore,
    private readonly tenants: TenantsService,
    private readonly deployments: DeploymentsService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** 404 for another tenant's usage: whether there is such a tenant is not told. */
  async question(tenantId: string, query: TenantUsageQuery, principal: Principal): Promise<UsageQuestion> {
    const tx = this.unitOfWork.reader;
    if (!principalMayRead(principal, tenantId)) throw noTenant(tenantId);
    const { timeZone } = await this.tenants.billingProfile(tx, tenantId);
    const { meter, region, deploymentId, groupBy = 'meter' } = query;
    const asked = deploymentId?.toLowerCase();
    const deployments = (await this.deployments.ofTenant(tx, tenantId)).filter(
      ({ id, region: own }) => (asked === undefined || id === asked) && (region === undefined || own === region),
    );
    return { period: this.periodOf(query, timeZone), timeZone, groupBy, meter, deployments };
  }

  async rows(question: UsageQuestion, after: UsagePosition | null, take: number): Promise<UsageRow[]> {
    const totals = await this.store.totals(this.unitOfWork.reader, question, after, take);
    return totals.map((total) => ({ ...total, period: stretchOf(total.bucket, question.groupBy, question) }));
  }

  /** The month that is asked for, or the stretch, or the month that runs. */
  private periodOf({ period, from, to }: TenantUsageQuery, timeZone: string): Period {
    if (period !== undefined && (from !== undefined || to !== undefined)) {
      throw refused('/query/period', 'ONE_OF', 'A period, or from and to, not both');
    }
    if (from === undefined && to === undefined) {
      return calendarMonth(period ?? monthOf(this.clock.now(), timeZone), timeZone);
    }
    if (from === undefined || to === undefined) {
      throw refused('/query/from', 'ONE_OF', 'from and to come together');
    }
    const stretch = { from: new Date(from), to: new Date(to) };
    const length = stretch.to.getTime() - stretch.from.getTime();
    if (length > 0 && length <= RANGE_MS_MAX) return stretch;
    throw refused('/query/to', 'RANGE', 'to is after from, and at most 366 days later');
  }
}

/** Cut to what was asked for: of the first and the last day only the windows that begin in it are in the total. */
function stretchOf(bucket: string, groupBy: UsageGroup, { period, timeZone }: UsageQuestion): Period {
  if (groupBy === 'hour') return intersection(hourOf(new Date(bucket)), period) ?? hourOf(new Date(bucket));
  if (groupBy !== 'day') return period;
  const from = startOfDay(bucket, timeZone);
  // Far enough to be in the next day, whatever the clocks of the zone do.
  const to = startOfDay(dayOf(new Date(from.getTime() + 30 * 3_600_000), timeZone), timeZone);
  return intersection({ from, to }, period) ?? { from, to };
}

function refused(pointer: string, code: string, detail: string): RefusalError {
  const error: FieldError = { pointer, code, detail };
  return new RefusalError(invalid([error]));
}

function noTenant(id: string): RefusalError {
  return new RefusalError(TenantErrors.NOT_FOUND({ detail: `There is no tenant ${id}` }));
}
