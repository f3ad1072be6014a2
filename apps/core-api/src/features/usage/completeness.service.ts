import { Injectable } from '@nestjs/common';
import { calendarMonth } from '@biplane/billing-calendar';
import { UnitOfWork } from '@biplane/service-kit';
import { DeploymentsService } from '../deployments/index.js';
import type { CompletenessDto, HomeCompletenessDto } from './completeness.dto.js';
import { UsageService, type Completeness } from './usage.service.js';

const shownMax = 100;

/** Tells those who watch the homes what a bill waits for. */
@Injectable()
export class CompletenessService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deployments: DeploymentsService,
    private readonly usage: UsageService,
  ) {}

  /** Of one tenant's homes in a month of its zone, or of every home in the UTC month. */
  async report(month: string, timeZone: string, tenantId?: string): Promise<CompletenessDto> {
    const tx = this.unitOfWork.reader;
    const period = calendarMonth(month, timeZone);
    const deployments = tenantId === undefined ? [] : await this.deployments.ofTenant(tx, tenantId);
    const placements =
      tenantId === undefined
        ? await this.deployments.placementsDuring(tx, period)
        : deployments.flatMap((deployment) => deployment.placements);
    const ids = deployments.map(({ id }) => id);
    const completeness = await this.usage.completeness(tx, placements, period, ids);
    const { expected, missing } = completeness;
    return {
      complete: missing.length === 0,
      hoursExpected: expected.length,
      hoursComplete: expected.length - missing.length,
      homes: byHome(completeness),
      missing: missing.slice(0, shownMax).map(({ homeId, hour }) => ({ homeId, hour: hour.toISOString() })),
    };
  }
}

function byHome({ closes }: Completeness): HomeCompletenessDto[] {
  const homes = new Map<string, HomeCompletenessDto>();
  for (const { homeId, region, complete } of closes) {
    const home = homes.get(homeId) ?? { region, homeId, hoursClosed: 0, hoursComplete: 0 };
    home.hoursClosed += 1;
    if (complete) home.hoursComplete += 1;
    homes.set(homeId, home);
  }
  return [...homes.values()];
}
